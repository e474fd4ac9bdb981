// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Makes a kernel run any range of its work items.
//
//   func @k(...) {                                 func @k(..., %begin, %end) {   // cnn.work_items = (batch) -> (batch
//   * 56)
//     forall (%b, %h) in (%batch, 56) {              for %item = %begin to %end {
//       body                                ->         %b = %item / 56; %h = %item % 56
//     }                                                body
//   }                                              }
//
// The range is then split between threads by whoever calls. What the kernel computes outside its forall must have no
// effect, or every range would repeat it: a kernel where it has one is a single item.

#include "backends/cpu/kernels/KernelPipeline.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/SCF/Transforms/Transforms.h"

namespace cnn::cpu {
#define GEN_PASS_DEF_SPLITWORK
#include "backends/cpu/kernels/Passes.h.inc"
} // namespace cnn::cpu

using namespace mlir;
using namespace cnn::cpu;

namespace {

/// The loop over the items, if it is the only thing in the kernel that has an effect.
scf::ForallOp findItems(func::FuncOp kernel) {
  scf::ForallOp items;
  for (Operation &op : kernel.getBody().front().without_terminator()) {
    if (auto forall = dyn_cast<scf::ForallOp>(op)) {
      if (items)
        return nullptr;
      items = forall;
    } else if (!isMemoryEffectFree(&op)) {
      return nullptr;
    }
  }
  return items;
}

/// The upper bound of dimension i as a function of the batch; null if it is neither constant nor the batch.
AffineExpr boundOf(scf::ForallOp items, unsigned i) {
  OpFoldResult bound = items.getMixedUpperBound()[i];
  if (std::optional<int64_t> value = getConstantIntValue(bound))
    return getAffineConstantExpr(*value, items.getContext());
  // Only the batch, dimension 0 of an argument, is dynamic.
  auto dim = cast<Value>(bound).getDefiningOp<memref::DimOp>();
  if (!dim || dim.getConstantIndex() != 0 || !isa<BlockArgument>(dim.getSource()))
    return nullptr;
  return getAffineDimExpr(0, items.getContext());
}

class SplitWork : public cnn::cpu::impl::SplitWorkBase<SplitWork> {
public:
  void runOnOperation() override {
    func::FuncOp kernel = getOperation();
    if (!kernel->hasAttr(kernelAttrName))
      return;
    // What an item needs is on the stack or in the scratch memory by now. Nothing would free this memory.
    memref::AllocOp memory;
    kernel.walk([&](memref::AllocOp op) { memory = op; });
    if (memory) {
      memory.emitError("bug: a kernel needs memory of its own: ") << memory.getType();
      return signalPassFailure();
    }
    IRRewriter rewriter(&getContext());
    auto index = rewriter.getIndexType();
    unsigned count = kernel.getNumArguments();
    if (failed(kernel.insertArguments({count, count}, {index, index}, {{}, {}}, {kernel.getLoc(), kernel.getLoc()})))
      return signalPassFailure();
    Value begin = kernel.getArgument(count), end = kernel.getArgument(count + 1);

    AffineExpr itemCount = getAffineConstantExpr(1, &getContext());
    if (scf::ForallOp items = findItems(kernel)) {
      FailureOr<AffineExpr> split = splitItems(rewriter, kernel, items, begin, end);
      if (succeeded(split))
        itemCount = *split;
    }
    kernel->setAttr(workItemsAttrName, AffineMapAttr::get(AffineMap::get(1, 0, itemCount)));
    kernel->removeAttr(itemOrderAttrName);

    // Whatever loops are left run in order.
    SmallVector<scf::ForallOp> left;
    kernel.walk([&](scf::ForallOp op) { left.push_back(op); });
    for (scf::ForallOp op : left) {
      rewriter.setInsertionPoint(op);
      if (failed(scf::forallToForLoop(rewriter, op)))
        return signalPassFailure();
    }
    // Memory on the stack is taken once, not anew by every item.
    SmallVector<memref::AllocaOp> temporaries;
    kernel.walk([&](memref::AllocaOp op) { temporaries.push_back(op); });
    for (memref::AllocaOp op : temporaries)
      if (op.getDynamicSizes().empty())
        op->moveBefore(&kernel.getBody().front(), kernel.getBody().front().begin());
  }

private:
  /// LLVM would make one vector of several items, each element of it loaded from somewhere else, if the loops inside
  /// are so short that they are unrolled.
  static Attribute keepItemsApart(MLIRContext *context) {
    auto yes = BoolAttr::get(context, true);
    auto vectorize = LLVM::LoopVectorizeAttr::get(context, /*disable=*/yes, {}, {}, {}, {}, {}, {});
    return LLVM::LoopAnnotationAttr::get(context, {}, vectorize, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {});
  }

  static FailureOr<AffineExpr> splitItems(IRRewriter &rewriter, func::FuncOp kernel, scf::ForallOp items, Value begin,
                                          Value end) {
    unsigned rank = items.getRank();
    SmallVector<AffineExpr> counts;
    for (unsigned i = 0; i < rank; ++i) {
      AffineExpr bound = boundOf(items, i);
      std::optional<int64_t> step = getConstantIntValue(items.getMixedStep()[i]);
      std::optional<int64_t> lower = getConstantIntValue(items.getMixedLowerBound()[i]);
      if (!bound || !step || lower != 0)
        return failure();
      counts.push_back(bound.ceilDiv(*step));
    }
    SmallVector<int64_t> order = llvm::to_vector(llvm::seq<int64_t>(0, rank));
    if (auto given = kernel->getAttrOfType<DenseI64ArrayAttr>(itemOrderAttrName); given && given.size() == rank)
      order = llvm::to_vector(given.asArrayRef());

    Location loc = items.getLoc();
    rewriter.setInsertionPoint(items);
    // The sizes of dynamic dimensions are worked out once, outside the loop.
    SmallVector<Value> sizes;
    for (unsigned i = 0; i < rank; ++i) {
      OpFoldResult bound = items.getMixedUpperBound()[i];
      AffineMap map =
          AffineMap::get(1, 0, getAffineDimExpr(0, rewriter.getContext()).ceilDiv(items.getStaticStep()[i]));
      sizes.push_back(getValueOrCreateConstantIndexOp(
          rewriter, loc, affine::makeComposedFoldedAffineApply(rewriter, loc, map, {bound})));
    }
    Value one = arith::ConstantIndexOp::create(rewriter, loc, 1);
    auto loop = scf::ForOp::create(rewriter, loc, begin, end, one);
    loop->setAttr("llvm.loop_annotation", keepItemsApart(rewriter.getContext()));
    rewriter.setInsertionPointToStart(loop.getBody());
    SmallVector<Value> coordinates(rank);
    Value rest = loop.getInductionVar();
    for (auto [position, i] : llvm::enumerate(llvm::reverse(order))) {
      Value coordinate = rest;
      if (position + 1 < rank) {
        coordinate = arith::RemUIOp::create(rewriter, loc, rest, sizes[i]);
        rest = arith::DivUIOp::create(rewriter, loc, rest, sizes[i]);
      }
      Value step = arith::ConstantIndexOp::create(rewriter, loc, items.getStaticStep()[i]);
      coordinates[i] = arith::MulIOp::create(rewriter, loc, coordinate, step);
    }
    rewriter.eraseOp(items.getTerminator());
    rewriter.inlineBlockBefore(items.getBody(), loop.getBody()->getTerminator(), coordinates);
    rewriter.eraseOp(items);

    AffineExpr total = getAffineConstantExpr(1, rewriter.getContext());
    for (AffineExpr count : counts)
      total = total * count;
    return total;
  }
};

} // namespace
