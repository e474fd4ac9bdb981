// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The meaning of a window, counted out position by position; for small windows. The test and the fuzzer compare
// WindowMath with it.

#ifndef CNN_TEST_IR_WINDOWDEFINITION_H
#define CNN_TEST_IR_WINDOWDEFINITION_H

#include "ir/WindowMath.h"

#include <algorithm>
#include <string>

namespace cnn {

/// The name of the first function of WindowMath whose answer is not that of the definition, or "".
inline std::string checkAgainstDefinition(int64_t in, const WindowDim &window) {
  // Windows are laid from the low padding on, as long as they end within the padded input. Of those that hang over its
  // end, `ceil` admits the first one, if it starts in the input or the low padding.
  int64_t low = -window.padLow, high = in + window.padHigh;
  int64_t extent = 1;
  for (int64_t k = 1; k < window.kernel; ++k)
    extent += window.dilation;
  int64_t out = 0, start = low;
  for (; start + extent <= high; start += window.stride)
    ++out;
  bool reachesEnd = out > 0 ? start - window.stride + extent == high : start + extent == high;
  bool startsBefore = start < in && start - window.stride + extent < high;
  if (window.ceil && startsBefore && !reachesEnd)
    ++out;

  if (windowExtent(window) != extent)
    return "windowExtent";
  if (windowOutputSize(in, window).value_or(0) != out)
    return "windowOutputSize";
  if (out == 0)
    return windowsTouchInput(in, window) ? "windowsTouchInput" : "";

  bool allTouch = true;
  int64_t lastEnd = 0;
  for (int64_t p = 0; p < out; ++p) {
    if (windowStart(p, window) != low + p * window.stride)
      return "windowStart";
    int64_t inside = 0, insidePadded = 0;
    for (int64_t k = 0; k < window.kernel; ++k) {
      int64_t position = low + p * window.stride + k * window.dilation;
      inside += position >= 0 && position < in;
      insidePadded += position >= std::min<int64_t>(low, 0) && position < std::max(high, in);
      lastEnd = position + 1;
    }
    if (windowCount(p, in, window, false) != inside)
      return "windowCount";
    if (windowCount(p, in, window, true) != insidePadded)
      return "windowCount, countPad";
    allTouch &= inside > 0;
  }
  if (windowsTouchInput(in, window) != allTouch)
    return "windowsTouchInput";
  if (windowOverhang(in, window) != std::max<int64_t>(lastEnd - high, 0))
    return "windowOverhang";
  return "";
}

} // namespace cnn

#endif
