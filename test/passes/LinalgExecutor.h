// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Runs functions of cnn ops as compiled code: lowered to linalg by our passes, and from there to machine code by the
// plainest passes of MLIR. What the CPU back end adds is tested elsewhere.

#ifndef CNN_TEST_PASSES_LINALGEXECUTOR_H
#define CNN_TEST_PASSES_LINALGEXECUTOR_H

#include "ir/reference/Tensor.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include <memory>

namespace cnn::test {

/// A context with all dialects and models that `runAsLinalg` needs.
std::unique_ptr<mlir::MLIRContext> makeLinalgContext();

/// Lowers the module of `function` and runs the function. The shape of a result comes from the code.
mlir::FailureOr<llvm::SmallVector<reference::Tensor>> runAsLinalg(mlir::func::FuncOp function,
                                                                  llvm::ArrayRef<reference::Tensor> inputs);

} // namespace cnn::test

#endif
