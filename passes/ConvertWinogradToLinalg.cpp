// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A convolution of 3x3 by Winograd's minimal filtering F(m x m, 3 x 3) (Lavin and Gray 2015, "Fast algorithms for
// convolutional neural networks", equations 8 to 12), as four ops on tensors. With n = m + 2, the input is cut into
// tiles of n x n that overlap by 2 and stand for m x m outputs each:
//
//   V[b, i, j, r, t, c]    = sum over k, l of B[i, k] B[j, l] x[b, m r + k, m t + l, c]      transform of the input
//   U[i, j, c, o]          = sum over k, l of G[i, k] G[j, l] w[k, l, c, o]                  of the weight
//   M[b, i, j, r, t, o]    = sum over c of V[b, i, j, r, t, c] U[i, j, c, o]                 n^2 contractions
//   y[b, r, p, t, q, o]    = sum over i, j of A[p, i] A[q, j] M[b, i, j, r, t, o]            of the output
//
// The transforms are marked (`cnn.transform`), so that a back end can keep V and M of a few tiles in its cache. U is
// marked with what it is made from (`cnn.derived`): it can be computed when the weight is set.
//
// For machines that multiply pairs of bf16, V and U are rounded to bf16, and two channels lie side by side:
//
//   M[b, i, j, r, t, o]    = sum over c, e of V[b, i, j, r, t, 2 c + e] U[i, j, c, o, e]

#include "passes/LinalgLowering.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace cnn {
namespace {

/// Rows of a matrix.
using Matrix = SmallVector<SmallVector<double, 6>, 6>;

/// The three transforms of one dimension, for the points 0, 1, -1 (2, -2) and infinity.
struct Transforms {
  Matrix input;  // n x n, B
  Matrix weight; // n x 3, G
  Matrix output; // m x n, A
};

Transforms transformsOf(int64_t tile) {
  if (tile == 2)
    return {{{1, 0, -1, 0}, {0, 1, 1, 0}, {0, -1, 1, 0}, {0, 1, 0, -1}},
            {{1, 0, 0}, {0.5, 0.5, 0.5}, {0.5, -0.5, 0.5}, {0, 0, 1}},
            {{1, 1, 1, 0}, {0, 1, -1, -1}}};
  return {{{4, 0, -5, 0, 1, 0},
           {0, -4, -4, 1, 1, 0},
           {0, 4, -4, -1, 1, 0},
           {0, -2, -1, 2, 1, 0},
           {0, 2, -1, -2, 1, 0},
           {0, 4, 0, -5, 0, 1}},
          {{1.0 / 4, 0, 0},
           {-1.0 / 6, -1.0 / 6, -1.0 / 6},
           {-1.0 / 6, 1.0 / 6, -1.0 / 6},
           {1.0 / 24, 1.0 / 12, 1.0 / 6},
           {1.0 / 24, -1.0 / 12, 1.0 / 6},
           {0, 0, 1}},
          {{1, 1, 1, 1, 1, 0}, {0, 1, -1, 2, -2, 0}, {0, 1, 1, 4, 4, 0}, {0, 1, -1, 8, -8, 1}}};
}

class Winograd {
public:
  Winograd(LinalgLowering &lowering, int64_t tile)
      : lowering(lowering), b(lowering.builder), tile(tile), size(tile + 2), transforms(transformsOf(tile)) {}

  /// x is padded to [B, m R + 2, m T + 2, C]; V is [B, n, n, R, T, C].
  Value transformInput(Value x) {
    auto type = cast<RankedTensorType>(x.getType());
    rows = (type.getDimSize(1) - 2) / tile;
    columns = (type.getDimSize(2) - 2) / tile;
    enum { batch, i, j, r, t, c, k, l, loops };
    return transform(x, {dim(batch), dim(r) * tile + dim(k), dim(t) * tile + dim(l), dim(c)}, transforms.input, {i, j},
                     {k, l}, {batch, i, j, r, t, c}, loops,
                     {type.getDimSize(0), size, size, rows, columns, type.getDimSize(3)});
  }

  /// The weight is [3, 3, C, O] or in blocks, [O/block, 3, 3, C, block]; U is [n, n, C, O] or [n, n, O/block, C,
  /// block]. With `pack`, the innermost dimension of U are so many channels, of which there is a multiple.
  Value transformWeight(Value weight, int64_t pack) {
    ArrayRef<int64_t> shape = cast<RankedTensorType>(weight.getType()).getShape();
    Value derived;
    if (shape.size() == 4) {
      enum { i, j, c, o, k, l, loops };
      derived = transform(weight, {dim(k), dim(l), dim(c), dim(o)}, transforms.weight, {i, j}, {k, l}, {i, j, c, o},
                          loops, {size, size, shape[2], shape[3]});
    } else {
      enum { i, j, block, c, o, k, l, loops };
      derived = transform(weight, {dim(block), dim(k), dim(l), dim(c), dim(o)}, transforms.weight, {i, j}, {k, l},
                          {i, j, block, c, o}, loops, {size, size, shape[0], shape[3], shape[4]});
    }
    if (pack > 1)
      derived = packChannels(derived, pack);
    derived.getDefiningOp()->setAttr(derivedAttrName, WinogradAttr::get(b.getContext(), tile, pack));
    return derived;
  }

  /// The same values in bf16.
  Value round(Value values) {
    auto type = cast<RankedTensorType>(values.getType());
    return lowering.forEach(RankedTensorType::get(type.getShape(), b.getBF16Type()),
                            {{values, lowering.identityMap(type.getRank())}},
                            [](ImplicitLocOpBuilder &, ValueRange arguments) { return arguments[0]; });
  }

  /// M is [B, n, n, R, T, O].
  Value multiply(Value input, Value weight, int64_t pack) {
    auto inputType = cast<RankedTensorType>(input.getType()), weightType = cast<RankedTensorType>(weight.getType());
    enum { batch, i, j, r, t, o, c, e };
    bool isPacked = pack > 1;
    int64_t loops = e + isPacked;
    AffineExpr channel = isPacked ? dim(c) * pack + dim(e) : dim(c);
    SmallVector<AffineExpr> weightExprs{dim(i), dim(j), dim(c), dim(o)};
    int64_t outputs = weightType.getShape().drop_back(isPacked).back();
    if (weightType.getRank() - isPacked == 5) {
      weightExprs = {dim(i), dim(j), dim(o).floorDiv(outputs), dim(c), dim(o) % outputs};
      outputs *= weightType.getDimSize(2);
    }
    if (isPacked)
      weightExprs.push_back(dim(e));
    SmallVector<int64_t> shape(inputType.getShape());
    shape.back() = outputs;
    Value init = lowering.filled(RankedTensorType::get(shape, b.getF32Type()), 0.0);
    return lowering.accumulate(
        init, lowering.loopMap(loops, {batch, i, j, r, t, o}),
        {{input, AffineMap::get(loops, 0, {dim(batch), dim(i), dim(j), dim(r), dim(t), channel}, b.getContext())},
         {weight, AffineMap::get(loops, 0, weightExprs, b.getContext())}},
        multiplyAdd, /*isContraction=*/true);
  }

  /// y is [B, R, m, T, m, O].
  Value transformOutput(Value products) {
    ArrayRef<int64_t> shape = cast<RankedTensorType>(products.getType()).getShape();
    enum { batch, r, p, t, q, o, i, j, loops };
    return transform(products, {dim(batch), dim(i), dim(j), dim(r), dim(t), dim(o)}, transforms.output, {p, q}, {i, j},
                     {batch, r, p, t, q, o}, loops, {shape[0], rows, tile, columns, tile, shape[5]});
  }

private:
  AffineExpr dim(int64_t loop) { return b.getAffineDimExpr(loop); }

  /// U in bf16, with channels, its last dimension but one, in groups side by side.
  Value packChannels(Value transformed, int64_t pack) {
    auto type = cast<RankedTensorType>(transformed.getType());
    int64_t rank = type.getRank();
    SmallVector<int64_t> shape(type.getShape());
    shape[rank - 2] /= pack;
    shape.push_back(pack);
    return lowering.forEach(RankedTensorType::get(shape, b.getBF16Type()), {},
                            [&](ImplicitLocOpBuilder &nested, ValueRange) {
                              IndexMath index(nested);
                              SmallVector<Value> at;
                              for (int64_t loop = 0; loop < rank; ++loop)
                                at.push_back(index.loop(loop));
                              at[rank - 2] = index.add(index.mul(at[rank - 2], pack), index.loop(rank));
                              return tensor::ExtractOp::create(nested, transformed, at).getResult();
                            });
  }

  /// result[results] = sum over both `from` loops of matrix[to[0], from[0]] matrix[to[1], from[1]] source[exprs].
  Value transform(Value source, ArrayRef<AffineExpr> exprs, const Matrix &matrix, std::array<int64_t, 2> to,
                  std::array<int64_t, 2> from, ArrayRef<int64_t> results, int64_t loops, ArrayRef<int64_t> shape) {
    Type element = b.getF32Type(); // also of a source that is stored narrower
    SmallVector<Attribute> values;
    for (const auto &row : matrix)
      for (double value : row)
        values.push_back(b.getFloatAttr(element, value));
    auto matrixType = RankedTensorType::get({int64_t(matrix.size()), int64_t(matrix.front().size())}, element);
    Value constant = arith::ConstantOp::create(lowering.builder, DenseElementsAttr::get(matrixType, values));
    Value init = lowering.filled(RankedTensorType::get(shape, element), 0.0);
    Value made = lowering.accumulate(init, lowering.loopMap(loops, results),
                                     {{source, AffineMap::get(loops, 0, exprs, b.getContext())},
                                      {constant, lowering.loopMap(loops, {to[0], from[0]})},
                                      {constant, lowering.loopMap(loops, {to[1], from[1]})}},
                                     [](ImplicitLocOpBuilder &b, ValueRange arguments) {
                                       FloatMath math(b, arguments[3]);
                                       Value factor = math.mul(arguments[1], arguments[2]);
                                       return math.add(arguments[3], math.mul(arguments[0], factor));
                                     });
    made.getDefiningOp()->setAttr(transformAttrName, b.getUnitAttr());
    return made;
  }

  LinalgLowering &lowering;
  OpBuilder &b;
  int64_t tile, size;
  int64_t rows = 0, columns = 0; // of tiles
  Transforms transforms;
};

} // namespace

FailureOr<Value> lowerWinograd(LinalgLowering &lowering, Value x, Value weight, ArrayRef<int64_t> padLow,
                               RankedTensorType type, ConvAlgorithmAttr algorithm, int64_t pack) {
  int64_t tile = algorithm.getValue() == ConvAlgorithm::Winograd2 ? 2 : 4;
  // Everything that the tiles touch; the last ones may reach beyond the output.
  SmallVector<int64_t> low{0}, high{0}, whole(type.getShape());
  for (int64_t i = 0; i < 2; ++i) {
    int64_t tiles = llvm::divideCeil(type.getDimSize(i + 1), tile);
    whole[i + 1] = tiles * tile;
    low.push_back(padLow[i]);
    high.push_back(tiles * tile + 2 - padLow[i] - cast<RankedTensorType>(x.getType()).getDimSize(i + 1));
  }
  low.push_back(0);
  high.push_back(0);
  FailureOr<Value> padded = lowering.pad(x, low, high, 0.0);
  if (failed(padded))
    return failure();

  Winograd winograd(lowering, tile);
  Value input = winograd.transformInput(*padded);
  if (pack > 1)
    input = winograd.round(input);
  Value products = winograd.multiply(input, winograd.transformWeight(weight, pack), pack);
  products.getDefiningOp()->setAttr(algorithmAttrName, algorithm);
  products.getDefiningOp()->setAttr(extentAttrName,
                                    lowering.builder.getDenseI64ArrayAttr(type.getShape().drop_front().drop_back()));
  Value y = tensor::CollapseShapeOp::create(lowering.builder, RankedTensorType::get(whole, type.getElementType()),
                                            winograd.transformOutput(products),
                                            ArrayRef<ReassociationIndices>{{0}, {1, 2}, {3, 4}, {5}});
  if (y.getType() == type)
    return y;
  // A copy, not a view: views of what is not contiguous would have to be copied by everyone who reads them.
  return lowering.forEach(type, {}, [&](ImplicitLocOpBuilder &nested, ValueRange) {
    IndexMath index(nested);
    SmallVector<Value> position;
    for (int64_t d = 0; d < 4; ++d)
      position.push_back(index.loop(d));
    return tensor::ExtractOp::create(nested, y, position).getResult();
  });
}

} // namespace cnn
