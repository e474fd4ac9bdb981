// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// buildGradients of every differentiable op against central differences of the op, both in f64. The inputs keep away
// from corners, where the difference quotient is not the derivative.

#include "test/reference/GradientFunction.h"

#include "gtest/gtest.h"

using namespace mlir;
using namespace cnn;
using namespace cnn::reference;
using namespace cnn::test;

namespace {

constexpr double step = 1e-5;
constexpr double tolerance = 1e-6; // relative to the gradient, or to 1 if that is larger
constexpr int64_t samplesPerInput = 40;

double weightedSum(func::FuncOp function, ArrayRef<Tensor> inputs, ArrayRef<Tensor> weights) {
  FailureOr<SmallVector<Tensor>> results = evaluate(function, inputs, Arithmetic::Exact);
  if (failed(results)) {
    ADD_FAILURE() << "the function cannot be evaluated";
    return 0;
  }
  double sum = 0;
  for (auto [result, weight] : llvm::zip_equal(*results, weights))
    for (size_t i = 0; i < weight.floats.size(); ++i)
      sum += weight.floats[i] * result.floats[i];
  return sum;
}

class Gradients : public testing::Test, protected RandomShapes {
protected:
  std::unique_ptr<MLIRContext> context = makeContext();

  /// Checks all inputs of `test`; `unused` results carry no gradient by definition.
  void check(TestFunction &test, StringRef what, ArrayRef<int64_t> unused = {}) {
    SCOPED_TRACE(what.str());
    func::FuncOp function = test.getFunction();
    FailureOr<SmallVector<Tensor>> results = evaluate(function, test.getInputs(), Arithmetic::Exact);
    ASSERT_TRUE(succeeded(results));
    SmallVector<Tensor> weights;
    for (auto [i, result] : llvm::enumerate(*results))
      weights.push_back(llvm::is_contained(unused, static_cast<int64_t>(i)) ? Tensor()
                                                                            : makeUniform(result.shape, random));
    SmallVector<Tensor> gradients = evaluateGradients(function, test.getInputs(), weights);
    ASSERT_EQ(gradients.size(), test.getInputs().size());

    SmallVector<Tensor> inputs(test.getInputs());
    for (auto [input, gradient] : llvm::zip_equal(inputs, gradients)) {
      int64_t count = input.isFloat() ? input.getNumElements() : 0;
      for (int64_t sample = 0; sample < std::min(count, samplesPerInput); ++sample) {
        int64_t i = count <= samplesPerInput ? sample : pick(0, count - 1);
        double value = input.floats[i];
        input.floats[i] = value + step;
        double above = weightedSum(function, inputs, weights);
        input.floats[i] = value - step;
        double below = weightedSum(function, inputs, weights);
        input.floats[i] = value;
        double expected = (above - below) / (2 * step);
        double found = gradient.floats.empty() ? 0 : gradient.floats[i];
        ASSERT_NEAR(found, expected, tolerance * std::max(1.0, std::abs(expected))) << "element " << i;
      }
    }
  }
};

} // namespace

TEST_F(Gradients, Conv) {
  for (int trial = 0; trial < 60; ++trial) {
    int64_t rank = trial % 4, batch = trial % 8 < 4 ? 1 : 3, groups = pick(1, 3);
    int64_t channels = groups * pick(1, 2), outputs = groups * pick(1, 2);
    SmallVector<int64_t> shape = pickShape(batch, channels, rank, 3, rank == 3 ? 4 : 7);
    // Padding up to 7 is wider than the image.
    SmallVector<WindowDim> window = pickWindow(shape, /*maxPad=*/trial % 3 == 0 ? 7 : 2, /*forPool=*/false);
    SmallVector<int64_t> weightShape = {outputs, channels / groups};
    for (const WindowDim &dim : window)
      weightShape.push_back(dim.kernel);
    TestFunction test(*context);
    Value x = test.addInput(makeUniform(shape, random), true);
    Value w = test.addInput(makeUniform(weightShape, random), false);
    Value y = ConvOp::create(test.builder, test.loc, x, w, makeWindow(*context, window), groups);
    test.setResults(y);
    check(test, ("conv trial " + Twine(trial)).str());
  }
}

TEST_F(Gradients, ConvInputGrad) {
  for (int trial = 0; trial < 30; ++trial) {
    int64_t rank = trial % 4, batch = trial % 8 < 4 ? 1 : 3, groups = pick(1, 2);
    int64_t channels = groups * pick(1, 2), outputs = groups * pick(1, 2);
    SmallVector<int64_t> shape = pickShape(batch, channels, rank, 3, rank == 3 ? 4 : 6);
    SmallVector<WindowDim> window = pickWindow(shape, /*maxPad=*/2, /*forPool=*/false);
    SmallVector<int64_t> weightShape = {outputs, channels / groups}, gradShape = {batch, outputs};
    for (auto [size, dim] : llvm::zip_equal(ArrayRef(shape).drop_front(2), window)) {
      weightShape.push_back(dim.kernel);
      gradShape.push_back(*windowOutputSize(size, dim));
    }
    TestFunction test(*context);
    Value dy = test.addInput(makeUniform(gradShape, random), true);
    Value w = test.addInput(makeUniform(weightShape, random), false);
    shape[0] = ShapedType::kDynamic;
    Type type = RankedTensorType::get(shape, test.builder.getF32Type());
    Value dx = ConvInputGradOp::create(test.builder, test.loc, type, dy, w, makeWindow(*context, window), groups);
    test.setResults(dx);
    check(test, ("conv_input_grad trial " + Twine(trial)).str());
  }
}

TEST_F(Gradients, MaxPool) {
  for (int trial = 0; trial < 45; ++trial) {
    SmallVector<int64_t> shape = pickShape(trial % 2 ? 3 : 1, 2, 1 + trial % 3);
    SmallVector<WindowDim> window = pickWindow(shape, /*maxPad=*/2, /*forPool=*/true);
    TestFunction test(*context);
    Value x = test.addInput(makeDistinct(shape, random), true);
    Value y = MaxPoolOp::create(test.builder, test.loc, x, makeWindow(*context, window));
    test.setResults(y);
    check(test, ("max_pool trial " + Twine(trial)).str());
  }
}

TEST_F(Gradients, AvgPool) {
  for (int trial = 0; trial < 60; ++trial) {
    SmallVector<int64_t> shape = pickShape(trial % 2 ? 3 : 1, 2, 1 + trial % 3);
    SmallVector<WindowDim> window = pickWindow(shape, /*maxPad=*/2, /*forPool=*/true);
    TestFunction test(*context);
    Value x = test.addInput(makeUniform(shape, random), true);
    Value y = AvgPoolOp::create(test.builder, test.loc, x, makeWindow(*context, window), /*count_pad=*/trial % 4 < 2);
    test.setResults(y);
    check(test, ("avg_pool trial " + Twine(trial)).str());
  }
}

TEST_F(Gradients, Unary) {
  for (unsigned i = 0; i <= getMaxEnumValForUnaryKind(); ++i) {
    UnaryKind kind = *symbolizeUnaryKind(i);
    for (double alpha : {0.01, 0.25}) {
      if (kind != UnaryKind::LeakyRelu && alpha != 0.01)
        continue;
      for (int64_t batch : {1, 3}) {
        bool positive = kind == UnaryKind::Sqrt || kind == UnaryKind::Log || kind == UnaryKind::Reciprocal;
        SmallVector<int64_t> shape = {batch, 5, 7, 3};
        TestFunction test(*context);
        Value x = test.addInput(positive ? makeUniform(shape, random, 0.5, 2) : makeDistinct(shape, random), true);
        Value y = UnaryOp::create(test.builder, test.loc, kind, x, APFloat(alpha));
        test.setResults(y);
        check(test, stringifyUnaryKind(kind));
      }
    }
  }
}

TEST_F(Gradients, Binary) {
  const SmallVector<int64_t> allAxes[] = {{}, {1}, {0}, {0, 1}, {2, 3}, {1, 3}, {0, 1, 2, 3}};
  for (unsigned i = 0; i <= getMaxEnumValForBinaryKind(); ++i) {
    BinaryKind kind = *symbolizeBinaryKind(i);
    for (ArrayRef<int64_t> axes : allAxes) {
      SmallVector<int64_t> shape = {3, 4, 2, 5}, rhsShape;
      for (int64_t axis : axes)
        rhsShape.push_back(shape[axis]);
      TestFunction test(*context);
      Value a = test.addInput(makeDistinct(shape, random), true);
      Tensor rhs = kind == BinaryKind::Div ? makeUniform(rhsShape, random, 0.5, 2) : makeDistinct(rhsShape, random);
      for (double &value : rhs.floats)
        value += 0.0025; // so that max and min have no ties
      Value b = test.addInput(rhs, llvm::is_contained(axes, 0));
      Value y = BinaryOp::create(test.builder, test.loc, kind, a, b, axes);
      test.setResults(y);
      check(test, stringifyBinaryKind(kind));
    }
  }
}

TEST_F(Gradients, BinaryOfOneValue) {
  TestFunction test(*context);
  Value a = test.addInput(makeUniform({3, 4}, random), true);
  Value y = BinaryOp::create(test.builder, test.loc, BinaryKind::Mul, a, a, ArrayRef<int64_t>{0, 1});
  test.setResults(y);
  check(test, "x * x");
}

TEST_F(Gradients, Broadcast) {
  const SmallVector<int64_t> allAxes[] = {{}, {1}, {0}, {0, 2}, {0, 1, 2}};
  for (ArrayRef<int64_t> axes : allAxes) {
    SmallVector<int64_t> shape = {3, 4, 2}, inputShape;
    for (int64_t axis : axes)
      inputShape.push_back(shape[axis]);
    TestFunction test(*context);
    Value x = test.addInput(makeUniform(inputShape, random), llvm::is_contained(axes, 0));
    Value like = test.addInput(makeUniform(shape, random), true);
    Value y = BroadcastOp::create(test.builder, test.loc, like.getType(), x, like, axes);
    test.setResults(y);
    check(test, "broadcast");
  }
}

TEST_F(Gradients, Reduce) {
  const SmallVector<int64_t> allKeeps[] = {{}, {0}, {1}, {0, 1}, {0, 2}, {0, 1, 2, 3}};
  for (unsigned i = 0; i <= getMaxEnumValForReduceKind(); ++i) {
    ReduceKind kind = *symbolizeReduceKind(i);
    for (ArrayRef<int64_t> keep : allKeeps)
      for (int64_t batch : {1, 3}) {
        TestFunction test(*context);
        Value x = test.addInput(makeDistinct({batch, 4, 2, 5}, random), true);
        Value y = ReduceOp::create(test.builder, test.loc, kind, x, keep);
        test.setResults(y);
        check(test, stringifyReduceKind(kind));
      }
  }
}

TEST_F(Gradients, Cast) {
  TestFunction test(*context);
  Value x = test.addInput(makeUniform({3, 4}, random), true);
  Type type = RankedTensorType::get({ShapedType::kDynamic, 4}, test.builder.getF64Type());
  Value y = CastOp::create(test.builder, test.loc, type, x);
  test.setResults(y);
  check(test, "cast");
}

TEST_F(Gradients, Softmax) {
  const SmallVector<int64_t> shapes[] = {{1, 5}, {3, 4, 2, 3}};
  for (ArrayRef<int64_t> shape : shapes) {
    TestFunction test(*context);
    Value x = test.addInput(makeUniform(shape, random, -3, 3), true);
    Value y = SoftmaxOp::create(test.builder, test.loc, x);
    Value z = LogSoftmaxOp::create(test.builder, test.loc, x);
    test.setResults({y, z});
    check(test, "softmax", {1});
    check(test, "log_softmax", {0});
  }
}

TEST_F(Gradients, CrossEntropy) {
  TestFunction test(*context);
  Value scores = test.addInput(makeUniform({4, 5}, random, -3, 3), true);
  // The last two labels are not classes.
  Value label = test.addInput(Tensor::ofIntegers({4}, {0, 4, 5, -1}, ElementKind::I32), true);
  Value loss = CrossEntropyOp::create(test.builder, test.loc, scores, label);
  test.setResults(loss);
  check(test, "cross_entropy");
}

TEST_F(Gradients, BatchNorm) {
  const SmallVector<int64_t> shapes[] = {{1, 4}, {3, 4}, {1, 4, 5}, {3, 4, 2, 3}, {3, 2, 2, 3, 2}};
  for (ArrayRef<int64_t> shape : shapes) {
    TestFunction test(*context);
    Value x = test.addInput(makeUniform(shape, random), true);
    Value scale = test.addInput(makeUniform(shape[1], random), false);
    Value shift = test.addInput(makeUniform(shape[1], random), false);
    Value mean = test.addInput(makeUniform(shape[1], random), false);
    Value variance = test.addInput(makeUniform(shape[1], random, 0.5, 2), false);
    Value y = BatchNormOp::create(test.builder, test.loc, x, scale, shift, mean, variance, APFloat(1e-3));
    test.setResults(y);
    check(test, "batch_norm");
  }
}

TEST_F(Gradients, BatchNormTrain) {
  const SmallVector<int64_t> shapes[] = {{3, 4}, {1, 4, 5}, {3, 4, 2, 3}, {3, 2, 2, 3, 2}};
  for (ArrayRef<int64_t> shape : shapes) {
    TestFunction test(*context);
    Value x = test.addInput(makeUniform(shape, random), true);
    Value scale = test.addInput(makeUniform(shape[1], random), false);
    Value shift = test.addInput(makeUniform(shape[1], random), false);
    Value mean = test.addInput(makeUniform(shape[1], random), false);
    Value variance = test.addInput(makeUniform(shape[1], random, 0.5, 2), false);
    auto op =
        BatchNormTrainOp::create(test.builder, test.loc, x, scale, shift, mean, variance, APFloat(1e-3), APFloat(0.1));
    test.setResults(op.getResults());
    check(test, "batch_norm_train", {1, 2, 3, 4});
  }
}

TEST_F(Gradients, Lrn) {
  for (int64_t size : {1, 3, 5})
    for (double beta : {0.75, 0.5}) {
      TestFunction test(*context);
      Value x = test.addInput(makeUniform({3, 4, 2, 2}, random, -2, 2), true);
      Value y = LrnOp::create(test.builder, test.loc, x, size, APFloat(0.5), APFloat(beta), APFloat(2.0));
      test.setResults(y);
      check(test, "lrn");
    }
}

TEST_F(Gradients, Dropout) {
  for (double rate : {0.0, 0.4}) {
    TestFunction test(*context);
    Value x = test.addInput(makeUniform({3, 11}, random), true);
    Value key = test.addInput(Tensor::ofIntegers({2}, {1, 2}, ElementKind::I64), false);
    Value y = DropoutOp::create(test.builder, test.loc, x, key, APFloat(rate), 3);
    test.setResults(y);
    check(test, "dropout");
  }
}

TEST_F(Gradients, Reshape) {
  TestFunction test(*context);
  Value x = test.addInput(makeUniform({3, 4, 2, 3}, random), true);
  Type type = RankedTensorType::get({ShapedType::kDynamic, 6, 4}, test.builder.getF32Type());
  Value y = ReshapeOp::create(test.builder, test.loc, type, x);
  test.setResults(y);
  check(test, "reshape");
}

TEST_F(Gradients, Permute) {
  TestFunction test(*context);
  Value x = test.addInput(makeUniform({3, 4, 2, 5}, random), true);
  Value w = test.addInput(makeUniform({3, 4, 2}, random), false);
  Value y = PermuteOp::create(test.builder, test.loc, x, ArrayRef<int64_t>{0, 3, 1, 2});
  Value v = PermuteOp::create(test.builder, test.loc, w, ArrayRef<int64_t>{1, 2, 0});
  test.setResults({y, v});
  check(test, "permute");
}

TEST_F(Gradients, Pad) {
  for (PadMode mode : {PadMode::Constant, PadMode::Mirror}) {
    TestFunction test(*context);
    Value x = test.addInput(makeUniform({3, 2, 4, 3}, random), true);
    Value y = PadOp::create(test.builder, test.loc, x, ArrayRef<int64_t>{0, 1, 3, 0}, ArrayRef<int64_t>{0, 0, 2, 2},
                            mode, APFloat(0.5));
    test.setResults(y);
    check(test, stringifyPadMode(mode));
  }
}

TEST_F(Gradients, Slice) {
  TestFunction test(*context);
  Value x = test.addInput(makeUniform({3, 4, 5}, random), true);
  Value w = test.addInput(makeUniform({4, 5}, random), false);
  Value y = SliceOp::create(test.builder, test.loc, x, ArrayRef<int64_t>{0, 1, 2}, ArrayRef<int64_t>{-1, 2, 3});
  Value v = SliceOp::create(test.builder, test.loc, w, ArrayRef<int64_t>{3, 0}, ArrayRef<int64_t>{1, 4});
  test.setResults({y, v});
  check(test, "slice");
}

TEST_F(Gradients, Concat) {
  for (int64_t axis : {1, 2}) {
    TestFunction test(*context);
    SmallVector<int64_t> shape = {3, 2, 4}, otherShape = shape;
    otherShape[axis] = 3;
    Value x = test.addInput(makeUniform(shape, random), true);
    Value z = test.addInput(makeUniform(otherShape, random), true);
    // One value at two places: its gradient is the sum of both.
    Value y = ConcatOp::create(test.builder, test.loc, ValueRange{x, z, x}, axis);
    test.setResults(y);
    check(test, "concat");
  }
}

TEST_F(Gradients, Upsample) {
  const SmallVector<int64_t> allFactors[] = {{3}, {2, 1}, {2, 3}, {1, 2, 3}};
  for (ArrayRef<int64_t> factors : allFactors) {
    TestFunction test(*context);
    Value x = test.addInput(makeUniform(pickShape(3, 2, factors.size(), 2, 4), random), true);
    Value y = UpsampleOp::create(test.builder, test.loc, x, factors);
    test.setResults(y);
    check(test, "upsample");
  }
}
