// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Stores what inference keeps in memory in bf16, rounded to nearest even; computes in f32.
//
//   %y = cnn.conv %x, %w                 %x' = cast(cast(%x, bf16), f32)     %w' = cast(cast(%w, bf16), f32)
//   %z = cnn.unary relu %y         ->    %y = cnn.conv %x', %w'
//   %v = cnn.conv %z, %u                 %z = cnn.unary relu %y              %z' = cast(cast(%z, bf16), f32)  ..
//
// Every op stays an f32 op, so a pair of casts is all that says what is rounded, and where. Lowering to linalg keeps
// the value between the two in memory, and widens it as it is read.
//
// A value is rounded where it is stored: if several ops read it, or one that is no elementwise op. What one elementwise
// op reads is in registers when that op wants it, and is left alone (KernelGroups.cpp); of two such operands of one op,
// that is the later one. Ops that only move values move rounded ones.
//
// Not rounded: what leaves the function, and what softmax and losses read; what is no activation (biases, scales, and
// the running statistics are few); the filters of depthwise convolutions, for the same reason, and those of Winograd's
// algorithms, whose transforms are f32; but for F(2x2, 3x3) on a target that multiplies pairs of bf16, where a rounded
// filter says that its transform is, and that of the input. And, if the target says so, weights that stay in a cache
// anyway.

#include "passes/Passes.h"

#include "ir/TensorShape.h"

namespace cnn {
#define GEN_PASS_DEF_NARROWSTORAGE
#include "passes/Passes.h.inc"
} // namespace cnn

using namespace mlir;
using namespace cnn;

namespace {

bool isActivation(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return type && type.getElementType().isF32() && type.getRank() > 0 && type.isDynamicDim(0);
}

/// Whether each value of the result is one of the operand's, or, of a padding, a constant that bf16 holds.
bool onlyMovesValues(Operation *op) {
  if (auto pad = dyn_cast<PadOp>(op)) {
    APFloat value = pad.getValue();
    bool losesInfo = false;
    value.convert(APFloat::BFloat(), APFloat::rmNearestTiesToEven, &losesInfo);
    return pad.getMode() != PadMode::Constant || !losesInfo;
  }
  return isa<ReshapeOp, PermuteOp, SliceOp, ConcatOp, UpsampleOp>(op);
}

/// Whether what reads the value wants all of its bits.
bool isReadInF32(OpOperand &use) {
  Operation *user = use.getOwner();
  if (isa<func::ReturnOp, SoftmaxOp, LogSoftmaxOp, CrossEntropyOp, TopKHitOp>(user))
    return true;
  return onlyMovesValues(user) && llvm::all_of(user->getUses(), isReadInF32);
}

/// Whether the value is the one operand of an elementwise op that can be in registers when that op reads it, as long as
/// no other can.
bool mayStayInRegisters(Value value) {
  Operation *producer = value.getDefiningOp();
  if (!producer || !value.hasOneUse() || onlyMovesValues(producer))
    return false;
  OpOperand &use = *value.use_begin();
  if (isa<UnaryOp, CastOp>(use.getOwner()))
    return true;
  if (isa<BatchNormOp>(use.getOwner()))
    return use.getOperandNumber() == 0;
  auto binary = dyn_cast<BinaryOp>(use.getOwner());
  return binary && binary.getOutput().getType() == value.getType();
}

bool staysInRegisters(Value value) {
  if (!mayStayInRegisters(value))
    return false;
  auto binary = dyn_cast<BinaryOp>(*value.user_begin());
  if (!binary)
    return true;
  Value other = binary.getLhs() == value ? binary.getRhs() : binary.getLhs();
  return !isActivation(other) || !mayStayInRegisters(other) ||
         other.getDefiningOp()->isBeforeInBlock(value.getDefiningOp());
}

/// Whether this use of an input of the function, which is in memory as f32, should read a copy in bf16.
bool isWorthCopying(OpOperand &use) { return !isa<UnaryOp, BinaryOp, CastOp, BatchNormOp>(use.getOwner()); }

class NarrowStorage : public cnn::impl::NarrowStorageBase<NarrowStorage> {
public:
  using NarrowStorageBase::NarrowStorageBase;

  void runOnOperation() override {
    func::FuncOp function = getOperation();
    auto kind = function->getAttrOfType<FunctionKindAttr>(kindAttrName);
    if (function.isExternal() || (kind && kind.getValue() != FunctionKind::Infer))
      return;
    // What is stored is decided before anything is changed.
    SmallVector<std::pair<Value, SmallVector<OpOperand *>>> stored;
    auto collect = [&](Value value, function_ref<bool(OpOperand &)> isNarrowed) {
      SmallVector<OpOperand *> uses;
      for (OpOperand &use : value.getUses())
        if (isNarrowed(use))
          uses.push_back(&use);
      if (!uses.empty())
        stored.push_back({value, std::move(uses)});
    };
    auto isNarrow = [](OpOperand &use) { return !isReadInF32(use); };
    for (BlockArgument argument : function.getArguments())
      if (isActivation(argument))
        collect(argument, [&](OpOperand &use) { return isNarrow(use) && isWorthCopying(use); });
    for (Operation &op : function.getBody().front()) {
      for (Value result : op.getResults())
        if (isActivation(result) && !onlyMovesValues(&op) && !staysInRegisters(result))
          collect(result, isNarrow);
      if (auto conv = dyn_cast<ConvOp>(op); conv && isNarrowedWeight(conv))
        stored.push_back({conv.getWeight(), {&conv.getWeightMutable()}});
    }
    for (auto &[value, uses] : stored) {
      Value rounded = round(value);
      for (OpOperand *use : uses)
        use->set(rounded);
    }
  }

private:
  bool isNarrowedWeight(ConvOp op) {
    auto type = cast<RankedTensorType>(op.getWeight().getType());
    bool isDepthwise = op.getGroups() > 1 && type.getDimSize(1) == 1 && type.getDimSize(0) == int64_t(op.getGroups());
    // Six points lose too much in bf16: no 5x5.
    bool isInPairs = op.getAlgorithm() == ConvAlgorithm::Winograd2 && type.getShape().back() == 3 && dotProducts &&
                     type.getDimSize(1) % 2 == 0;
    return type.getElementType().isF32() && isActivation(op.getInput()) && !isDepthwise &&
           (op.getAlgorithm() == ConvAlgorithm::Direct || isInPairs) &&
           type.getNumElements() * int64_t(sizeof(float)) >= leastWeightBytes;
  }

  /// The value as it is after it was stored in bf16.
  static Value round(Value value) {
    auto type = cast<RankedTensorType>(value.getType());
    OpBuilder builder(value.getContext());
    builder.setInsertionPointAfterValue(value);
    Type narrow = type.clone(builder.getBF16Type());
    return CastOp::create(builder, value.getLoc(), type, CastOp::create(builder, value.getLoc(), narrow, value));
  }
};

} // namespace
