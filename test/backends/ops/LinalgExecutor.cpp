// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "test/backends/ops/Executor.h"

#include "backends/cpu/Artifact.h"
#include "ir/CnnDialect.h"
#include "ir/reference/Evaluator.h"
#include "passes/Pipelines.h"

#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/Bufferization/Transforms/Passes.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Linalg/Passes.h"
#include "mlir/Dialect/Linalg/Utils/Utils.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/ExecutionEngine/ExecutionEngine.h"
#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Target/LLVMIR/Dialect/All.h"
#include "mlir/Transforms/Passes.h"
#include "llvm/Support/TargetSelect.h"
#include <cstddef>
#include <memory>

using namespace mlir;
using namespace cnn::reference;
using cnn::test::byteSize;
using cnn::test::fromBytes;
using cnn::test::toBytes;

std::unique_ptr<MLIRContext> cnn::test::makeCompilerContext() {
  llvm::InitializeNativeTarget();
  llvm::InitializeNativeTargetAsmPrinter();
  DialectRegistry registry;
  registerAllDialects(registry);
  registerAllExtensions(registry);
  registerAllToLLVMIRTranslations(registry);
  cpu::registerDialects(registry);
  auto context = std::make_unique<MLIRContext>(registry, MLIRContext::Threading::DISABLED);
  context->loadDialect<CnnDialect, func::FuncDialect>();
  return context;
}

static LogicalResult lowerBuffers(ModuleOp module) {
  PassManager manager(module.getContext());
  manager.addPass(createConvertLinalgToLoopsPass());
  manager.addPass(createLowerAffinePass());
  manager.addPass(createSCFToControlFlowPass());
  manager.addPass(memref::createExpandStridedMetadataPass());
  manager.addPass(createLowerAffinePass());
  // LLVM would call a function for each conversion, which need not be there.
  arith::ArithExpandOpsPassOptions expand;
  expand.includeBf16 = true;
  manager.addPass(arith::createArithExpandOpsPass(expand));
  manager.addPass(createConvertMathToLLVMPass());
  manager.addPass(createConvertMathToLibmPass());
  manager.addPass(createFinalizeMemRefToLLVMConversionPass());
  manager.addPass(createConvertFuncToLLVMPass());
  manager.addPass(createConvertControlFlowToLLVMPass());
  manager.addPass(createArithToLLVMConversionPass());
  manager.addPass(createConvertIndexToLLVMPass());
  manager.addPass(createUBToLLVMConversionPass());
  manager.addPass(createReconcileUnrealizedCastsPass());
  return manager.run(module);
}

static LogicalResult lower(ModuleOp module) {
  PassManager manager(module.getContext());
  cnn::buildLinalgPipeline(manager);
  manager.addPass(bufferization::createEmptyTensorToAllocTensorPass());
  bufferization::OneShotBufferizePassOptions options;
  options.bufferizeFunctionBoundaries = true;
  options.functionBoundaryTypeConversion = bufferization::LayoutMapOption::IdentityLayoutMap;
  manager.addPass(bufferization::createOneShotBufferizePass(options));
  if (failed(manager.run(module)))
    return failure();
  // Copies into slices would be calls of a library of MLIR's.
  IRRewriter rewriter(module.getContext());
  module.walk([&](memref::CopyOp copy) {
    rewriter.setInsertionPoint(copy);
    rewriter.replaceOp(copy, linalg::makeMemRefCopyOp(rewriter, copy.getLoc(), copy.getSource(), copy.getTarget()));
  });
  return lowerBuffers(module);
}

/// What the compiled code has allocated in the current run; it frees nothing itself.
static thread_local std::vector<std::unique_ptr<std::max_align_t[]>> allocations;

static void *allocate(size_t bytes) {
  allocations.push_back(std::make_unique_for_overwrite<std::max_align_t[]>(bytes / sizeof(std::max_align_t) + 1));
  return allocations.back().get();
}

namespace {

class LinalgFunction : public cnn::test::CompiledFunction {
public:
  LinalgFunction(std::unique_ptr<ExecutionEngine> engine, std::string name, SmallVector<RankedTensorType> resultTypes)
      : engine(std::move(engine)), name(std::move(name)), resultTypes(std::move(resultTypes)) {}

  FailureOr<SmallVector<Tensor>> run(ArrayRef<Tensor> inputs) override;

private:
  std::unique_ptr<ExecutionEngine> engine;
  std::string name;
  SmallVector<RankedTensorType> resultTypes;
};

} // namespace

cnn::test::CompiledFunctionPtr cnn::test::compileAsLinalg(OwningOpRef<ModuleOp> module) {
  func::FuncOp function = *module->getOps<func::FuncOp>().begin();
  std::string name = function.getName().str();
  SmallVector<RankedTensorType> resultTypes;
  for (Type type : function.getResultTypes())
    resultTypes.push_back(cast<RankedTensorType>(type));
  function->setAttr(LLVM::LLVMDialect::getEmitCWrapperAttrName(), UnitAttr::get(module->getContext()));
  if (failed(lower(*module)))
    return nullptr;
  ExecutionEngineOptions options;
  options.jitCodeGenOptLevel = llvm::CodeGenOptLevel::None;
  llvm::Expected<std::unique_ptr<ExecutionEngine>> engine = ExecutionEngine::create(*module, options);
  if (!engine) {
    emitError(module->getLoc()) << llvm::toString(engine.takeError());
    return nullptr;
  }
  (*engine)->registerSymbols([](llvm::orc::MangleAndInterner mangle) {
    llvm::orc::SymbolMap symbols;
    symbols[mangle("malloc")] = {llvm::orc::ExecutorAddr::fromPtr(&allocate), llvm::JITSymbolFlags::Exported};
    return symbols;
  });
  return std::make_unique<LinalgFunction>(std::move(*engine), std::move(name), std::move(resultTypes));
}

FailureOr<SmallVector<Tensor>> LinalgFunction::run(ArrayRef<Tensor> inputs) {
  // A memref is passed as a pointer to {allocated, aligned, offset, sizes.., strides..}; the results, one such record
  // after the other, through the first argument.
  std::vector<std::vector<char>> buffers;
  std::vector<std::vector<int64_t>> descriptors;
  for (const Tensor &input : inputs) {
    buffers.push_back(toBytes(input));
    auto address = reinterpret_cast<int64_t>(buffers.back().data());
    std::vector<int64_t> descriptor = {address, address, 0};
    descriptor.insert(descriptor.end(), input.shape.begin(), input.shape.end());
    for (int64_t dim = 0; dim < input.getRank(); ++dim)
      descriptor.push_back(countElements(ArrayRef(input.shape).drop_front(dim + 1)));
    descriptors.push_back(descriptor);
  }
  size_t words = 0;
  for (RankedTensorType type : resultTypes)
    words += 3 + 2 * type.getRank();
  std::vector<int64_t> results(words);
  SmallVector<void *> pointers{results.data()};
  for (std::vector<int64_t> &descriptor : descriptors)
    pointers.push_back(descriptor.data());
  SmallVector<void *> arguments;
  for (void *&pointer : pointers)
    arguments.push_back(&pointer);
  if (llvm::Error error = engine->invokePacked("_mlir_ciface_" + name, arguments)) {
    llvm::errs() << llvm::toString(std::move(error)) << "\n";
    return failure();
  }
  SmallVector<Tensor> values;
  const int64_t *result = results.data();
  for (RankedTensorType type : resultTypes) {
    int64_t rank = type.getRank();
    ArrayRef<int64_t> shape(result + 3, rank), strides(result + 3 + rank, rank);
    for (int64_t dim = 0; dim < rank; ++dim)
      assert(strides[dim] == countElements(shape.drop_front(dim + 1)) && "results are dense");
    ElementKind kind = *getElementKind(type.getElementType());
    values.push_back(fromBytes(shape, kind, reinterpret_cast<const char *>(result[1]) + result[2] * byteSize(kind)));
    result += 3 + 2 * rank;
  }
  allocations.clear();
  return values;
}
