// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What values a net has on samples, before and after words are chosen for them.

#ifndef CNN_BACKENDS_NEUFLOW_CALIBRATE_H
#define CNN_BACKENDS_NEUFLOW_CALIBRATE_H

#include "ir/reference/Tensor.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include <vector>

namespace cnn::neuflow {

/// The inputs of a net, for one sample.
using Sample = std::vector<reference::Tensor>;

/// Runs a net of neuflow-legalize on the samples and writes `neuflow.range` and `neuflow.index` to its grid's parts. A
/// range that the machine's function would need for what was not seen is up to neuflow-quantize.
mlir::LogicalResult calibrate(mlir::func::FuncOp net, llvm::ArrayRef<Sample> samples);

/// What words make of one op.
struct LayerLoss {
  mlir::Location location;
  std::string op;               // "conv"
  int64_t fraction = 0;         // bits of its result
  double signal = 0, noise = 0; // mean squares of the real result, and of the difference
  double greatestError = 0;     // of the result, as a real
  double saturated = 0;         // words per sample
};

/// Compares both nets on the samples, op by op. `words` was made of `reals` by neuflow-quantize.
mlir::FailureOr<std::vector<LayerLoss>> measureLoss(mlir::func::FuncOp reals, mlir::func::FuncOp words,
                                                    llvm::ArrayRef<Sample> samples);

} // namespace cnn::neuflow

#endif
