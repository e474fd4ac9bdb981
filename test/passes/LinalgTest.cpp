// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Every op, lowered to linalg and compiled, against the reference evaluator: random shapes with odd sizes, strides,
// dilations, groups, padding wider than the image, batches of 1 and 3.

#include "test/passes/LinalgExecutor.h"
#include "test/reference/GradientFunction.h"

#include "gtest/gtest.h"

using namespace mlir;
using namespace cnn;
using namespace cnn::reference;
using namespace cnn::test;

namespace {

/// Relative to the value, or to 1 if that is larger. Sums of some hundred products in f32.
constexpr double tolerance = 2e-5;

class Linalg : public testing::Test {
protected:
  std::unique_ptr<MLIRContext> context = makeLinalgContext();
  std::mt19937 random{1};

  int64_t pick(int64_t low, int64_t high) { return low + static_cast<int64_t>(random() % (high - low + 1)); }

  SmallVector<int64_t> pickShape(int64_t batch, int64_t channels, int64_t rank, int64_t low = 3, int64_t high = 7) {
    SmallVector<int64_t> shape = {batch, channels};
    for (int64_t i = 0; i < rank; ++i)
      shape.push_back(pick(low, high));
    return shape;
  }

  SmallVector<WindowDim> pickWindow(ArrayRef<int64_t> shape, int64_t maxPad, bool forPool) {
    SmallVector<WindowDim> dims;
    bool ceil = forPool && pick(0, 1);
    for (int64_t size : shape.drop_front(2)) {
      WindowDim dim;
      do {
        dim = {pick(1, 4), pick(1, 3), pick(1, 2), pick(-1, maxPad), pick(-1, maxPad), ceil};
      } while (!windowOutputSize(size, dim) || (forPool && !windowsTouchInput(size, dim)));
      dims.push_back(dim);
    }
    return dims;
  }

  WindowAttr makeWindow(ArrayRef<WindowDim> dims) {
    SmallVector<int64_t> kernel, stride, dilation, padLow, padHigh;
    for (const WindowDim &dim : dims) {
      kernel.push_back(dim.kernel);
      stride.push_back(dim.stride);
      dilation.push_back(dim.dilation);
      padLow.push_back(dim.padLow);
      padHigh.push_back(dim.padHigh);
    }
    bool ceil = !dims.empty() && dims.front().ceil;
    return WindowAttr::get(context.get(), kernel, stride, dilation, padLow, padHigh, ceil);
  }

  static SmallVector<int64_t> outputShape(ArrayRef<int64_t> shape, int64_t channels, ArrayRef<WindowDim> window) {
    SmallVector<int64_t> result = {shape[0], channels};
    for (auto [size, dim] : llvm::zip_equal(shape.drop_front(2), window))
      result.push_back(*windowOutputSize(size, dim));
    return result;
  }

  Type batchType(TestFunction &test, ArrayRef<int64_t> shape) {
    SmallVector<int64_t> sizes(shape);
    sizes[0] = ShapedType::kDynamic;
    return RankedTensorType::get(sizes, test.builder.getF32Type());
  }

  Tensor inF32(Tensor tensor) {
    tensor.kind = ElementKind::F32;
    for (double &value : tensor.floats)
      value = roundToKind(value, ElementKind::F32);
    return tensor;
  }
  Tensor uniform(ArrayRef<int64_t> shape, double low = -1, double high = 1) {
    return inF32(makeUniform(shape, random, low, high));
  }
  Tensor distinct(ArrayRef<int64_t> shape) { return inF32(makeDistinct(shape, random)); }
  Tensor key() { return Tensor::ofIntegers({2}, {(7ll << 40) + 5, 11}, ElementKind::I64); }

  void check(TestFunction &test, const Twine &what, double tolerance = ::tolerance) {
    SCOPED_TRACE(what.str());
    func::FuncOp function = test.getFunction();
    FailureOr<SmallVector<Tensor>> expected = evaluate(function, test.getInputs());
    ASSERT_TRUE(succeeded(expected));
    FailureOr<SmallVector<Tensor>> found = runAsLinalg(function, test.getInputs());
    ASSERT_TRUE(succeeded(found));
    ASSERT_EQ(found->size(), expected->size());
    for (auto [result, pair] : llvm::enumerate(llvm::zip_equal(*found, *expected))) {
      auto &[is, should] = pair;
      ASSERT_EQ(is.shape, should.shape);
      for (int64_t i = 0; i < should.getNumElements(); ++i) {
        double value = should.getNumber(i);
        if (std::isnan(value))
          ASSERT_TRUE(std::isnan(is.getNumber(i))) << "result " << result << ", element " << i;
        else if (is.getNumber(i) != value) // infinities are not near each other
          ASSERT_NEAR(is.getNumber(i), value, tolerance * std::max(1.0, std::abs(value)))
              << "result " << result << ", element " << i;
      }
    }
  }
};

TEST_F(Linalg, Conv) {
  for (int trial = 0; trial < 48; ++trial) {
    int64_t rank = trial % 4, batch = trial % 8 < 4 ? 1 : 3, groups = trial % 3 == 0 ? 1 : pick(1, 3);
    // Every fourth is depthwise.
    int64_t channels = groups * (trial % 5 ? pick(1, 5) : 1), outputs = groups * (trial % 5 ? pick(1, 6) : 1);
    SmallVector<int64_t> shape = pickShape(batch, channels, rank, 3, rank == 3 ? 4 : 7);
    SmallVector<WindowDim> window = pickWindow(shape, /*maxPad=*/trial % 3 == 0 ? 7 : 2, /*forPool=*/false);
    if (trial % 12 > 8) // one window that covers everything
      for (auto [size, dim] : llvm::zip_equal(ArrayRef(shape).drop_front(2), window))
        dim = {size, 1, 1, 0, 0, false};
    SmallVector<int64_t> weightShape = {outputs, channels / groups};
    for (const WindowDim &dim : window)
      weightShape.push_back(dim.kernel);
    TestFunction test(*context);
    Value x = test.addInput(uniform(shape), true);
    Value w = test.addInput(uniform(weightShape), false);
    Value dy = test.addInput(uniform(outputShape(shape, outputs, window)), true);
    Value y = ConvOp::create(test.builder, test.loc, x, w, makeWindow(window), groups);
    Value dx = ConvInputGradOp::create(test.builder, test.loc, batchType(test, shape), dy, w, makeWindow(window), groups);
    Value dw = ConvWeightGradOp::create(test.builder, test.loc, w.getType(), x, dy, makeWindow(window), groups);
    test.setResults({y, dx, dw});
    check(test, "conv trial " + Twine(trial));
  }
}

TEST_F(Linalg, Pool) {
  for (int trial = 0; trial < 36; ++trial) {
    int64_t rank = 1 + trial % 3;
    SmallVector<int64_t> shape = pickShape(trial % 2 ? 3 : 1, pick(1, 5), rank, 3, rank == 3 ? 5 : 7);
    SmallVector<WindowDim> window = pickWindow(shape, /*maxPad=*/2, /*forPool=*/true);
    if (trial % 4 == 0) // disjoint windows
      for (auto [size, dim] : llvm::zip_equal(ArrayRef(shape).drop_front(2), window))
        dim = {2, 2 + trial % 8 / 4, 1, trial % 16 ? 0 : 1, 0, dim.ceil};
    TestFunction test(*context);
    // Few different values, so that there are ties.
    Tensor input = uniform(shape);
    for (double &value : input.floats)
      value = trial % 3 ? std::round(value * 2) : value;
    Value x = test.addInput(input, true);
    Value dy = test.addInput(uniform(outputShape(shape, shape[1], window)), true);
    WindowAttr attr = makeWindow(window);
    bool countPad = trial % 4 < 2;
    Value max = MaxPoolOp::create(test.builder, test.loc, x, attr);
    Value average = AvgPoolOp::create(test.builder, test.loc, x, attr, countPad);
    Value maxGrad = MaxPoolGradOp::create(test.builder, test.loc, x, dy, attr);
    Value averageGrad = AvgPoolGradOp::create(test.builder, test.loc, x.getType(), dy, attr, countPad);
    test.setResults({max, average, maxGrad, averageGrad});
    check(test, "pool trial " + Twine(trial));
  }
}

// A NaN wins a maximum and takes its gradient, the first one if there are several; so does -inf among -inf.
TEST_F(Linalg, MaxPoolOfSpecialValues) {
  double nan = std::nan(""), inf = INFINITY;
  TestFunction test(*context);
  Value x = test.addInput(Tensor::ofFloats({1, 1, 8}, {1, nan, nan, 2, -inf, -inf, inf, inf}, ElementKind::F32), true);
  Value dy = test.addInput(uniform({1, 1, 5}), true);
  WindowAttr window = makeWindow({{2, 2, 1, 1, 1, false}});
  test.setResults({MaxPoolOp::create(test.builder, test.loc, x, window), MaxPoolGradOp::create(test.builder, test.loc, x, dy, window)});
  check(test, "special values");
}

// The same where the window is too large to be unrolled; the padding never wins.
TEST_F(Linalg, MaxPoolOfSpecialValuesInLargeWindows) {
  double nan = std::nan(""), inf = INFINITY;
  for (int64_t kernel : {17, 20}) {
    std::vector<double> values(40, -inf);
    values[18] = values[19] = nan;
    values[33] = values[35] = 2;
    TestFunction test(*context);
    Value x = test.addInput(Tensor::ofFloats({1, 1, 40}, values, ElementKind::F32), true);
    SmallVector<WindowDim> window = {{kernel, 7, 1, 3, 4, false}};
    Value dy = test.addInput(uniform(outputShape({1, 1, 40}, 1, window)), true);
    WindowAttr attr = makeWindow(window);
    test.setResults({MaxPoolOp::create(test.builder, test.loc, x, attr),
                     MaxPoolGradOp::create(test.builder, test.loc, x, dy, attr)});
    check(test, "kernel " + Twine(kernel));
  }
}

// One output position in one dimension, overlapping windows in the other.
TEST_F(Linalg, HalfGlobalPool) {
  for (WindowDim only : {WindowDim{6, 1, 1, 0, 0, false}, WindowDim{3, 1, 2, 1, 0, false},
                         WindowDim{3, 1, 1, -2, -1, false}, WindowDim{4, 1, 2, 2, 1, false}})
    for (int64_t kernel : {2, 5}) {
      SmallVector<WindowDim> window = {only, {kernel, 2, 1, 1, 1, false}};
      SmallVector<int64_t> shape = {3, 5, 6, 9};
      shape[2] = windowExtent(only) - only.padLow - only.padHigh;
      TestFunction test(*context);
      Value x = test.addInput(distinct(shape), true);
      Value dy = test.addInput(uniform(outputShape(shape, 5, window)), true);
      WindowAttr attr = makeWindow(window);
      test.setResults({MaxPoolGradOp::create(test.builder, test.loc, x, dy, attr),
                       AvgPoolGradOp::create(test.builder, test.loc, x.getType(), dy, attr, false)});
      check(test, "kernel " + Twine(only.kernel) + " x " + Twine(kernel));
    }
}

TEST_F(Linalg, GlobalPool) {
  for (int64_t size : {3, 7}) {
    TestFunction test(*context);
    Value x = test.addInput(uniform({3, 5, size, size}), true);
    Value dy = test.addInput(uniform({3, 5, 1, 1}), true);
    WindowDim dim{size, 1, 1, 0, 0, false};
    WindowAttr attr = makeWindow({dim, dim});
    test.setResults({MaxPoolOp::create(test.builder, test.loc, x, attr), AvgPoolOp::create(test.builder, test.loc, x, attr, false),
                     MaxPoolGradOp::create(test.builder, test.loc, x, dy, attr),
                     AvgPoolGradOp::create(test.builder, test.loc, x.getType(), dy, attr, false)});
    check(test, "global pool");
  }
}

TEST_F(Linalg, Unary) {
  for (unsigned i = 0; i <= getMaxEnumValForUnaryKind(); ++i) {
    UnaryKind kind = *symbolizeUnaryKind(i);
    bool positive = kind == UnaryKind::Sqrt || kind == UnaryKind::Log || kind == UnaryKind::Reciprocal;
    TestFunction test(*context);
    Value x = test.addInput(positive ? uniform({3, 5, 2, 3}, 0.5, 2) : uniform({3, 5, 2, 3}, -3, 3), true);
    Value dy = test.addInput(uniform({3, 5, 2, 3}), true);
    Value y = UnaryOp::create(test.builder, test.loc, kind, x, APFloat(0.25));
    Value dx = UnaryGradOp::create(test.builder, test.loc, kind, gradReadsOutput(kind) ? y : x, dy, APFloat(0.25));
    test.setResults({y, dx});
    check(test, stringifyUnaryKind(kind));
  }
}

// The sign of a zero is the same in compiled code as in the reference and in folds.
TEST_F(Linalg, ReluOfNegativeZero) {
  TestFunction test(*context);
  Value x = test.addInput(Tensor::ofFloats({1, 2}, {-0.0, 0.0}, ElementKind::F32), true);
  test.setResults({UnaryOp::create(test.builder, test.loc, UnaryKind::Relu, x)});
  auto expected = evaluate(test.getFunction(), test.getInputs());
  auto found = runAsLinalg(test.getFunction(), test.getInputs());
  ASSERT_TRUE(succeeded(expected) && succeeded(found));
  for (ArrayRef<Tensor> results : {ArrayRef(*expected), ArrayRef(*found)}) {
    EXPECT_TRUE(std::signbit(results[0].floats[0]));
    EXPECT_FALSE(std::signbit(results[0].floats[1]));
  }
}

TEST_F(Linalg, Binary) {
  const SmallVector<int64_t> allAxes[] = {{}, {1}, {0}, {0, 1}, {2, 3}, {1, 3}, {0, 1, 2, 3}};
  for (unsigned i = 0; i <= getMaxEnumValForBinaryKind(); ++i) {
    BinaryKind kind = *symbolizeBinaryKind(i);
    for (ArrayRef<int64_t> axes : allAxes) {
      SmallVector<int64_t> shape = {3, 4, 2, 5}, rhsShape;
      for (int64_t axis : axes)
        rhsShape.push_back(shape[axis]);
      TestFunction test(*context);
      Value a = test.addInput(uniform(shape), true);
      Value b = test.addInput(uniform(rhsShape, 0.5, 2), llvm::is_contained(axes, 0));
      // Behind a pool, the left side is channels-last and the right side is not.
      WindowAttr window = makeWindow({WindowDim(), WindowDim()});
      Value last = MaxPoolOp::create(test.builder, test.loc, a, window);
      test.setResults({BinaryOp::create(test.builder, test.loc, kind, a, b, axes),
                       BinaryOp::create(test.builder, test.loc, kind, last, b, axes)});
      check(test, stringifyBinaryKind(kind));
    }
  }
}

TEST_F(Linalg, BroadcastAndReduce) {
  const SmallVector<int64_t> allAxes[] = {{}, {1}, {0}, {0, 1}, {0, 2}, {0, 1, 3}, {0, 1, 2, 3}};
  for (ArrayRef<int64_t> axes : allAxes)
    for (int64_t batch : {1, 3}) {
      SmallVector<int64_t> shape = {batch, 4, 2, 5}, inputShape;
      for (int64_t axis : axes)
        inputShape.push_back(shape[axis]);
      TestFunction test(*context);
      Value small = test.addInput(uniform(inputShape), llvm::is_contained(axes, 0));
      Value x = test.addInput(uniform(shape), true);
      Value last = MaxPoolOp::create(test.builder, test.loc, x, makeWindow({WindowDim(), WindowDim()}));
      SmallVector<Value> results{BroadcastOp::create(test.builder, test.loc, x.getType(), small, x, axes),
                                 BroadcastOp::create(test.builder, test.loc, x.getType(), small, last, axes)};
      for (unsigned i = 0; i <= getMaxEnumValForReduceKind(); ++i)
        for (Value value : {x, last})
          results.push_back(ReduceOp::create(test.builder, test.loc, *symbolizeReduceKind(i), value, axes));
      test.setResults(results);
      check(test, "broadcast and reduce");
    }
}

TEST_F(Linalg, Cast) {
  TestFunction test(*context);
  Value image = test.addInput(Tensor::ofIntegers({3, 4}, {0, 1, 127, 128, 200, 255, 3, 4, 5, 6, 7, 8}, ElementKind::U8), true);
  Value label = test.addInput(Tensor::ofIntegers({3}, {-1, 5, 1 << 30}, ElementKind::I32), true);
  Value real = test.addInput(Tensor::ofFloats({8}, {-1e30, -0.5, 0.5, 1.5, 254.5, 255.5, 1e30, std::nan("")}, ElementKind::F32), false);
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

TEST_F(Linalg, Softmax) {
  const SmallVector<int64_t> shapes[] = {{1, 5}, {3, 4, 2, 3}};
  for (ArrayRef<int64_t> shape : shapes) {
    TestFunction test(*context);
    Value x = test.addInput(uniform(shape, -30, 30), true);
    Value dy = test.addInput(uniform(shape), true);
    Value y = SoftmaxOp::create(test.builder, test.loc, x);
    Value z = LogSoftmaxOp::create(test.builder, test.loc, x);
    test.setResults({y, z, SoftmaxGradOp::create(test.builder, test.loc, y, dy),
                     LogSoftmaxGradOp::create(test.builder, test.loc, z, dy)});
    check(test, "softmax");
  }
}

TEST_F(Linalg, Losses) {
  TestFunction test(*context);
  Tensor values = uniform({6, 5}, -3, 3);
  values.floats[0] = values.floats[3]; // a tie
  Value scores = test.addInput(values, true);
  Tensor broken = values;
  for (int64_t i : {0, 6, 14, 15, 16, 17, 18, 19}) // the label's, another, the label's, all of a sample
    broken.floats[i] = std::nan("");
  Value brokenScores = test.addInput(broken, true);
  // The last two labels are not classes.
  Value label = test.addInput(Tensor::ofIntegers({6}, {0, 3, 4, 2, 5, -1}, ElementKind::I32), true);
  Value gradient = test.addInput(uniform({6}), true);
  SmallVector<Value> results{CrossEntropyOp::create(test.builder, test.loc, scores, label),
                             CrossEntropyGradOp::create(test.builder, test.loc, scores, label, gradient)};
  for (int64_t k : {1, 2, 5})
    for (Value of : {scores, brokenScores})
      results.push_back(TopKHitOp::create(test.builder, test.loc, of, label, k));
  test.setResults(results);
  check(test, "losses");
}

TEST_F(Linalg, BatchNorm) {
  const SmallVector<int64_t> shapes[] = {{1, 4}, {3, 4}, {1, 4, 5}, {3, 4, 2, 3}, {3, 2, 2, 3, 2}};
  for (ArrayRef<int64_t> shape : shapes) {
    TestFunction test(*context);
    Value x = test.addInput(uniform(shape), true);
    Value dy = test.addInput(uniform(shape), true);
    Value scale = test.addInput(uniform(shape[1]), false), shift = test.addInput(uniform(shape[1]), false);
    Value mean = test.addInput(uniform(shape[1]), false), variance = test.addInput(uniform(shape[1], 0.5, 2), false);
    Value y = BatchNormOp::create(test.builder, test.loc, x, scale, shift, mean, variance, APFloat(1e-3));
    auto train = BatchNormTrainOp::create(test.builder, test.loc, x, scale, shift, mean, variance, APFloat(1e-1), APFloat(0.1));
    auto gradient = BatchNormGradOp::create(test.builder, test.loc, x, dy, scale, mean, variance);
    SmallVector<Value> results{y};
    llvm::append_range(results, train.getResults());
    llvm::append_range(results, gradient.getResults());
    test.setResults(results);
    check(test, "batch norm");
  }
}

TEST_F(Linalg, Lrn) {
  for (int64_t size : {1, 3, 5, 19})
    for (double beta : {0.75, 0.5, 0.6}) {
      TestFunction test(*context);
      Value x = test.addInput(uniform({3, 6, 2, 2}, -2, 2), true), dy = test.addInput(uniform({3, 6, 2, 2}), true);
      test.setResults({LrnOp::create(test.builder, test.loc, x, size, APFloat(0.5), APFloat(beta), APFloat(2.0)),
                       LrnGradOp::create(test.builder, test.loc, x, dy, size, APFloat(0.5), APFloat(beta), APFloat(2.0))});
      check(test, "lrn");
    }
}

TEST_F(Linalg, Dropout) {
  for (double rate : {0.0, 0.4}) {
    TestFunction test(*context);
    Value x = test.addInput(uniform({3, 3, 5, 2}), true), seed = test.addInput(key(), false);
    Value last = MaxPoolOp::create(test.builder, test.loc, x, makeWindow({WindowDim(), WindowDim()}));
    test.setResults({DropoutOp::create(test.builder, test.loc, x, seed, APFloat(rate), 3),
                     DropoutOp::create(test.builder, test.loc, last, seed, APFloat(rate), 3)});
    check(test, "dropout");
  }
}

TEST_F(Linalg, Shapes) {
  for (bool isChannelsLast : {false, true}) {
    TestFunction test(*context);
    Value input = test.addInput(uniform({3, 4, 3, 5}), true), w = test.addInput(uniform({3, 4, 2}), false);
    Value x = isChannelsLast ? MaxPoolOp::create(test.builder, test.loc, input, makeWindow({WindowDim(), WindowDim()})).getResult() : input;
    OpBuilder &b = test.builder;
    auto reshape = [&](Value value, ArrayRef<int64_t> shape) -> Value {
      return ReshapeOp::create(b, test.loc, RankedTensorType::get(shape, b.getF32Type()), value);
    };
    int64_t any = ShapedType::kDynamic;
    SmallVector<Value> results{reshape(x, {any, 60}), reshape(x, {any, 6, 10}), reshape(w, {24}), reshape(w, {6, 4}),
                               reshape(reshape(ReduceOp::create(b, test.loc, ReduceKind::Sum, x, ArrayRef<int64_t>{0}), {any, 1, 1}), {any})};
    Value permuted = PermuteOp::create(b, test.loc, x, ArrayRef<int64_t>{0, 3, 1, 2});
    results.push_back(permuted);
    results.push_back(UnaryOp::create(b, test.loc, UnaryKind::Square, permuted, APFloat(0.0)));
    results.push_back(PermuteOp::create(b, test.loc, w, ArrayRef<int64_t>{1, 2, 0}));
    SmallVector<int64_t> low = {0, 1, 2, 0}, high = {0, 0, 2, 3};
    for (PadMode mode : {PadMode::Constant, PadMode::Mirror}) {
      Value padded = PadOp::create(b, test.loc, x, low, high, mode, APFloat(0.5));
      results.push_back(padded);
      results.push_back(PadGradOp::create(b, test.loc, padded, low, high, mode));
    }
    results.push_back(SliceOp::create(b, test.loc, x, ArrayRef<int64_t>{0, 1, 0, 2}, ArrayRef<int64_t>{-1, 2, 3, 3}));
    results.push_back(SliceOp::create(b, test.loc, w, ArrayRef<int64_t>{1, 0, 1}, ArrayRef<int64_t>{2, 4, 1}));
    for (int64_t axis : {1, 2, 3})
      results.push_back(ConcatOp::create(b, test.loc, ValueRange{x, input, x}, axis));
    results.push_back(UpsampleOp::create(b, test.loc, x, ArrayRef<int64_t>{2, 3}));
    test.setResults(results);
    check(test, "shapes", 1e-6);
  }
}

TEST_F(Linalg, Updates) {
  for (bool nesterov : {false, true}) {
    TestFunction test(*context);
    SmallVector<int64_t> shape{3, 2, 3, 3};
    Value p = test.addInput(uniform(shape), false), g = test.addInput(uniform(shape), false);
    Value v = test.addInput(uniform(shape), false), u = test.addInput(uniform(shape, 0, 1), false);
    Value rate = test.addInput(uniform({}, 0.1, 0.2), false), seed = test.addInput(key(), false);
    auto sgd = SgdUpdateOp::create(test.builder, test.loc, p, g, v, rate, APFloat(0.9), nesterov, APFloat(nesterov ? 0.0 : 1e-2));
    auto adam = AdamUpdateOp::create(test.builder, test.loc, p, g, v, u, rate, seed, APFloat(0.9), APFloat(0.999),
                                     APFloat(1e-8), APFloat(nesterov ? 0.0 : 1e-2));
    auto plain = SgdUpdateOp::create(test.builder, test.loc, p, g, Value(), rate, APFloat(0.0), nesterov,
                                     APFloat(nesterov ? 0.0 : 1e-2));
    SmallVector<Value> results(sgd.getResults());
    results.push_back(plain.getNewParameter());
    llvm::append_range(results, adam.getResults());
    test.setResults(results);
    check(test, "updates");
  }
}

} // namespace
