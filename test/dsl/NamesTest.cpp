// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dsl/Names.h"
#include "dsl/Parser.h"
#include "llvm/ADT/STLExtras.h"
#include "gtest/gtest.h"

using namespace cnn::dsl;

namespace {

/// What is said about a file, one "line:column: message" per line, with the help behind "; ". The file sees its own
/// declarations, the names in `builtin`, and the types in `types`.
std::string check(const std::string &text) {
  SourceFile source("test.cnn", text);
  DiagnosticEngine diagnostics;
  std::unique_ptr<FileAst> ast = parse(source, diagnostics);
  EXPECT_FALSE(diagnostics.hasErrors()) << text;
  llvm::SmallVector<llvm::StringRef> declared;
  auto find = [&](llvm::StringRef name) -> const Decl * {
    for (const Decl *decl : ast->declarations) {
      const auto *model = llvm::dyn_cast<ModelDecl>(decl);
      const auto *data = llvm::dyn_cast<DataDecl>(decl);
      const auto *constant = llvm::dyn_cast<ConstDecl>(decl);
      if ((model && model->name.text == name) || (data && data->name.text == name) ||
          (constant && constant->name.text == name))
        return decl;
    }
    return nullptr;
  };
  for (const Decl *decl : ast->declarations)
    if (const auto *model = llvm::dyn_cast<ModelDecl>(decl))
      declared.push_back(model->name.text);
  checkNames(*ast, {find, declared, {"conv", "relu", "same"}, {"int", "fn", "f32"}}, diagnostics);

  std::string result;
  llvm::raw_string_ostream os(result);
  for (const Diagnostic *diagnostic : diagnostics.sorted()) {
    LineColumn begin = diagnostic->range.beginPosition();
    os << begin.line << ":" << begin.column << ": " << diagnostic->message;
    for (const Remark &help : diagnostic->helps)
      os << "; " << help.message;
    os << "\n";
  }
  return result;
}

std::string inBody(const std::string &statements) {
  return check("module M(k: int)(x: [C, S...]) {\n" + statements + "\n}\n");
}

TEST(Names, KnownNames) {
  EXPECT_EQ(inBody("y = x |> conv(k*C, 3x3, pad = same)\nfor i in 0..k { y = relu(y + i) }\n(a, _) = (S, C)\na + y"),
            "");
}

TEST(Names, UnknownName) {
  EXPECT_EQ(inBody("x |> cnov(3)"), "2:6: unknown name 'cnov'; did you mean 'conv'?\n");
  EXPECT_EQ(inBody("x |> attention(3)"), "2:6: unknown name 'attention'\n");
}

TEST(Names, LocalNamesAreSuggestedFirst) {
  EXPECT_EQ(inBody("cons = 1\nx + conx"), "3:5: unknown name 'conx'; did you mean 'cons'?\n");
}

TEST(Names, AnUnknownNameIsReportedOnce) { EXPECT_EQ(inBody("x + z + z"), "2:5: unknown name 'z'\n"); }

TEST(Names, UsedBeforeItIsBound) { EXPECT_EQ(inBody("y = z\nz = 1\nx + y"), "2:5: 'z' is used before it is bound\n"); }

TEST(Names, ALoopSeesWhatItBindsFurtherDown) {
  EXPECT_EQ(inBody("for i in 0..3 {\n  if i > 0 { x = x + last }\n  last = x\n}\nx"), "");
}

TEST(Names, ABranchMayBind) { EXPECT_EQ(inBody("if k == 1 { y = x } else { z = x }\ny + z"), ""); }

TEST(Names, UnusedValue) {
  EXPECT_EQ(inBody("x |> relu\nx"), "2:1: this value is not used; to go on with it, bind it: x = …\n");
  EXPECT_EQ(inBody("for i in 0..3 { x |> relu }\nx"),
            "2:17: this value is not used; to go on with it, bind it: x = …\n");
  EXPECT_EQ(inBody("if k == 1 { relu(x) }\nx"), "2:13: this value is not used\n");
  EXPECT_EQ(inBody("if k == 1 { relu(x) } else { x }"), "");
  EXPECT_EQ(inBody("y = if k == 1 { relu(x) } else { x }\ny"), "");
}

TEST(Names, UnknownArgument) {
  EXPECT_EQ(inBody("x |> M(kk = 3)"), "2:8: 'M' has no argument 'kk'; did you mean 'k'?\n");
  EXPECT_EQ(inBody("M(k = 3)(x = x)"), "");
  // A local name hides the declaration.
  EXPECT_EQ(inBody("M = relu\nM(x, alpha = 3)"), "");
}

TEST(Names, Types) {
  EXPECT_EQ(check("module M(f: fun)(x: f32[C]) { x }\n"), "1:13: unknown type 'fun'; did you mean 'fn'?\n");
  EXPECT_EQ(inBody("param w: f31[C]\nx + w"), "2:10: unknown type 'f31'; did you mean 'f32'?\n");
}

TEST(Names, DefaultValuesSeeTheParametersBefore) {
  EXPECT_EQ(check("module M(a: int, b: int = 2*a)(x: [C]) { x }\n"), "");
  EXPECT_EQ(check("module M(a: int = b, b: int = 1)(x: [C]) { x }\n"), "1:19: unknown name 'b'\n");
}

TEST(Names, TrainBlocksSeeFieldsAndResults) {
  std::string before = "net A(image: f32[1]) -> (score: f32[1]) { score = image }\ndata D { label: f32[1] = conv }\n";
  EXPECT_EQ(check(before + "train A on D { loss = relu(score + label + image) }\n"), "");
  EXPECT_EQ(check(before + "train A on D { loss = lable }\n"), "3:23: unknown name 'lable'; did you mean 'label'?\n");
  // With the data unknown, nothing is said about its fields.
  EXPECT_EQ(check(before + "train A on E { loss = lable }\n"), "3:12: unknown name 'E'\n");
}

} // namespace
