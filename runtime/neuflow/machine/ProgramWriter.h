// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Appends instructions to a text: one call for what a program says to one module.
#ifndef CNN_RUNTIME_NEUFLOW_MACHINE_PROGRAMWRITER_H
#define CNN_RUNTIME_NEUFLOW_MACHINE_PROGRAMWRITER_H

#include "runtime/neuflow/machine/ConfigWords.h"

namespace cnn::neuflow {

class ProgramWriter {
public:
  explicit ProgramWriter(const Target &target) : target(target) {}

  const std::vector<uint64_t> &text() const { return words; }
  void append(const Instruction &instruction) { words.push_back(encode(instruction)); }
  // A select word and data words after it, as one burst where the machine has bursts.
  void configure(const Select &select, std::span<const uint32_t> data = {});

  // Tiles, by their position in the target.
  void tile(int64_t tile, uint8_t subModule, Command command, std::span<const uint32_t> data = {});
  void router(int64_t tile, const RouterConfig &config) {
    this->tile(tile, kTileRouter, Command::config, neuflow::encode(config));
  }
  void lines(int64_t tile, const LinesConfig &config) {
    this->tile(tile, kTileLines, Command::config, neuflow::encode(config));
  }
  template <typename Config> void operate(int64_t tile, const Config &config) {
    this->tile(tile, kTileOperator, Command::config, neuflow::encode(config));
  }
  // The set of words that follows the active one of a convolver.
  void operateNext(int64_t tile, const ConvConfig &config);
  void fifo(int64_t tile, uint32_t capacity) { this->tile(tile, kTileFifo, Command::config, std::array{capacity}); }
  // Loads a kernel over the bus and registers it.
  void kernel(int64_t tile, const KernelArray &kernel);

  // Grid ports, 0 <= port < lines.
  void port(int64_t port, uint8_t subModule, Command command, std::span<const uint32_t> data = {});
  void globals(int64_t port, const StreamGlobals &globals) {
    this->port(port, kStreamerGlobals, Command::config, neuflow::encode(globals));
  }
  // Describes a stream and starts it.
  void stream(int64_t port, const StreamLocals &locals);
  // The stream after the one that is on.
  void streamNext(int64_t port, const StreamLocals &locals);

  // Waits until the tile or port shows a status.
  void waitForTile(int64_t tile, Status status);
  void waitForPort(int64_t port, Status status);

private:
  const Target &target;
  std::vector<uint64_t> words;
};

} // namespace cnn::neuflow
#endif
