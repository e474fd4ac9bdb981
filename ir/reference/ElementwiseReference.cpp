// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "ir/reference/OpEvaluators.h"

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/DialectResourceBlobManager.h"

#include <cmath>
#include <limits>

using namespace cnn;
using namespace cnn::reference;
using llvm::ArrayRef;
using llvm::SmallVector;

void cnn::reference::evaluate(ConstantOp op, Operands operands, Results results) {
  Tensor &y = results[0];
  mlir::ElementsAttr value = op.getValue();
  if (auto resource = llvm::dyn_cast<mlir::DenseResourceElementsAttr>(value))
    value = mlir::DenseElementsAttr::getFromRawBuffer(resource.getType(), resource.getRawHandle().getBlob()->getData());
  int64_t count = y.getNumElements();
  if (y.isFloat()) {
    auto values = value.value_begin<llvm::APFloat>();
    for (int64_t i = 0; i < count; ++i, ++values)
      y.floats[i] = (*values).convertToDouble();
    return;
  }
  auto values = value.value_begin<llvm::APInt>();
  for (int64_t i = 0; i < count; ++i, ++values)
    y.integers[i] = y.kind == ElementKind::U8 ? (*values).getZExtValue() : (*values).getSExtValue();
}

//===-- Functions of one value ------------------------------------------------------------------------------------===//

// LeCun, Bottou, Orr, Muller, "Efficient BackProp", 1998, section 4.4.
static constexpr double scaledTanhHeight = 1.7159;
static constexpr double scaledTanhSlope = 2.0 / 3.0;

static double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

/// f(x). Comparisons are written so that NaN stays NaN.
double cnn::reference::applyUnary(UnaryKind kind, double x, double alpha) {
  switch (kind) {
  case UnaryKind::Relu:
    return x < 0 ? 0 : x; // -0 stays
  case UnaryKind::LeakyRelu:
    return x > 0 ? x : alpha * x;
  case UnaryKind::Tanh:
    return std::tanh(x);
  case UnaryKind::ScaledTanh:
    return scaledTanhHeight * std::tanh(scaledTanhSlope * x);
  case UnaryKind::Sigmoid:
    return sigmoid(x);
  case UnaryKind::Hardtanh:
    return x < -1 ? -1 : x > 1 ? 1 : x;
  case UnaryKind::Softplus:
    // log(1 + exp(x)), without overflow for large x.
    return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x)));
  case UnaryKind::Abs:
    return std::abs(x);
  case UnaryKind::Sqrt:
    return std::sqrt(x);
  case UnaryKind::Square:
    return x * x;
  case UnaryKind::Exp:
    return std::exp(x);
  case UnaryKind::Log:
    return std::log(x);
  case UnaryKind::Neg:
    return -x;
  case UnaryKind::Reciprocal:
    return 1 / x;
  }
  llvm_unreachable("all kinds are handled");
}

/// f'(x) as a function of x.
static double derivativeAtInput(UnaryKind kind, double x, double alpha) {
  switch (kind) {
  case UnaryKind::Relu:
    return x > 0 ? 1 : 0;
  case UnaryKind::LeakyRelu:
    return x > 0 ? 1 : alpha;
  case UnaryKind::Tanh:
    return 1 - std::tanh(x) * std::tanh(x);
  case UnaryKind::ScaledTanh: {
    double t = std::tanh(scaledTanhSlope * x);
    return scaledTanhHeight * scaledTanhSlope * (1 - t * t);
  }
  case UnaryKind::Sigmoid:
    return sigmoid(x) * (1 - sigmoid(x));
  case UnaryKind::Hardtanh:
    return x > -1 && x < 1 ? 1 : 0;
  case UnaryKind::Softplus:
    return sigmoid(x);
  case UnaryKind::Abs:
    return x > 0 ? 1 : x < 0 ? -1 : 0;
  case UnaryKind::Sqrt:
    return 0.5 / std::sqrt(x);
  case UnaryKind::Square:
    return 2 * x;
  case UnaryKind::Exp:
    return std::exp(x);
  case UnaryKind::Log:
    return 1 / x;
  case UnaryKind::Neg:
    return -1;
  case UnaryKind::Reciprocal:
    return -1 / (x * x);
  }
  llvm_unreachable("all kinds are handled");
}

/// f'(x) as a function of y = f(x), for the kinds whose y determines it.
static double derivativeAtOutput(UnaryKind kind, double y, double alpha) {
  switch (kind) {
  case UnaryKind::Relu:
    return y > 0 ? 1 : 0;
  case UnaryKind::LeakyRelu: // y > 0 iff x > 0, as long as alpha is not negative
    return y > 0 ? 1 : alpha;
  case UnaryKind::Tanh:
    return 1 - y * y;
  case UnaryKind::ScaledTanh: {
    double t = y / scaledTanhHeight;
    return scaledTanhHeight * scaledTanhSlope * (1 - t * t);
  }
  case UnaryKind::Sigmoid:
    return y * (1 - y);
  case UnaryKind::Hardtanh:
    return y > -1 && y < 1 ? 1 : 0;
  case UnaryKind::Softplus: // y = log(1 + exp(x)), so sigmoid(x) = 1 - exp(-y)
    return -std::expm1(-y);
  case UnaryKind::Sqrt:
    return 0.5 / y;
  case UnaryKind::Exp:
    return y;
  case UnaryKind::Log:
    return std::exp(-y);
  case UnaryKind::Neg:
    return -1;
  case UnaryKind::Reciprocal:
    return -y * y;
  case UnaryKind::Abs:
  case UnaryKind::Square:
    break;
  }
  llvm_unreachable("the sign of the input is not in the output");
}

void cnn::reference::evaluate(UnaryOp op, Operands operands, Results results) {
  double alpha = op.getAlpha().convertToDouble();
  for (size_t i = 0; i < results[0].floats.size(); ++i)
    results[0].floats[i] = applyUnary(op.getKind(), operands[0].floats[i], alpha);
}

void cnn::reference::evaluate(UnaryGradOp op, Operands operands, Results results) {
  const Tensor &value = operands[0], &dy = operands[1];
  double alpha = op.getAlpha().convertToDouble();
  auto derivative = gradReadsOutput(op.getKind()) ? derivativeAtOutput : derivativeAtInput;
  for (size_t i = 0; i < results[0].floats.size(); ++i)
    results[0].floats[i] = derivative(op.getKind(), value.floats[i], alpha) * dy.floats[i];
}

//===-- Functions of two values, broadcast, reduction -------------------------------------------------------------===//

static double applyBinary(BinaryKind kind, double a, double b) {
  switch (kind) {
  case BinaryKind::Add:
    return a + b;
  case BinaryKind::Sub:
    return a - b;
  case BinaryKind::Mul:
    return a * b;
  case BinaryKind::Div:
    return a / b;
  case BinaryKind::Max: // NaN wins
    return a > b || std::isnan(a) ? a : b;
  case BinaryKind::Min:
    return a < b || std::isnan(a) ? a : b;
  }
  llvm_unreachable("all kinds are handled");
}

/// The offset, in a tensor whose dimension i runs along dimension axes[i] of `index`.
static int64_t offsetAlong(ArrayRef<int64_t> axes, ArrayRef<int64_t> index, ArrayRef<int64_t> shape) {
  SmallVector<int64_t> picked;
  for (int64_t axis : axes)
    picked.push_back(index[axis]);
  return linearize(picked, shape);
}

void cnn::reference::evaluate(BinaryOp op, Operands operands, Results results) {
  const Tensor &a = operands[0], &b = operands[1];
  forEachIndex(a.shape, [&](ArrayRef<int64_t> index) {
    int64_t offset = linearize(index, a.shape);
    results[0].floats[offset] =
        applyBinary(op.getKind(), a.floats[offset], b.floats[offsetAlong(op.getAxes(), index, b.shape)]);
  });
}

void cnn::reference::evaluate(BroadcastOp op, Operands operands, Results results) {
  const Tensor &x = operands[0];
  Tensor &y = results[0];
  forEachIndex(y.shape, [&](ArrayRef<int64_t> index) {
    y.floats[linearize(index, y.shape)] = x.floats[offsetAlong(op.getAxes(), index, x.shape)];
  });
}

void cnn::reference::evaluate(ReduceOp op, Operands operands, Results results) {
  const Tensor &x = operands[0];
  Tensor &y = results[0];
  bool isMax = op.getKind() == ReduceKind::Max;
  if (isMax)
    y.floats.assign(y.floats.size(), -std::numeric_limits<double>::infinity());
  forEachIndex(x.shape, [&](ArrayRef<int64_t> index) {
    double value = x.floats[linearize(index, x.shape)];
    double &sum = y.floats[offsetAlong(op.getKeep(), index, y.shape)];
    sum = isMax ? applyBinary(BinaryKind::Max, value, sum) : sum + value;
  });
  if (op.getKind() == ReduceKind::Mean)
    for (double &sum : y.floats)
      sum /= static_cast<double>(x.getNumElements()) / static_cast<double>(y.getNumElements());
}

//===-- Conversion ------------------------------------------------------------------------------------------------===//

/// Rounds to nearest even and saturates; NaN becomes 0.
static int64_t toInteger(double value, ElementKind kind) {
  if (std::isnan(value))
    return 0;
  auto clamp = [&](auto limits) {
    using Limits = decltype(limits);
    double rounded = std::nearbyint(value);
    if (rounded <= static_cast<double>(Limits::lowest()))
      return static_cast<int64_t>(Limits::lowest());
    // The largest i64 is not a double; the next double above it is 2^63.
    if (rounded >= static_cast<double>(Limits::max()))
      return static_cast<int64_t>(Limits::max());
    return static_cast<int64_t>(rounded);
  };
  switch (kind) {
  case ElementKind::U8:
    return clamp(std::numeric_limits<uint8_t>());
  case ElementKind::I32:
    return clamp(std::numeric_limits<int32_t>());
  default:
    return clamp(std::numeric_limits<int64_t>());
  }
}

static int64_t saturate(int64_t value, ElementKind kind) {
  switch (kind) {
  case ElementKind::U8:
    return std::clamp<int64_t>(value, 0, std::numeric_limits<uint8_t>::max());
  case ElementKind::I32:
    return std::clamp<int64_t>(value, std::numeric_limits<int32_t>::min(), std::numeric_limits<int32_t>::max());
  default:
    return value;
  }
}

void cnn::reference::evaluate(CastOp op, Operands operands, Results results) {
  const Tensor &x = operands[0];
  Tensor &y = results[0];
  for (int64_t i = 0; i < x.getNumElements(); ++i) {
    if (y.isFloat())
      y.floats[i] = x.getNumber(i);
    else
      y.integers[i] = x.isFloat() ? toInteger(x.floats[i], y.kind) : saturate(x.integers[i], y.kind);
  }
}
