// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/cnnc/Compilation.h"
#include "ir/CnnDialect.h"
#include "mlir/IR/Verifier.h"
#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/Pass/PassManager.h"
#include "passes/Pipelines.h"
#include "llvm/Support/FileSystem.h"

namespace cnn::tools {

void TargetOptions::read(Arguments &arguments) {
  net = arguments.value("--net").value_or("").str();
  cpu = arguments.value("--cpu").value_or("").str();
  triple = arguments.value("--triple").value_or("").str();
}

static mlir::DialectRegistry &fill(mlir::DialectRegistry &registry) {
  mlir::registerAllDialects(registry);
  mlir::registerAllExtensions(registry);
  registry.insert<CnnDialect>();
  cpu::registerDialects(registry);
  return registry;
}

/// Errors of the back end, which are about files and machines more often than about a place in the model.
static mlir::LogicalResult showError(mlir::Diagnostic &diagnostic) {
  if (diagnostic.getSeverity() == mlir::DiagnosticSeverity::Remark)
    return mlir::success();
  auto place = diagnostic.getLocation()->findInstanceOf<mlir::FileLineColLoc>();
  if (place && place.getLine() > 0)
    llvm::errs() << place.getFilename().getValue() << ":" << place.getLine() << ":" << place.getColumn() << ": ";
  else
    llvm::errs() << "cnnc: ";
  bool isError = diagnostic.getSeverity() == mlir::DiagnosticSeverity::Error;
  llvm::errs() << (isError ? "error: " : "warning: ") << diagnostic << "\n";
  return mlir::success();
}

Compilation::Compilation() : context(fill(registry), mlir::MLIRContext::Threading::DISABLED) {
  context.getDiagEngine().registerHandler([](mlir::Diagnostic &diagnostic) { return showError(diagnostic); });
}

ExitCode Compilation::readModel(llvm::StringRef file, DiagnosticsFormat format) {
  path = file.str();
  dsl::DiagnosticEngine diagnostics;
  compiled = dsl::compileFile(file, sources, {}, diagnostics, context);
  showDiagnostics(diagnostics, format);
  if (diagnostics.hasErrors())
    return ExitCode::WrongModel;
  if (mlir::failed(mlir::verify(module()))) {
    llvm::errs() << "cnnc: bug: the module made from '" << path << "' is not valid\n";
    return ExitCode::CompilerBug;
  }
  return ExitCode::Success;
}

ExitCode Compilation::lowerToLinalg(bool withTraining) {
  mlir::PassManager manager(&context);
  if (withTraining)
    buildTrainingPipeline(manager);
  else
    buildInferencePipeline(manager);
  buildLinalgPipeline(manager);
  return mlir::succeeded(manager.run(module())) ? ExitCode::Success : ExitCode::WrongModel;
}

ExitCode Compilation::build(const cpu::ArtifactOptions &options) {
  return mlir::succeeded(cpu::buildArtifact(module(), options)) ? ExitCode::Success : ExitCode::WrongModel;
}

std::string Compilation::chooseNet(llvm::StringRef wanted) const {
  std::string names;
  for (const dsl::NetSummary &net : compiled.nets) {
    if (net.name == wanted || (wanted.empty() && compiled.nets.size() == 1))
      return net.name;
    names += (names.empty() ? "" : ", ") + net.name;
  }
  if (compiled.nets.empty())
    llvm::errs() << "cnnc: error: '" << path << "' has no net\n";
  else if (wanted.empty())
    llvm::errs() << "cnnc: error: '" << path << "' has several nets, choose one with --net: " << names << "\n";
  else
    llvm::errs() << "cnnc: error: '" << path << "' has no net '" << wanted << "', but: " << names << "\n";
  return "";
}

bool Compilation::hasTraining(llvm::StringRef net) {
  for (auto train : module().getOps<TrainOp>())
    if (train.getNet() == net)
      return true;
  return false;
}

std::string producerName() { return "cnnc " CNNC_VERSION; }

TemporaryFolder::TemporaryFolder() {
  llvm::SmallString<128> folder;
  if (std::error_code code = llvm::sys::fs::createUniqueDirectory("cnnc", folder))
    llvm::errs() << "cnnc: error: cannot make a temporary folder: " << code.message() << "\n";
  else
    path = folder.str().str();
}

TemporaryFolder::~TemporaryFolder() {
  if (!path.empty())
    llvm::sys::fs::remove_directories(path);
}

} // namespace cnn::tools
