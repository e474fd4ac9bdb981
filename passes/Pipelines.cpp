// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/Pipelines.h"

#include "passes/Passes.h"

#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

void cnn::buildSimplifyPipeline(OpPassManager &manager) {
  // Canonicalization before CSE because folds make ops equal; once more after it because an op that has lost its twin
  // may be the only user of its operands, which some patterns ask for.
  manager.addNestedPass<func::FuncOp>(createCanonicalizerPass());
  manager.addNestedPass<func::FuncOp>(createCSEPass());
  manager.addNestedPass<func::FuncOp>(createCanonicalizerPass());
}

void cnn::buildInferencePipeline(OpPassManager &manager) {
  // First, so that nothing works on functions that go.
  manager.addPass(createDropTraining());
  buildSimplifyPipeline(manager);
}

void cnn::buildDifferentiationPipeline(OpPassManager &manager) {
  // Before differentiation, because what is folded forward has no gradient to compute.
  buildSimplifyPipeline(manager);
  manager.addPass(createDifferentiate({/*eraseLoss=*/true}));
}

void cnn::buildTrainingPipeline(OpPassManager &manager) {
  buildDifferentiationPipeline(manager);
  // Again, because gradients are emitted op by op: two of them may compute the same value, or multiply by one.
  buildSimplifyPipeline(manager);
}

void cnn::buildLinalgPipeline(OpPassManager &manager) {
  manager.addPass(createConvertToLinalg());
  // CSE first: forward and backward lower the same padding, softmax and statistics; an op with two readers, of which
  // one is a copy of the other, would not be fused.
  manager.addNestedPass<func::FuncOp>(createCanonicalizerPass());
  manager.addNestedPass<func::FuncOp>(createCSEPass());
  manager.addNestedPass<func::FuncOp>(createFuseElementwise());
  // Fusion leaves operands that nobody reads, and constants that are now scalars in loop bodies.
  manager.addNestedPass<func::FuncOp>(createCanonicalizerPass());
  manager.addNestedPass<func::FuncOp>(createCSEPass());
}

void cnn::registerPipelines() {
  PassPipelineRegistration<>("cnn-simplify", "Fold, canonicalize and remove common parts", buildSimplifyPipeline);
  PassPipelineRegistration<>("cnn-inference", "From the front end's module to inference alone", buildInferencePipeline);
  PassPipelineRegistration<>("cnn-training", "From the front end's module to inference and training",
                             buildTrainingPipeline);
  PassPipelineRegistration<>("cnn-linalg", "From the cnn dialect to fused linalg on tensors", buildLinalgPipeline);
}
