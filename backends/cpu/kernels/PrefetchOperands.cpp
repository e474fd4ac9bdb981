// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Asks for the weights of a reduction before they are needed.
//
// Problem. A register tile reads two or three vectors of weights in each step of its reduction, and each of them once.
// They come from the third-level cache or from memory, and as the reduction of one tile is over in a few thousand
// cycles, the processor's own prefetching begins anew again and again.
//
//   for k { %w = read weights[k, 0..31]; .. }   ->   for k { prefetch weights[k + 16, 0..31]; %w = read ..; .. }
//
// Weights are stored in the order in which they are read, so what is asked for behind the end of one reduction is what
// the next one begins with.

#include "backends/cpu/kernels/KernelPipeline.h"
#include "mlir/Analysis/SliceAnalysis.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/IRMapping.h"

namespace cnn::cpu {
#define GEN_PASS_DEF_PREFETCHOPERANDS
#include "backends/cpu/kernels/Passes.h.inc"
} // namespace cnn::cpu

using namespace mlir;
using namespace cnn::cpu;

namespace {

/// Steps ahead: of 7 to 14 cycles each, against the 200 that a line takes from the third-level cache.
constexpr int64_t distance = 16;
constexpr int64_t lineBytes = 64;

class PrefetchOperands : public cnn::cpu::impl::PrefetchOperandsBase<PrefetchOperands> {
public:
  void runOnOperation() override {
    if (!getOperation()->hasAttr(kernelAttrName))
      return;
    getOperation().walk([&](scf::ForOp loop) {
      bool carriesVectors =
          loop.getNumRegionIterArgs() > 0 && llvm::all_of(loop.getResultTypes(), llvm::IsaPred<VectorType>);
      if (!carriesVectors || !loop.getOps<scf::ForOp>().empty())
        return;
      // Without values for all lanes, both operands are vectors, as in a depthwise convolution: a step goes on to
      // another row of the image, and sixteen steps on is nothing that will be read soon.
      if (loop.getOps<vector::BroadcastOp>().empty())
        return;
      for (auto read : llvm::make_early_inc_range(loop.getOps<vector::TransferReadOp>()))
        prefetch(loop, read);
    });
  }

private:
  static void prefetch(scf::ForOp loop, vector::TransferReadOp read) {
    auto type = dyn_cast<MemRefType>(read.getBase().getType());
    if (!type || read.getVectorType().getRank() != 1 || !loop.isDefinedOutsideOfLoop(read.getBase()))
      return;
    // One a line; reads of the same line follow each other.
    int64_t bytes = read.getVectorType().getNumElements() * type.getElementTypeBitWidth() / 8;
    if (bytes < lineBytes / 2)
      return;
    OpBuilder builder(read);
    Location loc = read.getLoc();
    IRMapping mapping;
    Value step = arith::ConstantIndexOp::create(builder, loc, distance);
    mapping.map(loop.getInductionVar(), arith::AddIOp::create(builder, loc, loop.getInductionVar(), step));
    SmallVector<Value> indices;
    for (Value index : read.getIndices())
      indices.push_back(moveAhead(builder, loop, index, mapping));
    if (llvm::equal(indices, read.getIndices()))
      return; // the same in every step
    memref::PrefetchOp::create(builder, loc, read.getBase(), indices, /*isWrite=*/false, /*localityHint=*/3,
                               /*isDataCache=*/true);
  }

  /// The value of an index in a later step.
  static Value moveAhead(OpBuilder &builder, scf::ForOp loop, Value index, IRMapping &mapping) {
    if (Value known = mapping.lookupOrNull(index))
      return known;
    Operation *source = index.getDefiningOp();
    if (!source || loop.isDefinedOutsideOfLoop(index) || !isMemoryEffectFree(source))
      return index;
    bool isMoved = false;
    for (Value operand : source->getOperands()) {
      Value moved = moveAhead(builder, loop, operand, mapping);
      isMoved |= moved != operand;
      mapping.map(operand, moved);
    }
    return isMoved ? builder.clone(*source, mapping)->getResult(cast<OpResult>(index).getResultNumber()) : index;
  }
};

} // namespace
