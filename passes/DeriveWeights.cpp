// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Takes what depends on a weight alone out of inference: see Passes.td.

#include "passes/Passes.h"
#include "passes/StorageLayout.h"

namespace cnn {
#define GEN_PASS_DEF_DERIVEWEIGHTS
#include "passes/Passes.h.inc"
} // namespace cnn

using namespace mlir;
using namespace cnn;

namespace {

class DeriveWeights : public cnn::impl::DeriveWeightsBase<DeriveWeights> {
public:
  void runOnOperation() override {
    auto kindOf = [](func::FuncOp function) { return function->getAttrOfType<FunctionKindAttr>(kindAttrName); };
    // A training step changes the weights, for the other functions of its model, too.
    for (func::FuncOp function : getOperation().getOps<func::FuncOp>())
      if (FunctionKindAttr kind = kindOf(function); kind && kind.getValue() == FunctionKind::TrainStep)
        return;
    for (func::FuncOp function : getOperation().getOps<func::FuncOp>())
      if (FunctionKindAttr kind = kindOf(function); kind && kind.getValue() == FunctionKind::Infer)
        derive(function);
  }

private:
  /// The argument of the function that the value is computed from, in one step or several: each of the first input of
  /// an op or, if it has none, of what its body reads. Null if it is not.
  static BlockArgument findSource(Value value) {
    while (value && !isa<BlockArgument>(value)) {
      Operation *op = value.getDefiningOp();
      value = Value();
      if (auto generic = dyn_cast<linalg::GenericOp>(op); generic && generic.getInputs().empty())
        generic.walk([&](tensor::ExtractOp extract) { value = extract.getTensor(); });
      else if (isa<linalg::LinalgOp, tensor::CollapseShapeOp, tensor::ExpandShapeOp>(op))
        value = op->getOperand(0);
    }
    return dyn_cast_or_null<BlockArgument>(value);
  }

  void derive(func::FuncOp function) {
    SmallVector<linalg::GenericOp> derived;
    function.walk([&](linalg::GenericOp op) {
      if (op->hasAttr(derivedAttrName))
        derived.push_back(op);
    });
    for (linalg::GenericOp op : derived) {
      BlockArgument weight = findSource(op.getResult(0));
      if (!weight)
        continue;
      unsigned number = weight.getArgNumber();
      auto role = function.getArgAttrOfType<RoleAttr>(number, roleAttrName);
      if (!role || role.getValue() != Role::Parameter)
        continue;
      auto type = cast<RankedTensorType>(op.getResult(0).getType());
      SmallVector<int64_t> shape(type.getShape());
      bool isInTiles = isa<WinogradAttr>(op->getAttr(derivedAttrName));
      if (isInTiles) { // [n, n, ..] is one dimension of the interface.
        shape[1] *= shape[0];
        shape.erase(shape.begin());
      }
      OpBuilder builder(op);
      NamedAttribute attributes[] = {builder.getNamedAttr(roleAttrName, RoleAttr::get(&getContext(), Role::Derived)),
                                     builder.getNamedAttr(nameAttrName, function.getArgAttr(number, nameAttrName)),
                                     builder.getNamedAttr(derivedAttrName, op->getAttr(derivedAttrName))};
      unsigned added = function.getNumArguments();
      (void)function.insertArgument(added, RankedTensorType::get(shape, type.getElementType()),
                                    builder.getDictionaryAttr(attributes), weight.getLoc());
      Value value = function.getArgument(added);
      if (isInTiles) {
        SmallVector<ReassociationIndices> groups{{0, 1}};
        for (int64_t dim = 2; dim < type.getRank(); ++dim)
          groups.push_back({dim});
        value = tensor::ExpandShapeOp::create(builder, op.getLoc(), type, value, groups);
      }
      op.replaceAllUsesWith(ValueRange{value});
      op.erase();
    }
  }
};

} // namespace
