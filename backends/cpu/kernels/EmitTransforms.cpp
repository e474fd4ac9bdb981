// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Turns tiles of transforms by constant matrices, as Winograd's algorithm has them, into straight vector code.
//
// Problem. c[p, q, n] += a[i, j, n] * t[p, i] * t[q, j] has as many products as both matrices have pairs of elements;
// but most elements are 0 or 1, and rows share sums:
//
//   rows of t:  0 -4 -4  1  1  0        e = x4 - 4 x2      c1 = e + o
//               0  4 -4 -1  1  0   ->   o = x3 - 4 x1      c2 = e - o
//
// Method. One dimension after the other, each a list of vectors times the matrix. Two columns that are equal or
// opposite in every row are replaced by their sum and their difference; then two rows by half their sum and half their
// difference, where that takes fewer operations.

#include "backends/cpu/kernels/KernelPipeline.h"
#include "backends/cpu/kernels/VectorCode.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"
#include "passes/StorageLayout.h"

namespace cnn::cpu {
#define GEN_PASS_DEF_EMITTRANSFORMS
#include "backends/cpu/kernels/Passes.h.inc"
} // namespace cnn::cpu

using namespace mlir;
using namespace cnn::cpu;

namespace {

using Row = SmallVector<double>;

int64_t countTerms(const Row &row) {
  return llvm::count_if(row, [](double factor) { return factor != 0; });
}

/// Sums of vectors with constant factors.
class LinearCode {
public:
  LinearCode(OpBuilder &builder, Location loc, VectorType type, bool fma)
      : builder(builder), loc(loc), type(type), fma(fma) {}

  /// matrix * values
  SmallVector<Value> multiply(SmallVector<Row> matrix, SmallVector<Value> values) {
    pairColumns(matrix, values);
    SmallVector<Value> results(matrix.size());
    for (size_t a = 0; a < matrix.size(); ++a) {
      if (results[a])
        continue;
      for (size_t b = a + 1; b < matrix.size() && !results[a]; ++b) {
        if (results[b])
          continue;
        Row half, difference;
        for (auto [x, y] : llvm::zip_equal(matrix[a], matrix[b])) {
          half.push_back((x + y) / 2);
          difference.push_back((x - y) / 2);
        }
        int64_t apart = countTerms(matrix[a]) + countTerms(matrix[b]),
                together = countTerms(half) + countTerms(difference);
        if (countTerms(half) == 0 || countTerms(difference) == 0 || together >= apart)
          continue;
        Value e = sum(half, values), o = sum(difference, values);
        results[a] = arith::AddFOp::create(builder, loc, e, o);
        results[b] = arith::SubFOp::create(builder, loc, e, o);
      }
      if (!results[a])
        results[a] = sum(matrix[a], values);
    }
    return results;
  }

private:
  /// Two columns that are equal or opposite in every row become their values' sum and difference.
  void pairColumns(SmallVector<Row> &matrix, SmallVector<Value> &values) {
    for (size_t a = 0; a < values.size(); ++a)
      for (size_t b = a + 1; b < values.size(); ++b) {
        int64_t equal = 0, opposite = 0;
        bool isPair = true;
        for (const Row &row : matrix) {
          isPair &= std::abs(row[a]) == std::abs(row[b]);
          equal += row[a] != 0 && row[a] == row[b];
          opposite += row[a] != 0 && row[a] == -row[b];
        }
        if (!isPair || equal < 2 || opposite < 2)
          continue;
        Value sum = arith::AddFOp::create(builder, loc, values[a], values[b]);
        values[b] = arith::SubFOp::create(builder, loc, values[a], values[b]);
        values[a] = sum;
        for (Row &row : matrix) {
          bool isDifference = row[a] != row[b];
          row[isDifference ? b : a] = row[a];
          row[isDifference ? a : b] = 0;
        }
      }
  }

  Value sum(const Row &row, ArrayRef<Value> values) {
    // A factor of 1 first: it costs nothing.
    SmallVector<size_t> order;
    for (size_t i = 0; i < row.size(); ++i)
      if (row[i] != 0)
        order.push_back(i);
    llvm::stable_sort(order, [&](size_t a, size_t b) { return (row[a] == 1) > (row[b] == 1); });
    Value total;
    for (size_t i : order) {
      if (!total)
        total = row[i] == 1 ? values[i] : arith::MulFOp::create(builder, loc, splat(row[i]), values[i]).getResult();
      else if (row[i] == 1)
        total = arith::AddFOp::create(builder, loc, total, values[i]);
      else if (row[i] == -1)
        total = arith::SubFOp::create(builder, loc, total, values[i]);
      else
        total = createMultiplyAdd(builder, loc, splat(row[i]), values[i], total, fma);
    }
    return total ? total : splat(0);
  }

  Value splat(double value) {
    return arith::ConstantOp::create(builder, loc,
                                     DenseElementsAttr::get(type, builder.getF32FloatAttr(value).getValue()));
  }

  OpBuilder &builder;
  Location loc;
  VectorType type;
  bool fma;
};

class Transform {
public:
  Transform(linalg::GenericOp op, RewriterBase &builder, bool fma)
      : op(op), builder(builder), loc(op.getLoc()), maps(op.getIndexingMapsArray()), range(op.getStaticLoopRanges()),
        fma(fma) {}

  /// Whether the op is a tile that this class can emit.
  bool matches() {
    if (maps.size() != 4 || ShapedType::isDynamicShape(range) || !maps[3].isProjectedPermutation() ||
        maps[1].getNumResults() != 2 || maps[2].getNumResults() != 2)
      return false;
    for (unsigned side = 0; side < 2; ++side) {
      DenseFPElementsAttr values;
      if (!matchPattern(op.getInputs()[1 + side], m_Constant(&values)) || !values.getElementType().isF32())
        return false;
      auto matrixType = cast<RankedTensorType>(values.getType());
      to[side] = dimOf(maps[1 + side].getResult(0));
      from[side] = dimOf(maps[1 + side].getResult(1));
      if (matrixType.getShape() != ArrayRef<int64_t>({range[to[side]], range[from[side]]}))
        return false;
      Row row;
      for (APFloat value : values) {
        row.push_back(value.convertToFloat());
        if (int64_t(row.size()) == range[from[side]]) {
          matrices[side].push_back(row);
          row.clear();
        }
      }
    }
    // It starts from zero, and but for the lanes there is one value of every other dimension.
    auto fill = op.getDpsInits()[0].getDefiningOp<linalg::FillOp>();
    if (!fill || !matchPattern(fill.getInputs()[0], m_AnyZeroFloat()))
      return false;
    destination = fill.getOutputs()[0];
    n = dimOf(maps[3].getResults().back());
    int64_t elements = 1;
    for (auto [d, size] : llvm::enumerate(range)) {
      if (llvm::is_contained(from, d))
        continue;
      if (d != n && !llvm::is_contained(to, d) && size != 1)
        return false;
      elements *= size;
    }
    return elements <= maxVectorElements && maps[0].getResults().back() == builder.getAffineDimExpr(n);
  }

  /// Emits the code and returns the tile.
  Value emit() {
    builder.setInsertionPoint(op);
    auto tileType = cast<RankedTensorType>(destination.getType());
    auto vectorType = VectorType::get({range[n]}, builder.getF32Type());
    LinearCode code(builder, loc, vectorType, fma);
    auto readType = vectorType.clone(getElementTypeOrSelf(op.getInputs()[0]));
    Value padding = arith::ConstantOp::create(builder, loc, builder.getZeroAttr(readType.getElementType()));
    // From the second dimension to its transform, then from the first.
    SmallVector<SmallVector<Value>> half;
    for (int64_t i = 0; i < range[from[0]]; ++i) {
      SmallVector<Value> values;
      for (int64_t j = 0; j < range[from[1]]; ++j) {
        SmallVector<OpFoldResult> point(range.size(), builder.getIndexAttr(0));
        point[from[0]] = builder.getIndexAttr(i);
        point[from[1]] = builder.getIndexAttr(j);
        Value value =
            vector::TransferReadOp::create(builder, loc, readType, op.getInputs()[0],
                                           createIndices(builder, loc, maps[0], point), padding, ArrayRef<bool>{true});
        if (readType != vectorType)
          value = arith::ExtFOp::create(builder, loc, vectorType, value);
        values.push_back(value);
      }
      half.push_back(code.multiply(matrices[1], values));
    }
    Value tile =
        arith::ConstantOp::create(builder, loc,
                                  DenseElementsAttr::get(VectorType::get(tileType.getShape(), builder.getF32Type()),
                                                         builder.getF32FloatAttr(0).getValue()));
    for (int64_t q = 0; q < range[to[1]]; ++q) {
      SmallVector<Value> values;
      for (SmallVector<Value> &row : half)
        values.push_back(row[q]);
      for (auto [p, value] : llvm::enumerate(code.multiply(matrices[0], values))) {
        SmallVector<int64_t> position;
        for (AffineExpr expr : maps[3].getResults().drop_back())
          position.push_back(dimOf(expr) == to[0] ? int64_t(p) : dimOf(expr) == to[1] ? q : 0);
        tile = vector::InsertOp::create(builder, loc, value, tile, position);
      }
    }
    Value zero = arith::ConstantIndexOp::create(builder, loc, 0);
    SmallVector<Value> origin(tileType.getRank(), zero);
    return vector::TransferWriteOp::create(builder, loc, tile, destination, origin,
                                           SmallVector<bool>(tileType.getRank(), true))
        .getResult();
  }

private:
  static unsigned dimOf(AffineExpr expr) { return cast<AffineDimExpr>(expr).getPosition(); }

  linalg::GenericOp op;
  RewriterBase &builder;
  Location loc;
  SmallVector<AffineMap> maps;
  SmallVector<int64_t> range;
  SmallVector<Row> matrices[2];
  unsigned to[2], from[2], n = 0;
  Value destination;
  bool fma;
};

/// A row of a padded tensor in one vector: what its body computes from indices is the same for all lanes.
class PaddedRow {
public:
  PaddedRow(linalg::GenericOp op, RewriterBase &builder) : op(op), builder(builder), range(op.getStaticLoopRanges()) {}

  bool matches() {
    if (op.getNumDpsInputs() != 0 || range.empty() || ShapedType::isDynamicShape(range) ||
        range.back() > maxVectorElements ||
        llvm::any_of(ArrayRef(range).drop_back(), [](int64_t size) { return size != 1; }))
      return false;
    // Values come from one element, whose last index runs along with the lanes, or are constants.
    for (Operation &nested : op.getBlock()->without_terminator()) {
      if (auto extract = dyn_cast<tensor::ExtractOp>(nested)) {
        if (!isLane(extract.getIndices().back()) || llvm::any_of(extract.getIndices().drop_back(), dependsOnLane))
          return false;
      } else if (auto select = dyn_cast<arith::SelectOp>(nested)) {
        if (dependsOnLane(select.getCondition()))
          return false;
      } else if (!isa<linalg::IndexOp>(nested) && !isa<IndexType, IntegerType>(nested.getResult(0).getType())) {
        return false;
      }
    }
    return true;
  }

  Value emit() {
    builder.setInsertionPoint(op);
    Location loc = op.getLoc();
    Type element = getElementTypeOrSelf(op.getDpsInits()[0]);
    auto type = VectorType::get({range.back()}, element);
    Value zero = arith::ConstantIndexOp::create(builder, loc, 0);
    IRMapping mapping;
    auto vectorOf = [&](Value value) -> Value {
      Value mapped = mapping.lookupOrDefault(value);
      return isa<VectorType>(mapped.getType()) ? mapped
                                               : vector::BroadcastOp::create(builder, loc, type, mapped).getResult();
    };
    for (Operation &nested : op.getBlock()->without_terminator()) {
      if (isa<linalg::IndexOp>(nested)) {
        mapping.map(nested.getResult(0), zero);
      } else if (auto extract = dyn_cast<tensor::ExtractOp>(nested)) {
        SmallVector<Value> indices;
        for (Value index : extract.getIndices())
          indices.push_back(mapping.lookupOrDefault(index));
        Value padding = arith::ConstantOp::create(builder, loc, builder.getZeroAttr(element));
        mapping.map(extract.getResult(), vector::TransferReadOp::create(builder, loc, type, extract.getTensor(),
                                                                        indices, padding, ArrayRef<bool>{true}));
      } else if (auto select = dyn_cast<arith::SelectOp>(nested); select && select.getType() == element) {
        mapping.map(select.getResult(),
                    arith::SelectOp::create(builder, loc, mapping.lookupOrDefault(select.getCondition()),
                                            vectorOf(select.getTrueValue()), vectorOf(select.getFalseValue())));
      } else {
        builder.clone(nested, mapping);
      }
    }
    Value row = vectorOf(cast<linalg::YieldOp>(op.getBlock()->getTerminator()).getValues()[0]);
    SmallVector<Value> origin(range.size(), zero);
    return vector::TransferWriteOp::create(builder, loc, row, op.getDpsInits()[0], origin, ArrayRef<bool>{true})
        .getResult();
  }

private:
  /// The index of the last loop plus what is the same for all lanes.
  static bool isLane(Value index) {
    if (auto add = index.getDefiningOp<arith::AddIOp>())
      return (isLane(add.getLhs()) && !dependsOnLane(add.getRhs())) ||
             (isLane(add.getRhs()) && !dependsOnLane(add.getLhs()));
    if (auto apply = index.getDefiningOp<affine::AffineApplyOp>()) {
      auto sum = dyn_cast<AffineBinaryOpExpr>(apply.getAffineMap().getResult(0));
      auto isDim = [](AffineExpr expr) { return isa<AffineDimExpr, AffineSymbolExpr>(expr); };
      return sum && sum.getKind() == AffineExprKind::Add && isDim(sum.getLHS()) && isDim(sum.getRHS()) &&
             llvm::count_if(apply.getMapOperands(), dependsOnLane) == 1 &&
             llvm::all_of(apply.getMapOperands(),
                          [](Value operand) { return !dependsOnLane(operand) || isLane(operand); });
    }
    auto loop = index.getDefiningOp<linalg::IndexOp>();
    return loop && isLast(loop);
  }
  static bool isLast(linalg::IndexOp loop) {
    return loop.getDim() + 1 == cast<linalg::LinalgOp>(loop->getParentOp()).getNumLoops();
  }
  static bool dependsOnLane(Value value) {
    Operation *source = value.getDefiningOp();
    if (!source || !isa<linalg::GenericOp>(source->getParentOp()))
      return false;
    if (auto loop = dyn_cast<linalg::IndexOp>(source))
      return isLast(loop);
    return llvm::any_of(source->getOperands(), dependsOnLane);
  }

  linalg::GenericOp op;
  RewriterBase &builder;
  SmallVector<int64_t> range;
};

class EmitTransforms : public cnn::cpu::impl::EmitTransformsBase<EmitTransforms> {
public:
  using EmitTransformsBase::EmitTransformsBase;

  void runOnOperation() override {
    if (!getOperation()->hasAttr(kernelAttrName))
      return;
    IRRewriter rewriter(&getContext());
    SmallVector<linalg::GenericOp> transforms, pads;
    getOperation().walk([&](linalg::GenericOp op) {
      if (op->hasAttr(cnn::transformAttrName))
        transforms.push_back(op);
      if (op->hasAttr(cnn::padAttrName))
        pads.push_back(op);
    });
    for (linalg::GenericOp op : transforms) {
      Transform transform(op, rewriter, fma);
      if (transform.matches())
        rewriter.replaceOp(op, transform.emit());
    }
    for (linalg::GenericOp op : pads) {
      PaddedRow row(op, rewriter);
      if (row.matches())
        rewriter.replaceOp(op, row.emit());
    }
  }
};

} // namespace
