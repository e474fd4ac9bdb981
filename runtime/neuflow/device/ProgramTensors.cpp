// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/neuflow/device/ProgramTensors.h"

namespace cnn::neuflow {

static uint64_t wordsOf(const ProgramTensor &tensor) { return uint64_t(tensor.planes) * tensor.height * tensor.width; }

static uint64_t placeOfRow(const ProgramTensor &tensor, uint64_t plane, uint64_t row) {
  return tensor.base + 2 * (plane * tensor.planePitch + row * tensor.rowPitch);
}

bool writeTensor(Device &device, const ProgramTensor &tensor, std::span<const Word> words) {
  if (words.size() != wordsOf(tensor))
    return false;
  size_t next = 0;
  std::string row(2 * size_t(tensor.width), 0);
  for (uint64_t plane = 0; plane < tensor.planes; ++plane)
    for (uint64_t y = 0; y < tensor.height; ++y) {
      for (size_t x = 0; x < tensor.width; ++x, ++next) {
        row[2 * x] = static_cast<char>(words[next]);
        row[2 * x + 1] = static_cast<char>(static_cast<uint16_t>(words[next]) >> 8);
      }
      if (!device.write(placeOfRow(tensor, plane, y), row))
        return false;
    }
  return true;
}

bool readTensor(const Device &device, const ProgramTensor &tensor, std::vector<Word> &words) {
  words.clear();
  std::string row(2 * size_t(tensor.width), 0);
  for (uint64_t plane = 0; plane < tensor.planes; ++plane)
    for (uint64_t y = 0; y < tensor.height; ++y) {
      if (!device.read(placeOfRow(tensor, plane, y), row))
        return false;
      for (size_t x = 0; x < tensor.width; ++x)
        words.push_back(
            static_cast<Word>(static_cast<uint8_t>(row[2 * x]) | static_cast<uint8_t>(row[2 * x + 1]) << 8));
    }
  return true;
}

} // namespace cnn::neuflow
