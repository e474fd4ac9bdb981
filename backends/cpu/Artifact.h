// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The CPU back end as a whole: a module of linalg on tensors in, files out.

#ifndef CNN_BACKENDS_CPU_ARTIFACT_H
#define CNN_BACKENDS_CPU_ARTIFACT_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/ADT/StringRef.h"
#include <functional>
#include <string>
#include <vector>

namespace mlir {
class DialectRegistry;
class OpPassManager;
class PassManager;
} // namespace mlir

namespace cnn::cpu {

struct ArtifactOptions {
  std::string net;         // the network; empty: the only one in the module
  std::string folder;      // where the files go; it is there
  std::string weightsFile; // safetensors, embedded in the library; empty: none
  std::string triple;      // empty: the host
  std::string cpu;         // empty: the host's, or the baseline of the triple
  std::string producer;    // "cnnc 0.1.0"
  // Of a net with parts that a device carries out (devicePartAttrName): their programs, by number; the symbol of a
  // cnn_device_source, and an object for the host that defines it.
  std::vector<std::string> devicePrograms;
  std::string deviceSource;
  llvm::StringRef deviceRuntime;
  std::string convAlgorithm = "auto";   // or the only one that is used where it can be: see ChooseConvAlgorithms;
                                        // `ordered`: each sum of products takes one after the other
  bool storesBF16 = false;              // weights and activations of inference: see NarrowStorage
  int64_t sliceSamples = 0;             // of a batch at a time: see SliceBatch
  int64_t minParallelWork = 128 * 1024; // multiply-adds, about, of a kernel that is worth waking threads
  bool debugInfo = false;               // functions and lines of the model's file, as DWARF
  bool emitStaticLibrary = true;
  bool emitSharedLibrary = true;
  bool emitHeader = true;
  // Called with every pass manager before it runs, to watch it.
  std::function<void(mlir::PassManager &)> watch;
  // Called with what begins now: "compiling kernels".
  std::function<void(llvm::StringRef)> progress;
};

/// Why the back end cannot compile for a triple and a CPU (as in ArtifactOptions); empty if it can.
std::string findTargetProblem(llvm::StringRef triple, llvm::StringRef cpu);

/// What can be looked at on the way. Linalg is the module given, which every back end shares. The header is known as
/// soon as memory is planned, before what takes time.
enum class Stage { Kernels, Header, LLVM, Assembly, Object };

/// Dialects and external models that the back end needs: call before the context is made.
void registerDialects(mlir::DialectRegistry &registry);

/// Passes on the cnn dialect, before it is lowered to linalg: what this target has to choose there.
void buildChoicePipeline(mlir::OpPassManager &manager, const ArtifactOptions &options);

/// All passes of the back end in their order, for a list of them. They run on several modules, not on one.
void listPasses(mlir::OpPassManager &manager);

/// How it ended; what is not Success has been reported. Refused: the model, a file or the machine is to blame. Bug:
/// this back end is.
enum class Outcome { Success, Refused, Bug };

/// Compiles the functions of a network (infer, and where there are any, train_step and evaluate; linalg on tensors) and
/// writes NAME.h, libNAME.a, libNAME.so and NAME.pc. After an error some files may be there, and may be incomplete. The
/// module is used up.
Outcome buildArtifact(mlir::ModuleOp module, const ArtifactOptions &options);

/// Writes one stage instead. The module is used up.
Outcome emitStage(mlir::ModuleOp module, const ArtifactOptions &options, Stage stage, llvm::raw_pwrite_stream &stream);

/// The memory that calls of a function need beside weights, inputs and outputs: for each sample of the batch, and for
/// all of them together; and the largest sets of bytes that hold values at the same time, which no plan can go below.
struct MemoryUse {
  std::string function; // infer, train_step, evaluate
  uint64_t sampleBytes, liveSampleBytes;
  uint64_t fixedBytes, liveFixedBytes;
};

/// Plans the memory of a network's functions and does no more. The module is used up.
Outcome planMemory(mlir::ModuleOp module, const ArtifactOptions &options, std::vector<MemoryUse> &functions);

} // namespace cnn::cpu

#endif
