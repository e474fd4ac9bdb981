// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef CNN_BACKENDS_NEUFLOW_LOWER_READTENSORLEVEL_H
#define CNN_BACKENDS_NEUFLOW_LOWER_READTENSORLEVEL_H

#include "backends/neuflow/program/TensorProgram.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <map>

namespace cnn::neuflow {

/// A function of the tensor level as plain data. Operations are called after their op and place in the model; `places`
/// has the location of each such name.
struct TensorLevel {
  TensorProgram program;
  std::map<std::string, mlir::Location> places;
};

/// Fails after an error at the op that is none of words.
mlir::FailureOr<TensorLevel> readTensorLevel(mlir::func::FuncOp function);

/// Reports an error that begins with the name of an operation, at its place.
mlir::InFlightDiagnostic emitAtPlace(llvm::StringRef message, const std::map<std::string, mlir::Location> &places,
                                     mlir::Location otherwise);

} // namespace cnn::neuflow

#endif
