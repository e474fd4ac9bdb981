// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Joins chains of elementwise ops, so that a value goes through memory once:
//
//   %a = x * scale;  %b = %a + shift;  %c = tanh(%b)     ->     %c = tanh(x * scale + shift)
//
// Done by upstream's fusion under a rule that never computes anything twice: see isWorthwhile.

#include "passes/Passes.h"
#include "passes/StorageLayout.h"

#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace cnn {
#define GEN_PASS_DEF_FUSEELEMENTWISE
#include "passes/Passes.h.inc"
} // namespace cnn

using namespace mlir;

namespace {

/// Whether the producer of this operand should be computed inside the consumer.
bool isWorthwhile(OpOperand *operand) {
  auto producer = operand->get().getDefiningOp<linalg::GenericOp>();
  auto consumer = dyn_cast<linalg::GenericOp>(operand->getOwner());
  if (!producer || !consumer || consumer->hasAttr(cnn::contractionAttrName))
    return false;
  // One result, one reader: what stays behind would be computed twice.
  if (producer.getNumResults() != 1 || !operand->get().hasOneUse())
    return false;
  // What is rounded is rounded to be stored.
  if (auto type = dyn_cast<FloatType>(getElementTypeOrSelf(operand->get())); type && type.getWidth() < 32)
    return false;
  // Each element is read once: the loops of the consumer are those of the operand, in some order.
  return consumer.getMatchingIndexingMap(operand).isPermutation();
}

/// A result that is computed in tiles, or in windows, is put together by a reshape: what follows works on the tiles,
/// too, and can be done while they are in registers. The innermost dimension, of vectors, stays whole.
bool isOfTiles(OpOperand *operand) {
  auto collapse = operand->get().getDefiningOp<tensor::CollapseShapeOp>();
  auto consumer = dyn_cast<linalg::GenericOp>(operand->getOwner());
  if (!collapse || !consumer || consumer.getNumReductionLoops() != 0 || consumer.getNumResults() != 1 ||
      !collapse->hasOneUse() || !consumer.getMatchingIndexingMap(operand).isIdentity() ||
      collapse.getType().getRank() == 0 || collapse.getReassociationIndices().back().size() != 1)
    return false;
  auto producer = collapse.getSrc().getDefiningOp<linalg::GenericOp>();
  return producer && (producer->hasAttr(cnn::transformAttrName) || producer.getNumReductionLoops() == 0);
}

class FuseElementwise : public cnn::impl::FuseElementwiseBase<FuseElementwise> {
public:
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    linalg::populateElementwiseOpsFusionPatterns(patterns, isWorthwhile);
    linalg::populateFoldReshapeOpsByExpansionPatterns(patterns, isOfTiles);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
