// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Puts the large temporaries of a kernel into the scratch memory of its thread: see Passes.td for before and after.
//
// An allocation becomes the same bytes in every item and every iteration, as one on the stack would: so what is made in
// an iteration must not be handed to the next.

#include "backends/cpu/kernels/KernelPipeline.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Bufferization/Transforms/BufferViewFlowAnalysis.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "runtime/abi/model.h"
#include "llvm/Support/MathExtras.h"

namespace cnn::cpu {
#define GEN_PASS_DEF_USESCRATCH
#include "backends/cpu/kernels/Passes.h.inc"
} // namespace cnn::cpu

using namespace mlir;
using namespace cnn::cpu;

namespace {

/// A pool has a slot of this size for each of CNN_SCRATCH_SLOTS threads.
constexpr uint64_t maxScratchBytes = 64 * 1024 * 1024;

/// Whether the buffer is handed out of the region that it is allocated in.
bool outlivesRegion(memref::AllocOp op, const BufferViewFlowAnalysis &aliases) {
  for (Value alias : aliases.resolve(op))
    for (Operation *user : alias.getUsers())
      if (user->hasTrait<OpTrait::IsTerminator>() && user->getParentRegion() == op->getParentRegion())
        return true;
  return false;
}

/// The bytes of a buffer that can be a view of bytes; nothing if it cannot.
std::optional<uint64_t> getBytes(MemRefType type) {
  if (!type.hasStaticShape() || !type.getLayout().isIdentity() || type.getMemorySpace() ||
      !type.getElementType().isIntOrFloat())
    return std::nullopt;
  uint64_t bytes = llvm::divideCeil(type.getElementTypeBitWidth(), 8);
  for (int64_t size : type.getShape())
    bytes = llvm::SaturatingMultiply<uint64_t>(bytes, size);
  return bytes;
}

class UseScratch : public cnn::cpu::impl::UseScratchBase<UseScratch> {
public:
  void runOnOperation() override {
    func::FuncOp kernel = getOperation();
    if (!kernel->hasAttr(kernelAttrName) || kernel.isExternal())
      return;
    struct Temporary {
      memref::AllocOp op;
      uint64_t offset;
    };
    SmallVector<Temporary> temporaries;
    uint64_t end = 0;
    BufferViewFlowAnalysis aliases(kernel);
    kernel.walk([&](memref::AllocOp op) {
      std::optional<uint64_t> bytes = getBytes(op.getType());
      if (!bytes || *bytes == 0 || op.getAlignment().value_or(1) > CNN_ALIGNMENT || outlivesRegion(op, aliases))
        return;
      uint64_t next = llvm::alignTo(llvm::SaturatingAdd<uint64_t>(end, *bytes), CNN_ALIGNMENT);
      if (*bytes > maxScratchBytes || next > maxScratchBytes)
        return;
      temporaries.push_back({op, end});
      end = next;
    });
    if (temporaries.empty())
      return;
    OpBuilder builder(&getContext());
    unsigned position = kernel.getNumArguments();
    Type bytes = MemRefType::get(static_cast<int64_t>(end), builder.getI8Type());
    if (failed(kernel.insertArgument(position, bytes, {}, kernel.getLoc())))
      return signalPassFailure();
    for (auto [op, offset] : temporaries) {
      for (Operation *user : llvm::make_early_inc_range(op->getUsers()))
        if (isa<memref::DeallocOp>(user))
          user->erase();
      builder.setInsertionPoint(op);
      Value start = arith::ConstantIndexOp::create(builder, op.getLoc(), static_cast<int64_t>(offset));
      Value view = memref::ViewOp::create(builder, op.getLoc(), op.getType(), kernel.getArgument(position), start,
                                          /*sizes=*/ValueRange{});
      op.replaceAllUsesWith(view);
      op.erase();
    }
    kernel->setAttr(scratchBytesAttrName, builder.getI64IntegerAttr(static_cast<int64_t>(end)));
  }
};

} // namespace
