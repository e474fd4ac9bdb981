// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Cuts sums of which there are too few into partial sums: see Passes.td for before and after.
//
// The gradient of a weight is a contraction over the batch and the positions of the image. Threads share its elements,
// so that no two write one. A first layer of 1 channel has 5 x 5 x 6 of them, one register tile: work for one thread.
// Here the rows of the image are cut into groups, and each has sums of its own, which are added in the end:
//
//   dw[i, j, c, o] += x[b, h + i, w + j, c] * dy[b, h, w, o]                         h in 28
//   sums[g, i, j, c, o] += x[b, 7 g + h + i, w + j, c] * dy'[b, g, h, w, o]          g in 4, h in 7
//   dw[i, j, c, o] += sums[g, i, j, c, o]
//
// Which sums there are depends on the sizes alone, so results are the same for any number of threads. Rows, because
// their number is known; that of the samples is not.

#include "backends/cpu/Passes.h"
#include "backends/cpu/kernels/VectorTarget.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "passes/StorageLayout.h"
#include "llvm/Support/MathExtras.h"

namespace cnn::cpu {
#define GEN_PASS_DEF_SPLITSUMS
#include "backends/cpu/Passes.h.inc"
} // namespace cnn::cpu

using namespace mlir;
using namespace cnn;

namespace {

/// Register tiles that a contraction should have at least. More parts would read shorter runs of memory.
constexpr int64_t leastTiles = 4;
/// A sample with fewer multiply-adds is not worth splitting.
constexpr int64_t leastWork = 32 * 1024;

struct Split {
  unsigned dim;  // the loop over rows
  int64_t parts; // a divisor of its extent
};

class SplitSums : public cnn::cpu::impl::SplitSumsBase<SplitSums> {
public:
  using SplitSumsBase::SplitSumsBase;

  void runOnOperation() override {
    SmallVector<linalg::GenericOp> ops;
    getOperation().walk([&](linalg::GenericOp op) {
      if (op->hasAttr(contractionAttrName))
        ops.push_back(op);
    });
    IRRewriter rewriter(&getContext());
    for (linalg::GenericOp op : ops)
      if (std::optional<Split> split = findSplit(op))
        apply(rewriter, op, *split);
  }

private:
  static bool isReduction(linalg::GenericOp op, unsigned dim) {
    return op.getIteratorTypesArray()[dim] == utils::IteratorType::reduction;
  }

  /// Where and how to cut a contraction that sums over the batch and over rows; nothing if it has tiles enough.
  std::optional<Split> findSplit(linalg::GenericOp op) {
    SmallVector<AffineMap> maps = op.getIndexingMapsArray();
    SmallVector<int64_t> range = op.getStaticLoopRanges();
    auto fill = op.getNumDpsInits() == 1 ? op.getDpsInits()[0].getDefiningOp<linalg::FillOp>() : nullptr;
    if (maps.size() != 3 || !fill || !maps[2].isProjectedPermutation() || maps[2].getNumResults() == 0)
      return std::nullopt;
    bool hasBatch = false;
    std::optional<unsigned> rows;
    int64_t work = 1, elements = 1;
    for (auto [d, size] : llvm::enumerate(range)) {
      bool isSummed = isReduction(op, d);
      if (ShapedType::isDynamic(size)) {
        if (!isSummed)
          return std::nullopt;
        hasBatch = true;
        continue;
      }
      work = llvm::SaturatingMultiply<uint64_t>(work, size);
      if (!isSummed)
        elements = llvm::SaturatingMultiply<uint64_t>(elements, size);
      else if (!rows && size > 1)
        rows = d;
    }
    unsigned column = cast<AffineDimExpr>(maps[2].getResults().back()).getPosition();
    if (!hasBatch || !rows || work < leastWork || maps[0].isFunctionOfDim(column))
      return std::nullopt;
    // The rows as TileKernel would make them.
    int64_t columns = std::min<int64_t>(range[column], 3 * lanes);
    int64_t ofTile = cpu::VectorTarget{lanes, registers, true}.accumulators() / llvm::divideCeil(columns, lanes);
    int64_t tiles = llvm::divideCeil(range[column], columns) *
                    llvm::divideCeil(elements / range[column], std::max<int64_t>(1, ofTile));
    int64_t most = std::min<int64_t>(range[*rows], llvm::divideCeil(leastTiles, tiles));
    if (!isReadByItself(maps[1], *rows))
      return std::nullopt;
    // An even number if there is one: for two threads, or four.
    for (int64_t step : {2, 1})
      for (int64_t parts = most / step * step; parts > 1; parts -= step)
        if (range[*rows] % parts == 0)
          return Split{*rows, parts};
    return std::nullopt;
  }

  /// Whether the loop is one index of an operand, and in no other.
  static bool isReadByItself(AffineMap map, unsigned dim) {
    return llvm::count_if(map.getResults(), [&](AffineExpr expr) { return expr.isFunctionOfDim(dim); }) == 1 &&
           llvm::is_contained(map.getResults(), getAffineDimExpr(dim, map.getContext()));
  }

  static void apply(IRRewriter &rewriter, linalg::GenericOp op, Split split) {
    Location loc = op.getLoc();
    MLIRContext *context = op.getContext();
    rewriter.setInsertionPoint(op);
    int64_t size = op.getStaticLoopRanges()[split.dim] / split.parts;
    unsigned loops = op.getNumLoops();

    // The new loop comes first: g, then those of before.
    AffineExpr group = getAffineDimExpr(0, context), inGroup = getAffineDimExpr(split.dim + 1, context);
    SmallVector<AffineExpr> replacements;
    for (unsigned d = 0; d < loops; ++d)
      replacements.push_back(getAffineDimExpr(d + 1, context));
    SmallVector<AffineMap> maps = op.getIndexingMapsArray();
    // The second operand by groups: a loop has to be an index by itself somewhere.
    SmallVector<AffineExpr> ofSecond;
    SmallVector<ReassociationIndices> groups;
    auto secondType = cast<RankedTensorType>(op.getInputs()[1].getType());
    SmallVector<int64_t> secondShape;
    for (auto [i, expr] : llvm::enumerate(maps[1].getResults())) {
      groups.push_back({static_cast<int64_t>(secondShape.size())});
      if (expr.isFunctionOfDim(split.dim)) {
        groups.back().push_back(secondShape.size() + 1);
        secondShape.append({split.parts, size});
        ofSecond.append({group, inGroup});
      } else {
        secondShape.push_back(secondType.getDimSize(i));
        ofSecond.push_back(expr.replaceDims(replacements));
      }
    }
    Value second = op.getInputs()[1];
    SmallVector<OpFoldResult> sizes;
    for (auto [i, extent] : llvm::enumerate(secondShape))
      sizes.push_back(ShapedType::isDynamic(extent) ? OpFoldResult(tensor::DimOp::create(rewriter, loc, second, 0))
                                                    : OpFoldResult(rewriter.getIndexAttr(extent)));
    second = tensor::ExpandShapeOp::create(
        rewriter, loc, RankedTensorType::get(secondShape, secondType.getElementType()), second, groups, sizes);

    SmallVector<AffineExpr> ofSums{group};
    for (AffineExpr expr : maps[2].getResults())
      ofSums.push_back(expr.replaceDims(replacements));
    replacements[split.dim] = group * size + inGroup;
    AffineMap ofFirst = maps[0].replaceDimsAndSymbols(replacements, {}, loops + 1, 0);
    SmallVector<utils::IteratorType> iterators{utils::IteratorType::parallel};
    llvm::append_range(iterators, op.getIteratorTypesArray());

    auto fill = op.getDpsInits()[0].getDefiningOp<linalg::FillOp>();
    auto type = cast<RankedTensorType>(op.getResult(0).getType());
    SmallVector<int64_t> shape{split.parts};
    llvm::append_range(shape, type.getShape());
    Value empty = tensor::EmptyOp::create(rewriter, loc, shape, type.getElementType());
    Value zeros = linalg::FillOp::create(rewriter, loc, fill.getInputs()[0], empty).getResult(0);
    auto sums = linalg::GenericOp::create(
        rewriter, loc, TypeRange{zeros.getType()}, ValueRange{op.getInputs()[0], second}, zeros,
        {ofFirst, AffineMap::get(loops + 1, 0, ofSecond, context), AffineMap::get(loops + 1, 0, ofSums, context)},
        iterators);
    rewriter.cloneRegionBefore(op.getRegion(), sums.getRegion(), sums.getRegion().begin());
    sums->setAttr(contractionAttrName, rewriter.getUnitAttr());

    int64_t rank = shape.size();
    SmallVector<utils::IteratorType> kinds(rank, utils::IteratorType::parallel);
    kinds.front() = utils::IteratorType::reduction;
    AffineMap identity = rewriter.getMultiDimIdentityMap(rank);
    auto total = linalg::GenericOp::create(
        rewriter, loc, TypeRange{type}, sums.getResult(0), op.getDpsInits()[0], {identity, identity.dropResult(0)},
        kinds, [](OpBuilder &builder, Location at, ValueRange x) {
          linalg::YieldOp::create(builder, at, ValueRange{arith::AddFOp::create(builder, at, x[1], x[0]).getResult()});
        });
    rewriter.replaceOp(op, total.getResults());
  }
};

} // namespace
