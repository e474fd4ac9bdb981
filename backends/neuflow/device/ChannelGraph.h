// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A machine as a graph of channels: every FIFO that a word can be in, and which of them can select which. Placement,
// routing, and whoever asks how much fits or how far it is, ask this; no other file of the compiler counts tiles.
//
//     line 1 into C1 -> local input 1 of C1 -> operator input 1 of C1        operator output 1 of C1 -> local output 1
//     of C1
//            |                                                                         -> line 1 into C2 -> ...
//            +-> line 1 into C2 -> ...
//
// A channel selects at most one other one, so a route is a tree in this graph, and two routes share no channel.
#ifndef CNN_BACKENDS_NEUFLOW_DEVICE_CHANNELGRAPH_H
#define CNN_BACKENDS_NEUFLOW_DEVICE_CHANNELGRAPH_H

#include "runtime/neuflow/machine/ConfigWords.h"

#include <span>
#include <string>
#include <vector>

namespace cnn::neuflow {

// The selects of all tiles, by their position in the target.
struct GridSelects {
  explicit GridSelects(const Target &target) : routers(target.tiles.size()), lines(target.tiles.size()) {}
  GridSelects() = default;

  std::vector<RouterConfig> routers;
  std::vector<LinesConfig> lines;
  friend bool operator==(const GridSelects &, const GridSelects &) = default;
};

// What a channel is: a line into a tile (or, with the number of tiles, to its port), or an input or output of a tile.
// Of a side, `number` is the side.
struct ChannelPlace {
  enum Kind { line, localInput, localOutput, side, operatorInput, operatorOutput } kind = line;
  int64_t tile = 0, number = 0;
};

class ChannelGraph {
public:
  // The target must live longer.
  explicit ChannelGraph(const Target &target);

  const Target &target;

  int64_t size() const { return static_cast<int64_t>(edges.size()); }
  // Channels. Line `line` into tile number "count of tiles" is the end of the line, at the write side of its port; line
  // `line` into tile 0 is filled by the port's read side.
  int64_t lineInto(int64_t tile, int64_t line) const { return tile * perTile + line; }
  int64_t lineEnd(int64_t line) const { return lineInto(static_cast<int64_t>(target.tiles.size()), line); }
  int64_t localInput(int64_t tile, int64_t i) const { return tile * perTile + target.lines + i; }
  int64_t localOutput(int64_t tile, int64_t i) const { return tile * perTile + target.lines + 3 + i; }
  int64_t sideInput(int64_t tile, Side side) const {
    return tile * perTile + target.lines + 6 + static_cast<int64_t>(side);
  }
  int64_t operatorInput(int64_t tile, int64_t i) const { return tile * perTile + target.lines + 10 + i; }
  int64_t operatorOutput(int64_t tile, int64_t i) const { return tile * perTile + target.lines + 13 + i; }

  ChannelPlace placeOf(int64_t channel) const;

  // The channels that can select this one.
  std::span<const int64_t> selectors(int64_t channel) const { return edges[channel]; }
  // How many words it holds at least.
  int64_t capacity(int64_t channel) const;
  // "local input 2 of A1", "line 3 from C2 to C3", "north input of M1".
  std::string nameOf(int64_t channel) const;
  // Makes `sink` select `source`, one of whose selectors it is.
  void select(int64_t sink, int64_t source, GridSelects &selects) const;
  // The channel that `sink` selects; -1 if none.
  int64_t selected(int64_t sink, const GridSelects &selects) const;

  // Tiles of one kind, in the order of the target.
  std::vector<int64_t> tilesOf(TileKind kind) const;
  // The least number of channels that a word goes through from `source` to each other channel; -1 if it cannot get
  // there.
  std::vector<int64_t> distancesFrom(int64_t source) const;

private:
  // The select of `sink`, which stands in the tile of its sources, and what `source` is called there.
  template <typename Selects>
  static auto &selectOf(const ChannelGraph &graph, int64_t sink, int64_t tile, Selects &selects);
  uint8_t codeOf(int64_t source) const;

  int64_t perTile;
  std::vector<std::vector<int64_t>> edges, sources;
};

} // namespace cnn::neuflow
#endif
