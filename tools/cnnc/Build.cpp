// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "backends/cpu/Artifact.h"
#include "dsl/Frontend.h"
#include "passes/Pipelines.h"
#include "tools/cnnc/Command.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/raw_ostream.h"

namespace cnn::tools {

/// Errors of the back end, which are about files and machines more often than about a place in the model.
static mlir::LogicalResult showError(mlir::Diagnostic &diagnostic) {
  if (diagnostic.getSeverity() == mlir::DiagnosticSeverity::Remark)
    return mlir::success();
  mlir::FileLineColLoc place = diagnostic.getLocation()->findInstanceOf<mlir::FileLineColLoc>();
  if (place && place.getLine() > 0)
    llvm::errs() << place.getFilename().getValue() << ":" << place.getLine() << ":" << place.getColumn() << ": ";
  else
    llvm::errs() << "cnnc: ";
  bool isError = diagnostic.getSeverity() == mlir::DiagnosticSeverity::Error;
  llvm::errs() << (isError ? "error: " : "warning: ") << diagnostic << "\n";
  return mlir::success();
}

static ExitCode runBuild(Arguments &arguments) {
  DiagnosticsFormat format = diagnosticsFormat(arguments);
  cpu::ArtifactOptions options;
  options.producer = "cnnc " CNNC_VERSION;
  options.folder = arguments.value("-o").value_or(".").str();
  options.weightsFile = arguments.value("--weights").value_or("").str();
  options.net = arguments.value("--net").value_or("").str();
  options.cpu = arguments.value("--cpu").value_or("").str();
  options.triple = arguments.value("--triple").value_or("").str();
  options.debugInfo = arguments.flag("-g");
  bool withoutTraining = arguments.flag("--inference");
  llvm::StringRef emit =
      arguments.choice("--emit", {"library", "cnn", "linalg", "kernels", "llvm", "asm", "obj"}, "library");
  llvm::StringRef path = arguments.file("a model, such as lenet5.cnn");
  if (!arguments.finish())
    return ExitCode::WrongCommandLine;

  mlir::DialectRegistry registry;
  cpu::registerDialects(registry);
  mlir::MLIRContext context(registry, mlir::MLIRContext::Threading::DISABLED);
  context.printOpOnDiagnostic(false);
  context.getDiagEngine().registerHandler(showError);

  dsl::SourceTable sources;
  dsl::DiagnosticEngine diagnostics;
  dsl::CompiledFile file = dsl::compileFile(path, sources, {}, diagnostics, context);
  showDiagnostics(diagnostics, format);
  if (!file.module)
    return ExitCode::WrongModel;

  mlir::PassManager manager(&context);
  if (withoutTraining)
    buildInferencePipeline(manager);
  else
    buildTrainingPipeline(manager);
  if (emit != "cnn")
    buildLinalgPipeline(manager);
  if (failed(manager.run(*file.module)))
    return ExitCode::WrongModel;

  if (emit == "library")
    return failed(cpu::buildArtifact(*file.module, options)) ? ExitCode::WrongModel : ExitCode::Success;
  llvm::SmallString<0> text;
  llvm::raw_svector_ostream stream(text);
  if (emit == "cnn" || emit == "linalg") {
    file.module->print(stream);
    stream << "\n";
  } else {
    cpu::Stage stage = emit == "kernels" ? cpu::Stage::Kernels
                       : emit == "llvm"  ? cpu::Stage::LLVM
                       : emit == "asm"   ? cpu::Stage::Assembly
                                         : cpu::Stage::Object;
    if (failed(cpu::emitStage(*file.module, options, stage, stream)))
      return ExitCode::WrongModel;
  }
  llvm::outs() << text;
  return ExitCode::Success;
}

const Command buildCommand = {
    "build", "MODEL [-o DIR] [--weights FILE] [--cpu=CPU] [--triple=TRIPLE] [--emit=STAGE]",
    "Compile a model to a C library.",
    "  -o DIR                   where NAME.h, libNAME.a, libNAME.so and NAME.pc go (.)\n"
    "  --weights FILE           put these weights (safetensors) into the library\n"
    "  --net NAME               the network, if the file has several\n"
    "  --inference              leave training out\n"
    "  --cpu CPU                compile for this CPU, such as x86-64-v3 (the host's)\n"
    "  --triple TRIPLE          compile for this machine, such as aarch64-linux-gnu (the host)\n"
    "  -g                       line tables for debuggers and profilers\n"
    "  --emit STAGE             print cnn, linalg, kernels, llvm, asm or obj instead\n"
    "  --diagnostics=text|json  show errors as text, or as one JSON object per line\n",
    runBuild};

} // namespace cnn::tools
