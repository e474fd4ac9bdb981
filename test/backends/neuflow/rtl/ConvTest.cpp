// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The convolver against its definition: random planes, kernels, strides and modes, with links that stall, and planes
// one after another while the next kernel is loaded.
#include "runtime/neuflow/machine/Arithmetic.h"
#include "test/backends/neuflow/rtl/Bench.h"

#include <Vnf_conv.h>
#include <gtest/gtest.h>

using namespace cnn::neuflow;

namespace {

constexpr int64_t maxKernel = NF_K;
constexpr int64_t maxLine = NF_LINE;

struct Case {
  int64_t inH = 1, inW = 1, kerH = 1, kerW = 1, strideH = 1, strideW = 1;
  bool same = false, accumulate = false, subsample = false, hasBias = false;
  std::vector<int16_t> image, kernel, acc;
  int16_t bias = 0;

  int64_t borderH() const { return same ? kerH - 1 : 0; }
  int64_t borderW() const { return same ? kerW - 1 : 0; }
  int64_t outH() const { return (inH + borderH() - kerH) / strideH + 1; }
  int64_t outW() const { return (inW + borderW() - kerW) / strideW + 1; }

  /// The array's row a, from the first column on, which meets the newest pixel.
  std::vector<uint32_t> kernelRow(int64_t a) const {
    std::vector<uint32_t> words(maxKernel);
    int64_t row = a - (maxKernel - kerH);
    for (int64_t b = 0; row >= 0 && b < kerW; ++b)
      words[b] = uint16_t(kernel[row * kerW + kerW - 1 - b]);
    return words;
  }

  /// What enters the kernel port.
  std::deque<uint32_t> kernelStream() const {
    std::deque<uint32_t> words;
    if (hasBias)
      words.push_back(uint16_t(bias));
    for (int64_t a = 0; a < maxKernel; ++a) {
      std::vector<uint32_t> row = kernelRow(a);
      words.insert(words.end(), row.begin(), row.end());
    }
    return words;
  }

  /// What comes over the bus: two numbers a word, and no zeros at the end.
  std::vector<uint32_t> busWords() const {
    std::vector<uint32_t> numbers{hasBias ? uint16_t(bias) : 0u};
    for (int64_t a = maxKernel; a-- > maxKernel - kerH;) {
      std::vector<uint32_t> row = kernelRow(a);
      numbers.insert(numbers.end(), row.begin(), row.end());
    }
    while (!numbers.empty() && numbers.back() == 0)
      numbers.pop_back();
    numbers.push_back(0);
    std::vector<uint32_t> words;
    for (size_t i = 0; i + 1 < numbers.size(); i += 2)
      words.push_back(numbers[i] | numbers[i + 1] << 16);
    return words;
  }

  std::vector<uint32_t> expected(bool &saturates) const {
    std::vector<uint32_t> words;
    for (int64_t y = 0; y < outH(); ++y)
      for (int64_t x = 0; x < outW(); ++x) {
        int64_t sum = hasBias ? biasToSum(bias) : 0;
        for (int64_t i = 0; i < kerH; ++i)
          for (int64_t j = 0; j < kerW; ++j) {
            int64_t row = y * strideH + i - borderH() / 2, column = x * strideW + j - borderW() / 2;
            if (row >= 0 && row < inH && column >= 0 && column < inW)
              sum += int64_t(kernel[i * kerW + j]) * image[row * inW + column];
          }
        Word value = convolved(sum, &saturates);
        if (accumulate)
          value = add(value, acc[words.size()], &saturates);
        words.push_back(uint16_t(value));
      }
    return words;
  }
};

std::deque<uint32_t> streamOf(const std::vector<int16_t> &values) {
  return {reinterpret_cast<const uint16_t *>(values.data()),
          reinterpret_cast<const uint16_t *>(values.data()) + values.size()};
}

class Convolver {
public:
  Bench<Vnf_conv> bench;
  Vnf_conv &top = bench.top;
  Source &image = bench.source(top.image_valid, top.image_ready, top.image_word, {});
  Source &kernel = bench.source(top.kernel_valid, top.kernel_ready, top.kernel_word, {});
  Source &acc = bench.source(top.acc_valid, top.acc_ready, top.acc_word, {});
  // One word for three outputs; which of them it is for is in `out_valid`.
  CData valid = 0, ready = 0;
  Sink &out = bench.sink(valid, ready, top.out_word);

  explicit Convolver(uint32_t seed = 1) : bench(seed) {
    top.set_active = top.push = top.pop = top.bus_begins = top.bus_valid = 0;
    bench.connect(
        [this] {
          top.out_ready = ready ? used : uint8_t(7 & ~used);
          top.push = top.pop = top.bus_begins = 0;
          top.eval();
          top.push = wantsPush && top.push_ready;
          top.pop = wantsPop && top.pop_ready;
          top.bus_begins = wantsBus && top.bus_ready;
        },
        [this] {
          valid = (top.out_valid & used) != 0;
          strayOutputs |= top.out_valid & ~used;
          wantsPush &= !top.push;
          wantsPop &= !top.pop;
          wantsBus &= !top.bus_begins;
        });
  }

  /// Makes the words of `test` the active set. Nothing may be under way.
  void use(const Case &test, bool discards = true) {
    top.in_w = test.inW;
    top.in_h = test.inH;
    top.ker_w = test.kerW;
    top.ker_h = test.kerH;
    top.stride_w = test.strideW;
    top.stride_h = test.strideH;
    top.same = test.same;
    top.accumulate = test.accumulate;
    top.subsample = test.subsample;
    top.loads_bias = test.hasBias;
    top.discards = discards;
    top.set_active = 1;
    used = test.accumulate ? 4 : test.subsample ? 2 : 1;
  }

  /// Streams the kernel of `test`, or sends it over the bus, and puts it into the queue.
  bool load(const Case &test, bool overBus) {
    if (overBus) {
      wantsBus = true;
      if (!bench.runUntil([&] { return !wantsBus; }))
        return false;
      for (uint32_t word : test.busWords()) {
        top.bus_valid = 1;
        top.bus_word = word;
        bench.tick();
      }
      top.bus_valid = 0;
    } else {
      kernel.words = test.kernelStream();
    }
    wantsPush = true;
    return bench.runUntil([&] { return !wantsPush; });
  }

  void feed(const Case &test) {
    for (uint32_t word : streamOf(test.image))
      image.words.push_back(word);
    if (test.accumulate)
      for (uint32_t word : streamOf(test.acc))
        acc.words.push_back(word);
  }

  /// Until `count` results are out and nothing is under way.
  bool finish(size_t count) {
    return bench.runUntil([&] { return out.words.size() >= count && image.words.empty() && !top.busy; });
  }

  bool wantsPush = false, wantsPop = false, wantsBus = false;
  uint8_t used = 1;
  uint8_t strayOutputs = 0;
};

Case randomCase(std::mt19937 &random, int range) {
  auto upTo = [&](int64_t from, int64_t to) { return std::uniform_int_distribution<int64_t>(from, to)(random); };
  Case test;
  test.same = upTo(0, 2) == 0;
  test.accumulate = upTo(0, 1);
  test.hasBias = upTo(0, 1);
  test.kerH = upTo(1, maxKernel);
  test.kerW = upTo(1, maxKernel);
  test.inH = upTo(test.same ? 1 : test.kerH, test.kerH + 9);
  test.inW = upTo(0, 7) == 0 ? maxLine - test.borderW() : upTo(test.same ? 1 : test.kerW, test.kerW + 12);
  test.subsample = upTo(0, 1);
  if (test.subsample) {
    test.strideH = upTo(1, 5);
    test.strideW = upTo(1, 5);
  }
  auto fill = [&](std::vector<int16_t> &values, int64_t count) {
    // Now and then the ends of the range, where the sums are largest.
    for (int64_t i = 0; i < count; ++i)
      values.push_back(int16_t(upTo(0, 9) == 0 ? (upTo(0, 1) ? -32768 : 32767) >> (16 - range)
                                               : upTo(-32768, 32767) >> (16 - range)));
  };
  fill(test.image, test.inH * test.inW);
  fill(test.kernel, test.kerH * test.kerW);
  fill(test.acc, test.outH() * test.outW());
  test.bias = int16_t(upTo(-32768, 32767) >> (16 - range));
  return test;
}

void expectResult(Convolver &convolver, const Case &test, bool &saturates, int64_t number) {
  EXPECT_EQ(convolver.out.words, test.expected(saturates))
      << "case " << number << ": " << test.inH << "x" << test.inW << ", kernel " << test.kerH << "x" << test.kerW
      << ", stride " << test.strideH << "x" << test.strideW << (test.same ? ", same" : "")
      << (test.accumulate ? ", accumulate" : "") << (test.hasBias ? ", bias" : "");
  EXPECT_TRUE(convolver.acc.words.empty());
  EXPECT_EQ(convolver.strayOutputs, 0);
  EXPECT_EQ(bool(convolver.top.saturated), saturates);
  convolver.out.words.clear();
}

void expectFrame(Convolver &convolver, const Case &test, bool overBus, bool &saturates, int64_t number = 0) {
  convolver.use(test);
  convolver.feed(test);
  ASSERT_TRUE(convolver.load(test, overBus)) << "case " << number;
  ASSERT_TRUE(convolver.finish(size_t(test.outH() * test.outW()))) << "case " << number;
  expectResult(convolver, test, saturates, number);
}

TEST(ConvTest, RandomFrames) {
  std::mt19937 random(1);
  // 6 bits: sums stay in range, every rounding shows; 16 bits: most results are clamped.
  for (int range : {6, 10, 16})
    for (double stall : {0.0, 0.3, 0.8}) {
      Convolver convolver(range);
      convolver.bench.stall(stall);
      bool saturates = false;
      for (int64_t number = 0; number < 120 / maxKernel; ++number) {
        expectFrame(convolver, randomCase(random, range), number % 3 == 0, saturates, number);
        if (HasFailure())
          return;
      }
    }
}

TEST(ConvTest, LargestSums) {
  for (int16_t k : {int16_t(-32768), int16_t(32767)}) {
    Case test;
    test.inH = test.inW = test.kerH = test.kerW = maxKernel;
    test.image.assign(maxKernel * maxKernel, -32768);
    test.kernel.assign(maxKernel * maxKernel, k);
    test.hasBias = true;
    test.bias = k < 0 ? 32767 : -32768;
    Convolver convolver;
    bool saturates = false;
    expectFrame(convolver, test, false, saturates);
    EXPECT_TRUE(saturates);
  }
}

TEST(ConvTest, RoundsEveryResidueBeforeItAdds) {
  // A 1x1 kernel of 1/256: the sum is the pixel, for all pixels.
  Case test;
  test.inW = 64;
  test.inH = 1024;
  test.kernel = {1};
  test.accumulate = true;
  for (int64_t i = 0; i < 65536; ++i) {
    test.image.push_back(int16_t(i));
    test.acc.push_back(i % 3 - 1);
  }
  Convolver convolver;
  bool saturates = false;
  expectFrame(convolver, test, true, saturates);
  EXPECT_FALSE(saturates);
}

/// Frames of one shape, each with its own kernel.
std::vector<Case> framesOfOneShape(std::mt19937 &random, int64_t count) {
  std::vector<Case> tests{randomCase(random, 10)};
  while (int64_t(tests.size()) < count) {
    Case next = randomCase(random, 10);
    const Case &first = tests[0];
    if (next.image.size() < first.image.size() || next.kernel.size() < first.kernel.size() ||
        next.acc.size() < first.acc.size())
      continue;
    Case test = first;
    test.image.assign(next.image.begin(), next.image.begin() + int64_t(first.image.size()));
    test.kernel.assign(next.kernel.begin(), next.kernel.begin() + int64_t(first.kernel.size()));
    test.acc.assign(next.acc.begin(), next.acc.begin() + int64_t(first.acc.size()));
    test.bias = next.bias;
    tests.push_back(test);
  }
  return tests;
}

TEST(ConvTest, LoadsKernelsDuringFrames) {
  std::mt19937 random(7);
  for (double stall : {0.0, 0.2, 0.7})
    for (int64_t round = 0; round < 10; ++round) {
      std::vector<Case> tests = framesOfOneShape(random, 5);
      Convolver convolver;
      convolver.bench.stall(stall);
      convolver.use(tests[0]);
      std::vector<uint32_t> expected;
      bool saturates = false;
      for (const Case &test : tests) {
        convolver.feed(test);
        for (uint32_t word : test.expected(saturates))
          expected.push_back(word);
      }
      for (const Case &test : tests)
        ASSERT_TRUE(convolver.load(test, (round + (&test - tests.data())) % 2));
      ASSERT_TRUE(convolver.finish(expected.size()));
      EXPECT_EQ(convolver.out.words, expected);
      EXPECT_EQ(bool(convolver.top.saturated), saturates);
    }
}

TEST(ConvTest, KeepsAKernelUntilItIsDiscarded) {
  std::mt19937 random(9);
  for (bool padded : {false, true}) {
    // A frame that begins with zeros takes none of them before it has a pixel, so that the kernel can be discarded.
    std::vector<Case> tests = framesOfOneShape(random, 3);
    while (tests[0].same != padded || (padded && tests[0].kerH < 2))
      tests = framesOfOneShape(random, 3);
    Convolver convolver;
    convolver.use(tests[0], false);
    tests[1].kernel = tests[0].kernel;
    tests[1].bias = tests[0].bias;
    bool saturates = false;
    ASSERT_TRUE(convolver.load(tests[0], false));
    for (int64_t i : {0, 1}) {
      convolver.feed(tests[i]);
      ASSERT_TRUE(convolver.finish(size_t(tests[i].outH() * tests[i].outW())));
      expectResult(convolver, tests[i], saturates, i);
    }
    // Not before it is discarded does the next one count.
    ASSERT_TRUE(convolver.load(tests[2], false));
    convolver.wantsPop = true;
    ASSERT_TRUE(convolver.bench.runUntil([&] { return !convolver.wantsPop; }));
    convolver.feed(tests[2]);
    ASSERT_TRUE(convolver.finish(size_t(tests[2].outH() * tests[2].outW())));
    expectResult(convolver, tests[2], saturates, 2);
  }
}

TEST(ConvTest, LoadsOverTheBusBeginAnew) {
  std::mt19937 random(12);
  std::vector<Case> tests = framesOfOneShape(random, 2);
  Convolver convolver;
  convolver.use(tests[1]);
  // The first load is cut off: nothing of it may be left.
  convolver.wantsBus = true;
  ASSERT_TRUE(convolver.bench.runUntil([&] { return !convolver.wantsBus; }));
  for (uint32_t word : tests[0].busWords()) {
    convolver.top.bus_valid = 1;
    convolver.top.bus_word = ~word;
    convolver.bench.tick();
  }
  convolver.top.bus_valid = 0;
  convolver.feed(tests[1]);
  ASSERT_TRUE(convolver.load(tests[1], true));
  ASSERT_TRUE(convolver.finish(size_t(tests[1].outH() * tests[1].outW())));
  bool saturates = false;
  expectResult(convolver, tests[1], saturates, 0);
}

TEST(ConvTest, TakesAPixelEveryCycle) {
  Case test;
  test.inH = test.inW = 40;
  test.kerH = test.kerW = maxKernel;
  test.image.assign(1600, 256);
  test.kernel.assign(maxKernel * maxKernel, 1);
  Convolver convolver;
  convolver.use(test, false);
  ASSERT_TRUE(convolver.load(test, false));
  convolver.bench.run(2);
  for (int64_t i = 0; i < 3; ++i)
    convolver.feed(test);
  int64_t begin = convolver.bench.cycles;
  int64_t results = test.outH() * test.outW();
  ASSERT_TRUE(convolver.bench.runUntil([&] { return int64_t(convolver.out.words.size()) == 3 * results; }));
  int64_t levels = 0;
  while ((int64_t(1) << levels) < maxKernel + 1)
    ++levels;
  // Pixels, an empty position between frames, and the way of the last one through the pipeline.
  EXPECT_EQ(convolver.bench.cycles - begin, 3 * 1600 + 2 + levels + 6);
}

TEST(ConvTest, WaitsForItsWordsAndItsKernel) {
  Case test;
  test.image = {256};
  test.kernel = {512};
  Convolver convolver;
  convolver.feed(test);
  convolver.bench.run(20);
  EXPECT_EQ(convolver.image.words.size(), 1);
  convolver.use(test);
  convolver.bench.run(20);
  EXPECT_EQ(convolver.image.words.size(), 1);
  ASSERT_TRUE(convolver.load(test, false));
  ASSERT_TRUE(convolver.finish(1));
  EXPECT_EQ(convolver.out.words, std::vector<uint32_t>{512});
}

} // namespace
