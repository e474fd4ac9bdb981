// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/neuflow/machine/Crc32c.h"

#include <array>

namespace cnn::neuflow {

namespace {

constexpr std::array<uint32_t, 256> makeTable() {
  std::array<uint32_t, 256> table{};
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit)
      value = value >> 1 ^ (value & 1 ? 0x82F63B78 : 0); // the polynomial, lowest power first
    table[i] = value;
  }
  return table;
}
constexpr std::array<uint32_t, 256> kTable = makeTable();

} // namespace

uint32_t crc32c(std::string_view bytes) {
  uint32_t value = ~uint32_t(0);
  for (char byte : bytes)
    value = value >> 8 ^ kTable[(value ^ static_cast<uint8_t>(byte)) & 255];
  return ~value;
}

} // namespace cnn::neuflow
