// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From a model's file to a library, as every subcommand that compiles needs it.
#pragma once

#include "backends/cpu/Artifact.h"
#include "dsl/Frontend.h"
#include "mlir/IR/MLIRContext.h"
#include "tools/cnnc/Command.h"
#include "tools/cnnc/DumpAfter.h"
#include "tools/cnnc/Signals.h"
#include <optional>
#include <string>

namespace cnn::tools {

/// Options that build, train and run share; read them before the files.
struct TargetOptions {
  std::string net, cpu, triple;
  void read(Arguments &arguments);
  static constexpr llvm::StringLiteral help = "  --net NAME               the net, if the file has several\n"
                                              "  --cpu NAME               the processor (default: the host's)\n"
                                              "  --triple TRIPLE          the target (default: the host)\n";
};

/// What readConvAlgorithm reads, for the text of --help.
#define CNN_CONV_ALGORITHM_HELP                                                                                        \
  "  --conv-algorithm=NAME    auto (the default), or direct, winograd2, winograd4 wherever that can be\n"              \
  "  --fp-contract=MODE       fast (the default); strict: every sum of products takes one after the other, so no\n"    \
  "                           Winograd, and no partial sums of gradients\n"
/// How convolutions are computed (ArtifactOptions::convAlgorithm), from --conv-algorithm and --fp-contract.
std::string readConvAlgorithm(Arguments &arguments);
/// What readSlice reads, for the text of --help.
#define CNN_SLICE_HELP                                                                                                 \
  "  --slice=N                inference takes so many samples of a batch through the layers at a time; auto (the\n"    \
  "                           default): where activations outgrow the caches; all: the batch, layer by layer\n"
/// How a batch is cut (ArtifactOptions::sliceSamples), from --slice.
int64_t readSlice(Arguments &arguments);
/// Whether weights and activations are stored in bf16 (ArtifactOptions::storesBF16), from --precision.
bool readPrecision(Arguments &arguments);

class Compilation {
public:
  /// How errors are shown, whatever stage they come from.
  explicit Compilation(DiagnosticsFormat format);

  /// Front end and verifier; errors have been shown if this is not Success.
  ExitCode readModel(llvm::StringRef path);
  /// Whether the train blocks can be compiled; the module stays as it is.
  ExitCode checkTraining();
  /// Sets the algorithms of convolutions in `on` as an inference build for the target would.
  ExitCode chooseAlgorithms(const cpu::ArtifactOptions &target, mlir::ModuleOp on);
  /// The passes on the cnn dialect, then linalg.
  ExitCode lowerToLinalg(const cpu::ArtifactOptions &target, bool withTraining) {
    return lowerToLinalg(target, withTraining, module());
  }
  /// The memory of the functions of options.net, as the library would have it; the module stays as it is.
  ExitCode planMemory(const cpu::ArtifactOptions &options, std::vector<cpu::MemoryUse> &functions);
  /// The library, or one stage on the way to it. The module is used up.
  ExitCode build(const cpu::ArtifactOptions &options);
  ExitCode emit(const cpu::ArtifactOptions &options, cpu::Stage stage, llvm::raw_pwrite_stream &stream);
  /// Passes of any back end; a failure that does not blame the model is reported as a bug.
  ExitCode runPasses(mlir::PassManager &manager, mlir::ModuleOp on);
  /// For the tests: a pass fails that should not.
  ExitCode goWrong();
  /// Shows an error that has no place in the model.
  ExitCode error(const llvm::Twine &message, ExitCode code = ExitCode::WrongModel) const {
    showError(message, format);
    return code;
  }
  /// The name of the one net, or of the one that `wanted` names; empty after an error.
  std::string chooseNet(llvm::StringRef wanted) const;

  mlir::ModuleOp module() { return *compiled.module; }
  bool hasTraining(llvm::StringRef net);

  std::string path;
  DumpAfter dumpAfter;
  DiagnosticsFormat format;
  mlir::DialectRegistry registry;
  mlir::MLIRContext context;
  dsl::SourceTable sources;
  dsl::CompiledFile compiled;

private:
  ExitCode lowerToLinalg(const cpu::ArtifactOptions &target, bool withTraining, mlir::ModuleOp on);
  ExitCode exitCodeOf(cpu::Outcome outcome);
};

/// "cnnc 0.1.0".
std::string producerName();

/// A folder that is removed with what is in it, also by a signal; empty path after an error. What a killed cnnc has
/// left in a given parent goes when the next one is made there.
class TemporaryFolder {
public:
  /// In the folder `parent`; if that is empty, where temporary files go.
  explicit TemporaryFolder(DiagnosticsFormat format, llvm::StringRef parent = "");
  ~TemporaryFolder();
  std::string path;

private:
  std::optional<RemoveFolderOnSignal> onSignal;
  int lock = -1;
};

} // namespace cnn::tools
