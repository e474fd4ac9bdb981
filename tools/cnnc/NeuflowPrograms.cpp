// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "backends/neuflow/lower/Passes.h"
#include "backends/neuflow/lower/ProgramOps.h"
#include "backends/neuflow/program/CycleModel.h"
#include "backends/neuflow/program/Performance.h"
#include "backends/neuflow/program/Pictures.h"
#include "mlir/Pass/PassManager.h"
#include "tools/cnnc/NeuflowBuild.h"
#include "tools/cnnc/OutputFile.h"
#include "llvm/Support/FileSystem.h"

namespace cnn::tools {

static ExitCode runPasses(Compilation &compilation, llvm::function_ref<void(mlir::OpPassManager &)> build) {
  mlir::PassManager manager(&compilation.context);
  build(manager);
  return compilation.runPasses(manager, compilation.module());
}

ExitCode printNeuflowStage(Compilation &compilation, const NeuflowOptions &options, llvm::StringRef stage,
                           llvm::raw_ostream &os) {
  ExitCode code = runPasses(compilation, [&](mlir::OpPassManager &manager) {
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
  llvm::StringRef name = program.getSymName();
  name.consume_back(".program");
  return parts == 1 ? options.net : name.str();
}

/// Says on standard error how each program computes its layers, and draws it into a folder: what is asked for.
static ExitCode showPrograms(Compilation &compilation, const NeuflowOptions &options, llvm::StringRef folder) {
  auto programs = llvm::to_vector(compilation.module().getOps<neuflow::ProgramOp>());
  for (neuflow::ProgramOp op : programs) {
    mlir::FailureOr<neuflow::DeviceLevel> level = neuflow::readDeviceLevel(op);
    if (mlir::failed(level))
      return ExitCode::CompilerBug;
    std::vector<neuflow::GridPass> &passes = level->program.passes;
    neuflow::CycleModel model(level->target);
    for (size_t i = 0; i < passes.size(); ++i)
      passes[i].expected = model.expect(i == 0 ? nullptr : &passes[i - 1], passes[i]);
    if (options.explains)
      llvm::errs() << "\n" << op.getSymName() << "\n" << neuflow::explain(level->program, level->target);
    if (!options.draws)
      continue;
    std::string begin = folder.str() + "/" + fileName(options, op, programs.size()), problem;
    neuflow::ChannelGraph graph(level->target);
    bool isWritten =
        writeWholeFile(begin + ".timeline.svg", neuflow::timelinePicture(level->program, level->target), problem);
    for (size_t i = 0; i < passes.size() && isWritten; ++i)
      isWritten = writeWholeFile(begin + ".pass" + std::to_string(i + 1) + ".svg",
                                 neuflow::gridPicture(passes[i], graph), problem);
    if (!isWritten)
      return compilation.error(problem);
  }
  return ExitCode::Success;
}

ExitCode writeNeuflowPrograms(Compilation &compilation, const NeuflowOptions &options, llvm::StringRef folder) {
  ExitCode code = runPasses(
      compilation, [&](mlir::OpPassManager &manager) { neuflow::buildPassesPipeline(manager, options.machine); });
  if (code != ExitCode::Success)
    return code;
  if (std::error_code error =
          llvm::sys::fs::create_directories(folder, /*IgnoreExisting=*/true, llvm::sys::fs::all_all))
    return compilation.error("cannot make the folder '" + folder + "': " + error.message());
  // All files or none.
  TemporaryFolder temporary(compilation.format, folder);
  if (temporary.path.empty())
    return ExitCode::WrongModel;
  // Before there are only words.
  code = showPrograms(compilation, options, temporary.path);
  if (code == ExitCode::Success)
    code =
        runPasses(compilation, [](mlir::OpPassManager &manager) { manager.addPass(neuflow::createLowerToMachine()); });
  if (code != ExitCode::Success)
    return code;
  auto programs = llvm::to_vector(compilation.module().getOps<neuflow::ProgramOp>());
  if (programs.empty())
    return compilation.error("the grid computes nothing of '" + options.net + "'");
  for (neuflow::ProgramOp op : programs) {
    // It fails where the program is too large for the machine's memory.
    mlir::FailureOr<neuflow::Program> program = neuflow::readProgram(op);
    if (mlir::failed(program))
      return ExitCode::WrongModel;
    std::string problem, path = temporary.path + "/" + fileName(options, op, programs.size()) + ".nfb";
    if (!writeWholeFile(path, neuflow::writeContainer(*program), problem))
      return compilation.error(problem);
  }
  std::string problem;
  return moveFiles(temporary.path, folder, problem) ? ExitCode::Success : compilation.error(problem);
}

} // namespace cnn::tools
