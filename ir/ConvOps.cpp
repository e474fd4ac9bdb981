// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "ir/CnnDialect.h"

#include "mlir/IR/Diagnostics.h"

using namespace mlir;

#define GET_OP_CLASSES
#include "ir/ConvOps.cpp.inc"

namespace cnn {

void CnnDialect::addConvOps() {
  addOperations<
#define GET_OP_LIST
#include "ir/ConvOps.cpp.inc"
      >();
}

static RankedTensorType typeOf(Value value) { return cast<RankedTensorType>(value.getType()); }

/// The shape function of conv; its two gradients verify with it too. The numbers are those of conv's constraints.
static FailureOr<RankedTensorType> inferConv(std::optional<Location> location, RankedTensorType input,
                                             RankedTensorType weight, WindowAttr window, int64_t groups) {
  // C1
  int64_t rank = input.getRank();
  if (rank < 2 || rank > 5)
    return emitOptionalError(location, "expected an input with channels and at most 3 spatial dimensions, but got ",
                             shapeText(input));
  if (weight.getRank() != rank)
    return emitOptionalError(location, "expected a weight with ", rank - 2,
                             " spatial dimensions, as the input has, but got ", shapeText(weight));
  if (!weight.hasStaticShape())
    return emitOptionalError(location, "expected a weight without a batch, but got ", weight);
  // C2
  int64_t outputChannels = weight.getDimSize(0);
  if (groups < 1)
    return emitOptionalError(location, "expected at least 1 group, but got ", groups);
  if (outputChannels % groups != 0)
    return emitOptionalError(location, "expected a number of output channels that ", groups, " groups divide, but got ",
                             outputChannels);
  int64_t inputChannels;
  if (llvm::MulOverflow(groups, weight.getDimSize(1), inputChannels) || input.getDimSize(1) != inputChannels) {
    if (groups == 1)
      return emitOptionalError(location, "expected ", inputChannels, " input channels, but got ", input.getDimSize(1));
    return emitOptionalError(location, "expected ", weight.getDimSize(1), " input channels in each of ", groups,
                             " groups, but got ", input.getDimSize(1), " in all");
  }
  // C4
  if (window.getRank() != rank - 2)
    return emitOptionalError(location, "expected a window with ", rank - 2, " dimensions, as the input has, but got ",
                             window.getRank());
  // C3
  ArrayRef<int64_t> kernel = weight.getShape().drop_front(2);
  if (window.getKernel() != kernel)
    return emitOptionalError(location, "expected a weight for a window of ", shapeText(window.getKernel()),
                             ", but got ", shapeText(kernel));
  // C4
  SmallVector<int64_t> shape = {input.getDimSize(0), outputChannels};
  for (int64_t i = 0; i < rank - 2; ++i) {
    std::optional<int64_t> size = windowOutputSize(input.getDimSize(2 + i), window.getDim(i));
    if (!size)
      return emitOptionalError(location, "expected a window that fits into the input, but got a window of ",
                               windowExtent(window.getDim(i)), " over ", input.getDimSize(2 + i),
                               " positions, padded by ", window.getPadLow()[i], " and ", window.getPadHigh()[i],
                               ", in spatial dimension ", i);
    shape.push_back(*size);
  }
  // C5
  if (weight.getElementType() != input.getElementType())
    return emitOptionalError(location, "expected a weight of ", input.getElementType(), ", as the input is, but got ",
                             weight.getElementType());
  return inferTensorType(location, shape, input.getElementType());
}

/// C1 of both gradients.
static LogicalResult verifyConvGradient(Operation *op, RankedTensorType input, RankedTensorType weight,
                                        RankedTensorType outputGrad, WindowAttr window, int64_t groups) {
  FailureOr<RankedTensorType> output = inferConv(op->getLoc(), input, weight, window, groups);
  if (failed(output))
    return failure();
  if (*output != outputGrad)
    return op->emitOpError("expected an output gradient of type ") << *output << ", but got " << outputGrad;
  return success();
}

//===-- conv ------------------------------------------------------------------------------------------------------===//

bool ConvOp::allows(ConvAlgorithm algorithm, WindowAttr window, int64_t groups) {
  if (algorithm == ConvAlgorithm::Direct)
    return true;
  int64_t rank = window.getRank();
  if (groups != 1 || rank < 2)
    return false;
  int64_t kernel = window.getKernel().back();
  return (kernel == 3 || (kernel == 5 && algorithm == ConvAlgorithm::Winograd2)) &&
         llvm::all_of(llvm::seq(rank - 2, rank), [&](int64_t i) {
           return window.getKernel()[i] == kernel && window.getStride()[i] == 1 && window.getDilation()[i] == 1;
         });
}

int64_t ConvOp::tileOf(ConvAlgorithm algorithm) {
  switch (algorithm) {
  case ConvAlgorithm::Direct:
    return 1;
  case ConvAlgorithm::Winograd2:
    return 2;
  case ConvAlgorithm::Winograd4:
    return 4;
  }
  llvm_unreachable("no such algorithm");
}

LogicalResult ConvOp::inferReturnTypes(MLIRContext *, std::optional<Location> location, Adaptor op,
                                       SmallVectorImpl<Type> &types) {
  FailureOr<RankedTensorType> type =
      inferConv(location, typeOf(op.getInput()), typeOf(op.getWeight()), op.getWindow(), op.getGroups());
  if (failed(type))
    return failure();
  // C6. An op that is about to be made may have no attribute yet where there is a default.
  ConvAlgorithmAttr algorithm = op.getAlgorithmAttr();
  if (algorithm && !allows(algorithm.getValue(), op.getWindow(), op.getGroups()))
    return emitOptionalError(
        location, "expected a kernel of 3x3", algorithm.getValue() == ConvAlgorithm::Winograd2 ? " or 5x5" : "",
        " with stride and dilation 1 in one group for ", stringifyConvAlgorithm(algorithm.getValue()));
  types.push_back(*type);
  return success();
}

SmallVector<Value> ConvOp::buildGradients(OpBuilder &builder, ArrayRef<Value> resultGradients) {
  Value gradient = resultGradients.front();
  return {
      ConvInputGradOp::create(builder, getLoc(), getInput().getType(), gradient, getWeight(), getWindow(), getGroups()),
      ConvWeightGradOp::create(builder, getLoc(), getWeight().getType(), getInput(), gradient, getWindow(),
                               getGroups())};
}

//===-- conv_input_grad -------------------------------------------------------------------------------------------===//

LogicalResult ConvInputGradOp::verify() {
  return verifyConvGradient(*this, getType(), getWeight().getType(), getOutputGrad().getType(), getWindow(),
                            getGroups());
}

/// The op is the transpose of conv as a linear map, so its own gradients are conv and, since it is bilinear like conv,
/// the weight gradient with the parts of input and output gradient exchanged.
SmallVector<Value> ConvInputGradOp::buildGradients(OpBuilder &builder, ArrayRef<Value> resultGradients) {
  Value gradient = resultGradients.front();
  return {ConvOp::create(builder, getLoc(), gradient, getWeight(), getWindow(), getGroups()),
          ConvWeightGradOp::create(builder, getLoc(), getWeight().getType(), gradient, getOutputGrad(), getWindow(),
                                   getGroups())};
}

//===-- conv_weight_grad ------------------------------------------------------------------------------------------===//

LogicalResult ConvWeightGradOp::verify() {
  return verifyConvGradient(*this, getInput().getType(), getType(), getOutputGrad().getType(), getWindow(),
                            getGroups());
}

} // namespace cnn
