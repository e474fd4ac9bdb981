// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The order of everything in this back end:
//
//   linalg on tensors -> kernels and callers -> memory plan and weight places
//     kernels: KernelPipeline  ----------------------  several LLVM modules -> O3 -> objects \
//     callers: EmitEntry                             \  one LLVM module -> O3 -> object        | libraries
//     description: EmitModel; support code           /                                         |
//     weights: WeightsObject  -----------------------------------------------------> object    /
//
// Kernels and callers are lowered in modules of their own: callers need to know only how many work items a kernel has.
// Each kernel has one for itself, and so all of this but the callers is done by as many threads as there are
// processors.
#include "backends/cpu/Artifact.h"

#include "backends/cpu/CompileParts.h"
#include "backends/cpu/EmitHeader.h"
#include "backends/cpu/EmitLibrary.h"
#include "backends/cpu/EmitModel.h"
#include "backends/cpu/EmitObject.h"
#include "backends/cpu/Passes.h"
#include "backends/cpu/WeightsObject.h"
#include "backends/cpu/kernels/ConvCost.h"
#include "backends/cpu/kernels/KernelPipeline.h"
#include "ir/CnnDialect.h"
#include "ir/ModelError.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/Transforms/Passes.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "mlir/Transforms/Passes.h"
#include "passes/Passes.h"
#include "llvm/Linker/Linker.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/xxhash.h"

using namespace mlir;

namespace cnn::cpu {

/// Kernels formed, weights and buffers placed.
static void buildPlanPipeline(OpPassManager &manager, const VectorTarget &target, bool hasOrderedSums,
                              int64_t sliceSamples) {
  // First, because arguments come with it.
  manager.addPass(createDeriveWeights());
  if (!hasOrderedSums)
    manager.addNestedPass<func::FuncOp>(createSplitSums({target.lanes, target.registers}));
  // Before kernels are formed, so that equal kernels look equal and nothing is computed for nobody.
  manager.addPass(createCanonicalizerPass());
  manager.addPass(createCSEPass());
  manager.addPass(createFormKernels({target.lanes, target.cpu}));
  manager.addPass(createPlaceWeights());
  // Before buffers are placed, because a slice of a batch needs little memory.
  manager.addPass(createSliceBatch({sliceSamples, target.lanes, target.cpu}));
  manager.addPass(createPlanMemory());
}

/// Of a module with one module for each kernel, so that several threads lower them.
static void buildLoweringOfKernels(OpPassManager &manager, const VectorTarget &target, bool debugInfo) {
  OpPassManager &kernel = manager.nest<ModuleOp>();
  buildKernelPipeline(kernel, target);
  buildKernelToLLVMPipeline(kernel, target);
  if (debugInfo)
    kernel.addPass(LLVM::createDIScopeForLLVMFuncOpPass());
}

static void buildLoweringOfCallers(OpPassManager &manager, const ArtifactOptions &options) {
  manager.addPass(createEmitEntry({options.minParallelWork}));
  if (options.debugInfo)
    manager.addPass(LLVM::createDIScopeForLLVMFuncOpPass());
}

namespace {

/// Lets passes use all processors; nothing if somebody watches them, who wants to see one after the other.
class UseThreads {
public:
  UseThreads(MLIRContext &context, bool isWanted)
      : context(context), isMine(isWanted && !context.isMultithreadingEnabled()) {
    if (isMine)
      context.enableMultithreading();
  }
  ~UseThreads() {
    if (isMine)
      context.disableMultithreading();
  }

private:
  MLIRContext &context;
  bool isMine;
};

class ArtifactBuilder {
public:
  ArtifactBuilder(ModuleOp module, const ArtifactOptions &options)
      : module(module), options(options), threads(*module.getContext(), /*isWanted=*/!options.watch) {}

  LogicalResult build();
  LogicalResult emit(Stage stage, llvm::raw_pwrite_stream &stream);
  LogicalResult planFunctions(std::vector<FunctionPlan> &functions);
  Outcome outcomeOf(LogicalResult result) const {
    return succeeded(result) ? Outcome::Success : isBug ? Outcome::Bug : Outcome::Refused;
  }

private:
  /// About files and machines, not about a place in the model.
  LogicalResult fail(llvm::Error error) {
    return emitError(UnknownLoc::get(module.getContext())) << llvm::toString(std::move(error));
  }
  LogicalResult run(PassManager &manager, ModuleOp on) {
    if (options.watch)
      options.watch(manager);
#ifdef NDEBUG
    // Verifying after each pass takes a tenth of a build. The front end's module and LLVM's are verified in any case.
    manager.enableVerifier(false);
#endif
    ModelErrorWatch watch(module.getContext());
    LogicalResult result = manager.run(on);
    isBug |= failed(result) && !watch.hasSeenOne();
    return result;
  }
  LogicalResult emitCode(bool asAssembly, llvm::raw_pwrite_stream &stream) {
    llvm::Error error = emitMachineCode(*code, *machine, asAssembly, stream);
    isBug |= static_cast<bool>(error);
    return error ? fail(std::move(error)) : success();
  }
  void report(const llvm::Twine &phase) {
    if (options.progress)
      options.progress(phase.str());
  }
  LogicalResult selectNet();
  LogicalResult plan();
  LogicalResult lower();
  std::unique_ptr<llvm::Module> translate(ModuleOp part, llvm::LLVMContext &context);
  LogicalResult translate();
  LogicalResult link();
  LogicalResult readWeights();

  ModuleOp module;
  const ArtifactOptions &options;
  UseThreads threads;
  bool isBug = false;
  std::string net;
  std::unique_ptr<llvm::TargetMachine> machine;
  ModelDescription model;
  std::optional<SafetensorsFile> weights;
  OwningOpRef<ModuleOp> kernels; // a module for each
  llvm::LLVMContext context;
  std::unique_ptr<llvm::Module> code;
  llvm::StringSet<> exported, known;
};

/// Finds the network to compile, and drops the functions of others and whatever else is no function; parts of devices
/// are this network's.
LogicalResult ArtifactBuilder::selectNet() {
  net = options.net;
  auto isInference = [](func::FuncOp function) {
    FunctionKindAttr kind = function->getAttrOfType<FunctionKindAttr>(kindAttrName);
    return kind && kind.getValue() == FunctionKind::Infer;
  };
  std::string known;
  bool isThere = false;
  for (func::FuncOp function : module.getOps<func::FuncOp>()) {
    if (!isInference(function))
      continue;
    if (options.net.empty() && !known.empty())
      return emitError(module.getLoc(), "the file has several networks: ")
             << known << " and " << function.getName() << "; say which one to build";
    known = function.getName().str();
    isThere |= known == options.net || options.net.empty();
    if (options.net.empty())
      net = known;
  }
  if (!isThere)
    return options.net.empty() ? emitError(module.getLoc(), "the file has no network")
                               : emitError(module.getLoc(), "the file has no network '") << options.net << "'";
  // The support code's functions begin with it, and the library's with the network's name.
  if (net == "cnn" || StringRef(net).starts_with("cnn_"))
    return emitError(module.getLoc(), "a network cannot be called '")
           << net << "' in a library: names that begin with 'cnn_' are those of the runtime";
  for (Operation &op : llvm::make_early_inc_range(*module.getBody())) {
    if (op.hasAttr(devicePartAttrName))
      continue;
    func::FuncOp function = dyn_cast<func::FuncOp>(op);
    StringRef name = function ? function.getName() : "";
    FunctionKindAttr kind = op.getAttrOfType<FunctionKindAttr>(kindAttrName);
    bool isOfNet = name == net || (name.starts_with(net) && name.drop_front(net.size()).starts_with("."));
    if (!function || !kind || kind.getValue() == FunctionKind::Loss || !isOfNet)
      op.erase();
  }
  return success();
}

/// The text of the functions, without locations, and what devices run.
static uint64_t hashOf(ModuleOp module, ArrayRef<std::string> devicePrograms) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  module.print(stream);
  for (const std::string &program : devicePrograms)
    stream << program;
  return llvm::xxh3_64bits(text);
}

LogicalResult ArtifactBuilder::plan() {
  if (failed(selectNet()))
    return failure();
  report("forming kernels and planning memory");
  uint64_t codeHash = hashOf(module, options.devicePrograms);
  llvm::Expected<std::unique_ptr<llvm::TargetMachine>> created = createTargetMachine(options.triple, options.cpu);
  if (!created)
    return fail(created.takeError());
  machine = std::move(*created);
  PassManager manager(module.getContext());
  buildPlanPipeline(manager, VectorTarget::of(*machine), options.convAlgorithm == orderedSums, options.sliceSamples);
  if (failed(run(manager, module)))
    return failure();
  FailureOr<ModelDescription> described = describeModel(module, net);
  if (failed(described)) {
    isBug = true;
    return failure();
  }
  model = std::move(*described);
  if (model.deviceParts.size() != options.devicePrograms.size()) {
    isBug = true;
    return emitError(module.getLoc(), "expected a program for each of ")
           << model.deviceParts.size() << " parts of '" << net << "', but got " << options.devicePrograms.size();
  }
  for (auto [part, program] : llvm::zip_equal(model.deviceParts, options.devicePrograms))
    part.program = program;
  model.deviceSource = options.deviceSource;
  model.codeHash = codeHash;
  model.producer = options.producer + " for " + machine->getTargetTriple().str() + ", " + machine->getTargetCPU().str();
  return success();
}

/// Kernels and callers, each to the LLVM dialect.
LogicalResult ArtifactBuilder::lower() {
  kernels = ModuleOp::create(module.getLoc());
  for (func::FuncOp function : llvm::make_early_inc_range(module.getOps<func::FuncOp>())) {
    if (!function->hasAttr(kernelAttrName))
      continue;
    func::FuncOp declaration = function.cloneWithoutRegions();
    module.getBody()->getOperations().insert(function->getIterator(), declaration);
    function->remove();
    ModuleOp own = ModuleOp::create(function.getLoc());
    own.push_back(function);
    kernels->push_back(own);
  }
  report("lowering " + llvm::Twine(llvm::range_size(kernels->getOps<ModuleOp>())) + " kernels");
  VectorTarget target = VectorTarget::of(*machine);
  PassManager manager(module.getContext());
  buildLoweringOfKernels(manager, target, options.debugInfo);
  if (failed(run(manager, *kernels)))
    return failure();
  SymbolTable symbols(module);
  kernels->walk([&](LLVM::LLVMFuncOp kernel) {
    Attribute items = kernel->getAttr(workItemsAttrName);
    func::FuncOp declaration = symbols.lookup<func::FuncOp>(kernel.getName());
    if (!items || !declaration)
      return;
    declaration->setAttr(workItemsAttrName, items);
    if (Attribute scratch = kernel->getAttr(scratchBytesAttrName))
      declaration->setAttr(scratchBytesAttrName, scratch);
    kernel.setLinkage(LLVM::Linkage::External);
    if (auto tile = kernel->getAttrOfType<StringAttr>(tileAttrName))
      for (FunctionDescription *function : model.getFunctions())
        for (LaunchDescription &launch : function->launches)
          if (launch.kernel == kernel.getName())
            launch.tile = tile.str();
  });
  PassManager callers(module.getContext());
  buildLoweringOfCallers(callers, options);
  if (failed(run(callers, module)))
    return failure();
  for (FunctionDescription *function : model.getFunctions()) {
    LLVM::LLVMFuncOp entry = module.lookupSymbol<LLVM::LLVMFuncOp>(function->entry);
    if (IntegerAttr bytes = entry->getAttrOfType<IntegerAttr>(scratchBytesAttrName))
      function->scratchBytes = bytes.getInt();
  }
  return success();
}

std::unique_ptr<llvm::Module> ArtifactBuilder::translate(ModuleOp part, llvm::LLVMContext &context) {
  std::unique_ptr<llvm::Module> translated = translateModuleToLLVMIR(part, context, net);
  if (translated) {
    translated->setTargetTriple(machine->getTargetTriple());
    translated->setDataLayout(machine->createDataLayout());
    translated->setSourceFileName(net);
  }
  return translated;
}

/// From the LLVM dialect to LLVM: all but the kernels.
LogicalResult ArtifactBuilder::translate() {
  isBug = true; // unless all goes well
  llvm::Expected<std::unique_ptr<llvm::Module>> support = loadSupportCode(context, *machine);
  if (!support)
    return fail(support.takeError());
  code = translate(module, context);
  if (!code)
    return failure();
  exported = emitModel(model, weights.has_value(), *code);
  if (llvm::Linker::linkModules(*code, std::move(*support)))
    return emitError(module.getLoc(), "cannot link the support code to '") << net << "'";
  // A library must need nothing but libc and libm.
  if (!model.deviceParts.empty())
    known.insert(model.deviceSource);
  known.insert(getEmbeddedParametersSymbol(model));
  known.insert(getEmbeddedStatesSymbol(model));
  known.insert(getEmbeddedDerivedSymbol(model));
  isBug = false;
  return success();
}

/// Everything as one LLVM module, optimized.
LogicalResult ArtifactBuilder::link() {
  isBug = true;
  for (auto kernel : kernels->getOps<ModuleOp>()) {
    std::unique_ptr<llvm::Module> part = translate(kernel, context);
    if (!part || llvm::Linker::linkModules(*code, std::move(part)))
      return emitError(module.getLoc(), "cannot link the kernels to '") << net << "'";
  }
  if (llvm::Error error = optimizeModule(*code, *machine, exported, known, /*hasKernels=*/true))
    return fail(std::move(error));
  isBug = false;
  return success();
}

LogicalResult ArtifactBuilder::readWeights() {
  if (options.weightsFile.empty())
    return success();
  report("reading weights");
  llvm::Expected<SafetensorsFile> file = SafetensorsFile::open(options.weightsFile);
  if (!file)
    return fail(file.takeError());
  if (llvm::Error error = checkWeights(model, *file, options.weightsFile))
    return fail(std::move(error));
  weights = std::move(*file);
  return success();
}

LogicalResult ArtifactBuilder::emit(Stage stage, llvm::raw_pwrite_stream &stream) {
  if (failed(plan()))
    return failure();
  if (stage == Stage::Kernels) {
    module.print(stream);
    stream << "\n";
    return success();
  }
  if (failed(readWeights()))
    return failure();
  if (stage == Stage::Header) {
    stream << emitHeader(model, weights.has_value());
    return success();
  }
  if (failed(lower()) || failed(translate()) || failed(link()))
    return failure();
  if (stage == Stage::LLVM) {
    code->print(stream, nullptr);
    return success();
  }
  return emitCode(stage == Stage::Assembly, stream);
}

LogicalResult ArtifactBuilder::planFunctions(std::vector<FunctionPlan> &functions) {
  if (failed(plan()))
    return failure();
  auto add = [&](const char *name, const FunctionDescription &function) {
    MemoryUse memory{function.arenaSampleBytes, function.liveSampleBytes, function.arenaFixedBytes,
                     function.liveFixedBytes};
    FunctionPlan &plan = functions.emplace_back(FunctionPlan{name, memory, {}});
    for (const LaunchDescription &launch : function.launches)
      plan.kernels.push_back({launch.layers, launch.ops, launch.whyApart});
  };
  add("infer", model.infer);
  if (model.trainStep)
    add("train_step", *model.trainStep);
  if (model.evaluate)
    add("evaluate", *model.evaluate);
  return success();
}

LogicalResult ArtifactBuilder::build() {
  // What can go wrong for the user's reasons comes before what takes time.
  if (failed(plan()) || failed(readWeights()) || failed(lower()) || failed(translate()))
    return failure();
  report("compiling kernels");
  llvm::Expected<std::vector<ObjectBytes>> parts = compileParts(
      std::move(code), *kernels, net, exported, known, [&] { return createTargetMachine(options.triple, options.cpu); },
      [&](ModuleOp kernel, llvm::LLVMContext &context) { return translate(kernel, context); });
  if (!parts) {
    isBug = true;
    return fail(parts.takeError());
  }

  StringRef folder = options.folder;
  std::vector<ObjectFile> objects;
  auto writeObject = [&](std::string name, llvm::function_ref<void(llvm::raw_pwrite_stream &)> writer) {
    objects.push_back({(folder + "/" + name).str(), name});
    return writeFile(folder, name, writer);
  };
  for (auto [i, part] : llvm::enumerate(*parts))
    if (llvm::Error error =
            writeObject(net + (i == 0 ? "" : "_kernels" + std::to_string(i)) + ".o",
                        [&](llvm::raw_pwrite_stream &stream) { stream.write(part.data(), part.size()); }))
      return fail(std::move(error));
  if (weights) {
    report("writing weights");
    if (llvm::Error error = writeObject(net + "_weights.o", [&](llvm::raw_pwrite_stream &stream) {
          writeWeightsObject(model, *weights, StringRef(parts->front().data(), parts->front().size()), stream);
        }))
      return fail(std::move(error));
  }
  if (!model.deviceParts.empty())
    if (llvm::Error error =
            writeObject(net + "_device.o", [&](llvm::raw_pwrite_stream &stream) { stream << options.deviceRuntime; }))
      return fail(std::move(error));
  report("linking");
  if (options.emitStaticLibrary) {
    if (llvm::Error error = emitArchive(objects, net, folder))
      return fail(std::move(error));
    if (llvm::Error error = emitPackage(net, model.producer, folder))
      return fail(std::move(error));
  }
  if (options.emitSharedLibrary)
    if (llvm::Error error = emitSharedLibrary(objects, net, machine->getTargetTriple(), folder))
      return fail(std::move(error));
  if (options.emitHeader)
    if (llvm::Error error = writeFile(folder, net + ".h", [&](llvm::raw_pwrite_stream &stream) {
          stream << emitHeader(model, weights.has_value());
        }))
      return fail(std::move(error));
  for (const ObjectFile &file : objects)
    llvm::sys::fs::remove(file.path);
  return success();
}

} // namespace

void registerDialects(DialectRegistry &registry) {
  registry.insert<CnnDialect>();
  registerKernelDialects(registry);
  registerBuiltinDialectTranslation(registry);
  registerLLVMDialectTranslation(registry);
}

void buildChoicePipeline(OpPassManager &manager, const ArtifactOptions &options) {
  VectorTarget target;
  // A target that is not known is reported when code is made for it.
  if (llvm::Expected<std::unique_ptr<llvm::TargetMachine>> machine = createTargetMachine(options.triple, options.cpu))
    target = VectorTarget::of(**machine);
  else
    llvm::consumeError(machine.takeError());
  bool hasDotProducts = options.storesBF16 && target.bf16;
  manager.addPass(createChooseConvAlgorithms({options.convAlgorithm, target.lanes, target.cpu, hasDotProducts}));
  // After it: the filters of some algorithms stay f32.
  if (options.storesBF16)
    manager.addNestedPass<func::FuncOp>(createNarrowStorage({target.bf16 ? 0 : leastNarrowWeightBytes, target.bf16}));
}

void listPasses(OpPassManager &manager) {
  ArtifactOptions choices;
  choices.storesBF16 = true;
  buildChoicePipeline(manager, choices);
  buildPlanPipeline(manager, VectorTarget(), /*hasOrderedSums=*/false, /*sliceSamples=*/0);
  buildLoweringOfKernels(manager, VectorTarget(), /*debugInfo=*/true);
  ArtifactOptions options;
  options.debugInfo = true;
  buildLoweringOfCallers(manager, options);
}

std::string findTargetProblem(StringRef triple, StringRef cpu) {
  llvm::Expected<std::unique_ptr<llvm::TargetMachine>> machine = createTargetMachine(triple, cpu);
  return machine ? "" : llvm::toString(machine.takeError());
}

Outcome buildArtifact(ModuleOp module, const ArtifactOptions &options) {
  ArtifactBuilder builder(module, options);
  return builder.outcomeOf(builder.build());
}

Outcome planFunctions(ModuleOp module, const ArtifactOptions &options, std::vector<FunctionPlan> &functions) {
  ArtifactBuilder builder(module, options);
  return builder.outcomeOf(builder.planFunctions(functions));
}

Outcome emitStage(ModuleOp module, const ArtifactOptions &options, Stage stage, llvm::raw_pwrite_stream &stream) {
  ArtifactBuilder builder(module, options);
  return builder.outcomeOf(builder.emit(stage, stream));
}

} // namespace cnn::cpu
