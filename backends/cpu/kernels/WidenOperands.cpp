// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Widens what a contraction broadcasts, on machines that have no dot products of bf16.
//
// A microkernel would have to take each pair of the left operand apart, for a few vectors of columns: an instruction
// for every two or three multiply-adds. Here
//
//   %y = contraction(%x : bf16, %w : bf16)     ->     %x' = widen(%x) : f32;  %y = contraction(%x', %w)
//
// and TileKernel widens, for each register tile, what the tile reads, which is a few instructions for each vector of
// it. The right operand, which is a vector of columns, stays as it is: it is taken apart once for all rows.

#include "backends/cpu/kernels/KernelPipeline.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "passes/StorageLayout.h"

namespace cnn::cpu {
#define GEN_PASS_DEF_WIDENOPERANDS
#include "backends/cpu/kernels/Passes.h.inc"
} // namespace cnn::cpu

using namespace mlir;

namespace {

Value widen(OpBuilder &builder, Location loc, Value tensor) {
  auto type = cast<RankedTensorType>(tensor.getType());
  auto wide = cast<RankedTensorType>(type.clone(builder.getF32Type()));
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(builder, loc, tensor);
  Value empty = tensor::EmptyOp::create(builder, loc, sizes, wide.getElementType());
  SmallVector<AffineMap> maps(2, builder.getMultiDimIdentityMap(type.getRank()));
  SmallVector<utils::IteratorType> iterators(type.getRank(), utils::IteratorType::parallel);
  auto op = linalg::GenericOp::create(
      builder, loc, TypeRange{wide}, tensor, empty, maps, iterators,
      [&](OpBuilder &nested, Location at, ValueRange elements) {
        linalg::YieldOp::create(
            nested, at, ValueRange{arith::ExtFOp::create(nested, at, wide.getElementType(), elements[0]).getResult()});
      });
  return op.getResult(0);
}

class WidenOperands : public cnn::cpu::impl::WidenOperandsBase<WidenOperands> {
public:
  using WidenOperandsBase::WidenOperandsBase;

  void runOnOperation() override {
    if (!getOperation()->hasAttr(cnn::cpu::kernelAttrName))
      return;
    getOperation().walk([](linalg::GenericOp op) {
      if (!op->hasAttr(cnn::contractionAttrName) || op.getNumDpsInputs() != 2)
        return;
      AffineMap left = op.getIndexingMapsArray()[0], result = op.getIndexingMapsArray()[2];
      auto column = dyn_cast<AffineDimExpr>(result.getResults().back());
      Value x = op.getInputs()[0];
      if (!column || left.isFunctionOfDim(column.getPosition()) || !getElementTypeOrSelf(x).isBF16())
        return;
      OpBuilder builder(op);
      op.getInputsMutable()[0].set(widen(builder, op.getLoc(), x));
      BlockArgument element = op.getBlock()->getArgument(0);
      element.setType(builder.getF32Type());
      for (Operation *user : llvm::make_early_inc_range(element.getUsers()))
        if (auto widening = dyn_cast<arith::ExtFOp>(user)) {
          widening.getResult().replaceAllUsesWith(element);
          widening.erase();
        }
    });
  }
};

} // namespace
