// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Makes the straight-line callers of kernels into `void NAME.infer(const cnn_call *)`: see Passes.td for before and
// after. All that is left of a buffer is its address: an entry of the call's inputs or outputs, a block of weights plus
// an offset, or the arena plus an offset that depends on the batch.
#include "backends/cpu/KernelGroups.h"
#include "backends/cpu/Passes.h"
#include "ir/CnnDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "runtime/abi/model.h"

namespace cnn::cpu {
#define GEN_PASS_DEF_EMITENTRY
#include "backends/cpu/Passes.h.inc"
} // namespace cnn::cpu

using namespace mlir;
using namespace cnn;
using namespace cnn::cpu;

namespace {

/// Short names for the few LLVM ops that entries are made of.
class EntryBuilder {
public:
  EntryBuilder(OpBuilder &builder, Location loc)
      : builder(builder), loc(loc), pointer(LLVM::LLVMPointerType::get(builder.getContext())) {}

  Value constant(int64_t value) {
    return LLVM::ConstantOp::create(builder, loc, builder.getI64Type(), builder.getI64IntegerAttr(value));
  }
  Value advance(Value base, Value bytes) {
    return LLVM::GEPOp::create(builder, loc, pointer, builder.getI8Type(), base, ArrayRef<LLVM::GEPArg>{bytes});
  }
  Value advance(Value base, int64_t bytes) { return bytes == 0 ? base : advance(base, constant(bytes)); }
  Value load(Type type, Value base, int64_t bytes) {
    return LLVM::LoadOp::create(builder, loc, type, advance(base, bytes));
  }
  /// A field of cnn_call.
  Value field(Type type, Value call, size_t offset) { return load(type, call, int64_t(offset)); }
  void store(Value value, Value base, int64_t bytes) {
    LLVM::StoreOp::create(builder, loc, value, advance(base, bytes));
  }

  /// The expression for the number of items or an offset, as a function of the batch.
  Value evaluate(AffineExpr expr, Value batch) {
    if (AffineConstantExpr value = dyn_cast<AffineConstantExpr>(expr))
      return constant(value.getValue());
    if (isa<AffineDimExpr>(expr))
      return batch;
    AffineBinaryOpExpr binary = cast<AffineBinaryOpExpr>(expr);
    Value a = evaluate(binary.getLHS(), batch), b = evaluate(binary.getRHS(), batch);
    // No value is negative.
    switch (expr.getKind()) {
    case AffineExprKind::Add:
      return LLVM::AddOp::create(builder, loc, a, b);
    case AffineExprKind::Mul:
      return LLVM::MulOp::create(builder, loc, a, b);
    case AffineExprKind::Mod:
      return LLVM::URemOp::create(builder, loc, a, b);
    case AffineExprKind::FloorDiv:
      return LLVM::UDivOp::create(builder, loc, a, b);
    case AffineExprKind::CeilDiv: {
      Value less = LLVM::SubOp::create(builder, loc, b, constant(1));
      return LLVM::UDivOp::create(builder, loc, LLVM::AddOp::create(builder, loc, a, less), b);
    }
    default:
      llvm_unreachable("a binary expression");
    }
  }

  OpBuilder &builder;
  Location loc;
  LLVM::LLVMPointerType pointer;
};

/// void cnn.observe(const cnn_call *call, int64_t launch)
LLVM::LLVMFuncOp createObserve(ModuleOp module) {
  OpBuilder builder = OpBuilder::atBlockEnd(module.getBody());
  EntryBuilder entry(builder, module.getLoc());
  Type i64 = builder.getI64Type(), none = LLVM::LLVMVoidType::get(module.getContext());
  LLVM::LLVMFuncOp observe =
      LLVM::LLVMFuncOp::create(builder, entry.loc, "cnn.observe",
                               LLVM::LLVMFunctionType::get(none, {entry.pointer, i64}), LLVM::Linkage::Internal);
  Block *start = observe.addEntryBlock(builder);
  Region &body = observe.getBody();
  Block *tell = builder.createBlock(&body), *end = builder.createBlock(&body);
  Value call = start->getArgument(0), launch = start->getArgument(1);

  builder.setInsertionPointToStart(start);
  Value observer = entry.field(entry.pointer, call, offsetof(cnn_call, observe));
  Value isThere = LLVM::ICmpOp::create(builder, entry.loc, LLVM::ICmpPredicate::ne, observer,
                                       LLVM::ZeroOp::create(builder, entry.loc, entry.pointer));
  LLVM::CondBrOp::create(builder, entry.loc, isThere, tell, end);

  builder.setInsertionPointToStart(tell);
  Value context = entry.field(entry.pointer, call, offsetof(cnn_call, observe_context));
  LLVM::CallOp::create(builder, entry.loc, LLVM::LLVMFunctionType::get(none, {entry.pointer, i64}),
                       ValueRange{observer, context, launch});
  LLVM::BrOp::create(builder, entry.loc, end);

  builder.setInsertionPointToStart(end);
  LLVM::ReturnOp::create(builder, entry.loc, ValueRange{});
  return observe;
}

/// void cnn.launch(const cnn_call *call, kernel, void *slots, int64_t count, int64_t work)
///
/// A kernel with less than `minParallelWork` is over before another thread has woken up.
LLVM::LLVMFuncOp createLaunch(ModuleOp module, int64_t minParallelWork) {
  OpBuilder builder = OpBuilder::atBlockEnd(module.getBody());
  EntryBuilder entry(builder, module.getLoc());
  Type i64 = builder.getI64Type(), none = LLVM::LLVMVoidType::get(module.getContext());
  LLVM::LLVMFuncOp launch = LLVM::LLVMFuncOp::create(
      builder, entry.loc, "cnn.launch",
      LLVM::LLVMFunctionType::get(none, {entry.pointer, entry.pointer, entry.pointer, i64, i64}),
      LLVM::Linkage::Internal);
  Block *start = launch.addEntryBlock(builder);
  Region &body = launch.getBody();
  Block *parallel = builder.createBlock(&body), *serial = builder.createBlock(&body), *end = builder.createBlock(&body);
  Value call = start->getArgument(0), kernel = start->getArgument(1), slots = start->getArgument(2),
        count = start->getArgument(3), work = start->getArgument(4);

  builder.setInsertionPointToStart(start);
  Value hook = entry.field(entry.pointer, call, offsetof(cnn_call, parallel_for));
  Value isThere = LLVM::ICmpOp::create(builder, entry.loc, LLVM::ICmpPredicate::ne, hook,
                                       LLVM::ZeroOp::create(builder, entry.loc, entry.pointer));
  Value isMany = LLVM::ICmpOp::create(builder, entry.loc, LLVM::ICmpPredicate::sgt, count, entry.constant(1));
  Value isLong =
      LLVM::ICmpOp::create(builder, entry.loc, LLVM::ICmpPredicate::sge, work, entry.constant(minParallelWork));
  Value isParallel =
      LLVM::AndOp::create(builder, entry.loc, isThere, LLVM::AndOp::create(builder, entry.loc, isMany, isLong));
  LLVM::CondBrOp::create(builder, entry.loc, isParallel, parallel, serial);

  builder.setInsertionPointToStart(parallel);
  Value context = entry.field(entry.pointer, call, offsetof(cnn_call, parallel_context));
  LLVM::CallOp::create(builder, entry.loc,
                       LLVM::LLVMFunctionType::get(none, {entry.pointer, entry.pointer, entry.pointer, i64}),
                       ValueRange{hook, context, kernel, slots, count});
  LLVM::BrOp::create(builder, entry.loc, end);

  builder.setInsertionPointToStart(serial);
  LLVM::CallOp::create(builder, entry.loc, LLVM::LLVMFunctionType::get(none, {entry.pointer, i64, i64}),
                       ValueRange{kernel, slots, entry.constant(0), count});
  LLVM::BrOp::create(builder, entry.loc, end);

  builder.setInsertionPointToStart(end);
  LLVM::ReturnOp::create(builder, entry.loc, ValueRange{});
  return launch;
}

class EmitEntry : public cnn::cpu::impl::EmitEntryBase<EmitEntry> {
public:
  using EmitEntryBase::EmitEntryBase;

  void runOnOperation() override {
    SmallVector<func::FuncOp> callers, kernels, parts;
    for (func::FuncOp function : getOperation().getOps<func::FuncOp>()) {
      if (function->hasAttr(kindAttrName))
        callers.push_back(function);
      else if (function->hasAttr(kernelAttrName))
        kernels.push_back(function);
      else if (function->hasAttr(devicePartAttrName))
        parts.push_back(function);
    }
    if (callers.empty())
      return;
    observe = createObserve(getOperation());
    launch = createLaunch(getOperation(), minParallelWork);
    for (func::FuncOp caller : callers)
      if (failed(emit(caller)))
        return signalPassFailure();
    for (func::FuncOp kernel : kernels) {
      OpBuilder builder(kernel);
      EntryBuilder entry(builder, kernel.getLoc());
      Type i64 = builder.getI64Type();
      LLVM::LLVMFuncOp::create(
          builder, kernel.getLoc(), kernel.getName(),
          LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(&getContext()), {entry.pointer, i64, i64}));
      kernel.erase();
    }
    for (func::FuncOp part : parts)
      part.erase();
  }

private:
  /// The address of an argument of the caller, from the call's fields.
  FailureOr<Value> findAddress(EntryBuilder &entry, Value call, func::FuncOp caller, unsigned argument, int64_t &inputs,
                               int64_t &outputs) {
    RoleAttr role = caller.getArgAttrOfType<RoleAttr>(argument, roleAttrName);
    if (!role) // the arena, which is the last
      return entry.field(entry.pointer, call, offsetof(cnn_call, arena));
    auto inBlock = [&](size_t block) -> FailureOr<Value> {
      IntegerAttr offset = caller.getArgAttrOfType<IntegerAttr>(argument, offsetAttrName);
      if (!offset)
        return caller.emitOpError("expected '") << offsetAttrName << "' on argument " << argument;
      return entry.advance(entry.field(entry.pointer, call, block), offset.getInt());
    };
    constexpr int64_t pointerBytes = sizeof(void *);
    switch (role.getValue()) {
    case Role::Input:
      return entry.load(entry.pointer, entry.field(entry.pointer, call, offsetof(cnn_call, inputs)),
                        pointerBytes * inputs++);
    case Role::Output:
    case Role::Loss:
    case Role::Metric:
      return entry.load(entry.pointer, entry.field(entry.pointer, call, offsetof(cnn_call, outputs)),
                        pointerBytes * outputs++);
    case Role::Parameter:
      return inBlock(offsetof(cnn_call, parameters));
    case Role::State:
      return inBlock(offsetof(cnn_call, states));
    case Role::Derived:
      return inBlock(offsetof(cnn_call, derived));
    case Role::Slot:
      return inBlock(offsetof(cnn_call, slots));
    case Role::Key: // seed and step, one behind the other
      return entry.advance(call, offsetof(cnn_call, seed));
    case Role::Rate:
      return entry.advance(call, offsetof(cnn_call, rate));
    }
    llvm_unreachable("unknown role");
  }

  static func::FuncOp findKernel(func::CallOp launched) {
    return SymbolTable::lookupNearestSymbolFrom<func::FuncOp>(launched, launched.getCalleeAttr());
  }
  static int64_t getScratchBytes(func::FuncOp kernel) {
    IntegerAttr bytes = kernel->getAttrOfType<IntegerAttr>(scratchBytesAttrName);
    return bytes ? bytes.getInt() : 0;
  }

  /// Has a device carry out a part, with the addresses of its tensors in the slots; goes to `end` if that fails, or
  /// else to a new block, which becomes the builder's place.
  static void emitDevicePart(EntryBuilder &entry, Value call, Value batch, Value slots, func::FuncOp part, Block *end) {
    OpBuilder &builder = entry.builder;
    Type i32 = builder.getI32Type(), i64 = builder.getI64Type();
    Value run = entry.field(entry.pointer, call, offsetof(cnn_call, run_part));
    Value context = entry.field(entry.pointer, call, offsetof(cnn_call, part_context));
    Value number = entry.constant(part->getAttrOfType<IntegerAttr>(devicePartAttrName).getInt());
    Value outputs = entry.advance(slots, 8 * part->getAttrOfType<IntegerAttr>(deviceInputsAttrName).getInt());
    auto type = LLVM::LLVMFunctionType::get(i32, {entry.pointer, i64, i64, entry.pointer, entry.pointer});
    auto ran = LLVM::CallOp::create(builder, entry.loc, type, ValueRange{run, context, number, batch, slots, outputs});
    Value ok = LLVM::ConstantOp::create(builder, entry.loc, i32, builder.getI32IntegerAttr(CNN_OK));
    Value isOk = LLVM::ICmpOp::create(builder, entry.loc, LLVM::ICmpPredicate::eq, ran.getResult(), ok);
    Block *here = builder.getInsertionBlock(), *next = builder.createBlock(end);
    builder.setInsertionPointToEnd(here);
    LLVM::CondBrOp::create(builder, entry.loc, isOk, next, end);
    builder.setInsertionPointToStart(next);
  }

  /// The loop over the slices of a batch that is being written: a single block, as a batch is not empty.
  struct SliceLoop {
    int64_t slice, samples;
    Block *body;
    Value begin, size; // the first sample, and how many
  };

  static SliceLoop beginSlices(EntryBuilder &entry, Value batch, int64_t slice, int64_t samples, Block *end) {
    OpBuilder &builder = entry.builder;
    Block *before = builder.getInsertionBlock(), *body = builder.createBlock(end);
    Value begin = body->addArgument(builder.getI64Type(), entry.loc);
    builder.setInsertionPointToEnd(before);
    LLVM::BrOp::create(builder, entry.loc, ValueRange{entry.constant(0)}, body);
    builder.setInsertionPointToEnd(body);
    Value left = LLVM::SubOp::create(builder, entry.loc, batch, begin);
    Value size = LLVM::SMinOp::create(builder, entry.loc, left, entry.constant(samples));
    return {slice, samples, body, begin, size};
  }

  /// Goes on behind the loop.
  static void endSlices(EntryBuilder &entry, Value batch, const SliceLoop &loop, Block *end) {
    OpBuilder &builder = entry.builder;
    Value next = LLVM::AddOp::create(builder, entry.loc, loop.begin, entry.constant(loop.samples));
    Value isMore = LLVM::ICmpOp::create(builder, entry.loc, LLVM::ICmpPredicate::slt, next, batch);
    Block *behind = builder.createBlock(end);
    builder.setInsertionPointToEnd(loop.body);
    LLVM::CondBrOp::create(builder, entry.loc, isMore, loop.body, ValueRange{next}, behind, ValueRange{});
    builder.setInsertionPointToStart(behind);
  }

  /// Where a slice of a buffer begins: of one that holds more than the slice, with the samples of the slice.
  static Value findSlice(EntryBuilder &entry, Value operand, Value address, const SliceLoop &loop) {
    auto type = cast<MemRefType>(operand.getType());
    Operation *view = getBuffer(operand).getDefiningOp();
    if (type.hasStaticShape() || (view && view->hasAttr(sliceAttrName)))
      return address;
    Value bytes = entry.constant(getSampleBytes(type));
    return entry.advance(address, LLVM::MulOp::create(entry.builder, entry.loc, loop.begin, bytes));
  }

  LogicalResult emit(func::FuncOp caller) {
    OpBuilder builder(caller);
    EntryBuilder entry(builder, caller.getLoc());
    FunctionKind kind = caller->getAttrOfType<FunctionKindAttr>(kindAttrName).getValue();
    // "Net.train_step" has its kind in the name; "Net" is inference.
    std::string name = caller.getName().str();
    if (kind == FunctionKind::Infer)
      name += ".infer";
    LLVM::LLVMFuncOp function =
        LLVM::LLVMFuncOp::create(builder, caller.getLoc(), name,
                                 LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(&getContext()), {entry.pointer}));
    Block *start = function.addEntryBlock(builder), *end = builder.createBlock(&function.getBody());
    builder.setInsertionPointToStart(start);
    Value call = function.getArgument(0);
    Value batch = entry.field(builder.getI64Type(), call, offsetof(cnn_call, batch));
    // Behind the buffers: the batch, the scratch pool and the size of a slot in it.
    int64_t slotCount = 1, scratchBytes = 0;
    caller.walk([&](func::CallOp launched) {
      int64_t ofKernel = getScratchBytes(findKernel(launched));
      slotCount = std::max<int64_t>(slotCount, launched.getNumOperands() + (ofKernel > 0 ? 3 : 1));
      scratchBytes = std::max(scratchBytes, ofKernel);
    });
    if (scratchBytes > 0)
      function->setAttr(scratchBytesAttrName, builder.getI64IntegerAttr(scratchBytes));
    Value slots = LLVM::AllocaOp::create(builder, entry.loc, entry.pointer, builder.getI64Type(),
                                         entry.constant(slotCount), /*alignment=*/8);
    DenseMap<Value, Value> addresses;
    int64_t inputs = 0, outputs = 0;
    for (unsigned i = 1; i < caller.getNumArguments(); ++i) {
      FailureOr<Value> address = findAddress(entry, call, caller, i, inputs, outputs);
      if (failed(address))
        return failure();
      addresses[caller.getArgument(i)] = *address;
    }
    int64_t launches = 0;
    static_assert(offsetof(cnn_call, step) == offsetof(cnn_call, seed) + 8);

    DenseI64ArrayAttr samplesOf = caller->getAttrOfType<DenseI64ArrayAttr>(sliceSamplesAttrName);
    std::optional<SliceLoop> loop;
    for (Operation &op : caller.getBody().front()) {
      entry.loc = op.getLoc();
      if (isa<func::CallOp, func::ReturnOp>(op)) {
        IntegerAttr slice = op.getAttrOfType<IntegerAttr>(sliceAttrName);
        if (loop && (!slice || slice.getInt() != loop->slice)) {
          endSlices(entry, batch, *loop, end);
          loop.reset();
        }
        if (slice && !loop)
          loop = beginSlices(entry, batch, slice.getInt(), samplesOf[slice.getInt()], end);
      }
      if (memref::ViewOp view = dyn_cast<memref::ViewOp>(op)) {
        affine::AffineApplyOp shift = view.getByteShift().getDefiningOp<affine::AffineApplyOp>();
        if (!shift)
          return view.emitOpError("expected an affine offset in the arena");
        Value bytes = entry.evaluate(shift.getAffineMap().getResult(0), batch);
        addresses[view] = entry.advance(addresses.lookup(view.getSource()), bytes);
      } else if (isa<memref::CollapseShapeOp, memref::ExpandShapeOp>(op)) {
        addresses[op.getResult(0)] = addresses.lookup(op.getOperand(0));
      } else if (func::CallOp launched = dyn_cast<func::CallOp>(op)) {
        func::FuncOp kernel = findKernel(launched);
        if (kernel->hasAttr(devicePartAttrName)) {
          LLVM::CallOp::create(builder, entry.loc, observe, ValueRange{call, entry.constant(launches++)});
          for (auto [i, operand] : llvm::enumerate(launched.getOperands()))
            entry.store(addresses.lookup(operand), slots, 8 * i);
          emitDevicePart(entry, call, batch, slots, kernel, end);
          continue;
        }
        AffineMapAttr items = kernel->getAttrOfType<AffineMapAttr>(workItemsAttrName);
        if (!items)
          return launched.emitOpError("expected a kernel with '") << workItemsAttrName << "'";
        LLVM::CallOp::create(builder, entry.loc, observe, ValueRange{call, entry.constant(launches++)});
        for (auto [i, operand] : llvm::enumerate(launched.getOperands())) {
          Value address = addresses.lookup(operand);
          entry.store(loop ? findSlice(entry, operand, address, *loop) : address, slots, 8 * i);
        }
        int64_t next = launched.getNumOperands();
        Value samples = loop ? loop->size : batch;
        entry.store(samples, slots, 8 * next);
        if (getScratchBytes(kernel) > 0) {
          entry.store(entry.field(entry.pointer, call, offsetof(cnn_call, scratch)), slots, 8 * (next + 1));
          entry.store(entry.constant(scratchBytes), slots, 8 * (next + 2));
        }
        Value address = LLVM::AddressOfOp::create(builder, entry.loc, entry.pointer, launched.getCallee());
        Value count = entry.evaluate(items.getAffineMap().getResult(0), samples);
        AffineMapAttr steps = kernel->getAttrOfType<AffineMapAttr>(workAttrName);
        Value work =
            steps ? entry.evaluate(steps.getAffineMap().getResult(0), samples) : entry.constant(minParallelWork);
        LLVM::CallOp::create(builder, entry.loc, launch, ValueRange{call, address, slots, count, work});
      } else if (!isa<affine::AffineApplyOp, arith::ConstantOp, func::ReturnOp>(op)) {
        return op.emitOpError("expected calls of kernels and views of buffers alone");
      }
    }
    LLVM::BrOp::create(builder, caller.getLoc(), end);
    builder.setInsertionPointToStart(end);
    LLVM::CallOp::create(builder, caller.getLoc(), observe, ValueRange{call, entry.constant(launches)});
    LLVM::ReturnOp::create(builder, caller.getLoc(), ValueRange{});
    caller.erase();
    return success();
  }

  LLVM::LLVMFuncOp observe, launch;
};

} // namespace
