// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a convolution costs by which algorithm, and how its work is cut: one model of the machine, from which the
// algorithm of a layer is chosen and its kernel is planned.
//
// Cycles are rough. The model knows how many multiply-adds of vectors a core starts, how fast its second-level cache is
// filled, and that weights come from memory, which all cores share.

#ifndef CNN_BACKENDS_CPU_KERNELS_CONVCOST_H
#define CNN_BACKENDS_CPU_KERNELS_CONVCOST_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include <cstdint>

namespace cnn::cpu {

/// Of a core.
inline constexpr double secondLevelCacheBytes = 1024 * 1024;

/// What costs depend on.
struct ConvMachine {
  int64_t lanes;           // f32 values in a vector register
  double multiplyAdds;     // of vectors, that start in a cycle
  double efficiency;       // what a contraction reaches of them
  double sharedCacheBytes; // a core's part of the third-level cache
  double cacheFill;        // bytes a cycle from there to one core
  double memoryFill;       // and from memory to all of them

  /// Of the processor that LLVM knows by this name. Measured for Zen 4; what others have been measured on is an Ice
  /// Lake server, whose memory is slow for its cores.
  static ConvMachine of(llvm::StringRef cpu, int64_t lanes);
};

/// A convolution of one sample without groups, as a contraction: `positions` rows, each a sum over `window` * `inputs`
/// products, for `outputs` columns.
struct ConvShape {
  int64_t positions;
  int64_t window;
  int64_t inputs;
  int64_t outputs;
};

/// The dimension of a convolution in front of those that Winograd's algorithms transform: a window over slices of the
/// input. Of a convolution without it, one.
struct ConvDepth {
  int64_t positions = 1; // of the window
  int64_t window = 1;
  int64_t stride = 1;
  int64_t dilation = 1;

  /// How many slices so many positions side by side read.
  int64_t slices(int64_t count) const { return (count - 1) * stride + (window - 1) * dilation + 1; }
};

/// A convolution by Winograd's algorithm F(m x m, r x r): at each position of the depth, rows x columns tiles of m^2
/// results.
struct TiledConvShape {
  int64_t tile;   // m
  int64_t kernel; // r
  ConvDepth depth;
  int64_t rows;
  int64_t columns;
  int64_t inputs;
  int64_t outputs;
  bool isInPairs = false; // of bf16, which are half the bytes and half the instructions

  /// m + r - 1: a tile is transformed to size^2 values.
  int64_t size() const { return tile + kernel - 1; }
};

/// A work item: at so many positions of the depth, so many rows and columns of tiles, and so many outputs. Each divides
/// its whole.
struct TiledConvPlan {
  int64_t depth;
  int64_t rows;
  int64_t columns;
  int64_t outputs;
  double cycles; // of the whole convolution, for a few threads
};

double estimateDirectConv(const ConvShape &shape, const ConvMachine &machine);

/// The transform of the weight, where it is not transformed once for all.
double estimateWeightTransform(const TiledConvShape &shape, const ConvMachine &machine);

/// Whether a kernel that takes so many multiply-adds is done before its weights have come from memory: then it is
/// better off with many samples at a time. Few weights stay in the cache from one call to the next.
bool waitsForWeights(double multiplyAdds, double weightBytes, const ConvMachine &machine);

/// Without instructions for bf16, a kernel takes a sixth longer if its weights have to be widened. That is worth it if
/// they come from memory: if they are of so many bytes in f32.
constexpr int64_t leastNarrowWeightBytes = 512 * 1024;

/// Where the input is transformed: in each item what it needs, which stays in the cache; or ahead, by a kernel of its
/// own, which is written and read again, but once for all outputs.
enum class InputTransform { InItem, Ahead };

/// The plan with the fewest cycles among those whose items are not too large; if all are, one of infinitely many
/// cycles.
TiledConvPlan planTiledConv(const TiledConvShape &shape, const ConvMachine &machine, InputTransform where);

/// Where that costs less.
InputTransform placeInputTransform(const TiledConvShape &shape, const ConvMachine &machine);

} // namespace cnn::cpu

#endif
