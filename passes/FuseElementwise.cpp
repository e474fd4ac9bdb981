// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Joins chains of elementwise ops, so that a value goes through memory once:
//
//   %a = x * scale;  %b = %a + shift;  %c = tanh(%b)     ->     %c = tanh(x * scale + shift)
//
// Done by upstream's fusion under a rule that never computes anything twice: see isWorthwhile.
//
// An op on arguments alone works on the shape in which its result is read. An image of one channel becomes channels
// last by a reshape, and is normalized into its place in a padded image then, instead of being copied there:
//
//   %a = normalize(%image) : [B, 1, 28, 28]                  %b = reshape %image : [B, 28, 28, 1]
//   %b = reshape %a : [B, 28, 28, 1]                   ->    %a = normalize(%b)

#include "passes/Passes.h"
#include "passes/StorageLayout.h"

#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
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

/// Moves the reshape of a result to the arguments that it is computed from.
struct ReshapeArguments : OpRewritePattern<tensor::ExpandShapeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(tensor::ExpandShapeOp expand, PatternRewriter &rewriter) const override {
    auto collapse = expand.getSrc().getDefiningOp<tensor::CollapseShapeOp>();
    Value result = collapse ? collapse.getSrc() : expand.getSrc();
    auto op = result.getDefiningOp<linalg::GenericOp>();
    if (!op || op.getNumResults() != 1 || op.getNumReductionLoops() != 0 || !result.hasOneUse() ||
        !expand.getSrc().hasOneUse() || !op.getDpsInits()[0].getDefiningOp<tensor::EmptyOp>())
      return rewriter.notifyMatchFailure(expand, "no elementwise result that is read nowhere else");
    if (!llvm::all_of(op.getInputs(), llvm::IsaPred<BlockArgument>) ||
        !llvm::all_of(op.getIndexingMapsArray(), [](AffineMap map) { return map.isIdentity(); }))
      return rewriter.notifyMatchFailure(expand, "computed from something else than arguments of its shape");
    if (!op.getBody()->getOps<linalg::IndexOp>().empty())
      return rewriter.notifyMatchFailure(expand, "depends on where an element is");
    Location loc = op.getLoc();
    SmallVector<OpFoldResult> shape = expand.getMixedOutputShape();
    auto reshape = [&](Value argument) -> Value {
      auto typeLike = [&](ShapedType type) {
        return RankedTensorType::get(type.getShape(), getElementTypeOrSelf(argument));
      };
      if (collapse)
        argument = tensor::CollapseShapeOp::create(rewriter, loc, typeLike(collapse.getType()), argument,
                                                   collapse.getReassociationIndices());
      return tensor::ExpandShapeOp::create(rewriter, loc, typeLike(expand.getType()), argument,
                                           expand.getReassociationIndices(), shape);
    };
    SmallVector<Value> inputs = llvm::map_to_vector(op.getInputs(), reshape);
    auto type = cast<RankedTensorType>(expand.getType());
    Value empty = tensor::EmptyOp::create(rewriter, loc, shape, type.getElementType());
    SmallVector<AffineMap> maps(inputs.size() + 1, rewriter.getMultiDimIdentityMap(type.getRank()));
    SmallVector<utils::IteratorType> loops(type.getRank(), utils::IteratorType::parallel);
    auto reshaped = linalg::GenericOp::create(rewriter, loc, TypeRange{type}, inputs, empty, maps, loops);
    rewriter.cloneRegionBefore(op.getRegion(), reshaped.getRegion(), reshaped.getRegion().begin());
    rewriter.replaceOp(expand, reshaped.getResults());
    return success();
  }
};

class FuseElementwise : public cnn::impl::FuseElementwiseBase<FuseElementwise> {
public:
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    linalg::populateElementwiseOpsFusionPatterns(patterns, isWorthwhile);
    linalg::populateFoldReshapeOpsByExpansionPatterns(patterns, isOfTiles);
    patterns.add<ReshapeArguments>(&getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
