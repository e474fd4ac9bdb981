// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Weights become constants of the program: a machine has no files.

#ifndef CNN_BACKENDS_NEUFLOW_BINDWEIGHTS_H
#define CNN_BACKENDS_NEUFLOW_BINDWEIGHTS_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include <vector>

namespace cnn::neuflow {

/// The numbers of a weight, row-major; empty after an error, which the reader has shown.
using WeightReader = llvm::function_ref<std::vector<float>(llvm::StringRef path, llvm::ArrayRef<int64_t> shape)>;

/// Replaces the weights of an inference function, which are arguments, by constants.
mlir::LogicalResult bindWeights(mlir::func::FuncOp net, WeightReader read);

} // namespace cnn::neuflow

#endif
