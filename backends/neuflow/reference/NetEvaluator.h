// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Runs a net whose parts are the grid's and the host's, as neuflow-legalize and neuflow-quantize leave it: the oracle
// of a whole program.

#ifndef CNN_BACKENDS_NEUFLOW_REFERENCE_NETEVALUATOR_H
#define CNN_BACKENDS_NEUFLOW_REFERENCE_NETEVALUATOR_H

#include "backends/neuflow/reference/TensorEvaluator.h"
#include "ir/reference/Tensor.h"
#include <map>
#include <memory>

namespace cnn::neuflow {

/// T is Word for a net of words, double for one of reals.
template <typename T> class NetEvaluator {
public:
  using Watch = typename TensorEvaluator<T>::Watch;
  /// What went into a part of the grid and what it answered, with the name of its function.
  using PartWatch = llvm::function_ref<void(llvm::StringRef part, llvm::ArrayRef<Planes<T>> operands,
                                            llvm::ArrayRef<Planes<T>> results)>;

  /// The module must stay as it is.
  explicit NetEvaluator(mlir::func::FuncOp net);

  /// The results for one sample; the watches see the values of the grid's parts. Fails with an error at the op that
  /// belongs into no such net.
  mlir::FailureOr<std::vector<reference::Tensor>> run(llvm::ArrayRef<reference::Tensor> inputs, Watch watch,
                                                      PartWatch partWatch);
  mlir::FailureOr<std::vector<reference::Tensor>> run(llvm::ArrayRef<reference::Tensor> inputs, Watch watch) {
    return run(inputs, watch, [](auto &&...) {});
  }
  mlir::FailureOr<std::vector<reference::Tensor>> run(llvm::ArrayRef<reference::Tensor> inputs) {
    return run(inputs, [](const Observation<T> &) {});
  }

private:
  mlir::func::FuncOp net;
  std::map<std::string, std::unique_ptr<TensorEvaluator<T>>> parts;
};

extern template class NetEvaluator<Word>;
extern template class NetEvaluator<double>;

} // namespace cnn::neuflow

#endif
