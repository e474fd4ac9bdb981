// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The passes of the CPU back end. What each one does, needs and leaves is written in Passes.td.

#ifndef CNN_BACKENDS_CPU_PASSES_H
#define CNN_BACKENDS_CPU_PASSES_H

#include "backends/cpu/kernels/KernelPipeline.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace cnn::cpu {

/// The algorithm of ChooseConvAlgorithms by which every sum of products takes one after the other.
inline constexpr llvm::StringLiteral orderedSums = "ordered";

#define GEN_PASS_DECL
#include "backends/cpu/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "backends/cpu/Passes.h.inc"

/// Names of the discardable attributes between the passes of this back end.
inline constexpr llvm::StringLiteral inPlaceAttrName = "cnn.in_place"; // pairs of arguments, on a kernel
inline constexpr llvm::StringLiteral workAttrName = "cnn.work";        // affine map (batch) -> (steps), on a kernel
inline constexpr llvm::StringLiteral deviceInputsAttrName = "cnn.device_inputs"; // i64, on a part of a device
inline constexpr llvm::StringLiteral offsetAttrName = "cnn.offset";              // bytes, on a weight argument
inline constexpr llvm::StringLiteral arenaAttrName = "cnn.arena";                // ArenaPlan, on a function
inline constexpr llvm::StringLiteral sliceAttrName = "cnn.slice";                // i64, on a call and a buffer's view
inline constexpr llvm::StringLiteral sliceSamplesAttrName = "cnn.slice_samples"; // by slice, on a function

/// The buffer that a value of a caller is, perhaps under another shape.
inline mlir::Value getBuffer(mlir::Value view) {
  while (llvm::isa_and_nonnull<mlir::memref::CollapseShapeOp, mlir::memref::ExpandShapeOp>(view.getDefiningOp()))
    view = view.getDefiningOp()->getOperand(0);
  return view;
}

} // namespace cnn::cpu

#endif
