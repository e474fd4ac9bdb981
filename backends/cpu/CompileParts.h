// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The code of a library as several objects, made at the same time.

#ifndef CNN_BACKENDS_CPU_COMPILEPARTS_H
#define CNN_BACKENDS_CPU_COMPILEPARTS_H

#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/Error.h"
#include "llvm/Target/TargetMachine.h"
#include <vector>

namespace cnn::cpu {

using ObjectBytes = llvm::SmallVector<char, 0>;

/// Makes LLVM code for a kernel's module, or, if it cannot, nothing. Called by several threads.
using TranslateKernel = llvm::function_ref<std::unique_ptr<llvm::Module>(mlir::ModuleOp, llvm::LLVMContext &)>;

/// Optimizes and compiles `main`, and the kernels that it calls: `kernels` holds a module in the LLVM dialect for each.
/// The first object is that of `main`. Symbols that one object needs of another are hidden and begin with the prefix;
/// of `main`, the `exported` ones are visible, and all may need the `known` ones of nobody. Which objects there are,
/// and their bytes, depend on the modules alone, not on the number of threads: those of the MLIR context, if it has
/// any.
llvm::Expected<std::vector<ObjectBytes>>
compileParts(std::unique_ptr<llvm::Module> main, mlir::ModuleOp kernels, llvm::StringRef prefix,
             const llvm::StringSet<> &exported, const llvm::StringSet<> &known,
             llvm::function_ref<llvm::Expected<std::unique_ptr<llvm::TargetMachine>>()> createMachine,
             TranslateKernel translate);

} // namespace cnn::cpu

#endif
