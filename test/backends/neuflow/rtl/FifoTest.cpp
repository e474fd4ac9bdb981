// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Queues: nothing lost, doubled or reordered, all of the depth usable, one word a cycle.
#include "test/backends/neuflow/rtl/Bench.h"

#include <gtest/gtest.h>
#if NF_BLOCK_MEMORY
#include <Vnf_fifo_tile.h>
using Module = Vnf_fifo_tile;
#else
#include <Vnf_fifo.h>
using Module = Vnf_fifo;
#endif

using namespace cnn::neuflow;

namespace {

// In block memory the output register holds one word more.
constexpr size_t capacity = NF_DEPTH + (NF_BLOCK_MEMORY ? 1 : 0);
constexpr int64_t latency = NF_BLOCK_MEMORY ? 2 : 1;

std::deque<uint32_t> numbers(uint32_t count) {
  std::deque<uint32_t> words;
  for (uint32_t i = 0; i < count; ++i)
    words.push_back(i * 40503 & 0xffff);
  return words;
}

void useDepth([[maybe_unused]] Bench<Module> &bench, [[maybe_unused]] int64_t depth = NF_DEPTH) {
#if NF_BLOCK_MEMORY
  bench.top.capacity = depth;
#endif
}

struct Queue {
  Bench<Module> bench;
  std::deque<uint32_t> words;
  Source &in = bench.source(bench.top.in_valid, bench.top.in_ready, bench.top.in_word, words);
  Sink &out = bench.sink(bench.top.out_valid, bench.top.out_ready, bench.top.out_word);

  explicit Queue(uint32_t count) : words(numbers(count)) {
    in.words = words;
    useDepth(bench);
  }
  bool runToEnd() {
    return bench.runUntil([&] { return out.words.size() == words.size(); });
  }
  bool isRight() const { return std::equal(words.begin(), words.end(), out.words.begin(), out.words.end()); }
};

TEST(FifoTest, KeepsTheOrder) {
  for (double stall : {0.1, 0.5, 0.9}) {
    Queue queue(5000);
    queue.bench.stall(stall);
    ASSERT_TRUE(queue.runToEnd());
    EXPECT_TRUE(queue.isRight());
  }
}

TEST(FifoTest, MovesAWordEveryCycle) {
  Queue queue(1000);
  int64_t begin = queue.bench.cycles;
  ASSERT_TRUE(queue.runToEnd());
  EXPECT_TRUE(queue.isRight());
  EXPECT_EQ(queue.bench.cycles - begin, 1000 + latency);
}

TEST(FifoTest, HoldsItsDepth) {
  Bench<Module> bench;
  std::deque<uint32_t> words = numbers(3 * capacity);
  Source &in = bench.source(bench.top.in_valid, bench.top.in_ready, bench.top.in_word, words);
  bench.top.out_ready = 0;
  useDepth(bench);
  bench.run(4 * int64_t(capacity));
  EXPECT_EQ(words.size() - in.words.size(), capacity);
}

#if NF_BLOCK_MEMORY
TEST(FifoTest, HoldsNoMoreThanItsCapacity) {
  for (int64_t wanted : {0, 1, 7}) {
    Bench<Module> bench;
    std::deque<uint32_t> words = numbers(30);
    Source &in = bench.source(bench.top.in_valid, bench.top.in_ready, bench.top.in_word, words);
    useDepth(bench, wanted);
    bench.top.out_ready = 0;
    bench.run(100);
    EXPECT_EQ(words.size() - in.words.size(), wanted ? wanted + 1 : 0);
  }
}
#endif

} // namespace
