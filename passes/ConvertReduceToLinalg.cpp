// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reductions, and the softmax family that is made of them. The loops run in the order of the storage; a sum over the
// innermost dimension may be reordered by the vectorizer, never by the number of threads.

#include "passes/LinalgLowering.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/TypeSwitch.h"
#include <limits>

using namespace mlir;

namespace cnn {

Value LinalgLowering::countPerResult(RankedTensorType from, RankedTensorType to, Type floatType) {
  int64_t count = 1;
  bool hasBatch = false;
  for (int64_t size : from.getShape())
    ShapedType::isDynamic(size) ? void(hasBatch = true) : void(count *= size);
  for (int64_t size : to.getShape())
    ShapedType::isDynamic(size) ? void(hasBatch = false) : void(count /= size);
  if (!hasBatch)
    return arith::ConstantOp::create(builder, builder.getFloatAttr(floatType, count));
  Value total = arith::MulIOp::create(builder, batch, arith::ConstantIndexOp::create(builder, count));
  Value integer = arith::IndexCastOp::create(builder, builder.getI64Type(), total);
  return arith::SIToFPOp::create(builder, floatType, integer);
}

namespace {

/// The channels of a softmax: reads and writes in channels-last order.
struct Channels {
  LinalgLowering &lowering;
  RankedTensorType type;   // [B, S.., C]
  RankedTensorType column; // [B, S..]
  AffineMap all, outer;

  Channels(LinalgLowering &lowering, Value value)
      : lowering(lowering), type(LinalgLowering::lowerType(
                                value.getType(), channelsLast(cast<RankedTensorType>(value.getType()).getRank()))) {
    column = RankedTensorType::get(type.getShape().drop_back(), type.getElementType());
    all = lowering.identityMap(type.getRank());
    outer = all.dropResult(type.getRank() - 1);
  }

  Value max(Value x) {
    return lowering.accumulate(
        lowering.filled(column, -std::numeric_limits<double>::infinity()), outer, {{x, all}},
        [](ImplicitLocOpBuilder &b, ValueRange x) { return FloatMath(b, x[0]).max(x[0], x[1]); });
  }
  /// The sum of body(inputs..) over the channels.
  Value sum(ArrayRef<LoopInput> inputs, PointBody body) {
    return lowering.accumulate(lowering.filled(column, 0.0), outer, inputs, [&](ImplicitLocOpBuilder &b, ValueRange x) {
      Value value = body(b, x.drop_back());
      return FloatMath(b, value).addInAnyOrder(x.back(), value);
    });
  }
  Value sumExp(Value x, Value max) {
    return sum({{x, all}, {max, outer}}, [](ImplicitLocOpBuilder &b, ValueRange x) {
      FloatMath math(b, x[0]);
      return math.exp(math.sub(x[0], x[1]));
    });
  }
};

LogicalResult lower(ReduceOp op, LinalgLowering &lowering) {
  auto inputType = cast<RankedTensorType>(op.getInput().getType());
  Layout layout = lowering.layoutOf(op.getInput());
  Value x = lowering.get(op.getInput());
  int64_t rank = layout.size();

  // The kept dimensions, in the order of the storage.
  Layout resultLayout;
  SmallVector<int64_t> kept;
  for (auto [loop, dim] : llvm::enumerate(layout))
    if (const int64_t *position = llvm::find(op.getKeep(), dim); position != op.getKeep().end()) {
      resultLayout.push_back(position - op.getKeep().begin());
      kept.push_back(loop);
    }
  RankedTensorType type = LinalgLowering::lowerType(op.getType(), resultLayout);
  bool isMax = op.getKind() == ReduceKind::Max;
  double start = isMax ? -std::numeric_limits<double>::infinity() : 0.0;
  bool isInnermost = rank > 0 && !llvm::is_contained(kept, rank - 1);
  Value result = lowering.reduce(
      type, kept, start, {{x, lowering.identityMap(rank)}}, [](ImplicitLocOpBuilder &, ValueRange x) { return x[0]; },
      [&](ImplicitLocOpBuilder &b, ValueRange x) {
        FloatMath math(b, x[0]);
        if (isMax)
          return math.max(x[0], x[1]);
        return isInnermost ? math.addInAnyOrder(x[0], x[1]) : math.add(x[0], x[1]);
      });
  if (op.getKind() == ReduceKind::Mean) {
    Value count = lowering.countPerResult(inputType, cast<RankedTensorType>(op.getType()), type.getElementType());
    result =
        lowering.forEach(type, {{result, lowering.identityMap(type.getRank())}},
                         [&](ImplicitLocOpBuilder &b, ValueRange x) { return FloatMath(b, x[0]).div(x[0], count); });
  }
  lowering.set(op.getOutput(), result, resultLayout);
  return success();
}

LogicalResult lower(SoftmaxOp op, LinalgLowering &lowering) {
  Channels channels(lowering, op.getInput());
  Value x = lowering.getChannelsLast(op.getInput());
  Value max = channels.max(x);
  Value exp = lowering.forEach(channels.type, {{x, channels.all}, {max, channels.outer}},
                               [](ImplicitLocOpBuilder &b, ValueRange x) {
                                 FloatMath math(b, x[0]);
                                 return math.exp(math.sub(x[0], x[1]));
                               });
  Value sum = channels.sum({{exp, channels.all}}, [](ImplicitLocOpBuilder &, ValueRange x) { return x[0]; });
  Value result =
      lowering.forEach(channels.type, {{exp, channels.all}, {sum, channels.outer}},
                       [](ImplicitLocOpBuilder &b, ValueRange x) { return FloatMath(b, x[0]).div(x[0], x[1]); });
  lowering.set(op.getOutput(), result, channelsLast(channels.type.getRank()));
  return success();
}

LogicalResult lower(LogSoftmaxOp op, LinalgLowering &lowering) {
  Channels channels(lowering, op.getInput());
  Value x = lowering.getChannelsLast(op.getInput());
  Value max = channels.max(x);
  Value sum = channels.sumExp(x, max);
  Value normalizer = lowering.forEach(
      channels.column,
      {{max, lowering.identityMap(channels.column.getRank())}, {sum, lowering.identityMap(channels.column.getRank())}},
      [](ImplicitLocOpBuilder &b, ValueRange x) {
        FloatMath math(b, x[0]);
        return math.add(x[0], math.log(x[1]));
      });
  Value result =
      lowering.forEach(channels.type, {{x, channels.all}, {normalizer, channels.outer}},
                       [](ImplicitLocOpBuilder &b, ValueRange x) { return FloatMath(b, x[0]).sub(x[0], x[1]); });
  lowering.set(op.getOutput(), result, channelsLast(channels.type.getRank()));
  return success();
}

LogicalResult lower(SoftmaxGradOp op, LinalgLowering &lowering) {
  Channels channels(lowering, op.getOutput());
  Value y = lowering.getChannelsLast(op.getOutput()), dy = lowering.getChannelsLast(op.getOutputGrad());
  Value sum = channels.sum({{y, channels.all}, {dy, channels.all}},
                           [](ImplicitLocOpBuilder &b, ValueRange x) { return FloatMath(b, x[0]).mul(x[0], x[1]); });
  Value result = lowering.forEach(channels.type, {{y, channels.all}, {dy, channels.all}, {sum, channels.outer}},
                                  [](ImplicitLocOpBuilder &b, ValueRange x) {
                                    FloatMath math(b, x[0]);
                                    return math.mul(x[0], math.sub(x[1], x[2]));
                                  });
  lowering.set(op.getInputGrad(), result, channelsLast(channels.type.getRank()));
  return success();
}

LogicalResult lower(LogSoftmaxGradOp op, LinalgLowering &lowering) {
  Channels channels(lowering, op.getOutput());
  Value y = lowering.getChannelsLast(op.getOutput()), dy = lowering.getChannelsLast(op.getOutputGrad());
  Value sum = channels.sum({{dy, channels.all}}, [](ImplicitLocOpBuilder &, ValueRange x) { return x[0]; });
  Value result = lowering.forEach(channels.type, {{y, channels.all}, {dy, channels.all}, {sum, channels.outer}},
                                  [](ImplicitLocOpBuilder &b, ValueRange x) {
                                    FloatMath math(b, x[0]);
                                    return math.sub(x[1], math.mul(math.exp(x[0]), x[2]));
                                  });
  lowering.set(op.getInputGrad(), result, channelsLast(channels.type.getRank()));
  return success();
}

//===-- Losses ----------------------------------------------------------------------------------------------------===//

/// The label of sample `b` as an index inside [0, classes), and whether it was one.
struct Label {
  Value index, isClass;
  Label(ImplicitLocOpBuilder &b, Value label, int64_t classes) {
    IndexMath math(b);
    Value number = arith::IndexCastOp::create(b, b.getIndexType(), label);
    isClass = math.inRange(number, 0, classes);
    index = math.clamp(number, 0, classes - 1);
  }
};

LogicalResult lower(CrossEntropyOp op, LinalgLowering &lowering) {
  Channels channels(lowering, op.getScores());
  Value scores = lowering.getWide(op.getScores(), identityLayout(2)), label = lowering.get(op.getLabel());
  int64_t classes = channels.type.getDimSize(1);
  Value max = channels.max(scores);
  Value sum = channels.sumExp(scores, max);
  AffineMap map = lowering.identityMap(1);
  Value loss = lowering.forEach(channels.column, {{max, map}, {sum, map}, {label, map}},
                                [&](ImplicitLocOpBuilder &b, ValueRange x) {
                                  FloatMath math(b, x[0]);
                                  Label label(b, x[2], classes);
                                  Value sample = IndexMath(b).loop(0);
                                  Value score = tensor::ExtractOp::create(b, scores, ValueRange{sample, label.index});
                                  Value loss = math.sub(math.add(x[0], math.log(x[1])), score);
                                  return math.select(label.isClass, loss, math.constant(0.0));
                                });
  lowering.set(op.getLoss(), loss, identityLayout(1));
  return success();
}

LogicalResult lower(CrossEntropyGradOp op, LinalgLowering &lowering) {
  Channels channels(lowering, op.getScores());
  Value scores = lowering.getWide(op.getScores(), identityLayout(2)), label = lowering.get(op.getLabel());
  int64_t classes = channels.type.getDimSize(1);
  Value max = channels.max(scores);
  Value sum = channels.sumExp(scores, max);
  AffineMap all = channels.all, outer = channels.outer;
  Value gradient = lowering.forEach(
      channels.type,
      {{scores, all}, {max, outer}, {sum, outer}, {label, outer}, {lowering.get(op.getLossGrad()), outer}},
      [&](ImplicitLocOpBuilder &b, ValueRange x) {
        FloatMath math(b, x[0]);
        IndexMath index(b);
        Label label(b, x[3], classes);
        Value probability = math.div(math.exp(math.sub(x[0], x[1])), x[2]);
        Value isLabel = index.equal(label.index, index.loop(1));
        Value difference = math.sub(probability, math.select(isLabel, math.constant(1.0), math.constant(0.0)));
        return math.select(label.isClass, math.mul(difference, x[4]), math.constant(0.0));
      });
  lowering.set(op.getScoresGrad(), gradient, identityLayout(2));
  return success();
}

LogicalResult lower(TopKHitOp op, LinalgLowering &lowering) {
  Channels channels(lowering, op.getScores());
  Value scores = lowering.getWide(op.getScores(), identityLayout(2)), labels = lowering.get(op.getLabel());
  int64_t classes = channels.type.getDimSize(1);
  // How many scores come before the label's. Small whole numbers are exact in every float type that is used here.
  Value before =
      channels.sum({{scores, channels.all}, {labels, channels.outer}}, [&](ImplicitLocOpBuilder &b, ValueRange x) {
        FloatMath math(b, x[0]);
        IndexMath index(b);
        Label label(b, x[1], classes);
        Value score = tensor::ExtractOp::create(b, scores, ValueRange{index.loop(0), label.index});
        Value isEarlier = arith::CmpIOp::create(b, arith::CmpIPredicate::slt, index.loop(1), label.index);
        Value isTie = index.both(math.equal(x[0], score), isEarlier);
        // Not "less or equal", which is false of NaN.
        Value isAbove = arith::CmpFOp::create(b, arith::CmpFPredicate::UGT, x[0], score);
        Value isBefore = arith::OrIOp::create(b, isAbove, isTie);
        return math.select(isBefore, math.constant(1.0), math.constant(0.0));
      });
  AffineMap map = lowering.identityMap(1);
  double k = op.getK();
  Value hit =
      lowering.forEach(channels.column, {{before, map}, {labels, map}}, [&](ImplicitLocOpBuilder &b, ValueRange x) {
        FloatMath math(b, x[0]);
        Label label(b, x[1], classes);
        Value isHit = IndexMath(b).both(label.isClass, math.less(x[0], math.constant(k)));
        return math.select(isHit, math.constant(1.0), math.constant(0.0));
      });
  lowering.set(op.getHit(), hit, identityLayout(1));
  return success();
}

} // namespace

FamilyResult lowerReduceOp(LinalgLowering &lowering, Operation *op) {
  return TypeSwitch<Operation *, FamilyResult>(op)
      .Case<ReduceOp, SoftmaxOp, LogSoftmaxOp, SoftmaxGradOp, LogSoftmaxGradOp, CrossEntropyOp, CrossEntropyGradOp,
            TopKHitOp>([&](auto op) -> FamilyResult { return lower(op, lowering); })
      .Default([](Operation *) { return std::nullopt; });
}

} // namespace cnn
