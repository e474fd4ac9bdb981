// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "ir/CnnDialect.h"

#include "mlir/IR/Diagnostics.h"

using namespace mlir;

#define GET_OP_CLASSES
#include "ir/LossOps.cpp.inc"

namespace cnn {

void CnnDialect::addLossOps() {
  addOperations<
#define GET_OP_LIST
#include "ir/LossOps.cpp.inc"
      >();
}

static RankedTensorType typeOf(Value value) { return cast<RankedTensorType>(value.getType()); }

/// C1 and C2 of all ops here, and their result per sample.
static FailureOr<RankedTensorType> inferPerSample(std::optional<Location> location, RankedTensorType scores,
                                                  RankedTensorType label) {
  // C1
  if (scores.getRank() != 2)
    return emitOptionalError(location, "expected one list of scores per sample, but got ", shapeText(scores));
  // C2
  if (label.getDimSize(0) != scores.getDimSize(0))
    return emitOptionalError(location, "expected one label per sample, but got scores of type ", scores,
                             " and labels of type ", label);
  return RankedTensorType::get(scores.getDimSize(0), scores.getElementType());
}

LogicalResult CrossEntropyOp::inferReturnTypes(MLIRContext *, std::optional<Location> location, Adaptor op,
                                               SmallVectorImpl<Type> &types) {
  FailureOr<RankedTensorType> type = inferPerSample(location, typeOf(op.getScores()), typeOf(op.getLabel()));
  if (failed(type))
    return failure();
  types.push_back(*type);
  return success();
}

SmallVector<Value> CrossEntropyOp::buildGradients(OpBuilder &builder, ArrayRef<Value> resultGradients) {
  return {CrossEntropyGradOp::create(builder, getLoc(), getScores(), getLabel(), resultGradients.front()), Value()};
}

LogicalResult CrossEntropyGradOp::inferReturnTypes(MLIRContext *, std::optional<Location> location, Adaptor op,
                                                   SmallVectorImpl<Type> &types) {
  FailureOr<RankedTensorType> type = inferPerSample(location, typeOf(op.getScores()), typeOf(op.getLabel()));
  if (failed(type))
    return failure();
  // C3
  if (op.getLossGrad().getType() != *type)
    return emitOptionalError(location, "expected a gradient of the loss of type ", *type, ", but got ",
                             op.getLossGrad().getType());
  types.push_back(op.getScores().getType());
  return success();
}

LogicalResult TopKHitOp::inferReturnTypes(MLIRContext *, std::optional<Location> location, Adaptor op,
                                          SmallVectorImpl<Type> &types) {
  RankedTensorType scores = typeOf(op.getScores());
  FailureOr<RankedTensorType> type = inferPerSample(location, scores, typeOf(op.getLabel()));
  if (failed(type))
    return failure();
  // C3
  int64_t k = op.getK();
  if (k < 1 || k > scores.getDimSize(1))
    return emitOptionalError(location, "expected k from 1 to ", scores.getDimSize(1),
                             ", the number of scores, but got ", k);
  types.push_back(*type);
  return success();
}

} // namespace cnn
