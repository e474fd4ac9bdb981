// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "backends/neuflow/EmbeddedRuntime.h"
#include "backends/neuflow/Passes.h"
#include "backends/neuflow/lower/Passes.h"
#include "backends/neuflow/lower/ProgramOps.h"
#include "backends/neuflow/program/CycleModel.h"
#include "backends/neuflow/program/Performance.h"
#include "backends/neuflow/program/Pictures.h"
#include "mlir/Pass/PassManager.h"
#include "tools/cnnc/NeuflowBuild.h"
#include "tools/cnnc/OutputFile.h"
#include "tools/cnnc/TextTable.h"
#include "llvm/Support/FileSystem.h"

namespace cnn::tools {

ExitCode printNeuflowStage(Compilation &compilation, const NeuflowOptions &options, llvm::StringRef stage,
                           llvm::raw_ostream &os) {
  ExitCode code = runPasses(compilation, compilation.module(), [&](mlir::OpPassManager &manager) {
    if (stage == "passes")
      neuflow::buildPassesPipeline(manager, options.machine);
    else
      neuflow::buildLowerPipeline(manager, options.machine);
  });
  if (code == ExitCode::Success)
    compilation.module().print(os);
  return code;
}

/// The name of a program's files: the net's, or, if the grid computes several parts of it, the part's.
static std::string fileName(const NeuflowOptions &options, neuflow::ProgramOp program, size_t parts) {
  return parts == 1 ? options.net : partOf(program).str();
}

/// Says on standard error how a program computes its layers, and draws it into a folder: what is asked for.
static ExitCode showProgram(Compilation &compilation, const NeuflowOptions &options, neuflow::ProgramOp op,
                            const std::string &begin) {
  mlir::FailureOr<neuflow::DeviceLevel> level = neuflow::readDeviceLevel(op);
  if (mlir::failed(level))
    return ExitCode::CompilerBug;
  std::vector<neuflow::GridPass> &passes = level->program.passes;
  neuflow::CycleModel model(level->target);
  for (size_t i = 0; i < passes.size(); ++i)
    passes[i].expected = model.expect(i == 0 ? nullptr : &passes[i - 1], passes[i]);
  level->program.name = partOf(op).str();
  if (options.explains)
    llvm::errs() << "\n"
                 << level->program.name << ", on " << level->target.name << "\n"
                 << neuflow::explain(level->program, level->target);
  if (!options.draws)
    return ExitCode::Success;
  std::string problem;
  neuflow::ChannelGraph graph(level->target);
  bool isWritten =
      writeWholeFile(begin + ".timeline.svg", neuflow::timelinePicture(level->program, level->target), problem);
  for (size_t i = 0; i < passes.size() && isWritten; ++i)
    isWritten = writeWholeFile(begin + ".pass" + std::to_string(i + 1) + ".svg", neuflow::gridPicture(passes[i], graph),
                               problem);
  return isWritten ? ExitCode::Success : compilation.error(problem);
}

/// Lists the ops of a part on standard error.
static void explainHostPart(mlir::func::FuncOp part) {
  TextTable table({"layer", "op", "result"}, /*textColumns=*/3);
  for (mlir::Operation &op : part.getBody().front().without_terminator()) {
    if (op.hasTrait<mlir::OpTrait::ConstantLike>())
      continue;
    // Without the batch, as the file has it.
    auto type = llvm::cast<mlir::RankedTensorType>(op.getResult(0).getType());
    std::string shape;
    for (int64_t size : type.getShape().drop_front())
      shape += (shape.empty() ? "" : ", ") + std::to_string(size);
    table.add({layerOf(op.getLoc()), op.getName().stripDialect().str(), "[" + shape + "]"});
  }
  llvm::errs() << "\n" << part.getName() << ", on the host\n";
  table.print(llvm::errs());
}

/// All parts in their order.
static ExitCode showParts(Compilation &compilation, const NeuflowOptions &options, llvm::StringRef folder) {
  size_t programs = llvm::range_size(compilation.module().getOps<neuflow::ProgramOp>());
  for (mlir::Operation &op : *compilation.module().getBody()) {
    if (auto program = llvm::dyn_cast<neuflow::ProgramOp>(op)) {
      ExitCode code =
          showProgram(compilation, options, program, (folder + "/" + fileName(options, program, programs)).str());
      if (code != ExitCode::Success)
        return code;
    }
    auto part = op.getAttrOfType<neuflow::PartKindAttr>(neuflow::partAttrName);
    if (options.explains && part && part.getValue() == neuflow::PartKind::Host)
      explainHostPart(llvm::cast<mlir::func::FuncOp>(op));
  }
  return ExitCode::Success;
}

/// The files of the programs; `programs` are what is in them, by the names of the parts.
static ExitCode writePrograms(Compilation &compilation, const NeuflowOptions &options, llvm::StringRef folder,
                              llvm::StringMap<std::string> &programs) {
  ExitCode code = runPasses(compilation, compilation.module(), [&](mlir::OpPassManager &manager) {
    neuflow::buildPassesPipeline(manager, options.machine);
  });
  // Before there are only words.
  if (code == ExitCode::Success)
    code = showParts(compilation, options, folder);
  if (code == ExitCode::Success)
    code = runPasses(compilation, compilation.module(),
                     [](mlir::OpPassManager &manager) { manager.addPass(neuflow::createLowerToMachine()); });
  if (code != ExitCode::Success)
    return code;
  auto ops = llvm::to_vector(compilation.module().getOps<neuflow::ProgramOp>());
  if (ops.empty())
    return compilation.error("the grid computes nothing of '" + options.net + "'");
  for (neuflow::ProgramOp op : ops) {
    // It fails where the program is too large for the machine's memory.
    mlir::FailureOr<neuflow::Program> program = neuflow::readProgram(op);
    if (mlir::failed(program))
      return ExitCode::WrongModel;
    std::string problem, &bytes = programs[partOf(op)];
    bytes = neuflow::writeContainer(*program);
    if (!writeWholeFile((folder + "/" + fileName(options, op, ops.size()) + ".nfb").str(), bytes, problem))
      return compilation.error(problem);
  }
  return ExitCode::Success;
}

ExitCode writeNeuflowLibrary(Compilation &compilation, const NeuflowOptions &options, cpu::ArtifactOptions host,
                             llvm::StringRef folder) {
  if (std::error_code error =
          llvm::sys::fs::create_directories(folder, /*IgnoreExisting=*/true, llvm::sys::fs::all_all))
    return compilation.error("cannot make the folder '" + folder + "': " + error.message());
  // All files or none.
  TemporaryFolder temporary(compilation.format, folder);
  if (temporary.path.empty())
    return ExitCode::WrongModel;
  mlir::OwningOpRef<mlir::ModuleOp> forHost = compilation.module().clone();
  ExitCode code = runPasses(compilation, *forHost,
                            [](mlir::OpPassManager &manager) { manager.addPass(neuflow::createExtractHost()); });
  llvm::StringMap<std::string> programs;
  if (code == ExitCode::Success)
    code = writePrograms(compilation, options, temporary.path, programs);
  if (code != ExitCode::Success)
    return code;

  host.folder = temporary.path;
  host.deviceSource = CNN_NEUFLOW_DEVICE_SOURCE;
  host.deviceRuntime =
      llvm::StringRef(reinterpret_cast<const char *>(cnnNeuflowRuntime), static_cast<size_t>(cnnNeuflowRuntimeBytes));
  for (auto part : forHost->getOps<mlir::func::FuncOp>())
    if (part->hasAttr(devicePartAttrName))
      host.devicePrograms.push_back(programs[part.getName()]);
  compilation.compiled.module = std::move(forHost);
  code = compilation.lowerToLinalg(host, /*withTraining=*/false);
  if (code == ExitCode::Success)
    code = compilation.build(host);
  std::string problem;
  if (code == ExitCode::Success && !moveFiles(temporary.path, folder, problem))
    return compilation.error(problem);
  return code;
}

} // namespace cnn::tools
