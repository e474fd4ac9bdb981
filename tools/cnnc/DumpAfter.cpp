// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/cnnc/DumpAfter.h"
#include "backends/cpu/Artifact.h"
#include "backends/neuflow/NeuflowPipeline.h"
#include "dsl/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassManager.h"
#include "passes/Pipelines.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/raw_ostream.h"

namespace cnn::tools {

/// The names of the passes that compiling runs, in the order in which they run first.
static std::vector<std::string> passNames() {
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  mlir::PassManager manager(&context);
  buildInferencePipeline(manager);
  buildTrainingPipeline(manager);
  buildLinalgPipeline(manager);
  cpu::listPasses(manager);
  neuflow::buildLegalizePipeline(manager, "neuflow-v6");
  neuflow::buildQuantizePipeline(manager, "neuflow-v6");
  std::string text;
  llvm::raw_string_ostream stream(text);
  manager.printAsTextualPipeline(stream);

  // "builtin.module(a,func.func(b{option=1},c))": what a bracket follows is the kind of op that passes run on.
  std::vector<std::string> names;
  llvm::StringRef rest = text;
  while (!rest.empty()) {
    llvm::StringRef word = rest.take_until([](char c) { return llvm::StringRef("(){},").contains(c); });
    rest = rest.drop_front(word.size());
    bool isAnchor = rest.starts_with("(");
    if (rest.starts_with("{"))
      rest = rest.drop_until([](char c) { return c == '}'; });
    rest = rest.drop_front(rest.empty() ? 0 : 1);
    if (!isAnchor && !word.empty() && !llvm::is_contained(names, word))
      names.push_back(word.str());
  }
  return names;
}

void DumpAfter::read(Arguments &arguments) {
  std::vector<llvm::StringRef> values = arguments.values("--dump-after");
  if (values.empty())
    return;
  std::vector<std::string> known = passNames();
  std::vector<llvm::StringRef> candidates(known.begin(), known.end());
  for (llvm::StringRef value : values) {
    for (llvm::StringRef name : llvm::split(value, ',')) {
      passes.push_back(name.str());
      if (llvm::is_contained(known, name))
        continue;
      std::string list = llvm::join(known, ", ");
      if (std::optional<llvm::StringRef> closest = dsl::closestName(name, candidates))
        arguments.error("there is no pass '" + name + "', did you mean '" + *closest + "'? Passes: " + list);
      else
        arguments.error("there is no pass '" + name + "'. Passes: " + list);
    }
  }
}

void DumpAfter::watch(mlir::PassManager &manager) const {
  if (!isOn())
    return;
  auto never = [](mlir::Pass *, mlir::Operation *) { return false; };
  auto isNamed = [this](mlir::Pass *pass, mlir::Operation *) {
    return llvm::is_contained(passes, pass->getArgument());
  };
  manager.enableIRPrinting(never, isNamed, /*printModuleScope=*/false, /*printAfterOnlyOnChange=*/false,
                           /*printAfterOnlyOnFailure=*/false, llvm::outs());
}

} // namespace cnn::tools
