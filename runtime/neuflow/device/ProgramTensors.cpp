// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/neuflow/device/ProgramTensors.h"

namespace cnn::neuflow {

static uint64_t wordsOf(const ProgramTensor &tensor) { return uint64_t(tensor.planes) * tensor.height * tensor.width; }

std::vector<MemoryRun> runsOf(const ProgramTensor &tensor) {
  std::vector<MemoryRun> runs;
  for (uint64_t plane = 0; plane < tensor.planes; ++plane)
    for (uint64_t row = 0; row < tensor.height; ++row) {
      uint64_t address = tensor.base + 2 * (plane * tensor.planePitch + row * tensor.rowPitch);
      if (!runs.empty() && runs.back().address + 2 * runs.back().words == address)
        runs.back().words += tensor.width;
      else
        runs.push_back({address, tensor.width});
    }
  return runs;
}

bool writeTensor(Device &device, const ProgramTensor &tensor, std::span<const Word> words) {
  if (words.size() != wordsOf(tensor))
    return false;
  size_t next = 0;
  std::string bytes;
  for (const MemoryRun &run : runsOf(tensor)) {
    bytes.resize(2 * run.words);
    for (size_t i = 0; i < run.words; ++i, ++next) {
      bytes[2 * i] = static_cast<char>(words[next]);
      bytes[2 * i + 1] = static_cast<char>(static_cast<uint16_t>(words[next]) >> 8);
    }
    if (!device.write(run.address, bytes))
      return false;
  }
  return true;
}

bool readTensor(const Device &device, const ProgramTensor &tensor, std::vector<Word> &words) {
  words.clear();
  std::string bytes;
  for (const MemoryRun &run : runsOf(tensor)) {
    bytes.resize(2 * run.words);
    if (!device.read(run.address, bytes))
      return false;
    for (size_t i = 0; i < run.words; ++i)
      words.push_back(
          static_cast<Word>(static_cast<uint8_t>(bytes[2 * i]) | static_cast<uint8_t>(bytes[2 * i + 1]) << 8));
  }
  return true;
}

} // namespace cnn::neuflow
