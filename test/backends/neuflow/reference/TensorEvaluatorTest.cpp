// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The oracle against definitions written down a second time: in double, which holds all of these numbers exactly, with
// the rounding functions of the C library.

#include "backends/neuflow/reference/TensorEvaluator.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/Parser/Parser.h"

#include "gtest/gtest.h"

#include <cmath>
#include <random>

using namespace mlir;
using namespace cnn::neuflow;

namespace {

double clamp(double x) { return std::min(std::max(x, -32768.0), 32767.0); }

class Oracle : public testing::Test {
protected:
  MLIRContext context{MLIRContext::Threading::DISABLED};
  OwningOpRef<ModuleOp> module;
  std::mt19937 random{7};

  void SetUp() override {
    context.loadDialect<NeuflowDialect, cnn::CnnDialect, arith::ArithDialect, func::FuncDialect>();
  }

  func::FuncOp parse(const std::string &text) {
    module = parseSourceString<ModuleOp>(text, &context);
    EXPECT_TRUE(module) << text;
    return *module->getOps<func::FuncOp>().begin();
  }

  /// One op that takes inputs of this type, and makes one of that.
  func::FuncOp parseOp(const std::string &op, const std::string &type, const std::string &resultType, int inputs) {
    std::string arguments, names, types;
    for (int i = 0; i < inputs; ++i) {
      std::string name = "%x" + std::to_string(i), comma = i == 0 ? "" : ", ";
      arguments += comma + name + ": " + type;
      names += comma + name;
      types += comma + type;
    }
    size_t space = op.find(' ');
    std::string attributes = space == std::string::npos ? "" : op.substr(space);
    return parse("func.func @f(" + arguments + ") -> " + resultType + " {\n%y = neuflow." + op.substr(0, space) + " " +
                 names + attributes + " : (" + types + ") -> " + resultType + "\nreturn %y : " + resultType + "\n}");
  }

  Words run(func::FuncOp function, const std::vector<Words> &inputs, int64_t *saturated = nullptr) {
    TensorEvaluator<Word> evaluator(function);
    int64_t count = 0;
    auto results = evaluator.run(inputs, [&](const Observation<Word> &seen) { count += seen.saturated; });
    EXPECT_TRUE(succeeded(results));
    if (saturated)
      *saturated = count;
    return succeeded(results) ? results->front() : Words();
  }

  Words randomWords(std::array<int64_t, 3> shape, int least, int greatest) {
    std::uniform_int_distribution<int> draw(least, greatest);
    Words words(shape);
    for (Word &word : words.values)
      word = Word(draw(random));
    return words;
  }

  static Words of(std::array<int64_t, 3> shape, std::vector<Word> values) {
    Words words(shape);
    words.values = std::move(values);
    return words;
  }
};

std::string list(const std::vector<Word> &values) {
  std::string text = "[";
  for (Word value : values)
    text += (text.size() > 1 ? ", " : "") + std::to_string(value);
  return text + "]";
}

/// Values pairs of words, corners included.
std::pair<Words, Words> pairs(std::mt19937 &random) {
  std::vector<Word> corners = {-32768, -32767, -257, -256, -255, -129, -128, -127, -1,    0,
                               1,      127,    128,  129,  255,  256,  257,  5000, 32766, 32767};
  std::pair<Words, Words> result{Words({1, 1, 1400}), Words({1, 1, 1400})};
  std::uniform_int_distribution<int> draw(-32768, 32767);
  for (size_t i = 0; i < 1400; ++i) {
    result.first.values[i] = i < 400 ? corners[i / 20] : Word(draw(random));
    result.second.values[i] = i < 400 ? corners[i % 20] : Word(draw(random) >> (i % 16));
  }
  return result;
}

} // namespace

TEST_F(Oracle, ComputesPairsOfWords) {
  auto [a, b] = pairs(random);
  auto check = [&](const std::string &op, int inputs, auto definition) {
    func::FuncOp function = parseOp(op, "tensor<1x1x1400xi16>", "tensor<1x1x1400xi16>", inputs);
    std::vector<Words> operands = {a, b, b};
    operands.resize(inputs);
    int64_t saturated = 0, expectedSaturated = 0;
    Words result = run(function, operands, &saturated);
    for (size_t i = 0; i < a.values.size(); ++i) {
      double exact = definition(double(a.values[i]), double(b.values[i]));
      ASSERT_EQ(result.values[i], clamp(exact)) << op << " of " << a.values[i] << ", " << b.values[i];
      expectedSaturated += clamp(exact) != exact;
    }
    EXPECT_EQ(saturated, expectedSaturated) << op;
  };
  check("add", 2, [](double a, double b) { return a + b; });
  check("sub", 2, [](double a, double b) { return a - b; });
  check("mul", 2, [](double a, double b) { return std::round(a * b / 256); });
  check("max", 2, [](double a, double b) { return std::max(a, b); });
  check("square", 1, [](double a, double) { return std::round(a * a / 256); });
  check("mac", 3, [](double a, double b) { return std::round(a * b / 256) + b; });
  check("mul {arithmetic = #neuflow.arithmetic<round = half_up, overflow = saturate>}", 2,
        [](double a, double b) { return std::floor(a * b / 256 + 0.5); });
  check("mul {arithmetic = #neuflow.arithmetic<round = zero, overflow = saturate>}", 2,
        [](double a, double b) { return std::trunc(a * b / 256); });
  // A divisor of 0 saturates whatever the result.
  check("div", 2, [](double a, double b) { return b == 0 ? (a >= 0 ? 1e9 : -1e9) : std::trunc(a * 256 / b); });
}

TEST_F(Oracle, WrapsWhereAsked) {
  func::FuncOp function = parseOp("add {arithmetic = #neuflow.arithmetic<round = half_away, overflow = wrap>}",
                                  "tensor<1x1x2xi16>", "tensor<1x1x2xi16>", 2);
  int64_t saturated = 0;
  EXPECT_EQ(run(function, {of({1, 1, 2}, {32767, 5}), of({1, 1, 2}, {1, 6})}, &saturated).values,
            (std::vector<Word>{-32768, 11}));
  EXPECT_EQ(saturated, 1);
}

TEST_F(Oracle, MapsEveryWord) {
  struct Case {
    std::string symmetry;
    std::vector<std::array<double, 3>> segments; // slope, offset, least
  };
  for (const Case &test :
       {Case{"none", {{-300, 77, 1000}, {256, 0, -500}, {3, -1, -20000}}},
        Case{"odd", {{1, 200, 512}, {100, 9, 128}, {255, 0, 0}}}, Case{"even", {{32767, -32768, 20000}, {-7, 3, 1}}}}) {
    std::string table = "#neuflow.mapper<" + test.symmetry + ", [";
    for (size_t i = 0; i < test.segments.size(); ++i) {
      auto [slope, offset, least] = test.segments[i];
      table += (i == 0 ? "[" : ", [") + std::to_string(int(slope)) + ", " + std::to_string(int(offset)) + ", " +
               std::to_string(int(least)) + "]";
    }
    Words all({1, 256, 256});
    for (int i = 0; i < 65536; ++i)
      all.values[i] = Word(i - 32768);
    func::FuncOp function =
        parseOp("map {tables = [" + table + "]>]}", "tensor<1x256x256xi16>", "tensor<1x256x256xi16>", 1);
    Words result = run(function, {all});
    for (int x = -32768; x < 32768; ++x) {
      bool mirrored = x < 0 && test.symmetry != "none";
      double u = mirrored ? std::min(-x, 32767) : x, t = 0;
      for (size_t i = 0; i < test.segments.size(); ++i) {
        auto [slope, offset, least] = test.segments[i];
        t = std::floor(slope * u / 256) + offset;
        if (u >= least)
          break;
      }
      ASSERT_EQ(result.values[x + 32768], clamp(mirrored && test.symmetry == "odd" ? -t : t)) << test.symmetry << x;
    }
  }
}

TEST_F(Oracle, HasATableForEachPlane) {
  func::FuncOp function =
      parseOp("map {tables = [#neuflow.mapper<none, [[256, 1, 0]]>, #neuflow.mapper<none, [[512, 0, 0]]>]}",
              "tensor<2x1x2xi16>", "tensor<2x1x2xi16>", 1);
  EXPECT_EQ(run(function, {of({2, 1, 2}, {1, -2, 3, -4})}).values, (std::vector<Word>{2, -1, 6, -8}));
}

// Each connection is rounded before it is added, and each sum saturates: 30000 + 30000 - 30000 is not 30000.
TEST_F(Oracle, AddsConnectionsInTheirOrder) {
  auto text = [](std::string connections) {
    return "func.func @f(%x: tensor<3x1x1xi16>) -> tensor<1x1x1xi16> {\n"
           "%k = arith.constant dense<256> : tensor<3x1x1xi16>\n%b = arith.constant dense<0> : tensor<1xi16>\n"
           "%y = neuflow.conv %x, %k, %b {connections = dense<" +
           connections +
           "> : tensor<3x2xi64>, strides = array<i64: 1, 1>} : (tensor<3x1x1xi16>, tensor<3x1x1xi16>, tensor<1xi16>) "
           "-> tensor<1x1x1xi16>\nreturn %y : tensor<1x1x1xi16>\n}";
  };
  Words x = of({3, 1, 1}, {30000, 30000, -30000});
  int64_t saturated = 0;
  EXPECT_EQ(run(parse(text("[[0, 0], [0, 1], [0, 2]]")), {x}, &saturated).values[0], 2767);
  EXPECT_EQ(saturated, 1);
  EXPECT_EQ(run(parse(text("[[0, 0], [0, 2], [0, 1]]")), {x}, &saturated).values[0], 30000);
  EXPECT_EQ(saturated, 0);
}

TEST_F(Oracle, ConvolvesAsDefined) {
  struct Case {
    int64_t inputs, outputs, rows, columns, kernelRows, kernelColumns, strideRows, strideColumns;
    bool sameSize, isFull;
    int range; // of kernels
  };
  for (const Case &test :
       {Case{2, 3, 7, 9, 3, 2, 1, 1, false, true, 300}, Case{3, 2, 8, 7, 4, 5, 2, 3, true, false, 300},
        Case{1, 1, 5, 5, 5, 5, 1, 1, false, true, 32767}, Case{4, 4, 6, 6, 1, 1, 2, 1, true, false, 3000},
        Case{2, 2, 9, 9, 3, 3, 1, 1, true, true, 9000}}) {
    std::vector<std::array<int64_t, 2>> connections;
    for (int64_t o = 0; o < test.outputs; ++o)
      for (int64_t i = 0; i < test.inputs; ++i)
        if (test.isFull || i == o % test.inputs || random() % 2)
          connections.push_back({o, i});
    if (!test.isFull)
      std::shuffle(connections.begin(), connections.end(), random);
    int64_t n = connections.size();
    Words x = randomWords({test.inputs, test.rows, test.columns}, -9000, 9000);
    Words k = randomWords({n, test.kernelRows, test.kernelColumns}, -test.range, test.range);
    Words b = randomWords({test.outputs, 1, 1}, -5000, 5000);
    int64_t top = test.sameSize ? (test.kernelRows - 1) / 2 : 0,
            left = test.sameSize ? (test.kernelColumns - 1) / 2 : 0;
    int64_t rows = (test.rows - (test.sameSize ? 1 : test.kernelRows)) / test.strideRows + 1;
    int64_t columns = (test.columns - (test.sameSize ? 1 : test.kernelColumns)) / test.strideColumns + 1;

    auto type = [](std::vector<int64_t> shape, std::string element) {
      std::string text = "tensor<";
      for (int64_t size : shape)
        text += std::to_string(size) + "x";
      return text + element + ">";
    };
    std::string xType = type({test.inputs, test.rows, test.columns}, "i16");
    std::string kType = type({n, test.kernelRows, test.kernelColumns}, "i16");
    std::string bType = type({test.outputs}, "i16"), yType = type({test.outputs, rows, columns}, "i16");
    std::string pairsText;
    for (auto [o, i] : connections)
      pairsText += (pairsText.empty() ? "[" : ", [") + std::to_string(o) + ", " + std::to_string(i) + "]";
    std::string text = "func.func @f(%x: " + xType + ") -> " + yType + " {\n%k = arith.constant dense<[";
    for (int64_t i = 0; i < n; ++i) {
      text += i == 0 ? "[" : ", [";
      for (int64_t r = 0; r < test.kernelRows; ++r) {
        auto from = k.values.begin() + (i * test.kernelRows + r) * test.kernelColumns;
        text += (r == 0 ? "" : ", ") + list(std::vector<Word>(from, from + test.kernelColumns));
      }
      text += "]";
    }
    text += "]> : " + kType + "\n%b = arith.constant dense<" + list(b.values) + "> : " + bType;
    text += "\n%y = neuflow.conv %x, %k, %b {" +
            (test.isFull ? "" : "connections = dense<[" + pairsText + "]> : " + type({n, 2}, "i64") + ", ") +
            (test.sameSize ? "same_size, " : "") + "strides = array<i64: " + std::to_string(test.strideRows) + ", " +
            std::to_string(test.strideColumns) + ">} : (" + xType + ", " + kType + ", " + bType + ") -> " + yType +
            "\nreturn %y : " + yType + "\n}";
    int64_t saturated = 0, expectedSaturated = 0;
    Words result = run(parse(text), {x}, &saturated);
    ASSERT_EQ(result.shape, (std::array<int64_t, 3>{test.outputs, rows, columns}));
    auto saturate = [&](double value) {
      expectedSaturated += clamp(value) != value;
      return clamp(value);
    };
    for (int64_t o = 0; o < test.outputs; ++o)
      for (int64_t r = 0; r < rows; ++r)
        for (int64_t c = 0; c < columns; ++c) {
          double value = 0;
          bool isFirst = true;
          for (int64_t j = 0; j < n; ++j) {
            if (connections[j][0] != o)
              continue;
            double sum = isFirst ? double(b.values[o]) * 256 : 0;
            for (int64_t p = 0; p < test.kernelRows; ++p)
              for (int64_t q = 0; q < test.kernelColumns; ++q) {
                int64_t row = r * test.strideRows + p - top, column = c * test.strideColumns + q - left;
                if (row >= 0 && row < test.rows && column >= 0 && column < test.columns)
                  sum += double(k.at(j, p, q)) * x.at(connections[j][1], row, column);
              }
            double word = saturate(std::round(sum / 256));
            value = isFirst ? word : saturate(value + word);
            isFirst = false;
          }
          ASSERT_EQ(result.at(o, r, c), value) << o << " " << r << " " << c;
        }
    EXPECT_EQ(saturated, expectedSaturated);
  }
}

TEST_F(Oracle, MovesPlanes) {
  Words x = of({2, 2, 3}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12});
  std::string type = "tensor<2x2x3xi16>";
  EXPECT_EQ(
      run(parseOp("window {offset = array<i64: 1, 0>, strides = array<i64: 1, 2>}", type, "tensor<2x1x2xi16>", 1), {x})
          .values,
      (std::vector<Word>{4, 6, 10, 12}));
  EXPECT_EQ(run(parseOp("pad {low = array<i64: 0, 1>, high = array<i64: 1, 0>, value = -7 : i16}", type,
                        "tensor<2x3x4xi16>", 1),
                {x})
                .values,
            (std::vector<Word>{-7, 1, 2, 3, -7, 4,  5,  6,  -7, -7, -7, -7, //
                               -7, 7, 8, 9, -7, 10, 11, 12, -7, -7, -7, -7}));
  EXPECT_EQ(run(parseOp("select {planes = array<i64: 1, 1>}", type, type, 1), {x}).values,
            (std::vector<Word>{7, 8, 9, 10, 11, 12, 7, 8, 9, 10, 11, 12}));
  EXPECT_EQ(run(parseOp("concat", "tensor<1x1x2xi16>", "tensor<2x1x2xi16>", 2),
                {of({1, 1, 2}, {1, 2}), of({1, 1, 2}, {3, 4})})
                .values,
            (std::vector<Word>{1, 2, 3, 4}));
  EXPECT_EQ(run(parseOp("reshape", type, "tensor<3x4x1xi16>", 1), {x}).values, x.values);
}

TEST_F(Oracle, ComputesRealsWithoutRounding) {
  func::FuncOp function = parse(R"(
    func.func @f(%x: tensor<1x1x3xf32>) -> tensor<1x1x2xf32> {
      %k = arith.constant dense<[[[0.5, 0.25]]]> : tensor<1x1x2xf32>
      %b = arith.constant dense<-3.0> : tensor<1xf32>
      %s = arith.constant dense<2.0> : tensor<1xf32>
      %p = neuflow.pad %x {low = array<i64: 0, 0>, high = array<i64: 1, 0>, value = -32768 : i16} : (tensor<1x1x3xf32>) -> tensor<1x2x3xf32>
      %w = neuflow.window %p {offset = array<i64: 1, 0>, strides = array<i64: 1, 1>} : (tensor<1x2x3xf32>) -> tensor<1x1x3xf32>
      %m = neuflow.max %x, %w : (tensor<1x1x3xf32>, tensor<1x1x3xf32>) -> tensor<1x1x3xf32>
      %c = neuflow.conv %m, %k, %b {strides = array<i64: 1, 1>} : (tensor<1x1x3xf32>, tensor<1x1x2xf32>, tensor<1xf32>) -> tensor<1x1x2xf32>
      %a = neuflow.affine %c, %s, %b : (tensor<1x1x2xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x1x2xf32>
      %y = neuflow.function %a {kind = #cnn.unary_kind<abs>} : (tensor<1x1x2xf32>) -> tensor<1x1x2xf32>
      return %y : tensor<1x1x2xf32>
    })");
  TensorEvaluator<double> evaluator(function);
  Reals x({1, 1, 3});
  x.values = {1, -40000, 3};
  double largest = 0;
  auto results =
      evaluator.run({x}, [&](const Observation<double> &seen) { largest = std::max(largest, seen.largestPart); });
  ASSERT_TRUE(succeeded(results));
  EXPECT_EQ(results->front().values, (std::vector<double>{20008, 40007.5}));
  EXPECT_EQ(largest, 20002.25);
}

TEST_F(Oracle, RefusesOtherOps) {
  func::FuncOp function = parse("func.func @f(%x: tensor<1x1x1xi16>) -> tensor<1x1x1xi16> {\n"
                                "%y = arith.addi %x, %x : tensor<1x1x1xi16>\nreturn %y : tensor<1x1x1xi16>\n}");
  std::string message;
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) { message = diagnostic.str(); });
  TensorEvaluator<Word> evaluator(function);
  EXPECT_TRUE(failed(evaluator.run({of({1, 1, 1}, {1})})));
  EXPECT_EQ(message, "expected an op of the tensor level, but got 'arith.addi'");
}

TEST_F(Oracle, TakesSamplesOfTheHost) {
  int64_t saturated = 0;
  EXPECT_EQ(toWords({0.5, -0.5, 127.9961, 128, NAN, 0.001953125, -0.001953125}, {7, 1, 1}, 8, &saturated).values,
            (std::vector<Word>{128, -128, 32767, 32767, 0, 1, 0}));
  EXPECT_EQ(saturated, 2);
  EXPECT_EQ(toWords({255, -3}, {2, 1, 1}, 0, &saturated).values, (std::vector<Word>{255, -3}));
  EXPECT_EQ(toReal(-3, 1), -1.5);
  EXPECT_EQ(toReal(3, -2), 12);
}
