// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dsl/AstPrinter.h"
#include "dsl/Parser.h"
#include "tools/cnnc/Compilation.h"
#include "tools/cnnc/LayerTable.h"
#include "llvm/ADT/STLExtras.h"

namespace cnn::tools {

ExitCode printSyntaxTree(llvm::StringRef path, DiagnosticsFormat format, llvm::raw_ostream &stream) {
  dsl::SourceTable sources;
  dsl::DiagnosticEngine diagnostics;
  std::string problem;
  if (const dsl::SourceFile *source = sources.readArgument(path, problem))
    dsl::printAst(*dsl::parse(*source, diagnostics), stream, /*withPlaces=*/true);
  else
    diagnostics.error({}, "cannot read '" + path + "': " + problem);
  showDiagnostics(diagnostics, format);
  return diagnostics.hasErrors() ? ExitCode::WrongModel : ExitCode::Success;
}

static ExitCode runCheck(Arguments &arguments) {
  DiagnosticsFormat format = diagnosticsFormat(arguments);
  llvm::StringRef emit =
      arguments.choice("--emit", {"table", "none", "ast", "cnn", "linalg", "kernels", "llvm", "asm", "obj"}, "table");
  if (llvm::is_contained({"linalg", "kernels", "llvm", "asm", "obj"}, emit))
    arguments.error("checking ends with the cnn dialect; 'cnnc build --emit=" + emit + "' goes on");
  bool withLocations = arguments.flag("--locations");
  llvm::StringRef path = arguments.file("a model, such as lenet5.cnn");
  if (!arguments.finish())
    return ExitCode::WrongCommandLine;

  if (emit == "ast")
    return printSyntaxTree(path, format, llvm::outs());
  Compilation compilation(format);
  ExitCode code = compilation.readModel(path);
  if (emit == "cnn" && code != ExitCode::WrongModel) {
    mlir::OpPrintingFlags flags;
    compilation.module().print(llvm::outs(), withLocations ? flags.enableDebugInfo() : flags);
  }
  if (code == ExitCode::Success)
    code = compilation.checkTraining();
  if (code != ExitCode::Success)
    return code;
  if (emit == "table")
    for (const dsl::NetSummary &net : compilation.compiled.nets)
      printLayerTable(net, llvm::outs());
  return ExitCode::Success;
}

const Command checkCommand = {
    "check", "MODEL [--emit=table|none|ast|cnn] [--diagnostics=text|json]",
    "Check a model, and list its layers with output shapes, parameters and multiply-accumulates.",
    "  --emit=table             list the layers of each net (the default)\n"
    "  --emit=none              report errors alone\n"
    "  --emit=ast               print the syntax tree, without checking more than the syntax\n"
    "  --emit=cnn               print the model in the cnn dialect\n"
    "  --locations              with --emit=cnn: print places in the file too\n"
    "  --diagnostics=text|json  show errors as text, or as one JSON object per line\n",
    runCheck};

} // namespace cnn::tools
