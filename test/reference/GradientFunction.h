// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the tests of the reference evaluator share: small functions of cnn ops, and their gradients.

#ifndef CNN_TEST_REFERENCE_GRADIENTFUNCTION_H
#define CNN_TEST_REFERENCE_GRADIENTFUNCTION_H

#include "ir/CnnDialect.h"
#include "ir/WindowMath.h"
#include "ir/reference/Evaluator.h"

#include "mlir/IR/BuiltinOps.h"

#include <memory>
#include <random>

namespace cnn::test {

/// A context that has all dialects loaded that the tests need.
std::unique_ptr<mlir::MLIRContext> makeContext();

/// A function under construction, with a value for each argument.
class TestFunction {
public:
  explicit TestFunction(mlir::MLIRContext &context);

  /// Adds an argument that has `value`. With `hasBatch` its first dimension is dynamic.
  mlir::Value addInput(reference::Tensor value, bool hasBatch);
  /// Ends the function.
  void setResults(mlir::ValueRange results);
  /// Says that a result is the new value of an input without a batch, as it is in a training step.
  void tie(unsigned result, mlir::Value input);

  mlir::func::FuncOp getFunction() { return function; }
  llvm::ArrayRef<reference::Tensor> getInputs() const { return inputs; }

  mlir::OpBuilder builder;
  mlir::Location loc;

private:
  mlir::OwningOpRef<mlir::ModuleOp> module;
  mlir::func::FuncOp function;
  llvm::SmallVector<reference::Tensor> inputs;
};

/// The gradients of a function's inputs, for a sum of its results weighted by `resultWeights`: made by the op's
/// buildGradients and evaluated exactly. A weight without elements says that its result is not part of the sum. An
/// input without gradient gets a tensor without elements.
llvm::SmallVector<reference::Tensor> evaluateGradients(mlir::func::FuncOp function,
                                                       llvm::ArrayRef<reference::Tensor> inputs,
                                                       llvm::ArrayRef<reference::Tensor> resultWeights);

/// Values that are uniform in [low, high).
reference::Tensor makeUniform(llvm::ArrayRef<int64_t> shape, std::mt19937 &random, double low = -1, double high = 1);

/// Values of which no two are closer than 0.01 to each other, and none closer than 0.005 to an integer: far from the
/// corners of max and relu.
reference::Tensor makeDistinct(llvm::ArrayRef<int64_t> shape, std::mt19937 &random);

/// Shapes and windows at random, the same in every run.
class RandomShapes {
protected:
  std::mt19937 random{1};

  int64_t pick(int64_t low, int64_t high) { return low + static_cast<int64_t>(random() % (high - low + 1)); }
  llvm::SmallVector<int64_t> pickShape(int64_t batch, int64_t channels, int64_t rank, int64_t low = 3,
                                       int64_t high = 6);
  /// A window for each spatial dimension of `shape`, of any kind that has an output.
  llvm::SmallVector<WindowDim> pickWindow(llvm::ArrayRef<int64_t> shape, int64_t maxPad, bool forPool);
};

WindowAttr makeWindow(mlir::MLIRContext &context, llvm::ArrayRef<WindowDim> dims);

} // namespace cnn::test

#endif
