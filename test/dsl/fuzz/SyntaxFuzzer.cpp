// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Any bytes: the lexer, the parser and the showing of diagnostics must not fail, and what parses must keep its tree
// when it is formatted, and its text when it is formatted again.
#include "dsl/AstPrinter.h"
#include "dsl/Diagnostics.h"
#include "dsl/Format.h"
#include "dsl/Parser.h"
#include <cstdlib>

using namespace cnn::dsl;

static std::string treeOf(const FileAst &ast) {
  std::string text;
  llvm::raw_string_ostream os(text);
  printAst(ast, os);
  return text;
}

static void require(bool condition, const char *what, const std::string &text) {
  if (condition)
    return;
  llvm::errs() << what << ":\n" << text << "\n";
  std::abort();
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  SourceFile source("input.cnn", std::string(reinterpret_cast<const char *>(data), size));
  DiagnosticEngine diagnostics;
  std::unique_ptr<FileAst> ast = parse(source, diagnostics);
  std::string shown;
  llvm::raw_string_ostream os(shown);
  diagnostics.printText(os, /*colors=*/true);
  diagnostics.printJson(os);
  printAst(*ast, os, /*withPlaces=*/true);
  if (diagnostics.hasErrors())
    return 0;

  std::string formatted = format(*ast);
  SourceFile formattedSource("formatted.cnn", formatted);
  DiagnosticEngine moreDiagnostics;
  std::unique_ptr<FileAst> again = parse(formattedSource, moreDiagnostics);
  require(!moreDiagnostics.hasErrors(), "formatting made it wrong", formatted);
  require(treeOf(*again) == treeOf(*ast), "formatting changed the tree", formatted);
  require(again->comments.size() == ast->comments.size(), "formatting lost a comment", formatted);
  std::string twice = format(*again);
  require(twice == formatted, "formatting is not idempotent", formatted + "-----\n" + twice);
  return 0;
}
