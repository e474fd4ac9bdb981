// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The arithmetic of windows: the only place where output sizes, padding and dilation are worked out.
//
// A window slides over one spatial dimension of size `in`. Output position p covers the input positions
//   p*stride + k*dilation - padLow,  k = 0 .. kernel-1,
// of which those outside [0, in) are padding. All sizes are counts of elements.

#ifndef CNN_IR_WINDOWMATH_H
#define CNN_IR_WINDOWMATH_H

#include <cstdint>
#include <optional>

namespace cnn {

/// One dimension of a window. kernel, stride, dilation >= 1; padding may be negative, which crops.
struct WindowDim {
  int64_t kernel = 1;
  int64_t stride = 1;
  int64_t dilation = 1;
  int64_t padLow = 0;
  int64_t padHigh = 0;
  /// Round the output size up, if the last window still starts inside the input or the low padding (Caffe, PyTorch).
  bool ceil = false;
};

/// Input positions one window spans: dilation * (kernel - 1) + 1.
int64_t windowExtent(const WindowDim &window);

/// The number of output positions; nullopt if there is none, or if the arithmetic overflows.
std::optional<int64_t> windowOutputSize(int64_t in, const WindowDim &window);

/// The first input position of output position p; may be negative.
int64_t windowStart(int64_t p, const WindowDim &window);

/// Whether every window touches at least one input position.
bool windowsTouchInput(int64_t in, const WindowDim &window);

/// The divisor of an average: positions of window p inside the input, or (countPad) inside input and padding.
int64_t windowCount(int64_t p, int64_t in, const WindowDim &window, bool countPad);

/// The total padding (low, high) for which output = ceil(in / stride); the odd element goes to the high side ("same").
struct Padding {
  int64_t low, high;
};
Padding samePadding(int64_t in, int64_t kernel, int64_t stride, int64_t dilation);

/// The number of extra input positions on the high side that the windows read beyond in + padHigh (ceil), >= 0.
int64_t windowOverhang(int64_t in, const WindowDim &window);

/// The number of positions there are for the windows to read: the input, its padding and the overhang; nullopt if there
/// is no output position, or if the arithmetic overflows.
std::optional<int64_t> windowPaddedSize(int64_t in, const WindowDim &window);

/// The number of output positions with stride - 1 zeros between each two; nullopt as above.
std::optional<int64_t> windowSpreadSize(int64_t in, const WindowDim &window);

/// The window of the convolution that computes the input gradient: of stride 1, over the spread output gradient, with
/// the flipped kernel. Its padding is dilation * (kernel - 1) - padLow on the low side, and on the high side what makes
/// the input out of the spread size. Expects that there is an output position.
WindowDim transposedWindow(int64_t in, const WindowDim &window);

} // namespace cnn

#endif
