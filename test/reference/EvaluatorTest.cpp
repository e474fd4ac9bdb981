// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What neither finite differences nor PyTorch show: rounding, corners, integers, dropout, and the evaluator's errors.

#include "test/reference/GradientFunction.h"

#include "mlir/IR/Diagnostics.h"

#include "gtest/gtest.h"

#include <cmath>
#include <limits>

using namespace mlir;
using namespace cnn;
using namespace cnn::reference;
using namespace cnn::test;

namespace {

constexpr double notANumber = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

class Evaluator : public testing::Test {
protected:
  std::unique_ptr<MLIRContext> context = makeContext();
  TestFunction test{*context};

  /// The first result.
  Tensor run(ValueRange results, Arithmetic arithmetic = Arithmetic::Exact) {
    test.setResults(results);
    FailureOr<SmallVector<Tensor>> all = evaluate(test.getFunction(), test.getInputs(), arithmetic);
    EXPECT_TRUE(succeeded(all));
    return succeeded(all) ? all->front() : Tensor();
  }

  /// The error of evaluating the function with `inputs`.
  std::string fail(ArrayRef<Tensor> inputs) {
    std::string message;
    ScopedDiagnosticHandler handler(context.get(), [&](Diagnostic &diagnostic) { message = diagnostic.str(); });
    EXPECT_TRUE(failed(evaluate(test.getFunction(), inputs)));
    return message;
  }

  Value addFloats(ArrayRef<int64_t> shape, std::vector<double> values) {
    return test.addInput(Tensor::ofFloats(shape, std::move(values)), true);
  }
  Type makeType(ArrayRef<int64_t> shape, Type elementType) { return RankedTensorType::get(shape, elementType); }
};

} // namespace

TEST_F(Evaluator, RoundsToTheResultType) {
  Value x = addFloats({2}, {0.1, 1e-50});
  Value y = UnaryOp::create(test.builder, test.loc, UnaryKind::Neg, x);
  Tensor exact = run(y);
  EXPECT_EQ(exact.kind, ElementKind::F64);
  EXPECT_EQ(exact.floats, (std::vector<double>{-0.1, -1e-50}));
  Tensor typed = (*evaluate(test.getFunction(), test.getInputs(), Arithmetic::Typed))[0];
  EXPECT_EQ(typed.kind, ElementKind::F32);
  EXPECT_EQ(typed.floats, (std::vector<double>{-0.1f, -0.0}));
}

TEST_F(Evaluator, RoundsToKind) {
  EXPECT_EQ(roundToKind(1 + 1.0 / 256, ElementKind::BF16), 1); // a tie goes to even
  EXPECT_EQ(roundToKind(1 + 3.0 / 256, ElementKind::BF16), 1 + 4.0 / 256);
  EXPECT_EQ(roundToKind(65519, ElementKind::F16), 65504);
  EXPECT_EQ(roundToKind(65520, ElementKind::F16), infinity);
  EXPECT_EQ(roundToKind(0.1, ElementKind::F64), 0.1);
}

TEST_F(Evaluator, CastRoundsAndSaturates) {
  Value x = addFloats({8}, {0.5, 1.5, 2.5, -0.6, 255.4, 300, -infinity, notANumber});
  Type type = makeType({ShapedType::kDynamic}, test.builder.getIntegerType(8, false));
  Tensor y = run(CastOp::create(test.builder, test.loc, type, x).getResult());
  EXPECT_EQ(y.integers, (std::vector<int64_t>{0, 2, 2, 0, 255, 255, 0, 0}));
}

TEST_F(Evaluator, CastFromBytes) {
  Value x = test.addInput(Tensor::ofIntegers({3}, {0, 128, 255}, ElementKind::U8), true);
  Tensor y = run(CastOp::create(test.builder, test.loc, makeType({ShapedType::kDynamic}, test.builder.getF32Type()), x)
                     .getResult());
  EXPECT_EQ(y.floats, (std::vector<double>{0, 128, 255}));
}

TEST_F(Evaluator, Constant) {
  auto type = cast<RankedTensorType>(makeType({2, 2}, test.builder.getF32Type()));
  Value y = ConstantOp::create(test.builder, test.loc, DenseElementsAttr::get(type, ArrayRef<float>{1, 2, 3, 4}));
  EXPECT_EQ(run(y).floats, (std::vector<double>{1, 2, 3, 4}));
}

TEST_F(Evaluator, ConstantOfBytesIsUnsigned) {
  auto type = cast<RankedTensorType>(makeType({2}, test.builder.getIntegerType(8, false)));
  Value y = ConstantOp::create(test.builder, test.loc, DenseElementsAttr::get(type, ArrayRef<uint8_t>{7, 255}));
  EXPECT_EQ(run(y).integers, (std::vector<int64_t>{7, 255}));
}

TEST_F(Evaluator, NanWinsInMaxPool) {
  Value x = addFloats({1, 1, 4}, {1, notANumber, 3, 2});
  auto window = WindowAttr::get(context.get(), {2}, {2}, {1}, {0}, {0}, false);
  Tensor y = run(MaxPoolOp::create(test.builder, test.loc, x, window).getResult());
  EXPECT_TRUE(std::isnan(y.floats[0]));
  EXPECT_EQ(y.floats[1], 3);
}

TEST_F(Evaluator, MaxPoolGradientGoesToTheFirst) {
  Value x = addFloats({1, 1, 2, 2}, {5, 5, 5, 5});
  Value dy = addFloats({1, 1, 1, 1}, {3});
  auto window = WindowAttr::get(context.get(), {2, 2}, {2, 2}, {1, 1}, {0, 0}, {0, 0}, false);
  EXPECT_EQ(run(MaxPoolGradOp::create(test.builder, test.loc, x, dy, window).getResult()).floats,
            (std::vector<double>{3, 0, 0, 0}));
}

// At a corner the gradient is the one of the side towards zero.
TEST_F(Evaluator, GradientsAtCorners) {
  Value x = addFloats({3}, {-1, 0, 1});
  struct {
    UnaryKind kind;
    std::vector<double> expected;
  } cases[] = {{UnaryKind::Relu, {0, 0, 1}},
               {UnaryKind::Abs, {-1, 0, 1}},
               {UnaryKind::Hardtanh, {0, 1, 0}},
               {UnaryKind::LeakyRelu, {0.01, 0.01, 1}}};
  SmallVector<Value> results;
  for (auto &c : cases)
    results.push_back(UnaryOp::create(test.builder, test.loc, c.kind, x));
  test.setResults(results);
  for (auto [i, c] : llvm::enumerate(cases)) {
    SmallVector<Tensor> weights(std::size(cases));
    weights[i] = Tensor::ofFloats({3}, {1, 1, 1});
    EXPECT_EQ(evaluateGradients(test.getFunction(), test.getInputs(), weights)[0].floats, c.expected)
        << stringifyUnaryKind(c.kind).str();
  }
}

// Equal scores: the smaller class number comes first. A label that is no class is never a hit.
TEST_F(Evaluator, TopKHit) {
  Value scores = addFloats({4, 3}, {1, 1, 0, 1, 1, 0, 3, 2, 1, 9, 9, 9});
  Value label = test.addInput(Tensor::ofIntegers({4}, {0, 1, 2, 3}, ElementKind::I32), true);
  Value first = TopKHitOp::create(test.builder, test.loc, scores, label, 1);
  Value second = TopKHitOp::create(test.builder, test.loc, scores, label, 2);
  test.setResults({first, second});
  auto results = *evaluate(test.getFunction(), test.getInputs());
  EXPECT_EQ(results[0].floats, (std::vector<double>{1, 0, 0, 0}));
  EXPECT_EQ(results[1].floats, (std::vector<double>{1, 1, 0, 0}));
}

// A network that has diverged hits nothing: NaN comes before every number, and all scores before a label's that is NaN.
TEST_F(Evaluator, TopKHitOfNaN) {
  double nan = std::nan("");
  Value scores = addFloats({3, 3}, {nan, nan, nan, 1, nan, 0, nan, 1, 0});
  Value label = test.addInput(Tensor::ofIntegers({3}, {0, 0, 0}, ElementKind::I32), true);
  SmallVector<Value> results;
  for (int64_t k : {1, 2, 3})
    results.push_back(TopKHitOp::create(test.builder, test.loc, scores, label, k));
  test.setResults(results);
  auto hits = *evaluate(test.getFunction(), test.getInputs());
  EXPECT_EQ(hits[0].floats, (std::vector<double>{0, 0, 0}));
  EXPECT_EQ(hits[1].floats, (std::vector<double>{0, 1, 0}));
  EXPECT_EQ(hits[2].floats, (std::vector<double>{0, 1, 0}));
}

// The element number counts through the whole batch; what is dropped depends on seed, step and site.
TEST_F(Evaluator, Dropout) {
  const int64_t count = 4000;
  Value x = addFloats({4, count / 4}, std::vector<double>(count, 1.0));
  Value key = test.addInput(Tensor::ofIntegers({2}, {42, 7}, ElementKind::I64), false);
  Value y = DropoutOp::create(test.builder, test.loc, x, key, APFloat(0.25), 1);
  Value otherSite = DropoutOp::create(test.builder, test.loc, x, key, APFloat(0.25), 2);
  test.setResults({y, otherSite});
  auto results = *evaluate(test.getFunction(), test.getInputs(), Arithmetic::Exact);
  int64_t kept = 0;
  for (double value : results[0].floats) {
    EXPECT_TRUE(value == 0 || value == 1 / 0.75);
    kept += value != 0;
  }
  EXPECT_NEAR(kept, 0.75 * count, 100); // 3.6 standard deviations
  EXPECT_NE(results[0].floats, results[1].floats);

  SmallVector<Tensor> inputs(test.getInputs());
  inputs[1].integers[1] = 8;
  EXPECT_NE(results[0].floats, (*evaluate(test.getFunction(), inputs, Arithmetic::Exact))[0].floats);
}

TEST_F(Evaluator, BatchNormOfOneValueKeepsABiasedVariance) {
  Value x = addFloats({1, 1}, {3});
  auto vector = [&](double value) { return test.addInput(Tensor::ofFloats({1}, {value}), false); };
  auto op = BatchNormTrainOp::create(test.builder, test.loc, x, vector(2), vector(5), vector(0), vector(1),
                                     APFloat(1e-5), APFloat(0.5));
  test.setResults(op.getResults());
  auto results = *evaluate(test.getFunction(), test.getInputs(), Arithmetic::Exact);
  EXPECT_EQ(results[0].floats[0], 5);
  EXPECT_EQ(results[3].floats[0], 1.5);
  EXPECT_EQ(results[4].floats[0], 0.5);
}

//===-- Errors ----------------------------------------------------------------------------------------------------===//

TEST_F(Evaluator, BatchesMustAgree) {
  Value a = addFloats({2}, {1, 2});
  Value b = addFloats({2}, {1, 2});
  test.setResults(ValueRange{BinaryOp::create(test.builder, test.loc, BinaryKind::Add, a, b, ArrayRef<int64_t>{0})});
  EXPECT_EQ(fail({test.getInputs()[0], Tensor::ofFloats({3}, {1, 2, 3})}),
            "expected value 1 to have a batch of 2, but got 3");
}

TEST_F(Evaluator, InputsMustFitTheirTypes) {
  Value a = addFloats({1, 3}, {1, 2, 3});
  test.setResults(a);
  EXPECT_EQ(fail({Tensor::ofFloats({1, 2}, {1, 2})}), "expected value 0 to be a 'tensor<?x3xf32>', but got 1x2xf64");
  EXPECT_EQ(fail({}), "expected 1 values to evaluate with, but got 0");
}

TEST_F(Evaluator, UnknownOp) {
  context->allowUnregisteredDialects();
  Value a = addFloats({1}, {1});
  OperationState state(test.loc, "other.op");
  state.addOperands(a);
  state.addTypes(a.getType());
  test.setResults(test.builder.create(state)->getResults());
  EXPECT_EQ(fail(test.getInputs()), "the reference evaluator does not know 'other.op'");
}
