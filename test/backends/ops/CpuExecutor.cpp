// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "test/backends/ops/Executor.h"

#include "backends/cpu/Artifact.h"
#include "cnn/runtime.h"
#include "ir/CnnDialect.h"
#include "ir/reference/Evaluator.h"
#include "passes/Pipelines.h"
#include "test/backends/ops/EmulateBFloat16.h"
#include "test/backends/ops/RemoteProgram.h"

#include "mlir/Pass/PassManager.h"
#include "llvm/AsmParser/Parser.h"
#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/TargetParser/Host.h"
#include <functional>

using namespace mlir;
using namespace cnn;
using namespace cnn::reference;
using namespace cnn::test;

namespace {

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

/// One call of the compiled function, wherever it runs: what is wrong, or an empty text.
using Caller = std::function<std::string(const TestCall &)>;

class CpuFunction : public CompiledFunction {
public:
  CpuFunction(Caller caller, Interface interface) : caller(std::move(caller)), interface(std::move(interface)) {}

  FailureOr<SmallVector<Tensor>> run(ArrayRef<Tensor> inputs) override {
    // What is not written must not matter, so the bytes there before are different ones.
    FailureOr<Bytes> serial = call(inputs, /*isSplit=*/false, 0xff), split = call(inputs, /*isSplit=*/true, 0x11);
    if (failed(serial) || failed(split))
      return failure();
    SmallVector<Tensor> results;
    for (auto [i, type] : llvm::enumerate(interface.resultTypes)) {
      if ((*serial)[i] != (*split)[i]) {
        llvm::errs() << "result " << i << " depends on how the work is split\n";
        return failure();
      }
      results.push_back(fromBytes(shapeOf(type, inputs), *getElementKind(type.getElementType()), (*serial)[i].data()));
    }
    return results;
  }

private:
  using Bytes = std::vector<std::vector<char>>;

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

  FailureOr<Bytes> call(ArrayRef<Tensor> inputs, bool isSplit, unsigned char fill) {
    SmallVector<std::string> names;
    for (unsigned i = 0; i < inputs.size(); ++i)
      names.push_back("w" + std::to_string(i));
    TestCall call = {};
    call.batch = batchOf(inputs);
    call.isSplit = isSplit;
    call.fill = fill;
    Bytes inputBytes, resultBytes;
    std::vector<TestValue> inputValues, resultValues;
    for (auto [i, input] : llvm::enumerate(inputs)) {
      Place place = interface.arguments[i];
      if (place == Place::Key) {
        call.seed = input.integers[0];
        call.step = input.integers[1];
      } else if (place == Place::Rate) {
        call.rate = static_cast<float>(input.floats[0]);
      } else {
        inputBytes.push_back(toBytes(input));
        inputValues.push_back(
            {place == Place::Weight ? names[i].c_str() : "", inputBytes.back().data(), inputBytes.back().size()});
      }
    }
    for (auto [tied, type] : llvm::zip_equal(interface.tied, interface.resultTypes)) {
      resultBytes.emplace_back(byteSize(*getElementKind(type.getElementType())) * countElements(shapeOf(type, inputs)));
      resultValues.push_back({tied ? names[*tied].c_str() : "", resultBytes.back().data(), resultBytes.back().size()});
    }
    call.inputs = inputValues.data();
    call.inputCount = inputValues.size();
    call.results = resultValues.data();
    call.resultCount = resultValues.size();
    if (std::string problem = caller(call); !problem.empty()) {
      llvm::errs() << problem << "\n";
      return failure();
    }
    return resultBytes;
  }

  Caller caller; // owns the code
  Interface interface;
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

using Jit = llvm::orc::LLJIT;

/// Loads code into this process, which `add` gives.
Caller load(llvm::function_ref<llvm::Error(Jit &)> add) {
  auto fail = [](llvm::Error error) -> Caller {
    llvm::errs() << llvm::toString(std::move(error)) << "\n";
    return nullptr;
  };
  llvm::Expected<std::unique_ptr<Jit>> jit = llvm::orc::LLJITBuilder().create();
  if (!jit)
    return fail(jit.takeError());
  if (llvm::Error error = add(**jit))
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
  return [desc, code = std::shared_ptr<Jit>(std::move(*jit))](const TestCall &call) {
    const char *problem = testCallFunction(desc, &call);
    return std::string(problem ? problem : "");
  };
}

Caller loadObject(StringRef object) {
  return load([&](Jit &jit) { return jit.addObjectFile(llvm::MemoryBuffer::getMemBufferCopy(object, "Test.o")); });
}

/// Code of LLVM, in which instructions for bf16 are emulated.
Caller loadEmulated(const std::string &code) {
  return load([&](Jit &jit) -> llvm::Error {
    auto context = std::make_unique<llvm::LLVMContext>();
    llvm::SMDiagnostic problem;
    std::unique_ptr<llvm::Module> module = llvm::parseAssemblyString(code, problem, *context);
    if (!module)
      return llvm::createStringError(problem.getMessage());
    emulateBFloat16(*module);
    return jit.addIRModule(llvm::orc::ThreadSafeModule(std::move(module), std::move(context)));
  });
}

/// Makes a program of it.
Caller linkObject(StringRef object) {
  std::shared_ptr<RemoteProgram> program = RemoteProgram::link(object);
  if (!program)
    return nullptr;
  return [program](const TestCall &call) { return program->call(call); };
}

/// Whether code for this processor has instructions for bf16, which this machine has not.
bool isBFloat16Emulated(StringRef cpu) {
  return cpu == "znver4" && !llvm::sys::getHostCPUFeatures().lookup("avx512bf16");
}

bool hasBFloat16(ModuleOp module) {
  auto isBFloat16 = [](Type type) { return getElementTypeOrSelf(type).isBF16(); };
  return module
      .walk([&](Operation *op) {
        return llvm::any_of(op->getResultTypes(), isBFloat16) ? WalkResult::interrupt() : WalkResult::advance();
      })
      .wasInterrupted();
}

} // namespace

CompiledFunctionPtr cnn::test::compileForCpu(OwningOpRef<ModuleOp> module, StringRef triple, StringRef cpu) {
  func::FuncOp function = *module->getOps<func::FuncOp>().begin();
  Interface interface = describe(function);
  makeNet(*module, function, interface);
  PassManager manager(module->getContext());
  buildLinalgPipeline(manager);
  if (failed(manager.run(*module)))
    return nullptr;
  cpu::ArtifactOptions options;
  options.producer = "test";
  options.triple = triple.str();
  options.cpu = cpu.str();
  options.minParallelWork = 0;
  // Some executors take batches in slices, so that both ways are tested.
  options.sliceSamples = cpu.empty() ? 0 : 2;
  bool isEmulated = isBFloat16Emulated(cpu) && hasBFloat16(*module);
  SmallVector<char, 0> code;
  llvm::raw_svector_ostream stream(code);
  cpu::Stage stage = isEmulated ? cpu::Stage::LLVM : cpu::Stage::Object;
  if (cpu::emitStage(*module, options, stage, stream) != cpu::Outcome::Success)
    return nullptr;
  bool isRemote = triple == RemoteProgram::triple;
  Caller caller = isRemote     ? linkObject(stream.str())
                  : isEmulated ? loadEmulated(stream.str().str())
                               : loadObject(stream.str());
  return caller ? std::make_unique<CpuFunction>(std::move(caller), std::move(interface)) : nullptr;
}

std::string cnn::test::findObstacle(StringRef triple, StringRef cpu) {
  if (triple == RemoteProgram::triple)
    return RemoteProgram::findObstacle();
  if (cpu.empty())
    return "";
  bool isX86 = llvm::Triple(llvm::sys::getProcessTriple()).isX86();
  llvm::StringMap<bool> features = llvm::sys::getHostCPUFeatures();
  // Those that kernels are made of, or that LLVM may use in them. What else Zen 4 has, such as SSE4a, is for code that
  // nothing here asks for, so an Intel processor runs what is compiled for it; its instructions for bf16 are emulated.
  SmallVector<StringRef> needed = {"sse4.2", "popcnt"};
  if (cpu != "x86-64-v2")
    needed.append({"avx2", "fma", "f16c", "bmi", "bmi2", "lzcnt", "movbe"});
  if (cpu == "x86-64-v4" || cpu == "znver4")
    needed.append({"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"});
  if (cpu == "znver4")
    needed.append({"avx512ifma", "avx512vbmi", "avx512vbmi2", "avx512vnni", "avx512bitalg", "avx512vpopcntdq", "gfni",
                   "vaes", "vpclmulqdq", "sha", "adx"});
  for (StringRef feature : needed)
    if (!isX86 || !features.lookup(feature))
      return ("this processor does not run code for " + cpu + ": it has no " + (isX86 ? feature : "x86-64")).str();
  return "";
}
