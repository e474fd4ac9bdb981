// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "backends/neuflow/device/ChannelGraph.h"

namespace cnn::neuflow {

ChannelGraph::ChannelGraph(const Target &target) : target(target), perTile(target.lines + 16) {
  int64_t tiles = static_cast<int64_t>(target.tiles.size());
  edges.resize(tiles * perTile + target.lines);
  for (int64_t t = 0; t < tiles; ++t) {
    // What the router makes of a source: sides of tiles without a link have no channel.
    auto router = [&](int64_t source, bool fromOperator) {
      for (int64_t i = 0; i < 3; ++i) {
        // An operator's output does not go back to its own inputs.
        if (!fromOperator)
          edges[source].push_back(operatorInput(t, i));
        edges[source].push_back(localOutput(t, i));
      }
      for (Side side : {Side::north, Side::east, Side::south, Side::west})
        if (const Link *link = target.linkFrom(t, side))
          edges[source].push_back(sideInput(link->toTile, link->toSide));
    };
    for (int64_t line = 0; line < target.lines; ++line) {
      for (int64_t i = 0; i < 3; ++i)
        edges[lineInto(t, line)].push_back(localInput(t, i));
      for (int64_t out = 0; out < target.lines; ++out)
        edges[lineInto(t, line)].push_back(lineInto(t + 1, out));
    }
    for (int64_t i = 0; i < 3; ++i) {
      router(localInput(t, i), false);
      router(operatorOutput(t, i), true);
      for (int64_t out = 0; out < target.lines; ++out)
        edges[localOutput(t, i)].push_back(lineInto(t + 1, out));
    }
    for (Side side : {Side::north, Side::east, Side::south, Side::west})
      if (target.linkInto(t, side))
        router(sideInput(t, side), false);
  }
  sources.resize(edges.size());
  for (size_t source = 0; source < edges.size(); ++source)
    for (int64_t sink : edges[source])
      sources[sink].push_back(static_cast<int64_t>(source));
}

int64_t ChannelGraph::capacity(int64_t channel) const {
  int64_t at = channel % perTile - target.lines;
  if (channel >= lineEnd(0) || at < 10)
    return target.fifosHop;
  // The output of a pipeline: one word, whatever its latency.
  return at < 13 ? target.fifosOperator : 1;
}

ChannelPlace ChannelGraph::placeOf(int64_t channel) const {
  int64_t tile = channel / perTile, at = channel % perTile;
  if (at < target.lines)
    return {ChannelPlace::line, tile, at};
  at -= target.lines;
  if (at < 6)
    return {at < 3 ? ChannelPlace::localInput : ChannelPlace::localOutput, tile, at % 3};
  if (at < 10)
    return {ChannelPlace::side, tile, at - 6};
  return {at < 13 ? ChannelPlace::operatorInput : ChannelPlace::operatorOutput, tile, (at - 10) % 3};
}

std::string ChannelGraph::nameOf(int64_t channel) const {
  int64_t tile = channel / perTile, at = channel % perTile;
  auto tileName = [&](int64_t t) { return target.tiles[t].name; };
  if (at < target.lines) {
    std::string line = "line " + std::to_string(at + 1);
    if (tile == 0)
      return line + " from its port";
    line += " from " + tileName(tile - 1);
    return tile == static_cast<int64_t>(target.tiles.size()) ? line + " to its port" : line + " to " + tileName(tile);
  }
  at -= target.lines;
  if (at < 3)
    return "local input " + std::to_string(at + 1) + " of " + tileName(tile);
  if (at < 6)
    return "local output " + std::to_string(at - 2) + " of " + tileName(tile);
  if (at < 10) {
    Side side = static_cast<Side>(at - 6);
    const Link *link = target.linkInto(tile, side);
    return "link " + (link ? tileName(link->fromTile) + "->" : "") + tileName(tile);
  }
  if (at < 13)
    return "operator input " + std::to_string(at - 9) + " of " + tileName(tile);
  return "operator output " + std::to_string(at - 12) + " of " + tileName(tile);
}

uint8_t ChannelGraph::codeOf(int64_t source) const {
  int64_t at = source % perTile;
  if (at < target.lines)
    return static_cast<uint8_t>(kFromLine + at);
  at -= target.lines;
  if (at < 6) // local inputs and outputs
    return static_cast<uint8_t>(kFromLocal + at % 3);
  return static_cast<uint8_t>(at < 10 ? kFromSide + at - 6 : kFromOperator + at - 13);
}

template <typename Selects>
auto &ChannelGraph::selectOf(const ChannelGraph &graph, int64_t sink, int64_t tile, Selects &selects) {
  int64_t at = sink % graph.perTile, lines = graph.target.lines;
  if (at < lines)
    return selects.lines[tile].lines[at];
  at -= lines;
  if (at < 3)
    return selects.lines[tile].localInputs[at];
  if (at < 6)
    return selects.routers[tile].localOutputs[at - 3];
  if (at < 10)
    return selects.routers[tile]
        .sides[static_cast<int>(graph.target.linkInto(sink / graph.perTile, Side(at - 6))->fromSide)];
  return selects.routers[tile].operatorInputs[at - 10];
}

void ChannelGraph::select(int64_t sink, int64_t source, GridSelects &selects) const {
  selectOf(*this, sink, source / perTile, selects) = codeOf(source);
}

int64_t ChannelGraph::selected(int64_t sink, const GridSelects &selects) const {
  for (int64_t source : sources[sink])
    if (selectOf(*this, sink, source / perTile, selects) == codeOf(source))
      return source;
  return -1;
}

std::vector<int64_t> ChannelGraph::tilesOf(TileKind kind) const {
  std::vector<int64_t> result;
  for (size_t t = 0; t < target.tiles.size(); ++t)
    if (target.tiles[t].kind == kind)
      result.push_back(static_cast<int64_t>(t));
  return result;
}

std::vector<int64_t> ChannelGraph::distancesFrom(int64_t source) const {
  std::vector<int64_t> distance(edges.size(), -1), queue = {source};
  distance[source] = 0;
  for (size_t i = 0; i < queue.size(); ++i)
    for (int64_t next : edges[queue[i]])
      if (distance[next] < 0) {
        distance[next] = distance[queue[i]] + 1;
        queue.push_back(next);
      }
  return distance;
}

} // namespace cnn::neuflow
