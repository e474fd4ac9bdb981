// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Pooling with the channels innermost, so that it runs in vector lanes.
//
// Forward, a window of a few positions is one parallel linalg.generic that reads the input once per position:
//
//   y[b, h, w, c] = max(x[b, 2h, 2w, c], x[b, 2h, 2w + 1, c], x[b, 2h + 1, 2w, c], x[b, 2h + 1, 2w + 1, c])
//
// A larger one is a reduction over the window. The input is padded first: by -inf for a maximum, by 0 for a sum.
//
// Backward, each input position gathers from the windows that may cover it, so that no two points write one element:
// windows p = (s + padLow - k*dilation) / stride over all k, or the only one in a dimension where windows do not
// overlap. Where windows lie side by side and nothing is between or around them, a position is a window and a place in
// it, s = p*kernel + k, and dx is made as [B, P, K, .., C]. For a maximum the number k of the winner of each window is
// worked out first.

#include "passes/LinalgLowering.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"
#include <limits>

using namespace mlir;

namespace cnn {
namespace {

/// A window with more positions is a reduction.
constexpr int64_t maxUnrolledWindow = 16;

RankedTensorType typeOf(Value tensor) { return cast<RankedTensorType>(tensor.getType()); }

struct Pool {
  LinalgLowering &lowering;
  WindowAttr window;
  int64_t spatial = window.getRank();

  int64_t positions() const {
    int64_t count = 1;
    for (int64_t size : window.getKernel())
      if (llvm::MulOverflow(count, size, count))
        return std::numeric_limits<int64_t>::max();
    return count;
  }
  /// Position `number`, row-major, of the window.
  SmallVector<int64_t> position(int64_t number) const {
    SmallVector<int64_t> k(spatial);
    for (int64_t i = spatial - 1; i >= 0; --i) {
      k[i] = number % window.getKernel()[i];
      number /= window.getKernel()[i];
    }
    return k;
  }

  /// Every window's values, combined in row-major order. `combine` gets the number of the position (as an index; null
  /// for the first, which has no predecessor) only where the window is unrolled.
  Value combine(Value padded, RankedTensorType type, double start,
                function_ref<Value(FloatMath &, Value, Value)> body) const {
    if (positions() <= maxUnrolledWindow) {
      SmallVector<LoopInput> inputs;
      for (int64_t number = 0; number < positions(); ++number)
        inputs.push_back({padded, positionMap(number)});
      return lowering.forEach(type, inputs, [&](ImplicitLocOpBuilder &b, ValueRange x) {
        FloatMath math(b, x[0]);
        Value result = x[0];
        for (Value value : x.drop_front())
          result = body(math, result, value);
        return result;
      });
    }
    WindowLoops maps = loopOverWindow();
    Value sizes = lowering.empty(RankedTensorType::get(window.getKernel(), type.getElementType()));
    return lowering.accumulate(lowering.filled(type, start), maps.written, {{padded, maps.read}, {sizes, maps.kernel}},
                               [&](ImplicitLocOpBuilder &b, ValueRange x) {
                                 FloatMath math(b, x[0]);
                                 return body(math, x[2], x[0]);
                               });
  }

  /// The loops b, p.., k.., c, and what they read of the padded input, write, and read of an operand without values
  /// that gives the sizes of k.
  struct WindowLoops {
    AffineMap read, written, kernel;
  };
  WindowLoops loopOverWindow() const {
    OpBuilder &b = lowering.builder;
    int64_t loops = 2 + 2 * spatial;
    SmallVector<AffineExpr> read{b.getAffineDimExpr(0)};
    SmallVector<int64_t> written{0}, kernel;
    for (int64_t i = 0; i < spatial; ++i) {
      read.push_back(b.getAffineDimExpr(1 + i) * window.getStride()[i] +
                     b.getAffineDimExpr(1 + spatial + i) * window.getDilation()[i]);
      written.push_back(1 + i);
      kernel.push_back(1 + spatial + i);
    }
    read.push_back(b.getAffineDimExpr(loops - 1));
    written.push_back(loops - 1);
    return {AffineMap::get(loops, 0, read, b.getContext()), lowering.loopMap(loops, written),
            lowering.loopMap(loops, kernel)};
  }

  /// Reads position `number` of the windows in a loop nest over the output.
  AffineMap positionMap(int64_t number) const {
    OpBuilder &b = lowering.builder;
    SmallVector<int64_t> k = position(number);
    SmallVector<AffineExpr> read{b.getAffineDimExpr(0)};
    for (int64_t i = 0; i < spatial; ++i)
      read.push_back(b.getAffineDimExpr(1 + i) * window.getStride()[i] + k[i] * window.getDilation()[i]);
    read.push_back(b.getAffineDimExpr(spatial + 1));
    return AffineMap::get(spatial + 2, 0, read, b.getContext());
  }

  /// 1 / (what the sum of window p is divided by), for each dimension.
  SmallVector<SmallVector<double>> shares(ArrayRef<int64_t> inputSizes, ArrayRef<int64_t> outputSizes,
                                          bool countPad) const {
    SmallVector<SmallVector<double>> shares(spatial);
    for (int64_t i = 0; i < spatial; ++i)
      for (int64_t p = 0; p < outputSizes[i]; ++p)
        shares[i].push_back(1.0 / windowCount(p, inputSizes[i], window.getDim(i), countPad));
    return shares;
  }

  /// Each value of `y` [B, P.., C] times the shares of its window.
  Value share(Value y, ArrayRef<SmallVector<double>> shares) const {
    RankedTensorType type = typeOf(y);
    double common = 1.0;
    SmallVector<LoopInput> inputs{{y, lowering.identityMap(type.getRank())}};
    for (auto [i, values] : llvm::enumerate(shares)) {
      if (llvm::all_equal(values)) {
        common *= values.front();
        continue;
      }
      SmallVector<Attribute> attributes;
      for (double value : values)
        attributes.push_back(lowering.builder.getFloatAttr(type.getElementType(), value));
      auto tableType = RankedTensorType::get(values.size(), type.getElementType());
      Value table = arith::ConstantOp::create(lowering.builder, DenseElementsAttr::get(tableType, attributes));
      inputs.push_back({table, lowering.loopMap(type.getRank(), {static_cast<int64_t>(i) + 1})});
    }
    return lowering.forEach(type, inputs, [&](ImplicitLocOpBuilder &b, ValueRange x) {
      FloatMath math(b, x[0]);
      Value result = math.mul(x[0], common);
      for (Value factor : x.drop_front())
        result = math.mul(result, factor);
      return result;
    });
  }

  /// Whether a position of the input lies in one window at most, as far as dimension i goes.
  bool isDisjoint(int64_t i, int64_t outputSize) const {
    return outputSize == 1 || window.getStride()[i] >= windowExtent(window.getDim(i));
  }

  /// The value of a position of the input in one window that covers it: from the elements of the window, and the number
  /// of the position in it.
  using ShareBody = function_ref<Value(ImplicitLocOpBuilder &, ValueRange elements, Value number)>;

  /// Whether each position of the input lies in one window, and the windows side by side.
  bool isPartition(ArrayRef<int64_t> inputSizes, ArrayRef<int64_t> outputSizes) const {
    for (int64_t i = 0; i < spatial; ++i) {
      WindowDim dim = window.getDim(i);
      if (dim.padLow != 0 || dim.stride != dim.kernel || (dim.dilation != 1 && dim.kernel != 1) ||
          inputSizes[i] != dim.kernel * outputSizes[i])
        return false;
    }
    return true;
  }

  /// gather() of windows that lie side by side: dx[p * kernel + k] from window p. The loops are b, p, k, p, k, .., c.
  Value spread(RankedTensorType type, ArrayRef<int64_t> outputSizes, ValueRange tensors, ShareBody value) const {
    SmallVector<int64_t> shape{type.getDimSize(0)}, ofWindow{0};
    for (int64_t i = 0; i < spatial; ++i) {
      ofWindow.push_back(shape.size());
      shape.append({outputSizes[i], window.getKernel()[i]});
    }
    ofWindow.push_back(shape.size());
    shape.push_back(type.getShape().back());
    SmallVector<LoopInput> inputs;
    for (Value tensor : tensors)
      inputs.push_back({tensor, lowering.loopMap(shape.size(), ofWindow)});
    auto spreadType = RankedTensorType::get(shape, type.getElementType());
    Value dx = lowering.forEach(spreadType, inputs, [&](ImplicitLocOpBuilder &b, ValueRange x) {
      IndexMath index(b);
      Value number;
      for (int64_t i = 0; i < spatial; ++i) {
        Value k = index.loop(2 + 2 * i);
        number = number ? index.add(index.mul(number, window.getKernel()[i]), k) : k;
      }
      return value(b, x, number);
    });
    return lowering.reshape(dx, type);
  }

  /// dx[s] = the sum over windows p that cover s of value(elements of `tensors` [B, P.., C] at p, number of s in the
  /// window).
  Value gather(RankedTensorType type, ArrayRef<int64_t> outputSizes, ValueRange tensors, ShareBody value) const {
    if (isPartition(type.getShape().drop_front().drop_back(), outputSizes))
      return spread(type, outputSizes, tensors, value);
    int64_t rank = type.getRank();
    // b, s.., k of the dimensions in which windows overlap.., c
    SmallVector<int64_t> kernelLoop(spatial, -1), kernelSizes;
    for (int64_t i = 0; i < spatial; ++i)
      if (!isDisjoint(i, outputSizes[i])) {
        kernelLoop[i] = rank - 1 + kernelSizes.size();
        kernelSizes.push_back(window.getKernel()[i]);
      }
    int64_t loops = rank + kernelSizes.size();
    auto share = [&](ImplicitLocOpBuilder &b) {
      IndexMath index(b);
      SmallVector<Value> outputIndex{index.loop(0)};
      Value number, isCovered;
      auto require = [&](Value valid) { isCovered = isCovered ? index.both(isCovered, valid) : valid; };
      for (int64_t i = 0; i < spatial; ++i) {
        WindowDim dim = window.getDim(i);
        int64_t in = type.getDimSize(i + 1), reach = windowExtent(dim) - 1;
        bool disjoint = kernelLoop[i] < 0;
        // Counted from a multiple of the stride, so that division and remainder never see a negative number.
        int64_t before = llvm::divideCeil(std::max<int64_t>((disjoint ? 0 : reach) - dim.padLow, 0), dim.stride);
        Value shifted = index.add(index.loop(1 + i), dim.padLow + before * dim.stride), p, k;
        if (disjoint && outputSizes[i] == 1) {
          p = index.constant(0);
          Value offset = index.add(index.loop(1 + i), dim.padLow);
          if (dim.padLow < 0 || dim.padLow + in - 1 > reach)
            require(index.inRange(offset, 0, reach + 1));
          if (dim.dilation > 1)
            require(index.equal(index.rem(offset, dim.dilation), index.constant(0)));
          k = index.div(offset, dim.dilation);
        } else if (disjoint) {
          p = index.add(index.div(shifted, dim.stride), -before);
          Value offset = index.rem(shifted, dim.stride);
          k = index.div(offset, dim.dilation);
          require(index.inRange(k, 0, dim.kernel));
          require(index.inRange(p, 0, outputSizes[i]));
          if (dim.dilation > 1)
            require(index.equal(index.rem(offset, dim.dilation), index.constant(0)));
        } else {
          k = index.loop(kernelLoop[i]);
          shifted = index.sub(shifted, index.mul(k, dim.dilation));
          p = index.add(index.div(shifted, dim.stride), -before);
          require(index.inRange(p, 0, outputSizes[i]));
          if (dim.stride > 1)
            require(index.equal(index.rem(shifted, dim.stride), index.constant(0)));
        }
        outputIndex.push_back(outputSizes[i] == 1 ? index.constant(0) : index.clamp(p, 0, outputSizes[i] - 1));
        number = number ? index.add(index.mul(number, dim.kernel), k) : k;
      }
      outputIndex.push_back(index.loop(loops - 1));
      FloatMath math(b, type.getElementType());
      SmallVector<Value> elements = llvm::map_to_vector(
          tensors, [&](Value tensor) { return tensor::ExtractOp::create(b, tensor, outputIndex).getResult(); });
      Value share = value(b, elements, number);
      return isCovered ? math.select(isCovered, share, math.constant(0.0)) : share;
    };
    if (kernelSizes.empty())
      return lowering.forEach(type, {}, [&](ImplicitLocOpBuilder &b, ValueRange) { return share(b); });
    SmallVector<int64_t> written = llvm::to_vector(llvm::seq<int64_t>(0, rank - 1));
    written.push_back(loops - 1);
    Value sizes = lowering.empty(RankedTensorType::get(kernelSizes, type.getElementType()));
    AffineMap sizesMap = lowering.loopMap(loops, llvm::to_vector(llvm::seq<int64_t>(rank - 1, loops - 1)));
    return lowering.accumulate(
        lowering.filled(type, 0.0), lowering.loopMap(loops, written), {{sizes, sizesMap}},
        [&](ImplicitLocOpBuilder &b, ValueRange x) { return FloatMath(b, x[1]).add(x[1], share(b)); });
  }
};

constexpr double lowest = -std::numeric_limits<double>::infinity();

Value combineMax(const Pool &pool, Value padded, RankedTensorType type) {
  return pool.combine(padded, type, lowest, [](FloatMath &math, Value max, Value x) { return math.max(max, x); });
}

LogicalResult lower(MaxPoolOp op, LinalgLowering &lowering) {
  Pool pool{lowering, op.getWindow()};
  Layout layout = channelsLast(pool.spatial + 2);
  RankedTensorType type = LinalgLowering::lowerType(op.getType(), layout);
  FailureOr<Value> padded = lowering.padForWindow(lowering.get(op.getInput(), layout), op.getWindow(), lowest);
  if (failed(padded))
    return failure();
  Value y = combineMax(pool, *padded, type);
  lowering.set(op.getOutput(), y, layout);
  return success();
}

LogicalResult lower(AvgPoolOp op, LinalgLowering &lowering) {
  Pool pool{lowering, op.getWindow()};
  Layout layout = channelsLast(pool.spatial + 2);
  RankedTensorType type = LinalgLowering::lowerType(op.getType(), layout);
  Value x = lowering.get(op.getInput(), layout);
  FailureOr<Value> padded = lowering.padForWindow(x, op.getWindow(), 0.0);
  if (failed(padded))
    return failure();
  Value sum = pool.combine(*padded, type, 0.0, [](FloatMath &math, Value sum, Value x) { return math.add(sum, x); });
  Value y = pool.share(sum, pool.shares(typeOf(x).getShape().drop_front().drop_back(),
                                        type.getShape().drop_front().drop_back(), op.getCountPad()));
  lowering.set(op.getOutput(), y, layout);
  return success();
}

LogicalResult lower(AvgPoolGradOp op, LinalgLowering &lowering) {
  Pool pool{lowering, op.getWindow()};
  Layout layout = channelsLast(pool.spatial + 2);
  RankedTensorType type = LinalgLowering::lowerType(op.getType(), layout);
  Value dy = lowering.get(op.getOutputGrad(), layout);
  ArrayRef<int64_t> outputSizes = typeOf(dy).getShape().drop_front().drop_back();
  Value shared = pool.share(dy, pool.shares(type.getShape().drop_front().drop_back(), outputSizes, op.getCountPad()));
  Value dx = pool.gather(type, outputSizes, shared,
                         [&](ImplicitLocOpBuilder &, ValueRange elements, Value) { return elements[0]; });
  lowering.set(op.getInputGrad(), dx, layout);
  return success();
}

/// The number of the first largest value of each window (the first NaN, if there is one), as i32 [B, P.., C]. -inf that
/// stands for padding never wins, not even over -inf inside. For a window that is unrolled.
Value findWinnersUnrolled(const Pool &pool, Value x, RankedTensorType type) {
  LinalgLowering &lowering = pool.lowering;
  auto winnerType = RankedTensorType::get(type.getShape(), lowering.builder.getI32Type());
  ArrayRef<int64_t> inputSizes = typeOf(x).getShape();
  return lowering.forEach(winnerType, {}, [&](ImplicitLocOpBuilder &b, ValueRange) {
    IndexMath index(b);
    FloatMath math(b, type.getElementType());
    Value best, winner;
    for (int64_t number = 0; number < pool.positions(); ++number) {
      SmallVector<int64_t> k = pool.position(number);
      SmallVector<Value> at{index.loop(0)};
      Value isInside;
      for (int64_t i = 0; i < pool.spatial; ++i) {
        WindowDim dim = pool.window.getDim(i);
        int64_t offset = k[i] * dim.dilation - dim.padLow, last = inputSizes[i + 1] - 1;
        Value s = index.add(index.mul(index.loop(1 + i), dim.stride), offset);
        if (offset < 0 || (type.getDimSize(i + 1) - 1) * dim.stride + offset > last) {
          Value valid = index.inRange(s, 0, last + 1);
          isInside = isInside ? index.both(isInside, valid) : valid;
          s = index.clamp(s, 0, last);
        }
        at.push_back(s);
      }
      at.push_back(index.loop(pool.spatial + 1));
      Value value = tensor::ExtractOp::create(b, x, at);
      Value mine = arith::ConstantOp::create(b, b.getI32IntegerAttr(number));
      if (!best) {
        Value none = arith::ConstantOp::create(b, b.getI32IntegerAttr(-1));
        best = isInside ? math.select(isInside, value, math.constant(0.0)) : value;
        winner = isInside ? math.select(isInside, mine, none) : mine;
        continue;
      }
      // Larger, or NaN after a number, or the first inside.
      Value isLarger = arith::CmpFOp::create(b, arith::CmpFPredicate::UGT, value, best);
      Value bestIsNumber = arith::CmpFOp::create(b, arith::CmpFPredicate::ORD, best, best);
      Value wins = index.both(isLarger, bestIsNumber);
      Value isFirst = arith::CmpIOp::create(b, arith::CmpIPredicate::slt, winner,
                                            arith::ConstantOp::create(b, b.getI32IntegerAttr(0)));
      wins = arith::OrIOp::create(b, wins, isFirst);
      if (isInside)
        wins = index.both(wins, isInside);
      best = math.select(wins, value, best);
      winner = math.select(wins, mine, winner);
    }
    return winner;
  });
}

/// The same for any window, in two reductions: the largest value, which the forward pass has computed already, and the
/// smallest number of a position that holds it.
FailureOr<Value> findWinners(const Pool &pool, Value x, RankedTensorType type) {
  if (pool.positions() <= maxUnrolledWindow)
    return findWinnersUnrolled(pool, x, type);
  LinalgLowering &lowering = pool.lowering;
  FailureOr<Value> padded = lowering.padForWindow(x, pool.window, lowest);
  if (failed(padded))
    return failure();
  Value largest = combineMax(pool, *padded, type);
  int64_t none = pool.positions();
  Type numberType = llvm::isInt<32>(none) ? lowering.builder.getI32Type() : lowering.builder.getI64Type();
  Pool::WindowLoops maps = pool.loopOverWindow();
  Value sizes = lowering.empty(RankedTensorType::get(pool.window.getKernel(), type.getElementType()));
  Value init = lowering.filled(RankedTensorType::get(type.getShape(), numberType),
                               lowering.builder.getIntegerAttr(numberType, none));
  return lowering.accumulate(
      init, maps.written, {{*padded, maps.read}, {largest, maps.written}, {sizes, maps.kernel}},
      [&](ImplicitLocOpBuilder &b, ValueRange values) {
        FloatMath math(b, values[0]);
        IndexMath index(b);
        // Equal, or both NaN: the largest value is NaN if one of them is.
        Value isNaN = arith::CmpFOp::create(b, arith::CmpFPredicate::UNO, values[0], values[0]);
        Value isWinner = arith::OrIOp::create(b, math.equal(values[0], values[1]), isNaN);
        Value number;
        for (int64_t i = 0; i < pool.spatial; ++i) {
          WindowDim dim = pool.window.getDim(i);
          int64_t in = typeOf(x).getDimSize(i + 1);
          Value k = index.loop(1 + pool.spatial + i);
          if (dim.padLow > 0 || typeOf(*padded).getDimSize(i + 1) - dim.padLow > in) {
            Value at = index.add(index.mul(index.loop(1 + i), dim.stride), index.mul(k, dim.dilation));
            isWinner = index.both(isWinner, index.inRange(at, dim.padLow, dim.padLow + in));
          }
          number = number ? index.add(index.mul(number, dim.kernel), k) : k;
        }
        Value mine = arith::IndexCastOp::create(b, numberType, number);
        return arith::MinSIOp::create(b, values.back(), arith::SelectOp::create(b, isWinner, mine, values.back()))
            .getResult();
      });
}

LogicalResult lower(MaxPoolGradOp op, LinalgLowering &lowering) {
  Pool pool{lowering, op.getWindow()};
  Layout layout = channelsLast(pool.spatial + 2);
  RankedTensorType type = LinalgLowering::lowerType(op.getType(), layout);
  Value dy = lowering.get(op.getOutputGrad(), layout);
  FailureOr<Value> winners = findWinners(pool, lowering.get(op.getInput(), layout), typeOf(dy));
  if (failed(winners))
    return failure();
  Value dx = pool.gather(type, typeOf(dy).getShape().drop_front().drop_back(), {*winners, dy},
                         [&](ImplicitLocOpBuilder &b, ValueRange elements, Value number) {
                           FloatMath math(b, elements[1]);
                           Value mine = arith::IndexCastOp::create(b, elements[0].getType(), number);
                           Value isMine = IndexMath(b).equal(elements[0], mine);
                           return math.select(isMine, elements[1], math.constant(0.0));
                         });
  lowering.set(op.getInputGrad(), dx, layout);
  return success();
}

} // namespace

FamilyResult lowerPoolOp(LinalgLowering &lowering, Operation *op) {
  return TypeSwitch<Operation *, FamilyResult>(op)
      .Case<MaxPoolOp, AvgPoolOp, MaxPoolGradOp, AvgPoolGradOp>(
          [&](auto op) -> FamilyResult { return lower(op, lowering); })
      .Default([](Operation *) { return std::nullopt; });
}

} // namespace cnn
