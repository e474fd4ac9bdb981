// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "test/passes/LinalgExecutor.h"

#include "ir/CnnDialect.h"
#include "ir/reference/Evaluator.h"
#include "passes/Pipelines.h"

#include "mlir/Conversion/Passes.h"
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
#include <cstring>
#include <set>

using namespace mlir;
using namespace cnn::reference;

std::unique_ptr<MLIRContext> cnn::test::makeLinalgContext() {
  llvm::InitializeNativeTarget();
  llvm::InitializeNativeTargetAsmPrinter();
  DialectRegistry registry;
  registerAllDialects(registry);
  registerAllExtensions(registry);
  registerAllToLLVMIRTranslations(registry);
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

static size_t byteSize(ElementKind kind) {
  switch (kind) {
  case ElementKind::U8:
    return 1;
  case ElementKind::I64:
    return 8;
  default:
    return 4;
  }
}

/// f32, u8, i32 and i64, which is what models compute with.
static std::vector<char> toBytes(const Tensor &tensor) {
  size_t size = byteSize(tensor.kind), count = tensor.getNumElements();
  std::vector<char> bytes(count * size);
  for (size_t i = 0; i < count; ++i) {
    char *to = bytes.data() + i * size;
    if (tensor.isFloat()) {
      float value = static_cast<float>(tensor.floats[i]);
      std::memcpy(to, &value, size);
    } else {
      std::memcpy(to, &tensor.integers[i], size); // little-endian
    }
  }
  return bytes;
}

static Tensor fromBytes(ArrayRef<int64_t> shape, ElementKind kind, const char *bytes) {
  Tensor tensor = Tensor::zeros(shape, kind);
  size_t size = byteSize(kind), count = tensor.getNumElements();
  for (size_t i = 0; i < count; ++i) {
    if (tensor.isFloat()) {
      float value;
      std::memcpy(&value, bytes + i * size, size);
      tensor.floats[i] = value;
    } else if (kind == ElementKind::U8) {
      tensor.integers[i] = static_cast<unsigned char>(bytes[i]);
    } else {
      int32_t value;
      std::memcpy(&value, bytes + i * size, size);
      tensor.integers[i] = value;
    }
  }
  return tensor;
}

FailureOr<SmallVector<Tensor>> cnn::test::runAsLinalg(func::FuncOp function, ArrayRef<Tensor> inputs) {
  MLIRContext *context = function.getContext();
  std::string name = function.getName().str();
  SmallVector<RankedTensorType> resultTypes;
  for (Type type : function.getResultTypes())
    resultTypes.push_back(cast<RankedTensorType>(type));
  auto module = function->getParentOfType<ModuleOp>();
  function->setAttr(LLVM::LLVMDialect::getEmitCWrapperAttrName(), UnitAttr::get(context));
  if (failed(lower(module)))
    return failure();
  ExecutionEngineOptions options;
  options.jitCodeGenOptLevel = llvm::CodeGenOptLevel::None;
  llvm::Expected<std::unique_ptr<ExecutionEngine>> engine = ExecutionEngine::create(module, options);
  if (!engine) {
    emitError(module.getLoc()) << llvm::toString(engine.takeError());
    return failure();
  }

  // A memref is passed as a pointer to {allocated, aligned, offset, sizes.., strides..}; the results, one such record
  // after the other, through the first argument.
  std::vector<std::vector<char>> buffers;
  std::vector<std::vector<int64_t>> descriptors;
  std::set<void *> owned;
  for (const Tensor &input : inputs) {
    buffers.push_back(toBytes(input));
    auto address = reinterpret_cast<int64_t>(buffers.back().data());
    owned.insert(buffers.back().data());
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
  if (llvm::Error error = (*engine)->invokePacked("_mlir_ciface_" + name, arguments)) {
    emitError(module.getLoc()) << llvm::toString(std::move(error));
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
  for (result = results.data(); RankedTensorType type : resultTypes) {
    if (owned.insert(reinterpret_cast<void *>(result[0])).second)
      std::free(reinterpret_cast<void *>(result[0]));
    result += 3 + 2 * type.getRank();
  }
  return values;
}
