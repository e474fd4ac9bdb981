// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "ir/reference/Evaluator.h"

#include "ir/reference/OpEvaluators.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace cnn;
using namespace cnn::reference;

std::optional<ElementKind> cnn::reference::getElementKind(Type elementType) {
  if (elementType.isF64())
    return ElementKind::F64;
  if (elementType.isF32())
    return ElementKind::F32;
  if (elementType.isBF16())
    return ElementKind::BF16;
  if (elementType.isF16())
    return ElementKind::F16;
  if (elementType.isUnsignedInteger(8))
    return ElementKind::U8;
  if (elementType.isSignlessInteger(32))
    return ElementKind::I32;
  if (elementType.isSignlessInteger(64))
    return ElementKind::I64;
  return std::nullopt;
}

static std::string describe(const Tensor &tensor) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  for (int64_t size : tensor.shape)
    stream << size << "x";
  stream << stringifyElementKind(tensor.kind);
  return text;
}

/// Whether `tensor` can be a value of `type`. In exact arithmetic any floating-point kind can stand for any other.
static bool isValueOf(const Tensor &tensor, Type type) {
  auto tensorType = dyn_cast<RankedTensorType>(type);
  if (!tensorType || tensorType.getRank() != tensor.getRank())
    return false;
  std::optional<ElementKind> kind = getElementKind(tensorType.getElementType());
  if (!kind || (isFloatKind(*kind) ? !tensor.isFloat() : tensor.kind != *kind))
    return false;
  for (int64_t i = 0; i < tensor.getRank(); ++i)
    if (!tensorType.isDynamicDim(i) && tensorType.getDimSize(i) != tensor.getDim(i))
      return false;
  return true;
}

/// The batch: what the dynamic dimensions of the types stand for in the tensors. Reports values that do not fit.
static FailureOr<std::optional<int64_t>> readBatch(TypeRange types, ArrayRef<Tensor> tensors,
                                                   function_ref<InFlightDiagnostic()> emitError) {
  if (types.size() != tensors.size())
    return emitError() << "expected " << types.size() << " values to evaluate with, but got " << tensors.size();
  std::optional<int64_t> batch;
  for (auto [i, type, tensor] : llvm::enumerate(types, tensors)) {
    if (!isValueOf(tensor, type))
      return emitError() << "expected value " << i << " to be a " << type << ", but got " << describe(tensor);
    auto tensorType = cast<RankedTensorType>(type);
    for (int64_t dim = 0; dim < tensorType.getRank(); ++dim) {
      if (!tensorType.isDynamicDim(dim))
        continue;
      if (batch && *batch != tensor.getDim(dim))
        return emitError() << "expected value " << i << " to have a batch of " << *batch << ", but got "
                           << tensor.getDim(dim);
      batch = tensor.getDim(dim);
    }
  }
  return batch;
}

static FailureOr<Tensor> makeResult(Operation *op, Type type, std::optional<int64_t> batch, Arithmetic arithmetic) {
  auto tensorType = dyn_cast<RankedTensorType>(type);
  std::optional<ElementKind> kind = tensorType ? getElementKind(tensorType.getElementType()) : std::nullopt;
  if (!kind)
    return op->emitError() << "the reference evaluator cannot represent a " << type;
  if (arithmetic == Arithmetic::Exact && isFloatKind(*kind))
    kind = ElementKind::F64;
  SmallVector<int64_t> shape;
  for (int64_t size : tensorType.getShape()) {
    if (ShapedType::isDynamic(size) && !batch)
      return op->emitError() << "the batch of the result is not known: no operand has one";
    shape.push_back(ShapedType::isDynamic(size) ? *batch : size);
  }
  return Tensor::zeros(shape, *kind);
}

static LogicalResult dispatch(Operation *op, ArrayRef<Tensor> operands, MutableArrayRef<Tensor> results) {
  return TypeSwitch<Operation *, LogicalResult>(op)
      .Case<ConvOp, ConvInputGradOp, ConvWeightGradOp,                                   //
            MaxPoolOp, MaxPoolGradOp, AvgPoolOp, AvgPoolGradOp,                          //
            ConstantOp, UnaryOp, UnaryGradOp, BinaryOp, BroadcastOp, ReduceOp, CastOp,   //
            SoftmaxOp, SoftmaxGradOp, LogSoftmaxOp, LogSoftmaxGradOp,                    //
            CrossEntropyOp, CrossEntropyGradOp, TopKHitOp,                               //
            BatchNormOp, BatchNormTrainOp, BatchNormGradOp, LrnOp, LrnGradOp, DropoutOp, //
            ReshapeOp, PermuteOp, PadOp, PadGradOp, SliceOp, ConcatOp, UpsampleOp,       //
            SgdUpdateOp, AdamUpdateOp>([&](auto known) {
        reference::evaluate(known, operands, results);
        return success();
      })
      .Default([](Operation *unknown) {
        return unknown->emitError() << "the reference evaluator does not know '" << unknown->getName() << "'";
      });
}

FailureOr<SmallVector<Tensor>> cnn::reference::evaluateOp(Operation *op, ArrayRef<Tensor> operands,
                                                          Arithmetic arithmetic) {
  auto batch = readBatch(op->getOperandTypes(), operands, [&] { return op->emitError(); });
  if (failed(batch))
    return failure();
  SmallVector<Tensor> results;
  for (Type type : op->getResultTypes()) {
    FailureOr<Tensor> result = makeResult(op, type, *batch, arithmetic);
    if (failed(result))
      return failure();
    results.push_back(std::move(*result));
  }
  if (failed(dispatch(op, operands, results)))
    return failure();
  for (Tensor &result : results)
    for (double &value : result.floats)
      value = roundToKind(value, result.kind);
  return results;
}

FailureOr<SmallVector<Tensor>> cnn::reference::evaluate(func::FuncOp function, ArrayRef<Tensor> inputs,
                                                        Arithmetic arithmetic) {
  if (!function.getBody().hasOneBlock())
    return function.emitError() << "the reference evaluator evaluates functions of one block";
  if (failed(readBatch(function.getArgumentTypes(), inputs, [&] { return function.emitError(); })))
    return failure();
  DenseMap<Value, Tensor> values;
  for (auto [argument, input] : llvm::zip_equal(function.getArguments(), inputs))
    values[argument] = input;
  for (Operation &op : function.getBody().front()) {
    SmallVector<Tensor> operands;
    for (Value operand : op.getOperands())
      operands.push_back(values.at(operand));
    if (isa<func::ReturnOp>(op))
      return operands;
    FailureOr<SmallVector<Tensor>> results = evaluateOp(&op, operands, arithmetic);
    if (failed(results))
      return failure();
    for (auto [value, result] : llvm::zip_equal(op.getResults(), *results))
      values[value] = std::move(result);
  }
  return function.emitError() << "expected the function to end with a return";
}
