// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "test/backends/ops/OpsTest.h"

using namespace mlir;
using namespace cnn;
using namespace cnn::reference;
using namespace cnn::test;

namespace {

class ElementwiseOps : public Ops {};

TEST_P(ElementwiseOps, Unary) {
  for (unsigned i = 0; i <= getMaxEnumValForUnaryKind(); ++i) {
    UnaryKind kind = *symbolizeUnaryKind(i);
    bool positive = kind == UnaryKind::Sqrt || kind == UnaryKind::Log || kind == UnaryKind::Reciprocal;
    TestFunction test(*context);
    Value x = test.addInput(positive ? uniform({3, 17, 5, 3}, 0.5, 2) : uniform({3, 17, 5, 3}, -3, 3), true);
    Value dy = test.addInput(uniform({3, 17, 5, 3}), true);
    Value y = UnaryOp::create(test.builder, test.loc, kind, x, APFloat(0.25));
    Value dx = UnaryGradOp::create(test.builder, test.loc, kind, gradReadsOutput(kind) ? y : x, dy, APFloat(0.25));
    test.setResults({y, dx});
    check(test, stringifyUnaryKind(kind));
  }
}

// From the smallest values to where nothing but the sign matters, and what is not a number.
TEST_P(ElementwiseOps, TanhOfAllSizes) {
  double nan = std::nan(""), inf = INFINITY;
  std::vector<double> values{0, -0.0, 1e-40, -1e-30, 3e-4, nan, inf, -inf, 8, -8, 8.001, 1e30};
  for (int i = -600; i < 600; ++i)
    values.push_back(i / 64.0);
  TestFunction test(*context);
  Value x = test.addInput(Tensor::ofFloats({1, int64_t(values.size())}, values, ElementKind::F32), true);
  test.setResults({UnaryOp::create(test.builder, test.loc, UnaryKind::Tanh, x)});
  check(test, "tanh", /*tolerance=*/1e-6);
}

// Sums over rows of few channels, which are taken together.
TEST_P(ElementwiseOps, SumsOfFewChannels) {
  for (int64_t channels : {1, 6, 17}) {
    TestFunction test(*context);
    Value x = test.addInput(uniform({3, channels, 7, 13}), true);
    Value rows = MaxPoolOp::create(test.builder, test.loc, x, makeWindow(*context, {WindowDim(), WindowDim()}));
    SmallVector<Value> results;
    for (unsigned i = 0; i <= getMaxEnumValForReduceKind(); ++i)
      results.push_back(ReduceOp::create(test.builder, test.loc, *symbolizeReduceKind(i), rows, ArrayRef<int64_t>{1}));
    test.setResults(results);
    check(test, "sums of " + std::to_string(channels) + " channels");
  }
}

// The sign of a zero is the same in compiled code as in the reference and in folds.
TEST_P(ElementwiseOps, ReluOfNegativeZero) {
  TestFunction test(*context);
  Value x = test.addInput(Tensor::ofFloats({1, 2}, {-0.0, 0.0}, ElementKind::F32), true);
  test.setResults({UnaryOp::create(test.builder, test.loc, UnaryKind::Relu, x)});
  check(test, "zeros", /*tolerance=*/0);
}

TEST_P(ElementwiseOps, Binary) {
  const SmallVector<int64_t> allAxes[] = {{}, {1}, {0}, {0, 1}, {2, 3}, {1, 3}, {0, 1, 2, 3}};
  for (unsigned i = 0; i <= getMaxEnumValForBinaryKind(); ++i) {
    BinaryKind kind = *symbolizeBinaryKind(i);
    for (ArrayRef<int64_t> axes : allAxes) {
      if (kind != BinaryKind::Sub && axes.size() != 1 && axes.size() != 4)
        continue; // alignment does not depend on the kind
      SmallVector<int64_t> shape = {3, 17, 2, 9}, rhsShape;
      for (int64_t axis : axes)
        rhsShape.push_back(shape[axis]);
      TestFunction test(*context);
      Value a = test.addInput(uniform(shape), true);
      Value b = test.addInput(uniform(rhsShape, 0.5, 2), llvm::is_contained(axes, 0));
      // Behind a pool, the left side is channels-last and the right side is not.
      WindowAttr window = makeWindow(*context, {WindowDim(), WindowDim()});
      Value last = MaxPoolOp::create(test.builder, test.loc, a, window);
      test.setResults({BinaryOp::create(test.builder, test.loc, kind, a, b, axes),
                       BinaryOp::create(test.builder, test.loc, kind, last, b, axes)});
      check(test, stringifyBinaryKind(kind));
    }
  }
}

TEST_P(ElementwiseOps, BroadcastAndReduce) {
  const SmallVector<int64_t> allAxes[] = {{}, {1}, {0}, {0, 1}, {0, 2}, {0, 1, 3}, {0, 1, 2, 3}};
  for (ArrayRef<int64_t> axes : allAxes) {
    SmallVector<int64_t> shape = {3, 17, 2, 9}, inputShape;
    for (int64_t axis : axes)
      inputShape.push_back(shape[axis]);
    TestFunction test(*context);
    Value small = test.addInput(uniform(inputShape), llvm::is_contained(axes, 0));
    Value x = test.addInput(uniform(shape), true);
    Value last = MaxPoolOp::create(test.builder, test.loc, x, makeWindow(*context, {WindowDim(), WindowDim()}));
    SmallVector<Value> results{BroadcastOp::create(test.builder, test.loc, x.getType(), small, x, axes),
                               BroadcastOp::create(test.builder, test.loc, x.getType(), small, last, axes)};
    for (unsigned i = 0; i <= getMaxEnumValForReduceKind(); ++i)
      for (Value value : {x, last})
        results.push_back(ReduceOp::create(test.builder, test.loc, *symbolizeReduceKind(i), value, axes));
    test.setResults(results);
    check(test, "broadcast and reduce over all but " + std::to_string(axes.size()) + " dimensions");
  }
}

TEST_P(ElementwiseOps, Cast) {
  TestFunction test(*context);
  Value image =
      test.addInput(Tensor::ofIntegers({3, 4}, {0, 1, 127, 128, 200, 255, 3, 4, 5, 6, 7, 8}, ElementKind::U8), true);
  Value label = test.addInput(Tensor::ofIntegers({3}, {-1, 5, 1 << 30}, ElementKind::I32), true);
  Value real = test.addInput(
      Tensor::ofFloats({8}, {-1e30, -0.5, 0.5, 1.5, 254.5, 255.5, 1e30, std::nan("")}, ElementKind::F32), false);
  Builder &b = test.builder;
  auto cast = [&](Value x, ArrayRef<int64_t> shape, Type type) -> Value {
    return CastOp::create(test.builder, test.loc, RankedTensorType::get(shape, type), x);
  };
  int64_t any = ShapedType::kDynamic;
  test.setResults({cast(image, {any, 4}, b.getF32Type()), cast(label, {any}, b.getF32Type()),
                   cast(real, {8}, b.getIntegerType(8, false)), cast(real, {8}, b.getI32Type()),
                   cast(image, {any, 4}, b.getI32Type()), cast(label, {any}, b.getIntegerType(8, false))});
  check(test, "cast", 0);
}

TEST_P(ElementwiseOps, Updates) {
  Tensor rateValue = uniform({}, 0.1, 0.2); // a training step has one
  for (bool isInPlace : {false, true})
    for (bool nesterov : {false, true}) {
      TestFunction test(*context);
      SmallVector<int64_t> shape{33, 5, 3, 3};
      auto addWeight = [&](double low) { return test.addInput(uniform(shape, low, 1), false); };
      Value p = addWeight(-1), v = addWeight(-1), q = addWeight(-1), m = addWeight(-1), u = addWeight(0),
            r = addWeight(-1);
      Value g = addWeight(-1), rate = test.addInput(rateValue, false), seed = test.addInput(key(), false);
      APFloat decay(nesterov ? 0.0 : 1e-2);
      auto sgd = SgdUpdateOp::create(test.builder, test.loc, p, g, v, rate, APFloat(0.9), nesterov, decay);
      auto adam = AdamUpdateOp::create(test.builder, test.loc, q, g, m, u, rate, seed, APFloat(0.9), APFloat(0.999),
                                       APFloat(1e-8), decay);
      auto plain = SgdUpdateOp::create(test.builder, test.loc, r, g, Value(), rate, APFloat(0.0), nesterov, decay);
      SmallVector<Value> results(sgd.getResults());
      llvm::append_range(results, adam.getResults());
      results.push_back(plain.getNewParameter());
      test.setResults(results);
      SmallVector<Value> replaced{p, v, q, m, u, r};
      for (unsigned i = 0; isInPlace && i < replaced.size(); ++i)
        test.tie(i, replaced[i]);
      check(test, "updates");
    }
}

INSTANTIATE_TEST_SUITE_P(All, ElementwiseOps, testing::ValuesIn(listExecutors()), nameExecutor);

} // namespace
