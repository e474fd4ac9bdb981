// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// An operator can only stand on a tile of its kind, and there are few of each. So placement is a search over all
// assignments, in the order of operators, that gives up where the wires so far are longer than those of the worst
// assignment that would still be kept. The length of a wire is the number of channels on the shortest way by itself;
// whether all ways can be there at once is the router's question, which is why more than one answer is given.
//
// Ports: read streams take the grid's first ports and write streams the last ones. Any line can go on as any other one
// at each tile, so a better choice would save nothing.
#include "backends/neuflow/device/Placement.h"

#include <algorithm>
#include <limits>

namespace cnn::neuflow {

namespace {

// Enough for all assignments of a machine of 20 tiles but its FIFO tiles.
constexpr int64_t kMostSteps = 2'000'000;
constexpr int64_t kNoWay = 1'000'000;

class Search {
public:
  Search(const Netlist &netlist, const ChannelGraph &graph, int64_t count)
      : netlist(netlist), graph(graph), count(count), taken(graph.target.tiles.size(), false) {
    placement.tiles.assign(netlist.operators.size(), -1);
    for (int64_t i = 0; i < netlist.reads; ++i)
      placement.readPorts.push_back(i);
    for (int64_t i = 0; i < netlist.writes; ++i)
      placement.writePorts.push_back(graph.target.lines - netlist.writes + i);
    for (size_t t = 0; t < graph.target.tiles.size(); ++t)
      fromTile.push_back(graph.distancesFrom(graph.operatorOutput(static_cast<int64_t>(t), 0)));
    fromPort = graph.distancesFrom(graph.lineInto(0, 0));
  }

  std::vector<Placement> run() {
    place(0, 0);
    std::vector<Placement> result;
    for (Candidate &candidate : best)
      result.push_back(std::move(candidate.placement));
    return result;
  }

private:
  struct Candidate {
    int64_t length;
    Placement placement;
  };

  void place(int64_t op, int64_t length) {
    if (++steps > kMostSteps && !best.empty())
      return;
    if (static_cast<int64_t>(best.size()) == count && length >= best.back().length)
      return;
    if (op == static_cast<int64_t>(netlist.operators.size())) {
      auto after = std::upper_bound(best.begin(), best.end(), length,
                                    [](int64_t value, const Candidate &candidate) { return value < candidate.length; });
      best.insert(after, {length, placement});
      if (static_cast<int64_t>(best.size()) > count)
        best.pop_back();
      return;
    }
    // Nearest first, so that the bound is good early.
    std::vector<std::pair<int64_t, int64_t>> tiles;
    for (int64_t tile : graph.tilesOf(kindOf(netlist.operators[op]))) {
      if (taken[tile])
        continue;
      placement.tiles[op] = tile;
      tiles.push_back({addedLength(op), tile});
    }
    std::sort(tiles.begin(), tiles.end());
    for (auto [added, tile] : tiles) {
      placement.tiles[op] = tile;
      taken[tile] = true;
      place(op + 1, length + added);
      taken[tile] = false;
    }
    placement.tiles[op] = -1;
  }

  // Of the wires between this operator and what is already placed.
  int64_t addedLength(int64_t op) const {
    int64_t length = 0;
    for (const Net &net : netlist.nets)
      for (const Pin &sink : net.sinks)
        if (touches(net.source, op) || touches(sink, op))
          length += wire(net.source, sink);
    return length;
  }
  static bool touches(const Pin &pin, int64_t op) { return pin.kind == Pin::Kind::op && pin.index == op; }

  int64_t wire(const Pin &source, const Pin &sink) const {
    auto tileOf = [&](const Pin &pin) { return pin.kind == Pin::Kind::op ? placement.tiles[pin.index] : 0; };
    int64_t from = tileOf(source), to = tileOf(sink);
    if (from < 0 || to < 0)
      return 0;
    const std::vector<int64_t> &distances = source.kind == Pin::Kind::op ? fromTile[from] : fromPort;
    int64_t distance = distances[sink.kind == Pin::Kind::op ? graph.operatorInput(to, sink.io) : graph.lineEnd(0)];
    return distance < 0 ? kNoWay : distance;
  }

  const Netlist &netlist;
  const ChannelGraph &graph;
  int64_t count;
  std::vector<std::vector<int64_t>> fromTile;
  std::vector<int64_t> fromPort;
  std::vector<bool> taken;
  Placement placement;
  std::vector<Candidate> best;
  int64_t steps = 0;
};

} // namespace

std::vector<Placement> placements(const Netlist &netlist, const ChannelGraph &graph, int64_t count) {
  return Search(netlist, graph, count).run();
}

} // namespace cnn::neuflow
