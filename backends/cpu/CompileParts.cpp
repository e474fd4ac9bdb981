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
#include "llvm/Bitcode/BitcodeReader.h"
#include "llvm/Bitcode/BitcodeWriter.h"
#include "llvm/Support/ThreadPool.h"
#include "llvm/Transforms/IPO/Internalize.h"
#include "llvm/Transforms/Utils/Cloning.h"

using namespace llvm;

namespace cnn::cpu {

/// More parts than most machines have processors, so that these end at about the same time; but a part costs some
/// milliseconds by itself.
static constexpr size_t mostParts = 32, fewestInstructions = 1000;

/// Names that functions of both modules stand for, with the prefix in both.
static StringSet<> shareNames(Module &main, Module &kernels, StringRef prefix) {
  StringSet<> shared;
  SmallVector<std::string> names;
  for (GlobalValue &value : kernels.global_values()) {
    GlobalValue *other = value.hasLocalLinkage() ? nullptr : main.getNamedValue(value.getName());
    if (other && value.isDeclaration() != other->isDeclaration())
      names.push_back(value.getName().str());
  }
  for (const std::string &name : names) {
    std::string sharedName = (prefix + "." + name).str();
    for (Module *module : {&main, &kernels}) {
      GlobalValue *value = module->getNamedValue(name);
      value->setName(sharedName);
      value->setLinkage(GlobalValue::ExternalLinkage);
      value->setVisibility(GlobalValue::HiddenVisibility);
      value->setDSOLocal(true);
    }
    shared.insert(sharedName);
  }
  return shared;
}

namespace {
/// A function that others may call, and what is local and only needed by the likes of it.
struct Entry {
  SetVector<const GlobalValue *> values;
  size_t instructions = 0, place = 0;
};
} // namespace

static Entry reachFrom(const Function &function, size_t place) {
  Entry entry;
  entry.place = place;
  entry.values.insert(&function);
  SmallPtrSet<const Constant *, 16> seen;
  SmallVector<const User *> next;
  auto visit = [&](const User &user) {
    for (const Use &operand : user.operands())
      if (auto *value = dyn_cast<GlobalValue>(operand)) {
        if (value->hasLocalLinkage())
          entry.values.insert(value);
      } else if (auto *constant = dyn_cast<Constant>(operand); constant && seen.insert(constant).second) {
        next.push_back(constant);
      }
  };
  for (size_t i = 0; i < entry.values.size(); ++i) {
    next.push_back(entry.values[i]);
    if (auto *reached = dyn_cast<Function>(entry.values[i]))
      for (const BasicBlock &block : *reached)
        for (const Instruction &instruction : block) {
          ++entry.instructions;
          visit(instruction);
        }
    while (!next.empty())
      visit(*next.pop_back_val());
  }
  return entry;
}

/// What is defined in each part: the largest entries first, each in the part that is smallest then.
static std::vector<SmallPtrSet<const GlobalValue *, 16>> deal(const Module &kernels) {
  std::vector<Entry> entries;
  size_t total = 0;
  for (const Function &function : kernels)
    if (!function.isDeclaration() && !function.hasLocalLinkage()) {
      entries.push_back(reachFrom(function, entries.size()));
      total += entries.back().instructions;
    }
  llvm::sort(entries, [](const Entry &a, const Entry &b) {
    return std::pair(b.instructions, a.place) < std::pair(a.instructions, b.place);
  });
  size_t count = std::clamp<size_t>(total / fewestInstructions, 1, mostParts);
  std::vector<SmallPtrSet<const GlobalValue *, 16>> parts(count);
  std::vector<size_t> sizes(count);
  for (const Entry &entry : entries) {
    size_t least = llvm::min_element(sizes) - sizes.begin();
    parts[least].insert_range(entry.values);
    sizes[least] += entry.instructions;
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

Expected<std::vector<ObjectBytes>>
compileParts(std::unique_ptr<Module> main, std::unique_ptr<Module> kernels, StringRef prefix,
             const StringSet<> &exported, const StringSet<> &known,
             function_ref<Expected<std::unique_ptr<TargetMachine>>()> createMachine) {
  StringSet<> shared = shareNames(*main, *kernels, prefix);
  internalizeModule(*kernels, [&](const GlobalValue &value) { return shared.contains(value.getName()); });
  StringSet<> visible = exported, needed = known;
  for (const auto &name : shared) {
    visible.insert(name.getKey());
    needed.insert(name.getKey());
  }
  std::vector<SmallVector<char, 0>> parts = {writeBitcode(*main)};
  main.reset();
  for (const SmallPtrSet<const GlobalValue *, 16> &part : deal(*kernels)) {
    ValueToValueMapTy map;
    parts.push_back(
        writeBitcode(*CloneModule(*kernels, map, [&](const GlobalValue *value) { return part.contains(value); })));
  }
  kernels.reset();

  std::vector<ObjectBytes> objects(parts.size());
  std::vector<std::string> problems(parts.size());
  auto compile = [&](size_t i) -> Error {
    LLVMContext context;
    StringRef bitcode(parts[i].data(), parts[i].size());
    Expected<std::unique_ptr<Module>> module = parseBitcodeFile(MemoryBufferRef(bitcode, prefix), context);
    if (!module)
      return module.takeError();
    Expected<std::unique_ptr<TargetMachine>> machine = createMachine();
    if (!machine)
      return machine.takeError();
    if (Error error = optimizeModule(**module, **machine, visible, needed))
      return error;
    raw_svector_ostream stream(objects[i]);
    return emitMachineCode(**module, **machine, /*asAssembly=*/false, stream);
  };
  DefaultThreadPool threads(hardware_concurrency());
  for (size_t i = 0; i < parts.size(); ++i)
    threads.async([&, i] {
      if (Error error = compile(i))
        problems[i] = toString(std::move(error));
    });
  threads.wait();
  for (const std::string &problem : problems)
    if (!problem.empty())
      return createStringError(problem);
  return objects;
}

} // namespace cnn::cpu
