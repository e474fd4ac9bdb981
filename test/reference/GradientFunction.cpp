// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "test/reference/GradientFunction.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Verifier.h"

#include "gtest/gtest.h"

using namespace mlir;
using namespace cnn;
using namespace cnn::reference;

std::unique_ptr<MLIRContext> cnn::test::makeContext() {
  auto context = std::make_unique<MLIRContext>(MLIRContext::Threading::DISABLED);
  context->loadDialect<CnnDialect, func::FuncDialect>();
  return context;
}

static Type getElementType(Builder &builder, ElementKind kind) {
  switch (kind) {
  case ElementKind::F64:
  case ElementKind::F32: // models are f32; what is evaluated exactly is f64 anyway
    return builder.getF32Type();
  case ElementKind::BF16:
    return builder.getBF16Type();
  case ElementKind::F16:
    return builder.getF16Type();
  case ElementKind::U8:
    return builder.getIntegerType(8, /*isSigned=*/false);
  case ElementKind::I32:
    return builder.getI32Type();
  case ElementKind::I64:
    return builder.getI64Type();
  }
  llvm_unreachable("all kinds are handled");
}

cnn::test::TestFunction::TestFunction(MLIRContext &context)
    : builder(&context), loc(builder.getUnknownLoc()), module(ModuleOp::create(loc)) {
  builder.setInsertionPointToEnd(module->getBody());
  function = func::FuncOp::create(builder, loc, "test", builder.getFunctionType({}, {}));
  builder.setInsertionPointToEnd(function.addEntryBlock());
}

Value cnn::test::TestFunction::addInput(Tensor value, bool hasBatch) {
  SmallVector<int64_t> shape = value.shape;
  if (hasBatch)
    shape[0] = ShapedType::kDynamic;
  Type type = RankedTensorType::get(shape, getElementType(builder, value.kind));
  inputs.push_back(std::move(value));
  return function.getBody().front().addArgument(type, loc);
}

void cnn::test::TestFunction::setResults(ValueRange results) {
  func::ReturnOp::create(builder, loc, results);
  function.setFunctionType(builder.getFunctionType(function.getBody().front().getArgumentTypes(), results.getTypes()));
  ASSERT_TRUE(succeeded(verify(*module)));
}

void cnn::test::TestFunction::tie(unsigned result, Value input) {
  function.setResultAttr(result, tiedAttrName, builder.getI64IntegerAttr(cast<BlockArgument>(input).getArgNumber()));
}

SmallVector<Tensor> cnn::test::evaluateGradients(func::FuncOp function, ArrayRef<Tensor> inputs,
                                                 ArrayRef<Tensor> resultWeights) {
  func::FuncOp gradientFunction = function.clone();
  OwningOpRef<ModuleOp> module = ModuleOp::create(function.getLoc());
  module->push_back(gradientFunction);
  Block &body = gradientFunction.getBody().front();
  Operation *end = body.getTerminator();
  OpBuilder builder(end);

  DenseMap<Value, Value> gradients;
  auto addGradient = [&](Value value, Value gradient) {
    Value &sum = gradients[value];
    auto axes = llvm::to_vector(llvm::seq<int64_t>(0, cast<RankedTensorType>(value.getType()).getRank()));
    sum = sum ? BinaryOp::create(builder, value.getLoc(), BinaryKind::Add, sum, gradient, axes) : gradient;
  };
  SmallVector<Value> arguments(body.getArguments());
  SmallVector<Tensor> values(inputs);
  for (auto [result, weight] : llvm::zip_equal(end->getOperands(), resultWeights)) {
    if (weight.floats.empty())
      continue;
    addGradient(result, body.addArgument(result.getType(), result.getLoc()));
    values.push_back(weight);
  }
  SmallVector<Operation *> forward;
  for (Operation &op : body.without_terminator())
    forward.push_back(&op);
  for (Operation *op : llvm::reverse(forward)) {
    SmallVector<Value> resultGradients;
    for (Value result : op->getResults())
      resultGradients.push_back(gradients.lookup(result));
    if (llvm::none_of(resultGradients, [](Value gradient) { return gradient != nullptr; }))
      continue;
    auto differentiable = dyn_cast<DifferentiableOpInterface>(op);
    if (!differentiable) {
      ADD_FAILURE() << op->getName().getStringRef().str() << " is not differentiable";
      return {};
    }
    SmallVector<Value> operandGradients = differentiable.buildGradients(builder, resultGradients);
    EXPECT_EQ(operandGradients.size(), op->getNumOperands());
    for (auto [operand, gradient] : llvm::zip_equal(op->getOperands(), operandGradients)) {
      if (!gradient)
        continue;
      EXPECT_EQ(gradient.getType(), operand.getType());
      addGradient(operand, gradient);
    }
  }

  SmallVector<Value> returned;
  for (Value argument : arguments)
    if (Value gradient = gradients.lookup(argument))
      returned.push_back(gradient);
  end->setOperands(returned);
  gradientFunction.setFunctionType(builder.getFunctionType(body.getArgumentTypes(), ValueRange(returned).getTypes()));
  gradientFunction.removeResAttrsAttr();
  EXPECT_TRUE(succeeded(verify(*module)));
  FailureOr<SmallVector<Tensor>> evaluated = evaluate(gradientFunction, values, Arithmetic::Exact);
  if (failed(evaluated)) {
    ADD_FAILURE() << "the gradients of " << function.getSymName().str() << " cannot be evaluated";
    return {};
  }
  SmallVector<Tensor> all;
  size_t next = 0;
  for (Value argument : arguments)
    all.push_back(gradients.lookup(argument) ? (*evaluated)[next++] : Tensor());
  return all;
}

Tensor cnn::test::makeUniform(ArrayRef<int64_t> shape, std::mt19937 &random, double low, double high) {
  Tensor tensor = Tensor::zeros(shape, ElementKind::F64);
  for (double &value : tensor.floats)
    value = low + (high - low) * (random() / 4294967296.0);
  return tensor;
}

Tensor cnn::test::makeDistinct(ArrayRef<int64_t> shape, std::mt19937 &random) {
  Tensor tensor = Tensor::zeros(shape, ElementKind::F64);
  int64_t count = tensor.getNumElements();
  // Hundredths around 0 that are shifted by 0.005, in a random order.
  for (int64_t i = 0; i < count; ++i)
    tensor.floats[i] = 0.01 * static_cast<double>(i - count / 2) + 0.005;
  for (int64_t i = count - 1; i > 0; --i)
    std::swap(tensor.floats[i], tensor.floats[random() % (i + 1)]);
  return tensor;
}

SmallVector<int64_t> cnn::test::RandomShapes::pickShape(int64_t batch, int64_t channels, int64_t rank, int64_t low,
                                                        int64_t high) {
  SmallVector<int64_t> shape = {batch, channels};
  for (int64_t i = 0; i < rank; ++i)
    shape.push_back(pick(low, high));
  return shape;
}

SmallVector<WindowDim> cnn::test::RandomShapes::pickWindow(ArrayRef<int64_t> shape, int64_t maxPad, bool forPool) {
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

WindowAttr cnn::test::makeWindow(MLIRContext &context, ArrayRef<WindowDim> dims) {
  SmallVector<int64_t> kernel, stride, dilation, padLow, padHigh;
  for (const WindowDim &dim : dims) {
    kernel.push_back(dim.kernel);
    stride.push_back(dim.stride);
    dilation.push_back(dim.dilation);
    padLow.push_back(dim.padLow);
    padHigh.push_back(dim.padHigh);
  }
  bool ceil = !dims.empty() && dims.front().ceil;
  return WindowAttr::get(&context, kernel, stride, dilation, padLow, padHigh, ceil);
}
