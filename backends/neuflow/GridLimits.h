// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the grid cannot do, in the words of the language.

#ifndef CNN_BACKENDS_NEUFLOW_GRIDLIMITS_H
#define CNN_BACKENDS_NEUFLOW_GRIDLIMITS_H

#include "backends/neuflow/ConstantValues.h"
#include "mlir/IR/Operation.h"
#include "runtime/neuflow/machine/Target.h"
#include <string>

namespace cnn::neuflow {

/// Why the host must compute an op of the cnn dialect, whose batch is 1: "softmax: its exponentials ...". Empty if the
/// grid can.
std::string findGridLimit(mlir::Operation *op, ConstantValues &constants, const Target &target);

/// The planes that hold a value with a batch of 1: [1, C, H, W], [1, C, W] or [1, C]; nullopt if none do.
std::optional<std::array<int64_t, 3>> findPlanes(mlir::Value value);

} // namespace cnn::neuflow

#endif
