// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The mapper against its definition: all words through many tables.
#include "runtime/neuflow/machine/Arithmetic.h"
#include "test/backends/neuflow/rtl/Bench.h"

#include <Vnf_map.h>
#include <gtest/gtest.h>

using namespace cnn::neuflow;

namespace {

constexpr size_t segmentCount = 8;

struct Table {
  Segment segments[segmentCount] = {};
  Symmetry symmetry = Symmetry::none;
};

void expectAllWords(const Table &table, double stall) {
  Bench<Vnf_map> bench;
  bench.top.on = 1;
  for (size_t i = 0; i < segmentCount; ++i) {
    bench.top.segments[2 * i] = uint32_t(uint16_t(table.segments[i].offset)) << 16 | uint16_t(table.segments[i].slope);
    bench.top.segments[2 * i + 1] = uint32_t(table.symmetry == Symmetry::odd) << 17 |
                                    uint32_t(table.symmetry == Symmetry::even) << 16 |
                                    uint16_t(table.segments[i].least);
  }
  std::deque<uint32_t> words;
  std::vector<uint32_t> expected;
  bool saturates = false;
  for (int64_t x = 0; x < 65536; ++x) {
    words.push_back(uint32_t(x));
    expected.push_back(uint16_t(map(Word(x), table.segments, table.symmetry, &saturates)));
  }
  bench.source(bench.top.in_valid, bench.top.in_ready, bench.top.in_word, words);
  Sink &out = bench.sink(bench.top.out_valid, bench.top.out_ready, bench.top.out_word);
  bench.stall(stall);
  ASSERT_TRUE(bench.runUntil([&] { return out.words.size() == words.size(); }));
  EXPECT_EQ(out.words, expected);
  EXPECT_EQ(bool(bench.top.saturated), saturates);
  EXPECT_FALSE(bench.top.busy);
}

TEST(MapTest, Identity) {
  Table table;
  table.segments[0] = {256, 0, -32768};
  expectAllWords(table, 0);
}

TEST(MapTest, Relu) {
  Table table;
  table.segments[0] = {256, 0, 0};
  expectAllWords(table, 0.3);
}

TEST(MapTest, RandomTables) {
  std::mt19937 random(5);
  for (int64_t round = 0; round < 24; ++round) {
    Table table;
    std::vector<int16_t> mins;
    for (size_t i = 0; i < segmentCount; ++i)
      mins.push_back(int16_t(random()) >> (round % 5));
    // Falling as programs have them, or in any order: the first that fits counts either way.
    if (round % 4)
      std::sort(mins.rbegin(), mins.rend());
    for (size_t i = 0; i < segmentCount; ++i)
      table.segments[i] = {int16_t(int16_t(random()) >> (round % 8)), int16_t(int16_t(random()) >> (round % 4)),
                           mins[i]};
    table.symmetry = Symmetry(round % 3);
    expectAllWords(table, round % 4 * 0.2);
  }
}

} // namespace
