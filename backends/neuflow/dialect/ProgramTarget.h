// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The machine that a neuflow.program is for, and selects as its ops have them.

#ifndef CNN_BACKENDS_NEUFLOW_DIALECT_PROGRAMTARGET_H
#define CNN_BACKENDS_NEUFLOW_DIALECT_PROGRAMTARGET_H

#include "backends/neuflow/dialect/NeuflowDialect.h"

namespace cnn::neuflow {

/// A preset by its name, or a machine by its canonical text.
Result<Target> programTarget(llvm::StringRef target);
/// The attribute for a machine: its name if that means the same machine, otherwise its canonical text.
std::string programTargetText(const Target &target);

RouterConfig routerOf(llvm::ArrayRef<int64_t> codes);
LinesConfig linesOf(llvm::ArrayRef<int64_t> codes);
llvm::SmallVector<int64_t> codesOf(const RouterConfig &router);
llvm::SmallVector<int64_t> codesOf(const LinesConfig &lines);

/// Verifies the instructions of a text.
mlir::LogicalResult verifyText(TextOp text, const Target &target);
/// The words of an instruction op; an error at the op that says something else.
mlir::LogicalResult appendWords(mlir::Operation *op, std::vector<uint64_t> &words);

} // namespace cnn::neuflow

#endif
