// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Folds of elementwise ops. A fold gives the same bits as the op would, whatever the values (rounding, signed zeros and
// infinities included; which NaN is left open): x - 0 is x, but x + 0 is not (-0 + 0 is +0). Functions that are
// approximated by the generated code (exp, tanh, ...) are not evaluated here: the result would depend on the host.

#include "ir/CnnDialect.h"

using namespace mlir;

namespace cnn {

/// The one value of a constant whose values are all the same.
static std::optional<APFloat> splatOf(Attribute attribute) {
  auto elements = dyn_cast_or_null<DenseElementsAttr>(attribute);
  if (!elements || !elements.isSplat() || !isa<FloatType>(elements.getElementType()))
    return std::nullopt;
  return elements.getSplatValue<APFloat>();
}

static APFloat literal(double value, const llvm::fltSemantics &semantics) {
  APFloat result(value);
  bool losesInfo;
  result.convert(semantics, APFloat::rmNearestTiesToEven, &losesInfo);
  return result;
}

static std::optional<APFloat> evaluate(UnaryKind kind, const APFloat &x, double alpha) {
  const llvm::fltSemantics &semantics = x.getSemantics();
  APFloat zero = APFloat::getZero(semantics), one = APFloat::getOne(semantics);
  switch (kind) {
  case UnaryKind::Relu:
    return x < zero ? zero : x; // as it is lowered: -0 and NaN stay
  case UnaryKind::LeakyRelu:
    return x > zero || x.isNaN() ? x : x * literal(alpha, semantics);
  case UnaryKind::Hardtanh:
    return llvm::minimum(llvm::maximum(x, llvm::neg(one)), one);
  case UnaryKind::Abs:
    return llvm::abs(x);
  case UnaryKind::Square:
    return x * x;
  case UnaryKind::Neg:
    return llvm::neg(x);
  case UnaryKind::Reciprocal:
    return one / x;
  default:
    return std::nullopt;
  }
}

static APFloat evaluate(BinaryKind kind, const APFloat &a, const APFloat &b) {
  switch (kind) {
  case BinaryKind::Add:
    return a + b;
  case BinaryKind::Sub:
    return a - b;
  case BinaryKind::Mul:
    return a * b;
  case BinaryKind::Div:
    return a / b;
  case BinaryKind::Max:
    return llvm::maximum(a, b);
  case BinaryKind::Min:
    return llvm::minimum(a, b);
  }
  llvm_unreachable("unknown binary kind");
}

/// Whether `x kind value` is x for every x.
static bool isNeutral(BinaryKind kind, const APFloat &value) {
  switch (kind) {
  case BinaryKind::Add:
    return value.isNegZero();
  case BinaryKind::Sub:
    return value.isPosZero();
  case BinaryKind::Mul:
  case BinaryKind::Div:
    return value.isExactlyValue(1.0);
  case BinaryKind::Max:
    return value.isInfinity() && value.isNegative();
  case BinaryKind::Min:
    return value.isInfinity() && !value.isNegative();
  }
  llvm_unreachable("unknown binary kind");
}

static OpFoldResult splat(Type type, const APFloat &value) {
  return DenseElementsAttr::get(cast<ShapedType>(type), value);
}

OpFoldResult ConstantOp::fold(FoldAdaptor) { return getValue(); }

OpFoldResult UnaryOp::fold(FoldAdaptor adaptor) {
  if (auto inner = getInput().getDefiningOp<UnaryOp>()) {
    if (getKind() == UnaryKind::Neg && inner.getKind() == UnaryKind::Neg)
      return inner.getInput();
    bool isIdempotent = getKind() == UnaryKind::Relu || getKind() == UnaryKind::Hardtanh || getKind() == UnaryKind::Abs;
    if (isIdempotent && inner.getKind() == getKind())
      return inner.getOutput();
  }
  if (std::optional<APFloat> x = splatOf(adaptor.getInput()))
    if (std::optional<APFloat> y = evaluate(getKind(), *x, getAlpha().convertToDouble()))
      return splat(getType(), *y);
  return {};
}

OpFoldResult BinaryOp::fold(FoldAdaptor adaptor) {
  std::optional<APFloat> b = splatOf(adaptor.getRhs());
  if (!b)
    return {};
  if (isNeutral(getKind(), *b))
    return getLhs();
  if (std::optional<APFloat> a = splatOf(adaptor.getLhs()))
    return splat(getType(), evaluate(getKind(), *a, *b));
  return {};
}

OpFoldResult BroadcastOp::fold(FoldAdaptor adaptor) {
  if (getInput().getType() == getType())
    return getInput();
  if (std::optional<APFloat> value = splatOf(adaptor.getInput()))
    if (getType().hasStaticShape())
      return splat(getType(), *value);
  return {};
}

OpFoldResult ReduceOp::fold(FoldAdaptor) { return getInput().getType() == getType() ? getInput() : Value(); }

OpFoldResult CastOp::fold(FoldAdaptor) { return getInput().getType() == getType() ? getInput() : Value(); }

} // namespace cnn
