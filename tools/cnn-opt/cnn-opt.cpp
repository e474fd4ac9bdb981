// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Runs any pass or pipeline of the project and of MLIR on a module: the compiler's stages, one at a time.

#include "backends/cpu/Artifact.h"
#include "backends/cpu/Passes.h"
#include "backends/neuflow/Passes.h"
#include "backends/neuflow/dialect/NeuflowDialect.h"
#include "backends/neuflow/lower/Passes.h"
#include "ir/CnnDialect.h"
#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/InitAllPasses.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "passes/Passes.h"
#include "passes/Pipelines.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  mlir::registerAllDialects(registry);
  mlir::registerAllExtensions(registry);
  mlir::registerAllPasses();
  registry.insert<cnn::CnnDialect, cnn::neuflow::NeuflowDialect>();
  cnn::cpu::registerDialects(registry);
  cnn::registerCnnPasses();
  cnn::neuflow::registerCnnNeuflowLowerPasses();
  cnn::neuflow::registerLowerPipeline();
  cnn::registerPipelines();
  cnn::cpu::registerCnnCpuPasses();
  cnn::cpu::registerCpuKernelPasses();
  cnn::cpu::registerKernelPipelines();
  cnn::neuflow::registerCnnNeuflowPasses();
  return mlir::asMainReturnCode(mlir::MlirOptMain(argc, argv, "cnn dialect optimizer\n", registry));
}
