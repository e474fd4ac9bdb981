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
  // Each element is read once: the loops of the consumer are those of the operand, in some order.
  return consumer.getMatchingIndexingMap(operand).isPermutation();
}

class FuseElementwise : public cnn::impl::FuseElementwiseBase<FuseElementwise> {
public:
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    linalg::populateElementwiseOpsFusionPatterns(patterns, isWorthwhile);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
