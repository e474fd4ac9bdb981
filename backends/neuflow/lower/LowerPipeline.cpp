// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "backends/neuflow/lower/Passes.h"

#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

namespace cnn::neuflow {

void buildPassesPipeline(OpPassManager &manager, StringRef target) {
  // Operations that are not used, or are there twice, would become passes.
  manager.addPass(createCSEPass());
  manager.addPass(createFormPasses({.target = target.str()}));
  // From here on nothing is computed differently; each pass adds where something is.
  // Places first, because the time of a pass depends on them; memory could be planned before, with the same result.
  manager.addPass(createPlaceAndRoute());
  manager.addPass(createPlanMemory());
}

void buildLowerPipeline(OpPassManager &manager, StringRef target) {
  buildPassesPipeline(manager, target);
  // Last: words hold the places of all.
  manager.addPass(createLowerToMachine());
}

void registerLowerPipeline() {
  struct Options : PassPipelineOptions<Options> {
    Option<std::string> target{*this, "target", llvm::cl::desc("name or canonical text of a machine"),
                               llvm::cl::init("neuflow-v6")};
  };
  static PassPipelineRegistration<Options> pipeline(
      "neuflow-lower", "From the tensor level of the neuflow dialect to the words of a program",
      [](OpPassManager &manager, const Options &options) { buildLowerPipeline(manager, options.target); });
}

} // namespace cnn::neuflow
