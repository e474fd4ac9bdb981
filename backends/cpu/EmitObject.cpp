// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "backends/cpu/EmitObject.h"

#include "llvm/Analysis/TargetLibraryInfo.h"
#include "llvm/Bitcode/BitcodeReader.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/Transforms/IPO/Internalize.h"

/// support.c as bitcode, put here by the build.
extern "C" const unsigned char cnnSupportBitcode[];
extern "C" const unsigned long cnnSupportBitcodeBytes;

using namespace llvm;

namespace cnn::cpu {

Expected<std::unique_ptr<TargetMachine>> createTargetMachine(StringRef tripleText, StringRef cpuText) {
  static bool areTargetsRegistered = [] {
    InitializeAllTargetInfos();
    InitializeAllTargets();
    InitializeAllTargetMCs();
    InitializeAllAsmPrinters();
    InitializeAllAsmParsers();
    return true;
  }();
  (void)areTargetsRegistered;
  Triple triple(tripleText.empty() ? sys::getDefaultTargetTriple() : Triple::normalize(tripleText));
  std::string message;
  const Target *target = TargetRegistry::lookupTarget(triple, message);
  if (!target)
    return createStringError("unknown target '" + tripleText + "': " + message);
  if (!triple.isOSBinFormatELF() || !triple.isArch64Bit() || !triple.isLittleEndian())
    return createStringError("expected a 64-bit little-endian target with ELF objects, but got '" + triple.str() + "'");

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
  if (!subtarget || !subtarget->isCPUStringValid(cpu))
    return createStringError("unknown CPU '" + cpu + "' of target '" + triple.str() + "'");
  TargetOptions options;
  // One section a function, so that a static link drops what it does not use.
  options.FunctionSections = true;
  options.DataSections = true;
  std::unique_ptr<TargetMachine> machine(target->createTargetMachine(triple, cpu, features, options, Reloc::PIC_,
                                                                     std::nullopt, CodeGenOptLevel::Aggressive));
  if (!machine)
    return createStringError("cannot compile for '" + triple.str() + "'");
  return machine;
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
  if (NamedMDNode *ident = (*module)->getNamedMetadata("llvm.ident"))
    ident->eraseFromParent();
  return module;
}

void optimizeModule(Module &module, TargetMachine &machine, const StringSet<> &exported) {
  internalizeModule(module, [&](const GlobalValue &value) { return exported.contains(value.getName()); });
  // Module::setPICLevel would add a second flag beside the support code's.
  module.setModuleFlag(Module::Min, "PIC Level", PICLevel::BigPIC);
  bool hasWideVectors =
      machine.getTargetTriple().isX86() && machine.getMCSubtargetInfo()->checkFeatures("+avx512f");
  for (Function &function : module) {
    if (function.isDeclaration())
      continue;
    for (StringRef attribute : {"target-cpu", "target-features", "tune-cpu", "probe-stack", "stack-protector-buffer-size"})
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
  builder.buildPerModuleDefaultPipeline(OptimizationLevel::O3).run(module, modules);
}

std::string findUnknownSymbol(const Module &module, const StringSet<> &known) {
  TargetLibraryInfoImpl library(module.getTargetTriple());
  for (const GlobalObject &object : module.global_objects()) {
    LibFunc function;
    if (object.isDeclaration() && !object.getName().starts_with("llvm.") && !known.contains(object.getName()) &&
        !library.getLibFunc(object.getName(), function))
      return object.getName().str();
  }
  return "";
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
