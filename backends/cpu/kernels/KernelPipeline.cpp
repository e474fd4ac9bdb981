// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "backends/cpu/kernels/KernelPipeline.h"
#include "mlir/Conversion/Passes.h"
#include "mlir/Conversion/VectorToSCF/VectorToSCF.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/Transforms/BufferizableOpInterfaceImpl.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Bufferization/Transforms/Passes.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Passes.h"
#include "mlir/Dialect/Linalg/Transforms/BufferizableOpInterfaceImpl.h"
#include "mlir/Dialect/Linalg/Transforms/SubsetInsertionOpInterfaceImpl.h"
#include "mlir/Dialect/Linalg/Transforms/TilingInterfaceImpl.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/Transforms/AllocationOpInterfaceImpl.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/SCF/Transforms/BufferizableOpInterfaceImpl.h"
#include "mlir/Dialect/Tensor/IR/TensorTilingInterfaceImpl.h"
#include "mlir/Dialect/Tensor/Transforms/BufferizableOpInterfaceImpl.h"
#include "mlir/Dialect/Tensor/Transforms/SubsetInsertionOpInterfaceImpl.h"
#include "mlir/Dialect/Vector/Transforms/BufferizableOpInterfaceImpl.h"
#include "mlir/Dialect/Vector/Transforms/SubsetOpInterfaceImpl.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

namespace cnn::cpu {

/// Temporaries up to this size live on the stack. TileKernel cuts items small enough; what is larger, in kernels that
/// are made otherwise, is working memory from a pool. SplitWork checks that nothing is left.
static constexpr unsigned maxStackBytes = 64 * 1024;

void buildKernelPipeline(OpPassManager &manager, const VectorTarget &target) {
  auto simplify = [&] {
    manager.addPass(createCanonicalizerPass());
    manager.addPass(createCSEPass());
  };
  // First, so that a kernel's results are computed in the caller's buffers: afterwards they are hidden behind loops.
  manager.addPass(bufferization::createEmptyTensorEliminationPass());
  if (!target.bf16)
    manager.addNestedPass<func::FuncOp>(createWidenOperands());
  manager.addNestedPass<func::FuncOp>(createTileKernel({target.lanes, target.registers, target.cpu}));
  simplify();
  // Before bufferization, because the tile must be a value for its epilogue to fold against it.
  manager.addNestedPass<func::FuncOp>(createEmitTransforms({target.fma}));
  manager.addNestedPass<func::FuncOp>(createEmitMicrokernels({target.lanes, target.fma, target.bf16}));
  simplify();

  // From here on, memory is explicit.
  manager.addPass(bufferization::createEmptyTensorToAllocTensorPass());
  manager.addPass(bufferization::createOneShotBufferizePass());
  simplify();
  manager.addPass(memref::createFoldMemRefAliasOpsPass());
  simplify();
  // Where one instruction picks from two vectors, as in AVX-512.
  if (target.lanes >= 16) {
    manager.addNestedPass<func::FuncOp>(createFlattenTiles({target.lanes}));
    simplify();
  }
  manager.addNestedPass<func::FuncOp>(createPrefetchOperands());
  manager.addNestedPass<func::FuncOp>(bufferization::createBufferHoistingPass());
  bufferization::PromoteBuffersToStackPassOptions stack;
  stack.maxAllocSizeInBytes = maxStackBytes;
  manager.addNestedPass<func::FuncOp>(bufferization::createPromoteBuffersToStackPass(stack));
  manager.addNestedPass<func::FuncOp>(createUseScratch());
  manager.addNestedPass<func::FuncOp>(createLowerCopies());
  // After bufferization, when it is known what a kernel does outside its items.
  manager.addNestedPass<func::FuncOp>(createSplitWork());
}

void buildKernelToLLVMPipeline(OpPassManager &manager, const VectorTarget &target) {
  auto simplify = [&] {
    manager.addPass(createCanonicalizerPass());
    manager.addPass(createCSEPass());
  };
  // Before the rest becomes loops.
  manager.addNestedPass<func::FuncOp>(createVectorizeRows({target.lanes}));
  manager.addPass(createConvertLinalgToLoopsPass());
  manager.addPass(memref::createFoldMemRefAliasOpsPass());
  simplify();
  manager.addNestedPass<func::FuncOp>(createApproximateMath({target.fma}));
  manager.addNestedPass<func::FuncOp>(createExpandBFloat16({target.bf16}));
  manager.addPass(createConvertVectorToSCFPass(VectorTransferToSCFOptions().enableFullUnroll()));
  manager.addPass(createLowerAffinePass());
  manager.addPass(createConvertVectorToLLVMPass());
  // After the last pass that asks where a memref comes from, before memrefs become structures.
  manager.addPass(createPackArguments());
  manager.addPass(createSCFToControlFlowPass());
  manager.addPass(memref::createExpandStridedMetadataPass());
  manager.addPass(createLowerAffinePass());
  manager.addPass(createConvertMathToLLVMPass());
  manager.addPass(createConvertMathToLibmPass());
  manager.addPass(createFinalizeMemRefToLLVMConversionPass());
  manager.addPass(createConvertFuncToLLVMPass());
  manager.addPass(createConvertControlFlowToLLVMPass());
  manager.addPass(createArithToLLVMConversionPass());
  manager.addPass(createConvertIndexToLLVMPass());
  manager.addPass(createUBToLLVMConversionPass());
  manager.addPass(createReconcileUnrealizedCastsPass());
}

namespace {
struct TargetOptions : PassPipelineOptions<TargetOptions> {
  Option<int64_t> lanes{*this, "lanes", llvm::cl::desc("f32 values in a vector register"), llvm::cl::init(8)};
  Option<int64_t> registers{*this, "registers", llvm::cl::desc("vector registers"), llvm::cl::init(16)};
  Option<bool> fma{*this, "fma", llvm::cl::desc("fused multiply-add"), llvm::cl::init(true)};
  Option<bool> bf16{*this, "bf16", llvm::cl::desc("AVX-512 BF16"), llvm::cl::init(false)};

  Option<std::string> cpu{*this, "cpu", llvm::cl::desc("LLVM's name of the processor, for ConvCost.h")};

  VectorTarget get() const { return {lanes, registers, fma, bf16, cpu}; }
};
} // namespace

void registerKernelPipelines() {
  PassPipelineRegistration<TargetOptions>(
      "cnn-cpu-kernels", "From kernels on tensors to kernels with work ranges, on memory",
      [](OpPassManager &manager, const TargetOptions &options) { buildKernelPipeline(manager, options.get()); });
  PassPipelineRegistration<TargetOptions>(
      "cnn-cpu-kernels-to-llvm", "From kernels with work ranges to the LLVM dialect",
      [](OpPassManager &manager, const TargetOptions &options) { buildKernelToLLVMPipeline(manager, options.get()); });
}

void registerKernelDialects(DialectRegistry &registry) {
  registry.insert<affine::AffineDialect, arith::ArithDialect, bufferization::BufferizationDialect, func::FuncDialect,
                  LLVM::LLVMDialect, linalg::LinalgDialect, math::MathDialect, memref::MemRefDialect, scf::SCFDialect,
                  tensor::TensorDialect, vector::VectorDialect>();
  arith::registerBufferizableOpInterfaceExternalModels(registry);
  linalg::registerBufferizableOpInterfaceExternalModels(registry);
  linalg::registerSubsetOpInterfaceExternalModels(registry);
  linalg::registerTilingInterfaceExternalModels(registry);
  memref::registerAllocationOpInterfaceExternalModels(registry);
  scf::registerBufferizableOpInterfaceExternalModels(registry);
  tensor::registerBufferizableOpInterfaceExternalModels(registry);
  tensor::registerSubsetOpInterfaceExternalModels(registry);
  tensor::registerTilingInterfaceExternalModels(registry);
  vector::registerBufferizableOpInterfaceExternalModels(registry);
  vector::registerSubsetOpInterfaceExternalModels(registry);
}

} // namespace cnn::cpu
