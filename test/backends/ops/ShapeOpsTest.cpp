// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "test/backends/ops/OpsTest.h"

using namespace mlir;
using namespace cnn;
using namespace cnn::reference;
using namespace cnn::test;

namespace {

class ShapeOps : public Ops {};

TEST_P(ShapeOps, Shapes) {
  for (bool isChannelsLast : {false, true}) {
    TestFunction test(*context);
    Value input = test.addInput(uniform({3, 4, 3, 5}), true), w = test.addInput(uniform({3, 4, 2}), false);
    Value x = isChannelsLast
                  ? MaxPoolOp::create(test.builder, test.loc, input, makeWindow(*context, {WindowDim(), WindowDim()}))
                        .getResult()
                  : input;
    OpBuilder &b = test.builder;
    auto reshape = [&](Value value, ArrayRef<int64_t> shape) -> Value {
      return ReshapeOp::create(b, test.loc, RankedTensorType::get(shape, b.getF32Type()), value);
    };
    int64_t any = ShapedType::kDynamic;
    SmallVector<Value> results{
        reshape(x, {any, 60}), reshape(x, {any, 6, 10}), reshape(w, {24}), reshape(w, {6, 4}),
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

// What is written into its place in a larger tensor: by convolutions of each algorithm, by pools, by elementwise ops.
TEST_P(ShapeOps, Parts) {
  TestFunction test(*context);
  OpBuilder &b = test.builder;
  Value x = test.addInput(uniform({3, 20, 8, 12}), true);
  WindowDim three{3, 1, 1, 1, 1, false}, two{3, 2, 1, 1, 1, false}, inside{3, 1, 1, 0, 0, false};
  int convolutions = 0;
  auto conv = [&](Value input, int64_t outputs, WindowDim dim) -> Value {
    int64_t channels = cast<RankedTensorType>(input.getType()).getDimSize(1);
    Value w = test.addInput(uniform({outputs, channels, 3, 3}, -0.3, 0.3), false);
    constexpr ConvAlgorithm all[] = {ConvAlgorithm::Direct, ConvAlgorithm::Winograd2, ConvAlgorithm::Winograd4};
    ConvAlgorithm algorithm = dim.stride == 1 ? all[convolutions++ % 3] : ConvAlgorithm::Direct;
    return ConvOp::create(b, test.loc, input, w, makeWindow(*context, {dim, dim}), 1, algorithm);
  };
  auto relu = [&](Value input) -> Value { return UnaryOp::create(b, test.loc, UnaryKind::Relu, input, APFloat(0.0)); };
  auto pool = [&](Value input, WindowDim dim) -> Value {
    return MaxPoolOp::create(b, test.loc, input, makeWindow(*context, {dim, dim}));
  };
  auto concat = [&](ValueRange inputs, int64_t axis) -> Value { return ConcatOp::create(b, test.loc, inputs, axis); };
  // Channels: three branches, of which a convolution with stride and a pool read the result with their own borders.
  Value branches = concat({relu(conv(x, 33, three)), pool(x, three), conv(relu(conv(x, 7, three)), 32, three)}, 1);
  // The border of one convolution, and one around it that a user asks for, below a pool.
  Value padded = PadOp::create(b, test.loc, relu(conv(x, 16, three)), ArrayRef<int64_t>{0, 0, 2, 1},
                               ArrayRef<int64_t>{0, 3, 0, 4}, PadMode::Constant, APFloat(-0.25));
  // Rows; a part that is read elsewhere, too; the same part twice.
  Value part = relu(conv(x, 8, three));
  Value rows = concat({relu(conv(x, 8, inside)), conv(x, 8, inside)}, 2);
  test.setResults({conv(branches, 5, two), relu(pool(branches, two)), pool(padded, inside),
                   conv(relu(conv(padded, 6, inside)), 9, two), rows, conv(rows, 4, three),
                   concat({part, relu(part)}, 1), concat({part, part}, 3)});
  check(test, "parts", 1e-3);
}

INSTANTIATE_TEST_SUITE_P(All, ShapeOps, testing::ValuesIn(listExecutors()), nameExecutor);

} // namespace
