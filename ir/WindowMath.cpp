// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Every intermediate value below is a sum of at most two products of two 64-bit numbers and a few 64-bit numbers, which
// 128 bits hold. So nothing overflows before the result is brought back to 64 bits.

#include "ir/WindowMath.h"

#include <cassert>

namespace cnn {

using Wide = __int128;

constexpr int64_t largest = INT64_MAX;

static Wide floorDiv(Wide numerator, Wide denominator) {
  Wide quotient = numerator / denominator;
  return numerator % denominator < 0 ? quotient - 1 : quotient;
}

static Wide ceilDiv(Wide numerator, Wide denominator) { return -floorDiv(-numerator, denominator); }

static Wide clamp(Wide value, Wide low, Wide high) { return value < low ? low : value > high ? high : value; }

static int64_t saturate(Wide value) { return static_cast<int64_t>(clamp(value, INT64_MIN, largest)); }

static Wide extent(const WindowDim &window) { return Wide(window.dilation) * (window.kernel - 1) + 1; }

static Wide start(int64_t p, const WindowDim &window) { return Wide(p) * window.stride - window.padLow; }

/// The number of taps k with low <= start + k*dilation < high.
static int64_t tapsWithin(Wide start, Wide low, Wide high, const WindowDim &window) {
  Wide first = clamp(ceilDiv(low - start, window.dilation), 0, window.kernel);
  Wide last = clamp(ceilDiv(high - start, window.dilation), first, window.kernel);
  return static_cast<int64_t>(last - first);
}

/// The smallest x >= 0 with low <= (a*x mod m) <= high, or -1 if there is none; 0 <= low <= high < m, 0 <= a < m.
/// Euclid's algorithm: if no multiple of a lies in the range, y must wrap m so often that (m*y mod a) falls into it.
static Wide firstMultipleWithin(Wide a, Wide m, Wide low, Wide high) {
  if (low == 0)
    return 0;
  if (a == 0)
    return -1;
  Wide x = ceilDiv(low, a);
  if (a * x <= high)
    return x;
  Wide wraps = firstMultipleWithin(m % a, a, a - high % a, a - low % a);
  return wraps < 0 ? -1 : ceilDiv(low + m * wraps, a);
}

int64_t windowExtent(const WindowDim &window) { return saturate(extent(window)); }

std::optional<int64_t> windowOutputSize(int64_t in, const WindowDim &window) {
  if (in < 1 || window.kernel < 1 || window.stride < 1 || window.dilation < 1)
    return std::nullopt;
  Wide padded = Wide(in) + window.padLow + window.padHigh;
  Wide room = padded - extent(window);
  Wide out = floorDiv(room, window.stride) + 1;
  // One more window may hang over the end, but it must not start there.
  if (window.ceil && room % window.stride != 0 && out >= 0 && out * window.stride < Wide(in) + window.padLow)
    ++out;
  if (out < 1 || out > largest || padded > largest)
    return std::nullopt;
  return static_cast<int64_t>(out);
}

int64_t windowStart(int64_t p, const WindowDim &window) { return saturate(start(p, window)); }

bool windowsTouchInput(int64_t in, const WindowDim &window) {
  std::optional<int64_t> out = windowOutputSize(in, window);
  if (!out)
    return false;
  // Windows that start inside the input touch it. The last one must not start after it ...
  if (start(*out - 1, window) >= in)
    return false;
  // ... and of those that start before it, each needs a tap that lands in it: the first one must reach it,
  if (window.padLow <= 0)
    return true;
  if (window.padLow > extent(window) - 1)
    return false;
  // and none may step over it. Its first tap at 0 or above is at (start mod dilation), which must be less than `in`.
  if (window.dilation <= in)
    return true;
  Wide before = clamp(ceilDiv(window.padLow, window.stride), 0, *out);
  // The positions p*stride mod dilation that step over: p*stride - padLow mod dilation within [in, dilation - 1].
  Wide low = (Wide(in) + window.padLow) % window.dilation, high = (Wide(window.padLow) - 1) % window.dilation;
  if (high < low) // the range wraps around zero, where p = 0 is
    return false;
  Wide first = firstMultipleWithin(window.stride % window.dilation, window.dilation, low, high);
  return first < 0 || first >= before;
}

int64_t windowCount(int64_t p, int64_t in, const WindowDim &window, bool countPad) {
  Wide low = 0, high = in;
  if (countPad) {
    low = window.padLow > 0 ? -Wide(window.padLow) : 0;
    high = window.padHigh > 0 ? Wide(in) + window.padHigh : Wide(in);
  }
  return tapsWithin(start(p, window), low, high, window);
}

Padding samePadding(int64_t in, int64_t kernel, int64_t stride, int64_t dilation) {
  Wide out = ceilDiv(in, stride);
  Wide total = clamp((out - 1) * stride + Wide(dilation) * (kernel - 1) + 1 - in, 0, largest);
  int64_t low = static_cast<int64_t>(total / 2);
  return {low, static_cast<int64_t>(total) - low};
}

int64_t windowOverhang(int64_t in, const WindowDim &window) {
  std::optional<int64_t> out = windowOutputSize(in, window);
  if (!out)
    return 0;
  Wide end = start(*out - 1, window) + extent(window);
  return static_cast<int64_t>(clamp(end - in - window.padHigh, 0, largest));
}

std::optional<int64_t> windowPaddedSize(int64_t in, const WindowDim &window) {
  std::optional<int64_t> out = windowOutputSize(in, window);
  if (!out)
    return std::nullopt;
  Wide padded = Wide(in) + window.padLow + window.padHigh;
  Wide read = Wide(*out - 1) * window.stride + extent(window);
  Wide size = padded > read ? padded : read;
  return size > largest ? std::nullopt : std::optional(static_cast<int64_t>(size));
}

std::optional<int64_t> windowSpreadSize(int64_t in, const WindowDim &window) {
  std::optional<int64_t> out = windowOutputSize(in, window);
  if (!out)
    return std::nullopt;
  Wide size = Wide(*out - 1) * window.stride + 1;
  return size > largest ? std::nullopt : std::optional(static_cast<int64_t>(size));
}

WindowDim transposedWindow(int64_t in, const WindowDim &window) {
  std::optional<int64_t> spread = windowSpreadSize(in, window);
  assert(spread && "a window without output positions has no transposed window");
  Wide reach = extent(window) - 1;
  WindowDim transposed = window;
  transposed.stride = 1;
  transposed.ceil = false;
  transposed.padLow = saturate(reach - window.padLow);
  // spread + padLow + padHigh - reach = in; for a stride of 1 without ceil this is reach - window.padHigh.
  transposed.padHigh = saturate(Wide(in) + window.padLow - *spread);
  return transposed;
}

} // namespace cnn
