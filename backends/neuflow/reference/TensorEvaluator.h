// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The meaning of the tensor level, executable: each op by its definition in docs/neuflow-dialect.md, one sample at a
// time. On words it is exact, and what every program of the machine is held to; on reals it is what words are chosen
// for, in double.

#ifndef CNN_BACKENDS_NEUFLOW_REFERENCE_TENSOREVALUATOR_H
#define CNN_BACKENDS_NEUFLOW_REFERENCE_TENSOREVALUATOR_H

#include "backends/neuflow/dialect/NeuflowDialect.h"
#include "backends/neuflow/reference/Planes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace cnn::neuflow {

/// What is seen of one value: an argument, or the result of an op.
template <typename T> struct Observation {
  mlir::Value value;
  const Planes<T> &planes;
  /// How many words were changed by `sat`, partial sums included; a division by 0 counts. 0 of reals.
  int64_t saturated = 0;
  /// Of a convolution of reals: the largest magnitude among its biases, what it adds up, and its partial sums.
  double largestPart = 0;
};

/// Evaluates one function of one block, many times. T is Word (i16) or double (f32).
template <typename T> class TensorEvaluator {
public:
  using Watch = llvm::function_ref<void(const Observation<T> &)>;

  /// Reads the constants. The function must stay as it is.
  explicit TensorEvaluator(mlir::func::FuncOp function);

  /// The results. Fails with an error at the op that is none of the tensor level; inputs have the function's types.
  mlir::FailureOr<std::vector<Planes<T>>> run(llvm::ArrayRef<Planes<T>> inputs, Watch watch);
  mlir::FailureOr<std::vector<Planes<T>>> run(llvm::ArrayRef<Planes<T>> inputs) {
    return run(inputs, [](const Observation<T> &) {});
  }

private:
  mlir::func::FuncOp function;
  llvm::DenseMap<mlir::Value, std::vector<T>> constants;
  llvm::DenseMap<mlir::Operation *, llvm::SmallVector<Connection>> connections;
};

extern template class TensorEvaluator<Word>;
extern template class TensorEvaluator<double>;

/// A sample of the host as words, or as reals: the definition of neuflow.quantize, and of dequantize.
Words toWords(llvm::ArrayRef<double> values, std::array<int64_t, 3> shape, int64_t fraction, int64_t *saturated);
double toReal(Word word, int64_t fraction);

} // namespace cnn::neuflow

#endif
