// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Builds elementwise arithmetic as formulas are written; gradients are made of it.

#ifndef CNN_IR_ELEMENTWISEBUILDER_H
#define CNN_IR_ELEMENTWISEBUILDER_H

#include "ir/CnnDialect.h"

namespace cnn {

/// Emits elementwise ops at one location. Where a second operand has fewer dimensions, `axes` says where they run.
class ElementwiseBuilder {
public:
  ElementwiseBuilder(mlir::OpBuilder &builder, mlir::Location location) : builder(builder), location(location) {}

  mlir::Value binary(BinaryKind kind, mlir::Value a, mlir::Value b, llvm::ArrayRef<int64_t> axes);
  /// Both of one shape.
  mlir::Value binary(BinaryKind kind, mlir::Value a, mlir::Value b);
  /// The second operand is a number.
  mlir::Value binary(BinaryKind kind, mlir::Value a, double b);
  mlir::Value unary(UnaryKind kind, mlir::Value value);
  /// f'(x) * gradient; `value` is f(x) or x, as gradReadsOutput says.
  mlir::Value unaryGrad(UnaryKind kind, mlir::Value value, mlir::Value gradient);
  /// The sum over all dimensions not in `keep`.
  mlir::Value sum(mlir::Value value, llvm::ArrayRef<int64_t> keep);
  /// `value` repeated to the shape of `like`.
  mlir::Value broadcast(mlir::Value value, mlir::Value like, llvm::ArrayRef<int64_t> axes);
  /// A constant of rank 0.
  mlir::Value scalar(double value, mlir::Type elementType);

private:
  mlir::OpBuilder &builder;
  mlir::Location location;
};

} // namespace cnn

#endif
