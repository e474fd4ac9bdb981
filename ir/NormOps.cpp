// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "ir/ElementwiseBuilder.h"

#include "mlir/IR/Diagnostics.h"

using namespace mlir;

#define GET_OP_CLASSES
#include "ir/NormOps.cpp.inc"

namespace cnn {

void CnnDialect::addNormOps() {
  addOperations<
#define GET_OP_LIST
#include "ir/NormOps.cpp.inc"
      >();
}

static RankedTensorType typeOf(Value value) { return cast<RankedTensorType>(value.getType()); }

//===-- Batch normalization ---------------------------------------------------------------------------------------===//

/// C1 to C3 of the three ops: `statistics` have one value per channel of the input.
static LogicalResult verifyPerChannel(std::optional<Location> location, RankedTensorType input, ValueRange statistics) {
  // C1
  if (input.getRank() < 2)
    return emitOptionalError(location, "expected an input with channels, but got ", shapeText(input));
  for (Value value : statistics) {
    RankedTensorType type = typeOf(value);
    // C2
    if (type.getDimSize(0) != input.getDimSize(1))
      return emitOptionalError(location, "expected ", type.getDimSize(0), " input channels, but got ",
                               input.getDimSize(1));
    // C3
    if (type.getElementType() != input.getElementType())
      return emitOptionalError(location, "expected statistics of ", input.getElementType(),
                               ", as the input is, but got ", type.getElementType());
  }
  return success();
}

LogicalResult BatchNormOp::inferReturnTypes(MLIRContext *, std::optional<Location> location, Adaptor op,
                                            SmallVectorImpl<Type> &types) {
  types.push_back(op.getInput().getType());
  return verifyPerChannel(location, typeOf(op.getInput()), op.getOperands().drop_front());
}

/// With inv = (variance + epsilon)^(-1/2) and xhat = (x - mean) * inv:
///   dx = dy * scale * inv;  dscale = sum dy * xhat;  dshift = sum dy;
///   dmean = -scale * inv * dshift;  dvariance = -1/2 * scale * inv^2 * dscale.
SmallVector<Value> BatchNormOp::buildGradients(OpBuilder &builder, ArrayRef<Value> resultGradients) {
  ElementwiseBuilder e(builder, getLoc());
  Value dy = resultGradients.front();
  Value deviation = e.unary(UnaryKind::Sqrt, e.binary(BinaryKind::Add, getVariance(), getEpsilon().convertToDouble()));
  Value invStd = e.unary(UnaryKind::Reciprocal, deviation);
  Value factor = e.binary(BinaryKind::Mul, getScale(), invStd);
  Value centred = e.binary(BinaryKind::Sub, getInput(), getMean(), {1});
  Value xhat = e.binary(BinaryKind::Mul, centred, invStd, {1});
  Value dshift = e.sum(dy, {1});
  Value dscale = e.sum(e.binary(BinaryKind::Mul, dy, xhat), {1});
  Value dmean = e.unary(UnaryKind::Neg, e.binary(BinaryKind::Mul, factor, dshift));
  Value dvariance =
      e.binary(BinaryKind::Mul, e.binary(BinaryKind::Mul, e.binary(BinaryKind::Mul, factor, invStd), dscale), -0.5);
  return {e.binary(BinaryKind::Mul, dy, factor, {1}), dscale, dshift, dmean, dvariance};
}

LogicalResult BatchNormTrainOp::inferReturnTypes(MLIRContext *, std::optional<Location> location, Adaptor op,
                                                 SmallVectorImpl<Type> &types) {
  types.push_back(op.getInput().getType());
  types.append(4, op.getScale().getType());
  return verifyPerChannel(location, typeOf(op.getInput()), op.getOperands().drop_front());
}

SmallVector<Value> BatchNormTrainOp::buildGradients(OpBuilder &builder, ArrayRef<Value> resultGradients) {
  Value dy = resultGradients.front();
  if (!dy)
    return SmallVector<Value>(5);
  auto gradient = BatchNormGradOp::create(builder, getLoc(), getInput(), dy, getScale(), getMean(), getInvStd());
  return {gradient.getInputGrad(), gradient.getScaleGrad(), gradient.getShiftGrad(), Value(), Value()};
}

LogicalResult BatchNormGradOp::inferReturnTypes(MLIRContext *, std::optional<Location> location, Adaptor op,
                                                SmallVectorImpl<Type> &types) {
  // C4
  if (op.getOutputGrad().getType() != op.getInput().getType())
    return emitOptionalError(location, "expected an output gradient of type ", op.getInput().getType(), ", but got ",
                             op.getOutputGrad().getType());
  types.push_back(op.getInput().getType());
  types.append(2, op.getScale().getType());
  return verifyPerChannel(location, typeOf(op.getInput()), op.getOperands().drop_front(2));
}

//===-- Local response normalization ------------------------------------------------------------------------------===//

static LogicalResult verifyLrn(std::optional<Location> location, RankedTensorType input, int64_t size) {
  // C1
  if (input.getRank() < 2)
    return emitOptionalError(location, "expected an input with channels, but got ", shapeText(input));
  // C2
  if (size < 1 || size % 2 == 0)
    return emitOptionalError(location, "expected an odd and positive number of channels to normalize over, but got ",
                             size);
  return success();
}

LogicalResult LrnOp::inferReturnTypes(MLIRContext *, std::optional<Location> location, Adaptor op,
                                      SmallVectorImpl<Type> &types) {
  types.push_back(op.getInput().getType());
  return verifyLrn(location, typeOf(op.getInput()), op.getSize());
}

SmallVector<Value> LrnOp::buildGradients(OpBuilder &builder, ArrayRef<Value> resultGradients) {
  return {LrnGradOp::create(builder, getLoc(), getInput(), resultGradients.front(), getSizeAttr(), getAlphaAttr(),
                            getBetaAttr(), getKAttr())};
}

LogicalResult LrnGradOp::inferReturnTypes(MLIRContext *, std::optional<Location> location, Adaptor op,
                                          SmallVectorImpl<Type> &types) {
  // C3
  if (op.getOutputGrad().getType() != op.getInput().getType())
    return emitOptionalError(location, "expected an output gradient of type ", op.getInput().getType(), ", but got ",
                             op.getOutputGrad().getType());
  types.push_back(op.getInput().getType());
  return verifyLrn(location, typeOf(op.getInput()), op.getSize());
}

//===-- Dropout ---------------------------------------------------------------------------------------------------===//

LogicalResult DropoutOp::inferReturnTypes(MLIRContext *, std::optional<Location> location, Adaptor op,
                                          SmallVectorImpl<Type> &types) {
  // C1
  double rate = op.getRate().convertToDouble();
  if (!(rate >= 0 && rate < 1))
    return emitOptionalError(location, "expected a dropout rate of at least 0 and below 1, but got ", rate);
  types.push_back(op.getInput().getType());
  return success();
}

OpFoldResult DropoutOp::fold(FoldAdaptor) { return getRate().isZero() ? getInput() : Value(); }

SmallVector<Value> DropoutOp::buildGradients(OpBuilder &builder, ArrayRef<Value> resultGradients) {
  return {DropoutOp::create(builder, getLoc(), resultGradients.front(), getKey(), getRateAttr(), getSiteAttr()),
          Value()};
}

} // namespace cnn
