// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Gives kernels the signature of the runtime.
//
//   func @k(%x: memref<?x6xf32>, %y: memref<6xf32>, %begin: index, %end: index)
//   ->
//   func @k.body(%x: !llvm.ptr {noalias}, %y: !llvm.ptr {noalias}, %batch: i64, %begin: i64, %end: i64)
//   llvm.func @k(%slots: !llvm.ptr, %begin: i64, %end: i64)    // loads the slots and calls k.body
//
// Two functions, because LLVM believes that pointers do not alias only of a function's arguments.
//
// The wrapper of a kernel with scratch memory, an argument `memref<Nxi8>` behind the buffers, takes a slot of the pool
// for the time of the call:
//
//   %scratch = llvm.call @cnn_scratch_claim(%pool, %slot_bytes)   // slots[buffers + 1], slots[buffers + 2]
//   call @k.body(%x, %y, %scratch, %batch, %begin, %end)
//   llvm.call @cnn_scratch_release(%pool, %slot_bytes, %scratch)
//
// The size of a slot is one for all kernels of a call, or they would not agree about where slots are.

#include "backends/cpu/kernels/KernelPipeline.h"
#include "mlir/Conversion/LLVMCommon/MemRefBuilder.h"
#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

namespace cnn::cpu {
#define GEN_PASS_DEF_PACKARGUMENTS
#include "backends/cpu/kernels/Passes.h.inc"
} // namespace cnn::cpu

using namespace mlir;
using namespace cnn::cpu;

namespace {

/// A memref over `pointer`, whose dynamic dimension is `batch`.
Value makeMemRef(OpBuilder &builder, Location loc, const LLVMTypeConverter &converter, MemRefType type, Value pointer,
                 Value batch) {
  Value descriptor;
  if (type.hasStaticShape()) {
    descriptor = MemRefDescriptor::fromStaticShape(builder, loc, converter, type, pointer);
  } else {
    auto built = MemRefDescriptor::poison(builder, loc, converter.convertType(type));
    built.setAllocatedPtr(builder, loc, pointer);
    built.setAlignedPtr(builder, loc, pointer);
    built.setConstantOffset(builder, loc, 0);
    int64_t stride = 1;
    for (int64_t i = type.getRank() - 1; i >= 0; --i) {
      built.setConstantStride(builder, loc, i, stride);
      if (type.isDynamicDim(i)) {
        // The outermost one: no stride is a multiple of it.
        built.setSize(builder, loc, i, batch);
        continue;
      }
      built.setConstantSize(builder, loc, i, type.getDimSize(i));
      stride *= type.getDimSize(i);
    }
    descriptor = built;
  }
  return UnrealizedConversionCastOp::create(builder, loc, type, descriptor).getResult(0);
}

class PackArguments : public cnn::cpu::impl::PackArgumentsBase<PackArguments> {
public:
  void runOnOperation() override {
    SmallVector<func::FuncOp> kernels;
    for (auto kernel : getOperation().getOps<func::FuncOp>())
      if (kernel->hasAttr(kernelAttrName))
        kernels.push_back(kernel);
    LLVMTypeConverter converter(&getContext());
    for (func::FuncOp kernel : kernels)
      if (failed(pack(kernel, converter)))
        return signalPassFailure();
  }

private:
  /// A function of the support code.
  LLVM::LLVMFuncOp declare(StringRef name, Type type) {
    if (auto known = getOperation().lookupSymbol<LLVM::LLVMFuncOp>(name))
      return known;
    OpBuilder builder = OpBuilder::atBlockEnd(getOperation().getBody());
    return LLVM::LLVMFuncOp::create(builder, getOperation().getLoc(), name, type);
  }

  LogicalResult pack(func::FuncOp kernel, const LLVMTypeConverter &converter) {
    OpBuilder builder(kernel);
    Location loc = kernel.getLoc();
    auto pointer = LLVM::LLVMPointerType::get(&getContext());
    Type i64 = builder.getI64Type();
    bool hasScratch = kernel->hasAttr(scratchBytesAttrName);
    // The scratch memory is the last of the body's buffers, but none of the slots.
    unsigned buffers = kernel.getNumArguments() - 2, slots = buffers - hasScratch;
    for (unsigned i = 0; i < buffers; ++i) {
      auto type = dyn_cast<MemRefType>(kernel.getArgument(i).getType());
      if (!type || !type.getLayout().isIdentity() ||
          llvm::any_of(type.getShape().drop_front(std::min<size_t>(1, type.getRank())), ShapedType::isDynamic))
        return kernel.emitError("expected identity-layout memrefs with a dynamic batch alone, but got ")
               << kernel.getArgument(i).getType();
    }

    // The body: pointers instead of memrefs.
    Block &entry = kernel.getBody().front();
    builder.setInsertionPointToStart(&entry);
    SmallVector<Type> types(buffers, pointer);
    types.append(3, i64);
    SmallVector<Value> fresh;
    for (Type type : types)
      fresh.push_back(entry.addArgument(type, loc));
    // Two arguments that are one buffer must be one pointer for LLVM, too.
    SmallVector<unsigned> pointerOf = llvm::to_vector(llvm::seq<unsigned>(0, buffers));
    if (auto aliased = kernel->getAttrOfType<DenseI64ArrayAttr>(aliasedAttrName))
      for (int64_t pair = 0; pair + 1 < aliased.size(); pair += 2)
        pointerOf[aliased[pair + 1]] = aliased[pair];
    for (unsigned i = 0; i < buffers; ++i) {
      auto type = cast<MemRefType>(entry.getArgument(i).getType());
      entry.getArgument(i).replaceAllUsesWith(
          makeMemRef(builder, loc, converter, type, fresh[pointerOf[i]], fresh[buffers]));
    }
    for (unsigned i = 0; i < 2; ++i) {
      Value bound = arith::IndexCastOp::create(builder, loc, builder.getIndexType(), fresh[buffers + 1 + i]);
      entry.getArgument(buffers + i).replaceAllUsesWith(bound);
    }
    entry.eraseArguments(0, buffers + 2);
    std::string name = kernel.getName().str();
    kernel.setName(name + ".body");
    kernel.setPrivate();
    kernel.setType(builder.getFunctionType(types, {}));
    kernel.removeArgAttrsAttr();
    for (unsigned i = 0; i < buffers; ++i) {
      kernel.setArgAttr(i, LLVM::LLVMDialect::getNoAliasAttrName(), builder.getUnitAttr());
      kernel.setArgAttr(i, LLVM::LLVMDialect::getNoUndefAttrName(), builder.getUnitAttr());
    }

    // The function that unpacks the slots.
    builder.setInsertionPoint(kernel);
    auto type = LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(&getContext()), {pointer, i64, i64});
    auto wrapper = LLVM::LLVMFuncOp::create(builder, loc, name, type, LLVM::Linkage::Internal);
    // Else LLVM puts a copy into the model's function, for when there are no threads.
    wrapper.setNoInline(true);
    wrapper->setAttr(workItemsAttrName, kernel->getAttr(workItemsAttrName));
    if (Attribute tile = kernel->removeAttr(tileAttrName))
      wrapper->setAttr(tileAttrName, tile);
    wrapper->setAttr(kernelAttrName, builder.getUnitAttr());
    kernel->removeAttr(kernelAttrName);
    kernel->removeAttr(workItemsAttrName);
    if (hasScratch)
      wrapper->setAttr(scratchBytesAttrName, kernel->removeAttr(scratchBytesAttrName));
    Block *body = wrapper.addEntryBlock(builder);
    builder.setInsertionPointToStart(body);
    auto loadSlot = [&](unsigned i, Type slot) -> Value {
      Value address =
          LLVM::GEPOp::create(builder, loc, pointer, i64, body->getArgument(0), ArrayRef<LLVM::GEPArg>{int32_t(i)});
      return LLVM::LoadOp::create(builder, loc, slot, address);
    };
    SmallVector<Value> arguments;
    for (unsigned i = 0; i < slots; ++i)
      arguments.push_back(loadSlot(i, pointer));
    Value batch = loadSlot(slots, i64), pool, slotBytes;
    if (hasScratch) {
      pool = loadSlot(slots + 1, pointer);
      slotBytes = loadSlot(slots + 2, i64);
      LLVM::LLVMFuncOp claim = declare("cnn_scratch_claim", LLVM::LLVMFunctionType::get(pointer, {pointer, i64}));
      arguments.push_back(LLVM::CallOp::create(builder, loc, claim, ValueRange{pool, slotBytes}).getResult());
    }
    arguments.append({batch, body->getArgument(1), body->getArgument(2)});
    func::CallOp::create(builder, loc, kernel, arguments);
    if (hasScratch) {
      LLVM::LLVMFuncOp release =
          declare("cnn_scratch_release",
                  LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(&getContext()), {pointer, i64, pointer}));
      LLVM::CallOp::create(builder, loc, release, ValueRange{pool, slotBytes, arguments[slots]});
    }
    LLVM::ReturnOp::create(builder, loc, ValueRange{});
    return success();
  }
};

} // namespace
