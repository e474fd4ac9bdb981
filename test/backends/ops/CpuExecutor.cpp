// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "test/backends/ops/Executor.h"

#include "backends/cpu/Artifact.h"
#include "cnn/runtime.h"
#include "ir/CnnDialect.h"
#include "ir/reference/Evaluator.h"
#include "passes/Pipelines.h"

#include "mlir/Pass/PassManager.h"
#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include "llvm/Support/Alignment.h"
#include "llvm/Support/Process.h"
#include "llvm/TargetParser/Host.h"
#include <cstring>
#include <sys/mman.h>

using namespace mlir;
using namespace cnn;
using namespace cnn::reference;
using namespace cnn::test;

namespace {

/// Memory whose last byte lies in front of a page that cannot be touched: reading or writing beyond it ends the test.
/// What lies in front of the first byte is checked.
class GuardedMemory {
public:
  GuardedMemory(size_t bytes, unsigned char fill) : bytes(bytes) {
    size_t page = llvm::sys::Process::getPageSizeEstimate();
    mapped = llvm::alignTo(bytes + CNN_ALIGNMENT, page) + page;
    start = static_cast<char *>(mmap(nullptr, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    if (start == MAP_FAILED || mprotect(start + mapped - page, page, PROT_NONE) != 0)
      llvm::report_fatal_error("out of memory");
    data = start + mapped - page - bytes;
    std::memset(start, frontFill, data - start);
    std::memset(data, fill, bytes);
  }
  GuardedMemory(const GuardedMemory &) = delete;
  ~GuardedMemory() { munmap(start, mapped); }

  bool isFrontIntact() const {
    return std::all_of(start, data, [](char byte) { return byte == frontFill; });
  }

  char *data;
  size_t bytes;

private:
  static constexpr char frontFill = 0x5a;
  char *start;
  size_t mapped;
};

using Memories = std::vector<std::unique_ptr<GuardedMemory>>;

/// Runs the pieces of a range from the last to the first, in sizes that divide nothing.
void runInPieces(void *context, cnn_kernel_fn kernel, void *arguments, int64_t count) {
  static const int64_t sizes[] = {1, 3, 2, 5, 11, 7};
  size_t &next = *static_cast<size_t *>(context);
  for (int64_t end = count; end > 0;) {
    int64_t begin = std::max<int64_t>(0, end - sizes[next++ % std::size(sizes)]);
    kernel(arguments, begin, end);
    end = begin;
  }
}

enum class Place { Input, Weight, Key, Rate };

/// How the function's arguments and results are passed.
struct Interface {
  SmallVector<Place> arguments;
  SmallVector<bool> hasBatch;                // by argument
  SmallVector<std::optional<unsigned>> tied; // by result: the argument that it replaces
  SmallVector<RankedTensorType> resultTypes;

  bool isStep() const {
    return llvm::any_of(tied, [](std::optional<unsigned> argument) { return argument.has_value(); });
  }
};

class CpuFunction : public CompiledFunction {
public:
  CpuFunction(std::unique_ptr<llvm::orc::LLJIT> jit, const cnn_model_desc &desc, Interface interface)
      : jit(std::move(jit)), desc(desc), function(desc.train_step.entry ? desc.train_step : desc.infer),
        interface(std::move(interface)) {
    cnn_model_create(&desc, &model);
  }
  ~CpuFunction() override { cnn_model_destroy(model); }

  FailureOr<SmallVector<Tensor>> run(ArrayRef<Tensor> inputs) override {
    // What is not written must not matter, so the bytes there before are different ones.
    FailureOr<Memories> serial = call(inputs, nullptr, 0xff), split = call(inputs, runInPieces, 0x11);
    if (failed(serial) || failed(split))
      return failure();
    SmallVector<Tensor> results;
    for (auto [i, type] : llvm::enumerate(interface.resultTypes)) {
      const GuardedMemory &a = *(*serial)[i], &b = *(*split)[i];
      if (std::memcmp(a.data, b.data, a.bytes) != 0) {
        llvm::errs() << "result " << i << " depends on how the work is split\n";
        return failure();
      }
      results.push_back(fromBytes(shapeOf(type, inputs), *getElementKind(type.getElementType()), a.data));
    }
    return results;
  }

private:
  static std::string weightName(unsigned argument) { return "w" + std::to_string(argument); }

  int64_t batchOf(ArrayRef<Tensor> inputs) const {
    for (auto [hasBatch, input] : llvm::zip_equal(interface.hasBatch, inputs))
      if (hasBatch)
        return input.shape[0];
    return 1;
  }
  SmallVector<int64_t> shapeOf(RankedTensorType type, ArrayRef<Tensor> inputs) const {
    SmallVector<int64_t> shape(type.getShape());
    for (int64_t &size : shape)
      if (ShapedType::isDynamic(size))
        size = batchOf(inputs);
    return shape;
  }

  FailureOr<Memories> call(ArrayRef<Tensor> inputs, cnn_parallel_for_fn parallelFor, unsigned char fill) {
    Memories inputMemories, resultMemories;
    std::vector<const void *> inputData;
    std::vector<void *> outputData;
    size_t pieces = 0;
    cnn_call call = {};
    call.batch = batchOf(inputs);
    for (auto [i, input] : llvm::enumerate(inputs)) {
      std::vector<char> bytes = toBytes(input);
      switch (interface.arguments[i]) {
      case Place::Input:
        inputMemories.push_back(std::make_unique<GuardedMemory>(bytes.size(), 0));
        std::memcpy(inputMemories.back()->data, bytes.data(), bytes.size());
        inputData.push_back(inputMemories.back()->data);
        break;
      case Place::Weight:
        // One that the function does not read may have gone.
        if (cnn_weight_index(&desc, weightName(i).c_str()) >= 0 &&
            cnn_model_set_weight(model, weightName(i).c_str(), bytes.data(), bytes.size()) != CNN_OK)
          return report("a weight is not of the expected size");
        break;
      case Place::Key:
        call.seed = input.integers[0];
        call.step = input.integers[1];
        break;
      case Place::Rate:
        call.rate = static_cast<float>(input.floats[0]);
        break;
      }
    }
    for (auto [tied, type] : llvm::zip_equal(interface.tied, interface.resultTypes)) {
      size_t bytes = byteSize(*getElementKind(type.getElementType())) * countElements(shapeOf(type, inputs));
      resultMemories.push_back(std::make_unique<GuardedMemory>(bytes, fill));
      if (!tied)
        outputData.push_back(resultMemories.back()->data);
    }
    if (int64_t(inputData.size()) != function.input_count || int64_t(outputData.size()) != function.output_count)
      return report("the description has another number of inputs or outputs");
    GuardedMemory arena(function.arena_fixed_bytes + call.batch * function.arena_sample_bytes, fill);
    // The blocks, too, are what the description says and not a byte more.
    GuardedMemory parameters(desc.parameter_bytes, fill);
    std::memcpy(parameters.data, cnn_model_parameters(model), parameters.bytes);
    call.inputs = inputData.data();
    call.outputs = outputData.data();
    GuardedMemory derived(desc.derived_bytes, fill);
    for (int64_t i = 0; i < desc.derived_count; ++i) {
      const cnn_weight_desc &weight = desc.weights[desc.derived[i].weight];
      std::vector<float> values(cnn_weight_elements(&weight));
      cnn_model_get_weight_at(model, desc.derived[i].weight, values.data(), values.size() * sizeof(float));
      cnn_derive_weight(&desc.derived[i], &weight, values.data(),
                        reinterpret_cast<float *>(derived.data + desc.derived[i].offset));
    }
    // Nor may a kernel go beyond the scratch memory, or leave a flag.
    GuardedMemory scratch(cnn_scratch_pool_bytes(function.scratch_bytes), fill);
    std::memset(scratch.data, 0, std::min<size_t>(scratch.bytes, CNN_SCRATCH_SLOTS * CNN_ALIGNMENT));
    call.parameters = parameters.data;
    call.derived = derived.data;
    call.arena = arena.data;
    call.scratch = scratch.data;
    call.parallel_for = parallelFor;
    call.parallel_context = &pieces;
    function.entry(&call);

    if (!llvm::all_of(resultMemories, [](const auto &memory) { return memory->isFrontIntact(); }) ||
        !arena.isFrontIntact() || !parameters.isFrontIntact() || !derived.isFrontIntact() || !scratch.isFrontIntact())
      return report("memory in front of a buffer has been written");
    std::memcpy(cnn_model_parameters(model), parameters.data, parameters.bytes);
    for (auto [tied, memory] : llvm::zip_equal(interface.tied, resultMemories))
      if (tied && cnn_model_get_weight(model, weightName(*tied).c_str(), memory->data, memory->bytes) != CNN_OK)
        return report("a new weight is not of the expected size");
    return resultMemories;
  }

  static LogicalResult report(const char *message) {
    llvm::errs() << message << "\n";
    return failure();
  }

  std::unique_ptr<llvm::orc::LLJIT> jit; // owns the code and the description
  const cnn_model_desc &desc;
  const cnn_function_desc &function;
  Interface interface;
  cnn_model *model = nullptr;
};

/// The function's arguments and results get the names and roles of a model's.
Interface describe(func::FuncOp function) {
  MLIRContext *context = function.getContext();
  Interface interface;
  for (unsigned i = 0; i < function.getNumResults(); ++i) {
    auto tied = function.getResultAttrOfType<IntegerAttr>(i, tiedAttrName);
    interface.tied.push_back(tied ? std::optional<unsigned>(tied.getInt()) : std::nullopt);
    interface.resultTypes.push_back(cast<RankedTensorType>(function.getResultTypes()[i]));
    function.setResultAttr(i, nameAttrName, StringAttr::get(context, "y" + Twine(i)));
    function.setResultAttr(i, roleAttrName, RoleAttr::get(context, tied ? Role::Parameter : Role::Output));
  }
  for (BlockArgument argument : function.getArguments()) {
    auto type = cast<RankedTensorType>(argument.getType());
    unsigned i = argument.getArgNumber();
    Place place = !type.hasStaticShape()                ? Place::Input
                  : type.getElementType().isInteger(64) ? Place::Key
                                                        : Place::Weight;
    for (Operation *user : argument.getUsers()) {
      auto sgd = dyn_cast<SgdUpdateOp>(user);
      auto adam = dyn_cast<AdamUpdateOp>(user);
      if ((sgd && sgd.getRate() == argument) || (adam && adam.getRate() == argument))
        place = Place::Rate;
    }
    // To an inference, which has neither, they are inputs without a batch.
    if (!interface.isStep() && (place == Place::Key || place == Place::Rate))
      place = Place::Input;
    Role role = place == Place::Input    ? Role::Input
                : place == Place::Weight ? Role::Parameter
                : place == Place::Key    ? Role::Key
                                         : Role::Rate;
    function.setArgAttr(i, roleAttrName, RoleAttr::get(context, role));
    function.setArgAttr(i, nameAttrName, StringAttr::get(context, (place == Place::Input ? "x" : "w") + Twine(i)));
    interface.arguments.push_back(place);
    interface.hasBatch.push_back(!type.hasStaticShape());
  }
  return interface;
}

/// Makes the module that of a net "Test": its training step, if it has new values for weights (beside an inference that
/// does nothing much); else its inference.
void makeNet(ModuleOp module, func::FuncOp function, const Interface &interface) {
  MLIRContext *context = module.getContext();
  auto setKind = [&](func::FuncOp of, FunctionKind kind) {
    of->setAttr(kindAttrName, FunctionKindAttr::get(context, kind));
  };
  bool isStep = interface.isStep();
  function.setName(isStep ? "Test.train_step" : "Test");
  setKind(function, isStep ? FunctionKind::TrainStep : FunctionKind::Infer);
  if (!isStep)
    return;
  OpBuilder builder = OpBuilder::atBlockEnd(module.getBody());
  Type type = RankedTensorType::get({ShapedType::kDynamic, 1}, builder.getF32Type());
  auto inference = func::FuncOp::create(builder, module.getLoc(), "Test", builder.getFunctionType({type}, {type}));
  setKind(inference, FunctionKind::Infer);
  inference.setArgAttr(0, roleAttrName, RoleAttr::get(context, Role::Input));
  inference.setArgAttr(0, nameAttrName, builder.getStringAttr("x"));
  inference.setResultAttr(0, nameAttrName, builder.getStringAttr("y"));
  Block *body = inference.addEntryBlock();
  builder.setInsertionPointToEnd(body);
  func::ReturnOp::create(builder, module.getLoc(), body->getArguments());
}

} // namespace

CompiledFunctionPtr cnn::test::compileForCpu(OwningOpRef<ModuleOp> module, StringRef cpu) {
  func::FuncOp function = *module->getOps<func::FuncOp>().begin();
  Interface interface = describe(function);
  makeNet(*module, function, interface);
  PassManager manager(module->getContext());
  buildLinalgPipeline(manager);
  if (failed(manager.run(*module)))
    return nullptr;
  cpu::ArtifactOptions options;
  options.producer = "test";
  options.cpu = cpu.str();
  options.minParallelWork = 0;
  SmallVector<char, 0> object;
  llvm::raw_svector_ostream stream(object);
  if (cpu::emitStage(*module, options, cpu::Stage::Object, stream) != cpu::Outcome::Success)
    return nullptr;

  auto fail = [](llvm::Error error) -> CompiledFunctionPtr {
    llvm::errs() << llvm::toString(std::move(error)) << "\n";
    return nullptr;
  };
  llvm::Expected<std::unique_ptr<llvm::orc::LLJIT>> jit = llvm::orc::LLJITBuilder().create();
  if (!jit)
    return fail(jit.takeError());
  auto buffer = llvm::MemoryBuffer::getMemBufferCopy(StringRef(object.data(), object.size()), "Test.o");
  if (llvm::Error error = (*jit)->addObjectFile(std::move(buffer)))
    return fail(std::move(error));
  llvm::Expected<llvm::orc::ExecutorAddr> found = (*jit)->lookup("Test_model_desc");
  if (!found)
    return fail(found.takeError());
  const auto *desc = found->toPtr<const cnn_model_desc *>();
  cnn_error problem;
  if (cnn_check_model(desc, &problem) != CNN_OK) {
    llvm::errs() << problem.text << "\n";
    return nullptr;
  }
  return std::make_unique<CpuFunction>(std::move(*jit), *desc, std::move(interface));
}

bool cnn::test::isRunnable(StringRef cpu) {
  if (!llvm::Triple(llvm::sys::getProcessTriple()).isX86())
    return false;
  llvm::StringMap<bool> features = llvm::sys::getHostCPUFeatures();
  return features.lookup(cpu == "x86-64-v3" ? "avx2" : "sse4.2");
}
