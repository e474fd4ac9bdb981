// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Elementwise ops: one parallel linalg.generic each, in the storage layout of the first operand. A broadcast is an
// indexing map. Math functions stay ops of the math dialect; a back end chooses how to compute them.

#include "passes/LinalgLowering.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "llvm/ADT/TypeSwitch.h"
#include <cmath>

using namespace mlir;

namespace cnn {
namespace {

// LeCun, Bottou, Orr, Muller, "Efficient BackProp", 1998, section 4.4.
constexpr double scaledTanhHeight = 1.7159;
constexpr double scaledTanhSlope = 2.0 / 3.0;

Value sigmoid(ImplicitLocOpBuilder &b, Value x) {
  FloatMath math(b, x);
  Value one = math.constant(1.0);
  return math.div(one, math.add(one, math.exp(math.neg(x))));
}

/// f(x). NaN stays NaN.
Value applyUnary(ImplicitLocOpBuilder &b, UnaryKind kind, Value x, double alpha) {
  FloatMath math(b, x);
  Value zero = math.constant(0.0);
  switch (kind) {
  case UnaryKind::Relu:
    return math.select(math.less(x, zero), zero, x); // one instruction on x86
  case UnaryKind::LeakyRelu:
    return math.select(math.greater(x, zero), x, math.mul(x, alpha));
  case UnaryKind::Tanh:
    return math::TanhOp::create(b, x);
  case UnaryKind::ScaledTanh:
    return math.mul(math::TanhOp::create(b, math.mul(x, scaledTanhSlope)), scaledTanhHeight);
  case UnaryKind::Sigmoid:
    return sigmoid(b, x);
  case UnaryKind::Hardtanh: {
    Value low = math.constant(-1.0), high = math.constant(1.0);
    Value atLeast = math.select(math.less(x, low), low, x);
    return math.select(math.greater(atLeast, high), high, atLeast);
  }
  case UnaryKind::Softplus: { // without overflow: max(x, 0) + log(1 + exp(-|x|))
    Value magnitude = math::AbsFOp::create(b, x);
    Value tail = math::Log1pOp::create(b, math.exp(math.neg(magnitude)));
    return math.add(math.select(math.less(x, zero), zero, x), tail);
  }
  case UnaryKind::Abs:
    return math::AbsFOp::create(b, x);
  case UnaryKind::Sqrt:
    return math.sqrt(x);
  case UnaryKind::Square:
    return math.mul(x, x);
  case UnaryKind::Exp:
    return math.exp(x);
  case UnaryKind::Log:
    return math.log(x);
  case UnaryKind::Neg:
    return math.neg(x);
  case UnaryKind::Reciprocal:
    return math.div(math.constant(1.0), x);
  }
  llvm_unreachable("all kinds are handled");
}

/// f'(x) * dy, where v is f(x) or x, as gradReadsOutput(kind) says.
Value applyUnaryGradient(ImplicitLocOpBuilder &b, UnaryKind kind, Value v, Value dy, double alpha) {
  FloatMath math(b, v);
  Value zero = math.constant(0.0), one = math.constant(1.0);
  switch (kind) {
  case UnaryKind::Relu: // the same for f(x) and x
    return math.select(math.greater(v, zero), dy, zero);
  case UnaryKind::LeakyRelu:
    return math.select(math.greater(v, zero), dy, math.mul(dy, alpha));
  case UnaryKind::Tanh:
    return math.mul(math.sub(one, math.mul(v, v)), dy);
  case UnaryKind::ScaledTanh: { // slope * (height - y^2 / height)
    Value inner = math.sub(math.constant(scaledTanhHeight * scaledTanhSlope),
                           math.mul(math.mul(v, v), scaledTanhSlope / scaledTanhHeight));
    return math.mul(inner, dy);
  }
  case UnaryKind::Sigmoid:
    return math.mul(math.mul(v, math.sub(one, v)), dy);
  case UnaryKind::Hardtanh: { // the same for f(x) and x
    Value inside = math.less(math::AbsFOp::create(b, v), one);
    return math.select(inside, dy, zero);
  }
  case UnaryKind::Softplus:
    return math.mul(sigmoid(b, v), dy);
  case UnaryKind::Abs: {
    Value positive = math.select(math.greater(v, zero), dy, zero);
    return math.select(math.less(v, zero), math.neg(dy), positive);
  }
  case UnaryKind::Sqrt:
    return math.div(math.mul(dy, 0.5), v);
  case UnaryKind::Square:
    return math.mul(math.mul(v, 2.0), dy);
  case UnaryKind::Exp:
    return math.mul(v, dy);
  case UnaryKind::Log:
    return math.div(dy, v);
  case UnaryKind::Neg:
    return math.neg(dy);
  case UnaryKind::Reciprocal: // -1 / x^2
    return math.neg(math.mul(math.mul(v, v), dy));
  }
  llvm_unreachable("all kinds are handled");
}

Value applyBinary(ImplicitLocOpBuilder &b, BinaryKind kind, Value x, Value y) {
  FloatMath math(b, x);
  switch (kind) {
  case BinaryKind::Add:
    return math.add(x, y);
  case BinaryKind::Sub:
    return math.sub(x, y);
  case BinaryKind::Mul:
    return math.mul(x, y);
  case BinaryKind::Div:
    return math.div(x, y);
  case BinaryKind::Max:
    return math.max(x, y);
  case BinaryKind::Min:
    return math.min(x, y);
  }
  llvm_unreachable("all kinds are handled");
}

/// Rounds to nearest even and saturates; NaN becomes 0.
Value toInteger(ImplicitLocOpBuilder &b, Value x, IntegerType type, bool isUnsigned) {
  // In double, which holds all values of up to 32 bits, so that the bounds are exact.
  FloatMath math(b, b.getF64Type());
  if (x.getType().getIntOrFloatBitWidth() < 64)
    x = arith::ExtFOp::create(b, b.getF64Type(), x);
  unsigned width = type.getWidth();
  double low = isUnsigned ? 0.0 : -std::ldexp(1.0, width - 1);
  double limit = std::ldexp(1.0, isUnsigned ? width : width - 1); // the first that does not fit
  Value rounded = math::RoundEvenOp::create(b, x);
  Value isNumber = arith::CmpFOp::create(b, arith::CmpFPredicate::ORD, x, x);
  Value fits =
      arith::AndIOp::create(b, arith::CmpFOp::create(b, arith::CmpFPredicate::OGE, rounded, math.constant(low)),
                            math.less(rounded, math.constant(limit)));
  Value inside = math.select(fits, rounded, math.constant(0.0));
  Value converted = isUnsigned ? arith::FPToUIOp::create(b, type, inside).getResult()
                               : arith::FPToSIOp::create(b, type, inside).getResult();
  auto integer = [&](const APInt &value) { return arith::ConstantOp::create(b, b.getIntegerAttr(type, value)); };
  Value lowest = integer(isUnsigned ? APInt::getMinValue(width) : APInt::getSignedMinValue(width));
  Value highest = integer(isUnsigned ? APInt::getMaxValue(width) : APInt::getSignedMaxValue(width));
  Value isLow = math.less(rounded, math.constant(low));
  Value bound = arith::SelectOp::create(b, isLow, lowest, highest);
  Value saturated = arith::SelectOp::create(b, fits, converted, bound);
  return arith::SelectOp::create(b, isNumber, saturated, integer(APInt::getZero(width)));
}

Value applyCast(ImplicitLocOpBuilder &b, Value x, Type from, Type to) {
  Type type = LinalgLowering::lowerElementType(to);
  auto fromInteger = dyn_cast<IntegerType>(from);
  auto toIntegerType = dyn_cast<IntegerType>(to);
  if (fromInteger && !toIntegerType)
    return fromInteger.isUnsigned() ? arith::UIToFPOp::create(b, type, x).getResult()
                                    : arith::SIToFPOp::create(b, type, x).getResult();
  if (!fromInteger && toIntegerType)
    return toInteger(b, x, cast<IntegerType>(type), toIntegerType.isUnsigned());
  if (fromInteger && toIntegerType) {
    // Every integer type of the dialect is exact in f64, or is i64, which only narrows here.
    unsigned width = fromInteger.getWidth();
    if (width < toIntegerType.getWidth())
      return fromInteger.isUnsigned() ? arith::ExtUIOp::create(b, type, x).getResult()
                                      : arith::ExtSIOp::create(b, type, x).getResult();
    if (width == toIntegerType.getWidth())
      return x;
    bool isUnsigned = toIntegerType.isUnsigned();
    auto bound = [&](const APInt &value) {
      APInt wide = isUnsigned ? value.zext(width) : value.sext(width);
      return arith::ConstantOp::create(b, b.getIntegerAttr(x.getType(), wide));
    };
    unsigned narrow = toIntegerType.getWidth();
    Value lowest = bound(isUnsigned ? APInt::getMinValue(narrow) : APInt::getSignedMinValue(narrow));
    Value highest = bound(isUnsigned ? APInt::getMaxValue(narrow) : APInt::getSignedMaxValue(narrow));
    x = arith::MinSIOp::create(b, arith::MaxSIOp::create(b, x, lowest), highest);
    return arith::TruncIOp::create(b, type, x);
  }
  unsigned width = x.getType().getIntOrFloatBitWidth(), toWidth = to.getIntOrFloatBitWidth(); // x is f32 at least
  if (width == toWidth)
    return x;
  return width < toWidth ? arith::ExtFOp::create(b, type, x).getResult()
                         : arith::TruncFOp::create(b, type, x).getResult();
}

/// The map by which a loop nest over `to` (a tensor in layout `toLayout`) reads `value`, whose dimension i runs along
/// dimension axes[i] of `to`.
AffineMap broadcastMap(LinalgLowering &lowering, ArrayRef<int64_t> toLayout, ArrayRef<int64_t> axes, Value value) {
  SmallVector<int64_t> loops;
  for (int64_t dim : lowering.layoutOf(value))
    loops.push_back(llvm::find(toLayout, axes[dim]) - toLayout.begin());
  return lowering.loopMap(toLayout.size(), loops);
}

LogicalResult lower(ConstantOp op, LinalgLowering &lowering) {
  RankedTensorType type = LinalgLowering::lowerType(op.getType(), identityLayout(op.getType().getRank()));
  ElementsAttr value = op.getValue();
  if (value.getShapedType() != type) { // the same bytes, without a sign
    if (auto dense = dyn_cast<DenseElementsAttr>(value))
      value = dense.bitcast(type.getElementType());
    else if (auto resource = dyn_cast<DenseResourceElementsAttr>(value))
      value = DenseResourceElementsAttr::get(type, resource.getRawHandle());
    else
      return op.emitError("a constant of ") << op.getType() << " must be dense";
  }
  Value constant = arith::ConstantOp::create(lowering.builder, cast<TypedAttr>(value));
  lowering.set(op.getResult(), constant, identityLayout(type.getRank()));
  return success();
}

LogicalResult lower(UnaryOp op, LinalgLowering &lowering) {
  Layout layout = lowering.layoutOf(op.getInput());
  double alpha = op.getAlpha().convertToDouble();
  Value result =
      lowering.forEach(LinalgLowering::lowerType(op.getType(), layout),
                       {{lowering.get(op.getInput()), lowering.identityMap(layout.size())}},
                       [&](ImplicitLocOpBuilder &b, ValueRange x) { return applyUnary(b, op.getKind(), x[0], alpha); });
  lowering.set(op.getOutput(), result, layout);
  return success();
}

LogicalResult lower(UnaryGradOp op, LinalgLowering &lowering) {
  Layout layout = lowering.layoutOf(op.getValue());
  double alpha = op.getAlpha().convertToDouble();
  AffineMap map = lowering.identityMap(layout.size());
  Value result = lowering.forEach(
      LinalgLowering::lowerType(op.getType(), layout),
      {{lowering.get(op.getValue()), map}, {lowering.get(op.getOutputGrad(), layout), map}},
      [&](ImplicitLocOpBuilder &b, ValueRange x) { return applyUnaryGradient(b, op.getKind(), x[0], x[1], alpha); });
  lowering.set(op.getInputGrad(), result, layout);
  return success();
}

LogicalResult lower(BinaryOp op, LinalgLowering &lowering) {
  Layout layout = lowering.layoutOf(op.getLhs());
  // Operands of one shape are brought into one layout, so that the loops run along both.
  bool isBroadcast = op.getAxes().size() != layout.size();
  Value rhs = isBroadcast ? lowering.get(op.getRhs()) : lowering.get(op.getRhs(), layout);
  AffineMap identity = lowering.identityMap(layout.size());
  AffineMap rhsMap = isBroadcast ? broadcastMap(lowering, layout, op.getAxes(), op.getRhs()) : identity;
  Value result = lowering.forEach(
      LinalgLowering::lowerType(op.getType(), layout), {{lowering.get(op.getLhs()), identity}, {rhs, rhsMap}},
      [&](ImplicitLocOpBuilder &b, ValueRange x) { return applyBinary(b, op.getKind(), x[0], x[1]); });
  lowering.set(op.getOutput(), result, layout);
  return success();
}

LogicalResult lower(BroadcastOp op, LinalgLowering &lowering) {
  Layout layout = lowering.layoutOf(op.getLike());
  AffineMap map = broadcastMap(lowering, layout, op.getAxes(), op.getInput());
  Value result = lowering.forEach(LinalgLowering::lowerType(op.getType(), layout), {{lowering.get(op.getInput()), map}},
                                  [](ImplicitLocOpBuilder &, ValueRange x) { return x[0]; });
  lowering.set(op.getOutput(), result, layout);
  return success();
}

LogicalResult lower(CastOp op, LinalgLowering &lowering) {
  Layout layout = lowering.layoutOf(op.getInput());
  Type from = cast<RankedTensorType>(op.getInput().getType()).getElementType();
  Type to = cast<RankedTensorType>(op.getType()).getElementType();
  if (isa<FloatType>(from) && to.isF32() && from.getIntOrFloatBitWidth() < 32) { // who reads it widens it
    lowering.set(op.getOutput(), lowering.get(op.getInput()), layout);
    return success();
  }
  Value result = lowering.forEach(LinalgLowering::lowerType(op.getType(), layout),
                                  {{lowering.get(op.getInput()), lowering.identityMap(layout.size())}},
                                  [&](ImplicitLocOpBuilder &b, ValueRange x) { return applyCast(b, x[0], from, to); });
  lowering.set(op.getOutput(), result, layout);
  return success();
}

} // namespace

FamilyResult lowerElementwiseOp(LinalgLowering &lowering, Operation *op) {
  return TypeSwitch<Operation *, FamilyResult>(op)
      .Case<ConstantOp, UnaryOp, UnaryGradOp, BinaryOp, BroadcastOp, CastOp>(
          [&](auto op) -> FamilyResult { return lower(op, lowering); })
      .Default([](Operation *) { return std::nullopt; });
}

} // namespace cnn
