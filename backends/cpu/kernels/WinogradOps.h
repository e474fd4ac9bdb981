// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The ops that a convolution by Winograd's algorithms is made of.

#ifndef CNN_BACKENDS_CPU_KERNELS_WINOGRADOPS_H
#define CNN_BACKENDS_CPU_KERNELS_WINOGRADOPS_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace cnn::cpu {

/// The transform of the input of a contraction between transforms, whose result may be rounded on the way; null if the
/// input is not transformed where it can be seen.
mlir::linalg::GenericOp findInputTransform(mlir::linalg::LinalgOp contraction);

} // namespace cnn::cpu

#endif
