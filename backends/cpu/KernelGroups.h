// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which ops of a model's function share a kernel.

#ifndef CNN_BACKENDS_CPU_KERNELGROUPS_H
#define CNN_BACKENDS_CPU_KERNELGROUPS_H

#include "backends/cpu/kernels/ConvCost.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace cnn::cpu {

/// The ops of one kernel, in order; every result but those of the last op is read inside the group alone. What they
/// read of `isRecomputed` ops is not listed: it is computed again in each kernel.
struct KernelGroup {
  llvm::SmallVector<mlir::Operation *> ops;
  llvm::StringRef whyApart; // why the first op is not in the kernel of what it reads; empty if no kernel makes that
  mlir::Operation *getResultOp() const { return ops.back(); }
};

/// The groups of all ops of the function that compute, in the order of their last ops.
llvm::SmallVector<KernelGroup> groupKernels(mlir::func::FuncOp function, const ConvMachine &machine);

/// Bytes of a tensor or a buffer, of one sample if it has a batch; saturates.
int64_t getSampleBytes(mlir::ShapedType type);

/// A reshape of dense data: it gives the same bytes another shape, and costs nothing outside of kernels.
bool isView(mlir::Operation *op);

/// An op so cheap that each kernel that needs it computes it: scalars, constants, fills, slices, empty tensors.
bool isRecomputed(mlir::Operation *op);

/// Element i of every result is computed from elements i of the operands that have the results' shape and are read
/// through the identity, and from others.
bool isElementwise(mlir::Operation *op);

/// Whether an elementwise op reads this operand at the element that it writes, and nowhere else.
bool readsWrittenElement(mlir::OpOperand &operand);

} // namespace cnn::cpu

#endif
