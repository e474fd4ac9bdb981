// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// LLVM takes most of the time of a build, and one module is compiled by one thread. Kernels do not know of each other,
// so they are dealt to modules of about the same size:
//
//   main     LeNet5.infer, tables, support code  ─► LeNet5.o
//   kernels  kernel_0, kernel_3, kernel_7        ─► LeNet5_kernels1.o        each in a context of its own, because a
//            kernel_1, kernel_2, ...             ─► LeNet5_kernels2.o        context serves one thread
//
// What only one of them uses stays local to it. What they call of each other, `kernel_0` and `cnn_scratch_claim`,
// becomes `LeNet5.kernel_0`, so that two libraries can be linked into one program, and hidden, so that calls are direct
// and shared libraries do not export it.
#include "backends/cpu/CompileParts.h"

#include "backends/cpu/EmitObject.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/Threading.h"
#include "llvm/Bitcode/BitcodeReader.h"
#include "llvm/Bitcode/BitcodeWriter.h"
#include "llvm/Linker/Linker.h"

using namespace llvm;

namespace cnn::cpu {

/// More parts than most machines have processors, so that these end at about the same time; but a part costs some
/// milliseconds by itself.
static constexpr size_t mostParts = 32, fewestInstructions = 1000;

/// Gives what functions of both sides stand for a name of its own.
static void shareNames(Module &module, const StringSet<> &shared, StringRef prefix) {
  for (const auto &name : shared)
    if (GlobalValue *value = module.getNamedValue(name.getKey())) {
      value->setName(prefix + "." + name.getKey());
      value->setLinkage(GlobalValue::ExternalLinkage);
      value->setVisibility(GlobalValue::HiddenVisibility);
      value->setDSOLocal(true);
    }
}

/// The names of functions that one side defines and the other one only declares.
static StringSet<> findSharedNames(const Module &main, mlir::ModuleOp kernels) {
  StringSet<> shared;
  kernels.walk([&](mlir::LLVM::LLVMFuncOp function) {
    if (const GlobalValue *other = main.getNamedValue(function.getName());
        other && function.getLinkage() == mlir::LLVM::Linkage::External &&
        function.isExternal() != other->isDeclaration())
      shared.insert(function.getName());
  });
  return shared;
}

/// The kernels of each part: the largest first, each in the part that is smallest then.
static std::vector<std::vector<mlir::ModuleOp>> deal(mlir::ModuleOp kernels) {
  struct Kernel {
    mlir::ModuleOp module;
    size_t instructions, place;
  };
  std::vector<Kernel> all;
  size_t total = 0;
  for (auto module : kernels.getOps<mlir::ModuleOp>()) {
    size_t instructions = 0;
    module.walk([&](mlir::Operation *) { ++instructions; });
    all.push_back({module, instructions, all.size()});
    total += instructions;
  }
  llvm::sort(all, [](const Kernel &a, const Kernel &b) {
    return std::pair(b.instructions, a.place) < std::pair(a.instructions, b.place);
  });
  // None without a kernel: that would be no module.
  size_t count = std::min(std::clamp<size_t>(total / fewestInstructions, 1, mostParts), all.size());
  std::vector<std::vector<mlir::ModuleOp>> parts(count);
  std::vector<size_t> sizes(count);
  for (const Kernel &kernel : all) {
    size_t least = llvm::min_element(sizes) - sizes.begin();
    parts[least].push_back(kernel.module);
    sizes[least] += kernel.instructions;
  }
  return parts;
}

/// A module without its context.
static SmallVector<char, 0> writeBitcode(const Module &module) {
  SmallVector<char, 0> bitcode;
  raw_svector_ostream stream(bitcode);
  WriteBitcodeToFile(module, stream);
  return bitcode;
}

Expected<std::vector<ObjectBytes>> compileParts(std::unique_ptr<Module> main, mlir::ModuleOp kernels, StringRef prefix,
                                                const StringSet<> &exported, const StringSet<> &known,
                                                function_ref<Expected<std::unique_ptr<TargetMachine>>()> createMachine,
                                                TranslateKernel translate) {
  StringSet<> shared = findSharedNames(*main, kernels);
  shareNames(*main, shared, prefix);
  StringSet<> visible = exported, needed = known;
  for (const auto &name : shared)
    for (StringSet<> *set : {&visible, &needed})
      set->insert((prefix + "." + name.getKey()).str());
  SmallVector<char, 0> mainBitcode = writeBitcode(*main);
  main.reset();
  std::vector<std::vector<mlir::ModuleOp>> parts = deal(kernels);
  // The first part is `main`, which may be in a context that is not this thread's.
  parts.insert(parts.begin(), std::vector<mlir::ModuleOp>());

  auto make = [&](size_t part, LLVMContext &context) -> Expected<std::unique_ptr<Module>> {
    if (part == 0)
      return parseBitcodeFile(MemoryBufferRef(StringRef(mainBitcode.data(), mainBitcode.size()), prefix), context);
    std::unique_ptr<Module> whole;
    for (mlir::ModuleOp kernel : parts[part]) {
      std::unique_ptr<Module> module = translate(kernel, context);
      if (!module || (whole && Linker::linkModules(*whole, std::move(module))))
        return createStringError("bug: a kernel cannot be made LLVM code");
      if (!whole)
        whole = std::move(module);
    }
    shareNames(*whole, shared, prefix);
    return whole;
  };
  std::vector<ObjectBytes> objects(parts.size());
  std::vector<std::string> problems(parts.size());
  auto compile = [&](size_t i) -> Error {
    LLVMContext context;
    Expected<std::unique_ptr<Module>> module = make(i, context);
    if (!module)
      return module.takeError();
    Expected<std::unique_ptr<TargetMachine>> machine = createMachine();
    if (!machine)
      return machine.takeError();
    if (Error error = optimizeModule(**module, **machine, visible, needed, /*hasKernels=*/i > 0))
      return error;
    raw_svector_ostream stream(objects[i]);
    return emitMachineCode(**module, **machine, /*asAssembly=*/false, stream);
  };
  mlir::parallelFor(kernels.getContext(), 0, parts.size(), [&](size_t i) {
    if (Error error = compile(i))
      problems[i] = toString(std::move(error));
  });
  for (const std::string &problem : problems)
    if (!problem.empty())
      return createStringError(problem);
  return objects;
}

} // namespace cnn::cpu
