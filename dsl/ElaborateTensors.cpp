// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operators on tensors. The shape of one operand may be the first dims of the other's: it is then repeated along the
// rest, so a number goes with everything and a list of C numbers with the channels of [C, H, W].
#include "dsl/Elaborator.h"

namespace cnn::dsl {

std::optional<Tensor> Elaborator::toFloat(SourceRange place, const Tensor &tensor) {
  if (tensor.classes > 0) {
    error(place, "expected numbers, but this is " + describe(tensor));
    return std::nullopt;
  }
  if (llvm::isa<mlir::FloatType>(tensor.type().getElementType()))
    return tensor;
  mlir::RankedTensorType type = tensor.type().clone(builder.getF32Type());
  return Tensor{buildTyped(CastOp::getOperationName(), place, {tensor.value}, type)};
}

std::optional<Tensor> Elaborator::toTensor(const Expr *expr, const Value &value) {
  if (const auto *tensor = value.as<Tensor>())
    return toFloat(placeOf(expr), *tensor);
  if (std::optional<double> number = value.asNumber())
    return buildConstant(expr->range(), {*number}, {});
  if (const auto *list = value.as<ListValue>(); list && !list->elements->empty()) {
    std::vector<double> numbers;
    for (const Value &element : *list->elements)
      if (std::optional<double> number = element.asNumber())
        numbers.push_back(*number);
    if (numbers.size() == list->elements->size())
      return buildConstant(expr->range(), numbers, {static_cast<int64_t>(numbers.size())});
  }
  error(expr, "expected a tensor, a number or a list of numbers, but this is " + describe(value));
  return std::nullopt;
}

/// The dimensions of `large` along which those of `small` run; nullopt if it cannot be repeated to that shape.
static std::optional<llvm::SmallVector<int64_t>> broadcastAxes(const Tensor &large, const Tensor &small) {
  llvm::ArrayRef<int64_t> from = small.shape(), to = large.shape();
  if (from.size() > to.size() || to.take_front(from.size()) != from || (small.hasBatch() && !large.hasBatch()))
    return std::nullopt;
  llvm::SmallVector<int64_t> axes;
  if (small.hasBatch())
    axes.push_back(0);
  for (size_t i = 0; i < from.size(); ++i)
    axes.push_back(static_cast<int64_t>(i) + (large.hasBatch() ? 1 : 0));
  return axes;
}

Value Elaborator::combine(SourceRange place, BinaryKind kind, const Tensor &left, const Tensor &right) {
  auto make = [&](BinaryKind binary, const Tensor &a, const Tensor &b, llvm::ArrayRef<int64_t> axes) -> Value {
    llvm::SmallVector<mlir::Value> made =
        build<BinaryOp>(place, {a.value, b.value},
                        {builder.getNamedAttr("kind", BinaryKindAttr::get(&context, binary)),
                         builder.getNamedAttr("axes", builder.getDenseI64ArrayAttr(axes))});
    return made.empty() ? Value(Poison()) : Value(Tensor{made.front()});
  };
  if (auto axes = broadcastAxes(left, right))
    return make(kind, left, right, *axes);
  auto axes = broadcastAxes(right, left);
  if (!axes)
    return Nothing();
  // a - b = -b + a and a / b = 1/b * a bring the larger operand to the left.
  Value swapped = right;
  if (kind == BinaryKind::Sub || kind == BinaryKind::Div) {
    bool isDifference = kind == BinaryKind::Sub;
    swapped = buildUnary(place, isDifference ? UnaryKind::Neg : UnaryKind::Reciprocal, right);
    kind = isDifference ? BinaryKind::Add : BinaryKind::Mul;
  }
  const auto *large = swapped.as<Tensor>();
  return large ? make(kind, *large, left, *axes) : Value(Poison());
}

Value Elaborator::combineTensors(const BinaryExpr &expr, const Value &leftValue, const Value &rightValue) {
  BinaryKind kind;
  const char *verb;
  switch (expr.op) {
  case BinaryOperator::Add:
    kind = BinaryKind::Add, verb = "add";
    break;
  case BinaryOperator::Subtract:
    kind = BinaryKind::Sub, verb = "subtract";
    break;
  case BinaryOperator::Multiply:
    kind = BinaryKind::Mul, verb = "multiply";
    break;
  case BinaryOperator::Divide:
    kind = BinaryKind::Div, verb = "divide";
    break;
  case BinaryOperator::Power:
    if (const auto *base = leftValue.as<Tensor>())
      return raiseTensor(expr, *base, rightValue);
    error(expr.right, "the exponent must be a number, but this is " + describe(rightValue));
    return Poison();
  default:
    error(expr.operatorRange, "'" + spelling(expr.op) + "' cannot take " + describe(leftValue) + " and " +
                                  describe(rightValue) + ": tensors are not known when the net is compiled");
    return Poison();
  }
  if (std::optional<double> divisor = rightValue.asNumber(); kind == BinaryKind::Div && divisor && *divisor == 0) {
    error(expr.right, "division by zero");
    return Poison();
  }
  std::optional<Tensor> left = toTensor(expr.left, leftValue);
  std::optional<Tensor> right = left ? toTensor(expr.right, rightValue) : std::nullopt;
  if (!left || !right)
    return Poison();
  Value result = combine(expr.range(), kind, *left, *right);
  if (!result.is<Nothing>())
    return result;

  llvm::ArrayRef<int64_t> leftShape = left->shape(), rightShape = right->shape();
  for (auto [value, other, place] : {std::tuple(leftValue, rightShape, expr.left), {rightValue, leftShape, expr.right}})
    if (const auto *list = value.as<ListValue>(); list && !other.empty()) {
      error(place, "a list of " + llvm::Twine(list->elements->size()) + " numbers cannot go with the " +
                       llvm::Twine(other.front()) + " channels of a tensor of shape " + printShape(other));
      return Poison();
    }
  Diagnostic &diagnostic =
      error(&expr, "cannot " + llvm::Twine(verb) + " tensors of different shapes: " + printShape(leftShape) + " and " +
                       printShape(rightShape));
  bool isAboutChannels = leftShape.size() == rightShape.size() && !leftShape.empty() &&
                         leftShape.front() != rightShape.front() && leftShape.drop_front() == rightShape.drop_front();
  if (suggestProjection(diagnostic, expr.right, *right, expr.left, *left)) {
    noteOrigin(diagnostic, expr.right, *right, isAboutChannels);
    return Poison();
  }
  if (suggestProjection(diagnostic, expr.left, *left, expr.right, *right)) {
    noteOrigin(diagnostic, expr.left, *left, isAboutChannels);
    return Poison();
  }
  noteOrigin(diagnostic, expr.left, *left, isAboutChannels);
  noteOrigin(diagnostic, expr.right, *right, isAboutChannels);
  if (isAboutChannels && leftShape.size() > 1) {
    bool leftIsSmaller = leftShape.front() < rightShape.front();
    const Expr *smaller = leftIsSmaller ? expr.left : expr.right;
    int64_t channels = std::max(leftShape.front(), rightShape.front());
    std::string ones = "1";
    for (size_t i = 2; i < leftShape.size(); ++i)
      ones += "x1";
    if (llvm::isa<NameExpr>(smaller))
      diagnostic.help(placeOf(smaller), "give both the same channels: " + smaller->range().text() + " |> conv(" +
                                            llvm::Twine(channels) + ", " + ones + ")");
  }
  return Poison();
}

Value Elaborator::raiseTensor(const BinaryExpr &expr, const Tensor &base, const Value &exponent) {
  std::optional<double> number = exponent.asNumber();
  if (!number) {
    error(expr.right, "the exponent must be a number, but this is " + describe(exponent));
    return Poison();
  }
  std::optional<Tensor> input = toFloat(placeOf(expr.left), base);
  if (!input)
    return Poison();
  if (*number == 0.5)
    return buildUnary(expr.range(), UnaryKind::Sqrt, *input);
  if (*number == -1)
    return buildUnary(expr.range(), UnaryKind::Reciprocal, *input);
  if (*number == 2)
    return buildUnary(expr.range(), UnaryKind::Square, *input);
  if (*number == 1)
    return *input;
  auto whole = static_cast<int64_t>(*number > 0 && *number <= 16 ? *number : 0);
  if (whole < 1 || static_cast<double>(whole) != *number) {
    error(expr.right,
          "a tensor can be raised to 0.5, to -1 and to the integers from 1 to 16, but not to " + print(exponent));
    return Poison();
  }
  Value result = *input;
  for (int64_t i = 1; i < whole && result.is<Tensor>(); ++i)
    result = combine(expr.range(), BinaryKind::Mul, *result.as<Tensor>(), *input);
  return result;
}

} // namespace cnn::dsl
