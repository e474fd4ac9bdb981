// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From the cnn dialect to linalg on tensors: the walk over functions, and what crosses their boundary.
//
//   func.func @Net(%x: tensor<?x3x32x32xf32> {input}, %w: tensor<16x3x5x5xf32> {parameter}) -> tensor<?x16x28x28xf32>
//     %y = cnn.conv %x, %w
//   becomes
//   func.func @Net(%x: tensor<?x3x32x32xf32>, %w: tensor<5x5x3x16xf32> {cnn.storage = 2, 3, 1, 0}) ->
//   tensor<?x16x28x28xf32>
//     %x' = transpose %x          // channels last
//     %y' = linalg.generic {cnn.contraction} %x', %w
//     %y = transpose %y'
//
// Every cnn value is held by a tensor in some storage layout; each op asks for its operands in the layout it prefers
// and says which one its results have. Inputs and outputs keep the order of the dialect. A weight is stored in the
// order that its use as the weight of a convolution wants, in all functions of its model, and so are the optimizer's
// slots for it. A part of the function that a device carries out stays a call, on tensors in the dialect's order.

#include "passes/LinalgLowering.h"
#include "passes/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/StringMap.h"

namespace cnn {
#define GEN_PASS_DEF_CONVERTTOLINALG
#include "passes/Passes.h.inc"
} // namespace cnn

using namespace mlir;
using namespace cnn;

namespace {

Role roleOf(func::FuncOp function, unsigned argument, Role otherwise) {
  auto role = function.getArgAttrOfType<RoleAttr>(argument, roleAttrName);
  return role ? role.getValue() : otherwise;
}

bool isWeight(Role role) { return role == Role::Parameter || role == Role::State || role == Role::Slot; }

/// "Net:conv1.weight", the same in all functions of a model; empty if the argument has no name.
std::string weightKey(func::FuncOp function, unsigned argument) {
  auto name = function.getArgAttrOfType<StringAttr>(argument, nameAttrName);
  if (!name)
    return {};
  return (function.getName().split('.').first + ":" + name.getValue()).str();
}

/// The most groups of the convolutions whose weight the argument is; 0 if it is none's.
int64_t countConvGroups(BlockArgument argument) {
  int64_t groups = 0;
  for (Operation *user : argument.getUsers()) {
    if (auto conv = dyn_cast<ConvOp>(user); conv && conv.getWeight() == argument)
      groups = std::max<int64_t>(groups, conv.getGroups());
    if (auto gradient = dyn_cast<ConvInputGradOp>(user); gradient && gradient.getWeight() == argument)
      groups = std::max<int64_t>(groups, gradient.getGroups());
  }
  return groups;
}

/// The parameter whose update reads the argument as a slot.
std::optional<unsigned> findParameterOfSlot(BlockArgument slot) {
  for (Operation *user : slot.getUsers()) {
    Value parameter;
    if (auto update = dyn_cast<SgdUpdateOp>(user))
      parameter = update.getParameter();
    else if (auto update = dyn_cast<AdamUpdateOp>(user))
      parameter = update.getParameter();
    if (auto argument = dyn_cast_or_null<BlockArgument>(parameter))
      return argument.getArgNumber();
  }
  return std::nullopt;
}

class ConvertToLinalg : public cnn::impl::ConvertToLinalgBase<ConvertToLinalg> {
public:
  void runOnOperation() override {
    SmallVector<func::FuncOp> functions;
    for (func::FuncOp function : getOperation().getOps<func::FuncOp>())
      if (!function.isExternal())
        functions.push_back(function);
    for (func::FuncOp function : functions)
      for (BlockArgument argument : function.getArguments())
        if (isWeight(roleOf(function, argument.getArgNumber(), Role::Input)))
          if (int64_t groups = countConvGroups(argument)) {
            int64_t &most = convGroups[weightKey(function, argument.getArgNumber())];
            most = std::max(most, groups);
          }
    for (func::FuncOp function : functions)
      if (failed(lowerFunction(function)))
        return signalPassFailure();
  }

private:
  llvm::StringMap<int64_t> convGroups; // of the weights of convolutions

  Layout layoutOfArgument(func::FuncOp function, unsigned argument) {
    auto type = cast<RankedTensorType>(function.getArgumentTypes()[argument]);
    int64_t rank = type.getRank();
    Role role = roleOf(function, argument, Role::Input);
    if (role == Role::Slot)
      if (std::optional<unsigned> parameter = findParameterOfSlot(function.getArgument(argument)))
        return layoutOfArgument(function, *parameter);
    if (isWeight(role))
      if (int64_t groups = convGroups.lookup(weightKey(function, argument)))
        return groups == 1 ? blockedWeightLayout(type.getShape()) : weightLayout(rank);
    return identityLayout(rank);
  }

  /// The part of a device that the op calls, or null.
  static func::FuncOp findDevicePart(Operation *op) {
    auto call = dyn_cast<func::CallOp>(op);
    auto callee =
        call ? SymbolTable::lookupNearestSymbolFrom<func::FuncOp>(call, call.getCalleeAttr()) : func::FuncOp();
    return callee && callee->hasAttr(devicePartAttrName) ? callee : func::FuncOp();
  }

  static void lowerDeviceCall(LinalgLowering &lowering, func::CallOp call) {
    auto lowerTypes = [](TypeRange types) {
      return llvm::map_to_vector(types, [](Type type) -> Type {
        return LinalgLowering::lowerType(type, identityLayout(cast<RankedTensorType>(type).getRank()));
      });
    };
    func::FuncOp part = findDevicePart(call);
    FunctionType type =
        FunctionType::get(call.getContext(), lowerTypes(call.getOperandTypes()), lowerTypes(call.getResultTypes()));
    part.setFunctionType(type);
    SmallVector<Value> operands;
    for (auto [operand, lowered] : llvm::zip_equal(call.getOperands(), type.getInputs()))
      operands.push_back(lowering.getWide(operand, identityLayout(cast<RankedTensorType>(lowered).getRank())));
    auto lowered = func::CallOp::create(lowering.builder, part, operands);
    for (auto [result, tensor] : llvm::zip_equal(call.getResults(), lowered.getResults()))
      lowering.set(result, tensor, identityLayout(cast<RankedTensorType>(tensor.getType()).getRank()));
  }

  LogicalResult checkFunction(func::FuncOp function) {
    if (!function.getBody().hasOneBlock())
      return function.emitOpError("expected no control flow");
    for (Type type : llvm::concat<const Type>(function.getArgumentTypes(), function.getResultTypes()))
      if (!isa<RankedTensorType>(type))
        return function.emitOpError("expected arguments and results that are tensors, but got ") << type;
    auto check = [&](Operation *op, TypeRange types) -> LogicalResult {
      for (Type type : types) {
        auto tensor = dyn_cast<RankedTensorType>(type);
        if (!tensor)
          return op->emitError("expected tensors, but got ") << type;
        for (auto [dim, size] : llvm::enumerate(tensor.getShape())) {
          if (ShapedType::isDynamic(size) && dim != 0)
            return op->emitError("expected the batch as the only dynamic dimension, but got ") << type;
          if (size == 0)
            return op->emitError("expected tensors that are not empty, but got ") << type;
        }
      }
      return success();
    };
    if (failed(check(function, function.getArgumentTypes())))
      return failure();
    bool hasBatch =
        llvm::any_of(function.getArgumentTypes(), [](Type type) { return !cast<ShapedType>(type).hasStaticShape(); });
    for (Operation &op : function.getBody().front().without_terminator()) {
      if (!isa_and_nonnull<CnnDialect>(op.getDialect()) && !findDevicePart(&op))
        return op.emitError("expected ops of the cnn dialect alone");
      if (failed(check(&op, op.getOperandTypes())) || failed(check(&op, op.getResultTypes())))
        return failure();
      if (!hasBatch &&
          llvm::any_of(op.getResultTypes(), [](Type type) { return !cast<ShapedType>(type).hasStaticShape(); }))
        return op.emitError("expected an argument of the function to have a batch, as this result does");
    }
    return success();
  }

  /// The location of an op, with its name, which lowering would lose.
  static Location withOpName(Operation *op) {
    return FusedLoc::get({op->getLoc()}, StringAttr::get(op->getContext(), op->getName().stripDialect()),
                         op->getContext());
  }

  LogicalResult lowerFunction(func::FuncOp function) {
    if (failed(checkFunction(function)))
      return failure();
    Block &body = function.getBody().front();
    SmallVector<Operation *> ops;
    for (Operation &op : body.without_terminator())
      ops.push_back(&op);

    // The old ops stay until all are lowered; they look at values of the types before, which stand in for the
    // arguments.
    SmallVector<Layout> layouts;
    for (unsigned i = 0; i < body.getNumArguments(); ++i)
      layouts.push_back(layoutOfArgument(function, i));
    LinalgLowering lowering(function);
    lowering.builder.setInsertionPointToStart(&body);
    SmallVector<Operation *> placeholders;
    for (BlockArgument argument : body.getArguments()) {
      unsigned number = argument.getArgNumber();
      const Layout &layout = layouts[number];
      auto placeholder = UnrealizedConversionCastOp::create(lowering.builder, argument.getType(), ValueRange());
      placeholders.push_back(placeholder);
      argument.replaceUsesWithIf(placeholder.getResult(0), [&](OpOperand &use) {
        return isa_and_nonnull<CnnDialect>(use.getOwner()->getDialect()) ||
               isa<func::ReturnOp, func::CallOp>(use.getOwner());
      });
      argument.setType(LinalgLowering::lowerType(argument.getType(), layout));
      lowering.set(placeholder.getResult(0), argument, layout);
      if (layout != identityLayout(layout.size()))
        function.setArgAttr(number, storageAttrName, lowering.builder.getDenseI64ArrayAttr(layout));
    }
    lowering.builder.setInsertionPoint(body.getTerminator());
    for (Operation *op : ops) {
      lowering.builder.setLoc(withOpName(op));
      LogicalResult lowered = lowerOp(lowering, op);
      if (failed(lowered))
        return failure();
    }

    auto returned = cast<func::ReturnOp>(body.getTerminator());
    lowering.builder.setLoc(returned.getLoc());
    SmallVector<Type> resultTypes;
    for (OpOperand &operand : returned->getOpOperands()) {
      // A new value of a weight is stored as the weight is.
      auto tied = function.getResultAttrOfType<IntegerAttr>(operand.getOperandNumber(), tiedAttrName);
      Layout layout =
          tied ? layouts[tied.getInt()] : identityLayout(cast<RankedTensorType>(operand.get().getType()).getRank());
      operand.set(lowering.getWide(operand.get(), layout));
      resultTypes.push_back(operand.get().getType());
    }
    for (Operation *op : llvm::reverse(ops))
      op->erase();
    for (Operation *op : placeholders)
      op->erase();
    function.setFunctionType(FunctionType::get(&getContext(), body.getArgumentTypes(), resultTypes));
    return success();
  }

  static LogicalResult lowerOp(LinalgLowering &lowering, Operation *op) {
    if (auto call = dyn_cast<func::CallOp>(op)) {
      lowerDeviceCall(lowering, call);
      return success();
    }
    for (auto lowerFamily :
         {lowerConvOp, lowerElementwiseOp, lowerNormOp, lowerOptimizerOp, lowerPoolOp, lowerReduceOp, lowerShapeOp})
      if (FamilyResult result = lowerFamily(lowering, op))
        return *result;
    return op->emitError("there is no lowering to linalg for this op");
  }
};

} // namespace
