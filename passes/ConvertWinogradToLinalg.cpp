// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A convolution of 3x3 or 5x5 by Winograd's minimal filtering F(m x m, r x r) (Lavin and Gray 2015, "Fast algorithms
// for convolutional neural networks", equations 8 to 12), as four ops on tensors. With n = m + r - 1, the input is cut
// into tiles of n x n that overlap by r - 1 and stand for m x m outputs each:
//
//   V[b, i, j, r, t, c]    = sum over k, l of B[i, k] B[j, l] x[b, m r + k, m t + l, c]      transform of the input
//   U[i, j, c, o]          = sum over k, l of G[i, k] G[j, l] w[k, l, c, o]                  of the weight
//   M[b, i, j, r, t, o]    = sum over c of V[b, i, j, r, t, c] U[i, j, c, o]                 n^2 contractions
//   y[b, r, p, t, q, o]    = sum over i, j of A[p, i] A[q, j] M[b, i, j, r, t, o]            of the output
//
// Of three spatial dimensions the last two are transformed. The first, the depth, is left as it is: slices of the input
// are transformed one by one, and the contractions sum over its window, too. It may have any stride and dilation:
//
//   M[b, i, j, z, r, t, o] = sum over d, c of V[b, i, j, stride z + dilation d, r, t, c] U[i, j, d, c, o]
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
  Matrix weight; // n x r, G
  Matrix output; // m x n, A
};

/// With four points B is that of F(2 x 2, 3 x 3). With six it is the same for all F(m x m, r x r) with m + r = 7: a row
/// of G is powers of a point, times what makes up for B, and a row of A is a power of all points.
Transforms transformsOf(int64_t tile, int64_t kernel) {
  if (tile + kernel == 5)
    return {{{1, 0, -1, 0}, {0, 1, 1, 0}, {0, -1, 1, 0}, {0, 1, 0, -1}},
            {{1, 0, 0}, {0.5, 0.5, 0.5}, {0.5, -0.5, 0.5}, {0, 0, 1}},
            {{1, 1, 1, 0}, {0, 1, -1, -1}}};
  assert(tile + kernel == 7 && "the points are for six values");
  Transforms transforms{{{4, 0, -5, 0, 1, 0},
                         {0, -4, -4, 1, 1, 0},
                         {0, 4, -4, -1, 1, 0},
                         {0, -2, -1, 2, 1, 0},
                         {0, 2, -1, -2, 1, 0},
                         {0, 4, 0, -5, 0, 1}},
                        {},
                        {}};
  auto powersOf = [](double point, int64_t count, double factor) {
    Matrix::value_type row;
    for (int64_t i = 0; i < count; ++i, factor *= point)
      row.push_back(factor);
    return row;
  };
  const std::pair<double, double> points[] = {
      {0, 1.0 / 4}, {1, -1.0 / 6}, {-1, -1.0 / 6}, {2, 1.0 / 24}, {-2, 1.0 / 24}};
  transforms.output.assign(tile, {});
  for (auto [point, scale] : points) {
    transforms.weight.push_back(powersOf(point, kernel, scale));
    for (auto [row, power] : llvm::zip_equal(transforms.output, powersOf(point, tile, 1)))
      row.push_back(power);
  }
  // Infinity: the last value alone.
  transforms.weight.emplace_back(kernel, 0.0).back() = 1;
  for (Matrix::value_type &row : transforms.output)
    row.push_back(&row == &transforms.output.back() ? 1 : 0);
  return transforms;
}

class Winograd {
public:
  /// Of a convolution with this window, the last two dimensions of which are transformed.
  Winograd(LinalgLowering &lowering, WindowAttr window, int64_t tile)
      : lowering(lowering), b(lowering.builder), window(window), depth(window.getRank() - 2), tile(tile),
        kernel(window.getKernel().back()), size(tile + kernel - 1), transforms(transformsOf(tile, kernel)) {}

  /// x is padded to [B, Z.., m R + r - 1, m T + r - 1, C]; V is [B, n, n, Z.., R, T, C].
  Value transformInput(Value x) {
    ArrayRef<int64_t> shape = cast<RankedTensorType>(x.getType()).getShape();
    rows = (shape[depth + 1] - kernel + 1) / tile;
    columns = (shape[depth + 2] - kernel + 1) / tile;
    enum { batch, i, j, z };
    int64_t r = z + depth, t = r + 1, c = t + 1, k = c + 1, l = k + 1;
    SmallVector<AffineExpr> exprs{dim(batch)};
    for (int64_t outer = 0; outer < depth; ++outer)
      exprs.push_back(dim(z + outer));
    exprs.append({dim(r) * tile + dim(k), dim(t) * tile + dim(l), dim(c)});
    SmallVector<int64_t> made{shape.front(), size, size};
    llvm::append_range(made, shape.slice(1, depth));
    made.append({rows, columns, shape.back()});
    return transform(x, exprs, transforms.input, {i, j}, {k, l}, made);
  }

  /// The weight is [D.., r, r, C, O] or in blocks, [O/block, D.., r, r, C, block]; U is [n, n, D.., C, O] or
  /// [n, n, O/block, D.., C, block]. With `pack`, the innermost dimension of U are so many channels, of which there is
  /// a multiple.
  Value transformWeight(Value weight, int64_t pack) {
    ArrayRef<int64_t> shape = cast<RankedTensorType>(weight.getType()).getShape();
    enum { i, j, outer };
    int64_t outers = shape.size() - 4; // dimensions in front of the window: blocks and depth
    int64_t c = outer + outers, o = c + 1, k = o + 1, l = k + 1;
    SmallVector<AffineExpr> exprs;
    for (int64_t d = 0; d < outers; ++d)
      exprs.push_back(dim(outer + d));
    exprs.append({dim(k), dim(l), dim(c), dim(o)});
    SmallVector<int64_t> made{size, size};
    llvm::append_range(made, shape.take_front(outers));
    llvm::append_range(made, shape.take_back(2));
    Value derived = transform(weight, exprs, transforms.weight, {i, j}, {k, l}, made);
    if (pack > 1)
      derived = packChannels(derived, pack);
    derived.getDefiningOp()->setAttr(derivedAttrName, WinogradAttr::get(b.getContext(), tile, kernel, pack));
    return derived;
  }

  /// The same values in bf16.
  Value round(Value values) {
    auto type = cast<RankedTensorType>(values.getType());
    return lowering.forEach(RankedTensorType::get(type.getShape(), b.getBF16Type()),
                            {{values, lowering.identityMap(type.getRank())}},
                            [](ImplicitLocOpBuilder &, ValueRange arguments) { return arguments[0]; });
  }

  /// M is [B, n, n, Z.., R, T, O], with as many Z as `positions` says.
  Value multiply(Value input, Value weight, ArrayRef<int64_t> positions, int64_t pack) {
    auto inputType = cast<RankedTensorType>(input.getType()), weightType = cast<RankedTensorType>(weight.getType());
    enum { batch, i, j, z };
    bool isPacked = pack > 1;
    int64_t r = z + depth, t = r + 1, o = t + 1, d = o + 1, c = d + depth, e = c + 1, loops = e + isPacked;
    SmallVector<AffineExpr> inputExprs{dim(batch), dim(i), dim(j)}, weightExprs{dim(i), dim(j)};
    for (int64_t outer = 0; outer < depth; ++outer) {
      inputExprs.push_back(dim(z + outer) * window.getStride()[outer] + dim(d + outer) * window.getDilation()[outer]);
      weightExprs.push_back(dim(d + outer));
    }
    inputExprs.append({dim(r), dim(t), isPacked ? dim(c) * pack + dim(e) : dim(c)});
    weightExprs.append({dim(c), dim(o)});
    int64_t outputs = weightType.getShape().drop_back(isPacked).back();
    if (weightType.getRank() - isPacked == depth + 5) {
      weightExprs.insert(weightExprs.begin() + 2, dim(o).floorDiv(outputs));
      weightExprs.back() = dim(o) % outputs;
      outputs *= weightType.getDimSize(2);
    }
    if (isPacked)
      weightExprs.push_back(dim(e));
    SmallVector<int64_t> shape(inputType.getShape());
    llvm::copy(positions, shape.begin() + z);
    shape.back() = outputs;
    Value init = lowering.filled(RankedTensorType::get(shape, b.getF32Type()), 0.0);
    return lowering.accumulate(init, lowering.loopMap(loops, llvm::to_vector(llvm::seq<int64_t>(0, d))),
                               {{input, AffineMap::get(loops, 0, inputExprs, b.getContext())},
                                {weight, AffineMap::get(loops, 0, weightExprs, b.getContext())}},
                               multiplyAdd, /*isContraction=*/true);
  }

  /// y is [B, Z.., R, m, T, m, O].
  Value transformOutput(Value products) {
    ArrayRef<int64_t> shape = cast<RankedTensorType>(products.getType()).getShape();
    enum { batch, z };
    int64_t r = z + depth, p = r + 1, t = p + 1, q = t + 1, o = q + 1, i = o + 1, j = i + 1;
    SmallVector<AffineExpr> exprs{dim(batch), dim(i), dim(j)};
    for (int64_t outer = 0; outer < depth; ++outer)
      exprs.push_back(dim(z + outer));
    exprs.append({dim(r), dim(t), dim(o)});
    SmallVector<int64_t> made{shape.front()};
    llvm::append_range(made, shape.slice(3, depth));
    made.append({rows, tile, columns, tile, shape.back()});
    return transform(products, exprs, transforms.output, {p, q}, {i, j}, made);
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

  /// A tensor of this shape: result[loops] = sum over both `from` loops, which are the last, of
  /// matrix[to[0], from[0]] matrix[to[1], from[1]] source[exprs].
  Value transform(Value source, ArrayRef<AffineExpr> exprs, const Matrix &matrix, std::array<int64_t, 2> to,
                  std::array<int64_t, 2> from, ArrayRef<int64_t> shape) {
    int64_t loops = shape.size() + 2;
    Type element = b.getF32Type(); // also of a source that is stored narrower
    SmallVector<Attribute> values;
    for (const auto &row : matrix)
      for (double value : row)
        values.push_back(b.getFloatAttr(element, value));
    auto matrixType = RankedTensorType::get({int64_t(matrix.size()), int64_t(matrix.front().size())}, element);
    Value constant = arith::ConstantOp::create(lowering.builder, DenseElementsAttr::get(matrixType, values));
    Value init = lowering.filled(RankedTensorType::get(shape, element), 0.0);
    Value made = lowering.accumulate(init, lowering.loopMap(loops, llvm::to_vector(llvm::seq(loops - 2))),
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
  WindowAttr window;
  int64_t depth; // dimensions that are not transformed: 0 or 1
  int64_t tile, kernel, size;
  int64_t rows = 0, columns = 0; // of tiles
  Transforms transforms;
};

} // namespace

FailureOr<Value> lowerWinograd(LinalgLowering &lowering, Value x, Value weight, WindowAttr window,
                               ArrayRef<int64_t> padLow, RankedTensorType type, ConvAlgorithmAttr algorithm,
                               int64_t pack) {
  int64_t tile = ConvOp::tileOf(algorithm.getValue()), rank = window.getRank(), depth = rank - 2;
  // Everything that the tiles touch; the last ones may reach beyond the output.
  SmallVector<int64_t> low{0}, high{0}, whole(type.getShape());
  for (int64_t i = 0; i < rank; ++i) {
    WindowDim dim = window.getDim(i);
    if (i >= depth)
      whole[i + 1] = llvm::alignTo(type.getDimSize(i + 1), tile);
    low.push_back(padLow[i]);
    high.push_back((whole[i + 1] - 1) * dim.stride + windowExtent(dim) - padLow[i] -
                   cast<RankedTensorType>(x.getType()).getDimSize(i + 1));
  }
  low.push_back(0);
  high.push_back(0);
  FailureOr<Value> padded = lowering.pad(x, low, high, 0.0);
  if (failed(padded))
    return failure();

  Winograd winograd(lowering, window, tile);
  Value input = winograd.transformInput(*padded);
  if (pack > 1)
    input = winograd.round(input);
  Value products =
      winograd.multiply(input, winograd.transformWeight(weight, pack), type.getShape().slice(1, depth), pack);
  products.getDefiningOp()->setAttr(algorithmAttrName, algorithm);
  products.getDefiningOp()->setAttr(extentAttrName,
                                    lowering.builder.getDenseI64ArrayAttr(type.getShape().drop_front().drop_back()));
  // [B, Z.., R, m, T, m, O] as [B, Z.., H, W, O].
  SmallVector<ReassociationIndices> groups;
  for (int64_t d = 0, at = 0; d < type.getRank(); ++d) {
    bool isTiled = d > depth && d <= rank;
    groups.push_back(isTiled ? ReassociationIndices{at, at + 1} : ReassociationIndices{at});
    at += groups.back().size();
  }
  Value y = tensor::CollapseShapeOp::create(lowering.builder, RankedTensorType::get(whole, type.getElementType()),
                                            winograd.transformOutput(products), groups);
  if (y.getType() == type)
    return y;
  // A copy, not a view: views of what is not contiguous would have to be copied by everyone who reads them.
  return lowering.forEach(type, {}, [&](ImplicitLocOpBuilder &nested, ValueRange) {
    IndexMath index(nested);
    SmallVector<Value> position;
    for (int64_t d = 0; d < type.getRank(); ++d)
      position.push_back(index.loop(d));
    return tensor::ExtractOp::create(nested, y, position).getResult();
  });
}

} // namespace cnn
