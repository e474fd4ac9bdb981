// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/neuflow/simulator/CycleGrid.h"

#include <algorithm>

namespace cnn::neuflow {

CycleGrid::CycleGrid(const Target &target) : target(target), ready(target.tiles.size()) {
  for (size_t i = 0; i < target.tiles.size(); ++i)
    tiles.emplace_back(target, i);
  for (int64_t line = 0; line < target.lines; ++line)
    streamers.emplace_back(target, line);
}

// Turns the selects of a tile around: for each source, the sinks that select it.
void CycleGrid::addMovers(int64_t t) {
  CycleTile &tile = tiles[t];
  bool isLast = t + 1 == static_cast<int64_t>(tiles.size());
  auto add = [&](Channel *source, int output, std::vector<Channel *> sinks) {
    if (!sinks.empty())
      movers.push_back({source, t, output, std::move(sinks)});
  };
  auto lineSinks = [&](uint8_t code) {
    std::vector<Channel *> sinks;
    for (int64_t line = 0; line < target.lines; ++line)
      if (tile.lines.lines[line] == code)
        sinks.push_back(isLast ? &streamers[line].lineEnd : &tiles[t + 1].lineIn[line]);
    for (int i = 0; i < 3; ++i)
      if (tile.lines.localInputs[i] == code)
        sinks.push_back(&tile.localIn[i]);
    return sinks;
  };
  auto routerSinks = [&](uint8_t code) {
    std::vector<Channel *> sinks;
    for (int i = 0; i < 3; ++i) {
      if (tile.router.operatorInputs[i] == code)
        sinks.push_back(&tile.operatorIn[i]);
      if (tile.router.localOutputs[i] == code)
        sinks.push_back(&tile.localOut[i]);
    }
    for (int side = 0; side < 4; ++side)
      if (tile.router.sides[side] == code) {
        const Link *link = target.linkFrom(t, static_cast<Side>(side));
        sinks.push_back(&tiles[link->toTile].sideIn[static_cast<int>(link->toSide)]);
      }
    return sinks;
  };
  for (int64_t line = 0; line < target.lines; ++line)
    add(&tile.lineIn[line], 0, lineSinks(static_cast<uint8_t>(kFromLine + line)));
  for (int i = 0; i < 3; ++i) {
    add(&tile.localIn[i], 0, routerSinks(static_cast<uint8_t>(kFromLocal + i)));
    add(&tile.localOut[i], 0, lineSinks(static_cast<uint8_t>(kFromLocal + i)));
    add(nullptr, i, routerSinks(static_cast<uint8_t>(kFromOperator + i)));
  }
  for (int side = 0; side < 4; ++side)
    add(&tile.sideIn[side], 0, routerSinks(static_cast<uint8_t>(kFromSide + side)));
}

void CycleGrid::route() {
  movers.clear();
  for (size_t t = 0; t < tiles.size(); ++t)
    addMovers(static_cast<int64_t>(t));
  routed = true;
}

void CycleGrid::plan() {
  if (!routed)
    route();
  std::fill(ready.begin(), ready.end(), std::array<bool, 3>{});
  for (Mover &mover : movers) {
    mover.moves = false;
    if (mover.source && mover.source->empty())
      continue;
    bool room = std::none_of(mover.sinks.begin(), mover.sinks.end(), [](const Channel *sink) { return sink->full(); });
    if (!mover.source)
      ready[mover.tile][mover.output] = room;
    mover.moves = room && (mover.source || tiles[mover.tile].output() == mover.output);
  }
  for (size_t t = 0; t < tiles.size(); ++t)
    tiles[t].plan({ready[t][0], ready[t][1], ready[t][2]});
  for (int64_t line = 0; line < target.lines; ++line)
    streamers[line].plan(!tiles.front().lineIn[line].full());
}

void CycleGrid::apply(int64_t granted, int64_t responded, const Beat *response) {
  anyMoved = false;
  for (Mover &mover : movers) {
    if (!mover.moves)
      continue;
    Word word = mover.source ? mover.source->pop() : tiles[mover.tile].word();
    for (Channel *sink : mover.sinks)
      sink->push(word);
    anyMoved = true;
  }
  for (CycleTile &tile : tiles)
    anyMoved |= tile.apply();
  for (int64_t line = 0; line < target.lines; ++line)
    if (std::optional<Word> fed =
            streamers[line].apply(granted == line, response && responded == line ? response : nullptr)) {
      tiles.front().lineIn[line].push(*fed);
      anyMoved = true;
    }
}

std::string CycleGrid::whatWaits() const {
  std::string text;
  auto say = [&](const std::string &what) {
    if (!what.empty())
      text += (text.empty() ? "" : "; ") + what;
  };
  for (const CycleStreamer &streamer : streamers)
    say(streamer.waitsFor());
  for (const CycleTile &tile : tiles)
    say(tile.waitsFor());
  return text;
}

} // namespace cnn::neuflow
