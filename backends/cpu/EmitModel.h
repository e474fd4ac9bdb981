// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The tables and the typed functions of a compiled model, as LLVM IR.

#ifndef CNN_BACKENDS_CPU_EMITMODEL_H
#define CNN_BACKENDS_CPU_EMITMODEL_H

#include "backends/cpu/ModelDescription.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/IR/Module.h"

namespace cnn::cpu {

/// Adds the constant `NAME_model_desc` and the functions of NAME.h to a module that holds the entries. They call the
/// support code (runtime/abi/support.h). With `hasWeights`, the description points to the blocks of WeightsObject.h.
/// Returns the symbols that the library exports.
llvm::StringSet<> emitModel(const ModelDescription &model, bool hasWeights, llvm::Module &module);

} // namespace cnn::cpu

#endif
