// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "ir/CnnDialect.h"

#include "mlir/IR/Diagnostics.h"

using namespace mlir;

#define GET_OP_CLASSES
#include "ir/OptimizerOps.cpp.inc"

namespace cnn {

void CnnDialect::addOptimizerOps() {
  addOperations<
#define GET_OP_LIST
#include "ir/OptimizerOps.cpp.inc"
      >();
}

/// C1 of both rules: `values` (the parameter, its gradient, its slots) have one type.
static LogicalResult verifySameType(std::optional<Location> location, ValueRange values) {
  Type expected = values.front().getType();
  for (Value value : values.drop_front())
    if (value.getType() != expected)
      return emitOptionalError(location, "expected a gradient and slots of type ", expected,
                               ", as the parameter is, but got ", value.getType());
  return success();
}

LogicalResult SgdUpdateOp::inferReturnTypes(MLIRContext *, std::optional<Location> location, Adaptor op,
                                            SmallVectorImpl<Type> &types) {
  Value velocity = op.getVelocity();
  if (failed(verifySameType(location, {op.getParameter(), op.getGradient(), velocity ? velocity : op.getParameter()})))
    return failure();
  if (!velocity && !op.getMomentum().isZero()) // C2
    return emitOptionalError(location, "expected a velocity, since the momentum is not 0");
  types.append(velocity ? 2 : 1, op.getParameter().getType());
  return success();
}

LogicalResult AdamUpdateOp::inferReturnTypes(MLIRContext *, std::optional<Location> location, Adaptor op,
                                             SmallVectorImpl<Type> &types) {
  if (failed(
          verifySameType(location, {op.getParameter(), op.getGradient(), op.getFirstMoment(), op.getSecondMoment()})))
    return failure();
  types.append(3, op.getParameter().getType());
  return success();
}

} // namespace cnn
