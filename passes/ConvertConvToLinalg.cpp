// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Convolutions and their two gradients become contractions: a padded tensor, then one linalg.generic that says
// everything by its maps. For a 3x3 window of stride 2:
//
//   y[b, h, w, o] += x[b, 2h + i, 2w + j, c] * weight[i, j, c, o]        forward
//   dx[b, h, w, c] += dy'[b, h + i, w + j, o] * weight'[i, j, o, c]      input gradient
//   dw[i, j, c, o] += x[b, 2h + i, 2w + j, c] * dy[b, h, w, o]           weight gradient
//
// dy' is dy with zeros between its values (stride) and around them; weight' is the weight flipped and transposed. The
// last dimension of the result, o or c, is contiguous in the second operand and absent from the first: vector lanes.
// The contraction says how many zeros surround the values, as they need not be multiplied.
//
// That of a few input channels, such as 6, would fill a part of a vector. Then the weight of the gradient is
// weight'[i, j, c, o], which with dy' has the sum over o contiguous in both operands.
//
// With groups the channels are two dimensions, [group, channel of the group]. A depthwise convolution has no reduction
// over channels: these are one dimension, the last of both operands and of the result, a lane each.
//
// Where the stride divides the input, its gradient is made without those zeros. Positions with the same remainder, a
// phase, meet the same weights; the phases are computed side by side, as columns, and then put where they belong:
//
//   phases[b, h', w', (r, t, c)] = dy[b, h' + i', w' + j', o] * weight'[i', j', o, (r, t, c)]
//   dx[b, 2h' + r, 2w' + t, c] = phases[b, h', w', (r, t, c)]
//
// For 3x3 with stride 2 that is 4 steps for each value in place of 9.
//
// Operands in bf16 are multiplied by instructions that take the products of two reduction elements at a time, which
// have to lie side by side. Activations are channels last, so their channels do; the weight is packed for it, in pairs
// of input channels:
//
//   y[b, h, w, o] += x[b, 2h + i, 2w + j, 2c + e] * weight[i, j, c, o, e]         with a channel of zeros if need be
//
// Not done here: other algorithms (ConvertWinogradToLinalg.cpp).

#include "passes/LinalgLowering.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace cnn {
namespace {

/// Of bf16, an instruction multiplies so many input channels with so many weights, and adds up the products.
constexpr int64_t channelsPerPack = 2;

/// An input gradient of so few channels leaves lanes of a vector empty. Then the lanes are those of the sum, if the
/// output channels are a multiple of this.
constexpr int64_t maxFewInputs = 7, outputsOfVectors = 16;

RankedTensorType typeOf(Value tensor) { return cast<RankedTensorType>(tensor.getType()); }

/// The sizes of a convolution as its contraction sees them, and the loops over them: b, p.., g, o, then k.., c.
struct Contraction {
  LinalgLowering &lowering;
  WindowAttr window;
  int64_t groups;
  int64_t inputs;  // channels of one group
  int64_t outputs; // channels of one group
  int64_t spatial = window.getRank();
  /// How many zeros stand around the input in each dimension, before and behind it, if `forward` is to say so.
  SmallVector<int64_t> border = {};

  bool isDepthwise() const { return groups > 1 && inputs == 1 && outputs == 1; }
  bool hasGroupLoop() const { return groups > 1 && !isDepthwise(); }

  /// Position p*stride + k*dilation in each spatial dimension.
  SmallVector<AffineExpr> windowExprs(int64_t firstP, int64_t firstK) const {
    OpBuilder &b = lowering.builder;
    SmallVector<AffineExpr> exprs;
    for (int64_t i = 0; i < spatial; ++i)
      exprs.push_back(b.getAffineDimExpr(firstP + i) * window.getStride()[i] +
                      b.getAffineDimExpr(firstK + i) * window.getDilation()[i]);
    return exprs;
  }
  /// [.., channels] as [.., group, channel of the group] where there is a loop over groups.
  Value grouped(Value tensor, int64_t channels) const {
    return hasGroupLoop() ? lowering.splitDim(tensor, typeOf(tensor).getRank() - 1, channels) : tensor;
  }

  /// How many output channels a block of the weight has; 0 if these are not split. `extra`: dimensions behind them.
  int64_t blockOf(Value weight, int64_t extra = 0) const {
    ArrayRef<int64_t> shape = typeOf(weight).getShape().drop_back(extra);
    return int64_t(shape.size()) > spatial + 2 ? shape.back() : 0;
  }

  Value forward(Value x, Value weight, RankedTensorType type, int64_t pack = 1, bool isTransposed = false) const;
  Value weightGradient(Value x, Value dy, RankedTensorType type) const;
};

SmallVector<int64_t> range(int64_t first, int64_t count) {
  return llvm::to_vector(llvm::seq<int64_t>(first, first + count));
}

/// y from the padded x [B, S.., C] and the weight [K.., C/groups, O], or, without groups, [O/block, K.., C, block].
/// With `pack`, the weight is packed: `pack` input channels become the last dimension, for which `inputs` is a
/// multiple. With `isTransposed`, the weight is [K.., O, C].
Value Contraction::forward(Value x, Value weight, RankedTensorType type, int64_t pack, bool isTransposed) const {
  OpBuilder &b = lowering.builder;
  auto dims = [&](ArrayRef<int64_t> loops) {
    return llvm::map_to_vector(loops, [&](int64_t loop) { return b.getAffineDimExpr(loop); });
  };
  auto map = [&](int64_t loops, ArrayRef<AffineExpr> exprs) { return AffineMap::get(loops, 0, exprs, b.getContext()); };

  if (isDepthwise()) { // b, p.., k.., c
    int64_t firstK = 1 + spatial, c = 1 + 2 * spatial, loops = c + 1;
    SmallVector<AffineExpr> xExprs = dims({0}), weightExprs = dims(range(firstK, spatial)),
                            yExprs = dims(range(0, firstK));
    llvm::append_range(xExprs, windowExprs(1, firstK));
    for (auto *exprs : {&xExprs, &weightExprs, &yExprs})
      exprs->push_back(b.getAffineDimExpr(c));
    SmallVector<int64_t> weightShape(typeOf(weight).getShape().drop_back(2));
    weightShape.push_back(groups);
    weight = lowering.reshape(weight, RankedTensorType::get(weightShape, typeOf(weight).getElementType()));
    return lowering.accumulate(lowering.filled(type, 0.0), map(loops, yExprs),
                               {{x, map(loops, xExprs)}, {weight, map(loops, weightExprs)}}, multiplyAdd,
                               /*isContraction=*/true);
  }

  int64_t group = hasGroupLoop(), isPacked = pack > 1; // one loop more
  int64_t o = 1 + spatial + group, firstK = o + 1, c = firstK + spatial, e = c + 1, loops = e + isPacked;
  SmallVector<AffineExpr> xExprs = dims({0}), weightExprs = dims(range(firstK, spatial)),
                          yExprs = dims(range(0, o + 1));
  llvm::append_range(xExprs, windowExprs(1, firstK));
  weightExprs.push_back(b.getAffineDimExpr(c));
  if (group) {
    xExprs.push_back(b.getAffineDimExpr(o - 1));
    weightExprs.push_back(b.getAffineDimExpr(o - 1));
  }
  xExprs.push_back(isPacked ? b.getAffineDimExpr(c) * pack + b.getAffineDimExpr(e) : b.getAffineDimExpr(c));
  if (isTransposed) {
    assert(!group && !isPacked && "of a plain convolution");
    weightExprs.insert(weightExprs.end() - 1, b.getAffineDimExpr(o));
  } else if (int64_t block = blockOf(weight, isPacked)) {
    weightExprs.insert(weightExprs.begin(), b.getAffineDimExpr(o).floorDiv(block));
    weightExprs.push_back(b.getAffineDimExpr(o) % block);
  } else {
    weightExprs.push_back(b.getAffineDimExpr(o));
  }
  if (group)
    weight = lowering.splitDim(weight, typeOf(weight).getRank() - 1 - isPacked, outputs);
  if (isPacked)
    weightExprs.push_back(b.getAffineDimExpr(e));
  SmallVector<int64_t> shape(type.getShape());
  if (group) {
    shape.back() = groups;
    shape.push_back(outputs);
  }
  Value init = lowering.filled(RankedTensorType::get(shape, type.getElementType()), 0.0);
  Value y = lowering.accumulate(init, map(loops, yExprs),
                                {{grouped(x, inputs), map(loops, xExprs)}, {weight, map(loops, weightExprs)}},
                                multiplyAdd, /*isContraction=*/true);
  if (llvm::any_of(border, [](int64_t width) { return width > 0; }))
    y.getDefiningOp()->setAttr(borderAttrName, b.getDenseI64ArrayAttr(border));
  return lowering.reshape(y, type);
}

/// dw [K.., C/groups, O] from the padded x [B, S.., C] and dy [B, P.., O].
Value Contraction::weightGradient(Value x, Value dy, RankedTensorType type) const {
  OpBuilder &b = lowering.builder;
  auto dims = [&](ArrayRef<int64_t> loops) {
    return llvm::map_to_vector(loops, [&](int64_t loop) { return b.getAffineDimExpr(loop); });
  };
  auto map = [&](int64_t loops, ArrayRef<AffineExpr> exprs) { return AffineMap::get(loops, 0, exprs, b.getContext()); };

  if (isDepthwise()) { // k.., b, p.., c
    int64_t batch = spatial, c = 2 * spatial + 1, loops = c + 1;
    SmallVector<AffineExpr> xExprs = dims({batch}), dyExprs = dims(range(batch, 1 + spatial)),
                            dwExprs = dims(range(0, spatial));
    llvm::append_range(xExprs, windowExprs(batch + 1, 0));
    for (auto *exprs : {&xExprs, &dyExprs, &dwExprs})
      exprs->push_back(b.getAffineDimExpr(c));
    SmallVector<int64_t> shape(type.getShape().drop_back(2));
    shape.push_back(groups);
    Value dw = lowering.accumulate(lowering.filled(RankedTensorType::get(shape, type.getElementType()), 0.0),
                                   map(loops, dwExprs), {{x, map(loops, xExprs)}, {dy, map(loops, dyExprs)}},
                                   multiplyAdd, /*isContraction=*/true);
    return lowering.reshape(dw, type);
  }

  // k.., c, g, o, then b, p..
  int64_t group = hasGroupLoop();
  int64_t c = spatial, o = c + 1 + group, batch = o + 1, loops = batch + 1 + spatial;
  SmallVector<AffineExpr> xExprs = dims({batch}), dyExprs = dims(range(batch, 1 + spatial)),
                          dwExprs = dims(range(0, o + 1));
  llvm::append_range(xExprs, windowExprs(batch + 1, 0));
  if (group) {
    xExprs.push_back(b.getAffineDimExpr(o - 1));
    dyExprs.push_back(b.getAffineDimExpr(o - 1));
  }
  xExprs.push_back(b.getAffineDimExpr(c));
  dyExprs.push_back(b.getAffineDimExpr(o));
  SmallVector<int64_t> shape(type.getShape());
  if (group) {
    shape.back() = groups;
    shape.push_back(outputs);
  }
  Value init = lowering.filled(RankedTensorType::get(shape, type.getElementType()), 0.0);
  Value dw =
      lowering.accumulate(init, map(loops, dwExprs),
                          {{grouped(x, inputs), map(loops, xExprs)}, {grouped(dy, outputs), map(loops, dyExprs)}},
                          multiplyAdd, /*isContraction=*/true);
  return lowering.reshape(dw, type);
}

/// dy [B, P.., O], spread out so that the input gradient is a stride-1 contraction with the flipped weight: of size
/// S + dilation * (kernel - 1), with value p of dy at p*stride + dilation * (kernel - 1) - padLow and zeros elsewhere.
FailureOr<Value> spreadOutputGradient(LinalgLowering &lowering, Value dy, WindowAttr window,
                                      ArrayRef<int64_t> inputSizes) {
  auto type = typeOf(dy);
  int64_t rank = type.getRank(), spatial = window.getRank();
  SmallVector<int64_t> low(rank, 0), high(rank, 0), shape(type.getShape());
  bool isDense = true; // no zeros between the values
  bool isTooLarge = false;
  for (int64_t i = 0; i < spatial; ++i) {
    WindowDim dim = window.getDim(i), transposed = transposedWindow(inputSizes[i], dim);
    low[i + 1] = transposed.padLow;
    high[i + 1] = transposed.padHigh;
    isTooLarge |= llvm::AddOverflow(inputSizes[i], windowExtent(dim) - 1, shape[i + 1]);
    isDense &= dim.stride == 1 || type.getDimSize(i + 1) == 1;
  }
  if (failed(lowering.checkSize(isTooLarge ? std::nullopt : std::optional<ArrayRef<int64_t>>(shape),
                                "the gradient of the output, spread over the input,")))
    return failure();
  if (isDense)
    return lowering.pad(dy, low, high, 0.0);
  auto spreadType = RankedTensorType::get(shape, type.getElementType());
  return lowering.forEach(spreadType, {}, [&](ImplicitLocOpBuilder &b, ValueRange) {
    IndexMath index(b);
    SmallVector<Value> position;
    Value isValue;
    for (int64_t d = 0; d < rank; ++d) {
      Value at = index.loop(d);
      if (d >= 1 && d <= spatial) {
        int64_t stride = window.getStride()[d - 1], count = type.getDimSize(d);
        // Counted from a multiple of the stride below zero, so that division and remainder never see a negative number.
        int64_t before = llvm::divideCeil(std::max<int64_t>(low[d], 0), stride);
        Value shifted = index.add(at, before * stride - low[d]);
        Value onValue = index.equal(index.rem(shifted, stride), index.constant(0));
        Value p = index.add(index.div(shifted, stride), -before);
        Value valid = index.both(onValue, index.inRange(p, 0, count));
        isValue = isValue ? index.both(isValue, valid) : valid;
        at = index.clamp(p, 0, count - 1);
      }
      position.push_back(at);
    }
    FloatMath math(b, type.getElementType());
    return math.select(isValue, tensor::ExtractOp::create(b, dy, position), math.constant(0.0));
  });
}

/// [K.., C/groups, O] -> [K.., O/groups, C], each group transposed, the kernel dimensions flipped. Without groups, O
/// and C may be split.
/// With `outputsLast`, [K.., C, O].
Value flipWeight(LinalgLowering &lowering, TypedValue<RankedTensorType> weight, int64_t groups,
                 bool outputsLast = false) {
  // The shape of the value: [O, C/groups, K..], and of the flipped one.
  SmallVector<int64_t> shape(weight.getType().getShape());
  int64_t rank = shape.size(), inputs = shape[1], outputs = shape[0] / groups;
  auto layoutFor = [&](ArrayRef<int64_t> shape) {
    return groups == 1 ? blockedWeightLayout(shape) : weightLayout(shape.size());
  };
  Layout fromLayout = layoutFor(shape);
  Value from = lowering.get(weight, fromLayout);
  std::swap(shape[0], shape[1]);
  shape[0] *= groups;
  shape[1] /= groups;
  Layout toLayout = outputsLast ? weightLayout(rank) : layoutFor(shape);
  if (outputsLast)
    std::swap(toLayout[rank - 2], toLayout[rank - 1]);
  RankedTensorType type =
      LinalgLowering::lowerType(RankedTensorType::get(shape, weight.getType().getElementType()), toLayout);
  return lowering.forEach(type, {}, [&](ImplicitLocOpBuilder &b, ValueRange) {
    IndexMath index(b);
    // By dimension of the flipped value.
    SmallVector<Value> at(rank);
    for (auto [loop, dim] : llvm::enumerate(toLayout))
      at[dim] = index.loop(loop);
    if (isSplit(toLayout))
      at[0] = index.add(index.mul(index.loop(0), type.getShape().back()), at[0]);
    Value c = at[0], o = at[1];
    // By dimension of the weight.
    at[0] = groups == 1 ? o : index.add(index.mul(index.div(c, inputs), outputs), o);
    at[1] = groups == 1 ? c : index.rem(c, inputs);
    for (int64_t dim = 2; dim < rank; ++dim)
      at[dim] = index.sub(index.constant(shape[dim] - 1), at[dim]);
    SmallVector<Value> position = llvm::map_to_vector(fromLayout, [&](int64_t dim) { return at[dim]; });
    if (isSplit(fromLayout)) {
      int64_t block = typeOf(from).getShape().back();
      position.front() = index.div(at[0], block);
      position.back() = index.rem(at[0], block);
    }
    return tensor::ExtractOp::create(b, from, position).getResult();
  });
}

/// The zeros around the values in it, before and behind them, by dimension.
SmallVector<int64_t> borderOfSpread(RankedTensorType dy, WindowAttr window, ArrayRef<int64_t> inputSizes) {
  SmallVector<int64_t> border{0, 0};
  for (int64_t i = 0; i < window.getRank(); ++i) {
    WindowDim dim = window.getDim(i);
    int64_t low = transposedWindow(inputSizes[i], dim).padLow, values = (dy.getDimSize(i + 1) - 1) * dim.stride + 1;
    border.push_back(std::max<int64_t>(0, low));
    border.push_back(std::max<int64_t>(0, inputSizes[i] + windowExtent(dim) - 1 - low - values));
  }
  border.append({0, 0});
  return border;
}

/// The window of the contraction that computes the input gradient from the spread-out output gradient.
WindowAttr gradientWindow(WindowAttr window) {
  SmallVector<int64_t> ones(window.getRank(), 1), zeros(window.getRank(), 0);
  return WindowAttr::get(window.getContext(), window.getKernel(), ones, window.getDilation(), zeros, zeros, false);
}

/// One dimension of an input gradient by phases. Position stride * p' + r of the input gets weight k of output position
/// p' + offset(r) - m, for all k = first(r) + stride * m.
struct Phases {
  WindowDim window;
  int64_t low = 0, high = 0; // the least and the greatest of those offsets

  explicit Phases(const WindowDim &window) : window(window) {
    for (int64_t r = 0; r < window.stride; ++r) {
      int64_t offset = offsetOf(r), steps = llvm::divideCeil(window.kernel - firstOf(r), window.stride);
      low = r ? std::min(low, offset - steps + 1) : offset - steps + 1;
      high = r ? std::max(high, offset) : offset;
    }
  }
  int64_t offsetOf(int64_t r) const { return (r + window.padLow - firstOf(r)) / window.stride; }
  int64_t firstOf(int64_t r) const { return llvm::mod(r + window.padLow, window.stride); }
  int64_t kernel() const { return high - low + 1; }
};

/// Whether every phase has a weight and all are of one size, and there are fewer steps for it.
bool isByPhases(WindowAttr window, ArrayRef<int64_t> inputSizes, int64_t groups) {
  bool hasFewerSteps = false;
  for (int64_t i = 0; i < window.getRank(); ++i) {
    WindowDim dim = window.getDim(i);
    if (dim.dilation != 1 || dim.stride > dim.kernel || inputSizes[i] % dim.stride != 0)
      return false;
    hasFewerSteps |= Phases(dim).kernel() < dim.kernel;
  }
  return groups == 1 && hasFewerSteps;
}

/// The weight [K.., C, O] for all phases, [K'.., O, (r.., C)], or in blocks of those columns.
Value gatherPhaseWeights(LinalgLowering &lowering, TypedValue<RankedTensorType> weight, ArrayRef<Phases> phases) {
  int64_t spatial = phases.size(), outputs = weight.getType().getDimSize(0), inputs = weight.getType().getDimSize(1);
  Layout fromLayout = blockedWeightLayout(weight.getType().getShape());
  Value from = lowering.get(weight, fromLayout);
  SmallVector<int64_t> shape{inputs, outputs}; // [columns, O, K'..]
  for (const Phases &dim : phases) {
    shape[0] *= dim.window.stride;
    shape.push_back(dim.kernel());
  }
  Layout toLayout = blockedWeightLayout(shape);
  RankedTensorType type =
      LinalgLowering::lowerType(RankedTensorType::get(shape, weight.getType().getElementType()), toLayout);
  return lowering.forEach(type, {}, [&](ImplicitLocOpBuilder &b, ValueRange) {
    IndexMath index(b);
    SmallVector<Value> to(shape.size()), at(shape.size());
    for (auto [loop, dim] : llvm::enumerate(toLayout))
      to[dim] = index.loop(loop);
    if (isSplit(toLayout))
      to[0] = index.add(index.mul(index.loop(0), type.getShape().back()), to[0]);
    at[0] = to[1];
    at[1] = index.rem(to[0], inputs);
    Value phase = index.div(to[0], inputs), isThere;
    for (int64_t i = spatial - 1; i >= 0; --i) {
      // The remainder and with it the first weight: r + padLow, counted from a multiple of the stride below zero.
      const Phases &dim = phases[i];
      int64_t stride = dim.window.stride, kernel = dim.window.kernel;
      int64_t before = llvm::divideCeil(std::max<int64_t>(-dim.window.padLow, 0), stride);
      Value shifted = index.add(index.rem(phase, stride), dim.window.padLow + before * stride);
      phase = index.div(phase, stride);
      Value first = index.rem(shifted, stride), offset = index.add(index.div(shifted, stride), -before);
      Value m = index.sub(offset, index.add(to[i + 2], dim.low));
      Value k = index.add(first, index.mul(m, stride));
      Value valid = index.inRange(k, 0, kernel);
      isThere = isThere ? index.both(isThere, valid) : valid;
      at[i + 2] = index.clamp(k, 0, kernel - 1);
    }
    SmallVector<Value> position = llvm::map_to_vector(fromLayout, [&](int64_t dim) { return at[dim]; });
    if (isSplit(fromLayout)) {
      int64_t block = typeOf(from).getShape().back();
      position.front() = index.div(at[0], block);
      position.back() = index.rem(at[0], block);
    }
    FloatMath math(b, type.getElementType());
    return math.select(isThere, tensor::ExtractOp::create(b, from, position), math.constant(0.0));
  });
}

/// dx [B, S.., C] from dy [B, P.., O]; see the top of the file.
FailureOr<Value> phasedInputGradient(LinalgLowering &lowering, Value dy, TypedValue<RankedTensorType> weight,
                                     WindowAttr window, RankedTensorType type) {
  int64_t spatial = window.getRank(), inputs = type.getShape().back();
  SmallVector<Phases> phases;
  SmallVector<int64_t> low{0}, high{0}, kernel, ones(spatial, 1), zeros(spatial, 0);
  SmallVector<int64_t> sizes{type.getDimSize(0)}, strides;     // [B, S / stride..], [stride..]
  SmallVector<int64_t> made{type.getDimSize(0)}, readLoops{0}; // [B, (S / stride, stride).., C], and what it reads
  SmallVector<ReassociationIndices> groups{{0}};
  for (int64_t i = 0; i < spatial; ++i) {
    WindowDim dim = window.getDim(i);
    const Phases &phase = phases.emplace_back(dim);
    int64_t size = type.getDimSize(i + 1) / dim.stride;
    low.push_back(-phase.low);
    high.push_back(phase.high + size - typeOf(dy).getDimSize(i + 1));
    kernel.push_back(phase.kernel());
    sizes.push_back(size);
    strides.push_back(dim.stride);
    readLoops.push_back(made.size());
    groups.push_back({int64_t(made.size()), int64_t(made.size()) + 1});
    made.append({size, dim.stride});
  }
  low.push_back(0);
  high.push_back(0);
  FailureOr<Value> padded = lowering.pad(dy, low, high, 0.0);
  if (failed(padded))
    return failure();
  int64_t columns = inputs;
  for (int64_t stride : strides)
    columns *= stride;
  SmallVector<int64_t> phaseShape(sizes);
  phaseShape.push_back(columns);
  Contraction contraction{lowering, WindowAttr::get(window.getContext(), kernel, ones, ones, zeros, zeros, false),
                          /*groups=*/1, typeOf(dy).getShape().back(), columns};
  Value result = contraction.forward(*padded, gatherPhaseWeights(lowering, weight, phases),
                                     RankedTensorType::get(phaseShape, type.getElementType()));

  SmallVector<int64_t> splitShape(sizes);
  llvm::append_range(splitShape, strides);
  splitShape.push_back(inputs);
  result = lowering.reshape(result, RankedTensorType::get(splitShape, type.getElementType()));
  for (int64_t i = 0; i < spatial; ++i)
    readLoops.push_back(2 * i + 2);
  readLoops.push_back(made.size());
  groups.push_back({int64_t(made.size())});
  made.push_back(inputs);
  Value apart = lowering.forEach(RankedTensorType::get(made, type.getElementType()),
                                 {{result, lowering.loopMap(made.size(), readLoops)}},
                                 [](ImplicitLocOpBuilder &, ValueRange x) { return x[0]; });
  return tensor::CollapseShapeOp::create(lowering.builder, type, apart, groups).getResult();
}

/// Whether the only window covers the input exactly, as in a convolution that ends in 1x1.
bool isWholeWindow(WindowAttr window, ArrayRef<int64_t> inputSizes) {
  for (int64_t i = 0; i < window.getRank(); ++i) {
    WindowDim dim = window.getDim(i);
    if (dim.kernel != inputSizes[i] || dim.dilation != 1 || dim.padLow != 0 || dim.padHigh != 0)
      return false;
  }
  return window.getRank() > 0;
}

/// The input gradient of such a window is that of a dense layer: dx[b, kc] = dy[b, o] * weight[kc, o].
Value wholeInputGradient(LinalgLowering &lowering, Value dy, Value weight, RankedTensorType type) {
  int64_t outputs = typeOf(weight).getShape().back(), inputs = typeOf(weight).getNumElements() / outputs;
  int64_t batch = type.getDimSize(0);
  Type element = type.getElementType();
  dy = lowering.reshape(dy, RankedTensorType::get({batch, outputs}, element));
  weight = lowering.transpose(lowering.reshape(weight, RankedTensorType::get({inputs, outputs}, element)), {1, 0});
  Contraction dense{lowering, WindowAttr::getEmpty(lowering.builder.getContext()), /*groups=*/1, outputs, inputs};
  return lowering.reshape(dense.forward(dy, weight, RankedTensorType::get({batch, inputs}, element)), type);
}

/// What a value was before it was rounded to `narrow` and widened again; null if it was not.
TypedValue<RankedTensorType> beforeRounding(Value value, Type narrow) {
  auto widening = value.getDefiningOp<CastOp>();
  auto rounding = widening ? widening.getInput().getDefiningOp<CastOp>() : CastOp();
  return rounding && getElementTypeOrSelf(rounding.getType()) == narrow &&
                 getElementTypeOrSelf(rounding.getInput()) == getElementTypeOrSelf(value)
             ? cast<TypedValue<RankedTensorType>>(rounding.getInput())
             : TypedValue<RankedTensorType>();
}

/// The weight, a value [O, C, K..], as [K.., ceil(C/pack), O, pack] with elements of this type; its outputs in blocks
/// if `layout` is split.
Value packWeight(LinalgLowering &lowering, TypedValue<RankedTensorType> weight, ArrayRef<int64_t> layout, Type element,
                 int64_t pack) {
  Value from = lowering.get(weight);
  Layout fromLayout = lowering.layoutOf(weight);
  SmallVector<int64_t> shape(LinalgLowering::lowerType(weight.getType(), layout).getShape());
  int64_t rank = shape.size(), inputs = shape[rank - 2], block = shape.back();
  shape[rank - 2] = llvm::divideCeil(inputs, pack);
  shape.push_back(pack);
  Value packed = lowering.forEach(RankedTensorType::get(shape, element), {}, [&](ImplicitLocOpBuilder &b, ValueRange) {
    IndexMath index(b);
    SmallVector<Value> at(weight.getType().getRank()); // by dimension of the value
    for (int64_t loop = isSplit(layout); loop < rank; ++loop)
      at[layout[loop]] = index.loop(loop);
    if (isSplit(layout))
      at[0] = index.add(index.mul(index.loop(0), block), at[0]);
    Value c = index.add(index.mul(at[1], pack), index.loop(rank));
    at[1] = index.clamp(c, 0, inputs - 1);
    SmallVector<Value> position = llvm::map_to_vector(fromLayout, [&](int64_t dim) { return at[dim]; });
    Value value = tensor::ExtractOp::create(b, from, position);
    if (inputs % pack == 0)
      return value;
    FloatMath math(b, value);
    return math.select(index.inRange(c, 0, inputs), value, math.constant(0.0));
  });
  packed.getDefiningOp()->setAttr(derivedAttrName, PackedAttr::get(element.getContext(), element, pack));
  return packed;
}

/// [.., groups * channels] with zeros behind each group's channels, so that these are `padded`.
FailureOr<Value> padGroups(LinalgLowering &lowering, Value x, int64_t channels, int64_t padded) {
  SmallVector<int64_t> shape(typeOf(x).getShape()), zeros(shape.size() + 1, 0), high = zeros;
  int64_t groups = shape.back() / channels;
  high.back() = padded - channels;
  FailureOr<Value> parts = lowering.pad(lowering.splitDim(x, shape.size() - 1, channels), zeros, high, 0.0);
  if (failed(parts))
    return failure();
  shape.back() = groups * padded;
  return lowering.reshape(*parts, RankedTensorType::get(shape, typeOf(x).getElementType()));
}

LogicalResult lower(ConvOp op, LinalgLowering &lowering) {
  auto weightType = cast<RankedTensorType>(op.getWeight().getType());
  Layout layout = channelsLast(weightType.getRank());
  RankedTensorType type = LinalgLowering::lowerType(op.getType(), layout);
  int64_t groups = op.getGroups();
  Layout stored = groups == 1 ? blockedWeightLayout(weightType.getShape()) : weightLayout(weightType.getRank());
  auto getWeight = [&] { return lowering.get(op.getWeight(), stored); };
  if (op.getAlgorithm() != ConvAlgorithm::Direct) {
    // A rounded filter says that transformed values may be, too; it is rounded once, when it is transformed.
    Value x = lowering.getChannelsLast(op.getInput());
    Type narrow = typeOf(x).getElementType();
    auto exactWeight = narrow.isBF16() ? beforeRounding(op.getWeight(), narrow) : TypedValue<RankedTensorType>();
    FailureOr<Value> y =
        lowerWinograd(lowering, x, exactWeight ? lowering.get(exactWeight, stored) : getWeight(), op.getWindow(),
                      op.getWindow().getPadLow(), type, op.getAlgorithmAttr(), exactWeight ? channelsPerPack : 1);
    if (succeeded(y))
      lowering.set(op.getOutput(), *y, layout);
    return y;
  }
  Contraction contraction{lowering, op.getWindow(), groups, weightType.getDimSize(1),
                          weightType.getDimSize(0) / groups};
  FailureOr<Value> x = lowering.getChannelsLast(op.getInput());
  Type narrow = typeOf(*x).getElementType();
  auto exactWeight = contraction.isDepthwise() || !narrow.isBF16() ? TypedValue<RankedTensorType>()
                                                                   : beforeRounding(op.getWeight(), narrow);
  int64_t pack = exactWeight ? channelsPerPack : 1, inputs = llvm::alignTo(contraction.inputs, pack);
  if (groups > 1 && inputs != contraction.inputs)
    x = padGroups(lowering, *x, contraction.inputs, inputs);
  contraction.inputs = inputs;
  if (succeeded(x))
    x = lowering.padForWindow(*x, op.getWindow(), 0.0, groups * inputs);
  if (failed(x))
    return failure();
  Value weight = exactWeight ? packWeight(lowering, exactWeight, stored, narrow, pack) : getWeight();
  lowering.set(op.getOutput(), contraction.forward(*x, weight, type, pack), layout);
  return success();
}

LogicalResult lower(ConvInputGradOp op, LinalgLowering &lowering) {
  auto weightType = cast<RankedTensorType>(op.getWeight().getType());
  auto type = cast<RankedTensorType>(op.getType());
  int64_t groups = op.getGroups();
  Layout layout = channelsLast(type.getRank());
  if (groups == 1 && isWholeWindow(op.getWindow(), type.getShape().drop_front(2))) {
    Value dx = wholeInputGradient(lowering, lowering.getChannelsLast(op.getOutputGrad()),
                                  lowering.get(op.getWeight(), weightLayout(weightType.getRank())),
                                  LinalgLowering::lowerType(type, layout));
    lowering.set(op.getInputGrad(), dx, layout);
    return success();
  }
  auto algorithm = op->getAttrOfType<ConvAlgorithmAttr>(algorithmAttrName);
  if (algorithm && algorithm.getValue() != ConvAlgorithm::Direct) {
    SmallVector<int64_t> padLow;
    for (int64_t i = 0; i < op.getWindow().getRank(); ++i)
      padLow.push_back(transposedWindow(type.getDimSize(i + 2), op.getWindow().getDim(i)).padLow);
    FailureOr<Value> dx = lowerWinograd(lowering, lowering.getChannelsLast(op.getOutputGrad()),
                                        flipWeight(lowering, op.getWeight(), groups), gradientWindow(op.getWindow()),
                                        padLow, LinalgLowering::lowerType(type, layout), algorithm);
    if (succeeded(dx))
      lowering.set(op.getInputGrad(), *dx, layout);
    return dx;
  }
  if (isByPhases(op.getWindow(), type.getShape().drop_front(2), groups)) {
    FailureOr<Value> dx = phasedInputGradient(lowering, lowering.getChannelsLast(op.getOutputGrad()), op.getWeight(),
                                              op.getWindow(), LinalgLowering::lowerType(type, layout));
    if (succeeded(dx))
      lowering.set(op.getInputGrad(), *dx, layout);
    return dx;
  }
  ArrayRef<int64_t> inputSizes = type.getShape().drop_front(2);
  Value outputGradient = lowering.getChannelsLast(op.getOutputGrad());
  FailureOr<Value> dy = spreadOutputGradient(lowering, outputGradient, op.getWindow(), inputSizes);
  if (failed(dy))
    return failure();
  int64_t outputs = weightType.getDimSize(0), inputs = weightType.getDimSize(1);
  bool outputsLast =
      groups == 1 && inputs <= maxFewInputs && outputs % outputsOfVectors == 0 && !op->hasAttr(orderedSumsAttrName);
  Value weight = flipWeight(lowering, op.getWeight(), groups, outputsLast);
  // The roles of input and output channels are exchanged.
  Contraction contraction{lowering, gradientWindow(op.getWindow()), groups, outputs / groups, inputs};
  contraction.border = borderOfSpread(typeOf(outputGradient), op.getWindow(), inputSizes);
  lowering.set(op.getInputGrad(),
               contraction.forward(*dy, weight, LinalgLowering::lowerType(type, layout), /*pack=*/1, outputsLast),
               layout);
  return success();
}

LogicalResult lower(ConvWeightGradOp op, LinalgLowering &lowering) {
  auto type = cast<RankedTensorType>(op.getType());
  int64_t groups = op.getGroups();
  FailureOr<Value> x = lowering.padForWindow(lowering.getChannelsLast(op.getInput()), op.getWindow(), 0.0);
  if (failed(x))
    return failure();
  Value dy = lowering.getChannelsLast(op.getOutputGrad());
  Contraction contraction{lowering, op.getWindow(), groups, type.getDimSize(1), type.getDimSize(0) / groups};
  Layout layout = weightLayout(type.getRank());
  lowering.set(op.getWeightGrad(), contraction.weightGradient(*x, dy, LinalgLowering::lowerType(type, layout)), layout);
  return success();
}

} // namespace

FamilyResult lowerConvOp(LinalgLowering &lowering, Operation *op) {
  return TypeSwitch<Operation *, FamilyResult>(op)
      .Case<ConvOp, ConvInputGradOp, ConvWeightGradOp>([&](auto op) -> FamilyResult { return lower(op, lowering); })
      .Default([](Operation *) { return std::nullopt; });
}

} // namespace cnn
