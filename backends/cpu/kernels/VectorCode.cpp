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

bool hasSumInLanes(ArrayRef<AffineMap> maps, unsigned column) {
  if (maps[0].getNumResults() == 0 || maps[1].getNumResults() == 0)
    return false;
  auto last = dyn_cast<AffineDimExpr>(maps[1].getResults().back());
  return last && last == maps[0].getResults().back() && !maps[2].isFunctionOfDim(last.getPosition()) &&
         maps[1].isFunctionOfDim(column);
}

} // namespace cnn::cpu
