// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Programs for one pass over the grid, written with names, and a bench that runs them on every machine there is: the
// functional simulator, the cycle simulator and, in the tests of the RTL, the Verilated machine. Memories must be equal
// word for word, and cycles exactly.
#ifndef CNN_TEST_RUNTIME_NEUFLOW_PASSES_H
#define CNN_TEST_RUNTIME_NEUFLOW_PASSES_H

#include "runtime/neuflow/device/Device.h"
#include "runtime/neuflow/machine/ProgramWriter.h"
#include "runtime/neuflow/simulator/FunctionalSimulator.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace cnn::neuflow {

// Planes begin here, in words, behind the text.
constexpr uint32_t kPlanes = 0x20000;
constexpr uint64_t kTextAt = 64; // in words of 8 bytes

// Selects of all tiles, by name, written at once.
class Routes {
public:
  Routes(const Target &target) : target(target) {}

  RouterConfig &router(const char *tile) { return routers[position(tile)]; }
  LinesConfig &lines(const char *tile) { return linesOf[position(tile)]; }
  // Line `line` (from 1) as it comes from its port, up to a local input of the tile.
  void read(int line, const char *tile, int localInput) {
    for (int64_t t = 0; t < position(tile); ++t)
      linesOf[t].lines[line - 1] = static_cast<uint8_t>(kFromLine + line - 1);
    linesOf[position(tile)].localInputs[localInput] = static_cast<uint8_t>(kFromLine + line - 1);
  }
  // A local output of the tile, through line `line` to its port.
  void write(const char *tile, int localOutput, int line) {
    linesOf[position(tile)].lines[line - 1] = static_cast<uint8_t>(kFromLocal + localOutput);
    for (size_t t = position(tile) + 1; t < target.tiles.size(); ++t)
      linesOf[t].lines[line - 1] = static_cast<uint8_t>(kFromLine + line - 1);
  }
  // An image on line 1 to operator input 1 of the tile, and its operator output `output` to line 2.
  void through(const char *tile, int output = 0) {
    read(1, tile, 0);
    router(tile).operatorInputs[0] = kFromLocal;
    router(tile).localOutputs[0] = static_cast<uint8_t>(kFromOperator + output);
    write(tile, 0, 2);
  }
  void emit(ProgramWriter &out) const {
    for (const auto &[tile, config] : routers)
      out.router(tile, config);
    for (const auto &[tile, config] : linesOf)
      out.lines(tile, config);
  }

private:
  int64_t position(const char *tile) const {
    int64_t found = target.tileNamed(tile);
    EXPECT_GE(found, 0) << tile;
    return found;
  }
  const Target &target;
  std::map<int64_t, RouterConfig> routers;
  std::map<int64_t, LinesConfig> linesOf;
};

// Devices that know time, to be compared with each other and with the functional simulator. Null: not for this target.
using OpenTimedDevice = std::unique_ptr<Device> (*)(const Target &target);
inline std::vector<OpenTimedDevice> &timedDevices() {
  static std::vector<OpenTimedDevice> all = {[](const Target &target) {
    Result<std::unique_ptr<Device>> device = openDevice(target, DeviceKind::cycles);
    return device ? std::move(*device) : nullptr;
  }};
  return all;
}

// A machine with a program and planes of words.
class Bench {
public:
  explicit Bench(const char *name = "neuflow-tiny", bool withGlobals = true)
      : target(*presetTarget(name)), out(target), routes(target) {
    EXPECT_TRUE(memory.allocate(target.memoryBytes));
    for (int64_t port = 0; port < target.lines && withGlobals; ++port)
      out.globals(port, {0, static_cast<uint32_t>(target.memoryBytes / 2), 10, true});
  }

  int64_t tile(const char *name) const { return target.tileNamed(name); }
  // A new plane with these words; its word address.
  uint32_t plane(const std::vector<Word> &words) {
    uint32_t at = nextPlane;
    for (size_t i = 0; i < words.size(); ++i)
      memory.setWord(at + static_cast<uint32_t>(i), words[i]);
    nextPlane += static_cast<uint32_t>(words.size() + 40) / 16 * 16; // a gap, which must stay as it is
    return at;
  }
  std::vector<Word> words(uint32_t at, size_t count) const {
    std::vector<Word> result;
    for (size_t i = 0; i < count; ++i)
      result.push_back(memory.word(at + static_cast<uint32_t>(i)));
    return result;
  }
  static StreamLocals readOf(uint32_t at, int64_t w, int64_t h) { return {at, 0, w, h, true, std::nullopt}; }
  static StreamLocals writeOf(uint32_t at, int64_t w, int64_t h) { return {at, 0, w, h, false, std::nullopt}; }

  // What machines with time may differ in from the functional simulator, when that traps.
  enum class Timed {
    agree,     // nothing but the text
    notNotice, // the program breaks a rule that only functional simulation checks
    garbage,   // and what the machine writes then is not defined
  };
  // Ends the program and runs it; the text of the trap, or "".
  std::string run(Timed timed = Timed::agree, const std::optional<Disturbance> &disturbance = std::nullopt) {
    out.append({Opcode::term});
    load();
    std::string before(image());
    FunctionalSimulator simulator(target, memory);
    outcome = simulator.run(kTextAt, 1'000'000);
    saturated = simulator.saturated();
    std::string trap = outcome.trap ? outcome.trap->text : "";
    cycles = -1;
    std::string firstImage;
    RunReport first;
    for (OpenTimedDevice open : timedDevices()) {
      std::unique_ptr<Device> device = open(target);
      if (!device)
        continue;
      EXPECT_TRUE(device->write(0, before));
      device->disturb(disturbance);
      RunReport report = device->run(kTextAt, {INT64_MAX, cycleLimit});
      std::string after(before.size(), '\0');
      EXPECT_TRUE(device->read(0, after));
      if (timed == Timed::agree)
        expectAgreement(report, after);
      if (cycles < 0) {
        cycles = report.cycles;
        first = report;
        firstImage = std::move(after);
        continue;
      }
      EXPECT_EQ(report.cycles, cycles);
      EXPECT_EQ(report.pc, first.pc);
      EXPECT_EQ(report.saturated, first.saturated);
      EXPECT_EQ(report.trap.has_value(), first.trap.has_value());
      if (report.trap && first.trap) {
        EXPECT_EQ(report.trap->cause, first.trap->cause) << first.trap->text;
        EXPECT_EQ(report.trap->information, first.trap->information) << first.trap->text;
      }
      EXPECT_TRUE(timed == Timed::garbage || after == firstImage) << "the machines leave different memories";
    }
    if (first.trap)
      timedTrap = first.trap->text;
    return trap;
  }
  void load() {
    std::string bytes;
    for (uint64_t word : out.text())
      for (int i = 0; i < 8; ++i)
        bytes += static_cast<char>(word >> (8 * i));
    EXPECT_LE(kTextAt * 8 + bytes.size(), 2 * uint64_t(kPlanes));
    EXPECT_TRUE(memory.write(kTextAt * 8, bytes));
  }

  Target target;
  MachineMemory memory;
  ProgramWriter out;
  Routes routes;
  Outcome outcome;
  std::vector<bool> saturated;
  int64_t cycleLimit = 3'000'000;
  int64_t cycles = -1;   // of the machines with time
  std::string timedTrap; // the first one's

private:
  // The part of the memory that programs of tests use.
  std::string_view image() const {
    return {reinterpret_cast<const char *>(memory.data()),
            static_cast<size_t>(
                std::min<int64_t>(memory.size(), std::max<int64_t>(int64_t(1) << 20, 2 * int64_t(nextPlane) + 4096)))};
  }
  void expectAgreement(const RunReport &report, const std::string &after) {
    EXPECT_EQ(report.trap.has_value(), outcome.trap.has_value()) << (report.trap ? report.trap->text : "no trap");
    if (!outcome.trap) {
      EXPECT_EQ(after == image(), true) << "another memory than that of the functional simulator";
      EXPECT_EQ(report.saturated, saturated);
      EXPECT_EQ(report.pc, outcome.pc);
    } else if (report.trap) {
      EXPECT_EQ(report.trap->cause, outcome.trap->cause) << report.trap->text;
      EXPECT_EQ(report.trap->information, outcome.trap->information) << report.trap->text;
    }
  }

  uint32_t nextPlane = kPlanes;
};

// Words of the whole range, or small ones.
inline std::vector<Word> randomWords(std::mt19937 &random, int64_t count, int bits = 16) {
  std::vector<Word> words;
  for (int64_t i = 0; i < count; ++i)
    words.push_back(static_cast<Word>(static_cast<int16_t>(random()) >> (16 - bits)));
  return words;
}

// A convolution by its definition: every window of the padded frame.
inline std::vector<Word> convolve(const std::vector<Word> &image, const ConvConfig &config,
                                  const std::vector<Word> &kernel, Word bias, const std::vector<Word> *sums) {
  int64_t top = config.sameSize ? (config.kerH - 1) / 2 : 0, left = config.sameSize ? (config.kerW - 1) / 2 : 0;
  std::vector<Word> result;
  bool unused = false;
  for (int64_t r = 0; r < config.outH(); ++r)
    for (int64_t c = 0; c < config.outW(); ++c) {
      int64_t sum = int64_t(bias) * 256;
      for (int64_t i = 0; i < config.kerH; ++i)
        for (int64_t j = 0; j < config.kerW; ++j) {
          int64_t y = r * config.stepH() + i - top, x = c * config.stepW() + j - left;
          if (y >= 0 && y < config.inH && x >= 0 && x < config.inW)
            sum += int64_t(kernel[i * config.kerW + j]) * image[y * config.inW + x];
        }
      int64_t magnitude = (std::abs(sum) + 128) / 256, rounded = sum < 0 ? -magnitude : magnitude;
      Word word = saturate(rounded, &unused);
      result.push_back(sums ? saturate(int64_t(word) + (*sums)[result.size()], &unused) : word);
    }
  return result;
}

// A program that copies 40 words from byte 0x10000 to byte 0x20000, and says no more than where its text is.
inline Program copyingProgram() {
  Bench bench;
  bench.routes.lines("C1").lines[1] = kFromLine + 0;
  for (const char *tile : {"C2", "A1", "M1", "F1", "F2", "A2", "M2"})
    bench.routes.lines(tile).lines[1] = kFromLine + 1;
  bench.routes.emit(bench.out);
  bench.out.stream(0, Bench::readOf(0x8000, 40, 1));
  bench.out.stream(1, Bench::writeOf(0x10000, 40, 1));
  bench.out.waitForPort(1, Status::done);
  bench.out.append({Opcode::term});
  Program program;
  program.target = bench.target;
  program.loadBase = program.entry = kTextAt;
  program.text = bench.out.text();
  program.memory = {{SegmentKind::text, 8 * kTextAt, 8 * program.text.size()}};
  return program;
}

} // namespace cnn::neuflow
#endif
