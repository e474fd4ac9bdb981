// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "ir/ElementwiseBuilder.h"

using namespace mlir;

namespace cnn {

static RankedTensorType typeOf(Value value) { return cast<RankedTensorType>(value.getType()); }

Value ElementwiseBuilder::binary(BinaryKind kind, Value a, Value b, ArrayRef<int64_t> axes) {
  return BinaryOp::create(builder, location, kind, a, b, axes);
}

Value ElementwiseBuilder::binary(BinaryKind kind, Value a, Value b) {
  return binary(kind, a, b, allAxes(typeOf(a).getRank()));
}

Value ElementwiseBuilder::binary(BinaryKind kind, Value a, double b) {
  return binary(kind, a, scalar(b, typeOf(a).getElementType()), {});
}

Value ElementwiseBuilder::unary(UnaryKind kind, Value value) { return UnaryOp::create(builder, location, kind, value); }

Value ElementwiseBuilder::unaryGrad(UnaryKind kind, Value value, Value gradient) {
  return UnaryGradOp::create(builder, location, kind, value, gradient);
}

Value ElementwiseBuilder::sum(Value value, ArrayRef<int64_t> keep) {
  if (static_cast<int64_t>(keep.size()) == typeOf(value).getRank())
    return value;
  return ReduceOp::create(builder, location, ReduceKind::Sum, value, keep);
}

Value ElementwiseBuilder::broadcast(Value value, Value like, ArrayRef<int64_t> axes) {
  if (static_cast<int64_t>(axes.size()) == typeOf(like).getRank())
    return value;
  Type type = RankedTensorType::get(typeOf(like).getShape(), typeOf(value).getElementType());
  return BroadcastOp::create(builder, location, type, value, like, axes);
}

Value ElementwiseBuilder::scalar(double value, Type elementType) {
  auto type = RankedTensorType::get({}, elementType);
  return ConstantOp::create(builder, location, type,
                            DenseElementsAttr::get(type, builder.getFloatAttr(elementType, value)));
}

} // namespace cnn
