// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Normalizations and dropout, with the channels innermost.
//
// Batch normalization is y = a*x + b with per-channel a and b, worked out once: a = scale / sqrt(variance + epsilon),
// b = shift - mean*a. Statistics take two passes, mean and then the squares of the distances to it.
//
// Dropout computes the random number of each element from its number, so that it does not depend on the order or the
// number of threads. Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3", Philox4x32-10.

#include "passes/LinalgLowering.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/TypeSwitch.h"
#include <cmath>

using namespace mlir;

namespace cnn {
namespace {

/// The shapes of a normalization over channels: x is [B, S.., C].
struct PerChannel {
  LinalgLowering &lowering;
  Layout layout;
  RankedTensorType type, channelType;
  AffineMap all, channel, each;

  PerChannel(LinalgLowering &lowering, Value x) : lowering(lowering) {
    layout = channelsLast(cast<RankedTensorType>(x.getType()).getRank());
    type = LinalgLowering::lowerType(x.getType(), layout);
    channelType = RankedTensorType::get({type.getShape().back()}, type.getElementType());
    all = lowering.identityMap(type.getRank());
    channel = lowering.loopMap(type.getRank(), {type.getRank() - 1});
    each = lowering.identityMap(1);
  }
  /// The sum of body(inputs..) over everything but the channels.
  Value sum(ArrayRef<LoopInput> inputs, PointBody body) {
    return lowering.reduce(channelType, {type.getRank() - 1}, 0.0, inputs, body,
                           [](ImplicitLocOpBuilder &b, ValueRange x) { return FloatMath(b, x[0]).add(x[0], x[1]); });
  }
  /// body(inputs..) for each channel.
  Value perChannel(ArrayRef<Value> tensors, PointBody body) {
    SmallVector<LoopInput> inputs;
    for (Value tensor : tensors)
      inputs.push_back({tensor, each});
    return lowering.forEach(channelType, inputs, body);
  }
  Value count() { return lowering.countPerResult(type, channelType, type.getElementType()); }
  /// a*x + b
  Value scaleAndShift(Value x, Value a, Value b) {
    return lowering.forEach(type, {{x, all}, {a, channel}, {b, channel}},
                            [](ImplicitLocOpBuilder &builder, ValueRange x) {
                              FloatMath math(builder, x[0]);
                              return math.add(math.mul(x[0], x[1]), x[2]);
                            });
  }
  /// shift - mean*a
  Value offset(Value shift, Value mean, Value a) {
    return perChannel({shift, mean, a}, [](ImplicitLocOpBuilder &b, ValueRange x) {
      FloatMath math(b, x[0]);
      return math.sub(x[0], math.mul(x[1], x[2]));
    });
  }
};

LogicalResult lower(BatchNormOp op, LinalgLowering &lowering) {
  PerChannel channels(lowering, op.getInput());
  double epsilon = op.getEpsilon().convertToDouble();
  Value a = channels.perChannel({lowering.get(op.getScale()), lowering.get(op.getVariance())},
                                [&](ImplicitLocOpBuilder &b, ValueRange x) {
                                  FloatMath math(b, x[0]);
                                  return math.div(x[0], math.sqrt(math.add(x[1], math.constant(epsilon))));
                                });
  Value b = channels.offset(lowering.get(op.getShift()), lowering.get(op.getMean()), a);
  Value y = channels.scaleAndShift(lowering.getChannelsLast(op.getInput()), a, b);
  lowering.set(op.getOutput(), y, channels.layout);
  return success();
}

LogicalResult lower(BatchNormTrainOp op, LinalgLowering &lowering) {
  PerChannel channels(lowering, op.getInput());
  double epsilon = op.getEpsilon().convertToDouble(), momentum = op.getMomentum().convertToDouble();
  Value x = lowering.getChannelsLast(op.getInput());
  Value n = channels.count();
  Value total = channels.sum({{x, channels.all}}, [](ImplicitLocOpBuilder &, ValueRange x) { return x[0]; });
  Value mean = channels.perChannel(
      {total}, [&](ImplicitLocOpBuilder &b, ValueRange x) { return FloatMath(b, x[0]).div(x[0], n); });
  Value squares =
      channels.sum({{x, channels.all}, {mean, channels.channel}}, [](ImplicitLocOpBuilder &b, ValueRange x) {
        FloatMath math(b, x[0]);
        Value distance = math.sub(x[0], x[1]);
        return math.mul(distance, distance);
      });
  Value invStd = channels.perChannel({squares}, [&](ImplicitLocOpBuilder &b, ValueRange x) {
    FloatMath math(b, x[0]);
    Value variance = math.add(math.div(x[0], n), math.constant(epsilon));
    return math.div(math.constant(1.0), math.sqrt(variance));
  });
  Value a = channels.perChannel({lowering.get(op.getScale()), invStd}, [](ImplicitLocOpBuilder &b, ValueRange x) {
    return FloatMath(b, x[0]).mul(x[0], x[1]);
  });
  Value y = channels.scaleAndShift(x, a, channels.offset(lowering.get(op.getShift()), mean, a));
  auto blend = [&](FloatMath &math, Value running, Value batch) {
    return math.add(math.mul(running, 1.0 - momentum), math.mul(batch, momentum));
  };
  Value newMean =
      channels.perChannel({lowering.get(op.getRunningMean()), mean}, [&](ImplicitLocOpBuilder &b, ValueRange x) {
        FloatMath math(b, x[0]);
        return blend(math, x[0], x[1]);
      });
  Value newVariance =
      channels.perChannel({lowering.get(op.getRunningVariance()), squares}, [&](ImplicitLocOpBuilder &b, ValueRange x) {
        FloatMath math(b, x[0]);
        Value one = math.constant(1.0);
        Value divisor = math.max(math.sub(n, one), one); // n - 1, or n = 1
        return blend(math, x[0], math.div(x[1], divisor));
      });
  lowering.set(op.getOutput(), y, channels.layout);
  lowering.set(op.getMean(), mean, identityLayout(1));
  lowering.set(op.getInvStd(), invStd, identityLayout(1));
  lowering.set(op.getNewRunningMean(), newMean, identityLayout(1));
  lowering.set(op.getNewRunningVariance(), newVariance, identityLayout(1));
  return success();
}

LogicalResult lower(BatchNormGradOp op, LinalgLowering &lowering) {
  PerChannel channels(lowering, op.getInput());
  Value x = lowering.getChannelsLast(op.getInput()), dy = lowering.getChannelsLast(op.getOutputGrad());
  Value scale = lowering.get(op.getScale()), mean = lowering.get(op.getMean()), invStd = lowering.get(op.getInvStd());
  Value n = channels.count();
  Value dshift = channels.sum({{dy, channels.all}}, [](ImplicitLocOpBuilder &, ValueRange x) { return x[0]; });
  Value product = channels.sum({{dy, channels.all}, {x, channels.all}, {mean, channels.channel}},
                               [](ImplicitLocOpBuilder &b, ValueRange x) {
                                 FloatMath math(b, x[0]);
                                 return math.mul(x[0], math.sub(x[1], x[2]));
                               });
  Value dscale = channels.perChannel(
      {product, invStd}, [](ImplicitLocOpBuilder &b, ValueRange x) { return FloatMath(b, x[0]).mul(x[0], x[1]); });
  // dx = a*(dy - u - (x - mean)*v) with a = scale*invStd, u = dshift/n, v = invStd*dscale/n
  Value a = channels.perChannel(
      {scale, invStd}, [](ImplicitLocOpBuilder &b, ValueRange x) { return FloatMath(b, x[0]).mul(x[0], x[1]); });
  Value u = channels.perChannel({dshift},
                                [&](ImplicitLocOpBuilder &b, ValueRange x) { return FloatMath(b, x[0]).div(x[0], n); });
  Value v = channels.perChannel({dscale, invStd}, [&](ImplicitLocOpBuilder &b, ValueRange x) {
    FloatMath math(b, x[0]);
    return math.div(math.mul(x[0], x[1]), n);
  });
  AffineMap all = channels.all, channel = channels.channel;
  Value dx =
      lowering.forEach(channels.type, {{dy, all}, {x, all}, {mean, channel}, {a, channel}, {u, channel}, {v, channel}},
                       [](ImplicitLocOpBuilder &b, ValueRange x) {
                         FloatMath math(b, x[0]);
                         Value inner = math.sub(math.sub(x[0], x[4]), math.mul(math.sub(x[1], x[2]), x[5]));
                         return math.mul(x[3], inner);
                       });
  lowering.set(op.getInputGrad(), dx, channels.layout);
  lowering.set(op.getScaleGrad(), dscale, identityLayout(1));
  lowering.set(op.getShiftGrad(), dshift, identityLayout(1));
  return success();
}

//===-- Local response normalization ------------------------------------------------------------------------------===//

/// t^-exponent for t > 0.
Value inversePower(FloatMath &math, Value t, double exponent) {
  Value one = math.constant(1.0);
  double whole = std::floor(exponent), part = exponent - whole;
  if (exponent < 0 || whole > 4 || (part != 0 && part != 0.25 && part != 0.5 && part != 0.75))
    return math.exp(math.mul(math.log(t), -exponent));
  // Roots are cheaper and more exact; 3/4 is what everybody uses.
  Value power;
  auto times = [&](Value factor) { power = power ? math.mul(power, factor) : factor; };
  for (int64_t i = 0; i < whole; ++i)
    times(t);
  if (part >= 0.5)
    times(math.sqrt(t));
  if (part == 0.25 || part == 0.75)
    times(math.sqrt(math.sqrt(t)));
  return power ? math.div(one, power) : one;
}

/// A tensor with the channels around those at both ends, which are zeros.
struct AroundChannels {
  PerChannel &channels;
  int64_t size; // how many channels are around each one, with itself
  Value padded;

  static FailureOr<AroundChannels> of(PerChannel &channels, Value x, int64_t size) {
    SmallVector<int64_t> amount(channels.type.getRank(), 0);
    amount.back() = size / 2;
    FailureOr<Value> padded = channels.lowering.pad(x, amount, amount, 0.0);
    if (failed(padded))
      return failure();
    return AroundChannels{channels, size, *padded};
  }

  /// What is so far behind the first channel around each one. The tensor itself is read in this way, too: then whatever
  /// makes it writes it in between the zeros.
  LoopInput at(AffineExpr offset, int64_t rank) const {
    SmallVector<AffineExpr> exprs(channels.all.getResults());
    exprs.back() = exprs.back() + offset;
    return {padded, AffineMap::get(rank, 0, exprs, channels.lowering.builder.getContext())};
  }
  LoopInput itself() const {
    return at(channels.lowering.builder.getAffineConstantExpr(size / 2), channels.type.getRank());
  }

  /// The sum of body(value) over the channels around each one.
  Value sum(function_ref<Value(FloatMath &, Value)> body) const {
    LinalgLowering &lowering = channels.lowering;
    int64_t rank = channels.type.getRank();
    if (size <= 16) {
      SmallVector<LoopInput> inputs;
      for (int64_t i = 0; i < size; ++i)
        inputs.push_back(at(lowering.builder.getAffineConstantExpr(i), rank));
      return lowering.forEach(channels.type, inputs, [&](ImplicitLocOpBuilder &b, ValueRange x) {
        FloatMath math(b, x[0]);
        Value sum = body(math, x[0]);
        for (Value value : x.drop_front())
          sum = math.add(sum, body(math, value));
        return sum;
      });
    }
    Value sizes = lowering.empty(RankedTensorType::get({size}, channels.type.getElementType()));
    return lowering.accumulate(
        lowering.filled(channels.type, 0.0), lowering.loopMap(rank + 1, llvm::to_vector(llvm::seq<int64_t>(0, rank))),
        {at(lowering.builder.getAffineDimExpr(rank), rank + 1), {sizes, lowering.loopMap(rank + 1, {rank})}},
        [&](ImplicitLocOpBuilder &b, ValueRange x) {
          FloatMath math(b, x[0]);
          return math.add(x[2], body(math, x[0]));
        });
  }
};

/// k + alpha/size * sum of squares.
Value lrnScale(FloatMath &math, Value squares, double alphaPerSize, double k) {
  return math.add(math.mul(squares, alphaPerSize), math.constant(k));
}

Value square(FloatMath &math, Value x) { return math.mul(x, x); }

LogicalResult lower(LrnOp op, LinalgLowering &lowering) {
  PerChannel channels(lowering, op.getInput());
  int64_t size = op.getSize();
  double beta = op.getBeta().convertToDouble(), k = op.getK().convertToDouble();
  double alphaPerSize = op.getAlpha().convertToDouble() / size;
  FailureOr<AroundChannels> x = AroundChannels::of(channels, lowering.getChannelsLast(op.getInput()), size);
  if (failed(x))
    return failure();
  Value y = lowering.forEach(channels.type, {{x->sum(square), channels.all}, x->itself()},
                             [&](ImplicitLocOpBuilder &b, ValueRange v) {
                               FloatMath math(b, v[0]);
                               return math.mul(v[1], inversePower(math, lrnScale(math, v[0], alphaPerSize, k), beta));
                             });
  lowering.set(op.getOutput(), y, channels.layout);
  return success();
}

/// dx = dy*t^-beta - 2*alpha*beta/size * x * sum around of dy*x*t^(-beta - 1), since the window is symmetric.
LogicalResult lower(LrnGradOp op, LinalgLowering &lowering) {
  PerChannel channels(lowering, op.getInput());
  int64_t size = op.getSize();
  double beta = op.getBeta().convertToDouble(), k = op.getK().convertToDouble();
  double alphaPerSize = op.getAlpha().convertToDouble() / size;
  Value dy = lowering.getChannelsLast(op.getOutputGrad());
  AffineMap all = channels.all;
  FailureOr<AroundChannels> x = AroundChannels::of(channels, lowering.getChannelsLast(op.getInput()), size);
  if (failed(x))
    return failure();
  Value squares = x->sum(square);
  Value weighted = lowering.forEach(channels.type, {{squares, all}, x->itself(), {dy, all}},
                                    [&](ImplicitLocOpBuilder &b, ValueRange v) {
                                      FloatMath math(b, v[0]);
                                      Value t = lrnScale(math, v[0], alphaPerSize, k);
                                      return math.mul(math.mul(v[1], v[2]), inversePower(math, t, beta + 1));
                                    });
  FailureOr<AroundChannels> around = AroundChannels::of(channels, weighted, size);
  if (failed(around))
    return failure();
  Value sum = around->sum([](FloatMath &, Value v) { return v; });
  Value dx = lowering.forEach(channels.type, {{squares, all}, x->itself(), {dy, all}, {sum, all}},
                              [&](ImplicitLocOpBuilder &b, ValueRange v) {
                                FloatMath math(b, v[0]);
                                Value t = lrnScale(math, v[0], alphaPerSize, k);
                                Value direct = math.mul(v[2], inversePower(math, t, beta));
                                return math.sub(direct, math.mul(math.mul(v[1], v[3]), 2 * alphaPerSize * beta));
                              });
  lowering.set(op.getInputGrad(), dx, channels.layout);
  return success();
}

//===-- Dropout ---------------------------------------------------------------------------------------------------===//

/// Arithmetic on 32-bit words that are kept in i64.
struct Words {
  ImplicitLocOpBuilder &b;
  Value constant(uint64_t value) { return arith::ConstantOp::create(b, b.getI64IntegerAttr(value)); }
  Value low(Value a) { return arith::AndIOp::create(b, a, constant(0xFFFFFFFFu)); }
  Value high(Value a) { return arith::ShRUIOp::create(b, a, constant(32)); }
  Value mix(Value a, Value c, Value d) { return arith::XOrIOp::create(b, arith::XOrIOp::create(b, a, c), d); }
};

/// Lane `element mod 4` of block `element / 4`.
Value philox(ImplicitLocOpBuilder &b, Value element, Value seed, Value step, int64_t site) {
  Words words{b};
  Value block = arith::ShRUIOp::create(b, element, words.constant(2));
  Value counter[4] = {words.low(block), words.high(block), words.constant(static_cast<uint32_t>(site)),
                      words.low(step)};
  Value key[2] = {words.low(seed), words.high(seed)};
  for (int round = 0; round < 10; ++round) {
    Value product0 = arith::MulIOp::create(b, words.constant(0xD2511F53), counter[0]);
    Value product1 = arith::MulIOp::create(b, words.constant(0xCD9E8D57), counter[2]);
    Value next0 = words.mix(words.high(product1), counter[1], key[0]);
    Value next2 = words.mix(words.high(product0), counter[3], key[1]);
    counter[0] = next0;
    counter[1] = words.low(product1);
    counter[2] = next2;
    counter[3] = words.low(product0);
    key[0] = words.low(arith::AddIOp::create(b, key[0], words.constant(0x9E3779B9)));
    key[1] = words.low(arith::AddIOp::create(b, key[1], words.constant(0xBB67AE85)));
  }
  Value lane = arith::AndIOp::create(b, element, words.constant(3));
  Value number = counter[3];
  for (int i = 2; i >= 0; --i) {
    Value isLane = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, lane, words.constant(i));
    number = arith::SelectOp::create(b, isLane, counter[i], number);
  }
  return number;
}

LogicalResult lower(DropoutOp op, LinalgLowering &lowering) {
  Layout layout = lowering.layoutOf(op.getInput());
  auto canonical = cast<RankedTensorType>(op.getType());
  RankedTensorType type = LinalgLowering::lowerType(canonical, layout);
  double rate = op.getRate().convertToDouble();
  Value key = lowering.get(op.getKey());
  AffineMap all = lowering.identityMap(layout.size());
  Value y = lowering.forEach(type, {{lowering.get(op.getInput()), all}}, [&](ImplicitLocOpBuilder &b, ValueRange x) {
    IndexMath index(b);
    // The number of the element in the order of the cnn dialect.
    Value element;
    for (int64_t dim = 0; dim < canonical.getRank(); ++dim) {
      Value at = index.loop(llvm::find(layout, dim) - layout.begin());
      element = element ? index.add(index.mul(element, canonical.getDimSize(dim)), at) : at;
    }
    element = element ? element : index.constant(0);
    element = arith::IndexCastOp::create(b, b.getI64Type(), element);
    Value seed = tensor::ExtractOp::create(b, key, ValueRange{index.constant(0)});
    Value step = tensor::ExtractOp::create(b, key, ValueRange{index.constant(1)});
    Value number = philox(b, element, seed, step, op.getSite());
    Value threshold = arith::ConstantOp::create(b, b.getI64IntegerAttr(std::floor(rate * 4294967296.0)));
    Value isKept = arith::CmpIOp::create(b, arith::CmpIPredicate::uge, number, threshold);
    FloatMath math(b, x[0]);
    return math.select(isKept, math.mul(x[0], 1.0 / (1.0 - rate)), math.constant(0.0));
  });
  lowering.set(op.getOutput(), y, layout);
  return success();
}

} // namespace

FamilyResult lowerNormOp(LinalgLowering &lowering, Operation *op) {
  return TypeSwitch<Operation *, FamilyResult>(op)
      .Case<BatchNormOp, BatchNormTrainOp, BatchNormGradOp, LrnOp, LrnGradOp, DropoutOp>(
          [&](auto op) -> FamilyResult { return lower(op, lowering); })
      .Default([](Operation *) { return std::nullopt; });
}

} // namespace cnn
