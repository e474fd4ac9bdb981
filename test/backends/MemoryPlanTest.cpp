// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "backends/cpu/MemoryPlan.h"
#include <gtest/gtest.h>
#include <random>
#include <vector>

using namespace cnn::cpu;

TEST(MemoryPlan, ReusesWhatIsDead) {
  std::vector<PlannedBuffer> buffers = {{64, 0, 1}, {64, 1, 2}, {64, 2, 3}};
  EXPECT_EQ(planOffsets(buffers), 128);
  EXPECT_EQ(buffers[0].offset, buffers[2].offset);
}

TEST(MemoryPlan, TakesTheSmallestGapThatHolds) {
  // The large ones leave gaps of 64 and 192 bytes when the last one comes.
  std::vector<PlannedBuffer> buffers = {{256, 0, 9}, {192, 0, 3}, {256, 0, 9}, {64, 0, 3}, {256, 0, 9}, {64, 5, 6}};
  EXPECT_EQ(planOffsets(buffers), largestLiveSet(buffers));
}

TEST(MemoryPlan, RefusesWhatIsTooLarge) {
  std::vector<PlannedBuffer> buffers = {{largestArena / 2, 0, 1}, {largestArena / 2, 1, 2}};
  EXPECT_EQ(planOffsets(buffers), largestArena);
  buffers.push_back({1, 1, 1});
  EXPECT_EQ(planOffsets(buffers), std::nullopt);
}

// From ResNet-50, where its second stage begins. The padded buffer of 27 is larger than that of 25, which comes before
// it and finds no place below 50 if the largest are placed first.
TEST(MemoryPlan, TriesOtherOrdersThanTheLargestFirst) {
  std::vector<PlannedBuffer> buffers = {{50 * 64, 0, 9}, {50 * 64, 9, 15}, {25 * 64, 15, 16}, {27 * 64, 16, 19}};
  EXPECT_EQ(planOffsets(buffers), 100 * 64);
  EXPECT_EQ(largestLiveSet(buffers), 100 * 64);
}

static std::vector<PlannedBuffer> makeRandomBuffers(std::mt19937 &random, int64_t mostBytes) {
  std::vector<PlannedBuffer> buffers(random() % 40);
  for (PlannedBuffer &buffer : buffers) {
    buffer.bytes = random() % mostBytes;
    buffer.first = random() % 50;
    buffer.last = buffer.first + random() % 10;
  }
  return buffers;
}

TEST(MemoryPlan, ComesCloseToTheLowerBound) {
  std::mt19937 random(1);
  int reached = 0;
  for (int round = 0; round < 200; ++round) {
    std::vector<PlannedBuffer> buffers = makeRandomBuffers(random, 100000);
    int64_t total = *planOffsets(buffers), bound = largestLiveSet(buffers);
    EXPECT_LE(total, bound + bound / 20);
    reached += total == bound;
  }
  // Not every set of intervals can be packed without a hole.
  EXPECT_GE(reached, 190);
}

TEST(MemoryPlan, IsTheSameEachTime) {
  std::mt19937 random(2);
  for (int round = 0; round < 20; ++round) {
    std::vector<PlannedBuffer> buffers = makeRandomBuffers(random, 100000), again = buffers;
    EXPECT_EQ(planOffsets(buffers), planOffsets(again));
    for (size_t i = 0; i < buffers.size(); ++i)
      EXPECT_EQ(buffers[i].offset, again[i].offset);
  }
}

TEST(MemoryPlan, NothingThatLivesTogetherOverlaps) {
  std::mt19937 random(1);
  for (int round = 0; round < 200; ++round) {
    std::vector<PlannedBuffer> buffers = makeRandomBuffers(random, 1000);
    int64_t total = *planOffsets(buffers);
    EXPECT_GE(total, largestLiveSet(buffers));
    for (size_t i = 0; i < buffers.size(); ++i) {
      EXPECT_EQ(buffers[i].offset % 64, 0);
      EXPECT_LE(buffers[i].offset + buffers[i].bytes, total);
      for (size_t j = 0; j < i; ++j)
        if (buffers[i].first <= buffers[j].last && buffers[j].first <= buffers[i].last) {
          EXPECT_TRUE(buffers[i].offset + buffers[i].bytes <= buffers[j].offset ||
                      buffers[j].offset + buffers[j].bytes <= buffers[i].offset || !buffers[i].bytes ||
                      !buffers[j].bytes);
        }
    }
  }
}
