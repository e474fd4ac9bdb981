// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/cnnc/LoadedModel.h"
#include "tools/cnnc/BugReport.h"

namespace cnn::tools {

ExitCode setThreads(const Compilation &compilation, std::optional<int64_t> threads) {
  if (!threads)
    return ExitCode::Success;
  cnn_status status = cnn_set_threads(*threads);
  if (status == CNN_OK)
    return ExitCode::Success;
  return compilation.error("cannot use " + llvm::Twine(*threads) + " threads: " + cnn_status_text(status),
                           ExitCode::WrongCommandLine);
}

LoadedModel::~LoadedModel() {
  cnn_model_destroy(loaded);
  cnn_library_close(library);
}

ExitCode LoadedModel::load(Compilation &compilation, const cpu::ArtifactOptions &target, bool withTraining) {
  // The files may go as soon as the library is loaded.
  TemporaryFolder folder(compilation.format);
  if (folder.path.empty())
    return ExitCode::WrongModel;
  cpu::ArtifactOptions options;
  options.net = target.net;
  options.cpu = target.cpu;
  options.convAlgorithm = target.convAlgorithm;
  options.storesBF16 = target.storesBF16;
  options.sliceSamples = target.sliceSamples;
  options.folder = folder.path;
  options.producer = producerName();
  options.emitStaticLibrary = options.emitHeader = false;
  ExitCode code = compilation.lowerToLinalg(options, withTraining);
  if (code == ExitCode::Success)
    code = compilation.build(options);
  if (code != ExitCode::Success)
    return code;
  cnn_status status = CNN_OK;
  code = open(compilation, folder.path + "/lib" + options.net + ".so", &status);
  // The tables of a library that was made just now; else its file.
  if (status != CNN_INCOMPATIBLE)
    return code;
  reportBug("cannot load what was made from '" + compilation.path + "'");
  return ExitCode::CompilerBug;
}

ExitCode LoadedModel::loadFile(Compilation &compilation, llvm::StringRef path, cpu::ArtifactOptions &target,
                               bool withTraining, llvm::function_ref<void(TrainOp)> onTrain) {
  if (isLibrary(path))
    return open(compilation, path);
  if (ExitCode code = compilation.readModel(path); code != ExitCode::Success)
    return code;
  target.net = compilation.chooseNet(target.net);
  if (target.net.empty())
    return ExitCode::WrongCommandLine;
  for (auto train : compilation.module().getOps<TrainOp>())
    if (train.getNet() == target.net)
      onTrain(train);
  return load(compilation, target, withTraining);
}

void LoadedModel::checkOptions(Arguments &arguments, llvm::StringRef path, const cpu::ArtifactOptions &target) {
  cpu::ArtifactOptions none;
  if (isLibrary(path) && (!target.net.empty() || !target.cpu.empty() || target.convAlgorithm != none.convAlgorithm ||
                          target.storesBF16 || target.sliceSamples != none.sliceSamples))
    arguments.error(
        "a library has one net, for one processor: --net, --cpu, --precision, --slice, --conv-algorithm and "
        "--fp-contract are for models");
}

ExitCode LoadedModel::open(Compilation &compilation, llvm::StringRef path, cnn_status *status) {
  cnn_error error = {};
  if (cnn_library_open(path.str().c_str(), &library, &error) != CNN_OK) {
    if (status)
      *status = error.status;
    return compilation.error(error.text);
  }
  if (cnn_status created = cnn_model_create(cnn_library_model(library), &loaded); created != CNN_OK)
    return compilation.error(cnn_status_text(created));
  return ExitCode::Success;
}

} // namespace cnn::tools
