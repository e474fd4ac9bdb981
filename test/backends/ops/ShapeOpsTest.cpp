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

INSTANTIATE_TEST_SUITE_P(All, ShapeOps, testing::ValuesIn(listExecutors()), nameExecutor);

} // namespace
