// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// cnnc build --target=neuflow: from a trained net to words of the NeuFlow machine.
#pragma once

#include "backends/neuflow/dialect/NeuflowDialect.h"
#include "tools/cnnc/Compilation.h"

namespace cnn::tools {

struct NeuflowOptions {
  std::string machine = "neuflow-v6";
  std::string net;
  std::string weightsFile;                  // empty: the weights that training would start from
  std::string dataFolder;                   // of the data block's files; empty: there are none
  std::vector<llvm::StringRef> samples;     // [NAME=]FILE, in place of the data block
  int64_t calibrationSamples = 128;         // at most
  bool evaluates = false;                   // on the test part of the data block
  std::optional<int64_t> evaluationSamples; // at most
  bool explains = false;                    // how each layer is computed
  bool draws = false;                       // the grid in each pass, and when each pass runs

  /// Of the words behind --target: whether it is NeuFlow. An unknown machine is reported.
  bool readTarget(llvm::StringRef target, Arguments &arguments);
  void read(Arguments &arguments);
  /// Reports what is missing.
  void check(Arguments &arguments) const;
};

/// Leaves the tensor level of the net in the module of the compilation, and reports on standard error.
ExitCode lowerToWords(Compilation &compilation, const NeuflowOptions &options);

/// From there to a stage, "passes" or "words".
ExitCode printNeuflowStage(Compilation &compilation, const NeuflowOptions &options, llvm::StringRef stage,
                           llvm::raw_ostream &os);
/// From there to files in a folder: a program (NAME.nfb) for each part of the net that the grid computes, pictures of
/// it, and a library with its header, as of any net, which has the programs inside. `host` says how the library is
/// compiled. The files are all there in the end, or none is.
ExitCode writeNeuflowLibrary(Compilation &compilation, const NeuflowOptions &options, cpu::ArtifactOptions host,
                             llvm::StringRef folder);

ExitCode runPasses(Compilation &compilation, mlir::ModuleOp on, llvm::function_ref<void(mlir::OpPassManager &)> build);

/// The part of the net that a program computes.
llvm::StringRef partOf(neuflow::ProgramOp program);

/// "conv1", the layer that an op belongs to.
std::string layerOf(mlir::Location location);

} // namespace cnn::tools
