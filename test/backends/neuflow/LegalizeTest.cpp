// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Each net, on reals and then in words, against the reference evaluator of the cnn dialect: legalization keeps what it
// computes, and quantization loses little of it.

#include "backends/neuflow/Calibrate.h"
#include "backends/neuflow/NeuflowPipeline.h"
#include "backends/neuflow/reference/NetEvaluator.h"
#include "ir/reference/Evaluator.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "runtime/neuflow/machine/Target.h"

#include "gtest/gtest.h"

#include <random>

using namespace mlir;
using namespace cnn;
using namespace cnn::neuflow;
using cnn::reference::Tensor;

namespace {

/// Nets as text.
class Legalize : public testing::Test {
protected:
  MLIRContext context{MLIRContext::Threading::DISABLED};
  std::mt19937 random{3};
  std::vector<std::string> warnings;

  void SetUp() override { context.loadDialect<NeuflowDialect, CnnDialect, arith::ArithDialect, func::FuncDialect>(); }

  double draw() { return std::uniform_real_distribution<double>(-1, 1)(random); }

  static int64_t count(llvm::StringRef shape) {
    int64_t product = 1;
    for (llvm::StringRef size : llvm::split(shape, 'x'))
      product *= std::stoll(size.str());
    return product;
  }

  std::string constant(std::string name, std::string shape, double least = -1e9) {
    std::vector<float> values(count(shape));
    for (float &value : values)
      value = float(std::max(draw(), least));
    std::string text;
    llvm::raw_string_ostream stream(text);
    llvm::SmallVector<int64_t> sizes;
    for (llvm::StringRef size : llvm::split(shape, 'x'))
      sizes.push_back(std::stoll(size.str()));
    auto type = RankedTensorType::get(sizes, Float32Type::get(&context));
    stream << "%" << name << " = cnn.constant " << DenseElementsAttr::get(type, llvm::ArrayRef<float>(values)) << "\n";
    return text;
  }

  /// Compares the net with what it becomes; answers the legalized module as text.
  std::string check(std::string constants, std::string body, std::string inputShape, std::string resultType,
                    std::string target = "neuflow-v6") {
    std::string text = "func.func @net(%x: tensor<?x" + inputShape +
                       "xf32> {cnn.name = \"x\", cnn.role = #cnn.role<input>}) -> (" + resultType +
                       " {cnn.name = \"y\", cnn.role = #cnn.role<output>}) attributes {cnn.kind = "
                       "#cnn.function_kind<infer>} {\n" +
                       constants + body + "\nreturn %y : " + resultType + "\n}";
    OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(text, &context);
    EXPECT_TRUE(module) << text;
    if (!module)
      return "";
    auto net = *module->getOps<func::FuncOp>().begin();
    llvm::SmallVector<int64_t> shape = {1};
    for (llvm::StringRef size : llvm::split(llvm::StringRef(inputShape), 'x'))
      shape.push_back(std::stoll(size.str()));
    std::vector<double> values(reference::countElements(shape));
    for (double &value : values)
      value = float(draw());
    Tensor input = Tensor::ofFloats(shape, values, reference::ElementKind::F32);
    auto expected = reference::evaluate(net, {input}, reference::Arithmetic::Exact);
    EXPECT_TRUE(succeeded(expected));

    ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) { warnings.push_back(diagnostic.str()); });
    PassManager manager(&context);
    buildLegalizePipeline(manager, target);
    EXPECT_TRUE(succeeded(manager.run(*module)));
    NetEvaluator<double> evaluator(module->lookupSymbol<func::FuncOp>("net"));
    auto results = evaluator.run({input});
    EXPECT_TRUE(succeeded(results));
    if (failed(results) || failed(expected))
      return "";
    const Tensor &is = results->front(), &wanted = expected->front();
    EXPECT_EQ(llvm::ArrayRef(is.shape), llvm::ArrayRef(wanted.shape));
    double largest = 0;
    for (double value : wanted.floats)
      largest = std::max(largest, std::abs(value));
    for (size_t i = 0; i < wanted.floats.size() && i < is.floats.size(); ++i)
      // Numbers that were folded are f32.
      EXPECT_NEAR(is.floats[i], wanted.floats[i], 1e-5 * (1 + largest)) << i;
    std::string printed;
    llvm::raw_string_ostream stream(printed);
    module->print(stream);
    checkWords(*module, input, wanted, target);
    return printed;
  }

  void checkWords(ModuleOp module, const Tensor &input, const Tensor &wanted, const std::string &target) {
    auto net = module.lookupSymbol<func::FuncOp>("net");
    ASSERT_TRUE(succeeded(calibrate(net, {Sample{input}})));
    PassManager manager(&context);
    buildQuantizePipeline(manager, target);
    ASSERT_TRUE(succeeded(manager.run(module)));
    NetEvaluator<Word> evaluator(net);
    int64_t saturated = 0;
    auto results = evaluator.run({input}, [&](const Observation<Word> &seen) { saturated += seen.saturated; });
    ASSERT_TRUE(succeeded(results));
    EXPECT_EQ(saturated, 0);
    double signal = 0, noise = 0;
    for (auto [is, value] : llvm::zip_equal(results->front().floats, wanted.floats)) {
      signal += value * value;
      noise += (is - value) * (is - value);
    }
    EXPECT_LE(std::sqrt(noise), 0.02 * std::sqrt(signal));
  }

  std::string window(std::string kernel, std::string stride = "1, 1", std::string dilation = "1, 1",
                     std::string low = "0, 0", std::string high = "0, 0", bool ceil = false) {
    return "window = #cnn.window<kernel = [" + kernel + "], stride = [" + stride + "], dilation = [" + dilation +
           "], pad_low = [" + low + "], pad_high = [" + high + "]" + (ceil ? ", ceil>" : ">");
  }

  /// %y = conv of %x and %w.
  std::string conv(std::string window, std::string x, std::string w, std::string y, int groups = 1) {
    return "%y = cnn.conv %x, %w {groups = " + std::to_string(groups) + " : i64, " + window + "} : (tensor<?x" + x +
           "xf32>, tensor<" + w + "xf32>) -> tensor<?x" + y + "xf32>";
  }
  static std::string result(std::string shape) { return "tensor<?x" + shape + "xf32>"; }
};

/// How often a text stands in another.
int64_t occurrences(llvm::StringRef text, llvm::StringRef what) { return text.count(what); }

} // namespace

TEST_F(Legalize, Convolutions) {
  auto checkConv = [&](std::string window, std::string x, std::string w, std::string y, int groups = 1) {
    std::string text = check(constant("w", w), conv(window, x, w, y, groups), x, result(y));
    EXPECT_EQ(occurrences(text, "neuflow.conv"), 1) << text;
    EXPECT_TRUE(warnings.empty());
    return text;
  };
  checkConv(window("3, 3"), "2x7x8", "3x2x3x3", "3x5x6");
  EXPECT_EQ(
      occurrences(checkConv(window("3, 3", "1, 1", "1, 1", "1, 1", "1, 1"), "2x7x8", "3x2x3x3", "3x7x8"), "same_size"),
      1);
  EXPECT_EQ(
      occurrences(checkConv(window("3, 3", "2, 2", "1, 1", "1, 1", "1, 1"), "2x8x8", "3x2x3x3", "3x4x4"), "same_size"),
      1);
  // The zeros are not in the middle.
  EXPECT_EQ(occurrences(checkConv(window("3, 3", "1, 1", "1, 1", "2, 0", "0, 2"), "2x7x8", "3x2x3x3", "3x7x8"),
                        "neuflow.pad"),
            1);
  checkConv(window("3, 2", "2, 3", "1, 1", "1, 0", "0, 1"), "2x7x8", "3x2x3x2", "3x3x3");
  checkConv(window("3, 3", "1, 1", "2, 1", "2, 1", "2, 1"), "1x7x8", "2x1x3x3", "2x7x8"); // dilated rows
  checkConv(window("3, 3", "1, 1", "1, 1", "1, 1", "1, 1"), "4x6x6", "4x1x3x3", "4x6x6", 4);
  checkConv(window("3, 3"), "4x6x6", "6x2x3x3", "6x4x4", 2);
  // A crop.
  checkConv(window("3, 3", "1, 1", "1, 1", "-1, 0", "0, -2"), "1x8x8", "2x1x3x3", "2x5x4");
  // One spatial dimension is rows of one.
  checkConv("window = #cnn.window<kernel = [3], stride = [2], dilation = [1], pad_low = [1], pad_high = [1]>", "2x9",
            "3x2x3", "3x5");
}

TEST_F(Legalize, KernelsThatDoNotFit) {
  // 11 x 11 on 10 x 10: four blocks.
  std::string text = check(constant("w", "2x2x11x11"),
                           conv(window("11, 11", "4, 4", "1, 1", "2, 2", "2, 2"), "2x31x31", "2x2x11x11", "2x7x7"),
                           "2x31x31", result("2x7x7"));
  EXPECT_EQ(occurrences(text, "neuflow.window"), 4);
  EXPECT_NE(text.find("tensor<16x6x6xf32>"), std::string::npos) << text;
  // 12 columns, of which 2 fit; dilation makes 5 rows of 3, of which the second has zeros alone.
  check(constant("w", "1x1x2x12"), conv(window("2, 12", "1, 2", "4, 1"), "1x9x20", "1x1x2x12", "1x5x5"), "1x9x20",
        result("1x5x5"), "neuflow-tiny");
  check(constant("w", "3x2x7x7"), conv(window("7, 7", "2, 2", "1, 1", "3, 3", "3, 3"), "2x12x12", "3x2x7x7", "3x6x6"),
        "2x12x12", result("3x6x6"), "neuflow-tiny");
}

TEST_F(Legalize, DropsConnectionsOfZeros) {
  std::string text = check("%w = cnn.constant dense<[[[[1.0]], [[0.0]]], [[[0.0]], [[0.0]]]]> : tensor<2x2x1x1xf32>\n",
                           conv(window("1, 1"), "2x3x3", "2x2x1x1", "2x3x3"), "2x3x3", result("2x3x3"));
  EXPECT_NE(text.find("connections = dense<[[0, 0], [1, 0]]>"), std::string::npos) << text;
}

TEST_F(Legalize, DenseLayers) {
  auto dense = [&](int inputs, int outputs) {
    std::string x = std::to_string(inputs), w = std::to_string(outputs) + "x" + x, y = std::to_string(outputs);
    return check(
        constant("w", w),
        conv("window = #cnn.window<kernel = [], stride = [], dilation = [], pad_low = [], pad_high = []>", x, w, y), x,
        result(y));
  };
  EXPECT_NE(dense(120, 5).find("tensor<2x6x10xf32>"), std::string::npos);
  // 97 is prime: one kernel with three zeros.
  std::string text = dense(97, 3);
  EXPECT_NE(text.find("tensor<1x10x10xf32>"), std::string::npos) << text;
  dense(1, 2);
  dense(257, 2);
  auto flattened = [&](std::string planes, std::string size) {
    std::string flat = "%f = cnn.reshape %x : (tensor<?x" + planes + "xf32>) -> tensor<?x" + size +
                       "xf32>\n%y = cnn.conv %f, %w {window = #cnn.window<kernel = [], stride = [], dilation = [], " +
                       "pad_low = [], pad_high = []>} : (tensor<?x" + size + "xf32>, tensor<7x" + size +
                       "xf32>) -> tensor<?x7xf32>";
    return check(constant("w", "7x" + size), flat, planes, result("7"));
  };
  // Behind maps, kernels cover them, if there would be no fewer otherwise.
  text = flattened("3x9x10", "270");
  EXPECT_NE(text.find("tensor<21x9x10xf32>"), std::string::npos) << text;
  EXPECT_EQ(occurrences(text, "neuflow.reshape"), 0) << text;
  EXPECT_NE(flattened("3x4x5", "60").find("tensor<7x6x10xf32>"), std::string::npos);
}

TEST_F(Legalize, WindowsOfWholePlanes) {
  auto whole = [&](std::string planes, std::string weight, std::string kernel) {
    std::string w = weight + "x" + planes, y = weight + "x1x1";
    return check(constant("w", w), conv(window(kernel), planes, w, y), planes, result(y));
  };
  // As in LeNet-5: 16 planes of 5x5 are 4 of 10x10.
  EXPECT_NE(whole("16x5x5", "3", "5, 5").find("tensor<12x10x10xf32>"), std::string::npos);
  // 106 words are twice a prime: two kernels, with two zeros in all.
  EXPECT_NE(whole("53x1x2", "3", "1, 2").find("tensor<6x6x9xf32>"), std::string::npos);
  // 12x12 does not fit, and would be four kernels.
  EXPECT_NE(whole("1x12x12", "2", "12, 12").find("tensor<4x8x9xf32>"), std::string::npos);
  // Kernels of zeros are none, so that one of these planes has one each.
  std::string text = check("%w = cnn.constant dense<[[[[1.0, 2.0]], [[0.0, 0.0]]], [[[0.0, 0.0]], [[3.0, 4.0]]]]> : "
                           "tensor<2x2x1x2xf32>\n",
                           conv(window("1, 2"), "2x1x2", "2x2x1x2", "2x1x1"), "2x1x2", result("2x1x1"));
  EXPECT_NE(text.find("connections = dense<[[0, 0], [1, 1]]>"), std::string::npos) << text;
}

TEST_F(Legalize, Pools) {
  auto pool = [&](std::string op, std::string attributes, std::string x, std::string y) {
    return check("",
                 "%y = cnn." + op + " %x {" + attributes + "} : (tensor<?x" + x + "xf32>) -> tensor<?x" + y + "xf32>",
                 x, result(y));
  };
  EXPECT_EQ(occurrences(pool("max_pool", window("2, 2", "2, 2"), "3x8x6", "3x4x3"), "neuflow.max"), 2);
  pool("max_pool", window("3, 3", "2, 2", "1, 1", "1, 1", "1, 1"), "2x9x9", "2x5x5");
  pool("max_pool", window("3, 2", "2, 3", "1, 2", "1, 0", "0, 1"), "2x9x9", "2x4x3");
  pool("max_pool", window("2, 2", "2, 2", "1, 1", "0, 0", "0, 0", /*ceil=*/true), "2x7x9", "2x4x5");
  EXPECT_EQ(occurrences(pool("avg_pool", window("2, 2", "2, 2"), "3x8x6", "3x4x3"), "same_size"), 0);
  pool("avg_pool", "count_pad = true, " + window("3, 3", "2, 2", "1, 1", "1, 1", "1, 1"), "2x9x9", "2x5x5");
  pool("avg_pool", window("12, 12"), "2x12x12", "2x1x1");
  EXPECT_TRUE(warnings.empty());
  pool("avg_pool", window("3, 3", "2, 2", "1, 1", "1, 1", "1, 1"), "2x9x9", "2x5x5");
  ASSERT_EQ(warnings.size(), 1u);
  EXPECT_EQ(warnings[0],
            "runs on the host: avgpool: a kernel divides by the same number everywhere, but windows at the "
            "edge hold fewer values than others");
  for (std::string kind : {"mean", "sum", "max"})
    check("", "%y = cnn.reduce <" + kind + "> %x {keep = array<i64: 0, 1>} : (tensor<?x3x5x6xf32>) -> tensor<?x3xf32>",
          "3x5x6", result("3"));
}

TEST_F(Legalize, FoldsNormalization) {
  std::string type = "tensor<?x3x5x5xf32>";
  std::string norm = "%n = cnn.batch_norm %c, %s, %b, %m, %v {epsilon = 1.0e-5 : f64} : (" + type +
                     ", tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) -> " + type + "\n";
  std::string constants = constant("s", "3") + constant("b", "3") + constant("m", "3") + constant("v", "3", 0.1) +
                          constant("w", "3x2x3x3") + constant("k", "2");
  std::string body = "%p = cnn.binary <mul> %x, %k {axes = array<i64: 1>} : (tensor<?x2x7x7xf32>, tensor<2xf32>) -> "
                     "tensor<?x2x7x7xf32>\n"
                     "%q = cnn.binary <sub> %p, %k {axes = array<i64: 1>} : (tensor<?x2x7x7xf32>, tensor<2xf32>) -> "
                     "tensor<?x2x7x7xf32>\n"
                     "%c = cnn.conv %q, %w {" +
                     window("3, 3") + "} : (tensor<?x2x7x7xf32>, tensor<3x2x3x3xf32>) -> " + type + "\n" + norm +
                     "%y = cnn.unary <relu> %n : (" + type + ") -> " + type;
  EXPECT_EQ(occurrences(check(constants, body, "2x7x7", type), "neuflow.affine"), 0);
  // Zeros of a padding would be shifted.
  std::string padded = "tensor<?x3x7x7xf32>";
  body = "%p = cnn.binary <add> %x, %k {axes = array<i64: 1>} : (tensor<?x2x7x7xf32>, tensor<2xf32>) -> "
         "tensor<?x2x7x7xf32>\n%y = cnn.conv %p, %w {" +
         window("3, 3", "1, 1", "1, 1", "1, 1", "1, 1") + "} : (tensor<?x2x7x7xf32>, tensor<3x2x3x3xf32>) -> " + padded;
  EXPECT_EQ(occurrences(check(constants, body, "2x7x7", padded), "neuflow.affine"), 1);
  // Somebody else reads what the convolution gives.
  body = "%c = cnn.conv %x, %w {" + window("3, 3") + "} : (tensor<?x2x7x7xf32>, tensor<3x2x3x3xf32>) -> " + type +
         "\n" + norm + "%y = cnn.binary <max> %n, %c {axes = array<i64: 0, 1, 2, 3>} : (" + type + ", " + type +
         ") -> " + type;
  EXPECT_EQ(occurrences(check(constants, body, "2x7x7", type), "neuflow.affine"), 1);
}

TEST_F(Legalize, ElementwiseAndPlanes) {
  std::string type = "tensor<?x2x4x5xf32>";
  for (std::string kind : {"add", "sub", "mul", "max", "min"})
    check("",
          "%a = cnn.unary <tanh> %x : (" + type + ") -> " + type + "\n%y = cnn.binary <" + kind +
              "> %x, %a {axes = array<i64: 0, 1, 2, 3>} : (" + type + ", " + type + ") -> " + type,
          "2x4x5", type);
  for (std::string kind : {"relu", "leaky_relu", "sigmoid", "square", "neg", "abs"})
    check("", "%y = cnn.unary <" + kind + "> %x : (" + type + ") -> " + type, "2x4x5", type);
  for (std::string kind : {"add", "sub", "mul", "div"})
    check("%k = cnn.constant dense<0.75> : tensor<f32>\n",
          "%y = cnn.binary <" + kind + "> %x, %k {axes = array<i64>} : (" + type + ", tensor<f32>) -> " + type, "2x4x5",
          type);
  check("",
        "%a = cnn.slice %x {offsets = array<i64: 0, 1, 0, 2>, sizes = array<i64: -1, 1, 3, 2>} : (" + type +
            ") -> tensor<?x1x3x2xf32>\n"
            "%b = cnn.slice %x {offsets = array<i64: 0, 0, 1, 0>, sizes = array<i64: -1, 2, 3, 2>} : (" +
            type +
            ") -> tensor<?x2x3x2xf32>\n"
            "%c = cnn.concat %a, %b {axis = 1 : i64} : (tensor<?x1x3x2xf32>, tensor<?x2x3x2xf32>) -> "
            "tensor<?x3x3x2xf32>\n"
            "%y = cnn.pad %c {low = array<i64: 0, 0, 1, 0>, high = array<i64: 0, 0, 0, 2>, mode = "
            "#cnn.pad_mode<constant>, value = 0.0 : f64} : (tensor<?x3x3x2xf32>) -> tensor<?x3x4x4xf32>",
        "2x4x5", "tensor<?x3x4x4xf32>");
  // Quotients, of what is not near 0.
  check("%k = cnn.constant dense<2.0> : tensor<f32>\n",
        "%a = cnn.binary <add> %x, %k {axes = array<i64>} : (" + type + ", tensor<f32>) -> " + type +
            "\n%b = cnn.unary <square> %a : (" + type + ") -> " + type +
            "\n%y = cnn.binary <div> %b, %a {axes = array<i64: 0, 1, 2, 3>} : (" + type + ", " + type + ") -> " + type,
        "2x4x5", type);
  // A product that is added to one of its operands, and a residual.
  check(constant("w", "2x2x3x3"),
        "%c = cnn.conv %x, %w {" + window("3, 3", "1, 1", "1, 1", "1, 1", "1, 1") + "} : (" + type +
            ", tensor<2x2x3x3xf32>) -> " + type + "\n%r = cnn.unary <relu> %c : (" + type + ") -> " + type +
            "\n%s = cnn.binary <add> %r, %x {axes = array<i64: 0, 1, 2, 3>} : (" + type + ", " + type + ") -> " + type +
            "\n%p = cnn.binary <mul> %s, %r {axes = array<i64: 0, 1, 2, 3>} : (" + type + ", " + type + ") -> " + type +
            "\n%y = cnn.binary <add> %p, %s {axes = array<i64: 0, 1, 2, 3>} : (" + type + ", " + type + ") -> " + type,
        "2x4x5", type);
  EXPECT_TRUE(warnings.empty());
}

TEST_F(Legalize, HasTheHostDoTheRest) {
  std::string dense = "window = #cnn.window<kernel = [], stride = [], dilation = [], pad_low = [], pad_high = []>";
  std::string body = "%a = cnn.conv %x, %w {" + dense + "} : (tensor<?x4xf32>, tensor<4x4xf32>) -> tensor<?x4xf32>\n" +
                     "%s = cnn.softmax %a : (tensor<?x4xf32>) -> tensor<?x4xf32>\n"
                     "%b = cnn.binary <mul> %s, %a {axes = array<i64: 0, 1>} : (tensor<?x4xf32>, tensor<?x4xf32>) -> "
                     "tensor<?x4xf32>\n"
                     "%y = cnn.log_softmax %b : (tensor<?x4xf32>) -> tensor<?x4xf32>";
  std::string text = check(constant("w", "4x4"), body, "4", result("4"));
  for (std::string part : {"@net.part0(%0)", "@net.part1(%2)", "@net.part2(", "@net.part3("})
    EXPECT_NE(text.find("call " + part), std::string::npos) << part << text;
  EXPECT_EQ(occurrences(text, "#neuflow.part<host>"), 2);
  ASSERT_EQ(warnings.size(), 2u);
  EXPECT_EQ(warnings[0], "runs on the host: softmax: its exponentials have a range that words of 16 bits do not");
}

// Two parts read one value, as words of different fractions: 64 x^2 leaves fewer bits than x.
TEST_F(Legalize, QuantizesForEachPart) {
  std::string type = "tensor<?x4xf32>", whole = " {axes = array<i64: 0, 1>} : (" + type + ", " + type + ") -> " + type;
  std::string text = check("%k = cnn.constant dense<0.01> : tensor<f32>\n",
                           "%a = cnn.binary <mul> %x, %x" + whole + "\n%s = cnn.softmax %a : (" + type + ") -> " +
                               type + "\n%b = cnn.binary <mul> %s, %k {axes = array<i64>} : (" + type +
                               ", tensor<f32>) -> " + type + "\n%y = cnn.binary <sub> %b, %x" + whole,
                           "4", type);
  EXPECT_EQ(occurrences(text, "neuflow.quantize"), 2) << text;
}

// Each limit names itself, and the net still computes the same.
TEST_F(Legalize, NamesLimits) {
  auto limit = [&](std::string constants, std::string body, std::string x, std::string y, std::string expected,
                   std::string target = "neuflow-v6") {
    warnings.clear();
    check(constants, body, x, result(y), target);
    ASSERT_FALSE(warnings.empty()) << expected;
    EXPECT_EQ(warnings[0], "runs on the host: " + expected);
  };
  limit(constant("w", "1x1x1x3"), conv(window("1, 3", "1, 1", "1, 1", "0, 1", "0, 1"), "1x2x63", "1x1x1x3", "1x2x63"),
        "1x2x63", "1x2x63",
        "conv: a convolver of neuflow-tiny holds lines of 64 columns, but these planes have 65 with their padding",
        "neuflow-tiny");
  limit(constant("w", "1x1x1x1"), conv(window("1, 1", "256, 1"), "1x300x1", "1x1x1x1", "1x2x1"), "1x300x1", "1x2x1",
        "conv: a convolver's stride is at most 255, but this one is 256");
  limit(constant("w", "1x1x1x1x1"),
        "%y = cnn.conv %x, %w {window = #cnn.window<kernel = [1, 1, 1], stride = [1, 1, 1], dilation = [1, 1, 1], "
        "pad_low = [0, 0, 0], pad_high = [0, 0, 0]>} : (tensor<?x1x2x2x2xf32>, tensor<1x1x1x1x1xf32>) -> "
        "tensor<?x1x2x2x2xf32>",
        "1x2x2x2", "1x2x2x2", "conv: the grid computes planes of rows and columns, but this is [1, 2, 2, 2]");
  limit("", "%y = cnn.max_pool %x {" + window("2, 2") + "} : (tensor<?x1x3x3xf32>) -> tensor<?x1x2x2xf32>", "1x3x3",
        "1x2x2",
        "maxpool: neuflow-ml605 does not have the feature 'chain', without which there is no maximum of streams",
        "neuflow-ml605");
  limit("", "%y = cnn.upsample %x {factors = array<i64: 2, 2>} : (tensor<?x1x2x2xf32>) -> tensor<?x1x4x4xf32>", "1x2x2",
        "1x4x4", "upsample: no stream hands each word on twice");
  limit("", "%y = cnn.permute %x {perm = array<i64: 0, 1, 3, 2>} : (tensor<?x1x2x3xf32>) -> tensor<?x1x3x2xf32>",
        "1x2x3", "1x3x2", "permute: streams read planes in their order");
  limit("%k = cnn.constant dense<0.5> : tensor<f32>\n",
        "%y = cnn.binary <max> %x, %k {axes = array<i64>} : (tensor<?x2xf32>, tensor<f32>) -> tensor<?x2xf32>", "2",
        "2", "max: the grid compares streams, not a stream and a constant");
  limit("",
        "%y = cnn.concat %x, %x {axis = 2 : i64} : (tensor<?x1x2x3xf32>, tensor<?x1x2x3xf32>) -> tensor<?x1x4x3xf32>",
        "1x2x3", "1x4x3", "concat: the grid stacks planes, but this joins dimension 2");
  limit("",
        "%y = cnn.lrn %x {size = 3 : i64, alpha = 1.0e-4 : f64, beta = 0.75 : f64, k = 1.0 : f64} : "
        "(tensor<?x3x2x2xf32>) -> "
        "tensor<?x3x2x2xf32>",
        "3x2x2", "3x2x2", "lrn: a power of a sum over planes is not built");
}
