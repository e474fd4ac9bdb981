// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "backends/cpu/kernels/VectorCode.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace cnn::cpu {

SmallVector<Value> createIndices(OpBuilder &builder, Location loc, AffineMap map, ArrayRef<OpFoldResult> point) {
  return llvm::map_to_vector(map.getResults(), [&](AffineExpr expr) -> Value {
    AffineMap single = AffineMap::get(map.getNumDims(), 0, expr);
    return getValueOrCreateConstantIndexOp(builder, loc,
                                           affine::makeComposedFoldedAffineApply(builder, loc, single, point));
  });
}

Value createMultiplyAdd(OpBuilder &builder, Location loc, Value a, Value b, Value c, bool fma) {
  if (fma)
    return vector::FMAOp::create(builder, loc, a, b, c);
  return arith::AddFOp::create(builder, loc, c, arith::MulFOp::create(builder, loc, a, b));
}

} // namespace cnn::cpu
