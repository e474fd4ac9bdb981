// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dsl/AstPrinter.h"
#include "dsl/Parser.h"
#include "tools/cnnc/Command.h"

namespace cnn::tools {

static ExitCode runCheck(Arguments &arguments) {
  DiagnosticsFormat format = diagnosticsFormat(arguments);
  llvm::StringRef emit = arguments.choice("--emit", {"none", "ast"}, "none");
  llvm::StringRef path = arguments.file("a model, such as lenet5.cnn");
  if (!arguments.finish())
    return ExitCode::WrongCommandLine;

  dsl::SourceTable sources;
  dsl::DiagnosticEngine diagnostics;
  std::string problem;
  if (const dsl::SourceFile *source = sources.read(path, problem)) {
    std::unique_ptr<dsl::FileAst> ast = dsl::parse(*source, diagnostics);
    if (emit == "ast")
      dsl::printAst(*ast, llvm::outs(), /*withPlaces=*/true);
  } else {
    diagnostics.error({}, "cannot read '" + path + "': " + problem);
  }
  showDiagnostics(diagnostics, format);
  return diagnostics.hasErrors() ? ExitCode::WrongModel : ExitCode::Success;
}

const Command checkCommand = {"check", "MODEL [--emit=ast] [--diagnostics=text|json]", "Check a model.",
                              "  --emit=ast               print the syntax tree\n"
                              "  --diagnostics=text|json  show errors as text, or as one JSON object per line\n",
                              runCheck};

} // namespace cnn::tools
