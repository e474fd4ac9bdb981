// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "backends/neuflow/NeuflowPipeline.h"

#include "backends/neuflow/Passes.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"
#include "passes/Pipelines.h"

using namespace mlir;

void cnn::neuflow::buildLegalizePipeline(OpPassManager &manager, llvm::StringRef target) {
  buildInferencePipeline(manager);
  manager.addPass(createLegalize({target.str()}));
  manager.addNestedPass<func::FuncOp>(createFoldAffine());
  // Folding leaves constants that nobody reads; kernels that are equal become one.
  manager.addNestedPass<func::FuncOp>(createCanonicalizerPass());
  manager.addNestedPass<func::FuncOp>(createCSEPass());
}

void cnn::neuflow::buildQuantizePipeline(OpPassManager &manager, llvm::StringRef target) {
  manager.addPass(createQuantize({target.str()}));
  manager.addNestedPass<func::FuncOp>(createCSEPass());
}
