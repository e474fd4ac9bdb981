// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "backends/neuflow/ConstantValues.h"

#include "ir/CnnDialect.h"
#include "ir/reference/Evaluator.h"

using namespace mlir;

namespace cnn::neuflow {

bool ConstantValues::isConstant(Value value) {
  if (auto found = known.find(value); found != known.end())
    return found->second;
  Operation *op = value.getDefiningOp();
  bool result = op && isa<CnnDialect>(op->getDialect()) && (isa<ConstantOp>(op) || op->getNumOperands() > 0) &&
                llvm::all_of(op->getOperands(), [&](Value operand) { return isConstant(operand); });
  return known[value] = result;
}

const reference::Tensor *ConstantValues::find(Value value) {
  if (!isConstant(value))
    return nullptr;
  std::unique_ptr<reference::Tensor> &tensor = tensors[value];
  if (tensor)
    return tensor.get();
  Operation *op = value.getDefiningOp();
  SmallVector<reference::Tensor> operands;
  for (Value operand : op->getOperands()) {
    const reference::Tensor *known = find(operand);
    if (!known)
      return nullptr;
    operands.push_back(*known);
  }
  FailureOr<SmallVector<reference::Tensor>> results = reference::evaluateOp(op, operands);
  if (failed(results))
    return nullptr;
  // Recursion may have moved the map.
  std::unique_ptr<reference::Tensor> &place = tensors[value];
  place = std::make_unique<reference::Tensor>(std::move((*results)[cast<OpResult>(value).getResultNumber()]));
  return place.get();
}

} // namespace cnn::neuflow
