// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The ops that a convolution by Winograd's algorithms is made of.

#ifndef CNN_BACKENDS_CPU_KERNELS_WINOGRADOPS_H
#define CNN_BACKENDS_CPU_KERNELS_WINOGRADOPS_H

#include "backends/cpu/kernels/ConvCost.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace cnn::cpu {

/// Where the loops (b, i, j, z.., r, t, o, d.., c) or (.., c, e) of a contraction between transforms stand: i and j are
/// those of values of a tile, z and d of the positions and the window of the depth, of which there is one or none.
struct TiledConvLoops {
  explicit TiledConvLoops(unsigned loops)
      : depth((loops - 7) / 2), row(3 + depth), column(row + 1), output(column + 1), window(output + 1),
        input(window + depth), isInPairs(loops == input + 2) {}

  static constexpr unsigned batch = 0, size = 1, position = 3;
  unsigned depth; // how many z there are
  unsigned row, column, output, window, input;
  bool isInPairs; // of inputs
};

/// What such a contraction computes.
TiledConvShape tiledConvShape(mlir::linalg::LinalgOp contraction);

/// The transform of the input of a contraction between transforms, whose result may be rounded on the way; null if the
/// input is not transformed where it can be seen.
mlir::linalg::GenericOp findInputTransform(mlir::linalg::LinalgOp contraction);

} // namespace cnn::cpu

#endif
