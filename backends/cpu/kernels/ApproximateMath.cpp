// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Functions that are calls of libm become arithmetic: see Passes.td. The polynomials are upstream's but for tanh, whose
// own takes three quarters of the operations. On [-8, 8], beyond which tanh is 1 but for 3e-7,
//
//   tanh(x) = x * p(x^2) / q(x^2)        with p and q of degree 4
//
// where both have the constant term 1, so that no small x needs a case of its own.

#include "backends/cpu/kernels/KernelPipeline.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace cnn::cpu {
#define GEN_PASS_DEF_APPROXIMATEMATH
#include "backends/cpu/kernels/Passes.h.inc"
} // namespace cnn::cpu

using namespace mlir;

namespace {

struct ExpandFma : OpRewritePattern<math::FmaOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(math::FmaOp op, PatternRewriter &rewriter) const override {
    Value product = arith::MulFOp::create(rewriter, op.getLoc(), op.getA(), op.getB());
    rewriter.replaceOpWithNewOp<arith::AddFOp>(op, product, op.getC());
    return success();
  }
};

/// Coefficients of x^0, x^2, x^4, .. of the rational function that is tanh(x) / x.
constexpr float tanhNumerator[] = {1.0f, 1.340216100e-1f, 3.520756727e-3f, 2.102733560e-5f, 1.394553628e-8f};
constexpr float tanhDenominator[] = {1.0f, 4.673548340e-1f, 2.597254514e-2f, 3.326951409e-4f, 8.015776984e-7f};
constexpr float tanhLimit = 8.0f;

struct ApproximateTanh : OpRewritePattern<math::TanhOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(math::TanhOp op, PatternRewriter &rewriter) const override {
    Type type = op.getType();
    if (!getElementTypeOrSelf(type).isF32())
      return rewriter.notifyMatchFailure(op, "not f32");
    Location loc = op.getLoc();
    auto constant = [&](float value) -> Value {
      TypedAttr attribute = rewriter.getF32FloatAttr(value);
      if (auto shaped = dyn_cast<ShapedType>(type))
        attribute = DenseElementsAttr::get(shaped, value);
      return arith::ConstantOp::create(rewriter, loc, attribute);
    };
    auto clamp = [&](Value x, float limit, arith::CmpFPredicate isBeyond) -> Value {
      Value bound = constant(limit), beyond = arith::CmpFOp::create(rewriter, loc, isBeyond, x, bound);
      return arith::SelectOp::create(rewriter, loc, beyond, bound, x);
    };
    // A NaN is beyond neither.
    Value x = clamp(op.getOperand(), tanhLimit, arith::CmpFPredicate::OGT);
    x = clamp(x, -tanhLimit, arith::CmpFPredicate::OLT);
    Value square = arith::MulFOp::create(rewriter, loc, x, x);
    auto evaluate = [&](ArrayRef<float> coefficients) {
      Value sum = constant(coefficients.back());
      for (float coefficient : llvm::reverse(coefficients.drop_back()))
        sum = math::FmaOp::create(rewriter, loc, sum, square, constant(coefficient));
      return sum;
    };
    Value numerator = arith::MulFOp::create(rewriter, loc, x, evaluate(tanhNumerator));
    rewriter.replaceOpWithNewOp<arith::DivFOp>(op, numerator, evaluate(tanhDenominator));
    return success();
  }
};

class ApproximateMath : public cnn::cpu::impl::ApproximateMathBase<ApproximateMath> {
public:
  using ApproximateMathBase::ApproximateMathBase;

  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    populateMathPolynomialApproximationPatterns(patterns, MathPolynomialApproximationOptions{});
    patterns.add<ApproximateTanh>(&getContext(), /*benefit=*/2);
    if (!fma)
      patterns.add<ExpandFma>(&getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
