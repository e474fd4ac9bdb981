// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The order of the passes on the cnn dialect: what every back end starts from.

#ifndef CNN_PASSES_PIPELINES_H
#define CNN_PASSES_PIPELINES_H

namespace mlir {
class OpPassManager;
} // namespace mlir

namespace cnn {

/// Folds, canonicalizes and removes what is computed twice or for nothing. It stays within the cnn dialect.
void buildSimplifyPipeline(mlir::OpPassManager &manager);

/// From the front end's module to inference alone: everything that only training needs is gone.
void buildInferencePipeline(mlir::OpPassManager &manager);

/// From the front end's module to inference, evaluation and, for each train block, a training step.
void buildTrainingPipeline(mlir::OpPassManager &manager);

/// Its first part, which finds what is wrong with a loss.
void buildDifferentiationPipeline(mlir::OpPassManager &manager);

/// From the cnn dialect to linalg on tensors, elementwise ops fused: what a back end forms kernels from.
void buildLinalgPipeline(mlir::OpPassManager &manager);

/// Registers the pipelines by name: cnn-simplify, cnn-inference, cnn-training, cnn-linalg.
void registerPipelines();

} // namespace cnn

#endif
