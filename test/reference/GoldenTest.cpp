// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Replays what PyTorch computed: results and gradients of the ops. The files say how they were made.

#include "test/reference/GradientFunction.h"

#include "mlir/Parser/Parser.h"

#include "nlohmann/json.hpp"
#include "gtest/gtest.h"

#include <fstream>

using namespace mlir;
using namespace cnn;
using namespace cnn::reference;
using namespace cnn::test;
using nlohmann::json;

namespace {

constexpr double tolerance = 1e-8; // relative to the value, or to 1 if that is larger

ElementKind parseKind(const std::string &kind) {
  for (ElementKind candidate : {ElementKind::F64, ElementKind::U8, ElementKind::I32, ElementKind::I64})
    if (stringifyElementKind(candidate) == kind)
      return candidate;
  ADD_FAILURE() << "unknown element kind " << kind;
  return ElementKind::F64;
}

/// A tensor without elements if there is none.
Tensor readTensor(const json &object) {
  if (object.is_null())
    return Tensor();
  auto shape = object["shape"].get<std::vector<int64_t>>();
  ElementKind kind = parseKind(object["kind"].get<std::string>());
  if (isFloatKind(kind))
    return Tensor::ofFloats(shape, object["values"].get<std::vector<double>>(), kind);
  return Tensor::ofIntegers(shape, object["values"].get<std::vector<int64_t>>(), kind);
}

SmallVector<Tensor> readTensors(const json &array) {
  SmallVector<Tensor> tensors;
  for (const json &object : array)
    tensors.push_back(readTensor(object));
  return tensors;
}

void expectNear(const Tensor &found, const Tensor &expected) {
  ASSERT_EQ(found.shape, expected.shape);
  ASSERT_EQ(found.floats.size(), expected.floats.size());
  for (size_t i = 0; i < expected.floats.size(); ++i)
    ASSERT_NEAR(found.floats[i], expected.floats[i], tolerance * std::max(1.0, std::abs(expected.floats[i])))
        << "element " << i;
}

class Golden : public testing::TestWithParam<const char *> {};

} // namespace

TEST_P(Golden, Replay) {
  std::ifstream file(std::string(CNN_GOLDEN_FOLDER "/") + GetParam());
  json cases = json::parse(file, nullptr, /*allow_exceptions=*/false);
  ASSERT_FALSE(cases.is_discarded());
  ASSERT_FALSE(cases.empty());
  std::unique_ptr<MLIRContext> context = makeContext();
  for (const json &golden : cases) {
    SCOPED_TRACE(golden["name"].get<std::string>());
    // Parsing verifies the result types, so that shapes are compared with PyTorch's too.
    auto module = parseSourceString<ModuleOp>(golden["function"].get<std::string>(), context.get());
    ASSERT_TRUE(module);
    auto function = module->lookupSymbol<func::FuncOp>("test");
    SmallVector<Tensor> inputs = readTensors(golden["inputs"]), expected = readTensors(golden["results"]);
    FailureOr<SmallVector<Tensor>> results = evaluate(function, inputs, Arithmetic::Exact);
    ASSERT_TRUE(succeeded(results));
    for (auto [result, expectedResult] : llvm::zip_equal(*results, expected))
      expectNear(result, expectedResult);

    SmallVector<Tensor> weights = readTensors(golden["weights"]), gradients = readTensors(golden["gradients"]);
    if (llvm::all_of(weights, [](const Tensor &weight) { return weight.floats.empty(); }))
      continue;
    for (auto [found, gradient] : llvm::zip_equal(evaluateGradients(function, inputs, weights), gradients))
      expectNear(found, gradient);
  }
}

INSTANTIATE_TEST_SUITE_P(PyTorch, Golden,
                         testing::Values("conv.json", "pool.json", "elementwise.json", "classification.json",
                                         "norm.json", "shape.json", "optimizer.json"),
                         [](const testing::TestParamInfo<const char *> &info) {
                           return llvm::StringRef(info.param).drop_back(5).str();
                         });
