// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "ir/reference/Philox.h"

#include "gtest/gtest.h"

using namespace cnn::reference;

using Block = std::array<uint32_t, 4>;

// The known answers that the authors publish with their implementation (Random123, kat_vectors, philox4x32 10).
TEST(Philox, KnownAnswers) {
  EXPECT_EQ(philox4x32({0, 0, 0, 0}, {0, 0}), (Block{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(philox4x32({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff}),
            (Block{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (Block{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

// Element, site, step and seed each have their own word of counter and key.
TEST(Philox, DropoutNumber) {
  Block block = philox4x32({5, 1, 7, 9}, {0x89abcdef, 0x01234567});
  uint64_t element = ((uint64_t{1} << 32) + 5) * 4;
  for (int lane = 0; lane < 4; ++lane)
    EXPECT_EQ(dropoutNumber(element + lane, 0x0123456789abcdef, 9, 7), block[lane]);
}

TEST(Philox, DropoutThreshold) {
  EXPECT_EQ(dropoutThreshold(0), 0u);
  EXPECT_EQ(dropoutThreshold(0.5), 0x80000000u);
  EXPECT_EQ(dropoutThreshold(0.1), 429496729u); // 0.1 * 2^32 = 429496729.6
}
