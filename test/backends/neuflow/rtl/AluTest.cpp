// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The streaming operator against its definition: the corners of every operation in all combinations, and random words.
#include "runtime/neuflow/machine/Arithmetic.h"
#include "test/backends/neuflow/rtl/Bench.h"

#include <Vnf_alu.h>
#include <gtest/gtest.h>

using namespace cnn::neuflow;

namespace {

enum Operation { Mac = 1, Div, Mul, Add, Sub, Square, Max };

Word apply(int operation, Word a, Word b, Word c, bool &saturates) {
  switch (operation) {
  case Mac:
    return multiplyAdd(a, b, c, &saturates);
  case Div:
    return divide(a, b, &saturates);
  case Mul:
    return multiply(a, b, &saturates);
  case Add:
    return add(a, b, &saturates);
  case Sub:
    return subtract(a, b, &saturates);
  case Square:
    return multiply(a, a, &saturates);
  default:
    return maximum(a, b);
  }
}

struct Operands {
  std::vector<int16_t> a, b, c;
  void add(int16_t x, int16_t y, int16_t z) {
    a.push_back(x);
    b.push_back(y);
    c.push_back(z);
  }
};

void expectResults(int first, int second, const Operands &operands, double stall) {
  Bench<Vnf_alu> bench;
  Vnf_alu &top = bench.top;
  top.first = first;
  top.second = second;
  bool takesB = first != Square, takesC = first == Mac || second;
  std::deque<uint32_t> a, b, c;
  std::vector<uint32_t> expected;
  bool saturates = false;
  for (size_t i = 0; i < operands.a.size(); ++i) {
    a.push_back(uint16_t(operands.a[i]));
    if (takesB)
      b.push_back(uint16_t(operands.b[i]));
    if (takesC)
      c.push_back(uint16_t(operands.c[i]));
    Word value = apply(first, operands.a[i], operands.b[i], operands.c[i], saturates);
    if (second)
      value = apply(second, value, operands.c[i], 0, saturates);
    expected.push_back(uint16_t(value));
  }
  Source &sourceA = bench.source(top.a_valid, top.a_ready, top.a_word, a);
  Source &sourceB = bench.source(top.b_valid, top.b_ready, top.b_word, b);
  Source &sourceC = bench.source(top.c_valid, top.c_ready, top.c_word, c);
  // Both outputs are one word; which of them it is for is in `valid`.
  CData valid = 0, ready = 0;
  Sink &out = bench.sink(valid, ready, top.out_word);
  uint8_t used = second ? 2 : 1;
  bench.connect([&] { top.out_ready = ready ? used : uint8_t(3 - used); },
                [&] {
                  valid = (top.out_valid & used) != 0;
                  ASSERT_EQ(top.out_valid & ~used, 0);
                });
  // An operand that the operation does not have must stay where it is.
  sourceB.words.push_back(0x1234);
  sourceC.words.push_back(0x5678);
  bench.stall(stall);
  ASSERT_TRUE(bench.runUntil([&] { return out.words.size() == expected.size(); }, 10000000));
  bench.run(50);
  ASSERT_EQ(out.words.size(), expected.size());
  for (size_t i = 0; i < expected.size(); ++i)
    ASSERT_EQ(out.words[i], expected[i]) << "operation " << first << " then " << second << " of " << operands.a[i]
                                         << ", " << operands.b[i] << ", " << operands.c[i];
  EXPECT_EQ(bool(top.saturated), saturates);
  EXPECT_FALSE(top.busy);
  EXPECT_TRUE(sourceA.words.empty());
  EXPECT_EQ(sourceB.words.size(), 1);
  EXPECT_EQ(sourceC.words.size(), 1);
}

const int16_t corners[] = {-32768, -32767, -256, -255, -129, -128, -127, -1,    0,
                           1,      127,    128,  129,  255,  256,  257,  32766, 32767};

class AluTest : public testing::TestWithParam<int> {};

TEST_P(AluTest, Corners) {
  Operands operands;
  for (int16_t a : corners)
    for (int16_t b : corners)
      for (int16_t c : corners)
        operands.add(a, b, c);
  for (double stall : {0.0, 0.5})
    expectResults(GetParam(), 0, operands, stall);
}

TEST_P(AluTest, RandomWords) {
  std::mt19937 random(11);
  Operands operands;
  for (int64_t i = 0; i < (GetParam() == Div ? 1000000 : 200000); ++i) {
    int shift = int(random() % 16);
    operands.add(int16_t(random()) >> random() % 16, int16_t(random()) >> shift, int16_t(random()));
  }
  expectResults(GetParam(), 0, operands, 0);
}

TEST_P(AluTest, EveryFirstOperand) {
  std::mt19937 random(13);
  Operands operands;
  for (int64_t i = 0; i < 65536; ++i)
    operands.add(int16_t(i), int16_t(random()), int16_t(random()));
  expectResults(GetParam(), 0, operands, 0.3);
}

TEST_P(AluTest, ThenASecondOperation) {
  if (GetParam() == Mac)
    GTEST_SKIP() << "takes the third input itself";
  std::mt19937 random(17);
  Operands operands;
  for (int16_t a : corners)
    for (int16_t b : corners)
      operands.add(a, b, int16_t(random()));
  for (int64_t i = 0; i < 20000; ++i)
    operands.add(int16_t(random()) >> random() % 16, int16_t(random()) >> random() % 16,
                 int16_t(random()) >> random() % 16);
  for (int second : {Mul, Add, Sub, Max})
    expectResults(GetParam(), second, operands, second == Add ? 0.4 : 0);
}

TEST_P(AluTest, Latency) {
  for (int second : {0, int(Add)}) {
    if (GetParam() == Mac && second)
      continue;
    Bench<Vnf_alu> bench;
    bench.top.first = GetParam();
    bench.top.second = second;
    bench.top.a_valid = bench.top.b_valid = bench.top.c_valid = 1;
    bench.top.out_ready = 0;
    int64_t begin = bench.cycles;
    ASSERT_TRUE(bench.runUntil([&] { return bench.top.out_valid != 0; }));
    EXPECT_EQ(bench.cycles - begin, (GetParam() == Div ? 26 : 3) + (second ? 3 : 0));
  }
}

INSTANTIATE_TEST_SUITE_P(Operations, AluTest, testing::Values(Mac, Div, Mul, Add, Sub, Square, Max));

TEST(AluTest, TheLeastQuotientIsNotSaturated) {
  Operands operands;
  operands.add(-32768, 256, 0);
  expectResults(Div, 0, operands, 0);
}

TEST(AluTest, WithoutOperationNothingMoves) {
  Bench<Vnf_alu> bench;
  bench.top.first = 0;
  bench.top.second = 0;
  Source &a = bench.source(bench.top.a_valid, bench.top.a_ready, bench.top.a_word, {1, 2});
  Source &b = bench.source(bench.top.b_valid, bench.top.b_ready, bench.top.b_word, {1, 2});
  bench.top.out_ready = 3;
  bench.run(100);
  EXPECT_EQ(a.words.size(), 2);
  EXPECT_EQ(b.words.size(), 2);
  EXPECT_EQ(bench.top.out_valid, 0);
}

} // namespace
