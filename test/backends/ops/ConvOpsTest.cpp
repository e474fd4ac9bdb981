// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/StorageLayout.h"
#include "test/backends/ops/OpsTest.h"

using namespace mlir;
using namespace cnn;
using namespace cnn::reference;
using namespace cnn::test;

namespace {

/// One size, and one window for all of its spatial dimensions.
struct ConvCase {
  SmallVector<int64_t> shape; // of the input
  int64_t outputs;
  WindowDim window; // kernel, stride, dilation, padding
  int64_t groups = 1;
};

class ConvOps : public Ops {
protected:
  ConvOps() { every = GetParam().every; }

  /// The convolution and both gradients, as they are or with what is fused to them in a network.
  void checkConv(ArrayRef<int64_t> shape, int64_t outputs, ArrayRef<WindowDim> window, int64_t groups,
                 ArrayRef<bool> fusions, const Twine &what, double tolerance = sumTolerance) {
    SmallVector<int64_t> weightShape = {outputs, shape[1] / groups};
    for (const WindowDim &dim : window)
      weightShape.push_back(dim.kernel);
    WindowAttr attr = makeWindow(*context, window);
    Tensor xValue = uniform(shape), wValue = uniform(weightShape),
           dyValue = uniform(outputShape(shape, outputs, window));
    for (bool isFused : fusions) {
      TestFunction test(*context);
      Value x = test.addInput(xValue, true), w = test.addInput(wValue, false), dy = test.addInput(dyValue, true);
      Value y = ConvOp::create(test.builder, test.loc, x, w, attr, groups);
      Value dx = ConvInputGradOp::create(test.builder, test.loc, batchType(test, shape), dy, w, attr, groups);
      SmallVector<Value> results;
      if (isFused) {
        Value bias = test.addInput(uniform(outputs), false);
        y = BinaryOp::create(test.builder, test.loc, BinaryKind::Add, y, bias, ArrayRef<int64_t>{1});
        results.push_back(UnaryOp::create(test.builder, test.loc, UnaryKind::Relu, y, APFloat(0.0)));
        results.push_back(UnaryGradOp::create(test.builder, test.loc, UnaryKind::Relu, x, dx, APFloat(0.0)));
      } else {
        Value dw = ConvWeightGradOp::create(test.builder, test.loc, w.getType(), x, dy, attr, groups);
        results = {y, dx, dw};
      }
      test.setResults(results);
      check(test, what + (isFused ? ", fused" : ""), tolerance);
    }
  }

  /// Square kernels with this padding above, below, left and right.
  static SmallVector<WindowDim> imageWindow(int64_t kernel, std::array<int64_t, 4> pad) {
    return {{kernel, 1, 1, pad[0], pad[1], false}, {kernel, 1, 1, pad[2], pad[3], false}};
  }

  /// By each of Winograd's algorithms; what is fused behind it: nothing, a bias and an activation, or the sum with
  /// another tensor, too.
  void checkWinograd(ArrayRef<int64_t> shape, int64_t outputs, ArrayRef<WindowDim> window) {
    // These are there for how they are cut, and plain loops are slow.
    bool isLarge = shape[1] >= 32;
    if (isLarge && !GetParam().isBackEnd)
      return;
    SmallVector<int64_t> weightShape{outputs, shape[1]};
    for (const WindowDim &dim : window)
      weightShape.push_back(dim.kernel);
    WindowAttr attr = makeWindow(*context, window);
    Tensor xValue = uniform(shape), wValue = uniform(weightShape);
    for (ConvAlgorithm algorithm : {ConvAlgorithm::Winograd2, ConvAlgorithm::Winograd4}) {
      if (!ConvOp::allows(algorithm, attr, 1))
        continue;
      for (int fused = isLarge ? 2 : 0; fused < 3; ++fused) {
        TestFunction test(*context);
        Value x = test.addInput(xValue, true), w = test.addInput(wValue, false);
        Value y = ConvOp::create(test.builder, test.loc, x, w, attr, 1, algorithm);
        if (fused) {
          Value bias = test.addInput(uniform(outputs), false);
          y = BinaryOp::create(test.builder, test.loc, BinaryKind::Add, y, bias, ArrayRef<int64_t>{1});
        }
        if (fused == 2) {
          Value other = test.addInput(uniform(outputShape(shape, outputs, window)), true);
          auto all = llvm::to_vector(llvm::seq<int64_t>(shape.size()));
          y = BinaryOp::create(test.builder, test.loc, BinaryKind::Add, y, other, all);
        }
        if (fused)
          y = UnaryOp::create(test.builder, test.loc, UnaryKind::Relu, y, APFloat(0.0));
        test.setResults({y});
        check(test, stringifyConvAlgorithm(algorithm) + ", fused " + Twine(fused), toleranceOf(algorithm, window));
      }
    }
  }

  /// The gradient of an input of this shape.
  void checkWinogradGradient(ArrayRef<int64_t> shape, int64_t outputs, ArrayRef<WindowDim> window) {
    if (outputs >= 64 && !GetParam().isBackEnd)
      return; // slow
    SmallVector<int64_t> weightShape{outputs, shape[1]};
    for (const WindowDim &dim : window)
      weightShape.push_back(dim.kernel);
    WindowAttr attr = makeWindow(*context, window);
    Tensor dyValue = uniform(outputShape(shape, outputs, window)), wValue = uniform(weightShape);
    for (ConvAlgorithm algorithm : {ConvAlgorithm::Winograd2, ConvAlgorithm::Winograd4}) {
      if (!ConvOp::allows(algorithm, attr, 1))
        continue;
      TestFunction test(*context);
      Value dy = test.addInput(dyValue, true), w = test.addInput(wValue, false);
      auto dx = ConvInputGradOp::create(test.builder, test.loc, batchType(test, shape), dy, w, attr, 1);
      dx->setAttr(algorithmAttrName, ConvAlgorithmAttr::get(context.get(), algorithm));
      test.setResults(dx.getResult());
      check(test, stringifyConvAlgorithm(algorithm), toleranceOf(algorithm, window));
    }
  }

  /// With six points, sums are differences of values that are up to 100 times as large; of volumes, of more.
  static double toleranceOf(ConvAlgorithm algorithm, ArrayRef<WindowDim> window) {
    bool hasFourPoints = algorithm == ConvAlgorithm::Winograd2 && window.back().kernel == 3;
    return (hasFourPoints ? 1e-4 : 1e-3) * (window.size() > 2 ? window.front().kernel : 1);
  }

  void checkCases(ArrayRef<ConvCase> cases, double tolerance = sumTolerance) {
    for (auto [i, item] : llvm::enumerate(cases)) {
      SmallVector<WindowDim> window(item.shape.size() - 2, item.window);
      checkConv(item.shape, item.outputs, window, item.groups, {false, true}, "conv case " + Twine(i), tolerance);
    }
  }

  void checkWeightGradients(ArrayRef<ConvCase> cases) {
    for (auto [i, item] : llvm::enumerate(cases)) {
      SmallVector<WindowDim> window(item.shape.size() - 2, item.window);
      SmallVector<int64_t> weightShape = {item.outputs, item.shape[1] / item.groups};
      weightShape.append(window.size(), item.window.kernel);
      TestFunction test(*context);
      Value x = test.addInput(uniform(item.shape), true);
      Value dy = test.addInput(uniform(outputShape(item.shape, item.outputs, window)), true);
      Type type = RankedTensorType::get(weightShape, test.builder.getF32Type());
      test.setResults(
          ConvWeightGradOp::create(test.builder, test.loc, type, x, dy, makeWindow(*context, window), item.groups)
              .getResult());
      check(test, "weight gradient " + Twine(i), 5 * sumTolerance);
    }
  }
};

TEST_P(ConvOps, RandomWindows) {
  for (int trial = 0; trial < 20; ++trial) {
    int64_t rank = trial % 4, groups = trial % 3 == 0 ? 1 : pick(1, 3);
    // Every fifth is depthwise.
    int64_t channels = groups * (trial % 5 ? pick(1, 5) : 1), outputs = groups * (trial % 5 ? pick(1, 6) : 1);
    SmallVector<int64_t> shape = pickShape(3, channels, rank, 3, rank == 3 ? 4 : 7);
    SmallVector<WindowDim> window = pickWindow(shape, /*maxPad=*/trial % 3 == 0 ? 7 : 2, /*forPool=*/false);
    if (trial % 12 > 8) // one window that covers everything
      for (auto [size, dim] : llvm::zip_equal(ArrayRef(shape).drop_front(2), window))
        dim = {size, 1, 1, 0, 0, false};
    checkConv(shape, outputs, window, groups, /*fusions=*/trial % 5 == 2, "trial " + Twine(trial));
  }
}

// Full register tiles (14 by 32 with AVX-512) and what is left of them.
TEST_P(ConvOps, Tiles) {
  checkCases({
      {{3, 3, 15, 29}, 64, {7, 2, 1, 3, 3}},
      {{3, 16, 5, 33}, 17, {3, 1, 1, 1, 1}},
      {{3, 33, 9, 17}, 6, {3, 2, 1, 1, 1}},
      {{3, 20, 8, 31}, 1, {5, 1, 1, 2, 2}},
      {{3, 130, 4, 15}, 33, {1, 2, 1, 0, 0}},
      {{3, 64, 7, 7}, 16, {1, 1, 1, 0, 0}},
      {{3, 8, 2, 3}, 80, {3, 1, 1, 5, 5}},
      {{3, 4, 101}, 17, {9, 3, 2, 4, 3}},
      {{3, 3, 4, 6, 17}, 16, {3, 1, 1, 1, 1}},
      {{3, 16, 14, 28}, 32, {3, 1, 1, 1, 1}}, // enough work to be split
  });
}

// Many output channels, whose weights are stored in blocks: of 32, of 48, of 16; of the input gradient, too.
TEST_P(ConvOps, Blocks) {
  checkCases({
      {{3, 5, 6, 9}, 128, {3, 1, 1, 1, 1}},
      {{3, 64, 5, 4}, 144, {3, 2, 1, 1, 0}},
      {{3, 80, 9}, 96, {5, 1, 2, 3, 3}},
      {{3, 112, 2, 3, 3}, 64, {1, 1, 1, 0, 0}},
      {{3, 48, 4, 4}, 240, {4, 1, 1, 0, 0}}, // one window that covers everything
  });
  checkCases({{{3, 144}, 64, {}}, {{5, 33}, 208, {}}});
}

// The convolution of 3x3 by Winograd's algorithms.
TEST_P(ConvOps, Winograd) {
  auto check = [&](ArrayRef<int64_t> shape, int64_t outputs, std::array<int64_t, 4> pad) {
    checkWinograd(shape, outputs, imageWindow(3, pad));
  };
  check({3, 5, 8, 12}, 7, {1, 1, 1, 1});
  check({3, 20, 7, 9}, 33, {1, 1, 1, 1}); // tiles that reach beyond the image
  check({3, 16, 6, 6}, 64, {0, 0, 0, 0});
  check({1, 1, 3, 5}, 1, {0, 1, 2, 4});       // more padding than windows
  check({3, 3, 4, 30}, 96, {-1, 2, 0, 1});    // and a crop
  check({2, 32, 28, 28}, 64, {1, 1, 1, 1});   // items of some tiles
  check({1, 128, 12, 12}, 128, {1, 1, 1, 1}); // and of some columns
  check({1, 256, 8, 8}, 512, {1, 1, 1, 1});   // the input transformed ahead
}

// Kernels of 5x5, of images and of volumes.
TEST_P(ConvOps, WinogradOfFive) {
  auto check = [&](ArrayRef<int64_t> shape, int64_t outputs, std::array<int64_t, 4> pad) {
    checkWinograd(shape, outputs, imageWindow(5, pad));
  };
  check({3, 5, 8, 12}, 7, {2, 2, 2, 2});
  check({3, 20, 7, 9}, 33, {2, 2, 2, 2});
  check({1, 1, 3, 5}, 1, {1, 3, 4, 6}); // more padding than windows
  check({3, 3, 7, 30}, 96, {-1, 2, 0, 1});
  check({2, 32, 14, 14}, 64, {2, 2, 2, 2});
  check({1, 48, 7, 7}, 128, {2, 2, 2, 2});
  SmallVector<WindowDim> volume = imageWindow(5, {2, 2, 0, 1});
  volume.insert(volume.begin(), {3, 1, 1, 1, 1, false});
  checkWinograd({2, 4, 3, 6, 7}, 20, volume);
  checkWinogradGradient({3, 5, 8, 9}, 7, imageWindow(5, {2, 2, 2, 2}));
  checkWinogradGradient({2, 33, 7, 9}, 64, imageWindow(5, {0, 1, 5, 2}));
}

// Of slices of a volume: with any window, stride and dilation over their depth.
TEST_P(ConvOps, WinogradInDepth) {
  auto check = [&](ArrayRef<int64_t> shape, int64_t outputs, WindowDim depth, std::array<int64_t, 4> pad) {
    SmallVector<WindowDim> window = imageWindow(3, pad);
    window.insert(window.begin(), depth);
    checkWinograd(shape, outputs, window);
  };
  check({3, 5, 4, 8, 12}, 7, {3, 1, 1, 1, 1, false}, {1, 1, 1, 1});
  check({1, 3, 7, 7, 9}, 33, {3, 2, 1, 1, 0, false}, {1, 1, 1, 1});
  check({3, 4, 8, 5, 6}, 20, {2, 1, 3, 0, 2, false}, {0, 1, 2, 4});
  check({2, 3, 5, 6, 6}, 16, {1, 1, 1, 0, 0, false}, {0, 0, 0, 0});
  check({1, 6, 5, 7, 4}, 17, {4, 3, 2, 4, 7, false}, {1, 0, 0, 1}); // windows that are all padding
  check({2, 2, 8, 4, 5}, 64, {3, 2, 1, -2, -1, false}, {1, 1, 1, 1});
  check({1, 5, 2, 6, 6}, 96, {3, 1, 1, 1, 1, false}, {1, 1, 1, 1});
  check({1, 64, 4, 13, 14}, 64, {3, 1, 1, 1, 1, false}, {1, 1, 1, 1});
  check({2, 256, 2, 7, 7}, 128, {3, 1, 1, 1, 1, false}, {1, 1, 1, 1});
  check({1, 96, 9, 8, 8}, 256, {5, 2, 1, 2, 2, false}, {1, 1, 1, 1});
}

// Strides that divide the input: its gradient is made by phases, here with paddings that begin in each of them, with a
// crop, with phases that are blocks of columns, and of windows side by side.
TEST_P(ConvOps, Phases) {
  checkCases({
      {{3, 5, 8, 12}, 7, {3, 2, 1, 1, 1}},
      {{3, 5, 8, 12}, 7, {3, 2, 1, 0, 1}},
      {{2, 4, 12, 15}, 6, {5, 3, 1, 2, 2}},
      {{2, 4, 12, 15}, 6, {4, 3, 1, 4, 0}},
      {{2, 3, 10, 16}, 17, {7, 2, 1, 3, 3}},
      {{2, 3, 12, 16}, 5, {4, 2, 1, -1, 1}},
      {{2, 3, 12, 16}, 5, {5, 4, 1, -3, -1}},
      {{2, 32, 6, 10}, 48, {3, 2, 1, 1, 1}},
      {{2, 6, 8, 8}, 5, {2, 2, 1, 0, 0}},
      {{3, 9, 24}, 4, {6, 4, 1, 1, 2}},
      {{2, 3, 4, 6, 8}, 5, {3, 2, 1, 1, 1}},
  });
}

// The input gradients by Winograd's algorithms: with padding of zeros, or a crop, where the convolution has none.
TEST_P(ConvOps, WinogradInputGradients) {
  checkWinogradGradient({3, 5, 8, 12}, 7, imageWindow(3, {1, 1, 1, 1}));
  checkWinogradGradient({3, 33, 7, 9}, 20, imageWindow(3, {1, 1, 1, 1}));
  checkWinogradGradient({2, 64, 6, 5}, 17, imageWindow(3, {0, 0, 0, 0}));
  checkWinogradGradient({1, 3, 6, 5}, 2, imageWindow(3, {3, 1, 2, 4})); // values of the output that no input is in
  checkWinogradGradient({2, 96, 14, 14}, 64, imageWindow(3, {1, 1, 1, 1}));
  auto check = [&](ArrayRef<int64_t> shape, int64_t outputs, WindowDim depth, std::array<int64_t, 4> pad) {
    SmallVector<WindowDim> window = imageWindow(3, pad);
    window.insert(window.begin(), depth);
    checkWinogradGradient(shape, outputs, window);
  };
  check({2, 5, 4, 8, 9}, 7, {3, 1, 1, 1, 1, false}, {1, 1, 1, 1});
  check({1, 33, 7, 5, 6}, 20, {2, 1, 3, 0, 2, false}, {0, 1, 2, 4});
  check({2, 96, 3, 7, 7}, 64, {3, 1, 1, 1, 1, false}, {1, 1, 1, 1});
}

// Sums over more than fits into the first-level cache: cut into rows, parts of rows, or some samples.
TEST_P(ConvOps, LongSums) {
  checkWeightGradients({
      {{2, 16, 10, 40}, 32, {3, 1, 1, 1, 1}},
      {{2, 24, 5, 65}, 40, {3, 2, 2, 2, 1}},
      {{2, 3, 13, 90}, 32, {7, 2, 1, 3, 3}},
      {{3, 32, 9, 21}, 96, {1, 1, 1, 0, 0}},
      {{2, 16, 700}, 32, {3, 1, 1, 1, 1}},
      {{2, 6, 5, 7, 20}, 32, {2, 1, 1, 1, 1}},
      {{2, 32, 6, 30}, 64, {3, 1, 1, 1, 0}, 2},
      {{19, 16, 3, 3}, 32, {2, 1, 1, 0, 0}},
  });
}

// Few elements of a weight and long sums: cut into partial sums by rows; or too little work, or rows that do not
// divide.
TEST_P(ConvOps, PartialSums) {
  checkWeightGradients({
      {{3, 1, 28, 28}, 6, {5, 1, 1, 2, 2}},
      {{1, 1, 31, 28}, 6, {5, 1, 1, 2, 2}},
      {{2, 2, 30, 61}, 17, {3, 2, 1, 1, 0}},
      {{3, 1, 900}, 40, {9, 1, 1, 4, 4}},
      {{2, 1, 12, 9, 11}, 16, {3, 1, 1, 1, 1}},
      {{2, 4, 36, 40}, 8, {3, 1, 2, 2, 2}, 2},
      {{3, 1, 5, 5}, 6, {3, 1, 1, 1, 1}},
  });
}

// Input gradients of few channels, whose sums over the output channels are the lanes of vectors.
TEST_P(ConvOps, FewInputs) {
  checkCases({
      {{3, 6, 14, 14}, 16, {5, 1, 1, 0, 0}},
      {{1, 1, 9, 7}, 32, {3, 1, 1, 1, 1}},
      {{3, 7, 5, 11}, 48, {3, 1, 2, 2, 1}},
      {{2, 3, 6, 10}, 16, {4, 3, 1, 1, 2}}, // with zeros between what it reads
      {{1, 5, 23}, 64, {5, 1, 1, 2, 2}},
      {{2, 2, 3, 4, 5}, 16, {2, 1, 1, 0, 1}},
      {{3, 6, 6, 6}, 24, {3, 1, 1, 1, 1}}, // output channels that are no multiple of 16
      {{3, 17, 6, 6}, 16, {3, 1, 1, 1, 1}},
  });
}

// Input gradients with a wide border of zeros, which is left out: of rows and columns, with a stride or a dilation,
// unlike on both sides, wider than what is inside, in groups, and where loops of one step are left.
TEST_P(ConvOps, WideBorders) {
  checkCases({
      {{3, 6, 14, 14}, 16, {5, 1, 1, 0, 0}},
      {{2, 20, 9, 11}, 12, {5, 1, 1, 0, 0}},
      {{2, 9, 13, 15}, 17, {5, 1, 2, 1, 0}},
      {{2, 9, 13, 15}, 17, {5, 3, 2, 0, 1}},
      {{2, 6, 8, 9}, 32, {7, 1, 1, 0, 2}},
      {{2, 12, 9, 9}, 8, {7, 1, 1, 0, 0}, 2},
      {{2, 5, 40}, 33, {9, 1, 3, 0, 0}},
      {{2, 4, 5, 6, 7}, 18, {4, 1, 1, 0, 0}},
      {{1, 3, 3, 3}, 16, {3, 1, 1, 4, 4}}, // values of the output that no input is in
  });
}

// Blocks of weights that are larger than the cache likes: the reduction is cut, in one dimension or in two.
TEST_P(ConvOps, LargeBlocks) {
  if (GetParam().name == StringRef("Linalg")) // which does not cut, and is slow
    return;
  checkCases(
      {
          {{2, 288, 7, 7}, 64, {3, 1, 1, 1, 1}},
          {{2, 600, 5, 6}, 40, {3, 2, 1, 1, 0}},
          {{1, 1500, 19}, 33, {3, 1, 1, 1, 1}},
          {{2, 2620, 3, 7}, 32, {1, 1, 1, 0, 0}},
      },
      5 * sumTolerance);
  checkCases({{{5, 2700}, 40, {}}, {{3, 2700}, 87, {}}}, 5 * sumTolerance);
}

// One filter a channel: full vectors, vectors that are partly used, and both.
TEST_P(ConvOps, Depthwise) {
  checkCases({
      {{3, 20, 9, 30}, 20, {3, 2, 1, 1, 1}, 20},
      {{2, 32, 17, 19}, 32, {3, 1, 1, 1, 1}, 32},
      {{3, 17, 8, 16}, 17, {5, 1, 1, 2, 2}, 17},
      {{2, 64, 7, 7}, 64, {3, 1, 2, 2, 2}, 64},
      {{2, 144, 9, 15}, 144, {5, 2, 1, 2, 1}, 144},
      {{3, 100, 21}, 100, {4, 1, 3, 3, 3}, 100},
  });
}

// Two convolutions of one tensor: they share what is made of it.
TEST_P(ConvOps, WinogradTwice) {
  for (ConvAlgorithm algorithm : {ConvAlgorithm::Winograd2, ConvAlgorithm::Winograd4}) {
    TestFunction test(*context);
    Value x = test.addInput(uniform({3, 18, 9, 8}), true);
    SmallVector<Value> results;
    for (int64_t outputs : {33, 64}) {
      Value w = test.addInput(uniform({outputs, 18, 3, 3}), false);
      WindowDim dim{3, 1, 1, 1, 1, false};
      Value y = ConvOp::create(test.builder, test.loc, x, w, makeWindow(*context, {dim, dim}), 1, algorithm);
      results.push_back(UnaryOp::create(test.builder, test.loc, UnaryKind::Relu, y, APFloat(0.0)));
    }
    test.setResults(results);
    check(test, stringifyConvAlgorithm(algorithm), 1e-3);
  }
}

// Rows of channels that would fall into one set of the cache lie further apart: what a convolution makes and others
// read, also in place, what is padded, with a stride, and Winograd's transforms. The last has just too few positions.
TEST_P(ConvOps, SpacedRows) {
  if (GetParam().name == StringRef("Linalg")) // which has no buffers
    return;
  for (auto [height, width] : {std::pair<int64_t, int64_t>{3, 5}, {2, 4}}) {
    TestFunction test(*context);
    OpBuilder &b = test.builder;
    auto conv = [&](Value x, int64_t outputs, WindowDim dim, ConvAlgorithm algorithm = ConvAlgorithm::Direct) -> Value {
      int64_t channels = cast<RankedTensorType>(x.getType()).getDimSize(1);
      double limit = 1 / std::sqrt(double(channels * dim.kernel * dim.kernel));
      Value w = test.addInput(uniform({outputs, channels, dim.kernel, dim.kernel}, -limit, limit), false);
      return ConvOp::create(b, test.loc, x, w, makeWindow(*context, {dim, dim}), 1, algorithm);
    };
    auto relu = [&](Value x) -> Value { return UnaryOp::create(b, test.loc, UnaryKind::Relu, x, APFloat(0.0)); };
    auto add = [&](Value x, Value y) -> Value {
      return BinaryOp::create(b, test.loc, BinaryKind::Add, x, y, ArrayRef<int64_t>{0, 1, 2, 3});
    };
    WindowDim one{1, 1, 1, 0, 0, false}, three{3, 1, 1, 1, 1, false}, two{3, 2, 1, 1, 1, false};
    Value x = test.addInput(uniform({3, 4, height, width}), true);
    Value first = relu(conv(x, 1024, one));
    Value sum = relu(add(conv(first, 1024, one), first));
    Value padded = conv(relu(conv(sum, 512, one)), 6, two);
    Value pooled = MaxPoolOp::create(b, test.loc, sum, makeWindow(*context, {two, two}));
    test.setResults({padded, pooled, conv(sum, 5, three, ConvAlgorithm::Winograd2)});
    check(test, "rows of " + Twine(width), 1e-4);
  }
}

TEST_P(ConvOps, Groups) {
  checkCases({
      {{3, 17, 9, 20}, 34, {3, 2, 1, 1, 0}, 17}, // two filters a channel
      {{3, 16, 11, 13}, 32, {3, 2, 2, 2, 2}, 4},
      {{3, 34, 6, 15}, 66, {1, 1, 1, 0, 0}, 2},
  });
}

TEST_P(ConvOps, Dense) {
  checkCases({{{3, 400}, 120, {}}, {{3, 130}, 1, {}}, {{3, 37}, 100, {}}, {{3, 513}, 10, {}}});
  checkCases({{{64, 84}, 10, {}}, {{64, 100}, 33, {}}, {{64, 7}, 64, {}}});
}

INSTANTIATE_TEST_SUITE_P(All, ConvOps, testing::ValuesIn(listExecutors()), nameExecutor);

} // namespace
