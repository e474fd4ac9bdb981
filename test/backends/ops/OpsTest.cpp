// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "test/backends/ops/OpsTest.h"

#include "mlir/IR/IRMapping.h"
#include "mlir/Pass/PassManager.h"
#include "passes/Passes.h"

using namespace mlir;
using namespace cnn;
using namespace cnn::reference;
using namespace cnn::test;

SmallVector<int64_t> Ops::outputShape(ArrayRef<int64_t> shape, int64_t channels, ArrayRef<WindowDim> window) {
  SmallVector<int64_t> result = {shape[0], channels};
  for (auto [size, dim] : llvm::zip_equal(shape.drop_front(2), window))
    result.push_back(*windowOutputSize(size, dim));
  return result;
}

Type Ops::batchType(TestFunction &test, ArrayRef<int64_t> shape) {
  SmallVector<int64_t> sizes(shape);
  sizes[0] = ShapedType::kDynamic;
  return RankedTensorType::get(sizes, test.builder.getF32Type());
}

Tensor Ops::uniform(ArrayRef<int64_t> shape, double low, double high) {
  Tensor tensor = makeUniform(shape, random, low, high);
  tensor.kind = ElementKind::F32;
  for (double &value : tensor.floats)
    value = roundToKind(value, ElementKind::F32);
  return tensor;
}

Tensor Ops::key() { return Tensor::ofIntegers({2}, {(7ll << 40) + 5, 11}, ElementKind::I64); }

/// The inputs with the first sample alone.
static SmallVector<Tensor> takeFirstSample(func::FuncOp function, ArrayRef<Tensor> inputs) {
  SmallVector<Tensor> taken(inputs);
  for (auto [type, input] : llvm::zip_equal(function.getArgumentTypes(), taken))
    if (!cast<RankedTensorType>(type).hasStaticShape()) {
      input.shape[0] = 1;
      (input.isFloat() ? input.floats.resize(input.getNumElements()) : input.integers.resize(input.getNumElements()));
    }
  return taken;
}

/// Without tolerance, also the signs of zeros.
static void compare(const Tensor &is, const Tensor &should, double tolerance) {
  ASSERT_EQ(is.shape, should.shape);
  for (int64_t i = 0; i < should.getNumElements(); ++i) {
    double value = should.getNumber(i);
    if (tolerance == 0)
      ASSERT_EQ(std::signbit(is.getNumber(i)), std::signbit(value)) << "element " << i;
    if (std::isnan(value))
      ASSERT_TRUE(std::isnan(is.getNumber(i))) << "element " << i;
    else if (is.getNumber(i) != value) // infinities are not near each other
      ASSERT_NEAR(is.getNumber(i), value, tolerance * std::max(1.0, std::abs(value))) << "element " << i;
  }
}

/// A new function that does what all of these do, one after the other.
static func::FuncOp concatenate(ArrayRef<func::FuncOp> functions) {
  func::FuncOp first = functions.front();
  OpBuilder builder(first.getContext());
  Location loc = first.getLoc();
  auto all = func::FuncOp::create(loc, "test", builder.getFunctionType({}, {}));
  Block *body = all.addEntryBlock();
  builder.setInsertionPointToEnd(body);
  SmallVector<Value> results;
  SmallVector<std::pair<unsigned, unsigned>> tied;
  for (func::FuncOp function : functions) {
    IRMapping mapping;
    unsigned firstArgument = body->getNumArguments();
    for (BlockArgument argument : function.getArguments())
      mapping.map(argument, body->addArgument(argument.getType(), loc));
    for (Operation &op : function.getBody().front().without_terminator())
      builder.clone(op, mapping);
    for (OpOperand &operand : function.getBody().front().getTerminator()->getOpOperands()) {
      if (auto attr = function.getResultAttrOfType<IntegerAttr>(operand.getOperandNumber(), tiedAttrName))
        tied.push_back({results.size(), firstArgument + attr.getInt()});
      results.push_back(mapping.lookupOrDefault(operand.get()));
    }
  }
  func::ReturnOp::create(builder, loc, results);
  all.setFunctionType(builder.getFunctionType(body->getArgumentTypes(), TypeRange(ValueRange(results))));
  for (auto [result, argument] : tied)
    all.setResultAttr(result, tiedAttrName, builder.getI64IntegerAttr(argument));
  return all;
}

static int64_t batchOf(func::FuncOp function, ArrayRef<Tensor> inputs) {
  for (auto [type, input] : llvm::zip_equal(function.getArgumentTypes(), inputs))
    if (!cast<RankedTensorType>(type).hasStaticShape())
      return input.shape[0];
  return 1;
}

void Ops::check(TestFunction &test, const Twine &what, double tolerance) {
  if (cases++ % every != 0)
    return;
  constexpr size_t maxPending = 16;
  func::FuncOp function = test.getFunction();
  // One batch, and either new values of weights or none.
  auto isStep = [](func::FuncOp of) { return of.getResultAttr(0, tiedAttrName) != nullptr; };
  if (!pending.empty() && (pending.size() == maxPending || isStep(pending[0].function) != isStep(function) ||
                           batchOf(pending[0].function, pending[0].inputs) != batchOf(function, test.getInputs())))
    checkPending();
  if (pending.empty())
    functions = ModuleOp::create(function.getLoc());
  func::FuncOp clone = function.clone();
  functions->push_back(clone);
  if (storesBF16) {
    auto manager = PassManager::on<func::FuncOp>(context.get());
    manager.addPass(createNarrowStorage({leastWeightBytes, dotProducts}));
    ASSERT_TRUE(succeeded(manager.run(clone)));
  }
  pending.push_back({clone, SmallVector<Tensor>(test.getInputs()), what.str(), tolerance});
}

void Ops::checkPending() {
  if (pending.empty())
    return;
  std::vector<func::FuncOp> parts;
  for (const Case &item : pending)
    parts.push_back(item.function);
  OwningOpRef<ModuleOp> module = ModuleOp::create(parts.front().getLoc());
  module->push_back(concatenate(parts));
  SCOPED_TRACE(pending.front().what + " to " + pending.back().what);
  const Executor &executor = GetParam();
  CompiledFunctionPtr compiled = executor.isBackEnd ? compileForCpu(std::move(module), executor.triple, executor.cpu)
                                                    : compileAsLinalg(std::move(module));
  EXPECT_TRUE(compiled);
  if (compiled) {
    compareCases(*compiled, false);
    compareCases(*compiled, true);
  }
  pending.clear();
}

void Ops::compareCases(CompiledFunction &compiled, bool isOneSample) {
  SCOPED_TRACE(isOneSample ? "one sample" : "all samples");
  SmallVector<Tensor> inputs;
  for (Case &item : pending) {
    if (isOneSample)
      item.inputs = takeFirstSample(item.function, item.inputs);
    llvm::append_range(inputs, item.inputs);
  }
  FailureOr<SmallVector<Tensor>> found = compiled.run(inputs);
  ASSERT_TRUE(succeeded(found));
  size_t next = 0;
  for (const Case &item : pending) {
    SCOPED_TRACE(item.what);
    FailureOr<SmallVector<Tensor>> expected = evaluate(item.function, item.inputs);
    ASSERT_TRUE(succeeded(expected));
    for (auto [i, should] : llvm::enumerate(*expected)) {
      SCOPED_TRACE("result " + std::to_string(i));
      compare((*found)[next++], should, item.tolerance);
    }
  }
}

void Ops::SetUp() {
  if (std::string obstacle = findObstacle(GetParam().triple, GetParam().cpu); !obstacle.empty())
    GTEST_SKIP() << obstacle;
}

std::vector<Executor> cnn::test::listExecutors() {
  // No test has loops of 7, so the cases that are run differ in everything.
  return {
      {.name = "Linalg", .isBackEnd = false},
      {.name = "Cpu"},
      {.name = "CpuV2", .every = 7, .cpu = "x86-64-v2"},
      {.name = "CpuV3", .every = 7, .cpu = "x86-64-v3"},
      {.name = "CpuV4", .every = 7, .cpu = "x86-64-v4"},
      {.name = "CpuZnver4", .every = 7, .cpu = "znver4"},
      {.name = "CpuAArch64", .every = 7, .triple = "aarch64-linux-gnu"},
  };
}

std::string cnn::test::nameExecutor(const testing::TestParamInfo<Executor> &info) { return info.param.name; }
