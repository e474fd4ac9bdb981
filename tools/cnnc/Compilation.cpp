// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/cnnc/Compilation.h"
#include "backends/neuflow/dialect/NeuflowDialect.h"
#include "ir/CnnDialect.h"
#include "ir/ModelError.h"
#include "mlir/IR/Verifier.h"
#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/Pass/PassManager.h"
#include "passes/Pipelines.h"
#include "runtime/files/AtomicFile.h"
#include "tools/cnnc/BugReport.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

namespace cnn::tools {

void TargetOptions::read(Arguments &arguments) {
  net = arguments.value("--net").value_or("").str();
  cpu = arguments.value("--cpu").value_or("").str();
  triple = arguments.value("--triple").value_or("").str();
  if (cpu.empty() && triple.empty())
    return;
  if (std::string problem = cpu::findTargetProblem(triple, cpu); !problem.empty())
    arguments.error(problem);
}

std::string readConvAlgorithm(Arguments &arguments) {
  llvm::StringRef algorithm =
      arguments.choice("--conv-algorithm", {"auto", "direct", "winograd2", "winograd4"}, "auto");
  bool isStrict = arguments.choice("--fp-contract", {"fast", "strict"}, "fast") == "strict";
  if (isStrict && algorithm.starts_with("winograd"))
    arguments.error("--fp-contract=strict allows no '" + algorithm + "', which sums in another order");
  return isStrict ? "ordered" : algorithm.str();
}

int64_t readSlice(Arguments &arguments) {
  llvm::StringRef text = arguments.value("--slice").value_or("auto");
  int64_t samples = 0;
  if (text == "auto")
    return 0;
  if (text == "all")
    return -1;
  if (text.getAsInteger(10, samples) || samples < 1)
    arguments.error("expected auto, all or a number of samples for '--slice', but got '" + text + "'");
  return samples;
}

bool readPrecision(Arguments &arguments) { return arguments.choice("--precision", {"f32", "bf16"}, "f32") == "bf16"; }

static mlir::DialectRegistry &fill(mlir::DialectRegistry &registry) {
  mlir::registerAllDialects(registry);
  mlir::registerAllExtensions(registry);
  registry.insert<CnnDialect, neuflow::NeuflowDialect>();
  cpu::registerDialects(registry);
  return registry;
}

/// The range of a location in the text of a file; invalid if the file is none of the model's.
static dsl::SourceRange rangeOf(mlir::FileLineColRange place, dsl::SourceTable &sources) {
  const dsl::SourceFile *file = place ? sources.find(place.getFilename().getValue()) : nullptr;
  // The module as a whole is at 1:1.
  bool isModule = place && place.getStartLine() == 1 && place.getStartColumn() == 1 && place.getEndColumn() <= 1;
  if (!file || isModule || place.getStartLine() < 1 || place.getEndLine() > file->lineCount())
    return {};
  auto offset = [&](int64_t line, int64_t column) {
    return static_cast<uint32_t>(file->lineText(line).data() - file->text().data() + std::max<int64_t>(column, 1) - 1);
  };
  return file->range(offset(place.getStartLine(), place.getStartColumn()),
                     offset(place.getEndLine(), place.getEndColumn()));
}

/// Splits the location of an op: where it is written, and from where that was called.
static dsl::SourceRange splitLocation(mlir::Location location, dsl::SourceTable &sources,
                                      std::vector<dsl::SourceRange> &callers) {
  if (auto call = mlir::dyn_cast<mlir::CallSiteLoc>(location)) {
    dsl::SourceRange place = splitLocation(call.getCallee(), sources, callers);
    callers.push_back(splitLocation(call.getCaller(), sources, callers));
    return place;
  }
  if (auto name = mlir::dyn_cast<mlir::NameLoc>(location))
    return splitLocation(name.getChildLoc(), sources, callers);
  if (auto fused = mlir::dyn_cast<mlir::FusedLoc>(location))
    return splitLocation(fused.getLocations().front(), sources, callers);
  return rangeOf(mlir::dyn_cast<mlir::FileLineColRange>(location), sources);
}

/// An error behind the front end: an op that cannot be differentiated, a file that cannot be written.
static void showLoweringError(mlir::Diagnostic &diagnostic, dsl::SourceTable &sources, DiagnosticsFormat format) {
  if (diagnostic.getSeverity() == mlir::DiagnosticSeverity::Remark)
    return;
  std::vector<dsl::SourceRange> callers;
  dsl::SourceRange place = splitLocation(diagnostic.getLocation(), sources, callers);
  bool isError = diagnostic.getSeverity() == mlir::DiagnosticSeverity::Error;
  dsl::DiagnosticEngine engine;
  dsl::Diagnostic &shown = isError ? engine.error(place, diagnostic.str()) : engine.warning(place, diagnostic.str());
  for (mlir::Diagnostic &note : diagnostic.getNotes()) {
    std::vector<dsl::SourceRange> ignored;
    shown.note(splitLocation(note.getLocation(), sources, ignored), note.str());
  }
  for (dsl::SourceRange caller : callers)
    if (caller.isValid())
      shown.instantiations.push_back({caller, "instantiated here"});
  showDiagnostics(engine, format);
}

Compilation::Compilation(DiagnosticsFormat format)
    : format(format), context(fill(registry), mlir::MLIRContext::Threading::DISABLED) {
  context.printOpOnDiagnostic(false);
  context.getDiagEngine().registerHandler([this](mlir::Diagnostic &diagnostic) {
    showLoweringError(diagnostic, sources, this->format);
    return mlir::success();
  });
}

ExitCode Compilation::readModel(llvm::StringRef file) {
  path = file.str();
  dsl::DiagnosticEngine diagnostics;
  compiled = dsl::compileFile(file, sources, {}, diagnostics, context);
  showDiagnostics(diagnostics, format);
  if (diagnostics.hasErrors())
    return ExitCode::WrongModel;
  if (mlir::failed(mlir::verify(module()))) {
    reportBug("the module made from '" + path + "' is not valid");
    return ExitCode::CompilerBug;
  }
  return ExitCode::Success;
}

ExitCode Compilation::runPasses(mlir::PassManager &manager, mlir::ModuleOp on) {
  dumpAfter.watch(manager);
  ModelErrorWatch watch(&context);
  if (mlir::succeeded(manager.run(on)))
    return ExitCode::Success;
  if (watch.hasSeenOne())
    return ExitCode::WrongModel;
  reportBug("cannot lower '" + path + "'");
  return ExitCode::CompilerBug;
}

ExitCode Compilation::checkTraining() {
  if (module().getOps<TrainOp>().empty())
    return ExitCode::Success;
  mlir::OwningOpRef<mlir::ModuleOp> copy = module().clone();
  mlir::PassManager manager(&context);
  buildDifferentiationPipeline(manager);
  return runPasses(manager, *copy);
}

ExitCode Compilation::chooseAlgorithms(const cpu::ArtifactOptions &target, mlir::ModuleOp on) {
  mlir::PassManager manager(&context);
  buildInferencePipeline(manager);
  cpu::buildChoicePipeline(manager, target);
  return runPasses(manager, on);
}

ExitCode Compilation::lowerToLinalg(const cpu::ArtifactOptions &target, bool withTraining, mlir::ModuleOp on) {
  mlir::PassManager manager(&context);
  if (withTraining)
    buildTrainingPipeline(manager);
  else
    buildInferencePipeline(manager);
  cpu::buildChoicePipeline(manager, target);
  buildLinalgPipeline(manager);
  return runPasses(manager, on);
}

ExitCode Compilation::planMemory(const cpu::ArtifactOptions &options, std::vector<cpu::MemoryUse> &functions) {
  mlir::OwningOpRef<mlir::ModuleOp> copy = module().clone();
  ExitCode code = lowerToLinalg(options, hasTraining(options.net), *copy);
  return code == ExitCode::Success ? exitCodeOf(cpu::planMemory(*copy, options, functions)) : code;
}

ExitCode Compilation::exitCodeOf(cpu::Outcome outcome) {
  switch (outcome) {
  case cpu::Outcome::Success:
    return ExitCode::Success;
  case cpu::Outcome::Refused:
    return ExitCode::WrongModel;
  case cpu::Outcome::Bug:
    reportBug("cannot generate code for '" + path + "'");
    return ExitCode::CompilerBug;
  }
  llvm_unreachable("all outcomes are listed");
}

ExitCode Compilation::build(const cpu::ArtifactOptions &options) {
  return exitCodeOf(cpu::buildArtifact(module(), options));
}

ExitCode Compilation::emit(const cpu::ArtifactOptions &options, cpu::Stage stage, llvm::raw_pwrite_stream &stream) {
  return exitCodeOf(cpu::emitStage(module(), options, stage, stream));
}

namespace {
/// Fails with an error that does not blame the model.
struct FailingPass : mlir::PassWrapper<FailingPass, mlir::OperationPass<mlir::ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(FailingPass)
  void runOnOperation() override {
    getOperation().emitError("cannot go on, as asked for");
    signalPassFailure();
  }
};
} // namespace

ExitCode Compilation::goWrong() {
  mlir::PassManager manager(&context);
  manager.addPass(std::make_unique<FailingPass>());
  return runPasses(manager, module());
}

std::string Compilation::chooseNet(llvm::StringRef wanted) const {
  std::string names;
  for (const dsl::NetSummary &net : compiled.nets) {
    if (net.name == wanted || (wanted.empty() && compiled.nets.size() == 1))
      return net.name;
    names += (names.empty() ? "" : ", ") + net.name;
  }
  if (compiled.nets.empty())
    error("'" + path + "' has no net");
  else if (wanted.empty())
    error("'" + path + "' has several nets, choose one with --net: " + names);
  else
    error("'" + path + "' has no net '" + wanted + "', but: " + names);
  return "";
}

bool Compilation::hasTraining(llvm::StringRef net) {
  for (auto train : module().getOps<TrainOp>())
    if (train.getNet() == net)
      return true;
  return false;
}

std::string producerName() { return "cnnc " CNNC_VERSION; }

/// Folders .cnnc-PROCESS-N without a process.
static void removeLeftovers(llvm::StringRef parent) {
  std::error_code code;
  for (llvm::sys::fs::directory_iterator entry(parent, code, /*follow_symlinks=*/false), end; entry != end && !code;
       entry.increment(code)) {
    llvm::StringRef name = llvm::sys::path::filename(entry->path());
    pid_t process;
    unsigned attempt;
    if (name.consume_front(".cnnc-") && !name.consumeInteger(10, process) && process > 0 && name.consume_front("-") &&
        !name.getAsInteger(10, attempt) && !llvm::sys::fs::is_symlink_file(entry->path()) &&
        runtime::isLeftover(entry->path(), process))
      llvm::sys::fs::remove_directories(entry->path());
  }
}

TemporaryFolder::TemporaryFolder(DiagnosticsFormat format, llvm::StringRef parent) {
  llvm::SmallString<128> place(parent);
  if (parent.empty())
    llvm::sys::path::system_temp_directory(/*ErasedOnReboot=*/true, place);
  else
    removeLeftovers(parent);
  onSignal.emplace();
  std::error_code code;
  for (unsigned attempt = 0; attempt < 1000 && lock < 0 && (!code || code == std::errc::file_exists); ++attempt) {
    path = (place + "/.cnnc-" + llvm::Twine(getpid()) + "-" + llvm::Twine(attempt)).str();
    code = onSignal->makeFolder(path);
    if (code)
      continue;
    // See isLeftover: until now somebody else may have taken it for one.
    lock = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (lock >= 0)
      flock(lock, LOCK_EX | LOCK_NB);
  }
  if (lock >= 0)
    return;
  path.clear();
  showError("cannot write to the folder '" + place + "': " + code.message(), format);
}

TemporaryFolder::~TemporaryFolder() {
  if (!path.empty())
    llvm::sys::fs::remove_directories(path);
  if (lock >= 0)
    close(lock);
}

} // namespace cnn::tools
