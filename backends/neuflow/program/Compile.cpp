// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "backends/neuflow/program/Compile.h"

#include "backends/neuflow/program/FormPasses.h"
#include "backends/neuflow/program/PlacePasses.h"

namespace cnn::neuflow {

Result<CompiledProgram> compile(const TensorProgram &program, const Target &target) {
  ChannelGraph graph(target);
  Result<PassProgram> passes = formPasses(program, graph);
  if (!passes)
    return passes.takeError();
  if (std::optional<Error> error = placePasses(*passes, graph))
    return std::move(*error);
  Result<MemoryLayout> layout = planMemory(*passes, target);
  if (!layout)
    return layout.takeError();
  ScheduledText text = schedule(*passes, target);
  if (std::string wrong = verifyText(text, *passes, target); !wrong.empty())
    return Error{wrong};
  Result<Program> assembled = assemble(*passes, *layout, text, target);
  if (!assembled)
    return assembled.takeError();
  return CompiledProgram{std::move(*passes), std::move(*assembled)};
}

} // namespace cnn::neuflow
