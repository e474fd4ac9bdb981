// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Making ops.
#include "dsl/Elaborator.h"
#include "llvm/Support/MathExtras.h"

namespace cnn::dsl {

bool Elaborator::checkSize(SourceRange place, mlir::RankedTensorType type) {
  int64_t size = 1;
  for (int64_t dim : sampleShape(type)) {
    if (dim > 0 && !llvm::MulOverflow(size, dim, size) && size <= options.maxTensorSize)
      continue;
    if (dim <= 0)
      error(place, "a tensor cannot have the shape " + printShape(sampleShape(type)));
    else
      error(place, "a tensor of shape " + printShape(sampleShape(type)) + " is too large: at most " +
                       llvm::Twine(options.maxTensorSize) + " values");
    return false;
  }
  return true;
}

llvm::SmallVector<mlir::Value> Elaborator::buildInferred(llvm::StringRef name, SourceRange place,
                                                         llvm::ArrayRef<mlir::Value> operands,
                                                         mlir::DictionaryAttr attributes,
                                                         mlir::OpaqueProperties properties) {
  mlir::Location location = locationOf(place);
  mlir::OperationName operationName(name, &context);
  auto *inference = operationName.getInterface<mlir::InferTypeOpInterface>();
  assert(inference && "the op has a shape function");
  llvm::SmallVector<mlir::Type> types;
  std::string message;
  {
    mlir::ScopedDiagnosticHandler handler(&context, [&](mlir::Diagnostic &diagnostic) {
      if (message.empty())
        message = diagnostic.str();
      return mlir::success();
    });
    if (mlir::failed(inference->inferReturnTypes(&context, location, operands, attributes, properties, {}, types))) {
      error(place, message);
      return {};
    }
  }
  for (mlir::Type type : types)
    if (!checkSize(place, llvm::cast<mlir::RankedTensorType>(type)))
      return {};
  mlir::OperationState state(location, name);
  state.addOperands(operands);
  state.addTypes(types);
  state.addAttributes(attributes.getValue());
  mlir::Operation *op = builder.create(state);
  if (auto conv = llvm::dyn_cast<ConvOp>(op)) {
    // Each output value sums over one filter.
    int64_t count = 1;
    for (int64_t dim : sampleShape(llvm::cast<mlir::RankedTensorType>(conv.getOutput().getType())))
      count *= dim;
    for (int64_t dim : llvm::cast<mlir::RankedTensorType>(conv.getWeight().getType()).getShape().drop_front())
      if (llvm::MulOverflow(count, dim, count))
        count = INT64_MAX;
    if (llvm::AddOverflow(function->multiplyAccumulates, count, function->multiplyAccumulates))
      function->multiplyAccumulates = INT64_MAX;
  }
  return {op->result_begin(), op->result_end()};
}

mlir::Value Elaborator::buildTyped(llvm::StringRef name, SourceRange place, llvm::ArrayRef<mlir::Value> operands,
                                   mlir::RankedTensorType type, llvm::ArrayRef<mlir::NamedAttribute> attributes) {
  mlir::OperationState state(locationOf(place), name);
  state.addOperands(operands);
  state.addTypes(type);
  state.addAttributes(attributes);
  return builder.create(state)->getResult(0);
}

Value Elaborator::buildUnary(SourceRange place, UnaryKind kind, const Tensor &input, double alpha) {
  llvm::SmallVector<mlir::Value> made =
      build<UnaryOp>(place, {input.value},
                     {builder.getNamedAttr("kind", UnaryKindAttr::get(&context, kind)),
                      builder.getNamedAttr("alpha", builder.getF64FloatAttr(alpha))});
  return made.empty() ? Value(Poison()) : Value(Tensor{made.front()});
}

static llvm::SmallVector<int64_t> withBatch(const Tensor &like, llvm::ArrayRef<int64_t> shape) {
  llvm::SmallVector<int64_t> result;
  if (like.hasBatch())
    result.push_back(mlir::ShapedType::kDynamic);
  result.append(shape.begin(), shape.end());
  return result;
}

Value Elaborator::buildReshape(SourceRange place, const Tensor &input, llvm::ArrayRef<int64_t> shape) {
  int64_t before = 1, after = 1;
  for (int64_t dim : input.shape())
    before *= dim;
  auto type = mlir::RankedTensorType::get(withBatch(input, shape), input.type().getElementType());
  if (!checkSize(place, type))
    return Poison();
  for (int64_t dim : shape)
    after *= dim;
  if (before != after) {
    error(place, "cannot reshape " + printShape(input.shape()) + ", which has " + llvm::Twine(before) + " values, to " +
                     printShape(shape) + ", which has " + llvm::Twine(after));
    return Poison();
  }
  if (input.shape() == shape)
    return input;
  return Tensor{buildTyped(ReshapeOp::getOperationName(), place, {input.value}, type)};
}

Tensor Elaborator::buildConstant(SourceRange place, llvm::ArrayRef<double> values, llvm::ArrayRef<int64_t> shape) {
  auto type = mlir::RankedTensorType::get(shape, builder.getF32Type());
  llvm::SmallVector<float> floats(values.begin(), values.end());
  mlir::Attribute elements = mlir::DenseElementsAttr::get(type, llvm::ArrayRef<float>(floats));
  return Tensor{buildTyped(ConstantOp::getOperationName(), place, {}, type, {builder.getNamedAttr("value", elements)})};
}

} // namespace cnn::dsl
