// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What words on the configuration bus do to the grid of the functional simulator.
#ifndef CNN_RUNTIME_NEUFLOW_SIMULATOR_CONFIGBUS_H
#define CNN_RUNTIME_NEUFLOW_SIMULATOR_CONFIGBUS_H

#include "runtime/neuflow/simulator/Grid.h"

namespace cnn::neuflow {

class ConfigBus {
public:
  ConfigBus(const Target &target, Grid &grid) : target(target), grid(grid) {}

  // Offers a word. False: the module is not ready; nothing has happened. Sets `trap` if the word is refused.
  bool offer(Content content, uint32_t word, std::optional<Trap> &trap);
  // What the selected module shows; sets `trap` if more than one is selected.
  Status status(std::optional<Trap> &trap) const;
  // "streamer.7", for messages.
  std::string selectedText() const;

private:
  bool command(const Select &select, uint32_t word, std::optional<Trap> &trap);
  bool portCommand(GridPort &port, uint8_t subModule, Command command, uint32_t word, std::optional<Trap> &trap);
  bool tileCommand(GridTile &tile, uint8_t subModule, Command command, uint32_t word, std::optional<Trap> &trap);
  void data(uint32_t word, std::optional<Trap> &trap);
  void portData(GridPort &port, uint32_t word, std::optional<Trap> &trap);
  void tileData(GridTile &tile, uint32_t word, std::optional<Trap> &trap);
  // Lets words of a tile's sub-module take effect: all of them, or what the last one completes.
  void apply(GridTile &tile, uint8_t subModule, const std::vector<uint32_t> &words, bool all,
             std::optional<Trap> &trap);
  void commit(GridTile &tile, std::optional<Trap> &trap);
  int64_t indexOf(const GridTile &tile) const { return tile.tile - target.tiles.data(); }
  int64_t portOf(const Select &select) const;
  Trap unknown(uint32_t word, const std::string &what) const;

  const Target &target;
  Grid &grid;
  std::optional<Select> selected;
  bool open = false, toShadow = false; // data words may follow
};

} // namespace cnn::neuflow
#endif
