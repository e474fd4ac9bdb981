// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Steps of a reduction that multiply by nothing but padding.
//
// Problem. The gradient of a convolution's input reads the gradient of its output in a border of zeros, as wide as the
// window but for one. For 14x14 from 10x10 with a window of 5x5, half of all products are zero:
//
//   dx[h, w, c] += dy'[h + i, w + j, o] * weight[i, j, c, o]          dy' is 18x18, 4 of them zeros at each side
//
// Method. The contraction says how wide the border is (cnn.border). Where a tile lies is in the slices that it reads,
// so the loop over i need not begin before the first value, nor go on behind the last one:
//
//   for i = max(0, 4 - h) to min(5, 14 - h)
//
// A tile of several columns takes every step that one of them needs. Bounds that are not constant cost a little, so
// they are for loops that get shorter by an eighth on the average.

#ifndef CNN_BACKENDS_CPU_KERNELS_BORDERSTEPS_H
#define CNN_BACKENDS_CPU_KERNELS_BORDERSTEPS_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include <optional>

namespace cnn::cpu {

/// The sizes of a contraction's loops so that their product is the number of its steps that meet a value of the left
/// operand which is not of the border.
llvm::SmallVector<int64_t> loopsWithoutBorder(mlir::linalg::LinalgOp contraction);

struct StepRange {
  mlir::Value lower, upper;
};

/// The steps of a reduction, in front of a tile of a contraction, that are not all zeros; nothing if that is not worth
/// asking for.
std::optional<StepRange> findStepsWithoutBorder(mlir::OpBuilder &builder, mlir::linalg::GenericOp tile,
                                                unsigned reduction);

} // namespace cnn::cpu

#endif
