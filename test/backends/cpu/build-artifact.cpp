// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Builds an artifact from a module of linalg on tensors: the CPU back end without the language in front of it.
//   build-artifact in.mlir FOLDER [weights.safetensors] [--triple=T] [--cpu=C] [-g] [--emit=kernels|llvm|asm]
#include "backends/cpu/Artifact.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Support/ToolUtilities.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/raw_ostream.h"

int main(int argc, char **argv) {
  cnn::cpu::ArtifactOptions options;
  options.producer = "build-artifact";
  llvm::StringRef input, emit;
  for (int i = 1; i < argc; ++i) {
    llvm::StringRef argument = argv[i];
    if (argument.consume_front("--triple="))
      options.triple = argument.str();
    else if (argument.consume_front("--cpu="))
      options.cpu = argument.str();
    else if (argument.consume_front("--emit="))
      emit = argument;
    else if (argument == "-g")
      options.debugInfo = true;
    else if (input.empty())
      input = argument;
    else if (options.folder.empty())
      options.folder = argument.str();
    else
      options.weightsFile = argument.str();
  }
  mlir::DialectRegistry registry;
  cnn::cpu::registerDialects(registry);
  mlir::MLIRContext context(registry);
  llvm::SourceMgr sources;
  mlir::SourceMgrDiagnosticHandler diagnostics(sources, &context);
  mlir::OwningOpRef<mlir::ModuleOp> module = mlir::parseSourceFile<mlir::ModuleOp>(input, sources, &context);
  if (!module)
    return 1;
  if (emit.empty()) {
    llvm::sys::fs::create_directories(options.folder);
    return cnn::cpu::buildArtifact(*module, options) != cnn::cpu::Outcome::Success;
  }
  cnn::cpu::Stage stage = emit == "kernels" ? cnn::cpu::Stage::Kernels
                          : emit == "llvm"  ? cnn::cpu::Stage::LLVM
                                            : cnn::cpu::Stage::Assembly;
  llvm::SmallString<0> text;
  llvm::raw_svector_ostream stream(text);
  if (cnn::cpu::emitStage(*module, options, stage, stream) != cnn::cpu::Outcome::Success)
    return 1;
  llvm::outs() << text;
  return 0;
}
