// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Scales and shifts of planes go into kernels and biases:
//
//   affine(conv(x, k, b), s, t)  ->  conv(x, s k, s b + t)
//   conv(affine(x, s, t), k, b)  ->  conv(x, k s, b + sum of k t)
//   affine(affine(x, s, t), u, v)  ->  affine(x, u s, u t + v)
//
// The second does not hold where a window meets the zeros of a padding, unless t is 0.

#include "backends/neuflow/Passes.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace cnn::neuflow {
#define GEN_PASS_DEF_FOLDAFFINE
#include "backends/neuflow/Passes.h.inc"
} // namespace cnn::neuflow

using namespace mlir;

namespace cnn::neuflow {
namespace {

std::vector<double> numbersOf(Value value) {
  auto elements = cast<DenseElementsAttr>(value.getDefiningOp<arith::ConstantOp>().getValue());
  return std::vector<double>(elements.value_begin<float>(), elements.value_end<float>());
}

bool isConstant(Value value) {
  auto constant = value.getDefiningOp<arith::ConstantOp>();
  return constant && isa<DenseElementsAttr>(constant.getValue());
}

Value makeConstant(PatternRewriter &rewriter, Location loc, Type type, ArrayRef<double> numbers) {
  SmallVector<float> floats(numbers.begin(), numbers.end());
  return arith::ConstantOp::create(rewriter, loc,
                                   DenseElementsAttr::get(cast<RankedTensorType>(type), ArrayRef<float>(floats)));
}

/// An op whose numbers are all known.
LogicalResult expectConstants(Operation *op, PatternRewriter &rewriter, ValueRange values) {
  if (llvm::all_of(values, isConstant))
    return success();
  return rewriter.notifyMatchFailure(op, "numbers are not known");
}

struct DropIdentity : OpRewritePattern<AffineOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(AffineOp op, PatternRewriter &rewriter) const override {
    if (failed(expectConstants(op, rewriter, {op.getScale(), op.getShift()})))
      return failure();
    if (!llvm::all_of(numbersOf(op.getScale()), [](double s) { return s == 1; }) ||
        !llvm::all_of(numbersOf(op.getShift()), [](double t) { return t == 0; }))
      return rewriter.notifyMatchFailure(op, "changes something");
    rewriter.replaceOp(op, op.getInput());
    return success();
  }
};

struct MergeAffine : OpRewritePattern<AffineOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(AffineOp op, PatternRewriter &rewriter) const override {
    auto first = op.getInput().getDefiningOp<AffineOp>();
    if (!first)
      return rewriter.notifyMatchFailure(op, "does not follow another");
    if (failed(expectConstants(op, rewriter, {op.getScale(), op.getShift(), first.getScale(), first.getShift()})))
      return failure();
    std::vector<double> scale = numbersOf(op.getScale()), shift = numbersOf(op.getShift());
    std::vector<double> s = numbersOf(first.getScale()), t = numbersOf(first.getShift());
    for (size_t p = 0; p < scale.size(); ++p) {
      shift[p] += scale[p] * t[p];
      scale[p] *= s[p];
    }
    Type type = op.getScale().getType();
    rewriter.replaceOpWithNewOp<AffineOp>(op, op.getType(), first.getInput(),
                                          makeConstant(rewriter, op.getLoc(), type, scale),
                                          makeConstant(rewriter, op.getLoc(), type, shift));
    return success();
  }
};

/// The same convolution with other numbers.
void replaceNumbers(ConvOp op, PatternRewriter &rewriter, Value input, ArrayRef<double> kernels,
                    ArrayRef<double> bias) {
  Value newKernels = makeConstant(rewriter, op.getLoc(), op.getKernels().getType(), kernels);
  Value newBias = makeConstant(rewriter, op.getLoc(), op.getBias().getType(), bias);
  rewriter.modifyOpInPlace(op, [&] {
    op.getInputMutable().assign(input);
    op.getKernelsMutable().assign(newKernels);
    op.getBiasMutable().assign(newBias);
  });
}

struct FoldAfterConv : OpRewritePattern<AffineOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(AffineOp op, PatternRewriter &rewriter) const override {
    auto conv = op.getInput().getDefiningOp<ConvOp>();
    if (!conv || !conv->hasOneUse())
      return rewriter.notifyMatchFailure(op, "does not follow a convolution that it alone reads");
    if (failed(expectConstants(op, rewriter, {op.getScale(), op.getShift(), conv.getKernels(), conv.getBias()})))
      return failure();
    std::vector<double> scale = numbersOf(op.getScale()), shift = numbersOf(op.getShift());
    std::vector<double> kernels = numbersOf(conv.getKernels()), bias = numbersOf(conv.getBias());
    SmallVector<Connection> connections = conv.getConnectionList();
    size_t size = kernels.size() / connections.size();
    for (size_t i = 0; i < kernels.size(); ++i)
      kernels[i] *= scale[connections[i / size].output];
    for (size_t p = 0; p < bias.size(); ++p)
      bias[p] = bias[p] * scale[p] + shift[p];
    rewriter.setInsertionPoint(conv);
    replaceNumbers(conv, rewriter, conv.getInput(), kernels, bias);
    rewriter.replaceOp(op, conv);
    return success();
  }
};

struct FoldBeforeConv : OpRewritePattern<ConvOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ConvOp op, PatternRewriter &rewriter) const override {
    auto affine = op.getInput().getDefiningOp<AffineOp>();
    if (!affine)
      return rewriter.notifyMatchFailure(op, "does not follow an affine op");
    if (failed(expectConstants(op, rewriter, {affine.getScale(), affine.getShift(), op.getKernels(), op.getBias()})))
      return failure();
    std::vector<double> scale = numbersOf(affine.getScale()), shift = numbersOf(affine.getShift());
    if (op.getSameSize() && llvm::any_of(shift, [](double t) { return t != 0; }))
      return rewriter.notifyMatchFailure(op, "the zeros around its planes would be shifted");
    std::vector<double> kernels = numbersOf(op.getKernels()), bias = numbersOf(op.getBias());
    SmallVector<Connection> connections = op.getConnectionList();
    size_t size = kernels.size() / connections.size();
    for (size_t i = 0; i < kernels.size(); ++i) {
      Connection connection = connections[i / size];
      bias[connection.output] += kernels[i] * shift[connection.input];
      kernels[i] *= scale[connection.input];
    }
    replaceNumbers(op, rewriter, affine.getInput(), kernels, bias);
    return success();
  }
};

struct FoldAffinePass : impl::FoldAffineBase<FoldAffinePass> {
  void runOnOperation() override {
    auto part = getOperation()->getAttrOfType<PartKindAttr>(partAttrName);
    if (!part || part.getValue() != PartKind::Grid)
      return;
    RewritePatternSet patterns(&getContext());
    patterns.add<DropIdentity, MergeAffine, FoldAfterConv, FoldBeforeConv>(&getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
} // namespace cnn::neuflow
