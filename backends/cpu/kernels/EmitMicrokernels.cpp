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
// With few columns, such as 6, most lanes would be empty. If the innermost dimension of both operands is the same
// reduction, its sums are the lanes, a vector for each element of the tile, which are added up in the end:
//
//   %acc:24 = for k {  acc += x[pixel, c..c+15] * w[k, column, c..c+15]  }       4 pixels, 6 columns
//
// Operands may be bf16, which are widened as they are read. If both keep two elements of the reduction side by side, as
// x[.., 2 c + e] and w[.., c, n, e], these are multiplied by one instruction, where there is one:
//
//   %w = row of w, 32 bf16;  for each of 14 pixels: %a = broadcast the pair x[pixel]
//     acc[i] += a[0] * w[2 i] + a[1] * w[2 i + 1]                         // vdpbf16ps
//
// Elsewhere a pair is taken apart: the upper half of 32 bits is a f32 but for its lower half.
//
// Steps that meet nothing but the padding of the left operand are left out (BorderSteps.h).
//
// Not done here: packing of the operands, and integers.

#include "backends/cpu/kernels/BorderSteps.h"
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
  Microkernel(linalg::GenericOp op, RewriterBase &builder, int64_t lanes, bool fma, bool bf16)
      : op(op), builder(builder), loc(op.getLoc()), maps(op.getIndexingMapsArray()), range(op.getStaticLoopRanges()),
        lanes(lanes), fma(fma), hasDotProducts(bf16) {}

  /// Whether the op is a tile this class can emit.
  bool matches() {
    if (maps.size() != 3 || !maps[2].isProjectedPermutation() || maps[2].getNumResults() == 0)
      return false;
    for (OpOperand &operand : op->getOpOperands()) {
      Type element = getElementTypeOrSelf(operand.get());
      if (!element.isF32() && !(element.isBF16() && op.isDpsInput(&operand)))
        return false;
    }
    findPair();
    auto kinds = op.getIteratorTypesArray();
    int64_t elements = 1;
    for (auto [d, kind] : llvm::enumerate(kinds)) {
      if (kind == utils::IteratorType::reduction) {
        if (d != pair)
          reductions.push_back(d);
      } else {
        if (ShapedType::isDynamic(range[d]))
          return false;
        elements *= range[d];
      }
    }
    n = cast<AffineDimExpr>(maps[2].getResults().back()).getPosition();
    if (hasSumInLanes(maps, n)) {
      inLanes = cast<AffineDimExpr>(maps[1].getResults().back()).getPosition();
      llvm::erase(reductions, *inLanes);
      reductions.push_back(*inLanes);
      return elements <= maxVectorElements && !ShapedType::isDynamic(range[*inLanes]) && range[*inLanes] % lanes == 0 &&
             isMultiplyAdd() &&
             llvm::all_of(op.getInputs(), [](Value input) { return getElementTypeOrSelf(input).isF32(); });
    }
    return elements <= maxVectorElements && (!maps[0].isFunctionOfDim(n) || runsAlong(maps[0])) && runsAlong(maps[1]) &&
           isMultiplyAdd();
  }

  /// Emits the kernel and returns the tile.
  Value emit() {
    builder.setInsertionPoint(op);
    Value init = op.getDpsInits()[0];
    auto tileType = cast<RankedTensorType>(init.getType());
    auto vectorType = VectorType::get(tileType.getShape(), builder.getF32Type());
    inputs = llvm::to_vector(op.getInputs());
    if (pair) // for reads of one dimension
      inputs[1] = collapsePairs(inputs[1]);
    zero = arith::ConstantIndexOp::create(builder, loc, 0);
    Value padding = arith::ConstantOp::create(builder, loc, builder.getF32FloatAttr(0));
    SmallVector<Value> origin(tileType.getRank(), zero);
    SmallVector<bool> inBounds(tileType.getRank(), true);
    Value tile = vector::TransferReadOp::create(builder, loc, vectorType, init, origin, padding, inBounds);

    SmallVector<Value> accumulators;
    SmallVector<Point> rows = rowPoints();
    if (inLanes) {
      auto lane = VectorType::get({lanes}, builder.getF32Type());
      Value none = arith::ConstantOp::create(builder, loc, builder.getZeroAttr(lane));
      accumulators = addLanes(rows, tile, emitReduction(rows, SmallVector<Value>(rows.size() * range[n], none)));
    } else {
      for (const Point &row : rows)
        for (int64_t column = 0; column < range[n]; column += lanes)
          accumulators.push_back(columnBlock(vector::ExtractOp::create(builder, loc, tile, position(row)), column));
      accumulators = emitReduction(rows, accumulators);
    }

    Value result = tile;
    unsigned next = 0;
    for (const Point &row : rows) {
      Value whole = accumulators[next];
      if (range[n] <= lanes || inLanes) {
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

  /// Finds the reduction whose two elements lie side by side in both operands, of which the second is bf16.
  void findPair() {
    auto e = dyn_cast<AffineDimExpr>(maps[1].getResults().back());
    if (!e || maps[2].isFunctionOfDim(e.getPosition()) || range[e.getPosition()] != 2 ||
        !getElementTypeOrSelf(op.getInputs()[1]).isBF16())
      return;
    auto sum = dyn_cast<AffineBinaryOpExpr>(maps[0].getResults().back());
    auto even = dyn_cast_or_null<AffineBinaryOpExpr>(sum && sum.getRHS() == e ? sum.getLHS() : AffineExpr());
    if (even && even.getKind() == AffineExprKind::Mul && even.getRHS() == builder.getAffineConstantExpr(2) &&
        isa<AffineDimExpr>(even.getLHS()))
      pair = e.getPosition();
  }

  /// The tensor with its pairs one after the other, [.., n, 2] as [.., 2 n]. A part of a tensor becomes that part of
  /// the collapsed one, so that who looks at the code sees which part of an argument is read.
  Value collapsePairs(Value tensor) {
    auto slice = tensor.getDefiningOp<tensor::ExtractSliceOp>();
    if (!slice || slice.getSourceType().getRank() != slice.getType().getRank() || !slice.hasUnitStride() ||
        slice.getSourceType().getShape().back() != 2) {
      SmallVector<ReassociationIndices> groups;
      for (int64_t i = 0; i < cast<RankedTensorType>(tensor.getType()).getRank() - 1; ++i)
        groups.push_back({i});
      groups.back().push_back(groups.size());
      return tensor::CollapseShapeOp::create(builder, loc, tensor, groups);
    }
    Value source = collapsePairs(slice.getSource());
    auto collapse = [&](SmallVector<OpFoldResult> values) {
      values.pop_back();
      AffineMap twice = AffineMap::get(1, 0, builder.getAffineDimExpr(0) * 2);
      values.back() = affine::makeComposedFoldedAffineApply(builder, loc, twice, {values.back()});
      return values;
    };
    SmallVector<OpFoldResult> offsets = collapse(slice.getMixedOffsets()), sizes = collapse(slice.getMixedSizes());
    SmallVector<OpFoldResult> strides(sizes.size(), builder.getIndexAttr(1));
    return tensor::ExtractSliceOp::create(builder, loc, source, offsets, sizes, strides);
  }

  /// Whether the innermost index, or that around a pair, runs along with N: it is N, or N within a block that holds the
  /// tile.
  bool runsAlong(AffineMap map) const {
    AffineExpr index = map.getResults().drop_back(pair.has_value()).back();
    auto inBlock = dyn_cast<AffineBinaryOpExpr>(index);
    if (inBlock && inBlock.getKind() == AffineExprKind::Mod &&
        cast<AffineConstantExpr>(inBlock.getRHS()).getValue() % range[n] == 0)
      index = inBlock.getLHS();
    auto dim = dyn_cast<AffineDimExpr>(index);
    return dim && dim.getPosition() == n;
  }

  /// The body is exactly c + a * b, of operands that are widened if need be.
  bool isMultiplyAdd() {
    Block *body = op.getBlock();
    auto yield = cast<linalg::YieldOp>(body->getTerminator());
    auto add = yield.getValues()[0].getDefiningOp<arith::AddFOp>();
    if (!add)
      return false;
    for (auto [sum, product] : {std::pair(add.getLhs(), add.getRhs()), std::pair(add.getRhs(), add.getLhs())}) {
      auto multiply = product.getDefiningOp<arith::MulFOp>();
      if (!multiply || sum != body->getArgument(2))
        continue;
      Value lhs = beforeWidening(multiply.getLhs()), rhs = beforeWidening(multiply.getRhs());
      if ((lhs == body->getArgument(0) && rhs == body->getArgument(1)) ||
          (lhs == body->getArgument(1) && rhs == body->getArgument(0)))
        return true;
    }
    return false;
  }

  static Value beforeWidening(Value value) {
    auto widening = value.getDefiningOp<arith::ExtFOp>();
    return widening ? widening.getIn() : value;
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

  Value read(unsigned input, VectorType type, ArrayRef<Value> indices) {
    Value padding = arith::ConstantOp::create(builder, loc, builder.getZeroAttr(type.getElementType()));
    return vector::TransferReadOp::create(builder, loc, type, inputs[input], indices, padding, ArrayRef<bool>{true});
  }

  Value widen(Value value) {
    if (getElementTypeOrSelf(value).isF32())
      return value;
    Type type = builder.getF32Type();
    if (auto vector = dyn_cast<VectorType>(value.getType()))
      type = vector.clone(type);
    return arith::ExtFOp::create(builder, loc, type, value);
  }

  /// A column block of an input, at this point: f32.
  Value readBlock(unsigned input, Point at, int64_t column) {
    at[n] = builder.getIndexAttr(column);
    auto type = VectorType::get({blockWidth(column)}, getElementTypeOrSelf(inputs[input]));
    return widen(read(input, type, createIndices(builder, loc, maps[input], at)));
  }

  /// A column block of the second input, in pairs.
  Value readPairs(Point at, int64_t column) {
    at[n] = builder.getIndexAttr(column);
    SmallVector<Value> indices = createIndices(builder, loc, maps[1], at);
    indices.pop_back();
    Value two = arith::ConstantIndexOp::create(builder, loc, 2);
    indices.back() = builder.createOrFold<arith::MulIOp>(loc, indices.back(), two);
    return read(1, VectorType::get({2 * blockWidth(column)}, builder.getBF16Type()), indices);
  }

  /// One value of the first input.
  Value readScalar(const Point &at) {
    return widen(tensor::ExtractOp::create(builder, loc, inputs[0], createIndices(builder, loc, maps[0], at)));
  }

  /// Two values of the first input that lie side by side, as 32 bits.
  Value readPair(const Point &at) {
    Value values = read(0, VectorType::get({2}, builder.getBF16Type()), createIndices(builder, loc, maps[0], at));
    auto bits = VectorType::get({1}, builder.getI32Type());
    return vector::ExtractOp::create(builder, loc, vector::BitCastOp::create(builder, loc, bits, values), 0);
  }

  /// Of a vector of pairs of bf16, all first or all second values, as f32.
  Value takeHalf(Value pairs, bool isSecond) {
    VectorType type = VectorType::get({cast<VectorType>(pairs.getType()).getNumElements() / 2}, builder.getI32Type());
    Value bits = builder.createOrFold<vector::BitCastOp>(loc, type, pairs);
    auto splat = [&](uint32_t value) {
      return arith::ConstantOp::create(builder, loc, DenseElementsAttr::get(type, APInt(32, value)));
    };
    bits = isSecond ? arith::AndIOp::create(builder, loc, bits, splat(0xffff0000)).getResult()
                    : arith::ShLIOp::create(builder, loc, bits, splat(16)).getResult();
    return arith::BitcastOp::create(builder, loc, type.clone(builder.getF32Type()), bits);
  }

  /// The instruction for sums of pairs of products, for vectors of this length; empty if there is none.
  StringRef dotProduct(int64_t width) const {
    if (!hasDotProducts || !getElementTypeOrSelf(inputs[0]).isBF16())
      return "";
    switch (width) {
    case 16:
      return "llvm.x86.avx512bf16.dpbf16ps.512";
    case 8:
      return "llvm.x86.avx512bf16.dpbf16ps.256";
    case 4:
      return "llvm.x86.avx512bf16.dpbf16ps.128";
    default:
      return "";
    }
  }

  /// A column block of pairs, and the instruction that multiplies it; empty if there is none.
  struct PairBlock {
    Value pairs;
    StringRef instruction;
  };

  /// The products of one step of the reduction, of pairs, added to what is carried.
  SmallVector<Value> addPairs(ArrayRef<Point> rows, const Point &point, ValueRange carried) {
    SmallVector<Value> sums(carried);
    SmallVector<PairBlock> blocks;
    for (int64_t column = 0; column < range[n]; column += lanes)
      blocks.push_back({readPairs(point, column), dotProduct(blockWidth(column))});
    auto hasInstruction = [](const PairBlock &block) { return !block.instruction.empty(); };
    if (llvm::any_of(blocks, hasInstruction))
      addDotProducts(rows, point, blocks, sums);
    // One half for all rows, then the other: columns need fewer registers than with both at once.
    if (!llvm::all_of(blocks, hasInstruction))
      for (bool isSecond : {false, true})
        addHalves(rows, point, blocks, isSecond, sums);
    return sums;
  }

  /// To the sums of blocks with an instruction.
  void addDotProducts(ArrayRef<Point> rows, const Point &point, ArrayRef<PairBlock> blocks,
                      MutableArrayRef<Value> sums) {
    for (const Point &row : rows) {
      Value a = readPair(withReductions(row, point));
      for (auto [sum, block] : llvm::zip(sums, blocks)) {
        if (block.instruction.empty())
          continue;
        Value pairs = vector::BitCastOp::create(builder, loc, block.pairs.getType(), broadcastTo(sum, a));
        sum = LLVM::CallIntrinsicOp::create(builder, loc, sum.getType(), builder.getStringAttr(block.instruction),
                                            ValueRange{sum, pairs, block.pairs})
                  .getResult(0);
      }
      sums = sums.drop_front(blocks.size());
    }
  }

  /// To the sums of blocks without, the products of all first or all second values.
  void addHalves(ArrayRef<Point> rows, const Point &point, ArrayRef<PairBlock> blocks, bool isSecond,
                 MutableArrayRef<Value> sums) {
    SmallVector<Value> halves;
    for (const PairBlock &block : blocks)
      halves.push_back(block.instruction.empty() ? takeHalf(block.pairs, isSecond) : Value());
    for (const Point &row : rows) {
      Point at = withReductions(row, point);
      at[*pair] = builder.getIndexAttr(isSecond);
      Value a = readScalar(at);
      for (auto [sum, half] : llvm::zip(sums, halves))
        if (half)
          sum = createMultiplyAdd(builder, loc, broadcastTo(sum, a), half, sum, fma);
      sums = sums.drop_front(blocks.size());
    }
  }

  /// The value in all lanes of a vector that has as many as `like`.
  Value broadcastTo(Value like, Value value) {
    return vector::BroadcastOp::create(builder, loc, cast<VectorType>(like.getType()).clone(value.getType()), value);
  }

  /// Of sums in lanes: what is read of both operands are vectors along the sum.
  SmallVector<Value> addVectors(ArrayRef<Point> rows, const Point &point, ValueRange carried) {
    auto type = VectorType::get({lanes}, builder.getF32Type());
    SmallVector<Value> left, sums(carried);
    for (const Point &row : rows)
      left.push_back(read(0, type, createIndices(builder, loc, maps[0], withReductions(row, point))));
    for (int64_t column = 0; column < range[n]; ++column) {
      Point at = point;
      at[n] = builder.getIndexAttr(column);
      Value right = read(1, type, createIndices(builder, loc, maps[1], at));
      for (auto [row, value] : llvm::enumerate(left)) {
        Value &sum = sums[row * range[n] + column];
        sum = createMultiplyAdd(builder, loc, value, right, sum, fma);
      }
    }
    return sums;
  }

  /// Adds up the lanes of each vector, and to them the row of the tile: a vector for each row. Two vectors at a time
  /// become one that has half as many lanes for each sum, all sums in order.
  SmallVector<Value> addLanes(ArrayRef<Point> rows, Value tile, SmallVector<Value> vectors) {
    for (int64_t length = lanes; length > 1; length /= 2) {
      SmallVector<Value> next;
      for (size_t i = 0; i < vectors.size(); i += 2) {
        Value a = vectors[i], b = i + 1 < vectors.size() ? vectors[i + 1] : a;
        SmallVector<int64_t> firstHalves, secondHalves;
        for (int64_t lane = 0; lane < 2 * lanes; ++lane)
          (lane % length < length / 2 ? firstHalves : secondHalves).push_back(lane);
        next.push_back(arith::AddFOp::create(builder, loc, vector::ShuffleOp::create(builder, loc, a, b, firstHalves),
                                             vector::ShuffleOp::create(builder, loc, a, b, secondHalves)));
      }
      vectors = std::move(next);
    }
    SmallVector<Value> results;
    for (auto [number, row] : llvm::enumerate(rows)) {
      int64_t begin = number * range[n], first = begin / lanes * lanes;
      Value sums;
      for (int64_t start = first; start < begin + range[n]; start += lanes) {
        SmallVector<int64_t> picked;
        for (int64_t i = begin; i < begin + range[n]; ++i) {
          bool isHere = i >= start && i < start + lanes;
          picked.push_back(isHere ? (sums ? range[n] : 0) + i - start : sums ? i - begin : 0);
        }
        Value vector = vectors[start / lanes];
        sums = vector::ShuffleOp::create(builder, loc, sums ? sums : vector, vector, picked);
      }
      Value before = vector::ExtractOp::create(builder, loc, tile, position(row));
      results.push_back(arith::AddFOp::create(builder, loc, before, sums));
    }
    return results;
  }

  SmallVector<Value> addProducts(ArrayRef<Point> rows, const Point &point, ValueRange carried) {
    SmallVector<Value> weights;
    for (int64_t column = 0; column < range[n]; column += lanes)
      weights.push_back(readBlock(1, point, column));
    bool isBroadcast = !maps[0].isFunctionOfDim(n);
    SmallVector<Value> sums;
    for (const Point &row : rows) {
      Point at = withReductions(row, point);
      Value scalar = isBroadcast ? readScalar(at) : Value();
      for (auto [block, weight] : llvm::enumerate(weights)) {
        Value a = isBroadcast ? vector::BroadcastOp::create(builder, loc, weight.getType(), scalar).getResult()
                              : readBlock(0, at, static_cast<int64_t>(block) * lanes);
        sums.push_back(createMultiplyAdd(builder, loc, a, weight, carried[sums.size()], fma));
      }
    }
    return sums;
  }

  /// A row's point at this point of the reductions.
  Point withReductions(const Point &row, const Point &point) const {
    Point at = row;
    for (unsigned d : reductions)
      at[d] = point[d];
    return at;
  }

  /// Whether a step of this reduction broadcasts values that other rows have in the step before, as those of a window
  /// of one channel: x[w + j], or of the gradient of its weight. Unrolled, LLVM would keep them for the next step, in
  /// registers that there are not.
  bool sharesScalars(unsigned reduction) const {
    if (maps[0].isFunctionOfDim(n) || inLanes)
      return false;
    return llvm::any_of(maps[0].getResults(), [&](AffineExpr index) {
      bool isOfRow = llvm::any_of(maps[2].getResults().drop_back(), [&](AffineExpr row) {
        unsigned d = cast<AffineDimExpr>(row).getPosition();
        return range[d] > 1 && index.isFunctionOfDim(d);
      });
      return isOfRow && index.isFunctionOfDim(reduction);
    });
  }

  SmallVector<Value> emitReduction(ArrayRef<Point> rows, SmallVector<Value> accumulators) {
    Value one = arith::ConstantIndexOp::create(builder, loc, 1);
    Point point(range.size(), builder.getIndexAttr(0));
    scf::ForOp outermost, innermost;
    unsigned innermostDim = 0;
    bool isWhole = true; // the innermost
    SmallVector<Value> carried = accumulators;
    for (unsigned d : reductions) {
      int64_t step = d == inLanes ? lanes : 1;
      if (range[d] == step)
        continue;
      Value by = step == 1 ? one : arith::ConstantIndexOp::create(builder, loc, step).getResult();
      std::optional<StepRange> bounds = findStepsWithoutBorder(builder, op, d);
      auto loop = scf::ForOp::create(builder, loc, bounds ? bounds->lower : zero,
                                     bounds ? bounds->upper : upperBound(d), by, carried);
      if (outermost)
        scf::YieldOp::create(builder, loc, loop.getResults());
      else
        outermost = loop;
      innermost = loop;
      innermostDim = d;
      isWhole = !bounds;
      point[d] = loop.getInductionVar();
      carried.assign(loop.getRegionIterArgs().begin(), loop.getRegionIterArgs().end());
      builder.setInsertionPointToStart(loop.getBody());
    }

    SmallVector<Value> sums = pair      ? addPairs(rows, point, carried)
                              : inLanes ? addVectors(rows, point, carried)
                                        : addProducts(rows, point, carried);
    if (!outermost)
      return sums;
    scf::YieldOp::create(builder, loc, sums);
    builder.setInsertionPointAfter(outermost);
    SmallVector<Value> results = llvm::to_vector_of<Value>(outermost.getResults());
    int64_t trip = range[innermostDim];
    if (inLanes == innermostDim)
      trip /= lanes;
    bool isShort = trip <= maxUnroll;
    bool isUnrolled = isShort ? innermost != outermost : trip % stepsOfLoop == 0;
    if (!ShapedType::isDynamic(trip) && isWhole && isUnrolled && !sharesScalars(innermostDim))
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
  std::optional<unsigned> pair;
  std::optional<unsigned> inLanes; // the reduction whose sums are in lanes
  SmallVector<Value> inputs;
  Value zero;
  int64_t lanes;
  bool fma, hasDotProducts;
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
    // Transforms are vectors already.
    bool any = getOperation().walk([](vector::TransferWriteOp) { return WalkResult::interrupt(); }).wasInterrupted();
    for (linalg::GenericOp op : contractions) {
      Microkernel kernel(op, rewriter, lanes, fma, bf16);
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
