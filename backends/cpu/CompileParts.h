// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The code of a library as several objects, made at the same time.

#ifndef CNN_BACKENDS_CPU_COMPILEPARTS_H
#define CNN_BACKENDS_CPU_COMPILEPARTS_H

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/Error.h"
#include "llvm/Target/TargetMachine.h"
#include <vector>

namespace cnn::cpu {

using ObjectBytes = llvm::SmallVector<char, 0>;

/// Optimizes and compiles two modules of one context, of which `main` calls the functions that `kernels` defines. The
/// first object is that of `main`. Symbols that one object needs of another are hidden and begin with the prefix; of
/// `main`, the `exported` ones are visible, and all may need the `known` ones of nobody. Which objects there are, and
/// their bytes, depend on the modules alone, not on the number of threads.
llvm::Expected<std::vector<ObjectBytes>>
compileParts(std::unique_ptr<llvm::Module> main, std::unique_ptr<llvm::Module> kernels, llvm::StringRef prefix,
             const llvm::StringSet<> &exported, const llvm::StringSet<> &known,
             llvm::function_ref<llvm::Expected<std::unique_ptr<llvm::TargetMachine>>()> createMachine);

} // namespace cnn::cpu

#endif
