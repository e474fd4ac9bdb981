// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dsl/AstPrinter.h"
#include "dsl/Format.h"
#include "dsl/Parser.h"
#include "tools/cnnc/BugReport.h"
#include "tools/cnnc/Command.h"
#include "tools/cnnc/OutputFile.h"
#include "llvm/Support/raw_ostream.h"

namespace cnn::tools {

static std::string treeOf(const dsl::FileAst &ast) {
  std::string text;
  llvm::raw_string_ostream os(text);
  dsl::printAst(ast, os);
  return text;
}

/// Formatting must not change the tree, nor change its own result; the text is not trusted before that is checked.
static bool isFaithful(const dsl::FileAst &ast, const std::string &formatted) {
  dsl::SourceFile source(ast.source.path().str(), formatted);
  dsl::DiagnosticEngine diagnostics;
  std::unique_ptr<dsl::FileAst> again = dsl::parse(source, diagnostics);
  return !diagnostics.hasErrors() && treeOf(*again) == treeOf(ast) && dsl::format(*again) == formatted;
}

static ExitCode runFmt(Arguments &arguments) {
  DiagnosticsFormat diagnosticsForm = diagnosticsFormat(arguments);
  bool isCheck = arguments.flag("--check");
  bool isInPlace = arguments.flag("-i");
  std::vector<llvm::StringRef> paths = arguments.files("a file to format, or - for standard input");
  if (isCheck && isInPlace)
    arguments.error("'--check' changes nothing, so it does not go with '-i'");
  if (!arguments.finish())
    return ExitCode::WrongCommandLine;

  auto result = ExitCode::Success;
  for (llvm::StringRef path : paths) {
    dsl::SourceTable sources;
    dsl::DiagnosticEngine diagnostics;
    std::string problem;
    const dsl::SourceFile *source = isInPlace ? sources.read(path, problem) : sources.readArgument(path, problem);
    if (!source) {
      diagnostics.error({}, "cannot read '" + path + "': " + problem);
      showDiagnostics(diagnostics, diagnosticsForm);
      result = ExitCode::WrongModel;
      continue;
    }
    std::unique_ptr<dsl::FileAst> ast = dsl::parse(*source, diagnostics);
    if (diagnostics.hasErrors()) {
      showDiagnostics(diagnostics, diagnosticsForm);
      result = ExitCode::WrongModel;
      continue;
    }
    std::string formatted = dsl::format(*ast);
    if (!isFaithful(*ast, formatted)) {
      reportBug("formatting would change the meaning of '" + path + "'; it is left as it is");
      return ExitCode::CompilerBug;
    }
    bool isFormatted = source->text() == formatted;
    if (isCheck) {
      if (!isFormatted) {
        llvm::errs() << path << ": not formatted; 'cnnc fmt -i " << path << "' formats it\n";
        result = ExitCode::WrongModel;
      }
    } else if (!isInPlace) {
      llvm::outs() << formatted;
    } else if (!isFormatted && !writeWholeFile(path, formatted, problem)) {
      diagnostics.error({}, problem);
      showDiagnostics(diagnostics, diagnosticsForm);
      result = ExitCode::WrongModel;
    }
  }
  return result;
}

const Command fmtCommand = {"fmt", "FILE… [--check | -i] [--diagnostics=text|json]",
                            "Format models; prints the result.",
                            "  -i                       replace the files\n"
                            "  --check                  change nothing; exit with 1 if a file is not formatted\n"
                            "  --diagnostics=text|json  show errors as text, or as one JSON object per line\n",
                            runFmt};

} // namespace cnn::tools
