// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "test/backends/ops/OpsTest.h"

using namespace mlir;
using namespace cnn;
using namespace cnn::reference;
using namespace cnn::test;

namespace {

class NormOps : public Ops {};

TEST_P(NormOps, Softmax) {
  const SmallVector<int64_t> shapes[] = {{3, 5}, {3, 4, 2, 3}, {3, 1000}, {64, 10}};
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

TEST_P(NormOps, Losses) {
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

TEST_P(NormOps, BatchNorm) {
  const SmallVector<int64_t> shapes[] = {{3, 4}, {64, 33}, {3, 4, 5}, {3, 33, 9, 15}, {3, 4, 2, 3}, {3, 2, 2, 3, 2}};
  for (ArrayRef<int64_t> shape : shapes) {
    TestFunction test(*context);
    Value x = test.addInput(uniform(shape), true);
    Value dy = test.addInput(uniform(shape), true);
    Value scale = test.addInput(uniform(shape[1]), false), shift = test.addInput(uniform(shape[1]), false);
    Value mean = test.addInput(uniform(shape[1]), false), variance = test.addInput(uniform(shape[1], 0.5, 2), false);
    Value y = BatchNormOp::create(test.builder, test.loc, x, scale, shift, mean, variance, APFloat(1e-3));
    auto train =
        BatchNormTrainOp::create(test.builder, test.loc, x, scale, shift, mean, variance, APFloat(1e-1), APFloat(0.1));
    auto gradient = BatchNormGradOp::create(test.builder, test.loc, x, dy, scale, mean, variance);
    SmallVector<Value> results{y};
    llvm::append_range(results, train.getResults());
    llvm::append_range(results, gradient.getResults());
    test.setResults(results);
    check(test, "batch norm");
  }
}

TEST_P(NormOps, Lrn) {
  for (int64_t size : {1, 3, 5, 19})
    for (double beta : {0.75, 0.5, 0.6}) {
      TestFunction test(*context);
      Value x = test.addInput(uniform({3, 18, 2, 3}, -2, 2), true), dy = test.addInput(uniform({3, 18, 2, 3}), true);
      test.setResults(
          {LrnOp::create(test.builder, test.loc, x, size, APFloat(0.5), APFloat(beta), APFloat(2.0)),
           LrnGradOp::create(test.builder, test.loc, x, dy, size, APFloat(0.5), APFloat(beta), APFloat(2.0))});
      check(test, "lrn");
    }
}

TEST_P(NormOps, Dropout) {
  for (double rate : {0.0, 0.4}) {
    TestFunction test(*context);
    Value x = test.addInput(uniform({3, 17, 5, 9}), true), seed = test.addInput(key(), false);
    Value last = MaxPoolOp::create(test.builder, test.loc, x, makeWindow(*context, {WindowDim(), WindowDim()}));
    test.setResults({DropoutOp::create(test.builder, test.loc, x, seed, APFloat(rate), 3),
                     DropoutOp::create(test.builder, test.loc, last, seed, APFloat(rate), 3)});
    check(test, "dropout");
  }
}

INSTANTIATE_TEST_SUITE_P(All, NormOps, testing::ValuesIn(listExecutors()), nameExecutor);

} // namespace
