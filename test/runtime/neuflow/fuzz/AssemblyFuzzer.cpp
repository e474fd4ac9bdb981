// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Whatever assembles, goes round: its disassembly is the same program.
#include "runtime/neuflow/machine/Assembly.h"

#include <cstdlib>

using namespace cnn::neuflow;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  Result<Program> program = assemble({reinterpret_cast<const char *>(data), size});
  if (!program)
    return 0;
  Result<Program> again = assemble(disassemble(*program));
  if (!again || writeContainer(*again) != writeContainer(*program))
    std::abort();
  return 0;
}
