// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/neuflow/simulator/MemoryModel.h"

#include <gtest/gtest.h>

using namespace cnn::neuflow;

namespace {

struct TinyMemory {
  TinyMemory() : target(*presetTarget("neuflow-tiny")), model(target, memory) {
    EXPECT_TRUE(memory.allocate(target.memoryBytes));
  }
  // Lets cycles pass until the memory takes the request; the cycle of that.
  int64_t send(const MemoryRequest &request) {
    while (!model.ready())
      tick();
    int64_t at = model.cycle();
    EXPECT_TRUE(model.accept(request));
    return at;
  }
  void tick() {
    if (const MemoryResponse *response = model.response())
      answers.push_back({model.cycle(), *response});
    model.tick();
  }
  Target target;
  MachineMemory memory;
  MemoryModel model;
  std::vector<std::pair<int64_t, MemoryResponse>> answers;
};

TEST(MemoryModel, TakesSeventeenBeatsOfTwenty) {
  TinyMemory tiny;
  int64_t ready = 0;
  for (int cycle = 0; cycle < 400; ++cycle, tiny.tick()) {
    bool expected = cycle % 2 == 0 && cycle / 2 % 20 < 17;
    ASSERT_EQ(tiny.model.ready(), expected) << cycle;
    ready += tiny.model.ready();
  }
  EXPECT_EQ(ready, 170);
}

TEST(MemoryModel, AnswersAfterItsLatencyInOrder) {
  TinyMemory tiny;
  tiny.memory.setWord(16 * 5 + 3, 77);
  int64_t first = tiny.send({false, 5, {}, 0, 2});
  tiny.tick();
  MemoryRequest write{true, 5, {}, 1 << 3 | 1 << 15, 0};
  write.data[3] = -1, write.data[4] = -2, write.data[15] = -3;
  tiny.send(write);
  tiny.tick();
  int64_t second = tiny.send({false, 5, {}, 0, 3});
  for (int i = 0; i < 30; ++i)
    tiny.tick();
  ASSERT_EQ(tiny.answers.size(), 2u);
  EXPECT_EQ(tiny.answers[0].first, first + tiny.target.memoryLatency);
  EXPECT_EQ(tiny.answers[1].first, second + tiny.target.memoryLatency);
  EXPECT_EQ(tiny.answers[0].second.tag, 2);
  EXPECT_EQ(tiny.answers[0].second.data[3], 77); // what was there when it was asked
  EXPECT_EQ(tiny.answers[1].second.data[3], -1);
  EXPECT_EQ(tiny.answers[1].second.data[4], 0); // masked
  EXPECT_EQ(tiny.answers[1].second.data[15], -3);
  EXPECT_EQ(tiny.model.beats(), 3);
}

TEST(MemoryModel, RefusesWhatIsOutside) {
  TinyMemory tiny;
  EXPECT_TRUE(tiny.model.accept({false, static_cast<uint32_t>(tiny.target.memoryBytes / 32 - 1), {}, 0, 0}));
  EXPECT_FALSE(tiny.model.accept({false, static_cast<uint32_t>(tiny.target.memoryBytes / 32), {}, 0, 0}));
}

TEST(MemoryModel, DisturbedItStillAnswersInOrder) {
  for (uint64_t seed : {1, 2, 3}) {
    TinyMemory tiny;
    tiny.model.disturb({seed, 50, 20});
    for (uint32_t i = 0; i < 200; ++i) {
      tiny.memory.setWord(16 * i, static_cast<Word>(i));
      tiny.send({false, i, {}, 0, static_cast<uint8_t>(i)});
      tiny.tick();
    }
    for (int i = 0; i < 100; ++i)
      tiny.tick();
    ASSERT_EQ(tiny.answers.size(), 200u);
    for (uint32_t i = 0; i < 200; ++i) {
      EXPECT_EQ(tiny.answers[i].second.tag, i);
      EXPECT_EQ(tiny.answers[i].second.data[0], static_cast<Word>(i));
      EXPECT_TRUE(i == 0 || tiny.answers[i].first > tiny.answers[i - 1].first);
    }
  }
}

std::string grants(Arbiter &arbiter, std::array<bool, 4> requests, int count) {
  std::string text;
  for (int i = 0; i < count; ++i) {
    int64_t chosen = arbiter.choose(requests);
    if (chosen < 0)
      return text + "-";
    text += static_cast<char>('0' + chosen);
    arbiter.granted(chosen);
  }
  return text;
}

TEST(Arbiter, GoesAroundAndLeavesTheIdleOut) {
  Arbiter arbiter(4);
  EXPECT_EQ(grants(arbiter, {false, false, false, false}, 1), "-");
  EXPECT_EQ(grants(arbiter, {true, true, true, false}, 7), "0120120");
  EXPECT_EQ(grants(arbiter, {true, false, true, false}, 4), "2020");
  EXPECT_EQ(grants(arbiter, {false, false, true, false}, 3), "222");
}

TEST(Arbiter, SlicesAreAsLongAsTheirTimeout) {
  Arbiter arbiter(4);
  arbiter.setTimeout(1, 3);
  arbiter.setTimeout(2, 0); // as 1
  EXPECT_EQ(grants(arbiter, {true, true, true, false}, 10), "0111201112");
  // A slice ends with the requests.
  EXPECT_EQ(grants(arbiter, {false, true, false, false}, 2), "11");
  EXPECT_EQ(grants(arbiter, {true, false, false, false}, 1), "0");
  EXPECT_EQ(grants(arbiter, {true, true, false, false}, 5), "11101");
  // Alone, one slice follows the other.
  EXPECT_EQ(grants(arbiter, {false, true, false, false}, 5), "11111");
  EXPECT_EQ(grants(arbiter, {true, true, false, false}, 2), "01");
}

TEST(Arbiter, TheLastOneHoldsTheGrantAtFirst) {
  Arbiter arbiter(4);
  EXPECT_EQ(grants(arbiter, {true, false, false, true}, 3), "303");
}

} // namespace
