// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// WindowMath against its definition, spelled out position by position on small windows, and on numbers near the ends of
// 64 bits.

#include "ir/WindowMath.h"
#include "WindowDefinition.h"

#include <cstdint>
#include <gtest/gtest.h>
#include <random>

namespace cnn {
namespace {

constexpr int64_t largest = INT64_MAX, smallest = INT64_MIN;

/// PyTorch 1.13, aten/src/ATen/native/Pool.h, pooling_output_shape_pad_lr.
int64_t pytorchOutputSize(int64_t in, int64_t kernel, int64_t padLow, int64_t padHigh, int64_t stride, int64_t dilation,
                          bool ceil) {
  int64_t room = in + padLow + padHigh - dilation * (kernel - 1) - 1 + (ceil ? stride - 1 : 0);
  int64_t quotient = room / stride - (room % stride < 0 ? 1 : 0);
  int64_t out = quotient + 1;
  if (ceil && (out - 1) * stride >= in + padLow)
    --out;
  return out;
}

std::string describe(int64_t in, const WindowDim &window) {
  return "in " + std::to_string(in) + " kernel " + std::to_string(window.kernel) + " stride " +
         std::to_string(window.stride) + " dilation " + std::to_string(window.dilation) + " pad " +
         std::to_string(window.padLow) + ", " + std::to_string(window.padHigh) + (window.ceil ? " ceil" : "");
}

/// A window with sizes up to `size` and paddings of either sign.
WindowDim randomWindow(std::mt19937 &random, int64_t size) {
  auto upTo = [&](int64_t low, int64_t high) { return std::uniform_int_distribution<int64_t>(low, high)(random); };
  return {upTo(1, size), upTo(1, size), upTo(1, size), upTo(-3, size), upTo(-3, size), upTo(0, 1) == 1};
}

TEST(WindowMath, RandomWindowsFollowTheDefinition) {
  std::mt19937 random(1);
  for (int i = 0; i < 200000; ++i) {
    int64_t in = std::uniform_int_distribution<int64_t>(1, 12)(random);
    WindowDim window = randomWindow(random, 7);
    ASSERT_EQ(checkAgainstDefinition(in, window), "") << describe(in, window);
  }
}

// Dilations beyond the input, where taps may step over it: few random windows get there.
TEST(WindowMath, LargeDilationsFollowTheDefinition) {
  std::mt19937 random(2);
  for (int i = 0; i < 50000; ++i) {
    int64_t in = std::uniform_int_distribution<int64_t>(1, 10)(random);
    auto upTo = [&](int64_t low, int64_t high) { return std::uniform_int_distribution<int64_t>(low, high)(random); };
    WindowDim window = {upTo(1, 5), upTo(1, 25), upTo(5, 30), upTo(0, 90), upTo(0, 90), false};
    ASSERT_EQ(checkAgainstDefinition(in, window), "") << describe(in, window);
  }
}

TEST(WindowMath, OutputSizeIsThatOfPyTorch) {
  std::mt19937 random(3);
  for (int i = 0; i < 200000; ++i) {
    int64_t in = std::uniform_int_distribution<int64_t>(1, 40)(random);
    WindowDim window = randomWindow(random, 9);
    // PyTorch pads by half a window at most, and never crops.
    window.padLow = std::uniform_int_distribution<int64_t>(0, window.kernel / 2)(random);
    window.padHigh = window.padLow;
    int64_t expected = pytorchOutputSize(in, window.kernel, window.padLow, window.padHigh, window.stride,
                                         window.dilation, window.ceil);
    ASSERT_EQ(windowOutputSize(in, window).value_or(0), std::max<int64_t>(expected, 0)) << describe(in, window);
  }
}

// GoogLeNet's first pooling: 112 positions, windows of 3 at every second, 56 outputs; without ceil 55.
TEST(WindowMath, CeilAddsTheWindowThatHangsOver) {
  EXPECT_EQ(windowOutputSize(112, {3, 2, 1, 0, 0, true}), 56);
  EXPECT_EQ(windowOutputSize(112, {3, 2, 1, 0, 0, false}), 55);
  EXPECT_EQ(windowOverhang(112, {3, 2, 1, 0, 0, true}), 1);
  EXPECT_EQ(windowOverhang(112, {3, 2, 1, 0, 0, false}), 0);
}

// One position, windows of 1 at every third, one of padding after: the second window would start beyond the padding.
TEST(WindowMath, CeilAddsNoWindowThatStartsInTheHighPadding) {
  EXPECT_EQ(windowOutputSize(1, {1, 2, 1, 0, 2, true}), 2); // exact: not the doing of ceil
  EXPECT_EQ(windowOutputSize(1, {1, 3, 1, 0, 1, true}), 1);
  EXPECT_EQ(windowOutputSize(5, {2, 3, 1, 1, 1, true}), 2);
  EXPECT_EQ(windowOutputSize(6, {2, 3, 1, 1, 0, true}), 3);
}

TEST(WindowMath, NoOutput) {
  EXPECT_EQ(windowOutputSize(2, {3, 1, 1, 0, 0, false}), std::nullopt);
  EXPECT_EQ(windowOutputSize(0, {1, 1, 1, 5, 5, false}), std::nullopt);
  EXPECT_EQ(windowOutputSize(-1, {1, 1, 1, 5, 5, false}), std::nullopt);
  EXPECT_EQ(windowOutputSize(5, {1, 1, 1, -3, -2, false}), std::nullopt);
  EXPECT_EQ(windowOutputSize(5, {1, 1, 1, -3, -1, false}), 1);
}

TEST(WindowMath, InvalidWindowsHaveNoOutput) {
  for (int64_t bad : {int64_t(0), int64_t(-1), smallest}) {
    EXPECT_EQ(windowOutputSize(5, {bad, 1, 1, 0, 0, false}), std::nullopt);
    EXPECT_EQ(windowOutputSize(5, {1, bad, 1, 0, 0, false}), std::nullopt);
    EXPECT_EQ(windowOutputSize(5, {1, 1, bad, 0, 0, false}), std::nullopt);
  }
}

TEST(WindowMath, NothingOverflows) {
  EXPECT_EQ(windowOutputSize(largest, {1, 1, 1, 0, 0, false}), largest);
  EXPECT_EQ(windowOutputSize(largest, {1, 1, 1, 1, 0, false}), std::nullopt);
  EXPECT_EQ(windowOutputSize(largest, {1, largest, 1, 0, 0, true}), 1);
  EXPECT_EQ(windowOutputSize(largest, {largest, 1, largest, 0, 0, false}), std::nullopt);
  EXPECT_EQ(windowOutputSize(largest, {1, 1, 1, smallest, smallest, true}), std::nullopt);
  EXPECT_EQ(windowOutputSize(largest, {1, 1, 1, largest, smallest, false}), largest - 1);
  EXPECT_EQ(windowExtent({largest, 1, largest, 0, 0, false}), largest);
  EXPECT_EQ(windowStart(largest, {1, largest, 1, 0, 0, false}), largest);
  EXPECT_EQ(windowStart(smallest, {1, largest, 1, largest, 0, false}), smallest);
  EXPECT_EQ(windowCount(0, largest, {largest, 1, 1, largest, largest, false}, true), largest);
  EXPECT_EQ(windowCount(largest, 5, {3, largest, largest, smallest, 0, false}, false), 0);
  EXPECT_EQ(windowOverhang(largest, {largest, largest, largest, 0, 0, true}), 0);
  EXPECT_EQ(windowPaddedSize(5, {1, largest, 1, 3, largest - 8, false}), largest);
  EXPECT_EQ(windowPaddedSize(5, {3, 2, 1, 0, 1, true}), 7);
  EXPECT_EQ(windowPaddedSize(largest, {2, 2, 1, 0, 0, true}), std::nullopt);
  EXPECT_EQ(windowPaddedSize(largest, {1, 1, 1, 1, 0, false}), std::nullopt);
  EXPECT_EQ(windowSpreadSize(largest, {1, largest - 1, 1, 0, 0, false}), largest);
  EXPECT_EQ(windowSpreadSize(1, {1, 1, 1, largest, 0, false}), std::nullopt);
  Padding same = samePadding(largest, largest, 1, largest);
  EXPECT_GE(same.low, 0);
  EXPECT_GE(same.high, same.low);
}

// A loop over these windows would take years; each takes part in the proof that none steps over the input.
TEST(WindowMath, HugeWindowsTouchTheInputOrNot) {
  int64_t big = int64_t(1) << 60;
  EXPECT_TRUE(windowsTouchInput(5, {big, 1, 1, big - 1, 0, false}));
  EXPECT_FALSE(windowsTouchInput(5, {big, 1, 1, big, big, false}));
  // The 2^59 / 5 windows before the input have residues of all kinds by a dilation of 2^40: some steps over it.
  int64_t dilation = int64_t(1) << 40, before = int64_t(1) << 59, taps = before / dilation + 1;
  EXPECT_FALSE(windowsTouchInput(5, {taps, 5, dilation, before, before, false}));
  // Strides that are multiples of the dilation keep the first window's residue, 0 and then 6.
  EXPECT_TRUE(windowsTouchInput(5, {taps, dilation, dilation, before, before, false}));
  EXPECT_FALSE(windowsTouchInput(5, {taps, dilation, dilation, before - 6, before, false}));
}

TEST(WindowMath, SamePaddingKeepsTheSizeUpToTheStride) {
  for (int64_t in = 1; in < 30; ++in)
    for (int64_t kernel = 1; kernel < 8; ++kernel)
      for (int64_t stride = 1; stride < 5; ++stride)
        for (int64_t dilation = 1; dilation < 4; ++dilation) {
          Padding padding = samePadding(in, kernel, stride, dilation);
          WindowDim window = {kernel, stride, dilation, padding.low, padding.high, false};
          ASSERT_EQ(windowOutputSize(in, window), (in + stride - 1) / stride) << describe(in, window);
          ASSERT_GE(padding.low, 0);
          ASSERT_TRUE(padding.high == padding.low || padding.high == padding.low + 1) << describe(in, window);
        }
  // TensorFlow pads the first layer of ResNet by 2 and 3.
  EXPECT_EQ(samePadding(224, 7, 2, 1).low, 2);
  EXPECT_EQ(samePadding(224, 7, 2, 1).high, 3);
}

// The input gradient reads the spread output through the transposed window: it has as many positions as the input, and
// tap k of one pairs the same positions as tap kernel-1-k of the other.
TEST(WindowMath, TransposedWindowLeadsBack) {
  std::mt19937 random(4);
  for (int i = 0; i < 20000; ++i) {
    int64_t in = std::uniform_int_distribution<int64_t>(1, 12)(random);
    WindowDim window = randomWindow(random, 6);
    std::optional<int64_t> out = windowOutputSize(in, window), spread = windowSpreadSize(in, window);
    ASSERT_EQ(spread.has_value(), out.has_value()) << describe(in, window);
    if (!out)
      continue;
    ASSERT_EQ(*spread, (*out - 1) * window.stride + 1) << describe(in, window);
    WindowDim transposed = transposedWindow(in, window);
    ASSERT_EQ(windowOutputSize(*spread, transposed), in) << describe(in, window);
    for (int64_t p = 0; p < *out; ++p)
      for (int64_t k = 0; k < window.kernel; ++k) {
        int64_t s = windowStart(p, window) + k * window.dilation;
        ASSERT_EQ(windowStart(s, transposed) + (window.kernel - 1 - k) * window.dilation, p * window.stride)
            << describe(in, window);
      }
  }
}

} // namespace
} // namespace cnn
