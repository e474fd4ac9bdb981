// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef CNN_BACKENDS_NEUFLOW_DEVICE_CONFIGREADER_H
#define CNN_BACKENDS_NEUFLOW_DEVICE_CONFIGREADER_H

#include "backends/neuflow/device/ChannelGraph.h"
#include "backends/neuflow/device/Netlist.h"

namespace cnn::neuflow {

// Reads the words of a program, in the order in which the processor would, and keeps what they make of the tiles. It
// knows the words and nothing of what the compiler meant by them, so that what it says can be held against that.
// Programs without jumps only.
class ConfigReader {
public:
  // The target must live longer.
  explicit ConfigReader(const Target &target);

  // Reads on; what is wrong with the words, or "".
  std::string read(std::span<const uint64_t> words);

  const GridSelects &selects() const { return now; }
  // By tile; nothing if it was never configured.
  const std::vector<std::optional<OperatorConfig>> &operators() const { return configs; }

private:
  std::string take(uint8_t content, uint32_t word);
  std::string command(const Select &select);
  std::string apply(int64_t tile, uint8_t subModule, std::span<const uint32_t> words, bool all);

  struct Set {
    std::vector<uint32_t> words;
    bool armed = false;
  };
  const Target &target;
  GridSelects now;
  std::vector<std::optional<OperatorConfig>> configs;
  std::vector<std::array<Set, 4>> direct, shadow;
  std::optional<Select> selected;
  int64_t left = 0, leftContent = 0; // words of a burst that are still to come, and the content of the next one
};

} // namespace cnn::neuflow
#endif
