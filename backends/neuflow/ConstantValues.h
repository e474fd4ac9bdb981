// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Values that are known before the machine runs: weights, and what is computed from them alone.

#ifndef CNN_BACKENDS_NEUFLOW_CONSTANTVALUES_H
#define CNN_BACKENDS_NEUFLOW_CONSTANTVALUES_H

#include "ir/reference/Tensor.h"
#include "mlir/IR/Value.h"
#include "llvm/ADT/DenseMap.h"

namespace cnn::neuflow {

class ConstantValues {
public:
  /// Whether the value depends on constants alone.
  bool isConstant(mlir::Value value);
  /// Its numbers, row-major; null if it is no constant.
  const reference::Tensor *find(mlir::Value value);

private:
  llvm::DenseMap<mlir::Value, bool> known;
  llvm::DenseMap<mlir::Value, std::unique_ptr<reference::Tensor>> tensors;
};

} // namespace cnn::neuflow

#endif
