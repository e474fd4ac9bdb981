// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "ir/ElementwiseBuilder.h"

#include "mlir/IR/Diagnostics.h"

using namespace mlir;

#define GET_OP_CLASSES
#include "ir/ShapeOps.cpp.inc"

namespace cnn {

void CnnDialect::addShapeOps() {
  addOperations<
#define GET_OP_LIST
#include "ir/ShapeOps.cpp.inc"
      >();
}

static RankedTensorType typeOf(Value value) { return cast<RankedTensorType>(value.getType()); }

static bool isDifferentiable(Value value) { return isa<FloatType>(typeOf(value).getElementType()); }

/// Adds the type of this shape to `types`, or reports why no tensor has it.
static LogicalResult inferShape(std::optional<Location> location, ArrayRef<int64_t> shape, RankedTensorType input,
                                SmallVectorImpl<Type> &types) {
  FailureOr<RankedTensorType> type = inferTensorType(location, shape, input.getElementType());
  if (failed(type))
    return failure();
  types.push_back(*type);
  return success();
}

static LogicalResult verifyOnePerDimension(std::optional<Location> location, StringRef name, ArrayRef<int64_t> list,
                                           int64_t rank) {
  if (static_cast<int64_t>(list.size()) == rank)
    return success();
  return emitOptionalError(location, "expected ", rank, " entries in ", name, ", one per dimension, but got ",
                           list.size());
}

//===-- reshape ---------------------------------------------------------------------------------------------------===//

LogicalResult ReshapeOp::verify() {
  RankedTensorType input = getInput().getType(), output = getType();
  // C1
  if (hasBatch(input) != hasBatch(output) || *valueCount(input.getShape()) != *valueCount(output.getShape()))
    return emitError("expected a shape of ")
           << *valueCount(input.getShape()) << " values, as " << shapeText(input) << " has, but got "
           << shapeText(output) << " with " << *valueCount(output.getShape())
           << (hasBatch(input) == hasBatch(output) ? "" : " and another batch");
  // C2
  if (input.getElementType() != output.getElementType())
    return emitError("expected a result of ") << input.getElementType() << ", but got " << output.getElementType();
  return success();
}

OpFoldResult ReshapeOp::fold(FoldAdaptor adaptor) {
  if (getInput().getType() == getType())
    return getInput();
  if (auto inner = getInput().getDefiningOp<ReshapeOp>()) {
    getInputMutable().assign(inner.getInput());
    return getResult();
  }
  if (auto elements = dyn_cast_or_null<DenseElementsAttr>(adaptor.getInput()))
    return elements.reshape(getType());
  return {};
}

SmallVector<Value> ReshapeOp::buildGradients(OpBuilder &builder, ArrayRef<Value> resultGradients) {
  if (!isDifferentiable(getInput()))
    return {Value()};
  return {ReshapeOp::create(builder, getLoc(), getInput().getType(), resultGradients.front())};
}

//===-- permute ---------------------------------------------------------------------------------------------------===//

LogicalResult PermuteOp::inferReturnTypes(MLIRContext *context, std::optional<Location> location, Adaptor op,
                                          SmallVectorImpl<Type> &types) {
  RankedTensorType input = typeOf(op.getInput());
  ArrayRef<int64_t> perm = op.getPerm();
  // C1
  SmallVector<int64_t> sorted(perm);
  llvm::sort(sorted);
  if (sorted != allAxes(input.getRank()))
    return emitOptionalError(location, "expected an order of all ", input.getRank(), " dimensions, but got ",
                             shapeText(perm));
  // C2
  if (hasBatch(input) && perm.front() != 0)
    return emitOptionalError(location, "expected the batch to stay in front, but got dimension ", perm.front(),
                             " there");
  SmallVector<int64_t> shape;
  for (int64_t axis : perm)
    shape.push_back(input.getDimSize(axis));
  return inferShape(location, shape, input, types);
}

OpFoldResult PermuteOp::fold(FoldAdaptor) {
  if (getPerm() == ArrayRef<int64_t>(allAxes(getType().getRank())))
    return getInput();
  if (auto inner = getInput().getDefiningOp<PermuteOp>()) {
    SmallVector<int64_t> perm;
    for (int64_t axis : getPerm())
      perm.push_back(inner.getPerm()[axis]);
    setPerm(perm);
    getInputMutable().assign(inner.getInput());
    return getResult();
  }
  return {};
}

SmallVector<Value> PermuteOp::buildGradients(OpBuilder &builder, ArrayRef<Value> resultGradients) {
  if (!isDifferentiable(getInput()))
    return {Value()};
  SmallVector<int64_t> inverse(getPerm().size());
  for (auto [i, axis] : llvm::enumerate(getPerm()))
    inverse[axis] = i;
  return {PermuteOp::create(builder, getLoc(), resultGradients.front(), inverse)};
}

//===-- pad -------------------------------------------------------------------------------------------------------===//

static LogicalResult verifyPadding(std::optional<Location> location, RankedTensorType tensor, ArrayRef<int64_t> low,
                                   ArrayRef<int64_t> high) {
  // C1
  if (failed(verifyOnePerDimension(location, "low", low, tensor.getRank())) ||
      failed(verifyOnePerDimension(location, "high", high, tensor.getRank())))
    return failure();
  for (int64_t pad : llvm::concat<const int64_t>(low, high))
    if (pad < 0)
      return emitOptionalError(location, "expected a padding of at least 0, but got ", pad);
  if (hasBatch(tensor) && (low.front() != 0 || high.front() != 0))
    return emitOptionalError(location, "expected no padding of the batch, but got ", low.front(), " and ",
                             high.front());
  return success();
}

/// C2 of pad, for the tensor before padding.
static LogicalResult verifyMirror(std::optional<Location> location, RankedTensorType input, ArrayRef<int64_t> low,
                                  ArrayRef<int64_t> high, PadMode mode) {
  if (mode != PadMode::Mirror)
    return success();
  for (int64_t i = hasBatch(input) ? 1 : 0; i < input.getRank(); ++i)
    if (std::max(low[i], high[i]) >= input.getDimSize(i))
      return emitOptionalError(location, "expected a mirrored border smaller than the dimension, ", input.getDimSize(i),
                               ", but got ", std::max(low[i], high[i]));
  return success();
}

LogicalResult PadOp::inferReturnTypes(MLIRContext *, std::optional<Location> location, Adaptor op,
                                      SmallVectorImpl<Type> &types) {
  RankedTensorType input = typeOf(op.getInput());
  ArrayRef<int64_t> low = op.getLow(), high = op.getHigh();
  if (failed(verifyPadding(location, input, low, high)) ||
      failed(verifyMirror(location, input, low, high, op.getMode())))
    return failure();
  SmallVector<int64_t> shape(input.getShape());
  for (int64_t i = hasBatch(input) ? 1 : 0; i < input.getRank(); ++i)
    if (llvm::AddOverflow(shape[i], low[i], shape[i]) || llvm::AddOverflow(shape[i], high[i], shape[i]))
      return emitOptionalError(location, "expected a padding of less than 2^60, but got ", low[i], " and ", high[i]);
  return inferShape(location, shape, input, types);
}

OpFoldResult PadOp::fold(FoldAdaptor) { return getInput().getType() == getType() ? getInput() : Value(); }

SmallVector<Value> PadOp::buildGradients(OpBuilder &builder, ArrayRef<Value> resultGradients) {
  return {PadGradOp::create(builder, getLoc(), resultGradients.front(), getLow(), getHigh(), getMode())};
}

LogicalResult PadGradOp::inferReturnTypes(MLIRContext *context, std::optional<Location> location, Adaptor op,
                                          SmallVectorImpl<Type> &types) {
  RankedTensorType outputGrad = typeOf(op.getOutputGrad());
  ArrayRef<int64_t> low = op.getLow(), high = op.getHigh();
  if (failed(verifyPadding(location, outputGrad, low, high)))
    return failure();
  SmallVector<int64_t> shape(outputGrad.getShape());
  for (int64_t i = hasBatch(outputGrad) ? 1 : 0; i < outputGrad.getRank(); ++i) {
    // C3. Neither difference overflows: sizes and paddings are not negative.
    shape[i] = std::max<int64_t>(shape[i] - low[i], 0) - high[i];
    if (shape[i] < 1)
      return emitOptionalError(location, "expected a padding of less than ", outputGrad.getDimSize(i), ", but got ",
                               low[i], " and ", high[i]);
  }
  if (failed(inferShape(location, shape, outputGrad, types)))
    return failure();
  return verifyMirror(location, cast<RankedTensorType>(types.back()), low, high, op.getMode());
}

//===-- slice -----------------------------------------------------------------------------------------------------===//

LogicalResult SliceOp::inferReturnTypes(MLIRContext *, std::optional<Location> location, Adaptor op,
                                        SmallVectorImpl<Type> &types) {
  RankedTensorType input = typeOf(op.getInput());
  ArrayRef<int64_t> offsets = op.getOffsets(), sizes = op.getSizes();
  // C1
  if (failed(verifyOnePerDimension(location, "offsets", offsets, input.getRank())) ||
      failed(verifyOnePerDimension(location, "sizes", sizes, input.getRank())))
    return failure();
  if (hasBatch(input) && (offsets.front() != 0 || sizes.front() != -1))
    return emitOptionalError(location, "expected the whole batch (offset 0, size -1), but got offset ", offsets.front(),
                             ", size ", sizes.front());
  // C2
  SmallVector<int64_t> shape(input.getShape());
  for (int64_t i = hasBatch(input) ? 1 : 0; i < input.getRank(); ++i) {
    shape[i] = sizes[i];
    if (offsets[i] < 0 || sizes[i] < 1 || offsets[i] > input.getDimSize(i) - sizes[i])
      return emitOptionalError(location, "expected a range within the ", input.getDimSize(i),
                               " positions of dimension ", i, ", but got ", sizes[i], " from ", offsets[i]);
  }
  return inferShape(location, shape, input, types);
}

OpFoldResult SliceOp::fold(FoldAdaptor) {
  if (getInput().getType() == getType())
    return getInput();
  // A slice of a slice is one slice.
  if (auto inner = getInput().getDefiningOp<SliceOp>()) {
    SmallVector<int64_t> offsets;
    for (auto [outerOffset, innerOffset] : llvm::zip_equal(getOffsets(), inner.getOffsets()))
      offsets.push_back(outerOffset + innerOffset);
    setOffsets(offsets);
    getInputMutable().assign(inner.getInput());
    return getResult();
  }
  return {};
}

/// The gradient is zero outside the box.
SmallVector<Value> SliceOp::buildGradients(OpBuilder &builder, ArrayRef<Value> resultGradients) {
  if (!isDifferentiable(getInput()))
    return {Value()};
  RankedTensorType input = getInput().getType();
  SmallVector<int64_t> low(getOffsets()), high(input.getRank(), 0);
  for (int64_t i = hasBatch(input) ? 1 : 0; i < input.getRank(); ++i)
    high[i] = input.getDimSize(i) - getOffsets()[i] - getSizes()[i];
  return {PadOp::create(builder, getLoc(), resultGradients.front(), low, high, PadMode::Constant, APFloat(0.0))};
}

//===-- concat ----------------------------------------------------------------------------------------------------===//

LogicalResult ConcatOp::inferReturnTypes(MLIRContext *, std::optional<Location> location, Adaptor op,
                                         SmallVectorImpl<Type> &types) {
  // C1
  if (op.getInputs().empty())
    return emitOptionalError(location, "expected at least 1 tensor to concatenate, but got 0");
  RankedTensorType first = typeOf(op.getInputs().front());
  int64_t axis = op.getAxis();
  // C2
  int64_t firstAxis = hasBatch(first) ? 1 : 0;
  if (axis < firstAxis || axis >= first.getRank())
    return emitOptionalError(location, "expected an axis from ", firstAxis, " to ", first.getRank() - 1, ", but got ",
                             axis);
  // C3
  SmallVector<int64_t> shape(first.getShape());
  for (Value input : op.getInputs().drop_front()) {
    RankedTensorType type = typeOf(input);
    SmallVector<int64_t> expected(first.getShape()), actual(type.getShape());
    if (expected.size() == actual.size())
      expected[axis] = actual[axis];
    if (expected != actual || type.getElementType() != first.getElementType())
      return emitOptionalError(location, "expected tensors that differ in dimension ", axis, " alone, but got ",
                               shapeText(first), " of ", first.getElementType(), " and ", shapeText(type), " of ",
                               type.getElementType());
    if (llvm::AddOverflow(shape[axis], actual[axis], shape[axis]))
      return emitOptionalError(location, "expected at most 2^60 values in a tensor, but got ", op.getInputs().size(),
                               " tensors of shapes like ", shapeText(type));
  }
  return inferShape(location, shape, first, types);
}

OpFoldResult ConcatOp::fold(FoldAdaptor) { return getInputs().size() == 1 ? getInputs().front() : Value(); }

SmallVector<Value> ConcatOp::buildGradients(OpBuilder &builder, ArrayRef<Value> resultGradients) {
  SmallVector<Value> gradients;
  int64_t axis = getAxis(), offset = 0;
  for (Value input : getInputs()) {
    RankedTensorType type = typeOf(input);
    SmallVector<int64_t> offsets(type.getRank(), 0), sizes(type.getShape());
    if (hasBatch(type))
      sizes.front() = -1;
    offsets[axis] = offset;
    offset += type.getDimSize(axis);
    gradients.push_back(isDifferentiable(input)
                            ? SliceOp::create(builder, getLoc(), resultGradients.front(), offsets, sizes).getResult()
                            : Value());
  }
  return gradients;
}

//===-- upsample --------------------------------------------------------------------------------------------------===//

LogicalResult UpsampleOp::inferReturnTypes(MLIRContext *, std::optional<Location> location, Adaptor op,
                                           SmallVectorImpl<Type> &types) {
  RankedTensorType input = typeOf(op.getInput());
  ArrayRef<int64_t> factors = op.getFactors();
  // C1
  int64_t rank = input.getRank() - 2;
  if (rank < 1 || rank > 3)
    return emitOptionalError(location, "expected an input with channels and 1 to 3 spatial dimensions, but got ",
                             shapeText(input));
  // C2
  if (static_cast<int64_t>(factors.size()) != rank)
    return emitOptionalError(location, "expected ", rank, " factors, one per spatial dimension, but got ",
                             factors.size());
  SmallVector<int64_t> shape(input.getShape());
  for (auto [i, factor] : llvm::enumerate(factors)) {
    if (factor < 1)
      return emitOptionalError(location, "expected a factor of at least 1, but got ", factor);
    if (llvm::MulOverflow(shape[2 + i], factor, shape[2 + i]))
      return emitOptionalError(location, "expected at most 2^60 values in a tensor, but got ", shapeText(input),
                               " enlarged by ", factor);
  }
  return inferShape(location, shape, input, types);
}

/// Each value gets the sum over its copies, which lie side by side: a pooling.
SmallVector<Value> UpsampleOp::buildGradients(OpBuilder &builder, ArrayRef<Value> resultGradients) {
  ArrayRef<int64_t> factors = getFactors();
  SmallVector<int64_t> ones(factors.size(), 1), zeros(factors.size(), 0);
  auto window = WindowAttr::get(getContext(), factors, factors, ones, zeros, zeros, /*ceil=*/false);
  Value mean = AvgPoolOp::create(builder, getLoc(), resultGradients.front(), window);
  double copies = static_cast<double>(*valueCount(factors));
  return {ElementwiseBuilder(builder, getLoc()).binary(BinaryKind::Mul, mean, copies)};
}

} // namespace cnn
