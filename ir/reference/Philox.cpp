// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "ir/reference/Philox.h"

#include <cmath>

using namespace cnn::reference;

static uint32_t lowWord(uint64_t value) { return static_cast<uint32_t>(value); }
static uint32_t highWord(uint64_t value) { return static_cast<uint32_t>(value >> 32); }

std::array<uint32_t, 4> cnn::reference::philox4x32(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key) {
  for (int round = 0; round < 10; ++round) {
    uint64_t product0 = uint64_t{0xD2511F53} * counter[0];
    uint64_t product1 = uint64_t{0xCD9E8D57} * counter[2];
    counter = {highWord(product1) ^ counter[1] ^ key[0], lowWord(product1), highWord(product0) ^ counter[3] ^ key[1],
               lowWord(product0)};
    key = {key[0] + 0x9E3779B9, key[1] + 0xBB67AE85};
  }
  return counter;
}

uint32_t cnn::reference::dropoutNumber(uint64_t element, int64_t seed, int64_t step, int64_t site) {
  uint64_t block = element / 4;
  return philox4x32({lowWord(block), highWord(block), lowWord(site), lowWord(step)},
                    {lowWord(seed), highWord(seed)})[element % 4];
}

uint64_t cnn::reference::dropoutThreshold(double rate) {
  return static_cast<uint64_t>(std::floor(rate * 4294967296.0));
}
