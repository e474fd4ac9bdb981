// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The passes from the tensor level of the neuflow dialect to words. What each one does, needs and leaves is written in
// Passes.td.

#ifndef CNN_BACKENDS_NEUFLOW_LOWER_PASSES_H
#define CNN_BACKENDS_NEUFLOW_LOWER_PASSES_H

#include "backends/neuflow/dialect/NeuflowDialect.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace cnn::neuflow {

#define GEN_PASS_DECL
#include "backends/neuflow/lower/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "backends/neuflow/lower/Passes.h.inc"

/// To passes that have their places, and all of them, in the order in which they work.
void buildPassesPipeline(mlir::OpPassManager &manager, llvm::StringRef target);
void buildLowerPipeline(mlir::OpPassManager &manager, llvm::StringRef target);
void registerLowerPipeline();

} // namespace cnn::neuflow

#endif
