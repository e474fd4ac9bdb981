// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Makes kernel functions out of groups of ops, and gives equal groups one kernel.

#ifndef CNN_BACKENDS_CPU_KERNELBUILDER_H
#define CNN_BACKENDS_CPU_KERNELBUILDER_H

#include "backends/cpu/KernelGroups.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringMap.h"

namespace cnn::cpu {

/// The buffer type of a tensor: dense, row-major.
mlir::MemRefType getBufferType(mlir::Type tensorType);

/// The tensors a group reads from outside, in the order of their first use.
llvm::SetVector<mlir::Value> findInputs(const KernelGroup &group);

/// Whether the group needs to know the batch.
bool readsBatch(const KernelGroup &group);

/// The pairs (input, output argument) that may be one buffer: a single elementwise op reads there what it writes.
llvm::SmallVector<int64_t> findInPlacePairs(const KernelGroup &group, llvm::ArrayRef<mlir::Value> inputs);

/// Where a tensor lies in a buffer that may be larger. If that is a view of what a kernel computes, `view` is what
/// makes it.
struct Slice {
  mlir::MemRefType whole;
  llvm::SmallVector<int64_t> offsets;
  llvm::SmallVector<int64_t> shape;
  mlir::tensor::CollapseShapeOp view;

  /// Whether the tensor is all that is in the buffer.
  bool isWhole() const { return !view && whole.getShape() == llvm::ArrayRef(shape); }
};

/// At the start of a buffer, which for a dense tensor is of its own type.
Slice getSliceAtStart(mlir::Type tensorType, mlir::MemRefType buffer);

/// A tensor of the same values; `sizes` are those of its dynamic dimensions.
mlir::Value createCopy(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value tensor, mlir::ValueRange sizes);

class KernelBuilder {
public:
  /// Kernels are added to the end of the module.
  explicit KernelBuilder(mlir::ModuleOp module);

  /// The kernel of the group; its arguments are the buffers of `inputs`, then those of the results of the group's last
  /// op. `slices` says where in them the tensors are. `aliased` lists pairs of arguments that are one buffer.
  mlir::func::FuncOp getKernel(const KernelGroup &group, llvm::ArrayRef<mlir::Value> inputs,
                               llvm::ArrayRef<Slice> slices, llvm::ArrayRef<int64_t> aliased);

  /// A kernel that fills what surrounds a slice, in a tensor of this type at the start of the buffer, with a constant.
  mlir::func::FuncOp getBorderKernel(mlir::Location loc, const Slice &slice, mlir::Type tensorType,
                                     mlir::TypedAttr value);

  /// A kernel that copies a buffer.
  mlir::func::FuncOp getCopyKernel(mlir::Location loc, mlir::MemRefType type);

private:
  /// The kernel that `made` is equal to, which may be itself.
  mlir::func::FuncOp unify(mlir::func::FuncOp made);

  mlir::ModuleOp module;
  llvm::StringMap<mlir::func::FuncOp> kernels; // by their text
  int64_t nextNumber = 0;
};

} // namespace cnn::cpu

#endif
