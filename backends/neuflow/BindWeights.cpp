// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "backends/neuflow/BindWeights.h"

#include "ir/CnnDialect.h"

using namespace mlir;

namespace cnn::neuflow {

LogicalResult bindWeights(func::FuncOp net, WeightReader read) {
  OpBuilder builder = OpBuilder::atBlockBegin(&net.getBody().front());
  llvm::BitVector bound(net.getNumArguments());
  for (BlockArgument argument : net.getArguments()) {
    unsigned number = argument.getArgNumber();
    auto role = net.getArgAttrOfType<RoleAttr>(number, roleAttrName);
    if (!role || role.getValue() == Role::Input)
      continue;
    auto path = net.getArgAttrOfType<StringAttr>(number, nameAttrName);
    auto type = cast<RankedTensorType>(argument.getType());
    std::vector<float> numbers = read(path ? path.getValue() : "", type.getShape());
    if (numbers.empty())
      return failure();
    auto value = DenseElementsAttr::get(type, ArrayRef<float>(numbers));
    argument.replaceAllUsesWith(ConstantOp::create(builder, argument.getLoc(), type, value));
    bound.set(number);
  }
  return net.eraseArguments(bound);
}

} // namespace cnn::neuflow
