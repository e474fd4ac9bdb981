// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Random layers as modules of the tensor level: what the oracle of that level says is what the compiled program leaves
// in the memory of the machine, word for word.
#include "backends/neuflow/lower/Passes.h"
#include "backends/neuflow/lower/ProgramOps.h"
#include "backends/neuflow/reference/TensorEvaluator.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "runtime/neuflow/device/Device.h"
#include "test/backends/neuflow/program/RandomTensorProgram.h"

#include <gtest/gtest.h>

using namespace mlir;

namespace cnn::neuflow {
namespace {

// A tensor program as text.
class Printer {
public:
  explicit Printer(const TensorProgram &program) : program(program) {}

  std::string run() {
    text += "func.func @net(";
    for (size_t i = 0; i < program.inputs.size(); ++i)
      text += (i ? ", " : "") + name(program.inputs[i].value) + ": " + type(program.inputs[i].value);
    text += ") -> (" + types(outputs()) + ") {\n";
    for (const TensorOperation &operation : program.operations)
      print(operation);
    text += "return ";
    for (size_t i = 0; i < program.outputs.size(); ++i)
      text += (i ? ", " : "") + name(program.outputs[i].value);
    return text + " : " + types(outputs()) + "\n}\n";
  }

private:
  static std::string name(int64_t value) { return "%v" + std::to_string(value); }
  std::string type(int64_t value) const {
    const PlaneShape &s = program.values[value];
    return "tensor<" + std::to_string(s.planes) + "x" + std::to_string(s.height) + "x" + std::to_string(s.width) +
           "xi16>";
  }
  std::string types(const std::vector<int64_t> &values) const {
    std::string all;
    for (int64_t value : values)
      all += (all.empty() ? "" : ", ") + type(value);
    return all;
  }
  std::vector<int64_t> outputs() const {
    std::vector<int64_t> values;
    for (const TensorBoundary &output : program.outputs)
      values.push_back(output.value);
    return values;
  }
  template <typename Numbers> static std::string list(const Numbers &numbers) {
    std::string all;
    for (auto number : numbers)
      all += (all.empty() ? "" : ", ") + std::to_string(number);
    return all;
  }
  static std::string pair(const char *key, int64_t a, int64_t b) {
    return std::string(key) + " = array<i64: " + std::to_string(a) + ", " + std::to_string(b) + ">";
  }
  void op(const TensorOperation &operation, const char *mnemonic, const std::string &attributes) {
    std::string operands;
    for (int64_t value : operation.operands())
      operands += (operands.empty() ? "" : ", ") + name(value);
    text += name(operation.result) + " = neuflow." + mnemonic + " " + operands + " {" + attributes + "} : (" +
            types(operation.operands()) + ") -> " + type(operation.result) + "\n";
  }

  void print(const TensorOperation &operation) {
    if (const auto *conv = std::get_if<ConvOperation>(&operation.what)) {
      std::string id = std::to_string(operation.result), rows;
      std::string kernels = "tensor<" + std::to_string(conv->connections.size()) + "x" + std::to_string(conv->kernelH) +
                            "x" + std::to_string(conv->kernelW) + "xi16>";
      std::string bias = "tensor<" + std::to_string(conv->bias.size()) + "xi16>";
      std::string bytes;
      static const char digits[] = "0123456789ABCDEF";
      for (Word word : conv->kernels)
        for (int shift : {4, 0, 12, 8})
          bytes += digits[static_cast<uint16_t>(word) >> shift & 15];
      text += "%k" + id + " = arith.constant dense<\"0x" + bytes + "\"> : " + kernels + "\n";
      // Text with one number that all have would mean something else.
      text += "%b" + id + " = arith.constant dense<[" + list(conv->bias) + "]> : " + bias + "\n";
      for (const ConvOperation::Link &link : conv->connections)
        rows += (rows.empty() ? "[" : ", [") + std::to_string(link.output) + ", " + std::to_string(link.input) + "]";
      text += name(operation.result) + " = neuflow.conv " + name(conv->input) + ", %k" + id + ", %b" + id +
              " {connections = dense<[" + rows + "]> : tensor<" + std::to_string(conv->connections.size()) +
              "x2xi64>, " + pair("strides", conv->strideH, conv->strideW) + (conv->sameSize ? ", same_size" : "") +
              "} : (" + type(conv->input) + ", " + kernels + ", " + bias + ") -> " + type(operation.result) + "\n";
    } else if (const auto *map = std::get_if<MapOperation>(&operation.what)) {
      std::string tables;
      static const char *const symmetries[] = {"none", "even", "odd"};
      for (const MapperConfig &table : map->tables) {
        std::string segments;
        for (const Segment &s : table.segments)
          segments += (segments.empty() ? "[" : ", [") + list(std::vector<int>{s.slope, s.offset, s.least}) + "]";
        tables += (tables.empty() ? "" : ", ") + std::string("#neuflow.mapper<") +
                  symmetries[static_cast<int>(table.symmetry)] + ", [" + segments + "]>";
      }
      op(operation, "map", "tables = [" + tables + "]");
    } else if (const auto *element = std::get_if<ElementOperation>(&operation.what)) {
      static const char *const names[] = {"", "mac", "div", "mul", "add", "sub", "square", "max"};
      op(operation, names[static_cast<int>(element->code)], "");
    } else if (const auto *window = std::get_if<WindowOperation>(&operation.what)) {
      op(operation, "window",
         pair("offset", window->top, window->left) + ", " + pair("strides", window->stepH, window->stepW));
    } else if (const auto *pad = std::get_if<PadOperation>(&operation.what)) {
      op(operation, "pad",
         pair("low", pad->top, pad->left) + ", " + pair("high", pad->bottom, pad->right) +
             ", value = " + std::to_string(pad->value) + " : i16");
    } else if (const auto *select = std::get_if<SelectOperation>(&operation.what)) {
      op(operation, "select", "planes = array<i64: " + list(select->planes) + ">");
    } else {
      op(operation, std::holds_alternative<ConcatOperation>(operation.what) ? "concat" : "reshape", "");
    }
  }

  const TensorProgram &program;
  std::string text;
};

class Oracle : public testing::TestWithParam<const char *> {
protected:
  Oracle() { context.loadDialect<NeuflowDialect, arith::ArithDialect, func::FuncDialect>(); }

  void compare(const TensorProgram &tensors, uint32_t seed) {
    OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(Printer(tensors).run(), &context);
    ASSERT_TRUE(module);
    std::mt19937 random(seed);
    std::vector<Words> inputs;
    for (const TensorBoundary &input : tensors.inputs) {
      const PlaneShape &shape = tensors.values[input.value];
      inputs.emplace_back(std::array<int64_t, 3>{shape.planes, shape.height, shape.width});
      for (Word &word : inputs.back().values)
        word = static_cast<Word>(static_cast<int16_t>(random()) >> (seed % 3 * 4));
    }
    auto function = module->lookupSymbol<func::FuncOp>("net");
    FailureOr<std::vector<Words>> expected = TensorEvaluator<Word>(function).run(inputs);
    ASSERT_TRUE(succeeded(expected));

    PassManager manager(&context);
    buildLowerPipeline(manager, GetParam());
    ASSERT_TRUE(succeeded(manager.run(*module)));
    FailureOr<Program> program = readProgram(*module->getOps<ProgramOp>().begin());
    ASSERT_TRUE(succeeded(program));
    Result<Program> again = readContainer(writeContainer(*program));
    ASSERT_TRUE(again) << again.message();

    auto device = openDevice(again->target, DeviceKind::functional);
    ASSERT_TRUE(device && load(**device, *again));
    size_t input = 0, output = 0;
    for (const ProgramTensor &tensor : again->tensors)
      if (!tensor.output) {
        std::string bytes;
        for (Word word : inputs[input++].values) {
          bytes += static_cast<char>(word);
          bytes += static_cast<char>(static_cast<uint16_t>(word) >> 8);
        }
        ASSERT_TRUE((*device)->write(tensor.base, bytes));
      }
    const RunReport &report = (*device)->run(again->entry);
    ASSERT_FALSE(report.trap) << report.trap->text;
    for (const ProgramTensor &tensor : again->tensors)
      if (tensor.output) {
        const std::vector<Word> &words = (*expected)[output++].values;
        std::string bytes(words.size() * 2, 0);
        ASSERT_TRUE((*device)->read(tensor.base, bytes));
        for (size_t i = 0; i < words.size(); ++i)
          ASSERT_EQ(static_cast<Word>(static_cast<uint8_t>(bytes[2 * i]) | static_cast<uint8_t>(bytes[2 * i + 1]) << 8),
                    words[i])
              << tensor.name << ", word " << i;
      }
    EXPECT_EQ(input, inputs.size());
    EXPECT_EQ(output, expected->size());
  }

  MLIRContext context;
};
INSTANTIATE_TEST_SUITE_P(Targets, Oracle, testing::Values("neuflow-tiny", "neuflow-v6"));

TEST_P(Oracle, IsTheProgram) {
  Target target = *presetTarget(GetParam());
  for (uint32_t seed = 1001; seed <= 1200 && !HasFatalFailure(); ++seed) {
    SCOPED_TRACE("layer " + std::to_string(seed));
    compare(randomConvLayer(target, seed), seed);
  }
}

TEST_P(Oracle, OfAllOtherOps) {
  Target target = *presetTarget(GetParam());
  TensorProgramBuilder b(target);
  int64_t x = b.input({3, 8, 10});
  int64_t y = b.maxPool(b.conv(x, 4, 3, 3, 1, 1, true, 2), 2);
  int64_t chosen = b.add(SelectOperation{y, {3, 1}}, {2, 4, 5});
  int64_t all = b.add(ConcatOperation{{y, chosen}}, {6, 4, 5});
  int64_t z = b.element(AluCode::mac, {all, all, b.mapped(all, /*perPlane=*/true)});
  for (AluCode code : {AluCode::add, AluCode::sub, AluCode::mul, AluCode::div, AluCode::max})
    z = b.element(code, {b.element(AluCode::square, {z}), all});
  b.output(b.padded(z, 1, 0, 2, 1, -7));
  b.output(b.reshaped(z, {120, 1, 1}));
  compare(b.program, 5);
}

} // namespace
} // namespace cnn::neuflow
