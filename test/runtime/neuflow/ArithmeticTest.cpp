// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The machine's arithmetic against other ways of saying the same: floating point, which is exact for numbers of this
// size, and magnitudes by hand. Functions of one word are tried on all words.
#include "runtime/neuflow/machine/Arithmetic.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <random>
#include <vector>

using namespace cnn::neuflow;

namespace {

int64_t clampToWord(double v) { return static_cast<int64_t>(std::min(std::max(v, -32768.0), 32767.0)); }

// A result, and whether it must have been marked.
void expectWord(double exact, Word word, bool saturated, const std::string &what) {
  ASSERT_EQ(word, clampToWord(exact)) << what;
  ASSERT_EQ(saturated, exact < -32768 || exact > 32767) << what;
}

// Words at which something changes.
std::vector<Word> corners() {
  std::vector<Word> words;
  for (int base : {-32768, -16384, -512, -256, -128, 0, 128, 256, 512, 16384, 32767})
    for (int delta : {-2, -1, 0, 1, 2})
      if (base + delta >= -32768 && base + delta <= 32767)
        words.push_back(static_cast<Word>(base + delta));
  return words;
}

template <typename Check> void forPairs(Check check) {
  for (Word a : corners())
    for (Word b : corners()) {
      check(a, b);
      if (testing::Test::HasFatalFailure())
        return;
    }
  std::mt19937 random(1);
  for (int i = 0; i < 1'000'000; ++i) {
    check(static_cast<Word>(random()), static_cast<Word>(random()));
    if (testing::Test::HasFatalFailure())
      return;
  }
}

TEST(Arithmetic, RoundsHalvesAwayFromZero) {
  // std::round is half away; all residues, and signs, of every shift that a word can see.
  for (int shift : {1, 7, 8, 15})
    for (int64_t v = -200'000; v <= 200'000; ++v)
      ASSERT_EQ(shiftRight(v, shift, Round::halfAway), std::llround(std::ldexp(double(v), -shift)))
          << v << " " << shift;
  EXPECT_EQ(shiftRight(128, 8, Round::halfAway), 1);
  EXPECT_EQ(shiftRight(-128, 8, Round::halfAway), -1);
  EXPECT_EQ(shiftRight(-127, 8, Round::halfAway), 0);
}

TEST(Arithmetic, OtherRoundings) {
  for (int64_t v = -100'000; v <= 100'000; ++v) {
    double exact = v / 256.0;
    ASSERT_EQ(shiftRight(v, 8, Round::halfUp), static_cast<int64_t>(std::floor(exact + 0.5))) << v;
    ASSERT_EQ(shiftRight(v, 8, Round::floor), static_cast<int64_t>(std::floor(exact))) << v;
    ASSERT_EQ(shiftRight(v, 8, Round::zero), static_cast<int64_t>(std::trunc(exact))) << v;
    ASSERT_EQ(shiftRight(v, 0, Round::halfAway), v);
  }
}

TEST(Arithmetic, RoundsTheLargestSumOfAConvolver) {
  // 13 x 13 products of -128 * -128, and a bias.
  int64_t sum = 169 * (int64_t(32768) * 32768) + biasToSum(32767);
  EXPECT_EQ(shiftRight(sum + 128, 8, Round::halfAway), sum / 256 + 1);
  bool saturated = false;
  EXPECT_EQ(convolved(sum, &saturated), 32767);
  EXPECT_TRUE(saturated);
  saturated = false;
  EXPECT_EQ(convolved(-sum, &saturated), -32768);
  EXPECT_TRUE(saturated);
}

TEST(Arithmetic, SaturatesOrWraps) {
  for (int64_t v = -70'000; v <= 70'000; ++v) {
    bool saturated = false, wrapped = false;
    expectWord(double(v), saturate(v, &saturated), saturated, std::to_string(v));
    ASSERT_EQ(toWord(v, Overflow::wrap, &wrapped), ((v + 32768) % 65536 + 65536) % 65536 - 32768) << v;
    ASSERT_EQ(wrapped, saturated);
  }
}

TEST(Arithmetic, TheMarkStays) {
  bool saturated = false;
  saturate(40000, &saturated);
  saturate(1, &saturated);
  EXPECT_TRUE(saturated);
}

TEST(Arithmetic, SumsAndProducts) {
  forPairs([](Word a, Word b) {
    std::string what = std::to_string(a) + " and " + std::to_string(b);
    bool saturated = false;
    Word word = add(a, b, &saturated);
    expectWord(double(a) + b, word, saturated, what + " add");
    saturated = false;
    word = subtract(a, b, &saturated);
    expectWord(double(a) - b, word, saturated, what + " subtract");
    saturated = false;
    word = multiply(a, b, &saturated);
    expectWord(std::round(double(a) * b / 256), word, saturated, what + " multiply");
    ASSERT_EQ(maximum(a, b), a > b ? a : b);
    saturated = false;
    Word c = static_cast<Word>(a ^ (b << 3));
    word = multiplyAdd(a, b, c, &saturated);
    expectWord(std::round(double(a) * b / 256) + c, word, saturated, what + " multiply-add");
  });
}

TEST(Arithmetic, MultiplyAddSaturatesOnce) {
  bool saturated = false;
  EXPECT_EQ(multiplyAdd(32767, 512, -32767, &saturated), 32767);
  EXPECT_FALSE(saturated);
}

TEST(Arithmetic, SquaresOfAllWords) {
  for (int v = -32768; v <= 32767; ++v) {
    bool saturated = false;
    Word word = multiply(static_cast<Word>(v), static_cast<Word>(v), &saturated);
    expectWord(std::round(double(v) * v / 256), word, saturated, std::to_string(v));
  }
}

TEST(Arithmetic, DividesTowardZero) {
  forPairs([](Word a, Word b) {
    bool saturated = false;
    Word word = divide(a, b, &saturated);
    std::string what = std::to_string(a) + " / " + std::to_string(b);
    if (b == 0) {
      ASSERT_EQ(word, a >= 0 ? 32767 : -32768) << what;
      ASSERT_TRUE(saturated) << what;
      return;
    }
    // By hand on magnitudes.
    int64_t magnitude = std::abs(int64_t(a)) * 256 / std::abs(int64_t(b));
    expectWord(double((a < 0) != (b < 0) ? -magnitude : magnitude), word, saturated, what);
  });
}

TEST(Arithmetic, DividesAllWordsByEachCorner) {
  for (Word b : {-32768, -257, -256, -255, -1, 1, 2, 255, 256, 257, 32767})
    for (int a = -32768; a <= 32767; ++a) {
      bool saturated = false;
      Word word = divide(static_cast<Word>(a), b, &saturated);
      expectWord(std::trunc(double(a) * 256 / b), word, saturated, std::to_string(a));
    }
}

TEST(Arithmetic, RoundingAndAccumulatingDoNotCommute) {
  // -0.5 of a last place, and 1: rounded first gives 0. Added first it would give 0.5, which rounds to 1.
  bool saturated = false;
  EXPECT_EQ(add(convolved(-128, &saturated), 1, &saturated), 0);
  EXPECT_EQ(convolved(-128 + 256, &saturated), 1);
  EXPECT_FALSE(saturated);
}

// The same in floating point: which piece, then a*u rounded down, then b.
double mapped(Word x, const std::vector<Segment> &segments, Symmetry symmetry) {
  double u = x;
  if (x < 0 && symmetry != Symmetry::none)
    u = -u;
  u = std::min(u, 32767.0);
  size_t i = 0;
  while (i + 1 < segments.size() && u < segments[i].least)
    ++i;
  double t = std::floor(segments[i].slope * u / 256) + segments[i].offset;
  return x < 0 && symmetry == Symmetry::odd ? -t : t;
}

TEST(Arithmetic, MapsAllWords) {
  const std::vector<std::vector<Segment>> tables = {
      {{256, 0, -32768}},                                                   // the identity
      {{256, 0, 0}, {0, 0, -32768}},                                        // relu
      {{0, 256, 512}, {64, 150, 256}, {200, 0, 0}},                         // tanh above 0, more or less
      {{32767, 32767, 300}, {-32768, -32768, -300}, {-1, 1, -32768}},       // saturates at both ends, slope below 0
      {{1, 0, 32767}, {2, -7, 32766}, {3, 5, 128}, {4, 9, 127}, {5, 0, 1}}, // single words; none holds below 1
  };
  for (const std::vector<Segment> &segments : tables)
    for (Symmetry symmetry : {Symmetry::none, Symmetry::even, Symmetry::odd})
      for (int x = -32768; x <= 32767; ++x) {
        bool saturated = false;
        Word word = map(static_cast<Word>(x), segments, symmetry, &saturated);
        double exact = mapped(static_cast<Word>(x), segments, symmetry);
        ASSERT_EQ(word, clampToWord(exact)) << x;
        ASSERT_EQ(saturated, exact != double(word)) << x;
      }
}

TEST(Arithmetic, MappersRoundDownAlsoWhenMirrored) {
  const std::vector<Segment> half = {{128, 0, -32768}};
  bool saturated = false;
  EXPECT_EQ(map(3, half, Symmetry::none, &saturated), 1);
  EXPECT_EQ(map(-3, half, Symmetry::none, &saturated), -2);
  EXPECT_EQ(map(-3, half, Symmetry::odd, &saturated), -1);
  EXPECT_EQ(map(-3, half, Symmetry::even, &saturated), 1);
  EXPECT_FALSE(saturated);
}

TEST(Arithmetic, QuantizesConstants) {
  bool saturated = false;
  EXPECT_EQ(quantize(1.0, &saturated), 256);
  EXPECT_EQ(quantize(0.5 / 256, &saturated), 1);
  EXPECT_EQ(quantize(-0.5 / 256, &saturated), 0);
  EXPECT_EQ(quantize(-128.0, &saturated), -32768);
  EXPECT_EQ(quantize(127.99609375, &saturated), 32767);
  EXPECT_FALSE(saturated);
  for (double v : {128.0, 1e300, -128.01, -1e300, std::numeric_limits<double>::infinity(),
                   std::numeric_limits<double>::quiet_NaN()}) {
    saturated = false;
    quantize(v, &saturated);
    EXPECT_TRUE(saturated) << v;
  }
}

} // namespace
