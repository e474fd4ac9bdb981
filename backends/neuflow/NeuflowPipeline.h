// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The order of the passes of this back end.

#ifndef CNN_BACKENDS_NEUFLOW_NEUFLOWPIPELINE_H
#define CNN_BACKENDS_NEUFLOW_NEUFLOWPIPELINE_H

#include "llvm/ADT/StringRef.h"

namespace mlir {
class OpPassManager;
} // namespace mlir

namespace cnn::neuflow {

/// From inference, its weights bound, to ops of the grid on reals. Calibration comes next.
void buildLegalizePipeline(mlir::OpPassManager &manager, llvm::StringRef target);

/// From reals with ranges to words.
void buildQuantizePipeline(mlir::OpPassManager &manager, llvm::StringRef target);

} // namespace cnn::neuflow

#endif
