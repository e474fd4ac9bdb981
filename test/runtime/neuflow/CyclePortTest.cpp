// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/neuflow/simulator/CyclePort.h"

#include <gtest/gtest.h>

#include <memory>

using namespace cnn::neuflow;

namespace {

// Ports, arbiter and memory; what is on the lines is up to the test.
struct Ports {
  explicit Ports(const char *name, int64_t count)
      : target(*presetTarget(name)), model(target, memory), arbiter(count + 1) {
    EXPECT_TRUE(memory.allocate(target.memoryBytes));
    for (int64_t i = 0; i < count; ++i)
      ports.emplace_back(target, static_cast<uint8_t>(i));
  }
  StreamGlobals all() const { return {0, static_cast<uint32_t>(target.memoryBytes / 2), 10, true}; }

  // One cycle; lines give and take as `lines` says, which is called for each port.
  template <typename Lines> void cycle(Lines lines) {
    std::unique_ptr<bool[]> asks(new bool[ports.size() + 1]());
    for (size_t i = 0; i < ports.size(); ++i)
      asks[i + 1] = ports[i].request() != nullptr;
    int64_t chosen = arbiter.choose({asks.get(), ports.size() + 1});
    bool taken = chosen > 0 && model.ready();
    if (taken) {
      arbiter.granted(chosen);
      EXPECT_TRUE(model.accept(*ports[chosen - 1].request()));
    }
    const MemoryResponse *response = model.response();
    for (size_t i = 0; i < ports.size(); ++i) {
      CyclePort::Inputs inputs;
      inputs.granted = taken && chosen == static_cast<int64_t>(i + 1);
      inputs.response = response && response->tag == i ? &response->data : nullptr;
      lines(i, inputs, [&] { return ports[i].cycle(inputs); });
    }
    model.tick();
  }

  Target target;
  MachineMemory memory;
  MemoryModel model;
  Arbiter arbiter;
  std::vector<CyclePort> ports;
};

// Reads one plane with a port and writes it with another; the cycles it took.
int64_t copyPlane(Ports &ports, const StreamLocals &from, const StreamLocals &to, unsigned seed) {
  std::mt19937 random(seed);
  ports.ports[0].start(ports.all(), from);
  ports.ports[1].start(ports.all(), to);
  std::deque<Word> line;
  int64_t begin = ports.model.cycle();
  while ((ports.ports[0].busy() || ports.ports[1].busy()) && ports.model.cycle() - begin < 100'000) {
    size_t atStart = line.size();
    bool stalls = seed && random() % 3 == 0;
    ports.cycle([&](size_t port, CyclePort::Inputs &inputs, auto run) {
      if (port == 0) {
        inputs.lineHasRoom = atStart < 2 && !stalls;
        if (std::optional<Word> word = run().fed)
          line.push_back(*word);
      } else {
        if (atStart > 0)
          inputs.lineWord = line.front();
        if (run().took)
          line.pop_front();
      }
    });
  }
  return ports.model.cycle() - begin;
}

TEST(CyclePort, CopiesWhateverTheStepsAndStalls) {
  std::mt19937 random(3);
  for (unsigned round = 0; round < 200; ++round) {
    Ports ports("neuflow-tiny", 2);
    if (round % 2)
      ports.model.disturb({round, 30, 25});
    StreamLocals from{1000, 0, int64_t(1 + random() % 40), int64_t(1 + random() % 10), true, std::nullopt}, to = from;
    to.x = 200'000 + random() % 16;
    to.read = false;
    if (round % 3) {
      from.steps = StreamLocals::Steps{static_cast<int32_t>(random() % 90), static_cast<int32_t>(random() % 4)};
      to.steps = StreamLocals::Steps{200, 1 + static_cast<int32_t>(random() % 4)};
    }
    for (uint32_t i = 0; i < 2000; ++i)
      ports.memory.setWord(1000 + i, static_cast<Word>(random() | 1));
    std::vector<Word> expected(4096);
    for (int64_t r = 0; r < from.h; ++r)
      for (int64_t c = 0; c < from.w; ++c)
        expected[to.address(ports.all(), r, c) - 200'000] = ports.memory.word(from.address(ports.all(), r, c));
    ASSERT_LT(copyPlane(ports, from, to, round), 100'000) << round;
    // The plane, and that nothing else was written.
    for (uint32_t i = 0; i < expected.size(); ++i)
      ASSERT_EQ(ports.memory.word(200'000 + i), expected[i]) << round << " " << i;
  }
}

TEST(CyclePort, FirstWordsTakeTheLatency) {
  Ports ports("neuflow-v6", 2);
  // Cycle 0: the walker's first element. 1: granted? Slots have two cycles, so 2. Answer in 2 + 48, fed in 51, taken in
  // 52, queued in 53, granted in the next slot, 54, which is over with cycle 54.
  int64_t cycles = copyPlane(ports, {0, 0, 1, 1, true, std::nullopt}, {64, 0, 1, 1, false, std::nullopt}, 0);
  EXPECT_EQ(cycles, 55);
}

TEST(CyclePort, OneWordEachCycle) {
  Ports ports("neuflow-v6", 2);
  int64_t cycles = copyPlane(ports, {3, 0, 300, 20, true, std::nullopt}, {8000, 0, 300, 20, false, std::nullopt}, 0);
  EXPECT_LT(cycles, 6000 + 100);
}

// The heaviest pass of the machine: four images and the partial sums come, the new sums go, all at one word a cycle.
TEST(CyclePort, SixStreamsKeepNearlyFullSpeed) {
  Ports ports("neuflow-v6", 6);
  constexpr int64_t kWords = 20'000;
  for (int i = 0; i < 6; ++i)
    ports.ports[i].start(ports.all(), {static_cast<uint32_t>(40'007 * i), 0, 200, 100, i < 5, std::nullopt});
  std::deque<Word> lines[6];
  int64_t cycles = 0;
  while (ports.ports[5].busy() && cycles < 10 * kWords) {
    size_t atStart[6];
    bool ready = lines[5].size() < 2;
    for (int i = 0; i < 6; ++i) {
      atStart[i] = lines[i].size();
      ready &= i == 5 || atStart[i] > 0;
    }
    ports.cycle([&](size_t port, CyclePort::Inputs &inputs, auto run) {
      if (port < 5) {
        inputs.lineHasRoom = atStart[port] < 64;
        if (std::optional<Word> word = run().fed)
          lines[port].push_back(*word);
      } else {
        if (atStart[5] > 0)
          inputs.lineWord = lines[5].front();
        if (run().took)
          lines[5].pop_front();
      }
    });
    if (ready) {
      for (int i = 0; i < 5; ++i)
        lines[i].pop_front();
      lines[5].push_back(1);
    }
    ++cycles;
  }
  EXPECT_LT(cycles, kWords * 102 / 100);
}

} // namespace
