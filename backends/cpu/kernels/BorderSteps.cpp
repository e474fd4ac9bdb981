// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "backends/cpu/kernels/BorderSteps.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "passes/StorageLayout.h"

using namespace mlir;

namespace cnn::cpu {

namespace {

/// One dimension of the left operand that has a border, and is read at row * stride + step * dilation.
struct BorderedDim {
  int64_t low, high; // zeros on both sides
  unsigned row, step;
  int64_t stride, dilation;
};

/// A loop times a constant; nothing if it is something else.
std::optional<std::pair<unsigned, int64_t>> scaledLoop(AffineExpr expr) {
  if (auto loop = dyn_cast<AffineDimExpr>(expr))
    return std::pair(loop.getPosition(), int64_t(1));
  auto product = dyn_cast<AffineBinaryOpExpr>(expr);
  if (!product || product.getKind() != AffineExprKind::Mul)
    return std::nullopt;
  auto loop = dyn_cast<AffineDimExpr>(product.getLHS());
  auto factor = dyn_cast<AffineConstantExpr>(product.getRHS());
  if (!loop || !factor || factor.getValue() <= 0)
    return std::nullopt;
  return std::pair(loop.getPosition(), factor.getValue());
}

std::optional<BorderedDim> borderedDim(linalg::LinalgOp op, unsigned dim) {
  auto border = op->getAttrOfType<DenseI64ArrayAttr>(borderAttrName);
  if (!border || border.size() <= 2 * int64_t(dim) + 1)
    return std::nullopt;
  auto sum = dyn_cast<AffineBinaryOpExpr>(op.getIndexingMapsArray()[0].getResult(dim));
  if (!sum || sum.getKind() != AffineExprKind::Add)
    return std::nullopt;
  auto first = scaledLoop(sum.getLHS()), second = scaledLoop(sum.getRHS());
  if (!first || !second)
    return std::nullopt;
  auto isReduction = [&](unsigned loop) { return op.getIteratorTypesArray()[loop] == utils::IteratorType::reduction; };
  if (isReduction(first->first))
    std::swap(first, second);
  if (isReduction(first->first) || !isReduction(second->first))
    return std::nullopt;
  return BorderedDim{border[2 * dim], border[2 * dim + 1], first->first, second->first, first->second, second->second};
}

/// How many of these steps at these rows, together, meet a value in a dimension of this size.
int64_t countSteps(const BorderedDim &dim, int64_t size, int64_t firstRow, int64_t rows, int64_t steps) {
  int64_t count = 0;
  for (int64_t step = 0; step < steps; ++step) {
    int64_t first = firstRow * dim.stride + step * dim.dilation, last = first + (rows - 1) * dim.stride;
    count += last >= dim.low && first < size - dim.high;
  }
  return count;
}

/// Whether tiles of so many rows save an eighth of the steps.
bool isWorthBounds(const BorderedDim &dim, int64_t size, int64_t rows, int64_t steps) {
  int64_t allRows = (size - (steps - 1) * dim.dilation - 1) / dim.stride + 1, taken = 0;
  for (int64_t first = 0; first < allRows; first += rows) {
    int64_t count = std::min(rows, allRows - first);
    taken += count * countSteps(dim, size, first, count, steps);
  }
  return 8 * taken <= 7 * allRows * steps;
}

} // namespace

SmallVector<int64_t> loopsWithoutBorder(linalg::LinalgOp contraction) {
  SmallVector<int64_t> sizes = contraction.getStaticLoopRanges();
  if (!contraction->hasAttr(borderAttrName))
    return sizes;
  auto operand = cast<ShapedType>(contraction.getDpsInputs()[0].getType());
  for (unsigned d = 0; d < operand.getRank(); ++d) {
    std::optional<BorderedDim> dim = borderedDim(contraction, d);
    if (!dim || operand.isDynamicDim(d) || ShapedType::isDynamic(sizes[dim->row]))
      continue;
    int64_t count = 0;
    for (int64_t row = 0; row < sizes[dim->row]; ++row)
      count += countSteps(*dim, operand.getDimSize(d), row, /*rows=*/1, sizes[dim->step]);
    sizes[dim->row] = count;
    sizes[dim->step] = 1;
  }
  return sizes;
}

std::optional<StepRange> findStepsWithoutBorder(OpBuilder &builder, linalg::GenericOp tile, unsigned reduction) {
  if (!tile->hasAttr(borderAttrName))
    return std::nullopt;
  Location loc = tile.getLoc();
  Value operand = tile.getInputs()[0];
  SmallVector<int64_t> range = tile.getStaticLoopRanges();
  for (unsigned d = 0; d < cast<ShapedType>(operand.getType()).getRank(); ++d) {
    std::optional<BorderedDim> dim = borderedDim(tile, d);
    if (!dim || dim->step != reduction)
      continue;
    int64_t rows = range[dim->row], steps = range[dim->step];
    // The offset of the tile in the whole operand.
    AffineExpr sum = builder.getAffineConstantExpr(0);
    SmallVector<OpFoldResult> offsets;
    Value whole = operand;
    while (auto slice = whole.getDefiningOp<tensor::ExtractSliceOp>()) {
      if (slice.getSourceType().getRank() != slice.getType().getRank() || !slice.hasUnitStride())
        return std::nullopt;
      sum = sum + builder.getAffineDimExpr(offsets.size());
      offsets.push_back(slice.getMixedOffsets()[d]);
      whole = slice.getSource();
    }
    int64_t size = cast<ShapedType>(whole.getType()).getDimSize(d);
    if (ShapedType::isDynamic(rows) || ShapedType::isDynamic(steps) || ShapedType::isDynamic(size) ||
        !isWorthBounds(*dim, size, rows, steps))
      return std::nullopt;
    // Some row is behind the border in front, and some before the one behind.
    AffineExpr first = (dim->low - (rows - 1) * dim->stride - sum).ceilDiv(dim->dilation);
    AffineExpr end = (size - dim->high - sum - 1).floorDiv(dim->dilation) + 1;
    auto bound = [&](AffineExpr expr, int64_t limit, auto make) {
      return getValueOrCreateConstantIndexOp(
          builder, loc,
          make(builder, loc,
               AffineMap::get(offsets.size(), 0, {expr, builder.getAffineConstantExpr(limit)}, builder.getContext()),
               offsets));
    };
    return StepRange{bound(first, 0, affine::makeComposedFoldedAffineMax),
                     bound(end, steps, affine::makeComposedFoldedAffineMin)};
  }
  return std::nullopt;
}

} // namespace cnn::cpu
