// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dsl/Format.h"
#include "dsl/AstPrinter.h"
#include "dsl/Diagnostics.h"
#include "dsl/Parser.h"
#include "test/dsl/RandomProgram.h"
#include "gtest/gtest.h"
#include <filesystem>
#include <fstream>

using namespace cnn::dsl;

namespace {

std::string treeOf(const FileAst &ast) {
  std::string text;
  llvm::raw_string_ostream os(text);
  printAst(ast, os);
  return text;
}

std::string errorsOf(const DiagnosticEngine &diagnostics) {
  std::string text;
  llvm::raw_string_ostream os(text);
  diagnostics.printText(os);
  return text;
}

/// The formatted text, after checking that formatting it again changes nothing and that the tree is the same.
std::string formatted(const std::string &text) {
  SourceFile source("test.cnn", text);
  DiagnosticEngine diagnostics;
  std::unique_ptr<FileAst> ast = parse(source, diagnostics);
  EXPECT_EQ(errorsOf(diagnostics), "") << text;
  if (diagnostics.hasErrors())
    return "";
  std::string once = format(*ast);
  SourceFile onceSource("once.cnn", once);
  std::unique_ptr<FileAst> again = parse(onceSource, diagnostics);
  EXPECT_EQ(errorsOf(diagnostics), "") << once;
  EXPECT_EQ(treeOf(*again), treeOf(*ast)) << once;
  EXPECT_EQ(again->comments.size(), ast->comments.size()) << once;
  EXPECT_EQ(format(*again), once);
  return once;
}

void expectUnchanged(const std::string &text) { EXPECT_EQ(formatted(text), text); }

std::string body(const std::string &statements) { return formatted("module M(x: [C]) {\n" + statements + "\n}\n"); }

std::string inBody(const std::string &statements) { return "module M(x: [C]) {\n" + statements + "}\n"; }

TEST(Format, Operators) {
  EXPECT_EQ(formatted("const a=4 * b+c / 2-1"), "const a = 4*b + c/2 - 1\n");
  EXPECT_EQ(formatted("const a = f(x)*g(y)"), "const a = f(x) * g(y)\n");
  EXPECT_EQ(formatted("const a = 0 .. n - 1"), "const a = 0..n-1\n");
  EXPECT_EQ(formatted("const a = - x ^ 2"), "const a = -x^2\n");
  EXPECT_EQ(formatted("const a = not(a==b)and c"), "const a = not (a == b) and c\n");
  EXPECT_EQ(formatted("const a = x|>f( 1,k=2 )@one|>g"), "const a = x |> f(1, k = 2) @one |> g\n");
  EXPECT_EQ(formatted("const a = b [ 1 .. ] . c"), "const a = b[1..].c\n");
}

TEST(Format, ParenthesesStayWhereTheyGroupOperators) {
  EXPECT_EQ(formatted("const a = ((b))"), "const a = b\n");
  EXPECT_EQ(formatted("const a = f((b + c))"), "const a = f(b + c)\n");
  EXPECT_EQ(formatted("const a = (b and c) or d"), "const a = (b and c) or d\n");
  EXPECT_EQ(formatted("const a = b + ((c) + d)"), "const a = b + (c + d)\n");
  EXPECT_EQ(formatted("const a = (b |> f) + c"), "const a = (b |> f) + c\n");
  EXPECT_EQ(formatted("const a = (2*b)/c"), "const a = (2*b)/c\n");
  EXPECT_EQ(formatted("const a = (-b)^2"), "const a = (-b)^2\n");
  EXPECT_EQ(formatted("const a = (5%) * 2"), "const a = (5%)*2\n");
}

TEST(Format, PipesOfConsecutiveLinesAreAligned) {
  EXPECT_EQ(
      body("x = x |> conv(6, 5x5, pad = 2) |> tanh |> avgpool(2x2)\nx = x |> conv(16, 5x5) |> tanh |> avgpool(2x2)\n"
           "x = x |> conv(120, 5x5) |> tanh\nscore = x |> flatten |> dense(84)"),
      inBody("  x = x |> conv(6, 5x5, pad = 2) |> tanh |> avgpool(2x2)\n"
             "  x = x |> conv(16, 5x5)         |> tanh |> avgpool(2x2)\n"
             "  x = x |> conv(120, 5x5)        |> tanh\n"
             "  score = x |> flatten |> dense(84)\n"));
}

TEST(Format, AlignmentEndsAtABlankLine) {
  EXPECT_EQ(body("x = x |> aa |> b\n\nx = x |> a |> b"), inBody("  x = x |> aa |> b\n\n  x = x |> a |> b\n"));
}

TEST(Format, EntriesAreAligned) {
  EXPECT_EQ(formatted("data D {\n image: u8[1,28,28] = idx(\"a\")\n label: class[10] = idx(\"b\")\n test {\n image = "
                      "idx(\"c\")\n}\n\nx=1}"),
            "data D {\n  image: u8[1, 28, 28] = idx(\"a\")\n  label: class[10]     = idx(\"b\")\n  test {\n"
            "    image = idx(\"c\")\n  }\n\n  x = 1\n}\n");
  EXPECT_EQ(formatted("train A on B { loss=f(x);batch=64 }"), "train A on B { loss = f(x); batch = 64 }\n");
}

TEST(Format, OneLineBlocksStayIfTheyFit) {
  expectUnchanged("module M(x: [C]) { y = relu(x); y + x }\n");
  expectUnchanged("module M(n: int)(x: [C]) {\n  for i in 0..n { x = x |> relu }\n  if n == 0 { x } else { -x }\n}\n");
  EXPECT_EQ(formatted("module M(x: [C]) {}"), "module M(x: [C]) {}\n");
}

TEST(Format, LongBlocksAreOpened) {
  EXPECT_EQ(
      formatted("module Name(x: [C]) { first = relu(x) |> conv(64, 3x3, stride = 2); second = relu(first) |> conv(128, "
                "3x3, stride = 2); second }"),
      "module Name(x: [C]) {\n  first = relu(x) |> conv(64, 3x3, stride = 2)\n"
      "  second = relu(first) |> conv(128, 3x3, stride = 2)\n  second\n}\n");
}

TEST(Format, BranchesAreOpenedTogether) {
  EXPECT_EQ(body("y = if a { 1 } else {\n 2 }"), inBody("  y = if a {\n    1\n  } else {\n    2\n  }\n"));
}

TEST(Format, LongCallsAreBroken) {
  EXPECT_EQ(body("y = concat(x |> conv(64, 1x1), x |> conv(96, 1x1) |> conv(128, 3x3, pad = 1), x |> conv(16, 1x1) |> "
                 "conv(32, 5x5, pad = 2))"),
            inBody("  y = concat(\n    x |> conv(64, 1x1),\n    x |> conv(96, 1x1) |> conv(128, 3x3, pad = 1),\n"
                   "    x |> conv(16, 1x1) |> conv(32, 5x5, pad = 2),\n  )\n"));
}

TEST(Format, ListsOfNumbersAreFilled) {
  std::string numbers;
  for (int i = 0; i < 60; ++i)
    numbers += (i ? ", " : "") + std::to_string(1000 + i);
  std::string text = formatted("const a = [" + numbers + "]");
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 6);
}

TEST(Format, LongPipesAreBroken) {
  EXPECT_EQ(
      body("y = x |> conv(64, 7x7, stride = 2, pad = 3) |> batchnorm |> relu |> maxpool(3x3, stride = 2, pad = 1) |> "
           "conv(64, 1x1) |> relu"),
      inBody("  y = x\n      |> conv(64, 7x7, stride = 2, pad = 3)\n      |> batchnorm\n      |> relu\n"
             "      |> maxpool(3x3, stride = 2, pad = 1)\n      |> conv(64, 1x1)\n      |> relu\n"));
}

TEST(Format, LineBreaksOfPipesAreKept) {
  expectUnchanged(inBody("  y = x\n      |> conv(64, 7x7) |> relu\n      |> conv(64, 7x7) |> relu\n"));
}

TEST(Format, CommentsAreKept) {
  expectUnchanged(
      "# Top.\n\n# About M.\nmodule M(x: [C]) {  # opens\n  # Before y.\n  y = x  # trails\n\n  # Before the "
      "end.\n}\n# Last.\n");
  expectUnchanged("const a = [  # opens\n  # one\n  1,  # after one\n  2,\n  # end\n]\n");
  expectUnchanged(inBody("  x\n      |> f  # first\n      # between\n      |> g  # second\n"));
  expectUnchanged("data D {\n  # only a comment\n}\n");
  EXPECT_EQ(formatted("data D { # opens\n}"), "data D {\n  # opens\n}\n");
  // One that stands where no line can end moves before its statement.
  EXPECT_EQ(body("y = a + # why\n b"), inBody("  # why\n  y = a + b\n"));
}

TEST(Format, BlankLines) {
  EXPECT_EQ(formatted("\n\n\nconst a = 1\n\n\n\nconst b = 2\nconst c = 3\n\n\n"),
            "const a = 1\n\nconst b = 2\nconst c = 3\n");
}

TEST(Format, LaterBlocksStayAsTheyAre) {
  expectUnchanged(
      "quantize A as B {\n  weights = i8 per channel;  activations = u8   # comment\n  require x <= 0.5%\n}\n");
}

TEST(Format, LineEndsAreUnified) {
  EXPECT_EQ(formatted("const a = 1\r\n# b\r\nconst c = 2"), "const a = 1\n# b\nconst c = 2\n");
}

TEST(Format, EmptyFile) {
  EXPECT_EQ(formatted(""), "");
  EXPECT_EQ(formatted("# only\n"), "# only\n");
}

// All models of the tree that parse keep their meaning, and a second run changes nothing.
TEST(Format, ModelsOfTheTree) {
  int64_t count = 0;
  for (const char *folder : {"examples", "dsl/std", "test"}) {
    std::filesystem::path root = std::filesystem::path(SOURCE_ROOT) / folder;
    if (!std::filesystem::exists(root))
      continue;
    for (const auto &entry : std::filesystem::recursive_directory_iterator(root)) {
      if (entry.path().extension() != ".cnn")
        continue;
      std::ifstream stream(entry.path(), std::ios::binary);
      std::string text{std::istreambuf_iterator<char>(stream), {}};
      SourceFile source(entry.path().string(), text);
      DiagnosticEngine diagnostics;
      parse(source, diagnostics);
      if (diagnostics.hasErrors())
        continue;
      SCOPED_TRACE(entry.path().string());
      formatted(text);
      ++count;
    }
  }
  EXPECT_GE(count, 11);
}

// The same for random texts.
TEST(Format, RandomPrograms) {
  for (uint32_t seed = 0; seed < 500 && !HasFailure(); ++seed) {
    std::string text = RandomProgram(seed).file();
    SCOPED_TRACE("seed " + std::to_string(seed) + ":\n" + text);
    formatted(text);
  }
}

} // namespace
