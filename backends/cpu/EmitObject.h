// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// LLVM: the target machine, optimization, machine code.

#ifndef CNN_BACKENDS_CPU_EMITOBJECT_H
#define CNN_BACKENDS_CPU_EMITOBJECT_H

#include "llvm/ADT/StringSet.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/Error.h"
#include "llvm/Target/TargetMachine.h"

namespace cnn::cpu {

/// The machine to compile for. Empty strings are the host's; with a triple alone, the CPU is that architecture's
/// baseline.
llvm::Expected<std::unique_ptr<llvm::TargetMachine>> createTargetMachine(llvm::StringRef triple, llvm::StringRef cpu);

/// The support code of runtime/abi/support.c, for the machine.
llvm::Expected<std::unique_ptr<llvm::Module>> loadSupportCode(llvm::LLVMContext &context,
                                                              const llvm::TargetMachine &machine);

/// Makes everything local but the exported symbols, fits functions to the machine, and optimizes: kernels thoroughly,
/// and what calls them as little as is enough. It is an error, and a bug of who made the module, if it needs a symbol
/// that is neither its own, nor a function of libc or libm, nor among `known`.
llvm::Error optimizeModule(llvm::Module &module, llvm::TargetMachine &machine, const llvm::StringSet<> &exported,
                           const llvm::StringSet<> &known, bool hasKernels);

/// Writes machine code, as an object or as assembly.
llvm::Error emitMachineCode(llvm::Module &module, llvm::TargetMachine &machine, bool asAssembly,
                            llvm::raw_pwrite_stream &stream);

} // namespace cnn::cpu

#endif
