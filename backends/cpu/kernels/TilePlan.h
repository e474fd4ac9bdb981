// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How a kernel is cut into items and register tiles: the sizes that TileKernel tiles with.

#ifndef CNN_BACKENDS_CPU_KERNELS_TILEPLAN_H
#define CNN_BACKENDS_CPU_KERNELS_TILEPLAN_H

#include "backends/cpu/kernels/ConvCost.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace cnn::cpu {

/// Sizes by dimension of the root's iteration space; 0: the dimension is not cut.
struct TilePlan {
  llvm::SmallVector<int64_t> item, tile;
  llvm::SmallVector<int64_t> order; // of the dimensions with an item size, the slowest first
  /// If the reduction is cut into chunks, which the register tiles of an item go through one after the other: by
  /// dimension of the contraction, the size of a chunk and of a register tile.
  llvm::SmallVector<int64_t> chunk, chunkTile;
};

/// What the sums of an item may take of the first-level cache.
inline constexpr int64_t sumBytes = 20 * 1024;

/// The static part of an iteration space, or of a shape; saturates.
int64_t staticProduct(llvm::ArrayRef<int64_t> sizes);

/// The dimension that an expression is.
inline unsigned dimOf(mlir::AffineExpr expr) { return mlir::cast<mlir::AffineDimExpr>(expr).getPosition(); }

/// Plans for one kind of machine.
class TilePlanner {
public:
  TilePlanner(int64_t lanes, int64_t registers, llvm::StringRef cpu);

  /// Of a contraction, by dimension of the root: the contraction itself, or an op behind it that has its result's
  /// dimensions. Failure: its indexing maps are not those of such a contraction.
  mlir::FailureOr<TilePlan> planContraction(mlir::linalg::GenericOp op, bool rootIsContraction) const;

  /// Items are cut from the outermost parallel dimensions: as long as they stay large enough, and until what they make
  /// fits into their temporary. `steps` is the size of the kernel's longest loop nest.
  static TilePlan planOther(mlir::linalg::LinalgOp root, int64_t steps, bool hasTemporary);

  /// Items of a convolution by Winograd's algorithm, over its result [b, z.., r, p, t, q, o]: some tiles, some columns.
  /// All that is done for them stays in the cache, but for the weight, which every item reads.
  TilePlan planTransforms(mlir::linalg::GenericOp contraction) const;

  /// Of a transform alone: tiles of all that one value of the other dimensions needs, in one vector.
  TilePlan planTransform(mlir::linalg::GenericOp op) const;

private:
  /// How many columns one tile has: all, if they fit in three vectors; else a divisor, so that there is no tail.
  int64_t columns(int64_t range) const;
  /// The rows of a contraction that streams lie in several dimensions: a window and its channels. Those of the
  /// innermost ones may leave registers empty, as 4 x 6 rows and a rest of 1 x 6 in a window of 5 x 5 with 6 channels,
  /// where 5 x 5 rows of a channel do not.
  void balanceRows(mlir::linalg::GenericOp op, unsigned n, llvm::MutableArrayRef<int64_t> tile) const;

  int64_t lanes, accumulators;
  ConvMachine machine;
};

} // namespace cnn::cpu

#endif
