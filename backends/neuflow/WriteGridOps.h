// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Each op of the cnn dialect that the grid can do, as ops of the neuflow dialect on reals.

#ifndef CNN_BACKENDS_NEUFLOW_WRITEGRIDOPS_H
#define CNN_BACKENDS_NEUFLOW_WRITEGRIDOPS_H

#include "backends/neuflow/ConstantValues.h"
#include "mlir/IR/Builders.h"
#include "runtime/neuflow/machine/Target.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace cnn::neuflow {

/// The planes of the op's result. findGridLimit has found none; `read` has the planes of operands that are no
/// constants.
mlir::Value writeGridOp(mlir::Operation *op, mlir::OpBuilder &builder, ConstantValues &constants, const Target &target,
                        llvm::function_ref<mlir::Value(mlir::Value)> read);

} // namespace cnn::neuflow

#endif
