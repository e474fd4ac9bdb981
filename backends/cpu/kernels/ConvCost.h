// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a convolution costs by which algorithm, and how its work is cut: one model of the machine, from which the
// algorithm of a layer is chosen and its kernel is planned.
//
// Cycles are rough: of a core that starts two multiply-adds of vectors a cycle. The model knows two things beside
// that: how fast a core's second-level cache is filled, and that weights come from memory, which all cores share.

#ifndef CNN_BACKENDS_CPU_KERNELS_CONVCOST_H
#define CNN_BACKENDS_CPU_KERNELS_CONVCOST_H

#include "llvm/ADT/ArrayRef.h"
#include <cstdint>

namespace cnn::cpu {

/// A convolution of one sample without groups, as a contraction: `positions` rows, each a sum over `window` * `inputs`
/// products, for `outputs` columns.
struct ConvShape {
  int64_t positions;
  int64_t window;
  int64_t inputs;
  int64_t outputs;
};

/// The same by Winograd's algorithm F(m x m, 3 x 3): rows x columns tiles of size^2 values, size = m + 2.
struct TiledConvShape {
  int64_t size;
  int64_t rows;
  int64_t columns;
  int64_t inputs;
  int64_t outputs;
};

/// Of the loops (b, i, j, r, t, o, c) of its contraction.
TiledConvShape tiledConvShape(llvm::ArrayRef<int64_t> range);

/// A work item: so many rows and columns of tiles, and so many outputs. Each divides its whole.
struct TiledConvPlan {
  int64_t rows;
  int64_t columns;
  int64_t outputs;
  double cycles; // of the whole convolution, for a few threads
};

double estimateDirectConv(const ConvShape &shape, int64_t lanes);

/// The transform of the weight, where it is not transformed once for all.
double estimateWeightTransform(const TiledConvShape &shape);

/// Without instructions for bf16, a kernel takes a sixth longer if its weights have to be widened. That is worth it if
/// they come from memory: if they are of so many bytes in f32.
constexpr int64_t leastNarrowWeightBytes = 512 * 1024;

/// Where the input is transformed: in each item what it needs, which stays in the cache; or ahead, by a kernel of its
/// own, which is written and read again, but once for all outputs.
enum class InputTransform { InItem, Ahead };

/// The plan with the fewest cycles among those whose items are not too large; if all are, one of infinitely many
/// cycles.
TiledConvPlan planTiledConv(const TiledConvShape &shape, int64_t lanes, InputTransform where);

/// Where that costs less.
InputTransform placeInputTransform(const TiledConvShape &shape, int64_t lanes);

} // namespace cnn::cpu

#endif
