// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A whole training step against the loss that it is made from: gradients by finite differences in f64, updates by
// their formula.

#include "passes/Passes.h"
#include "passes/Pipelines.h"
#include "test/reference/GradientFunction.h"

#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"

#include "gtest/gtest.h"

using namespace mlir;
using namespace cnn;
using namespace cnn::reference;
using namespace cnn::test;

namespace {

constexpr int64_t batch = 3;
constexpr double rate = 0.5, decay = 0.25; // decay as in small-net.mlir
constexpr double momentum = 0.9;

class DifferentiateNet : public testing::Test {
protected:
  void SetUp() override {
    module = parseSourceFile<ModuleOp>(CNN_TEST_INPUTS "/small-net.mlir", context.get());
    ASSERT_TRUE(module);
    PassManager manager(context.get());
    manager.addPass(createDifferentiate());
    buildSimplifyPipeline(manager);
    ASSERT_TRUE(succeeded(manager.run(*module)));
    loss = module->lookupSymbol<func::FuncOp>("Net.loss");
    step = module->lookupSymbol<func::FuncOp>("Net.train_step");
    ASSERT_TRUE(loss && step);
    for (unsigned i = 0; i < step.getNumArguments(); ++i)
      stepInputs.push_back(makeInput(i));
  }

  Role getRole(unsigned argument) { return step.getArgAttrOfType<RoleAttr>(argument, roleAttrName).getValue(); }
  StringRef getName(unsigned argument) {
    auto name = step.getArgAttrOfType<StringAttr>(argument, nameAttrName);
    return name ? name.getValue() : "";
  }

  Tensor makeInput(unsigned argument) {
    auto type = cast<RankedTensorType>(step.getArgumentTypes()[argument]);
    SmallVector<int64_t> shape(type.getShape());
    for (int64_t &size : shape)
      size = ShapedType::isDynamic(size) ? batch : size;
    if (getName(argument) == "label")
      return Tensor::ofIntegers(shape, {2, 0, 3}, ElementKind::I32);
    if (getName(argument) == "norm.variance")
      return makeUniform(shape, random, 0.5, 2);
    switch (getRole(argument)) {
    case Role::Key:
      return Tensor::ofIntegers(shape, {11, 5}, ElementKind::I64);
    case Role::Rate:
      return Tensor::ofFloats(shape, {rate});
    default:
      return makeUniform(shape, random);
    }
  }

  /// The arguments of the loss: those of the step but for the rate and the slots.
  SmallVector<Tensor> getLossInputs() {
    SmallVector<Tensor> inputs;
    for (auto [i, input] : llvm::enumerate(stepInputs))
      if (getRole(i) != Role::Rate && getRole(i) != Role::Slot)
        inputs.push_back(input);
    return inputs;
  }

  double evaluateMeanLoss() {
    FailureOr<SmallVector<Tensor>> results = evaluate(loss, getLossInputs(), Arithmetic::Exact);
    EXPECT_TRUE(succeeded(results));
    double sum = 0;
    for (double sample : results->front().floats)
      sum += sample;
    return sum / batch;
  }

  SmallVector<Tensor> evaluateStep() {
    FailureOr<SmallVector<Tensor>> results = evaluate(step, stepInputs, Arithmetic::Exact);
    EXPECT_TRUE(succeeded(results));
    return std::move(*results);
  }

  /// The result that replaces an argument; nullopt if there is none.
  std::optional<unsigned> findTied(unsigned argument) {
    for (unsigned i = 0; i < step.getNumResults(); ++i) {
      auto tied = step.getResultAttrOfType<IntegerAttr>(i, tiedAttrName);
      if (tied && tied.getInt() == argument)
        return i;
    }
    return std::nullopt;
  }

  unsigned findArgument(StringRef name) {
    for (unsigned i = 0; i < step.getNumArguments(); ++i)
      if (getName(i) == name)
        return i;
    ADD_FAILURE() << "no argument " << name.str();
    return 0;
  }

  std::unique_ptr<MLIRContext> context = makeContext();
  std::mt19937 random{7};
  OwningOpRef<ModuleOp> module;
  func::FuncOp loss, step;
  SmallVector<Tensor> stepInputs;
};

} // namespace

TEST_F(DifferentiateNet, MeansAndStates) {
  SmallVector<Tensor> results = evaluateStep();
  SmallVector<Tensor> lossResults = *evaluate(loss, getLossInputs(), Arithmetic::Exact);
  EXPECT_TRUE(results[0].shape.empty());
  EXPECT_NEAR(results[0].floats[0], evaluateMeanLoss(), 1e-12);
  EXPECT_NEAR(results[1].floats[0],
              (lossResults[1].floats[0] + lossResults[1].floats[1] + lossResults[1].floats[2]) / batch, 1e-12);
  EXPECT_EQ(results[*findTied(findArgument("norm.mean"))].floats, lossResults[2].floats);
  EXPECT_EQ(results[*findTied(findArgument("norm.variance"))].floats, lossResults[3].floats);
}

// The new velocity is momentum * velocity + gradient + decay * parameter, and the parameter moves by rate * velocity.
TEST_F(DifferentiateNet, GradientsAndUpdates) {
  constexpr double h = 1e-5;
  SmallVector<Tensor> results = evaluateStep();
  unsigned parameters = 0;
  for (unsigned i = 0; i < step.getNumArguments(); ++i) {
    if (getRole(i) != Role::Parameter)
      continue;
    ++parameters;
    StringRef name = getName(i);
    SCOPED_TRACE(name.str());
    unsigned slot = findArgument((name + ":momentum").str());
    ASSERT_TRUE(findTied(i) && findTied(slot));
    const Tensor &newParameter = results[*findTied(i)], &newVelocity = results[*findTied(slot)];
    bool exempt = name.ends_with(".bias") || name.starts_with("norm.");
    for (size_t j = 0; j < stepInputs[i].floats.size(); ++j) {
      double value = stepInputs[i].floats[j];
      stepInputs[i].floats[j] = value + h;
      double above = evaluateMeanLoss();
      stepInputs[i].floats[j] = value - h;
      double below = evaluateMeanLoss();
      stepInputs[i].floats[j] = value;
      double gradient = (above - below) / (2 * h) + (exempt ? 0 : decay * value);
      double velocity = momentum * stepInputs[slot].floats[j] + gradient;
      ASSERT_NEAR(newVelocity.floats[j], velocity, 1e-6 * std::max(1.0, std::abs(velocity))) << "element " << j;
      ASSERT_NEAR(newParameter.floats[j], value - rate * newVelocity.floats[j], 1e-12) << "element " << j;
    }
  }
  EXPECT_EQ(parameters, 7u);
}

// An update in place is legal: after the first update only updates follow, each the last to read what it replaces.
TEST_F(DifferentiateNet, UpdatesStandAtTheEnd) {
  bool updating = false;
  for (Operation &op : step.getBody().front().without_terminator()) {
    updating |= isa<SgdUpdateOp>(op);
    EXPECT_EQ(updating, isa<SgdUpdateOp>(op));
  }
  EXPECT_TRUE(updating);
}
