// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "backends/cpu/RowSpacing.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "passes/StorageLayout.h"
#include "llvm/Support/MathExtras.h"

#include <numeric>

using namespace mlir;

namespace cnn::cpu {

namespace {

/// Of a first-level cache: of 32 or 48 KB with 8 or 12 ways, as those of x86-64 are, and no worse for others.
constexpr int64_t wayBytes = 4096, lineBytes = 64, ways = 8;
/// Positions that a register tile has at most: with one vector of outputs, in 32 registers.
constexpr int64_t tileRows = 28;

} // namespace

/// How many positions the operand moves when the parallel dimension of this index moves by one; 0 if there is none.
static int64_t strideOf(AffineExpr index, linalg::GenericOp op) {
  auto kinds = op.getIteratorTypesArray();
  int64_t stride = 0;
  auto visit = [&](auto &self, AffineExpr expr, int64_t factor) -> void {
    if (auto dim = dyn_cast<AffineDimExpr>(expr)) {
      if (kinds[dim.getPosition()] == utils::IteratorType::parallel)
        stride = factor;
    } else if (auto binary = dyn_cast<AffineBinaryOpExpr>(expr)) {
      auto constant = dyn_cast<AffineConstantExpr>(binary.getRHS());
      if (binary.getKind() == AffineExprKind::Add) {
        self(self, binary.getLHS(), factor);
        self(self, binary.getRHS(), factor);
      } else if (binary.getKind() == AffineExprKind::Mul && constant) {
        self(self, binary.getLHS(), factor * constant.getValue());
      }
    }
  };
  visit(visit, index, 1);
  return stride;
}

static bool readsInFewSets(OpOperand &use, int64_t rowBytes) {
  auto op = dyn_cast<linalg::GenericOp>(use.getOwner());
  if (!op || !op->hasAttr(contractionAttrName) || use.getOperandNumber() != 0)
    return false;
  AffineMap map = op.getMatchingIndexingMap(&use), weight = op.getIndexingMapsArray()[1];
  auto kinds = op.getIteratorTypesArray();
  SmallVector<int64_t> range = op.getStaticLoopRanges();
  int64_t positions = 1;
  for (auto [d, size] : llvm::enumerate(range))
    if (kinds[d] == utils::IteratorType::parallel && map.isFunctionOfDim(d) && !weight.isFunctionOfDim(d) &&
        !ShapedType::isDynamic(size))
      positions *= size;
  int64_t stride = strideOf(map.getResults().drop_back().back(), op);
  if (stride == 0)
    return false;
  int64_t sets = wayBytes / std::gcd(stride * rowBytes, wayBytes);
  return std::min(positions, tileRows) > sets * ways;
}

bool wantsSpacedRows(Value tensor) {
  auto type = cast<RankedTensorType>(tensor.getType());
  // A batch, positions, channels.
  if (type.getRank() < 3 || !type.getElementType().isFloat() || ShapedType::isDynamic(type.getShape().back()))
    return false;
  int64_t rowBytes = type.getShape().back() * type.getElementTypeBitWidth() / 8;
  return llvm::any_of(tensor.getUses(), [&](OpOperand &use) { return readsInFewSets(use, rowBytes); });
}

MemRefType getSpacedType(MemRefType dense) {
  SmallVector<int64_t> shape = llvm::to_vector(dense.getShape());
  shape.back() += lineBytes / llvm::divideCeil(dense.getElementTypeBitWidth(), 8);
  return MemRefType::get(shape, dense.getElementType());
}

} // namespace cnn::cpu
