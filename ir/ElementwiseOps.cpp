// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "ir/ElementwiseBuilder.h"

#include "mlir/IR/Diagnostics.h"

using namespace mlir;

#define GET_OP_CLASSES
#include "ir/ElementwiseOps.cpp.inc"

namespace cnn {

void CnnDialect::addElementwiseOps() {
  addOperations<
#define GET_OP_LIST
#include "ir/ElementwiseOps.cpp.inc"
      >();
}

static RankedTensorType typeOf(Value value) { return cast<RankedTensorType>(value.getType()); }

/// C1 of unary_grad, C2 of the gradients of softmax.
static LogicalResult verifySameType(std::optional<Location> location, Value value, Value outputGrad) {
  if (outputGrad.getType() != value.getType())
    return emitOptionalError(location, "expected an output gradient of type ", value.getType(), ", but got ",
                             outputGrad.getType());
  return success();
}

//===-- unary -----------------------------------------------------------------------------------------------------===//

bool gradReadsOutput(UnaryKind kind) {
  switch (kind) {
  case UnaryKind::Relu:
  case UnaryKind::Tanh:
  case UnaryKind::ScaledTanh:
  case UnaryKind::Sigmoid:
  case UnaryKind::Hardtanh:
  case UnaryKind::Sqrt:
  case UnaryKind::Exp:
  case UnaryKind::Reciprocal:
    return true;
  case UnaryKind::LeakyRelu: // a negative slope loses the sign
  case UnaryKind::Softplus:  // 1 - exp(-y) cancels where y is small
  case UnaryKind::Abs:
  case UnaryKind::Square:
  case UnaryKind::Log:
  case UnaryKind::Neg:
    return false;
  }
  llvm_unreachable("unknown unary kind");
}

LogicalResult UnaryOp::inferReturnTypes(MLIRContext *, std::optional<Location>, Adaptor op,
                                        SmallVectorImpl<Type> &types) {
  types.push_back(op.getInput().getType());
  return success();
}

SmallVector<Value> UnaryOp::buildGradients(OpBuilder &builder, ArrayRef<Value> resultGradients) {
  Value gradient = resultGradients.front();
  if (getKind() == UnaryKind::Neg)
    return {UnaryOp::create(builder, getLoc(), UnaryKind::Neg, gradient)};
  Value value = gradReadsOutput(getKind()) ? getOutput() : getInput();
  return {UnaryGradOp::create(builder, getLoc(), getKindAttr(), value, gradient, getAlphaAttr())};
}

LogicalResult UnaryGradOp::inferReturnTypes(MLIRContext *, std::optional<Location> location, Adaptor op,
                                            SmallVectorImpl<Type> &types) {
  types.push_back(op.getValue().getType());
  return verifySameType(location, op.getValue(), op.getOutputGrad());
}

//===-- binary ----------------------------------------------------------------------------------------------------===//

/// C1 and C2 of binary and broadcast: dimension i of `small` runs along dimension axes[i] of `large`.
static LogicalResult verifyAxes(std::optional<Location> location, RankedTensorType small, RankedTensorType large,
                                ArrayRef<int64_t> axes) {
  // C1
  if (static_cast<int64_t>(axes.size()) != small.getRank())
    return emitOptionalError(location, "expected ", small.getRank(), " axes, one per dimension of ", small,
                             ", but got ", axes.size());
  if (!areRisingAxes(axes, large.getRank()))
    return emitOptionalError(location, "expected rising axes below ", large.getRank(), ", but got ",
                             DenseI64ArrayAttr::get(large.getContext(), axes));
  // C2
  for (auto [i, axis] : llvm::enumerate(axes))
    if (small.getDimSize(i) != large.getDimSize(axis))
      return emitOptionalError(location, "expected tensors of matching shapes, but got ", shapeText(large), " and ",
                               shapeText(small));
  return success();
}

LogicalResult BinaryOp::inferReturnTypes(MLIRContext *, std::optional<Location> location, Adaptor op,
                                         SmallVectorImpl<Type> &types) {
  RankedTensorType lhs = typeOf(op.getLhs()), rhs = typeOf(op.getRhs());
  types.push_back(lhs);
  if (failed(verifyAxes(location, rhs, lhs, op.getAxes())))
    return failure();
  // C3
  if (lhs.getElementType() != rhs.getElementType())
    return emitOptionalError(location, "expected tensors of one element type, but got ", lhs.getElementType(), " and ",
                             rhs.getElementType());
  return success();
}

SmallVector<Value> BinaryOp::buildGradients(OpBuilder &builder, ArrayRef<Value> resultGradients) {
  ElementwiseBuilder e(builder, getLoc());
  Value a = getLhs(), b = getRhs(), dy = resultGradients.front();
  ArrayRef<int64_t> axes = getAxes();
  switch (getKind()) {
  case BinaryKind::Add:
    return {dy, e.sum(dy, axes)};
  case BinaryKind::Sub:
    return {dy, e.unary(UnaryKind::Neg, e.sum(dy, axes))};
  case BinaryKind::Mul:
    return {e.binary(BinaryKind::Mul, dy, b, axes), e.sum(e.binary(BinaryKind::Mul, dy, a), axes)};
  case BinaryKind::Div: {
    // d(a/b)/db = -(a/b) / b, and b is the same for all values that are summed.
    Value sum = e.sum(e.binary(BinaryKind::Mul, dy, getOutput()), axes);
    return {e.binary(BinaryKind::Div, dy, b, axes), e.unary(UnaryKind::Neg, e.binary(BinaryKind::Div, sum, b))};
  }
  case BinaryKind::Max:
  case BinaryKind::Min: {
    // (1 + s)/2 of the gradient goes to a, (1 - s)/2 to b, where s = sign(a - b) for max; 0, and so one half each, if
    // they are equal.
    Value sign = e.unaryGrad(UnaryKind::Abs, e.binary(BinaryKind::Sub, a, b, axes), dy);
    Value toLarger = e.binary(BinaryKind::Mul, e.binary(BinaryKind::Add, dy, sign), 0.5);
    Value toSmaller = e.binary(BinaryKind::Mul, e.binary(BinaryKind::Sub, dy, sign), 0.5);
    if (getKind() == BinaryKind::Min)
      std::swap(toLarger, toSmaller);
    return {toLarger, e.sum(toSmaller, axes)};
  }
  }
  llvm_unreachable("unknown binary kind");
}

//===-- broadcast and reduce --------------------------------------------------------------------------------------===//

LogicalResult BroadcastOp::verify() {
  RankedTensorType input = getInput().getType(), like = getLike().getType();
  if (failed(verifyAxes(getLoc(), input, like, getAxes())))
    return failure();
  // C3
  auto expected = RankedTensorType::get(like.getShape(), input.getElementType());
  if (getType() != expected)
    return emitOpError("expected a result of type ") << expected << ", but got " << getType();
  return success();
}

SmallVector<Value> BroadcastOp::buildGradients(OpBuilder &builder, ArrayRef<Value> resultGradients) {
  return {ElementwiseBuilder(builder, getLoc()).sum(resultGradients.front(), getAxes()), Value()};
}

LogicalResult ReduceOp::inferReturnTypes(MLIRContext *, std::optional<Location> location, Adaptor op,
                                         SmallVectorImpl<Type> &types) {
  RankedTensorType input = typeOf(op.getInput());
  ArrayRef<int64_t> keep = op.getKeep();
  // C1
  if (!areRisingAxes(keep, input.getRank()))
    return emitOptionalError(location, "expected rising dimensions to keep, below ", input.getRank(), ", but got ",
                             DenseI64ArrayAttr::get(input.getContext(), keep));
  SmallVector<int64_t> shape;
  for (int64_t axis : keep)
    shape.push_back(input.getDimSize(axis));
  types.push_back(RankedTensorType::get(shape, input.getElementType()));
  return success();
}

/// value / (the number of values of `like` behind each value that a reduction to `keep` leaves).
static Value divideByCount(ElementwiseBuilder &e, Value value, Value like, ArrayRef<int64_t> keep) {
  RankedTensorType type = typeOf(like);
  SmallVector<int64_t> reduced;
  for (int64_t axis = 0; axis < type.getRank(); ++axis)
    if (!llvm::is_contained(keep, axis))
      reduced.push_back(type.getDimSize(axis));
  double sampleCount = static_cast<double>(*valueCount(reduced));
  Value quotient = e.binary(BinaryKind::Div, value, sampleCount);
  if (!llvm::is_contained(reduced, ShapedType::kDynamic))
    return quotient;
  // The batch is known at run time alone: count it. Only the shape of `like` is read.
  Value one = e.scalar(1, type.getElementType());
  Value batch = e.sum(e.broadcast(one, e.sum(like, {0}), {}), {});
  return e.binary(BinaryKind::Div, quotient, batch, {});
}

SmallVector<Value> ReduceOp::buildGradients(OpBuilder &builder, ArrayRef<Value> resultGradients) {
  ElementwiseBuilder e(builder, getLoc());
  Value x = getInput(), dy = resultGradients.front();
  ArrayRef<int64_t> keep = getKeep();
  switch (getKind()) {
  case ReduceKind::Sum:
    return {e.broadcast(dy, x, keep)};
  case ReduceKind::Mean:
    return {e.broadcast(divideByCount(e, dy, x, keep), x, keep)};
  case ReduceKind::Max: {
    // The values equal to the maximum share the gradient: x - max is 0 there and negative elsewhere.
    Value ones = e.broadcast(e.scalar(1, typeOf(x).getElementType()), x, {});
    Value isBelow = e.unaryGrad(UnaryKind::Abs, e.binary(BinaryKind::Sub, x, getOutput(), keep), ones);
    Value isMax = e.binary(BinaryKind::Add, ones, isBelow);
    Value share = e.binary(BinaryKind::Div, dy, e.sum(isMax, keep));
    return {e.binary(BinaryKind::Mul, isMax, share, keep)};
  }
  }
  llvm_unreachable("unknown reduce kind");
}

//===-- cast ------------------------------------------------------------------------------------------------------===//

SmallVector<Value> CastOp::buildGradients(OpBuilder &builder, ArrayRef<Value> resultGradients) {
  if (!isa<FloatType>(getInput().getType().getElementType()) || !isa<FloatType>(getType().getElementType()))
    return {Value()};
  return {CastOp::create(builder, getLoc(), getInput().getType(), resultGradients.front())};
}

//===-- softmax ---------------------------------------------------------------------------------------------------===//

/// C1 of the four ops.
static LogicalResult inferOverChannels(std::optional<Location> location, Value value, SmallVectorImpl<Type> &types) {
  types.push_back(value.getType());
  if (typeOf(value).getRank() < 2)
    return emitOptionalError(location, "expected an input with channels, but got ", shapeText(typeOf(value)));
  return success();
}

LogicalResult SoftmaxOp::inferReturnTypes(MLIRContext *, std::optional<Location> location, Adaptor op,
                                          SmallVectorImpl<Type> &types) {
  return inferOverChannels(location, op.getInput(), types);
}

SmallVector<Value> SoftmaxOp::buildGradients(OpBuilder &builder, ArrayRef<Value> resultGradients) {
  return {SoftmaxGradOp::create(builder, getLoc(), getOutput(), resultGradients.front())};
}

LogicalResult SoftmaxGradOp::inferReturnTypes(MLIRContext *, std::optional<Location> location, Adaptor op,
                                              SmallVectorImpl<Type> &types) {
  return success(succeeded(inferOverChannels(location, op.getOutput(), types)) &&
                 succeeded(verifySameType(location, op.getOutput(), op.getOutputGrad())));
}

LogicalResult LogSoftmaxOp::inferReturnTypes(MLIRContext *, std::optional<Location> location, Adaptor op,
                                             SmallVectorImpl<Type> &types) {
  return inferOverChannels(location, op.getInput(), types);
}

SmallVector<Value> LogSoftmaxOp::buildGradients(OpBuilder &builder, ArrayRef<Value> resultGradients) {
  return {LogSoftmaxGradOp::create(builder, getLoc(), getOutput(), resultGradients.front())};
}

LogicalResult LogSoftmaxGradOp::inferReturnTypes(MLIRContext *, std::optional<Location> location, Adaptor op,
                                                 SmallVectorImpl<Type> &types) {
  return success(succeeded(inferOverChannels(location, op.getOutput(), types)) &&
                 succeeded(verifySameType(location, op.getOutput(), op.getOutputGrad())));
}

} // namespace cnn
