// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Turns register tiles into reduction loops with the accumulators in registers.
//
// Problem. A tile of a contraction, say 14 pixels by 32 channels, has all its sums live at once: 28 vectors. Written as
// a loop over memory, or as one vector op of two dimensions, they are loaded and stored for each product.
//
//   %t = contraction(%x, %w) : [14, 32]      ->   %acc:28 = for k { for c {
//                                                   %w0, %w1 = row of w, two vectors
//                                                   for each of 14 pixels: %a = broadcast x[pixel]
//                                                     acc += a * w0;  acc' += a * w1
//                                                 } }
//
// Method. The indexing maps give everything: N is the last dimension of the result and contiguous in the right operand.
// The left operand does not have it, and one value of it is broadcast to all lanes; or it has it in the same way, as in
// a depthwise convolution, and is read as a vector for each column block. Every other parallel dimension is unrolled;
// every reduction becomes a loop that carries the accumulators. The tile leaves as one vector of n dimensions, against
// which the vectorized epilogue folds.
//
// Not done here: other element types, and packing of the operands.

#include "backends/cpu/kernels/KernelPipeline.h"
#include "backends/cpu/kernels/VectorCode.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/SCF/Utils/Utils.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "passes/StorageLayout.h"

namespace cnn::cpu {
#define GEN_PASS_DEF_EMITMICROKERNELS
#include "backends/cpu/kernels/Passes.h.inc"
} // namespace cnn::cpu

using namespace mlir;
using namespace cnn::cpu;

namespace {

/// Innermost reductions up to this length are unrolled.
constexpr int64_t maxUnroll = 8;
/// Of longer ones, so many steps are one iteration: what counts and branches takes the place of multiply-adds. More
/// than two gain little, and take twice as long to compile.
constexpr int64_t stepsOfLoop = 2;

class Microkernel {
public:
  Microkernel(linalg::GenericOp op, RewriterBase &builder, int64_t lanes, bool fma)
      : op(op), builder(builder), loc(op.getLoc()), maps(op.getIndexingMapsArray()), range(op.getStaticLoopRanges()),
        lanes(lanes), fma(fma) {}

  /// Whether the op is a tile this class can emit.
  bool matches() {
    if (maps.size() != 3 || !maps[2].isProjectedPermutation() || maps[2].getNumResults() == 0)
      return false;
    for (Value operand : op->getOperands())
      if (!getElementTypeOrSelf(operand).isF32())
        return false;
    auto kinds = op.getIteratorTypesArray();
    int64_t elements = 1;
    for (auto [d, kind] : llvm::enumerate(kinds)) {
      if (kind == utils::IteratorType::reduction) {
        reductions.push_back(d);
      } else {
        if (ShapedType::isDynamic(range[d]))
          return false;
        elements *= range[d];
      }
    }
    n = cast<AffineDimExpr>(maps[2].getResults().back()).getPosition();
    return elements <= maxVectorElements && (!maps[0].isFunctionOfDim(n) || runsAlong(maps[0])) && runsAlong(maps[1]) &&
           isMultiplyAdd();
  }

  /// Emits the kernel and returns the tile.
  Value emit() {
    builder.setInsertionPoint(op);
    Value init = op.getDpsInits()[0];
    auto tileType = cast<RankedTensorType>(init.getType());
    auto vectorType = VectorType::get(tileType.getShape(), builder.getF32Type());
    zero = arith::ConstantIndexOp::create(builder, loc, 0);
    padding = arith::ConstantOp::create(builder, loc, builder.getF32FloatAttr(0));
    SmallVector<Value> origin(tileType.getRank(), zero);
    SmallVector<bool> inBounds(tileType.getRank(), true);
    Value tile = vector::TransferReadOp::create(builder, loc, vectorType, init, origin, padding, inBounds);

    SmallVector<Value> accumulators;
    SmallVector<Point> rows = rowPoints();
    for (const Point &row : rows)
      for (int64_t column = 0; column < range[n]; column += lanes)
        accumulators.push_back(columnBlock(vector::ExtractOp::create(builder, loc, tile, position(row)), column));
    accumulators = emitReduction(rows, accumulators);

    Value result = tile;
    unsigned next = 0;
    for (const Point &row : rows) {
      Value whole = accumulators[next];
      if (range[n] <= lanes) {
        ++next;
      } else {
        whole = vector::ExtractOp::create(builder, loc, tile, position(row));
        for (int64_t column = 0; column < range[n]; column += lanes)
          whole = vector::InsertStridedSliceOp::create(builder, loc, accumulators[next++], whole,
                                                       ArrayRef<int64_t>{column}, ArrayRef<int64_t>{1});
      }
      // A tile of one row and one dimension is the row itself.
      result = position(row).empty() ? whole
                                     : vector::InsertOp::create(builder, loc, whole, result, position(row)).getResult();
    }
    return vector::TransferWriteOp::create(builder, loc, result, init, origin, inBounds).getResult();
  }

private:
  using Point = SmallVector<OpFoldResult>; // one entry per dimension of the iteration space

  /// Whether the innermost index runs along with N: it is N, or N within a block that holds the tile.
  bool runsAlong(AffineMap map) const {
    AffineExpr index = map.getResults().back();
    auto inBlock = dyn_cast<AffineBinaryOpExpr>(index);
    if (inBlock && inBlock.getKind() == AffineExprKind::Mod &&
        cast<AffineConstantExpr>(inBlock.getRHS()).getValue() % range[n] == 0)
      index = inBlock.getLHS();
    auto dim = dyn_cast<AffineDimExpr>(index);
    return dim && dim.getPosition() == n;
  }

  /// The body is exactly c + a * b.
  bool isMultiplyAdd() {
    Block *body = op.getBlock();
    auto yield = cast<linalg::YieldOp>(body->getTerminator());
    auto add = yield.getValues()[0].getDefiningOp<arith::AddFOp>();
    if (!add)
      return false;
    for (auto [sum, product] : {std::pair(add.getLhs(), add.getRhs()), std::pair(add.getRhs(), add.getLhs())}) {
      auto multiply = product.getDefiningOp<arith::MulFOp>();
      if (multiply && sum == body->getArgument(2) &&
          ((multiply.getLhs() == body->getArgument(0) && multiply.getRhs() == body->getArgument(1)) ||
           (multiply.getLhs() == body->getArgument(1) && multiply.getRhs() == body->getArgument(0))))
        return true;
    }
    return false;
  }

  int64_t blockWidth(int64_t column) const { return std::min(lanes, range[n] - column); }

  Value columnBlock(Value row, int64_t column) {
    if (range[n] <= lanes)
      return row;
    return vector::ExtractStridedSliceOp::create(builder, loc, row, ArrayRef<int64_t>{column},
                                                 ArrayRef<int64_t>{blockWidth(column)}, ArrayRef<int64_t>{1});
  }

  /// All points of the parallel dimensions but N.
  SmallVector<Point> rowPoints() {
    SmallVector<Point> points{Point(range.size(), builder.getIndexAttr(0))};
    for (AffineExpr expr : maps[2].getResults().drop_back()) {
      unsigned d = cast<AffineDimExpr>(expr).getPosition();
      SmallVector<Point> next;
      for (const Point &point : points)
        for (int64_t i = 0; i < range[d]; ++i) {
          next.push_back(point);
          next.back()[d] = builder.getIndexAttr(i);
        }
      points = std::move(next);
    }
    return points;
  }

  /// Where a row lies in the tile.
  SmallVector<int64_t> position(const Point &row) {
    return llvm::map_to_vector(maps[2].getResults().drop_back(), [&](AffineExpr expr) {
      return *getConstantIntValue(row[cast<AffineDimExpr>(expr).getPosition()]);
    });
  }

  Value upperBound(unsigned d) {
    if (!ShapedType::isDynamic(range[d]))
      return arith::ConstantIndexOp::create(builder, loc, range[d]);
    for (OpOperand *operand : op.getDpsInputOperands())
      for (auto [i, expr] : llvm::enumerate(op.getMatchingIndexingMap(operand).getResults()))
        if (auto dim = dyn_cast<AffineDimExpr>(expr); dim && dim.getPosition() == d)
          return tensor::DimOp::create(builder, loc, operand->get(), i);
    llvm_unreachable("a loop of a linalg op without an operand dimension");
  }

  /// A column block of an input, at this point.
  Value readBlock(unsigned input, Point at, int64_t column) {
    at[n] = builder.getIndexAttr(column);
    auto type = VectorType::get({blockWidth(column)}, builder.getF32Type());
    return vector::TransferReadOp::create(builder, loc, type, op.getDpsInputs()[input],
                                          createIndices(builder, loc, maps[input], at), padding, ArrayRef<bool>{true});
  }

  SmallVector<Value> emitReduction(ArrayRef<Point> rows, SmallVector<Value> accumulators) {
    Value one = arith::ConstantIndexOp::create(builder, loc, 1);
    Point point(range.size(), builder.getIndexAttr(0));
    scf::ForOp outermost, innermost;
    unsigned innermostDim = 0;
    SmallVector<Value> carried = accumulators;
    for (unsigned d : reductions) {
      if (range[d] == 1)
        continue;
      auto loop = scf::ForOp::create(builder, loc, zero, upperBound(d), one, carried);
      if (outermost)
        scf::YieldOp::create(builder, loc, loop.getResults());
      else
        outermost = loop;
      innermost = loop;
      innermostDim = d;
      point[d] = loop.getInductionVar();
      carried.assign(loop.getRegionIterArgs().begin(), loop.getRegionIterArgs().end());
      builder.setInsertionPointToStart(loop.getBody());
    }

    SmallVector<Value> weights;
    for (int64_t column = 0; column < range[n]; column += lanes)
      weights.push_back(readBlock(1, point, column));
    bool isBroadcast = !maps[0].isFunctionOfDim(n);
    SmallVector<Value> sums;
    for (const Point &row : rows) {
      Point at = row;
      for (unsigned d : reductions)
        at[d] = point[d];
      Value scalar;
      if (isBroadcast)
        scalar =
            tensor::ExtractOp::create(builder, loc, op.getDpsInputs()[0], createIndices(builder, loc, maps[0], at));
      for (auto [block, weight] : llvm::enumerate(weights)) {
        Value a = isBroadcast ? vector::BroadcastOp::create(builder, loc, weight.getType(), scalar).getResult()
                              : readBlock(0, at, static_cast<int64_t>(block) * lanes);
        sums.push_back(createMultiplyAdd(builder, loc, a, weight, carried[sums.size()], fma));
      }
    }
    if (!outermost)
      return sums;
    scf::YieldOp::create(builder, loc, sums);
    builder.setInsertionPointAfter(outermost);
    SmallVector<Value> results = llvm::to_vector_of<Value>(outermost.getResults());
    int64_t trip = range[innermostDim];
    bool isShort = trip <= maxUnroll;
    if (!ShapedType::isDynamic(trip) && (isShort ? innermost != outermost : trip % stepsOfLoop == 0))
      (void)loopUnrollByFactor(innermost, isShort ? trip : stepsOfLoop);
    return results;
  }

  linalg::GenericOp op;
  RewriterBase &builder;
  Location loc;
  SmallVector<AffineMap> maps;
  SmallVector<int64_t> range;
  SmallVector<unsigned> reductions;
  unsigned n = 0;
  Value zero, padding;
  int64_t lanes;
  bool fma;
};

class EmitMicrokernels : public cnn::cpu::impl::EmitMicrokernelsBase<EmitMicrokernels> {
public:
  using EmitMicrokernelsBase::EmitMicrokernelsBase;

  void runOnOperation() override {
    if (!getOperation()->hasAttr(kernelAttrName))
      return;
    IRRewriter rewriter(&getContext());
    SmallVector<linalg::GenericOp> contractions;
    getOperation().walk([&](linalg::GenericOp op) {
      if (op->hasAttr(cnn::contractionAttrName))
        contractions.push_back(op);
    });
    bool any = false;
    for (linalg::GenericOp op : contractions) {
      Microkernel kernel(op, rewriter, lanes, fma);
      if (!kernel.matches())
        continue;
      Value tile = kernel.emit();
      rewriter.replaceOp(op, tile);
      any = true;
    }
    if (any)
      vectorizeTiles(rewriter);
  }

private:
  /// The fill and the epilogue of a tile; whatever is larger than a tile stays a loop.
  void vectorizeTiles(IRRewriter &rewriter) {
    SmallVector<linalg::LinalgOp> tiles;
    getOperation().walk([&](linalg::LinalgOp op) {
      int64_t elements = 1;
      for (int64_t size : op.getStaticLoopRanges()) {
        if (ShapedType::isDynamic(size) || size > maxVectorElements)
          return;
        elements *= size;
      }
      if (elements <= maxVectorElements && op.getNumReductionLoops() == 0)
        tiles.push_back(op);
    });
    for (linalg::LinalgOp op : tiles) {
      rewriter.setInsertionPoint(op);
      FailureOr<linalg::VectorizationResult> vectorized = linalg::vectorize(rewriter, op);
      if (succeeded(vectorized))
        rewriter.replaceOp(op, vectorized->replacements);
    }
  }
};

} // namespace
