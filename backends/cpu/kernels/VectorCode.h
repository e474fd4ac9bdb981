// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the emitters of vector code share.

#ifndef CNN_BACKENDS_CPU_KERNELS_VECTORCODE_H
#define CNN_BACKENDS_CPU_KERNELS_VECTORCODE_H

#include "mlir/IR/AffineMap.h"
#include "mlir/IR/Builders.h"

namespace cnn::cpu {

/// The largest tile that becomes vectors: larger ops stay loops.
inline constexpr int64_t maxVectorElements = 1024;

/// Where an operand with this map is read at a point of the iteration space.
llvm::SmallVector<mlir::Value> createIndices(mlir::OpBuilder &builder, mlir::Location loc, mlir::AffineMap map,
                                             llvm::ArrayRef<mlir::OpFoldResult> point);

/// a * b + c of vectors; rounded once with `fma`, else twice.
mlir::Value createMultiplyAdd(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value a, mlir::Value b, mlir::Value c,
                              bool fma);

/// Whether the innermost dimension of both operands of a contraction with these maps is the same reduction, so that
/// sums can be made in the lanes of vectors. `column`: the innermost dimension of the result.
bool hasSumInLanes(llvm::ArrayRef<mlir::AffineMap> maps, unsigned column);

} // namespace cnn::cpu

#endif
