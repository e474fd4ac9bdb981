// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dsl/Parser.h"
#include "dsl/AstPrinter.h"
#include "gtest/gtest.h"

using namespace cnn::dsl;

namespace {

struct Parsed {
  explicit Parsed(std::string text) : source("test.cnn", std::move(text)), ast(parse(source, diagnostics)) {}
  std::string tree() const {
    std::string text;
    llvm::raw_string_ostream os(text);
    printAst(*ast, os);
    return text;
  }
  std::string errors() const {
    std::string text;
    llvm::raw_string_ostream os(text);
    diagnostics.printText(os);
    return text;
  }

  SourceFile source;
  DiagnosticEngine diagnostics;
  std::unique_ptr<FileAst> ast;
};

/// The tree of one expression.
std::string expr(const std::string &text) {
  Parsed parsed("const value = " + text + "\n");
  std::string errors = parsed.errors();
  if (!errors.empty())
    return errors;
  std::string tree;
  llvm::raw_string_ostream os(tree);
  printAst(*llvm::cast<ConstDecl>(parsed.ast->declarations.front())->value, os);
  return tree;
}

/// The tree of the statements of a body.
std::string body(const std::string &text) {
  Parsed parsed("module M(x: [C]) {\n" + text + "\n}\n");
  std::string errors = parsed.errors();
  if (!errors.empty())
    return errors;
  std::string tree = parsed.tree();
  std::string result;
  for (llvm::StringRef rest = tree; !rest.empty();) {
    auto [line, next] = rest.split('\n');
    if (line.starts_with("  ") && !line.starts_with("  input"))
      result += line.drop_front(2).str() + "\n";
    rest = next;
  }
  return result;
}

TEST(Parser, Precedence) {
  EXPECT_EQ(expr("1 + 2 * 3"), "(+ 1 (* 2 3))");
  EXPECT_EQ(expr("1 - 2 - 3"), "(- (- 1 2) 3)");
  EXPECT_EQ(expr("a / b % c"), "(% (/ a b) c)");
  EXPECT_EQ(expr("-a ^ 2"), "(- (^ a 2))");
  EXPECT_EQ(expr("a ^ -b ^ c"), "(^ a (- (^ b c)))");
  EXPECT_EQ(expr("2 * -a"), "(* 2 (- a))");
  EXPECT_EQ(expr("a or b and not c == d"), "(or a (and b (not (== c d))))");
  EXPECT_EQ(expr("not not a"), "(not (not a))");
  EXPECT_EQ(expr("0..n - 1"), "(.. 0 (- n 1))");
  EXPECT_EQ(expr("a == 0..n"), "(== a (.. 0 n))");
  EXPECT_EQ(expr("(1 + 2) * 3"), "(* (+ 1 2) 3)");
  EXPECT_EQ(expr("a < b and c >= d"), "(and (< a b) (>= c d))");
}

TEST(Parser, Postfix) {
  EXPECT_EQ(expr("a.b.c[1](2)"), "(call (index (. (. a b) c) 1) 2)");
  EXPECT_EQ(expr("data.test[0..512]"), "(index (. data test) (.. 0 512))");
  EXPECT_EQ(expr("a[1..]"), "(index a (.. 1 _))");
  EXPECT_EQ(expr("a[..2, ..]"), "(index a (.. _ 2) (.. _ _))");
  EXPECT_EQ(expr("conv(6, 5x5) @conv1"), "(@conv1 (call conv 6 5x5))");
  EXPECT_EQ(expr("x.on"), "(. x on)");
}

TEST(Parser, CallsAndKeywords) {
  EXPECT_EQ(expr("conv(6, 5x5, pad = 2, in = off)"), "(call conv 6 5x5 pad=2 in=false)");
  EXPECT_EQ(expr("f()"), "(call f)");
  EXPECT_EQ(expr("f(\n  a,\n  b,\n)"), "(call f a b)");
  EXPECT_EQ(expr("concat(parts...)"), "(call concat (spread parts))");
}

TEST(Parser, ListsAndTuples) {
  EXPECT_EQ(expr("[(64, 3, 1), (128, 4, 2)]"), "(list (tuple 64 3 1) (tuple 128 4 2))");
  EXPECT_EQ(expr("(a)"), "a");
  EXPECT_EQ(expr("(a,)"), "(tuple a)");
  EXPECT_EQ(expr("()"), "(tuple)");
  EXPECT_EQ(expr("[]"), "(list)");
}

TEST(Parser, Pipes) {
  EXPECT_EQ(expr("x |> f |> g(1)"), "(|> (|> x f) (call g 1))");
  EXPECT_EQ(expr("a + b |> f"), "(|> (+ a b) f)");
  EXPECT_EQ(expr("x |> f @first |> g"), "(|> (|> x (@first f)) g)");
  EXPECT_EQ(expr("x\n  |> f\n  |> g"), "(|> (|> x f) g)");
}

TEST(Parser, ConditionalExpression) {
  EXPECT_EQ(expr("if a { 1 } else { 2 }"), "(if a {\n  value 1\n} {\n  value 2\n})");
  EXPECT_EQ(expr("1 + if a { 1 } else if b { 2 } else { 3 }"),
            "(+ 1 (if a {\n  value 1\n} {\n  value (if b {\n    value 2\n  } {\n    value 3\n  })\n}))");
}

TEST(Parser, Statements) {
  EXPECT_EQ(body("y = f(x); (a, _) = y\na"), "bind y (call f x)\nbind (a _) y\nvalue a\n");
  EXPECT_EQ(body("for i in 0..3 { x = x |> f }"), "for i in (.. 0 3)\n  bind x (|> x f)\n");
  EXPECT_EQ(body("for (a, b) in list {}"), "for (a b) in list\n");
  EXPECT_EQ(body("param w: f32[K, C, k...] = he(2.0)"), "param w: f32[K C (spread k)] = (call he 2r)\n");
  EXPECT_EQ(body("state mean: f32[C]"), "state mean: f32[C]\n");
  EXPECT_EQ(body("assert C == 1, \"one channel\""), "assert (== C 1) \"one channel\"\n");
  EXPECT_EQ(body("y[k, i] = sum(f) (x[f] - c[k, f])^2"),
            "bind y[k i] (^ (call (call sum f) (- (index x f) (index c k f))) 2)\n");
}

TEST(Parser, ContextualWordsAreNames) {
  EXPECT_EQ(body("state = 1\nparam = state\ndata = net(train)\nparam"),
            "bind state 1\nbind param state\nbind data (call net train)\nvalue param\n");
}

TEST(Parser, LineEnds) {
  EXPECT_EQ(body("y = a +\n  b\ny"), "bind y (+ a b)\nvalue y\n");
  EXPECT_EQ(body("y = a\n-b"), "bind y a\nvalue (- b)\n");
  EXPECT_EQ(body("y = a\n(b, c) = d"), "bind y a\nbind (b c) d\n");
  EXPECT_EQ(body("y = a\n[1]"), "bind y a\nvalue (list 1)\n");
  EXPECT_EQ(body("y = f(a\n  + b)"), "bind y (call f (+ a b))\n");
  EXPECT_EQ(body("if a { b }\nelse { c }"), "value (if a {\n  value b\n} {\n  value c\n})\n");
  // Inside a block that stands in brackets, line ends count again.
  EXPECT_EQ(body("f({ a\nb })"), "value (call f {\n  value a\n  value b\n})\n");
}

TEST(Parser, Declarations) {
  Parsed parsed(R"(import "resnet.cnn"
const classes = 10
module M(filters: int, kernel: window = 3x3, rest)(x: [C, S...], more: [C]...) -> [filters, _...] { x }
module N()(x: [C]) { x }
fn halve(n: int) { n / 2 }
net A(image: u8[1, 28, 28]) -> (score: f32[10], distance: f32) { score = image }
data D {
  image: u8[1] = idx("a"); test { image = idx("b") }
}
train A(depth = 3) on D.part { loss = f(score, label) }
quantize A as B { weights = i8 per channel; require drop <= 0.5% }
)");
  EXPECT_EQ(parsed.errors(), "");
  EXPECT_EQ(parsed.tree(), R"(import "resnet.cnn"
const classes 10
module M
  config filters: int
  config kernel: window = 3x3
  config rest
  input x: [C (spread S)]
  input more: [C]...
  result: [filters (spread _)]
  value x
module N
  input x: [C]
  value x
fn halve
  config n: int
  value (/ n 2)
net A
  input image: u8[1 28 28]
  result score: f32[10]
  result distance: f32
  bind score image
data D
  entry image: u8[1] = (call idx "a")
  entry test block
    entry image = (call idx "b")
train (call A depth=3) on (. D part)
  entry loss = (call f score label)
quantize ...
)");
}

TEST(Parser, RangesCoverTheText) {
  Parsed parsed("const a = (1 + 2) * f(x,\n  y) |> g\n");
  const auto *constant = llvm::cast<ConstDecl>(parsed.ast->declarations.front());
  EXPECT_EQ(constant->range().text(), "const a = (1 + 2) * f(x,\n  y) |> g");
  const auto *pipe = llvm::cast<PipeExpr>(constant->value);
  EXPECT_EQ(pipe->range().text(), "(1 + 2) * f(x,\n  y) |> g");
  const auto *product = llvm::cast<BinaryExpr>(pipe->input);
  EXPECT_EQ(product->range().text(), "(1 + 2) * f(x,\n  y)");
  EXPECT_EQ(product->operatorRange.text(), "*");
  EXPECT_EQ(product->left->range().text(), "1 + 2");
  EXPECT_EQ(product->left->outerRange().text(), "(1 + 2)");
  EXPECT_EQ(product->right->range().text(), "f(x,\n  y)");
}

TEST(Parser, GoesOnAfterAnError) {
  Parsed parsed("module A(x: [C]) {\n  y = conv(,)\n  z = (1 +)\n  z\n}\nmodule B(x: [C]) { x }\n");
  EXPECT_EQ(parsed.diagnostics.errorCount(), 2);
  EXPECT_EQ(parsed.tree(), "module A\n  input x: [C]\n  value z\nmodule B\n  input x: [C]\n  value x\n");
}

TEST(Parser, WrongBracketsSpoilOnlyTheirDeclaration) {
  Parsed parsed("module A(x: [C]) { f(x }\nmodule B(x: [C]) { x }\nmodule C(x: [C]) { x ] }\n");
  EXPECT_EQ(parsed.diagnostics.errorCount(), 2);
  EXPECT_EQ(parsed.tree(), "module B\n  input x: [C]\n  value x\n");
}

/// A hostile file must give an error, in time, and must not run out of stack: one error each.
class HostileFile : public testing::TestWithParam<std::pair<const char *, std::string>> {};

TEST_P(HostileFile, GivesOneError) {
  Parsed parsed(GetParam().second);
  EXPECT_EQ(parsed.diagnostics.errorCount(), 1) << parsed.errors().substr(0, 1000);
}

std::string repeat(llvm::StringRef text, int64_t count) {
  std::string result;
  for (int64_t i = 0; i < count; ++i)
    result += text;
  return result;
}

constexpr int64_t many = 20000;

INSTANTIATE_TEST_SUITE_P(
    Parser, HostileFile,
    testing::Values(
        std::pair("OpenParens", "const a = " + repeat("(", many)),
        std::pair("Parens", "const a = " + repeat("(", many) + "1" + repeat(")", many)),
        std::pair("Lists", "const a = " + repeat("[", many) + repeat("]", many)),
        std::pair("Calls", "const a = " + repeat("f(", many) + repeat(")", many)),
        std::pair("CallsOfCalls", "const a = f" + repeat("()", many)),
        std::pair("Slices", "const a = " + repeat("a[..", many) + "1" + repeat("]", many)),
        std::pair("Members", "const a = a" + repeat(".a", many)),
        std::pair("Signs", "const a = " + repeat("-", many) + "1"),
        std::pair("Nots", "const a = " + repeat("not ", many) + "1"),
        std::pair("Powers", "const a = 1" + repeat("^1", many)), std::pair("Sum", "const a = 1" + repeat("+1", many)),
        std::pair("Pipe", "const a = x" + repeat("|>f", many)), std::pair("Pins", "const a = f" + repeat(" @f", many)),
        std::pair("ElseIfs", "const a = " + repeat("if a { } else ", many) + "{ }"),
        std::pair("Ifs", "const a = " + repeat("if a { ", many) + repeat("}", many)),
        std::pair("Conditions", "const a = " + repeat("if ", many) + "a" + repeat(" { }", many)),
        std::pair("Blocks", "module M(x: [C]) " + repeat("{", many) + repeat("}", many)),
        std::pair("Loops", "module M(x: [C]) {" + repeat("for i in a {", many) + repeat("}", many) + "}"),
        std::pair("Dims", "module M(x: [C]) { param p: f32" + repeat("[", many) + repeat("]", many) + "}"),
        std::pair("Entries", "data D {" + repeat("a {", many) + repeat("}", many) + "}"),
        std::pair("ParamTypes", "module M(x: [C]) {" + repeat("param p: f32[{", many) + repeat("}]", many) + "}")),
    [](const auto &test) { return std::string(test.param.first); });

} // namespace
