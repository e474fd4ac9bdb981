// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "test/backends/ops/OpsTest.h"

using namespace mlir;
using namespace cnn;
using namespace cnn::reference;
using namespace cnn::test;

namespace {

class PoolOps : public Ops {
protected:
  PoolOps() { every = GetParam().every; }

  void checkPool(ArrayRef<int64_t> shape, ArrayRef<WindowDim> window, bool hasTies, bool countPad, const Twine &what) {
    TestFunction test(*context);
    Tensor input = uniform(shape);
    for (double &value : input.floats)
      value = hasTies ? std::round(value * 2) : value;
    Value x = test.addInput(input, true);
    Value dy = test.addInput(uniform(outputShape(shape, shape[1], window)), true);
    WindowAttr attr = makeWindow(*context, window);
    Value max = MaxPoolOp::create(test.builder, test.loc, x, attr);
    Value average = AvgPoolOp::create(test.builder, test.loc, x, attr, countPad);
    Value maxGrad = MaxPoolGradOp::create(test.builder, test.loc, x, dy, attr);
    Value averageGrad = AvgPoolGradOp::create(test.builder, test.loc, x.getType(), dy, attr, countPad);
    test.setResults({max, average, maxGrad, averageGrad});
    check(test, what);
  }
};

TEST_P(PoolOps, RandomWindows) {
  for (int trial = 0; trial < 18; ++trial) {
    int64_t rank = 1 + trial % 3;
    SmallVector<int64_t> shape = pickShape(3, pick(1, 5), rank, 3, rank == 3 ? 5 : 7);
    SmallVector<WindowDim> window = pickWindow(shape, /*maxPad=*/2, /*forPool=*/true);
    if (trial % 4 == 0) // disjoint windows
      for (auto [size, dim] : llvm::zip_equal(ArrayRef(shape).drop_front(2), window))
        dim = {2, 2 + trial % 8 / 4, 1, trial % 16 ? 0 : 1, 0, dim.ceil};
    checkPool(shape, window, /*hasTies=*/trial % 3 != 0, /*countPad=*/trial % 4 < 2, "pool trial " + Twine(trial));
  }
}

TEST_P(PoolOps, Sizes) {
  WindowDim halving{2, 2, 1, 0, 0, false}, overlapping{3, 2, 1, 1, 1, false}, googlenet{3, 2, 1, 0, 0, true};
  checkPool({3, 33, 13, 29}, {halving, halving}, true, false, "halving");
  checkPool({3, 17, 9, 15}, {overlapping, overlapping}, true, true, "overlapping");
  checkPool({3, 64, 8, 8}, {googlenet, googlenet}, false, false, "ceil mode");
  checkPool({3, 32, 36, 36}, {halving, halving}, false, false, "enough work to be split");
}

// Windows side by side, whose gradients are spread by windows, with fewer channels than lanes: vectors along the rows.
TEST_P(PoolOps, FewChannels) {
  WindowDim halving{2, 2, 1, 0, 0, false}, thirds{3, 3, 1, 0, 0, false}, one{1, 1, 1, 0, 0, false};
  checkPool({3, 6, 28, 28}, {halving, halving}, true, false, "6 channels");
  checkPool({1, 1, 6, 70}, {halving, halving}, true, false, "1 channel");
  checkPool({3, 17, 4, 6}, {halving, halving}, false, false, "17 channels");
  checkPool({3, 5, 9, 33}, {thirds, thirds}, false, true, "thirds");
  checkPool({3, 3, 10, 9}, {halving, thirds}, true, true, "of two sizes");
  checkPool({3, 7, 5, 12}, {one, halving}, false, false, "one dimension");
  checkPool({3, 2, 7, 6}, {halving, halving}, true, false, "a row without a window");
  checkPool({3, 2, 4, 6, 4}, {halving, thirds, halving}, false, false, "in space");
}

// A NaN wins a maximum and takes its gradient, the first one if there are several; so does -inf among -inf.
TEST_P(PoolOps, MaxPoolOfSpecialValues) {
  double nan = std::nan(""), inf = INFINITY;
  TestFunction test(*context);
  Value x = test.addInput(Tensor::ofFloats({1, 1, 8}, {1, nan, nan, 2, -inf, -inf, inf, inf}, ElementKind::F32), true);
  Value dy = test.addInput(uniform({1, 1, 5}), true);
  WindowAttr window = makeWindow(*context, {{2, 2, 1, 1, 1, false}});
  test.setResults({MaxPoolOp::create(test.builder, test.loc, x, window),
                   MaxPoolGradOp::create(test.builder, test.loc, x, dy, window)});
  check(test, "special values");
}

// The same where the window is too large to be unrolled; the padding never wins.
TEST_P(PoolOps, MaxPoolOfSpecialValuesInLargeWindows) {
  double nan = std::nan(""), inf = INFINITY;
  for (int64_t kernel : {17, 20}) {
    std::vector<double> values(40, -inf);
    values[18] = values[19] = nan;
    values[33] = values[35] = 2;
    TestFunction test(*context);
    Value x = test.addInput(Tensor::ofFloats({1, 1, 40}, values, ElementKind::F32), true);
    SmallVector<WindowDim> window = {{kernel, 7, 1, 3, 4, false}};
    Value dy = test.addInput(uniform(outputShape({1, 1, 40}, 1, window)), true);
    WindowAttr attr = makeWindow(*context, window);
    test.setResults({MaxPoolOp::create(test.builder, test.loc, x, attr),
                     MaxPoolGradOp::create(test.builder, test.loc, x, dy, attr)});
    check(test, "kernel " + Twine(kernel));
  }
}

// One output position in one dimension, overlapping windows in the other.
TEST_P(PoolOps, HalfGlobalPool) {
  for (WindowDim only : {WindowDim{6, 1, 1, 0, 0, false}, WindowDim{3, 1, 2, 1, 0, false},
                         WindowDim{3, 1, 1, -2, -1, false}, WindowDim{4, 1, 2, 2, 1, false}})
    for (int64_t kernel : {2, 5}) {
      SmallVector<WindowDim> window = {only, {kernel, 2, 1, 1, 1, false}};
      SmallVector<int64_t> shape = {3, 5, 6, 9};
      shape[2] = windowExtent(only) - only.padLow - only.padHigh;
      TestFunction test(*context);
      Value x = test.addInput(uniform(shape), true);
      Value dy = test.addInput(uniform(outputShape(shape, 5, window)), true);
      WindowAttr attr = makeWindow(*context, window);
      test.setResults({MaxPoolGradOp::create(test.builder, test.loc, x, dy, attr),
                       AvgPoolGradOp::create(test.builder, test.loc, x.getType(), dy, attr, false)});
      check(test, "kernel " + Twine(only.kernel) + " x " + Twine(kernel));
    }
}

TEST_P(PoolOps, GlobalPool) {
  for (int64_t size : {3, 7}) {
    TestFunction test(*context);
    Value x = test.addInput(uniform({3, 33, size, size}), true);
    Value dy = test.addInput(uniform({3, 33, 1, 1}), true);
    WindowDim dim{size, 1, 1, 0, 0, false};
    WindowAttr attr = makeWindow(*context, {dim, dim});
    test.setResults({MaxPoolOp::create(test.builder, test.loc, x, attr),
                     AvgPoolOp::create(test.builder, test.loc, x, attr, false),
                     MaxPoolGradOp::create(test.builder, test.loc, x, dy, attr),
                     AvgPoolGradOp::create(test.builder, test.loc, x.getType(), dy, attr, false)});
    check(test, "global pool");
  }
}

INSTANTIATE_TEST_SUITE_P(All, PoolOps, testing::ValuesIn(listExecutors()), nameExecutor);

} // namespace
