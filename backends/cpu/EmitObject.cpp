// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "backends/cpu/EmitObject.h"

#include "backends/cpu/Embedded.h"
#include "llvm/Analysis/TargetLibraryInfo.h"
#include "llvm/Bitcode/BitcodeReader.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/IntrinsicsAArch64.h"
#include "llvm/IR/IntrinsicsX86.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Verifier.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/Transforms/IPO/GlobalDCE.h"
#include "llvm/Transforms/IPO/Internalize.h"
#include "llvm/Transforms/InstCombine/InstCombine.h"
#include "llvm/Transforms/Scalar/EarlyCSE.h"
#include "llvm/Transforms/Scalar/SROA.h"
#include "llvm/Transforms/Scalar/SimplifyCFG.h"

using namespace llvm;

namespace cnn::cpu {

/// Whether kernels and the layout of the tables are right for the target, and tested.
static bool isSupported(const Triple &triple) {
  return triple.isOSBinFormatELF() && (triple.getArch() == Triple::x86_64 || triple.getArch() == Triple::aarch64) &&
         !triple.isX32() && triple.getEnvironment() != Triple::GNUILP32;
}

static bool hasFeature(const Target &target, const Triple &triple, StringRef cpu, StringRef feature) {
  std::unique_ptr<MCSubtargetInfo> subtarget(target.createMCSubtargetInfo(triple, cpu, ""));
  return subtarget->checkFeatures(("+" + feature).str());
}

/// The CPU that was probably meant; empty if no name is near.
static std::string findClosestCPU(StringRef name, const MCSubtargetInfo &subtarget) {
  StringRef closest;
  unsigned least = name.size() / 3 + 1; // a third of the letters may be wrong
  for (const SubtargetSubTypeKV &cpu : subtarget.getAllProcessorDescriptions())
    if (unsigned distance = name.edit_distance_insensitive(cpu.Key, /*AllowReplacements=*/true, least);
        distance < least) {
      least = distance;
      closest = cpu.Key;
    }
  return closest.str();
}

/// Sets what LLVM offers only as options of its tools; clang passes them on with -mllvm.
///
/// Loops of kernels are unrolled where that is worth it (EmitMicrokernels), and LLVM should unroll what is very small:
/// a window of 2x2. At -O3 it goes up to 300 instructions, and unrolls loops whose end it does not know. That took a
/// quarter of the time of a build, and made as many kernels slower as faster: what is unrolled is rarely vectorized.
///
/// Nor should it keep what one step of a loop loads for the next one, as a window that moves by one pixel would let it:
/// the registers are those of the sums, which it stores instead.
static void limitOptimizations() {
  const char *const arguments[] = {"cnnc", "-unroll-threshold=80", "-unroll-runtime=0", "-enable-load-in-loop-pre=0"};
  cl::ParseCommandLineOptions(std::size(arguments), arguments);
}

Expected<std::unique_ptr<TargetMachine>> createTargetMachine(StringRef tripleText, StringRef cpuText) {
  static bool areTargetsRegistered = [] {
    InitializeAllTargetInfos();
    InitializeAllTargets();
    InitializeAllTargetMCs();
    InitializeAllAsmPrinters();
    InitializeAllAsmParsers();
    limitOptimizations();
    return true;
  }();
  (void)areTargetsRegistered;
  Triple triple(tripleText.empty() ? sys::getDefaultTargetTriple() : Triple::normalize(tripleText));
  std::string message;
  const Target *target = TargetRegistry::lookupTarget(triple, message);
  if (!target)
    return createStringError("unknown target '" + tripleText + "': " + message);
  if (!isSupported(triple))
    return createStringError("cannot compile for '" + triple.str() +
                             "'; supported are x86_64 and aarch64 with ELF "
                             "objects and 64-bit pointers, such as x86_64-linux-gnu and aarch64-linux-gnu");

  std::string cpu = cpuText.str(), features;
  bool isHost = triple.getArch() == Triple(sys::getProcessTriple()).getArch();
  if ((cpu.empty() && tripleText.empty()) || cpu == "native") {
    if (!isHost)
      return createStringError("the CPU 'native' is not a '" + triple.str() + "'");
    cpu = sys::getHostCPUName().str();
    std::vector<std::string> list;
    for (const auto &feature : sys::getHostCPUFeatures())
      list.push_back((feature.second ? "+" : "-") + feature.first().str());
    llvm::sort(list);
    features = llvm::join(list, ",");
  } else if (cpu.empty()) {
    cpu = triple.getArch() == Triple::x86_64 ? "x86-64" : "generic";
  }
  std::unique_ptr<MCSubtargetInfo> subtarget(target->createMCSubtargetInfo(triple, "", ""));
  if (!subtarget || !subtarget->isCPUStringValid(cpu)) {
    std::string closest = subtarget ? findClosestCPU(cpu, *subtarget) : "";
    return createStringError("unknown CPU '" + cpu + "' of target '" + triple.str() + "'" +
                             (closest.empty() ? "" : ", did you mean '" + closest + "'?"));
  }
  // A target machine for a CPU without 64-bit mode would end the program.
  if (triple.isX86() && !hasFeature(*target, triple, cpu, "64bit"))
    return createStringError("the CPU '" + cpu + "' has no 64-bit mode, which the target '" + triple.str() + "' needs");
  TargetOptions options;
  // One section a function, so that a static link drops what it does not use.
  options.FunctionSections = true;
  options.DataSections = true;
  std::unique_ptr<TargetMachine> machine(target->createTargetMachine(triple, cpu, features, options, Reloc::PIC_,
                                                                     std::nullopt, CodeGenOptLevel::Aggressive));
  if (!machine)
    return createStringError("cannot compile for '" + triple.str() + "'");
  assert(machine->createDataLayout().getPointerSize() == 8 && "the tables of a model are laid out for 64-bit pointers");
  return machine;
}

/// The body of the support code's `void cnn_pause(void)`: the target's instruction for a thread that waits.
static void definePause(Module &module) {
  Function *pause = module.getFunction("cnn_pause");
  assert(pause && pause->isDeclaration() && "the support code waits somewhere");
  IRBuilder<> builder(BasicBlock::Create(module.getContext(), "", pause));
  if (module.getTargetTriple().isX86())
    builder.CreateIntrinsic(Intrinsic::x86_sse2_pause, {});
  else if (module.getTargetTriple().isAArch64())
    builder.CreateIntrinsic(Intrinsic::aarch64_hint, builder.getInt32(/*yield*/ 1));
  builder.CreateRetVoid();
}

Expected<std::unique_ptr<Module>> loadSupportCode(LLVMContext &context, const TargetMachine &machine) {
  MemoryBufferRef bitcode(StringRef(reinterpret_cast<const char *>(cnnSupportBitcode), cnnSupportBitcodeBytes),
                          "support");
  Expected<std::unique_ptr<Module>> module = parseBitcodeFile(bitcode, context);
  if (!module)
    return module;
  // It passes pointers and numbers alone, and structures have one layout on all 64-bit targets, so it fits them all.
  (*module)->setTargetTriple(machine.getTargetTriple());
  (*module)->setDataLayout(machine.createDataLayout());
  (*module)->setSourceFileName("support.c");
  definePause(**module);
  if (NamedMDNode *ident = (*module)->getNamedMetadata("llvm.ident"))
    ident->eraseFromParent();
  return module;
}

/// The first symbol that the module needs and that nobody has; empty if there is none.
static std::string findUnknownSymbol(const Module &module, const StringSet<> &known) {
  TargetLibraryInfoImpl library(module.getTargetTriple());
  for (const GlobalObject &object : module.global_objects()) {
    LibFunc function;
    // What is weak may be missing.
    if (object.isDeclaration() && !object.hasExternalWeakLinkage() && !object.getName().starts_with("llvm.") &&
        !known.contains(object.getName()) && !library.getLibFunc(object.getName(), function))
      return object.getName().str();
  }
  return "";
}

/// For code that is rarely run, or has been optimized before, as the support code: what is not needed goes, and what
/// has been said twice.
static ModulePassManager buildShortPipeline() {
  FunctionPassManager function;
  function.addPass(SROAPass(SROAOptions::ModifyCFG));
  function.addPass(EarlyCSEPass(/*UseMemorySSA=*/true));
  function.addPass(InstCombinePass());
  function.addPass(SimplifyCFGPass());
  ModulePassManager pipeline;
  pipeline.addPass(GlobalDCEPass());
  pipeline.addPass(createModuleToFunctionPassAdaptor(std::move(function)));
  return pipeline;
}

Error optimizeModule(Module &module, TargetMachine &machine, const StringSet<> &exported, const StringSet<> &known,
                     bool hasKernels) {
  internalizeModule(module, [&](const GlobalValue &value) { return exported.contains(value.getName()); });
  // Module::setPICLevel would add a second flag beside the support code's.
  module.setModuleFlag(Module::Min, "PIC Level", PICLevel::BigPIC);
  bool hasWideVectors = machine.getTargetTriple().isX86() && machine.getMCSubtargetInfo()->checkFeatures("+avx512f");
  for (Function &function : module) {
    if (function.isDeclaration())
      continue;
    for (StringRef attribute :
         {"target-cpu", "target-features", "tune-cpu", "probe-stack", "stack-protector-buffer-size"})
      function.removeFnAttr(attribute);
    function.addFnAttr("target-cpu", machine.getTargetCPU());
    if (!machine.getTargetFeatureString().empty())
      function.addFnAttr("target-features", machine.getTargetFeatureString());
    if (hasWideVectors)
      function.addFnAttr("prefer-vector-width", "512");
    function.addFnAttr(Attribute::NoUnwind);
  }
  LoopAnalysisManager loops;
  FunctionAnalysisManager functions;
  CGSCCAnalysisManager components;
  ModuleAnalysisManager modules;
  PassBuilder builder(&machine);
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(components);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, components, modules);
  ModulePassManager pipeline =
      hasKernels ? builder.buildPerModuleDefaultPipeline(OptimizationLevel::O3) : buildShortPipeline();
  pipeline.run(module, modules);

  std::string problems;
  raw_string_ostream problemStream(problems);
  if (verifyModule(module, &problemStream))
    return createStringError("bug: the code is not valid: " + problems);
  if (std::string symbol = findUnknownSymbol(module, known); !symbol.empty())
    return createStringError("bug: the code calls '" + symbol + "', which no library has");
  return Error::success();
}

Error emitMachineCode(Module &module, TargetMachine &machine, bool asAssembly, raw_pwrite_stream &stream) {
  legacy::PassManager passes;
  CodeGenFileType kind = asAssembly ? CodeGenFileType::AssemblyFile : CodeGenFileType::ObjectFile;
  if (machine.addPassesToEmitFile(passes, stream, nullptr, kind))
    return createStringError("the target '" + machine.getTargetTriple().str() + "' cannot emit this kind of file");
  passes.run(module);
  return Error::success();
}

} // namespace cnn::cpu
