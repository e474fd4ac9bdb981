// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Words that nobody writes on purpose: every machine must answer them with the same trap, at the same place and, where
// there is time, in the same cycle.
#include "test/runtime/neuflow/Passes.h"

using namespace cnn::neuflow;

namespace {

class MachineTraps : public testing::TestWithParam<const char *> {
protected:
  uint32_t pick(std::initializer_list<uint32_t> values) { return std::data(values)[random() % values.size()]; }
  bool oneIn(unsigned n) { return random() % n == 0; }
  // A machine that waits long for its watchdog gets fewer rounds.
  int rounds(int most) const { return presetTarget(GetParam())->watchdog < 10'000 ? most : most / 20; }
  std::mt19937 random{17};
};

TEST_P(MachineTraps, RandomInstructions) {
  for (int round = 0; round < rounds(150); ++round) {
    Bench bench(GetParam(), /*withGlobals=*/false);
    for (int i = random() % 6; i > 0; --i)
      bench.out.append({Opcode::setReg, 0, static_cast<uint8_t>(random() % 16), 0, static_cast<uint32_t>(random())});
    // Fields are often right.
    auto field = [&](uint32_t most) {
      return static_cast<uint8_t>(oneIn(8) ? random() : oneIn(2) ? 0 : random() % most);
    };
    for (int i = 0; i < 4; ++i) {
      Instruction instruction{static_cast<Opcode>(random() % 20), field(8), field(16), field(16),
                              oneIn(2) ? 0u : static_cast<uint32_t>(random() % 9)};
      bool jumps = instruction.opcode == Opcode::jump;
      if (jumps) // forward, or far away
        instruction.imm = oneIn(3) ? static_cast<uint32_t>(random()) | 1u << 28
                                   : static_cast<uint32_t>(kTextAt + bench.out.text().size() + 1 + random() % 3);
      bench.out.append(instruction);
    }
    for (int i = 0; i < 8; ++i)
      bench.out.append({Opcode::nop});
    // A jump into zeros writes nothing to nobody until the memory ends.
    bench.cycleLimit = 100'000;
    bench.run();
    ASSERT_FALSE(HasFailure()) << "round " << round << ": " << bench.timedTrap;
  }
}

// Words of the configuration bus, in which most are right; `streams`: they may start streams.
void configureAtRandom(Bench &bench, std::mt19937 &random, bool streams) {
  auto oneIn = [&](unsigned n) { return random() % n == 0; };
  constexpr uint8_t kCommands[] = {0, 0, 0, 0, 0, 14, 14, 15, 15, 4, 6, 10, 2, 3, 7, 1, 5, 16, 20};
  for (int i = 0; i < 6; ++i) {
    Select select;
    select.area = oneIn(20) ? static_cast<uint8_t>(random() % 16) : oneIn(3) ? 1 : 2;
    size_t tile = random() % bench.target.tiles.size();
    select.address = select.area == 2 ? static_cast<uint16_t>(bench.target.tiles[tile].address)
                                      : static_cast<uint16_t>(bench.target.gridPort(random() % bench.target.lines) + 1);
    if (oneIn(10))
      select.address = oneIn(2) ? 0 : static_cast<uint16_t>(random() % 50);
    select.subModule = oneIn(20) ? static_cast<uint8_t>(random()) : static_cast<uint8_t>(random() % 4);
    select.command = kCommands[random() % sizeof(kCommands)];
    if (!streams && select.area == 1 && (select.command == 2 || select.command == 7 || select.command == 15))
      select.command = 3;
    uint8_t content = oneIn(8) ? 2 : 1;
    bench.out.append({Opcode::writeConfig, content, 0, 0, content == 2 ? select.command : encode(select)});
    if (select.command != 0 && select.command != 14)
      continue;
    // As many words as the sub-module has, more or less.
    int count = oneIn(3) ? static_cast<int>(random() % 9) : select.area == 1 ? 5 : 2;
    for (int k = 0; k < count; ++k) {
      constexpr uint32_t kSmall[] = {0,          1,          3,          8,          0x00030003,
                                     0x00080005, 0x03000001, 0x03020004, 0x03030006, 0x0302000E};
      uint32_t nibbles = ~0u;
      for (int at = 0; at < 8; ++at)
        if (oneIn(5))
          nibbles = (nibbles & ~(15u << (4 * at))) | static_cast<uint32_t>(random() % 16) << (4 * at);
      uint32_t word = oneIn(3) ? kSmall[random() % 10] : oneIn(2) ? nibbles : static_cast<uint32_t>(random());
      bench.out.append({Opcode::writeConfig, 3, 0, 0, word});
    }
    if (oneIn(8))
      bench.out.append({Opcode::getStatus, static_cast<uint8_t>(random() % 7), 0, 0, 0});
  }
}

TEST_P(MachineTraps, RandomConfigurations) {
  for (int round = 0; round < rounds(400); ++round) {
    Bench bench(GetParam(), /*withGlobals=*/false);
    configureAtRandom(bench, random, /*streams=*/false);
    bench.run();
    ASSERT_FALSE(HasFailure()) << "round " << round << ": " << bench.timedTrap
                               << "; functional: " << (bench.outcome.trap ? bench.outcome.trap->text : "ends");
  }
}

TEST_P(MachineTraps, EverySelect) {
  Target target = *presetTarget(GetParam());
  for (size_t tile = 0; tile < target.tiles.size(); ++tile)
    for (uint32_t code = 0; code < 16; ++code)
      for (int word = 0; word < 2; ++word)
        for (uint8_t subModule : {kTileRouter, kTileLines}) {
          if (rounds(100) < 100 && !oneIn(20))
            continue;
          Bench bench(GetParam(), /*withGlobals=*/false);
          uint32_t position = static_cast<uint32_t>(random() % 8);
          std::vector<uint32_t> words(word, ~0u);
          words.push_back(~((15u - code) << (4 * position)));
          bench.out.tile(static_cast<int64_t>(tile), subModule, Command::config, words);
          bench.run();
          ASSERT_FALSE(HasFailure()) << target.tiles[tile].name << " " << word << " " << code << " at " << position;
        }
}

// A machine that ends or traps stops at once: memory and flags are those of that cycle.
TEST_P(MachineTraps, StopsInTheMiddle) {
  for (int wait = 0; wait < rounds(60); ++wait) {
    Bench bench(GetParam());
    uint32_t from = bench.plane(std::vector<Word>(400, 30'000)), to = bench.plane(std::vector<Word>(400));
    bench.routes.through("A1");
    bench.routes.emit(bench.out);
    bench.out.operate(bench.tile("A1"), AluConfig{AluCode::square, AluCode::none});
    bench.out.stream(1, Bench::writeOf(to, 20, 20));
    bench.out.stream(0, Bench::readOf(from, 20, 20));
    bench.out.append({Opcode::getStatus, 2, static_cast<uint8_t>(wait / 4), 0, 0});
    for (int i = 0; i < wait % 4; ++i)
      bench.out.append({Opcode::nop});
    bench.run(Bench::Timed::notNotice);
    ASSERT_FALSE(HasFailure()) << wait;
  }
}

TEST_P(MachineTraps, RandomStreams) {
  for (int round = 0; round < rounds(200); ++round) {
    Bench bench(GetParam());
    // Lines that lead from every port to every port, and streams of all kinds, some of which leave their segments.
    for (int64_t line = 0; line < bench.target.lines; ++line) {
      uint32_t length = oneIn(3) ? 100 : 100'000;
      bench.out.globals(line, {pick({0, 7, 0x20000}), length, pick({0, 3, 10}), oneIn(2)});
      for (const Tile &tile : bench.target.tiles)
        bench.routes.lines(tile.name.c_str()).lines[line] = static_cast<uint8_t>(kFromLine + line);
    }
    bench.routes.lines("C1").lines[0] = static_cast<uint8_t>(kFromLine + random() % bench.target.lines);
    bench.routes.emit(bench.out);
    for (int i = 0; i < 5; ++i) {
      int64_t port = random() % bench.target.lines;
      StreamLocals locals{pick({0, 1, 17, 90}),      pick({0, 1, 5}), 1 + int64_t(random() % 20),
                          1 + int64_t(random() % 9), oneIn(2),        std::nullopt};
      if (bench.target.has(Feature::stride) && oneIn(2))
        locals.steps =
            StreamLocals::Steps{static_cast<int32_t>(random() % 200) - 50, static_cast<int32_t>(random() % 20) - 4};
      Command command = oneIn(2) ? Command::config : Command::cacheStart;
      bench.out.port(port, kStreamerLocals, command, encode(locals));
      if (command == Command::config)
        bench.out.port(port, kStreamerCommands, oneIn(3) ? Command::control1 : Command::activate);
      else
        bench.out.port(port, kStreamerLocals, Command::cacheFinish);
      if (oneIn(4))
        bench.out.port(random() % bench.target.lines, kStreamerCommands, Command::reset);
      if (oneIn(3))
        bench.out.append({Opcode::getStatus, static_cast<uint8_t>(2 + random() % 3), 40, 0, 0});
    }
    for (int i = 0; i < 40; ++i)
      bench.out.append({Opcode::nop});
    // Such programs end while ports are on, and read what others write: only machines with time can be compared.
    bench.run(Bench::Timed::notNotice);
    ASSERT_FALSE(HasFailure()) << "round " << round << ": " << bench.timedTrap;
  }
}

TEST_P(MachineTraps, RandomConfigurationsWithStreams) {
  for (int round = 0; round < rounds(200); ++round) {
    Bench bench(GetParam());
    configureAtRandom(bench, random, /*streams=*/true);
    bench.run(Bench::Timed::notNotice);
    ASSERT_FALSE(HasFailure()) << "round " << round << ": " << bench.timedTrap;
  }
}

INSTANTIATE_TEST_SUITE_P(Machines, MachineTraps, testing::Values("neuflow-tiny", "neuflow-ml605"));

} // namespace
