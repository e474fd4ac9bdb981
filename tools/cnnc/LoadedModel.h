// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A net compiled to a shared library and loaded into this process: what run and train work with.
#pragma once

#include "cnn/training.h"
#include "ir/CnnDialect.h"
#include "tools/cnnc/Compilation.h"

namespace cnn::tools {

class LoadedModel {
public:
  LoadedModel() = default;
  ~LoadedModel();
  LoadedModel(const LoadedModel &) = delete;
  LoadedModel &operator=(const LoadedModel &) = delete;

  /// Compiles the net for the given CPU, the host's if that is empty, and loads it; its weights are zeros. Of `target`,
  /// net, cpu, convAlgorithm, storesBF16 and sliceSamples are read. The module of the compilation is used up. Errors
  /// have been shown if this is not Success.
  ExitCode load(Compilation &compilation, const cpu::ArtifactOptions &target, bool withTraining);
  /// Loads what a command line names: a library that was made before, or a model, of which target.net is compiled, or
  /// the one net if that is empty. `onTrain` is shown the net's train block before the module is used up.
  ExitCode loadFile(Compilation &compilation, llvm::StringRef path, cpu::ArtifactOptions &target, bool withTraining,
                    llvm::function_ref<void(TrainOp)> onTrain);
  /// Whether a file's name is that of a library, not of a model.
  static bool isLibrary(llvm::StringRef path) { return path.ends_with(".so") || path.contains(".so."); }
  /// It is an error if a library is named beside options that say how to compile.
  static void checkOptions(Arguments &arguments, llvm::StringRef path, const cpu::ArtifactOptions &target);

  cnn_model *model() const { return loaded; }
  const cnn_model_desc &description() const { return *cnn_library_model(library); }

private:
  ExitCode open(Compilation &compilation, llvm::StringRef path, cnn_status *status = nullptr);

  cnn_library *library = nullptr;
  cnn_model *loaded = nullptr;
};

/// As --threads says, if it was given.
ExitCode setThreads(const Compilation &compilation, std::optional<int64_t> threads);

} // namespace cnn::tools
