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
}

int64_t ChannelGraph::capacity(int64_t channel) const {
  int64_t at = channel % perTile - target.lines;
  if (channel >= lineEnd(0) || at < 10)
    return target.fifosHop;
  // The output of a pipeline: one word, whatever its latency.
  return at < 13 ? target.fifosOperator : 1;
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

void ChannelGraph::select(int64_t sink, int64_t source, GridSelects &selects) const {
  int64_t sourceTile = source / perTile, sourceAt = source % perTile;
  int64_t sinkTile = sink / perTile, sinkAt = sink % perTile;
  // What the source is called in the tile in which the select stands, which is the source's.
  uint8_t code;
  if (sourceAt < target.lines)
    code = static_cast<uint8_t>(kFromLine + sourceAt);
  else if (int64_t at = sourceAt - target.lines; at < 3)
    code = static_cast<uint8_t>(kFromLocal + at);
  else if (at < 6)
    code = static_cast<uint8_t>(kFromLocal + at - 3);
  else if (at < 10)
    code = static_cast<uint8_t>(kFromSide + at - 6);
  else
    code = static_cast<uint8_t>(kFromOperator + at - 13);
  if (sinkAt < target.lines) {
    selects.lines[sourceTile].lines[sinkAt] = code;
    return;
  }
  int64_t at = sinkAt - target.lines;
  if (at < 3)
    selects.lines[sourceTile].localInputs[at] = code;
  else if (at < 6)
    selects.routers[sourceTile].localOutputs[at - 3] = code;
  else if (at < 10)
    selects.routers[sourceTile].sides[static_cast<int>(target.linkInto(sinkTile, Side(at - 6))->fromSide)] = code;
  else
    selects.routers[sourceTile].operatorInputs[at - 10] = code;
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
