// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The meaning of the cnn dialect, executable: evaluates every op by the formula of its definition, slowly and
// obviously. It is what generated code and gradients are tested against, and it is itself tested against finite
// differences and PyTorch.

#ifndef CNN_IR_REFERENCE_EVALUATOR_H
#define CNN_IR_REFERENCE_EVALUATOR_H

#include "ir/reference/Tensor.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace cnn::reference {

/// How the results of ops are rounded. Within an op all arithmetic is in double.
enum class Arithmetic {
  /// Not at all: every floating-point type is computed as f64. For finite differences.
  Exact,
  /// To the element type of the result.
  Typed,
};

/// Evaluates one op. Operand shapes must agree with the operand types; the batch is taken from them. Fails, with an
/// error at the op, if they do not or if the op is not known.
mlir::FailureOr<llvm::SmallVector<Tensor>> evaluateOp(mlir::Operation *op, llvm::ArrayRef<Tensor> operands,
                                                      Arithmetic arithmetic = Arithmetic::Typed);

/// Evaluates a function of one block.
mlir::FailureOr<llvm::SmallVector<Tensor>> evaluate(mlir::func::FuncOp function, llvm::ArrayRef<Tensor> inputs,
                                                    Arithmetic arithmetic = Arithmetic::Typed);

/// The element kind of a tensor element type; nullopt if the dialect does not compute with it.
std::optional<ElementKind> getElementKind(mlir::Type elementType);

} // namespace cnn::reference

#endif
