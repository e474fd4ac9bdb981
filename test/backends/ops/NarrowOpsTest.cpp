// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Ops between values that are stored in bf16. The pass that says what is rounded runs before the reference, so both
// round the same values; what is returned is not rounded, and as exact as sums in f32 are.

#include "test/backends/ops/OpsTest.h"

#include <cmath>

using namespace mlir;
using namespace cnn;
using namespace cnn::reference;
using namespace cnn::test;

namespace {

class NarrowOps : public Ops {
protected:
  NarrowOps() { storesBF16 = true; }

  /// One in 256, twice: a value that is rounded the other way, since its sum was, and what is made of it.
  static constexpr double roundedTwice = 1.0 / 64;

  void checkConv(ArrayRef<int64_t> shape, int64_t outputs, ArrayRef<WindowDim> window, int64_t groups, bool isFused,
                 const Twine &what, ConvAlgorithm algorithm = ConvAlgorithm::Direct) {
    SmallVector<int64_t> weightShape = {outputs, shape[1] / groups};
    for (const WindowDim &dim : window)
      weightShape.push_back(dim.kernel);
    TestFunction test(*context);
    Value x = test.addInput(uniform(shape), true), w = test.addInput(uniform(weightShape), false);
    Value y = ConvOp::create(test.builder, test.loc, x, w, makeWindow(*context, window), groups, algorithm);
    if (isFused) {
      Value bias = test.addInput(uniform(outputs), false);
      y = BinaryOp::create(test.builder, test.loc, BinaryKind::Add, y, bias, ArrayRef<int64_t>{1});
      y = UnaryOp::create(test.builder, test.loc, UnaryKind::Relu, y, APFloat(0.0));
    }
    test.setResults({y});
    // In pairs, what is transformed is rounded, too: a random walk of as many steps as there are channels.
    double transformed = dotProducts && algorithm == ConvAlgorithm::Winograd2 ? std::sqrt(double(shape[1])) / 32 : 1e-3;
    check(test, what, algorithm == ConvAlgorithm::Direct ? sumTolerance : transformed);
  }

  struct ConvCase {
    SmallVector<int64_t> shape;
    int64_t outputs;
    WindowDim window; // of all spatial dimensions
    int64_t groups = 1;
  };
  void checkCases(ArrayRef<ConvCase> cases) {
    for (auto [i, item] : llvm::enumerate(cases)) {
      SmallVector<WindowDim> window(item.shape.size() - 2, item.window);
      checkConv(item.shape, item.outputs, window, item.groups, i % 2 == 1, "conv case " + Twine(i));
    }
  }

  WindowAttr window2(int64_t kernel, int64_t stride, int64_t pad) {
    WindowDim dim{kernel, stride, 1, pad, pad, false};
    return makeWindow(*context, {dim, dim});
  }

  /// A value that is stored in bf16, without being computed: several ops read it.
  Value addStored(TestFunction &test, ArrayRef<int64_t> shape, double low = -2, double high = 2) {
    return MaxPoolOp::create(test.builder, test.loc, test.addInput(uniform(shape, low, high), true), window2(1, 1, 0));
  }
};

TEST_P(NarrowOps, RandomWindows) {
  for (int trial = 0; trial < 24; ++trial) {
    int64_t rank = trial % 4, groups = trial % 3 == 0 ? 1 : pick(1, 3);
    int64_t channels = groups * (trial % 5 ? pick(1, 5) : 1), outputs = groups * (trial % 5 ? pick(1, 6) : 1);
    SmallVector<int64_t> shape = pickShape(3, channels, rank, 3, rank == 3 ? 4 : 7);
    SmallVector<WindowDim> window = pickWindow(shape, /*maxPad=*/trial % 3 == 0 ? 7 : 2, /*forPool=*/false);
    checkConv(shape, outputs, window, groups, trial % 2 == 1, "trial " + Twine(trial));
  }
}

// Full register tiles and what is left of them, blocks of weights, odd numbers of channels.
TEST_P(NarrowOps, Tiles) {
  checkCases({
      {{3, 3, 15, 29}, 64, {7, 2, 1, 3, 3}},
      {{3, 16, 5, 33}, 17, {3, 1, 1, 1, 1}},
      {{3, 33, 9, 17}, 6, {3, 2, 1, 1, 1}},
      {{3, 20, 8, 31}, 1, {5, 1, 1, 2, 2}},
      {{3, 131, 4, 15}, 33, {1, 2, 1, 0, 0}},
      {{3, 64, 7, 7}, 16, {1, 1, 1, 0, 0}},
      {{3, 8, 2, 3}, 80, {3, 1, 1, 5, 5}},
      {{3, 4, 101}, 17, {9, 3, 2, 4, 3}},
      {{3, 3, 4, 6, 17}, 16, {3, 1, 1, 1, 1}},
      {{3, 16, 14, 28}, 32, {3, 1, 1, 1, 1}},
      {{3, 5, 6, 9}, 128, {3, 1, 1, 1, 1}},
      {{3, 64, 5, 4}, 144, {3, 2, 1, 1, 0}},
      {{3, 112, 2, 3, 3}, 64, {1, 1, 1, 0, 0}},
      {{3, 47, 4, 4}, 240, {4, 1, 1, 0, 0}},
  });
}

// Weights that stay f32, with inputs that do not.
TEST_P(NarrowOps, WideWeights) {
  leastWeightBytes = 1 << 20;
  checkCases({
      {{3, 3, 15, 29}, 64, {7, 2, 1, 3, 3}},
      {{3, 33, 9, 17}, 6, {3, 2, 1, 1, 1}},
      {{3, 131, 4, 15}, 33, {1, 2, 1, 0, 0}},
      {{3, 16, 14, 28}, 32, {3, 1, 1, 1, 1}},
      {{3, 5, 6, 9}, 128, {3, 1, 1, 1, 1}},
      {{3, 16, 11, 13}, 32, {3, 2, 2, 2, 2}, 4},
      {{3, 130}, 1, {}},
  });
}

TEST_P(NarrowOps, Groups) {
  checkCases({
      {{3, 17, 9, 20}, 34, {3, 2, 1, 1, 0}, 17}, // two filters a channel
      {{3, 16, 11, 13}, 32, {3, 2, 2, 2, 2}, 4},
      {{3, 34, 6, 15}, 66, {1, 1, 1, 0, 0}, 2}, // an odd number of channels in each group
      {{3, 20, 9, 30}, 20, {3, 2, 1, 1, 1}, 20},
      {{3, 17, 8, 16}, 17, {5, 1, 1, 2, 2}, 17},
      {{2, 64, 7, 7}, 64, {3, 1, 2, 2, 2}, 64},
  });
}

TEST_P(NarrowOps, Dense) {
  checkCases({{{3, 400}, 120, {}}, {{3, 130}, 1, {}}, {{3, 37}, 100, {}}, {{3, 513}, 10, {}}, {{3, 144}, 64, {}}});
  checkCases({{{64, 84}, 10, {}}, {{64, 100}, 33, {}}, {{64, 7}, 64, {}}});
}

TEST_P(NarrowOps, Winograd) {
  WindowDim dim{3, 1, 1, 1, 1, false};
  for (ConvAlgorithm algorithm : {ConvAlgorithm::Winograd2, ConvAlgorithm::Winograd4})
    for (bool isFused : {false, true}) {
      checkConv({3, 20, 7, 9}, 33, {dim, dim}, 1, isFused, stringifyConvAlgorithm(algorithm), algorithm);
      checkConv({3, 3, 8, 8}, 64, {dim, dim}, 1, isFused, stringifyConvAlgorithm(algorithm), algorithm);
      checkConv({2, 5, 4, 6, 9}, 33, {dim, dim, dim}, 1, isFused, stringifyConvAlgorithm(algorithm), algorithm);
    }
}

// Six points stay f32, whatever the processor multiplies.
TEST_P(NarrowOps, WinogradOfFive) {
  WindowDim dim{5, 1, 1, 2, 2, false};
  for (bool hasPairs : {false, true}) {
    dotProducts = hasPairs;
    checkConv({2, 20, 7, 9}, 33, {dim, dim}, 1, hasPairs, "winograd2", ConvAlgorithm::Winograd2);
  }
}

// Transformed values in pairs of bf16, one channel more or less; transformed in the item, and ahead.
TEST_P(NarrowOps, WinogradInPairs) {
  dotProducts = true;
  WindowDim dim{3, 1, 1, 1, 1, false};
  auto checkPairs = [&](ArrayRef<int64_t> shape, int64_t outputs, bool isFused, ConvAlgorithm algorithm) {
    SmallVector<WindowDim> window(shape.size() - 2, dim);
    checkConv(shape, outputs, window, 1, isFused, stringifyConvAlgorithm(algorithm), algorithm);
  };
  checkPairs({3, 20, 7, 9}, 33, false, ConvAlgorithm::Winograd2);
  checkPairs({1, 2, 8, 8}, 64, true, ConvAlgorithm::Winograd2);
  checkPairs({3, 21, 6, 5}, 32, false, ConvAlgorithm::Winograd2);
  checkPairs({2, 48, 6, 8}, 128, true, ConvAlgorithm::Winograd2);
  checkPairs({1, 160, 13, 14}, 96, false, ConvAlgorithm::Winograd2);
  checkPairs({3, 20, 7, 9}, 33, true, ConvAlgorithm::Winograd4);
  checkPairs({2, 20, 3, 7, 6}, 33, false, ConvAlgorithm::Winograd2);
  checkPairs({1, 64, 4, 8, 9}, 64, true, ConvAlgorithm::Winograd2);
}

// A residual block: what is stored is rounded once, behind all that is fused.
TEST_P(NarrowOps, Chain) {
  for (int64_t channels : {16, 35}) {
    TestFunction test(*context);
    auto &b = test.builder;
    Value x = test.addInput(uniform({3, channels, 9, 14}), true);
    auto conv = [&](Value from, int64_t kernel) {
      Tensor weight = uniform({channels, channels, kernel, kernel}, -0.2, 0.2);
      Value y = ConvOp::create(b, test.loc, from, test.addInput(weight, false), window2(kernel, 1, kernel / 2), 1);
      auto statistic = [&](double low) { return test.addInput(uniform(channels, low, 2), false); };
      Value scale = statistic(0.5), shift = statistic(-2), mean = statistic(-2), variance = statistic(0.5);
      return BatchNormOp::create(b, test.loc, y, scale, shift, mean, variance, APFloat(1e-3)).getOutput();
    };
    auto relu = [&](Value y) -> Value { return UnaryOp::create(b, test.loc, UnaryKind::Relu, y, APFloat(0.0)); };
    auto add = [&](Value y, Value z) -> Value {
      return BinaryOp::create(b, test.loc, BinaryKind::Add, y, z, ArrayRef<int64_t>{0, 1, 2, 3});
    };
    Value first = relu(conv(x, 3));
    Value sum = relu(add(conv(relu(conv(first, 1)), 3), first));
    Value second = relu(add(conv(sum, 3), conv(sum, 1)));
    test.setResults({conv(second, 1)});
    check(test, "residual blocks of " + Twine(channels), 8 * roundedTwice);
  }
}

TEST_P(NarrowOps, Elementwise) {
  SmallVector<int64_t> shape = {3, 17, 2, 9};
  for (unsigned i = 0; i <= getMaxEnumValForUnaryKind(); ++i) {
    UnaryKind kind = *symbolizeUnaryKind(i);
    bool positive = kind == UnaryKind::Sqrt || kind == UnaryKind::Log || kind == UnaryKind::Reciprocal;
    TestFunction test(*context);
    Value x = addStored(test, shape, positive ? 0.5 : -3, positive ? 2 : 3);
    Value y = UnaryOp::create(test.builder, test.loc, kind, x, APFloat(0.25));
    test.setResults({y, ReduceOp::create(test.builder, test.loc, ReduceKind::Max, x, ArrayRef<int64_t>{0, 1})});
    check(test, stringifyUnaryKind(kind));
  }
  for (unsigned i = 0; i <= getMaxEnumValForBinaryKind(); ++i) {
    BinaryKind kind = *symbolizeBinaryKind(i);
    TestFunction test(*context);
    Value x = addStored(test, shape), y = addStored(test, shape, 0.5, 2);
    Value scale = test.addInput(uniform({17}, 0.5, 2), false);
    test.setResults({BinaryOp::create(test.builder, test.loc, kind, x, y, ArrayRef<int64_t>{0, 1, 2, 3}),
                     BinaryOp::create(test.builder, test.loc, kind, y, x, ArrayRef<int64_t>{0, 1, 2, 3}),
                     BinaryOp::create(test.builder, test.loc, kind, x, scale, ArrayRef<int64_t>{1})});
    check(test, stringifyBinaryKind(kind), kind == BinaryKind::Div ? 1e-3 : sumTolerance);
  }
}

TEST_P(NarrowOps, Pools) {
  for (auto [kernel, stride, pad] : {std::tuple<int64_t, int64_t, int64_t>{2, 2, 0}, {3, 2, 1}, {5, 1, 2}, {7, 7, 0}}) {
    TestFunction test(*context);
    Value x = addStored(test, {3, 18, 7, 9});
    WindowAttr window = window2(kernel, stride, pad);
    Value largest = MaxPoolOp::create(test.builder, test.loc, x, window);
    SmallVector<Value> results{AvgPoolOp::create(test.builder, test.loc, x, window, /*countPad=*/pad % 2 == 0),
                               AvgPoolOp::create(test.builder, test.loc, largest, window2(1, 1, 0), false)};
    for (unsigned i = 0; i <= getMaxEnumValForReduceKind(); ++i)
      results.push_back(ReduceOp::create(test.builder, test.loc, *symbolizeReduceKind(i), x, ArrayRef<int64_t>{0, 1}));
    test.setResults(results);
    check(test, "pools of " + Twine(kernel), 1e-4);
  }
}

TEST_P(NarrowOps, Norms) {
  for (int64_t size : {1, 5, 19}) {
    TestFunction test(*context);
    Value x = addStored(test, {3, 18, 2, 3});
    test.setResults({LrnOp::create(test.builder, test.loc, x, size, APFloat(0.5), APFloat(0.75), APFloat(2.0)),
                     SoftmaxOp::create(test.builder, test.loc, x), LogSoftmaxOp::create(test.builder, test.loc, x)});
    check(test, "norms");
  }
}

TEST_P(NarrowOps, Shapes) {
  TestFunction test(*context);
  auto &b = test.builder;
  Value x = addStored(test, {3, 6, 5, 7}), y = addStored(test, {3, 4, 5, 7});
  Value exact = test.addInput(uniform({3, 2, 5, 7}), true);
  auto resultOf = [&](Value value) { // computed from it, so that it is stored
    return AvgPoolOp::create(b, test.loc, value, window2(2, 1, 0), false).getOutput();
  };
  SmallVector<int64_t> low{0, 0, 2, 1}, high{0, 0, 1, 3};
  SmallVector<Value> results;
  Value joined = ConcatOp::create(b, test.loc, ValueRange{x, y}, 1);
  results.push_back(resultOf(joined));
  results.push_back(resultOf(ConcatOp::create(b, test.loc, ValueRange{y, exact, x}, 1)));
  results.push_back(
      resultOf(SliceOp::create(b, test.loc, joined, ArrayRef<int64_t>{0, 3, 1, 2}, ArrayRef<int64_t>{-1, 5, 3, 4})));
  results.push_back(resultOf(UpsampleOp::create(b, test.loc, x, ArrayRef<int64_t>{2, 3})));
  results.push_back(resultOf(PermuteOp::create(b, test.loc, x, ArrayRef<int64_t>{0, 2, 3, 1})));
  for (double value : {0.0, 0.1, -1.5})
    results.push_back(resultOf(PadOp::create(b, test.loc, x, low, high, PadMode::Constant, APFloat(value))));
  results.push_back(resultOf(PadOp::create(b, test.loc, x, low, high, PadMode::Mirror, APFloat(0.0))));
  results.push_back(ReshapeOp::create(b, test.loc, RankedTensorType::get({ShapedType::kDynamic, 210}, b.getF32Type()),
                                      joined.getDefiningOp()->getOperand(0)));
  test.setResults(results);
  check(test, "shapes");
}

INSTANTIATE_TEST_SUITE_P(All, NarrowOps, testing::ValuesIn(listExecutors()), nameExecutor);

} // namespace
