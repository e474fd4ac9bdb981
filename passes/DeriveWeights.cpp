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
  /// What an op reads: its first input or, if it has none, what its body extracts from.
  static Value findInput(linalg::GenericOp op) {
    if (!op.getInputs().empty())
      return op.getInputs()[0];
    Value source;
    op.walk([&](tensor::ExtractOp extract) { source = extract.getTensor(); });
    return source;
  }

  /// The argument of the function that the op is computed from, perhaps by way of a transform, and of another order in
  /// memory; null if it is computed from something else, such as a flipped weight.
  static BlockArgument findSource(linalg::GenericOp op) {
    Value source = findInput(op);
    if (auto transform = source ? source.getDefiningOp<linalg::GenericOp>() : linalg::GenericOp();
        transform && transform->hasAttr(transformAttrName))
      source = findInput(transform);
    while (source &&
           isa_and_present<linalg::TransposeOp, tensor::CollapseShapeOp, tensor::ExpandShapeOp>(source.getDefiningOp()))
      source = source.getDefiningOp()->getOperand(0);
    return dyn_cast_or_null<BlockArgument>(source);
  }

  void derive(func::FuncOp function) {
    SmallVector<linalg::GenericOp> derived;
    function.walk([&](linalg::GenericOp op) {
      if (op->hasAttr(derivedAttrName))
        derived.push_back(op);
    });
    for (linalg::GenericOp op : derived) {
      BlockArgument weight = findSource(op);
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
