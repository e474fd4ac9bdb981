// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "test/runtime/neuflow/Passes.h"

#include <algorithm>

using namespace cnn::neuflow;

namespace {

using Words = std::vector<Word>;

Words ramp(int64_t count) {
  Words words;
  for (int64_t i = 0; i < count; ++i)
    words.push_back(static_cast<Word>(i * 7 - 100));
  return words;
}

// A line of the first tile leaves it as another line.
void copyLine1ToLine2(Bench &bench) {
  bench.routes.lines("C1").lines[1] = kFromLine + 0;
  for (const char *tile : {"C2", "A1", "M1", "F1", "F2", "A2", "M2"})
    bench.routes.lines(tile).lines[1] = kFromLine + 1;
  bench.routes.emit(bench.out);
}

void expectOnlyPlaneChanged(const Bench &bench, uint32_t at, const Words &expected) {
  EXPECT_EQ(bench.words(at, expected.size()), expected);
  for (uint32_t i = 1; i <= 16; ++i) {
    EXPECT_EQ(bench.memory.word(at - i), 0) << "word " << i << " before the plane was written";
    EXPECT_EQ(bench.memory.word(at + static_cast<uint32_t>(expected.size()) + i - 1), 0)
        << "word " << i << " behind it";
  }
}

TEST(FunctionalSimulator, CopiesAPlane) {
  Bench bench;
  Words image = ramp(5 * 9);
  uint32_t from = bench.plane(image);
  bench.plane(Words(16));
  uint32_t to = bench.plane(Words(image.size()));
  copyLine1ToLine2(bench);
  bench.out.stream(0, Bench::readOf(from, 9, 5));
  bench.out.stream(1, Bench::writeOf(to, 9, 5));
  bench.out.waitForPort(1, Status::done);
  ASSERT_EQ(bench.run(), "");
  expectOnlyPlaneChanged(bench, to, image);
}

TEST(FunctionalSimulator, StridesOfStreams) {
  Bench bench;
  Words image = ramp(6 * 8);
  uint32_t from = bench.plane(image), to = bench.plane(Words(64));
  copyLine1ToLine2(bench);
  // Every other column of every other row, turned upside down, into every third word.
  StreamLocals read{from + 32, 0, 4, 3, true, StreamLocals::Steps{-16, 2}};
  StreamLocals write{to, 0, 12, 1, false, StreamLocals::Steps{0, 3}};
  bench.out.stream(0, read);
  bench.out.stream(1, write);
  bench.out.waitForPort(1, Status::done);
  ASSERT_EQ(bench.run(), "");
  for (uint32_t i = 0; i < 12; ++i) {
    EXPECT_EQ(bench.memory.word(to + 3 * i), image[(4 - i / 4 * 2) * 8 + i % 4 * 2]) << i;
    EXPECT_EQ(bench.memory.word(to + 3 * i + 1), 0);
  }
}

// Convolutions of all kinds and sizes: kernels over the bus and from a stream.
TEST(FunctionalSimulator, Convolves) {
  std::mt19937 random(11);
  for (int round = 0; round < 120; ++round) {
    Bench bench(round % 4 == 3 ? "neuflow-v6" : "neuflow-tiny");
    int64_t k = bench.target.convKernel;
    auto upTo = [&](int64_t most) { return 1 + static_cast<int64_t>(random() % most); };
    ConvConfig config;
    config.kerW = upTo(k), config.kerH = upTo(k);
    config.inW = config.kerW - 1 + upTo(20), config.inH = config.kerH - 1 + upTo(12);
    config.sameSize = random() % 3 == 0, config.accumulate = random() % 2, config.subsample = random() % 3 == 0;
    if (config.subsample)
      config.strideW = upTo(3), config.strideH = upTo(3);
    bool fromStream = random() % 2;
    config.biased = fromStream && random() % 2;
    int bits = random() % 3 ? 10 : 16; // 16 saturates
    Words image = randomWords(random, config.inW * config.inH, bits),
          kernel = randomWords(random, config.kerW * config.kerH, bits);
    Words sums = randomWords(random, config.outW() * config.outH(), bits);
    Word bias = !fromStream || config.biased ? static_cast<Word>(static_cast<int16_t>(random()) >> 4) : Word(0);
    KernelArray array = kernelArray(kernel, config.kerW, config.kerH, bias, bench.target);

    uint32_t imageAt = bench.plane(image), sumsAt = bench.plane(sums);
    Words stream = encodeStream(array, config.biased);
    uint32_t kernelAt = bench.plane(stream);
    bench.plane(Words(16));
    uint32_t resultAt = bench.plane(Words(sums.size()));
    bench.routes.through("C2", config.output());
    bench.routes.read(3, "C2", 1);
    bench.routes.read(4, "C2", 2);
    bench.routes.router("C2").operatorInputs = {8, 9, 10};
    bench.routes.emit(bench.out);
    bench.out.operate(bench.tile("C2"), config);
    if (fromStream) {
      bench.out.stream(2, Bench::readOf(kernelAt, static_cast<int64_t>(stream.size()), 1));
      bench.out.tile(bench.tile("C2"), kTileOperator, Command::control0);
    } else
      bench.out.kernel(bench.tile("C2"), array);
    bench.out.stream(1, Bench::writeOf(resultAt, config.outW(), config.outH()));
    if (config.accumulate)
      bench.out.stream(3, Bench::readOf(sumsAt, config.outW(), config.outH()));
    bench.out.stream(0, Bench::readOf(imageAt, config.inW, config.inH));
    bench.out.waitForPort(1, Status::done);
    bench.out.waitForPort(0, Status::done);
    bench.out.waitForTile(bench.tile("C2"), Status::idle);
    ASSERT_EQ(bench.run(), "") << round;
    Words expected = convolve(image, config, kernel, bias, config.accumulate ? &sums : nullptr);
    ASSERT_EQ(bench.words(resultAt, expected.size()), expected) << round;
    expectOnlyPlaneChanged(bench, resultAt, expected);
  }
}

TEST(FunctionalSimulator, ReportsSaturationOfTheTileAlone) {
  for (Word pixel : {Word(32767), Word(100)}) {
    Bench bench;
    uint32_t from = bench.plane(Words(9, pixel)), to = bench.plane(Words(1));
    ConvConfig config;
    config.inW = config.inH = config.kerW = config.kerH = 3;
    bench.routes.through("C1");
    bench.routes.emit(bench.out);
    bench.out.operate(bench.tile("C1"), config);
    bench.out.kernel(bench.tile("C1"), kernelArray(Words(9, 256), 3, 3, 0, bench.target));
    bench.out.stream(0, Bench::readOf(from, 3, 3));
    bench.out.stream(1, Bench::writeOf(to, 1, 1));
    bench.out.waitForPort(1, Status::done);
    ASSERT_EQ(bench.run(), "");
    EXPECT_EQ(bench.memory.word(to), std::min(9 * pixel, 32767));
    std::vector<bool> expected(bench.target.tiles.size());
    expected[0] = pixel == 32767;
    EXPECT_EQ(bench.saturated, expected);
  }
}

TEST(FunctionalSimulator, AluWithTwoOperators) {
  Bench bench;
  std::mt19937 random(5);
  Words a = randomWords(random, 50), b = randomWords(random, 50), c = randomWords(random, 50);
  uint32_t at[3] = {bench.plane(a), bench.plane(b), bench.plane(c)}, to = bench.plane(Words(50));
  for (int i = 0; i < 3; ++i)
    bench.routes.read(i + 1, "A1", i);
  bench.routes.router("A1").operatorInputs = {8, 9, 10};
  bench.routes.router("A1").localOutputs[0] = kFromOperator + 1;
  bench.routes.write("A1", 0, 4);
  bench.routes.emit(bench.out);
  bench.out.operate(bench.tile("A1"), AluConfig{AluCode::max, AluCode::sub});
  for (int i = 0; i < 3; ++i)
    bench.out.stream(i, Bench::readOf(at[i], 10, 5));
  bench.out.stream(3, Bench::writeOf(to, 50, 1));
  bench.out.waitForPort(3, Status::done);
  ASSERT_EQ(bench.run(), "");
  for (size_t i = 0; i < 50; ++i)
    EXPECT_EQ(bench.memory.word(to + i), std::clamp(std::max(a[i], b[i]) - c[i], -32768, 32767)) << i;
}

TEST(FunctionalSimulator, MapsByWayOfANeighbour) {
  Bench bench;
  std::mt19937 random(6);
  Words image = randomWords(random, 300);
  uint32_t from = bench.plane(image), to = bench.plane(Words(300));
  // C1 hands its input to the east, where M1 has it from the north.
  bench.routes.read(1, "C1", 0);
  bench.routes.router("C1").sides[1] = kFromLocal;
  bench.routes.router("M1").operatorInputs[0] = kFromSide + 0;
  bench.routes.router("M1").localOutputs[0] = kFromOperator;
  bench.routes.write("M1", 0, 2);
  bench.routes.emit(bench.out);
  MapperConfig mapper{{{0, 256, 512}, {64, 150, 256}, {200, 0, 0}, {0, 0, 0}}, Symmetry::odd};
  bench.out.operate(bench.tile("M1"), mapper);
  bench.out.stream(0, Bench::readOf(from, 300, 1));
  bench.out.stream(1, Bench::writeOf(to, 300, 1));
  bench.out.waitForPort(1, Status::done);
  ASSERT_EQ(bench.run(), "");
  for (size_t i = 0; i < image.size(); ++i) {
    bool saturated = false;
    EXPECT_EQ(bench.memory.word(to + i), map(image[i], mapper.segments, Symmetry::odd, &saturated));
  }
}

// Frames that follow each other without the processor: streams, sets of words and kernels are queued while others are
// on.
TEST(FunctionalSimulator, QueuesFramesBehindEachOther) {
  Bench bench;
  std::mt19937 random(8);
  constexpr int kFrames = 7;
  std::vector<Words> images, kernels;
  std::vector<ConvConfig> configs;
  std::vector<uint32_t> imageAt, resultAt;
  for (int i = 0; i < kFrames; ++i) {
    ConvConfig config;
    config.kerW = 1 + i % 3, config.kerH = 1 + (i + 1) % 3;
    config.inW = 9 + 5 * i, config.inH = 12 - i;
    config.frames = 1;
    config.discard = true;
    configs.push_back(config);
    images.push_back(randomWords(random, config.inW * config.inH, 12));
    kernels.push_back(randomWords(random, config.kerW * config.kerH, 12));
    imageAt.push_back(bench.plane(images.back()));
    resultAt.push_back(bench.plane(Words(config.outW() * config.outH())));
  }
  int64_t conv = bench.tile("C1");
  bench.routes.through("C1");
  bench.routes.emit(bench.out);
  for (int i = 0; i < kFrames; ++i) {
    bench.out.kernel(conv, kernelArray(kernels[i], configs[i].kerW, configs[i].kerH, Word(i), bench.target));
    bench.out.operateNext(conv, configs[i]);
    bench.out.streamNext(0, Bench::readOf(imageAt[i], configs[i].inW, configs[i].inH));
    bench.out.streamNext(1, Bench::writeOf(resultAt[i], configs[i].outW(), configs[i].outH()));
  }
  bench.out.waitForPort(1, Status::done);
  ASSERT_EQ(bench.run(), "");
  for (int i = 0; i < kFrames; ++i) {
    Words expected = convolve(images[i], configs[i], kernels[i], Word(i), nullptr);
    EXPECT_EQ(bench.words(resultAt[i], expected.size()), expected) << i;
  }
}

// Frames that follow each other in one stream: an empty position after each, or after each row of one pixel.
TEST(FunctionalSimulator, FramesInOneStream) {
  for (int64_t width : {1, 7}) {
    Bench bench;
    std::mt19937 random(9);
    ConvConfig config;
    config.inW = width, config.inH = 6, config.kerW = 1, config.kerH = 2;
    Words image = randomWords(random, width * 6 * 3, 12), kernel = randomWords(random, 2, 10), expected;
    for (int64_t frame = 0; frame < 3; ++frame) {
      Words part(image.begin() + width * 6 * frame, image.begin() + width * 6 * (frame + 1));
      Words result = convolve(part, config, kernel, 5, nullptr);
      expected.insert(expected.end(), result.begin(), result.end());
    }
    uint32_t from = bench.plane(image), to = bench.plane(Words(expected.size()));
    bench.routes.through("C1");
    bench.routes.emit(bench.out);
    bench.out.operate(bench.tile("C1"), config);
    bench.out.kernel(bench.tile("C1"), kernelArray(kernel, 1, 2, 5, bench.target));
    bench.out.stream(1, Bench::writeOf(to, static_cast<int64_t>(expected.size()), 1));
    bench.out.stream(0, Bench::readOf(from, width, 18));
    bench.out.waitForPort(1, Status::done);
    ASSERT_EQ(bench.run(), "");
    expectOnlyPlaneChanged(bench, to, expected);
  }
}

// As the historic programs do it: everything by words of profile 1, kernels from streams, prefetch, and a wait after
// each step.
TEST(FunctionalSimulator, RunsAProgramOfProfile1) {
  Bench bench("neuflow-ml605");
  std::mt19937 random(21);
  int64_t conv = bench.tile("C3");
  bench.routes.through("C3", 2);
  bench.routes.read(3, "C3", 1);
  bench.routes.read(4, "C3", 2);
  bench.routes.router("C3").operatorInputs = {8, 9, 10};
  bench.routes.emit(bench.out);
  ConvConfig config;
  config.inW = 24, config.inH = 15, config.kerW = 7, config.kerH = 6, config.accumulate = true, config.biased = true;
  size_t outputs = static_cast<size_t>(config.outW() * config.outH());
  Words sums(outputs), expected = sums;
  uint32_t sumsAt = bench.plane(sums), resultAt = bench.plane(sums);
  bench.out.operate(conv, config);
  bench.out.append({Opcode::writeConfig, 0, 0, 0, 0}); // a spacer
  for (int input = 0; input < 3; ++input) {
    Words image = randomWords(random, 24 * 15, 12), kernel = randomWords(random, 42, 10);
    Word bias = static_cast<Word>(50 * input);
    Words stream = encodeStream(kernelArray(kernel, 7, 6, bias, bench.target), true);
    ASSERT_EQ(stream.size(), 101u);
    expected = convolve(image, config, kernel, bias, &expected);
    bench.out.stream(2, Bench::readOf(bench.plane(stream), 101, 1));
    bench.out.waitForPort(2, Status::done);
    bench.out.tile(conv, kTileOperator, Command::control0);
    // Reads are prefetched and primed, then activated; the partial sums go back and forth between two planes.
    const std::pair<int64_t, StreamLocals> reads[] = {
        {0, Bench::readOf(bench.plane(image), 24, 15)},
        {3, Bench::readOf(input % 2 ? resultAt : sumsAt, config.outW(), config.outH())}};
    for (const auto &[port, locals] : reads) {
      bench.out.port(port, kStreamerLocals, Command::config, encode(locals));
      bench.out.port(port, kStreamerCommands, Command::control1);
      bench.out.waitForPort(port, Status::primed);
    }
    bench.out.stream(1, Bench::writeOf(input % 2 ? sumsAt : resultAt, config.outW(), config.outH()));
    for (const auto &[port, locals] : reads)
      bench.out.port(port, kStreamerCommands, Command::activate);
    for (int64_t port : {0, 1, 2, 3}) {
      bench.out.waitForPort(port, Status::done);
      bench.out.port(port, kStreamerCommands, Command::deactivate);
      bench.out.waitForPort(port, Status::idle);
    }
    bench.out.tile(conv, kTileOperator, Command::control1); // the kernel
  }
  ASSERT_EQ(bench.run(), "");
  EXPECT_EQ(bench.words(resultAt, outputs), expected);
}

// Another route for a second pass: its words wait in the shadow until the first pass is over.
TEST(FunctionalSimulator, CommitsARoute) {
  Bench bench;
  std::mt19937 random(22);
  Words image = randomWords(random, 90);
  uint32_t from = bench.plane(image), first = bench.plane(Words(90)), second = bench.plane(Words(90));
  bench.routes.through("M1");
  bench.routes.emit(bench.out);
  int64_t mapper = bench.tile("M1");
  MapperConfig half{{{128, 0, -32768}, {}, {}, {}}, Symmetry::none},
      twice{{{512, 1, -32768}, {}, {}, {}}, Symmetry::none};
  bench.out.operate(mapper, half);
  bench.out.stream(1, Bench::writeOf(first, 90, 1));
  bench.out.stream(0, Bench::readOf(from, 90, 1));
  // While it runs: other segments, and line 3 for the result in place of line 2.
  bench.out.tile(mapper, kTileOperator, Command::cacheStart, encode(twice));
  bench.out.tile(mapper, kTileOperator, Command::cacheFinish);
  Routes other(bench.target);
  other.read(1, "M1", 0);
  other.write("M1", 0, 3);
  for (const char *name : {"C1", "C2", "A1", "M1", "F1", "F2", "A2", "M2"}) {
    bench.out.tile(bench.tile(name), kTileLines, Command::cacheStart, encode(other.lines(name)));
    bench.out.tile(bench.tile(name), kTileLines, Command::cacheFinish);
  }
  bench.out.waitForPort(1, Status::done);
  bench.out.configure({static_cast<uint8_t>(Area::tile), 0, 0, static_cast<uint8_t>(Command::control4)});
  bench.out.stream(2, Bench::writeOf(second, 90, 1));
  bench.out.stream(0, Bench::readOf(from, 90, 1));
  bench.out.waitForPort(2, Status::done);
  ASSERT_EQ(bench.run(), "");
  for (uint32_t i = 0; i < 90; ++i) {
    bool saturated = false;
    EXPECT_EQ(bench.memory.word(first + i), image[i] >> 1) << i;
    EXPECT_EQ(bench.memory.word(second + i), saturate(2 * image[i] + 1, &saturated)) << i;
  }
}

// The image goes to A1 directly, and by way of C1, which answers five rows of 100 later. The trap, or "" after the
// right result.
std::string reconverge(uint32_t fifoWords) {
  Bench bench("neuflow-v6");
  ConvConfig config;
  config.inW = 100, config.inH = 20, config.kerW = config.kerH = 10, config.sameSize = true;
  std::mt19937 random(2);
  Words image = randomWords(random, 2000, 12), kernel = randomWords(random, 100, 10);
  uint32_t from = bench.plane(image), to = bench.plane(Words(image.size()));
  bench.routes.read(1, "C1", 0);
  bench.routes.router("C1").operatorInputs[0] = kFromLocal;
  bench.routes.router("C1").sides[2] = kFromOperator; // to A1's north
  bench.routes.read(1, "A1", 0);
  bench.routes.router("A1").operatorInputs = {kFromLocal, kFromSide + 0, kFromNone};
  if (fifoWords) {
    bench.routes.router("A1").sides[2] = kFromLocal; // down to F1, and back
    bench.routes.router("A1").operatorInputs[0] = kFromSide + 2;
    bench.routes.router("F1").operatorInputs[0] = kFromSide + 0;
    bench.routes.router("F1").sides[0] = kFromOperator;
    bench.out.fifo(bench.tile("F1"), fifoWords);
  }
  bench.routes.router("A1").localOutputs[0] = kFromOperator;
  bench.routes.write("A1", 0, 2);
  bench.routes.emit(bench.out);
  bench.out.operate(bench.tile("C1"), config);
  bench.out.operate(bench.tile("A1"), AluConfig{AluCode::add});
  bench.out.kernel(bench.tile("C1"), kernelArray(kernel, 10, 10, 0, bench.target));
  bench.out.stream(0, Bench::readOf(from, 100, 20));
  bench.out.stream(1, Bench::writeOf(to, 100, 20));
  bench.out.waitForPort(1, Status::done);
  std::string trap = bench.run();
  if (trap.empty()) {
    Words expected = convolve(image, config, kernel, 0, &image);
    EXPECT_EQ(bench.words(to, expected.size()), expected);
  }
  return trap;
}

TEST(FunctionalSimulator, PathsOfDifferentLengthNeedFifos) {
  EXPECT_EQ(reconverge(1000), "");
  EXPECT_EQ(reconverge(600), "");
  for (uint32_t tooFew : {0, 4, 300}) {
    std::string trap = reconverge(tooFew);
    EXPECT_NE(trap.find("nothing moves: the processor waits for status done of streamer.8.commands"), std::string::npos)
        << trap;
    EXPECT_NE(trap.find("C1 waits for input 1"), std::string::npos) << trap;
    EXPECT_NE(trap.find("A1 waits for input 2"), std::string::npos) << trap;
  }
}

TEST(FunctionalSimulator, WhatStandsStillIsNamed) {
  Bench bench;
  uint32_t from = bench.plane(Words(500, 1)), to = bench.plane(Words(500));
  bench.routes.read(1, "A1", 0);
  bench.routes.read(3, "A1", 1);
  bench.routes.router("A1").operatorInputs = {8, 9, 15};
  bench.routes.router("A1").localOutputs[0] = kFromOperator;
  bench.routes.write("A1", 0, 2);
  bench.routes.emit(bench.out);
  bench.out.operate(bench.tile("A1"), AluConfig{AluCode::add});
  bench.out.stream(0, Bench::readOf(from, 100, 5));
  bench.out.stream(1, Bench::writeOf(to, 100, 5));
  bench.out.stream(2, Bench::readOf(from, 100, 4)); // one row is missing
  bench.out.waitForPort(1, Status::done);
  EXPECT_EQ(bench.run(),
            "nothing moves: the processor waits for status done of streamer.3.commands; port 1 waits to hand "
            "row 4, column 72 of 5x100 to line 1; port 2 waits for row 4, column 0 of 5x100 from line 2; A1 "
            "waits for input 2");
  EXPECT_EQ(bench.outcome.trap->cause, Cause::watchdog);
}

TEST(FunctionalSimulator, ResultsThatDependOnTimeAreTraps) {
  {
    Bench bench;
    uint32_t from = bench.plane(Words(64)), to = bench.plane(Words(64));
    copyLine1ToLine2(bench);
    bench.out.stream(0, Bench::readOf(from, 64, 1));
    bench.out.stream(1, Bench::writeOf(to, 64, 1));
    EXPECT_EQ(bench.run(Bench::Timed::notNotice), "the program ends while port 1 is on");
  }
  {
    Bench bench;
    uint32_t from = bench.plane(Words(64)), to = bench.plane(Words(64));
    copyLine1ToLine2(bench);
    bench.out.stream(0, Bench::readOf(from, 64, 1));
    bench.out.stream(1, Bench::writeOf(to, 63, 1)); // one too few
    bench.out.waitForPort(1, Status::done);
    bench.out.waitForPort(0, Status::done);
    EXPECT_EQ(bench.run(Bench::Timed::notNotice), "the program ends while words wait for port 2");
  }
  {
    Bench bench;
    uint32_t from = bench.plane(Words(64)), to = bench.plane(Words(64));
    copyLine1ToLine2(bench);
    bench.out.stream(0, Bench::readOf(from, 64, 1));
    bench.out.stream(1, Bench::writeOf(to, 10, 1));
    bench.out.waitForPort(1, Status::done);
    bench.out.lines(bench.tile("C2"), LinesConfig());
    EXPECT_EQ(bench.run(Bench::Timed::notNotice), "C2 is changed while words are on their way through it");
  }
  {
    Bench bench;
    uint32_t from = bench.plane(Words(64)), to = bench.plane(Words(64));
    ConvConfig config;
    config.inW = 8, config.inH = 8, config.kerW = config.kerH = 2;
    bench.routes.through("C1");
    bench.routes.emit(bench.out);
    bench.out.operate(bench.tile("C1"), config);
    bench.out.kernel(bench.tile("C1"), kernelArray(Words(9, 1), 3, 3, 0, bench.target)); // 3 x 3 for a 2 x 2 window
    bench.out.stream(0, Bench::readOf(from, 8, 8));
    bench.out.stream(1, Bench::writeOf(to, 7, 7));
    bench.out.waitForPort(1, Status::done);
    EXPECT_EQ(bench.run(Bench::Timed::garbage), "a kernel of C1 has numbers outside of its size");
  }
}

// One word of configuration, and what it is answered with.
std::string answer(const std::vector<std::pair<Content, uint32_t>> &words, Cause *cause = nullptr,
                   const char *machine = "neuflow-tiny") {
  Bench bench(machine, /*withGlobals=*/false);
  for (auto [content, word] : words)
    bench.out.append({Opcode::writeConfig, static_cast<uint8_t>(content), 0, 0, word});
  std::string text = bench.run();
  if (cause && bench.outcome.trap)
    *cause = bench.outcome.trap->cause;
  return text;
}

TEST(FunctionalSimulator, WordsThatTrap) {
  using enum Content;
  Cause cause = Cause::watchdog;
  EXPECT_EQ(answer({{nothing, 77}}), "");
  EXPECT_EQ(answer({{select, 0x30010000}}, &cause), "nothing is in area 3");
  EXPECT_EQ(cause, Cause::unknownSelect);
  EXPECT_EQ(answer({{select, 0x20030000}}), "nothing has address 3 in area 2");
  EXPECT_EQ(answer({{select, 0x10010000}}), "nothing has address 1 in area 1"); // the port that fetches
  EXPECT_EQ(answer({{select, 0x20010400}}), "C1 has no sub-module 4");
  EXPECT_EQ(answer({{select, 0x20100200}}), "A1 has no sub-module 2");
  EXPECT_EQ(answer({{select, 0x10020300}}), "a streamer has no sub-module 3");
  EXPECT_EQ(answer({{select, 0x20010105}}), "no module knows instruction 5");
  EXPECT_EQ(answer({{select, 0x20010101}}), "no module knows instruction 1");
  EXPECT_EQ(answer({{select, 0x20010102}}), "C1 does not know instruction activate to sub-module 1");
  EXPECT_EQ(answer({{select, 0x20100106}}), "A1 does not know instruction control0 to sub-module 1");
  EXPECT_EQ(answer({{select, 0x1002000A}}), "a streamer does not know instruction control4");
  EXPECT_EQ(answer({{select, 0x20000100}}), "this instruction cannot go to all modules");
  EXPECT_EQ(answer({{select, 0x20000004}}), "");
  EXPECT_EQ(answer({{select, 0x2000000A}}), "");
  EXPECT_EQ(answer({{select, 0x10000004}}), "");
  EXPECT_EQ(answer({{instruction, 4}}), "an instruction to no module, or none that is known");
  EXPECT_EQ(answer({{select, 0x20010100}, {instruction, 4}}), "");
  EXPECT_EQ(answer({{select, 0x20010100}, {instruction, 0x104}}), "an instruction to no module, or none that is known");
  EXPECT_EQ(answer({{data, 4}}), "a data word where none is expected");
  EXPECT_EQ(answer({{select, 0x20010004}, {data, 4}}), "a data word where none is expected");
  EXPECT_EQ(answer({{select, 0x20010000}, {data, ~0u}, {data, ~0u}, {data, ~0u}}, &cause),
            "too many words for tile.1.router");
  EXPECT_EQ(cause, Cause::misconfigured);
  EXPECT_EQ(answer({{select, 0x20100100}, {data, 0x03020009}}), "an ALU does not know this word");
  EXPECT_EQ(answer({{select, 0x20200200}, {data, 257}}), "a FIFO of 257 words");
  EXPECT_EQ(answer({{select, 0x20200100}, {data, 1}}), "too many words for tile.32.operator");
  EXPECT_EQ(answer({{select, 0x10020002}}), "port 1 is started without all of its words");
  EXPECT_EQ(answer({{select, 0x10020003}}), "");
  EXPECT_EQ(answer({{select, 0x1002000E}}), "a streamer has a shadow for its locals alone");
  EXPECT_EQ(answer({{select, 0x1002020E}, {data, 1}, {select, 0x1002020F}}),
            "port 1 is armed without all of its words");
  EXPECT_EQ(answer({{select, 0x2001010E}, {data, 1}, {select, 0x2001010F}}), "C1 is armed without all of its words");
  EXPECT_EQ(answer({{select, 0x2001010E}}, &cause, "neuflow-ml605"), "this machine has no feature 'shadow'");
  EXPECT_EQ(cause, Cause::missingFeature);
  EXPECT_EQ(answer({{select, 0x20010200}}, &cause, "neuflow-ml605"), "this machine has no feature 'kernel-config'");
  EXPECT_EQ(answer({{select, 0x20010107}}), "nothing moves: the processor waits until the bus takes "
                                            "tile.1.operator.control1");
}

TEST(FunctionalSimulator, InstructionsCompute) {
  // 5 * 3 by additions in a loop, halved; stored nowhere, so the end tells: a wrong result runs into a bad opcode.
  Bench bench("neuflow-tiny", /*withGlobals=*/false);
  uint32_t start = static_cast<uint32_t>(kTextAt + bench.out.text().size());
  for (Instruction instruction : {Instruction{Opcode::setReg, 0, 1, 0, 3},
                                  Instruction{Opcode::setReg, 0, 2, 0, 0xFFFFFFFF},
                                  Instruction{Opcode::setReg, 0, 3, 0, 0},
                                  Instruction{Opcode::setReg, 0, 4, 0, 5},
                                  Instruction{Opcode::add, 3, 4, 3, 0},
                                  Instruction{Opcode::add, 1, 2, 1, 0},
                                  Instruction{Opcode::jump, 1, 1, 0, start + 4}, // while r1 != 0
                                  Instruction{Opcode::shr, 3, 0, 3, 0},          // 7
                                  Instruction{Opcode::setReg, 0, 5, 0, 0xFFFFFFF9},
                                  Instruction{Opcode::add, 3, 5, 6, 0},
                                  Instruction{Opcode::jump, 2, 6, 0, start + 12},
                                  Instruction{Opcode::comp},
                                  Instruction{Opcode::shr, 2, 1, 7, 0}, // -1 >> 1 is -1
                                  Instruction{Opcode::bitAnd, 7, 4, 8, 0},
                                  Instruction{Opcode::bitOr, 8, 7, 9, 0},
                                  Instruction{Opcode::add, 9, 2, 9, 0}, // -2
                                  Instruction{Opcode::setReg, 0, 10, 0, 2},
                                  Instruction{Opcode::add, 9, 10, 9, 0},
                                  Instruction{Opcode::jump, 2, 9, 0, start + 20},
                                  Instruction{Opcode::comp},
                                  Instruction{Opcode::nop}})
    bench.out.append(instruction);
  EXPECT_EQ(bench.run(), "");
  // The loop has three rounds of three.
  EXPECT_EQ(bench.outcome.instructions, 26);
}

TEST(FunctionalSimulator, ProgramsThatRunAway) {
  Bench bench;
  bench.out.append({Opcode::jump, 0, 0, 0, static_cast<uint32_t>(bench.target.memoryBytes / 8)});
  EXPECT_EQ(bench.run(), "the program runs out of the memory");
  EXPECT_EQ(bench.outcome.trap->cause, Cause::outsideMemory);
  Bench loop;
  loop.out.append({Opcode::jump, 0, 0, 0, static_cast<uint32_t>(kTextAt)});
  loop.cycleLimit = 20'000;
  EXPECT_EQ(loop.run(), "the program does not end within 1000000 instructions");
}

TEST(FunctionalSimulator, StreamsStayInTheirPlaces) {
  Bench bench;
  uint32_t from = bench.plane(Words(64)), to = bench.plane(Words(64));
  copyLine1ToLine2(bench);
  bench.out.globals(1, {to, 64, 0, true});
  bench.out.stream(0, Bench::readOf(from, 8, 9));
  bench.out.stream(1, Bench::writeOf(0, 8, 9));
  bench.out.waitForPort(1, Status::done);
  EXPECT_EQ(bench.run(), "port 2 leaves its place at word " + std::to_string(to + 64) + " (row 8, column 0)");
  EXPECT_EQ(bench.outcome.trap->cause, Cause::badAddress);
  EXPECT_EQ(bench.outcome.trap->information, to + 64);
}

} // namespace
