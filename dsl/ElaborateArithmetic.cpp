// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operators on compile-time values. Integers have 64 bits; what does not fit is an error. Division of integers that
// does not come out even gives a real: 1/255 is no 0. The remainder has the sign of the divisor: floor(a/b)*b + a%b ==
// a.
#include "dsl/Elaborator.h"
#include "llvm/Support/MathExtras.h"
#include <cmath>

namespace cnn::dsl {

Value Elaborator::evaluateUnary(const UnaryExpr &expr) {
  if (expr.op == UnaryOperator::Not) {
    std::optional<bool> truth = evaluateCondition(expr.operand, "the operand of 'not'");
    return truth ? Value(!*truth) : Value(Poison());
  }
  Value operand = evaluate(expr.operand);
  if (const auto *integer = operand.as<int64_t>()) {
    int64_t negated = 0;
    if (llvm::SubOverflow<int64_t>(0, *integer, negated)) {
      error(&expr, "this is larger than an integer can be");
      return Poison();
    }
    return negated;
  }
  if (const auto *real = operand.as<double>())
    return -*real;
  if (const auto *tensor = operand.as<Tensor>()) {
    std::optional<Tensor> input = toFloat(placeOf(expr.operand), *tensor);
    return input ? buildUnary(expr.range(), UnaryKind::Neg, *input) : Value(Poison());
  }
  if (!operand.isPoison())
    error(expr.operand, "cannot negate " + describe(operand));
  return Poison();
}

Value Elaborator::evaluateBinary(const BinaryExpr &expr) {
  if (expr.op == BinaryOperator::And || expr.op == BinaryOperator::Or) {
    std::string what = ("an operand of '" + spelling(expr.op) + "'").str();
    std::optional<bool> left = evaluateCondition(expr.left, what);
    if (!left)
      return Poison();
    if (*left == (expr.op == BinaryOperator::Or))
      return *left;
    std::optional<bool> right = evaluateCondition(expr.right, what);
    return right ? Value(*right) : Value(Poison());
  }
  Value left = evaluate(expr.left);
  Value right = evaluate(expr.right);
  if (left.isPoison() || right.isPoison())
    return Poison();
  if (left.is<Tensor>() || right.is<Tensor>())
    return combineTensors(expr, left, right);
  return combineConstants(expr, left, right);
}

static std::optional<int64_t> power(int64_t base, int64_t exponent) {
  int64_t result = 1;
  while (exponent > 0) {
    if ((exponent & 1) && llvm::MulOverflow(result, base, result))
      return std::nullopt;
    exponent >>= 1;
    if (exponent > 0 && llvm::MulOverflow(base, base, base))
      return std::nullopt;
  }
  return result;
}

/// Whether the operation gives an integer if there are enough bits.
static bool isClosed(BinaryOperator op, int64_t left, int64_t right) {
  if (op == BinaryOperator::Power)
    return right >= 0;
  return op != BinaryOperator::Divide || right == -1 || left % right == 0;
}

/// Null if it does not fit. The operation is closed.
static std::optional<int64_t> combineIntegers(BinaryOperator op, int64_t left, int64_t right) {
  int64_t result = 0;
  switch (op) {
  case BinaryOperator::Add:
    return llvm::AddOverflow(left, right, result) ? std::nullopt : std::optional(result);
  case BinaryOperator::Subtract:
    return llvm::SubOverflow(left, right, result) ? std::nullopt : std::optional(result);
  case BinaryOperator::Multiply:
    return llvm::MulOverflow(left, right, result) ? std::nullopt : std::optional(result);
  case BinaryOperator::Divide:
    if (right == -1)
      return llvm::SubOverflow<int64_t>(0, left, result) ? std::nullopt : std::optional(result);
    return left / right;
  case BinaryOperator::Remainder:
    if (right == -1)
      return 0;
    result = left % right;
    return result != 0 && (result < 0) != (right < 0) ? result + right : result;
  case BinaryOperator::Power:
    return power(left, right);
  default:
    llvm_unreachable("not arithmetic");
  }
}

static double combineReals(BinaryOperator op, double left, double right) {
  switch (op) {
  case BinaryOperator::Add:
    return left + right;
  case BinaryOperator::Subtract:
    return left - right;
  case BinaryOperator::Multiply:
    return left * right;
  case BinaryOperator::Divide:
    return left / right;
  case BinaryOperator::Remainder:
    return left - right * std::floor(left / right);
  case BinaryOperator::Power:
    return std::pow(left, right);
  default:
    llvm_unreachable("not arithmetic");
  }
}

template <typename T> static bool compare(BinaryOperator op, T left, T right) {
  switch (op) {
  case BinaryOperator::Less:
    return left < right;
  case BinaryOperator::LessEqual:
    return left <= right;
  case BinaryOperator::Greater:
    return left > right;
  default:
    return left >= right;
  }
}

Value Elaborator::combineConstants(const BinaryExpr &expr, const Value &left, const Value &right) {
  BinaryOperator op = expr.op;
  if (op == BinaryOperator::Equal || op == BinaryOperator::NotEqual) {
    std::optional<bool> same = equal(left, right);
    if (same)
      return *same == (op == BinaryOperator::Equal);
    error(&expr, "cannot compare " + describe(left) + " and " + describe(right));
    return Poison();
  }
  bool isOrder = op == BinaryOperator::Less || op == BinaryOperator::LessEqual || op == BinaryOperator::Greater ||
                 op == BinaryOperator::GreaterEqual;
  const auto *leftInteger = left.as<int64_t>(), *rightInteger = right.as<int64_t>();
  std::optional<double> leftNumber = left.asNumber(), rightNumber = right.asNumber();
  if (isOrder && leftInteger && rightInteger)
    return compare(op, *leftInteger, *rightInteger);
  if (isOrder && leftNumber && rightNumber)
    return compare(op, *leftNumber, *rightNumber);
  if (!isOrder && leftNumber && rightNumber) {
    bool isDivision = op == BinaryOperator::Divide || op == BinaryOperator::Remainder;
    if (isDivision && *rightNumber == 0) {
      error(expr.right, "division by zero");
      return Poison();
    }
    if (leftInteger && rightInteger && isClosed(op, *leftInteger, *rightInteger)) {
      std::optional<int64_t> result = combineIntegers(op, *leftInteger, *rightInteger);
      if (result)
        return *result;
      error(&expr, "this is larger than an integer can be");
      return Poison();
    }
    double result = combineReals(op, *leftNumber, *rightNumber);
    if (std::isfinite(result))
      return result;
    error(&expr, "this is not a finite number");
    return Poison();
  }
  if (op == BinaryOperator::Add && (left.is<Text>() || right.is<Text>())) {
    // Text is for messages: anything can be appended to it.
    auto textOf = [](const Value &value) { return value.is<Text>() ? *value.as<Text>()->text : print(value); };
    std::string text = textOf(left) + textOf(right);
    if (text.size() <= 65536)
      return Value::ofText(text);
    error(&expr, "this text is longer than 65536 bytes");
    return Poison();
  }
  if (op == BinaryOperator::Add && left.is<ListValue>() && right.is<ListValue>()) {
    std::vector<Value> elements = *left.elements();
    elements.insert(elements.end(), right.elements()->begin(), right.elements()->end());
    return limited(&expr, Value::ofList(std::move(elements)));
  }
  error(expr.operatorRange, "'" + spelling(op) + "' cannot take " + describe(left) + " and " + describe(right));
  return Poison();
}

} // namespace cnn::dsl
