// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Golden words, written by hand from the tables of docs/neuflow.md, and every refusal.
#include "runtime/neuflow/machine/ConfigWords.h"

#include <gtest/gtest.h>

#include <random>

using namespace cnn::neuflow;

namespace {

const Target &tiny() {
  static const Target target = *presetTarget("neuflow-tiny");
  return target;
}
const Target &v6() {
  static const Target target = *presetTarget("neuflow-v6");
  return target;
}
const Target &profile1() {
  static const Target target = *presetTarget("neuflow-ml605");
  return target;
}

template <typename T> int causeOf(const Decoded<T> &decoded) {
  return decoded.trap ? static_cast<int>(decoded.trap->cause) : 0;
}
constexpr int kMisconfigured = static_cast<int>(Cause::misconfigured),
              kMissing = static_cast<int>(Cause::missingFeature);

using Words = std::vector<uint32_t>;

TEST(SelectWord, GoldenWords) {
  // Port 1's globals, as in a boot image of the original.
  EXPECT_EQ(encode(Select{1, 2, 1, 0}), 0x10020100u);
  EXPECT_EQ(encode(Select{2, 16, 1, 0}), 0x20100100u);
  EXPECT_EQ(encode(Select{2, 0, 0, 10}), 0x2000000Au);
  EXPECT_EQ(encode(Select{15, 0xFFF, 0xFF, 0xFF}), 0xFFFFFFFFu);
  EXPECT_EQ(selectText(0x10020100), "streamer.2.globals.config");
  EXPECT_EQ(selectText(0x2000000A), "tile.0.router.control4");
  EXPECT_EQ(selectText(0x2018030F), "tile.24.lines.cacheFinish");
}

TEST(SelectWord, TextIsTheWholeWord) {
  std::mt19937 random(3);
  for (int i = 0; i < 200'000; ++i) {
    uint32_t word =
        i % 2 ? random() : (1 + random() % 2) << 28 | (random() % 64) << 16 | (random() % 5) << 8 | random() % 17;
    ASSERT_EQ(encode(decodeSelect(word)), word);
    std::string text = selectText(word);
    if (!text.empty())
      ASSERT_EQ(parseSelect(text), word) << text;
  }
  for (const char *text : {"", "tile", "tile.1.router", "tile.1.router.run", "tile.4096.router.config",
                           "cpu.1.router.config", "tile.1.globals.config", "tile..router.config",
                           "tile.1.router.config.", "tile.-1.router.config", "tile.1x.router.config", "tile.1.router."})
    EXPECT_EQ(parseSelect(text), std::nullopt) << text;
}

TEST(RouterWords, GoldenWords) {
  RouterConfig config;
  EXPECT_EQ(encode(config), (std::array<uint32_t, 2>{0xFFFFFFFF, 0xFFFFFFFF}));
  config.operatorInputs = {11, 14, 8};
  config.localOutputs = {0, 15, 9};
  config.sides = {15, 1, 12, 15};
  EXPECT_EQ(encode(config), (std::array<uint32_t, 2>{0xFFFFF8EB, 0xFFC1F9F0}));
}

TEST(RouterWords, DecodedWhereThereAreLinks) {
  int64_t a1 = v6().tileNamed("A1"); // N from C1, S to and from F1, E to M1
  Decoded<RouterConfig> inputs = decodeRouterWord(0xFFFFFDB8, 0, a1, v6());
  ASSERT_FALSE(inputs.trap);
  EXPECT_EQ(inputs.value.operatorInputs, (std::array<uint8_t, 3>{8, 11, 13}));
  Decoded<RouterConfig> outputs = decodeRouterWord(0xF0FFFFFF, 1, a1, v6());
  EXPECT_EQ(causeOf(outputs), kMisconfigured); // a side W that has no link
  outputs = decodeRouterWord(0xFFF0F210, 1, a1, v6());
  ASSERT_FALSE(outputs.trap);
  EXPECT_EQ(outputs.value.localOutputs, (std::array<uint8_t, 3>{0, 1, 2}));
  EXPECT_EQ(outputs.value.sides, (std::array<uint8_t, 4>{15, 0, 15, 15}));
  EXPECT_EQ(causeOf(decodeRouterWord(0xFFFFFFF0, 0, a1, v6())), kMisconfigured); // an operator's input from its output
  EXPECT_EQ(causeOf(decodeRouterWord(0xFFFFFFFE, 0, a1, v6())), kMisconfigured); // nothing comes from W
  EXPECT_EQ(causeOf(decodeRouterWord(0xFFFFFFF3, 1, a1, v6())), kMisconfigured); // codes 3 to 7
  EXPECT_EQ(causeOf(decodeRouterWord(0xFFFFFFF7, 1, a1, v6())), kMisconfigured);
  EXPECT_EQ(causeOf(decodeRouterWord(0x0FFFFFFF, 0, a1, v6())), kMisconfigured); // beyond the last select
  EXPECT_EQ(causeOf(decodeRouterWord(0x0FFFFFFF, 1, a1, v6())), kMisconfigured);
}

TEST(LinesWords, GoldenWords) {
  LinesConfig config;
  config.lines = {0, 1, 8, 15, 15, 10, 15, 15};
  config.localInputs = {5, 15, 0};
  EXPECT_EQ(encode(config), (std::array<uint32_t, 2>{0xFFAFF810, 0xFFFFF0F5}));
  EXPECT_EQ(decodeLinesWord(0xFFAFF810, 0, v6()).value.lines, config.lines);
  EXPECT_EQ(decodeLinesWord(0xFFFFF0F5, 1, v6()).value.localInputs, config.localInputs);
}

TEST(LinesWords, Refusals) {
  EXPECT_EQ(causeOf(decodeLinesWord(0xFFFFFFF5, 0, v6())), 0);
  EXPECT_EQ(causeOf(decodeLinesWord(0xFFFFFFF6, 0, v6())), kMisconfigured); // line 7 of 6
  EXPECT_EQ(causeOf(decodeLinesWord(0xF0FFFFFF, 0, v6())), kMisconfigured); // drives line 7
  EXPECT_EQ(causeOf(decodeLinesWord(0xFFFFFFFB, 0, v6())), kMisconfigured); // local output 4
  EXPECT_EQ(causeOf(decodeLinesWord(0xFFFFFFF8, 1, v6())), kMisconfigured); // a local input from a local output
  EXPECT_EQ(causeOf(decodeLinesWord(0xFFFF0FFF, 1, v6())), kMisconfigured); // local input 4
}

TEST(ConvWords, GoldenWords) {
  ConvConfig config;
  config.inW = 320, config.inH = 240, config.kerW = 7, config.kerH = 5;
  config.accumulate = true, config.biased = true;
  EXPECT_EQ(encode(config), (Words{0x014000F0, 0x00070005, 0x0000000A}));
  config.subsample = true, config.strideH = 2, config.strideW = 3, config.discard = true, config.frames = 9;
  EXPECT_EQ(encode(config), (Words{0x014000F0, 0x00070005, 0x0203001E, 9}));
  Decoded<ConvConfig> decoded = decodeConv(encode(config), v6());
  ASSERT_FALSE(decoded.trap) << decoded.trap->text;
  EXPECT_EQ(decoded.value, config);
  EXPECT_EQ(config.outW(), 105); // (320 - 7) / 3 + 1
  EXPECT_EQ(config.outH(), 118);
  EXPECT_EQ(config.output(), 2);
  config.sameSize = true;
  EXPECT_EQ(config.outW(), 107); // ceil(320 / 3)
  EXPECT_EQ(config.outH(), 120);
}

TEST(ConvWords, Refusals) {
  auto cause = [](Words words, const Target &target = v6()) { return causeOf(decodeConv(words, target)); };
  EXPECT_EQ(cause({0x00400040, 0x000A000A, 0}), 0);
  EXPECT_EQ(cause({0x00400040, 0x000B000A, 0}), kMisconfigured); // kernel too wide
  EXPECT_EQ(cause({0x00400040, 0x0000000A, 0}), kMisconfigured);
  EXPECT_EQ(cause({0x00090040, 0x000A000A, 0}), kMisconfigured); // frame below the kernel
  EXPECT_EQ(cause({0x00400009, 0x000A000A, 0}), kMisconfigured);
  EXPECT_EQ(cause({0x00000040, 0x00010001, 0}), kMisconfigured);
  EXPECT_EQ(cause({0x02000040, 0x000A000A, 0}), 0); // 512 wide
  EXPECT_EQ(cause({0x02010040, 0x000A000A, 0}), kMisconfigured);
  EXPECT_EQ(cause({0x01F70040, 0x000A000A, 1}), 0); // 503 + 9
  EXPECT_EQ(cause({0x01F80040, 0x000A000A, 1}), kMisconfigured);
  EXPECT_EQ(cause({0x00400040, 0x000A000A, 0x01010000}), 0);
  EXPECT_EQ(cause({0x00400040, 0x000A000A, 0x02010000}), kMisconfigured); // a stride without the mode
  EXPECT_EQ(cause({0x00400040, 0x000A000A, 0x02010004}), 0);
  EXPECT_EQ(cause({0x00400040, 0x000A000A, 0x02000004}), kMisconfigured);
  EXPECT_EQ(cause({0x00400040, 0x000A000A, 0x00000020}), kMisconfigured); // no such mode
  EXPECT_EQ(cause({0x00400040, 0x000A000A, 0x01010006}, profile1()), kMisconfigured);
  EXPECT_EQ(cause({0x00400040, 0x000A000A, 0x00000010}, profile1()), kMissing);
  EXPECT_EQ(cause({0x00400040, 0x000A000A, 0, 1}, profile1()), kMissing);
  EXPECT_EQ(cause({0x00400040, 0x00040003, 0}, tiny()), kMisconfigured); // 3x3 there
}

TEST(AluWords, GoldenWords) {
  const std::pair<AluCode, uint32_t> rows[] = {
      {AluCode::mac, 0x03000001}, {AluCode::div, 0x03020002},    {AluCode::mul, 0x03020003}, {AluCode::add, 0x03020004},
      {AluCode::sub, 0x03020005}, {AluCode::square, 0x03030006}, {AluCode::max, 0x03020007}};
  for (auto [code, word] : rows) {
    EXPECT_EQ(encode(AluConfig{code, AluCode::none}), Words{word});
    EXPECT_EQ(decodeAlu(Words{word}, v6()).value, (AluConfig{code, AluCode::none}));
    // Each other bit of a word makes it another one, or none.
    for (int bit = 3; bit < 32; ++bit)
      EXPECT_EQ(causeOf(decodeAlu(Words{word ^ 1u << bit}, v6())), kMisconfigured) << bit;
  }
  AluConfig both{AluCode::max, AluCode::max};
  EXPECT_EQ(encode(both), (Words{0x03020007, 7}));
  EXPECT_EQ(decodeAlu(encode(both), v6()).value, both);
}

TEST(AluWords, Refusals) {
  EXPECT_EQ(causeOf(decodeAlu(Words{0x03000000}, v6())), kMisconfigured);
  EXPECT_EQ(causeOf(decodeAlu(Words{0x03020007}, profile1())), kMissing);
  EXPECT_EQ(causeOf(decodeAlu(Words{0x03020004, 4}, profile1())), kMissing);
  EXPECT_EQ(causeOf(decodeAlu(Words{0x03000001, 4}, v6())), kMisconfigured); // MAC has no free input
  for (uint32_t second : {1, 2, 6, 8, 0x03020004})
    EXPECT_EQ(causeOf(decodeAlu(Words{0x03020004, second}, v6())), kMisconfigured) << second;
  EXPECT_EQ(causeOf(decodeAlu(Words{0x03020004, 0}, v6())), 0);
}

TEST(AluWords, Evaluated) {
  bool saturated = false;
  auto run = [&](AluCode first, AluCode second) { return evaluate({first, second}, 512, 768, -256, &saturated); };
  EXPECT_EQ(run(AluCode::mac, AluCode::none), 1280);
  EXPECT_EQ(run(AluCode::div, AluCode::none), 170);
  EXPECT_EQ(run(AluCode::mul, AluCode::none), 1536);
  EXPECT_EQ(run(AluCode::add, AluCode::none), 1280);
  EXPECT_EQ(run(AluCode::sub, AluCode::none), -256);
  EXPECT_EQ(run(AluCode::square, AluCode::none), 1024);
  EXPECT_EQ(run(AluCode::max, AluCode::none), 768);
  EXPECT_EQ(run(AluCode::add, AluCode::add), 1024);
  EXPECT_EQ(run(AluCode::add, AluCode::sub), 1536);
  EXPECT_EQ(run(AluCode::add, AluCode::mul), -1280);
  EXPECT_EQ(run(AluCode::sub, AluCode::max), -256);
  EXPECT_FALSE(saturated);
  EXPECT_TRUE((AluConfig{AluCode::mac}.takes(2)));
  EXPECT_FALSE((AluConfig{AluCode::add}.takes(2)));
  EXPECT_FALSE((AluConfig{AluCode::square}.takes(1)));
  EXPECT_TRUE((AluConfig{AluCode::square, AluCode::add}.takes(2)));
}

TEST(MapperWords, GoldenWords) {
  MapperConfig config;
  config.symmetry = Symmetry::odd;
  config.segments = {{-1, 2, 300}, {256, -5, 100}, {0, 0, 0}, {7, 8, -32768}};
  const Words words = {0x0002FFFF, 0x0002012C, 0xFFFB0100, 0x00020064, 0, 0x00020000, 0x00080007, 0x00028000};
  EXPECT_EQ(encode(config), words);
  EXPECT_EQ(decodeMapper(words, tiny()).value, config);
  Words other = words;
  other[7] = 0x8000; // the flags of other segments do not count
  EXPECT_EQ(decodeMapper(other, tiny()).value, config);
  other[1] = 0x0003012C;
  EXPECT_EQ(causeOf(decodeMapper(other, tiny())), kMisconfigured);
  other[1] = 0x0004012C;
  EXPECT_EQ(causeOf(decodeMapper(other, tiny())), kMisconfigured);
  config.symmetry = Symmetry::even;
  EXPECT_EQ(encode(config)[1], 0x0001012Cu);
}

TEST(FifoWord, Capacity) {
  EXPECT_EQ(decodeFifo(256, tiny()).value, 256);
  EXPECT_EQ(causeOf(decodeFifo(0, tiny())), kMisconfigured);
  EXPECT_EQ(causeOf(decodeFifo(257, tiny())), kMisconfigured);
}

TEST(KernelWords, BottomRowsAndLeftColumns) {
  const std::vector<Word> kernel = {1, 2, 3, 4}; // 2 x 2
  KernelArray array = kernelArray(kernel, 2, 2, -9, tiny());
  EXPECT_EQ(array.a, (std::vector<Word>{0, 0, 0, 2, 1, 0, 4, 3, 0}));
  EXPECT_EQ(encodeStream(array, true), (std::vector<Word>{-9, 0, 0, 0, 2, 1, 0, 4, 3, 0}));
  EXPECT_EQ(encodeStream(array, false), array.a);
  // bias, bottom row, next row up to its last number
  EXPECT_EQ(encodeBus(array, tiny()), (Words{0x0004FFF7, 0x00000003, 0x00010002}));
  EXPECT_EQ(encodeBus(kernelArray(std::vector<Word>{0}, 1, 1, 0, tiny()), tiny()), Words{});
  KernelArray full = kernelArray(std::vector<Word>(9, 5), 3, 3, 1, tiny());
  EXPECT_EQ(encodeBus(full, tiny()).size(), 5u); // ten numbers
}

TEST(StreamerWords, Globals) {
  StreamGlobals globals{0x1000, 0x20000, 10, true};
  EXPECT_EQ(encode(globals), (std::array<uint32_t, 4>{0x1000, 0x20000, 10, 1}));
  EXPECT_EQ(decodeGlobals(Words{0x1000, 0x20000, 10, 1}).value, globals);
  EXPECT_EQ(causeOf(decodeGlobals(Words{0, 1, 32, 0})), kMisconfigured);
  EXPECT_EQ(causeOf(decodeGlobals(Words{0, 1, 31, 2})), kMisconfigured);
}

TEST(StreamerWords, Locals) {
  StreamLocals locals{3, 4, 320, 240, false, std::nullopt};
  EXPECT_EQ(encode(locals), (Words{3, 4, 320, 240, 0}));
  EXPECT_EQ(decodeLocals(encode(locals), profile1()).value, locals);
  locals.steps = {-640, 2};
  EXPECT_EQ(encode(locals), (Words{3, 4, 320, 240, 0, 0xFFFFFD80, 2}));
  EXPECT_EQ(decodeLocals(encode(locals), v6()).value, locals);
  EXPECT_EQ(causeOf(decodeLocals(encode(locals), profile1())), kMissing);
  EXPECT_EQ(causeOf(decodeLocals(Words{0, 0, 0, 1, 1}, v6())), kMisconfigured);
  EXPECT_EQ(causeOf(decodeLocals(Words{0, 0, 1, 0, 1}, v6())), kMisconfigured);
  EXPECT_EQ(causeOf(decodeLocals(Words{0, 0, 65536, 1, 1}, v6())), kMisconfigured);
  EXPECT_EQ(causeOf(decodeLocals(Words{0, 0, 1, 1, 2}, v6())), kMisconfigured);
}

TEST(StreamerWords, Addresses) {
  StreamLocals locals{3, 4, 320, 240, true, std::nullopt};
  EXPECT_EQ(locals.address({100, 0, 10, false}, 2, 5), 100u + 4096 + 3 + 2 * 1024 + 5);
  EXPECT_EQ(locals.address({100, 0, 10, true}, 2, 5), 100u + 4096 + 3 + 2 * 320 + 5);
  locals.steps = {-640, 2};
  EXPECT_EQ(locals.address({100, 0, 10, true}, 2, 5), 100u + 4096 + 3 - 2 * 640 + 10);
}

} // namespace
