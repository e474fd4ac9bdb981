// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What goes in and out of a program: the words of a tensor, planes after rows, in the memory of a device.
#ifndef CNN_RUNTIME_NEUFLOW_DEVICE_PROGRAMTENSORS_H
#define CNN_RUNTIME_NEUFLOW_DEVICE_PROGRAMTENSORS_H

#include "runtime/neuflow/device/Device.h"

namespace cnn::neuflow {

// Words that lie together.
struct MemoryRun {
  uint64_t address; // bytes
  size_t words;
};
// Where the words of a tensor lie, plane by plane and row by row, in as few runs as there are.
std::vector<MemoryRun> runsOf(const ProgramTensor &tensor);

// False if the tensor has another number of words, or is not all inside of the memory.
[[nodiscard]] bool writeTensor(Device &device, const ProgramTensor &tensor, std::span<const Word> words);
[[nodiscard]] bool readTensor(const Device &device, const ProgramTensor &tensor, std::vector<Word> &words);

} // namespace cnn::neuflow
#endif
