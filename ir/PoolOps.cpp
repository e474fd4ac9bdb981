// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "ir/CnnDialect.h"

#include "mlir/IR/Diagnostics.h"

using namespace mlir;

#define GET_OP_CLASSES
#include "ir/PoolOps.cpp.inc"

namespace cnn {

void CnnDialect::addPoolOps() {
  addOperations<
#define GET_OP_LIST
#include "ir/PoolOps.cpp.inc"
      >();
}

static RankedTensorType typeOf(Value value) { return cast<RankedTensorType>(value.getType()); }

/// The shape function of both poolings; their gradients verify with it too. The numbers are those of max_pool.
static FailureOr<RankedTensorType> inferPool(std::optional<Location> location, RankedTensorType input,
                                             WindowAttr window) {
  // C1
  int64_t rank = input.getRank() - 2;
  if (rank < 1 || rank > 3)
    return emitOptionalError(location, "expected an input with channels and 1 to 3 spatial dimensions, but got ",
                             shapeText(input));
  if (window.getRank() != rank)
    return emitOptionalError(location, "expected a window with ", rank, " dimensions, as the input has, but got ",
                             window.getRank());
  SmallVector<int64_t> shape = {input.getDimSize(0), input.getDimSize(1)};
  for (int64_t i = 0; i < rank; ++i) {
    int64_t in = input.getDimSize(2 + i);
    std::optional<int64_t> size = windowOutputSize(in, window.getDim(i));
    if (!size)
      return emitOptionalError(location, "expected a window that fits into the input, but got a window of ",
                               windowExtent(window.getDim(i)), " over ", in, " positions, padded by ",
                               window.getPadLow()[i], " and ", window.getPadHigh()[i], ", in spatial dimension ", i);
    // C2
    if (!windowsTouchInput(in, window.getDim(i)))
      return emitOptionalError(location, "expected every window to touch the input, but got a padding of ",
                               window.getPadLow()[i], " and ", window.getPadHigh()[i], " for a window of ",
                               windowExtent(window.getDim(i)), " in spatial dimension ", i);
    shape.push_back(*size);
  }
  return inferTensorType(location, shape, input.getElementType());
}

/// C1 of both gradients.
static LogicalResult verifyPoolGradient(std::optional<Location> location, RankedTensorType input,
                                        RankedTensorType outputGrad, WindowAttr window) {
  FailureOr<RankedTensorType> output = inferPool(location, input, window);
  if (failed(output))
    return failure();
  if (*output != outputGrad)
    return emitOptionalError(location, "expected an output gradient of type ", *output, ", but got ", outputGrad);
  return success();
}

//===-- max_pool --------------------------------------------------------------------------------------------------===//

LogicalResult MaxPoolOp::inferReturnTypes(MLIRContext *, std::optional<Location> location, Adaptor op,
                                          SmallVectorImpl<Type> &types) {
  FailureOr<RankedTensorType> type = inferPool(location, typeOf(op.getInput()), op.getWindow());
  if (failed(type))
    return failure();
  types.push_back(*type);
  return success();
}

SmallVector<Value> MaxPoolOp::buildGradients(OpBuilder &builder, ArrayRef<Value> resultGradients) {
  return {MaxPoolGradOp::create(builder, getLoc(), getInput(), resultGradients.front(), getWindow())};
}

LogicalResult MaxPoolGradOp::inferReturnTypes(MLIRContext *, std::optional<Location> location, Adaptor op,
                                              SmallVectorImpl<Type> &types) {
  types.push_back(op.getInput().getType());
  return verifyPoolGradient(location, typeOf(op.getInput()), typeOf(op.getOutputGrad()), op.getWindow());
}

//===-- avg_pool --------------------------------------------------------------------------------------------------===//

LogicalResult AvgPoolOp::inferReturnTypes(MLIRContext *, std::optional<Location> location, Adaptor op,
                                          SmallVectorImpl<Type> &types) {
  FailureOr<RankedTensorType> type = inferPool(location, typeOf(op.getInput()), op.getWindow());
  if (failed(type))
    return failure();
  types.push_back(*type);
  return success();
}

SmallVector<Value> AvgPoolOp::buildGradients(OpBuilder &builder, ArrayRef<Value> resultGradients) {
  return {AvgPoolGradOp::create(builder, getLoc(), getInput().getType(), resultGradients.front(), getWindow(),
                                getCountPad())};
}

LogicalResult AvgPoolGradOp::verify() {
  return verifyPoolGradient(getLoc(), getType(), getOutputGrad().getType(), getWindow());
}

} // namespace cnn
