// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Conversions between bf16 and f32 without instructions for them: see Passes.td.

#include "backends/cpu/kernels/KernelPipeline.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace cnn::cpu {
#define GEN_PASS_DEF_EXPANDBFLOAT16
#include "backends/cpu/kernels/Passes.h.inc"
} // namespace cnn::cpu

using namespace mlir;

namespace {

/// The type with other elements: a scalar, or a vector of the same shape.
Type withElement(Type type, Type element) {
  auto vector = dyn_cast<VectorType>(type);
  return vector ? vector.clone(element) : element;
}

Value integer(OpBuilder &builder, Location loc, Type type, int64_t value) {
  Attribute element = builder.getIntegerAttr(getElementTypeOrSelf(type), value);
  if (auto vector = dyn_cast<VectorType>(type))
    element = DenseElementsAttr::get(vector, element);
  return arith::ConstantOp::create(builder, loc, cast<TypedAttr>(element));
}

struct ExpandExtension : OpRewritePattern<arith::ExtFOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(arith::ExtFOp op, PatternRewriter &rewriter) const override {
    Type type = op.getType();
    if (!getElementTypeOrSelf(op.getIn()).isBF16() || !getElementTypeOrSelf(type).isF32())
      return rewriter.notifyMatchFailure(op, "not from bf16 to f32");
    Location loc = op.getLoc();
    Type i16 = withElement(type, rewriter.getI16Type()), i32 = withElement(type, rewriter.getI32Type());
    Value bits = arith::BitcastOp::create(rewriter, loc, i16, op.getIn());
    bits = arith::ExtUIOp::create(rewriter, loc, i32, bits);
    bits = arith::ShLIOp::create(rewriter, loc, bits, integer(rewriter, loc, i32, 16));
    rewriter.replaceOpWithNewOp<arith::BitcastOp>(op, type, bits);
    return success();
  }
};

struct ExpandTruncation : OpRewritePattern<arith::TruncFOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(arith::TruncFOp op, PatternRewriter &rewriter) const override {
    Type type = op.getType();
    if (!getElementTypeOrSelf(op.getIn()).isF32() || !getElementTypeOrSelf(type).isBF16())
      return rewriter.notifyMatchFailure(op, "not from f32 to bf16");
    Location loc = op.getLoc();
    Type i16 = withElement(type, rewriter.getI16Type()), i32 = withElement(type, rewriter.getI32Type());
    auto constant = [&](int64_t value) { return integer(rewriter, loc, i32, value); };
    Value bits = arith::BitcastOp::create(rewriter, loc, i32, op.getIn());
    // Half of the last place that stays is added, or a little less: ties go to even.
    Value isOdd =
        arith::AndIOp::create(rewriter, loc, arith::ShRUIOp::create(rewriter, loc, bits, constant(16)), constant(1));
    Value half = arith::AddIOp::create(rewriter, loc, isOdd, constant(0x7fff));
    Value rounded = arith::AddIOp::create(rewriter, loc, bits, half);
    // A NaN must not become infinity.
    Value isNaN = arith::CmpFOp::create(rewriter, loc, arith::CmpFPredicate::UNO, op.getIn(), op.getIn());
    Value quiet = arith::OrIOp::create(rewriter, loc, bits, constant(0x400000));
    Value result = arith::SelectOp::create(rewriter, loc, isNaN, quiet, rounded);
    result = arith::ShRUIOp::create(rewriter, loc, result, constant(16));
    result = arith::TruncIOp::create(rewriter, loc, i16, result);
    rewriter.replaceOpWithNewOp<arith::BitcastOp>(op, type, result);
    return success();
  }
};

/// LLVM would choose between two bf16 in f32, and round.
struct ExpandSelect : OpRewritePattern<arith::SelectOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(arith::SelectOp op, PatternRewriter &rewriter) const override {
    Type type = op.getType();
    if (!getElementTypeOrSelf(type).isBF16())
      return rewriter.notifyMatchFailure(op, "not of bf16");
    Type i16 = withElement(type, rewriter.getI16Type());
    Value yes = arith::BitcastOp::create(rewriter, op.getLoc(), i16, op.getTrueValue());
    Value no = arith::BitcastOp::create(rewriter, op.getLoc(), i16, op.getFalseValue());
    Value chosen = arith::SelectOp::create(rewriter, op.getLoc(), op.getCondition(), yes, no);
    rewriter.replaceOpWithNewOp<arith::BitcastOp>(op, type, chosen);
    return success();
  }
};

class ExpandBFloat16 : public cnn::cpu::impl::ExpandBFloat16Base<ExpandBFloat16> {
public:
  using ExpandBFloat16Base::ExpandBFloat16Base;

  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<ExpandExtension, ExpandSelect, ExpandTruncation>(&getContext());
    SmallVector<Operation *> ops;
    getOperation().walk([&](Operation *op) {
      bool isConversion = isa<arith::ExtFOp, arith::TruncFOp>(op);
      if (isa<arith::SelectOp>(op) ||
          (isConversion && !(hasInstruction && isa<VectorType>(op->getResult(0).getType()))))
        ops.push_back(op);
    });
    GreedyRewriteConfig config;
    config.setStrictness(GreedyRewriteStrictness::ExistingOps);
    if (failed(applyOpPatternsGreedily(ops, std::move(patterns), config)))
      signalPassFailure();
  }
};

} // namespace
