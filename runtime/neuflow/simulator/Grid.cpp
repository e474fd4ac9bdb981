// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/neuflow/simulator/Grid.h"

#include <algorithm>

namespace cnn::neuflow {

GridTile::GridTile(const Target &target, int64_t index)
    : tile(&target.tiles[index]), conv(target), lineIn(target.lines, Channel(target.fifosHop)) {
  for (int i = 0; i < 3; ++i) {
    localIn[i] = localOut[i] = Channel(target.fifosHop);
    // Operators have the inputs that they use; others never have room.
    bool used = i == 0 || tile->kind == TileKind::conv || tile->kind == TileKind::alu;
    operatorIn[i] = Channel(used ? target.fifosOperator : 0);
    operatorOut[i] = Channel(1);
  }
  for (Channel &side : sideIn)
    side = Channel(target.fifosHop);
}

bool GridTile::operatorConfigured() const {
  switch (tile->kind) {
  case TileKind::conv:
    return conv.configured();
  case TileKind::alu:
    return alu.has_value();
  case TileKind::mapper:
    return mapper.has_value();
  case TileKind::fifo:
    return fifoCapacity > 0;
  }
  return false;
}

bool GridTile::holdsWords() const {
  auto any = [](const auto &channels) {
    return std::any_of(std::begin(channels), std::end(channels), [](const Channel &c) { return !c.empty(); });
  };
  return any(lineIn) || any(localIn) || any(localOut) || any(sideIn) || any(operatorIn) || any(operatorOut) ||
         !fifo.empty();
}

bool GridTile::stepOperator() {
  if (!operatorConfigured())
    return false;
  switch (tile->kind) {
  case TileKind::conv: {
    bool tookKernel = conv.takeKernel(operatorIn[1]);
    const std::optional<ConvConfig> &config = conv.config();
    return (config && conv.step(operatorIn[0], operatorIn[2], operatorOut[config->output()], &saturated)) || tookKernel;
  }
  case TileKind::alu: {
    Word in[3] = {};
    for (int i = 0; i < 3; ++i)
      if (alu->takes(i) && operatorIn[i].empty())
        return false;
    if (operatorOut[alu->output()].full())
      return false;
    for (int i = 0; i < 3; ++i)
      if (alu->takes(i))
        in[i] = operatorIn[i].pop();
    operatorOut[alu->output()].push(evaluate(*alu, in[0], in[1], in[2], &saturated));
    return true;
  }
  case TileKind::mapper:
    if (operatorIn[0].empty() || operatorOut[0].full())
      return false;
    operatorOut[0].push(map(operatorIn[0].pop(), mapper->segments, mapper->symmetry, &saturated));
    return true;
  case TileKind::fifo: {
    bool moved = false;
    if (!fifo.empty() && !operatorOut[0].full()) {
      operatorOut[0].push(fifo.pop());
      moved = true;
    }
    if (!operatorIn[0].empty() && !fifo.full()) {
      fifo.push(operatorIn[0].pop());
      moved = true;
    }
    return moved;
  }
  }
  return false;
}

std::string GridTile::waitsFor() const {
  std::string who = tile->name + " ";
  if (tile->kind == TileKind::conv) {
    int output = conv.config() ? conv.config()->output() : 0;
    std::string what = conv.waitsFor(operatorIn[0], operatorIn[2], operatorOut[output]);
    return what.empty() ? "" : who + what;
  }
  bool hasInput =
      std::any_of(std::begin(operatorIn), std::end(operatorIn), [](const Channel &c) { return !c.empty(); });
  if (hasInput && !operatorConfigured())
    return who + "waits for configuration words";
  for (const Channel &output : operatorOut)
    if (!output.empty())
      return who + "waits to hand on its output";
  if (hasInput && tile->kind == TileKind::alu)
    for (int i = 0; i < 3; ++i)
      if (alu->takes(i) && operatorIn[i].empty())
        return who + "waits for input " + std::to_string(i + 1);
  if (tile->kind == TileKind::fifo && fifo.full() && fifoCapacity > 0)
    return who + "is full";
  return "";
}

Grid::Grid(const Target &target, MachineMemory &memory) : target(target), memory(memory) {
  for (size_t i = 0; i < target.tiles.size(); ++i)
    tiles.emplace_back(target, i);
  ports.resize(target.lines);
  for (int64_t i = 0; i < target.lines; ++i)
    resetPort(i);
}

void Grid::resetTile(int64_t tile) {
  tiles[tile] = GridTile(target, tile);
  reroute();
}

void Grid::resetPort(int64_t port) {
  ports[port] = GridPort();
  ports[port].index = target.gridPort(port);
  ports[port].line = port;
  ports[port].lineEnd = Channel(target.fifosHop);
}

// Turns the selects around: for each source, the sinks that select it.
void Grid::route() {
  movers.assign(tiles.size(), {});
  for (size_t t = 0; t < tiles.size(); ++t) {
    GridTile &tile = tiles[t];
    auto lineOut = [&](int64_t line) {
      return t + 1 < tiles.size() ? &tiles[t + 1].lineIn[line] : &ports[line].lineEnd;
    };
    auto add = [&](Channel &source, const std::vector<Channel *> &sinks) {
      if (!sinks.empty())
        movers[t].push_back({&source, sinks});
    };
    auto lineSinks = [&](uint8_t code) {
      std::vector<Channel *> sinks;
      for (int64_t line = 0; line < target.lines; ++line)
        if (tile.lines.lines[line] == code)
          sinks.push_back(lineOut(line));
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
    for (int64_t line = 0; line < target.lines; ++line) {
      std::vector<Channel *> sinks = lineSinks(kFromLine + line);
      for (int i = 0; i < 3; ++i)
        if (tile.lines.localInputs[i] == kFromLine + line)
          sinks.push_back(&tile.localIn[i]);
      add(tile.lineIn[line], sinks);
    }
    for (int i = 0; i < 3; ++i) {
      add(tile.localIn[i], routerSinks(kFromLocal + i));
      add(tile.operatorOut[i], routerSinks(kFromOperator + i));
      add(tile.localOut[i], lineSinks(kFromLocal + i));
    }
    for (int side = 0; side < 4; ++side)
      add(tile.sideIn[side], routerSinks(kFromSide + side));
  }
  routed = true;
}

bool Grid::mayHoldWords(const Channel &channel) {
  if (!routed)
    route();
  std::vector<const Channel *> seen;
  return mayHoldWords(channel, seen);
}

bool Grid::mayHoldWords(const Channel &channel, std::vector<const Channel *> &seen) {
  if (!channel.empty())
    return true;
  if (std::find(seen.begin(), seen.end(), &channel) != seen.end())
    return false;
  seen.push_back(&channel);
  // What fills it: a port, an operator, or the one source that it selects.
  for (const GridPort &port : ports)
    if (&tiles.front().lineIn[port.line] == &channel)
      return port.busy() && port.locals->read;
  for (const GridTile &tile : tiles)
    for (const Channel &output : tile.operatorOut)
      if (&output == &channel)
        return tile.conv.insideFrame() || !tile.fifo.empty() ||
               std::any_of(std::begin(tile.operatorIn), std::end(tile.operatorIn),
                           [&](const Channel &input) { return mayHoldWords(input, seen); });
  for (const std::vector<Mover> &ofTile : movers)
    for (const Mover &mover : ofTile)
      if (std::find(mover.sinks.begin(), mover.sinks.end(), &channel) != mover.sinks.end())
        return mayHoldWords(*mover.source, seen);
  return false;
}

bool Grid::move(const Mover &mover) {
  bool moved = false;
  while (!mover.source->empty() &&
         std::none_of(mover.sinks.begin(), mover.sinks.end(), [](const Channel *sink) { return sink->full(); })) {
    Word word = mover.source->pop();
    for (Channel *sink : mover.sinks)
      sink->push(word);
    moved = true;
  }
  return moved;
}

std::optional<uint32_t> Grid::address(const GridPort &port, std::optional<Trap> &trap) const {
  uint32_t address = port.locals->address(*port.globals, port.row, port.column);
  bool inside = address - port.globals->offset < port.globals->length && int64_t(address) < memory.size() / 2;
  if (inside)
    return address;
  trap = Trap{Cause::badAddress, address,
              "port " + std::to_string(port.index) + " leaves its place at word " + std::to_string(address) + " (row " +
                  std::to_string(port.row) + ", column " + std::to_string(port.column) + ")"};
  return std::nullopt;
}

void Grid::nextElement(GridPort &port) {
  ++(port.locals->read ? wordsRead : wordsWritten);
  if (++port.column < port.locals->w)
    return;
  port.column = 0;
  if (++port.row < port.locals->h)
    return;
  port.state = GridPort::State::done;
  if (!port.next)
    return;
  port.take(*port.next);
  port.next.reset();
  port.shadow.armed = false;
}

bool Grid::advancePort(GridPort &port, std::optional<Trap> &trap) {
  bool moved = false;
  while (port.state == GridPort::State::on && !trap) {
    Channel &line = port.locals->read ? tiles.front().lineIn[port.line] : port.lineEnd;
    if (port.locals->read ? line.full() : line.empty())
      break;
    std::optional<uint32_t> at = address(port, trap);
    if (!at)
      break;
    if (port.locals->read)
      line.push(memory.word(*at));
    else
      memory.setWord(*at, line.pop());
    nextElement(port);
    moved = true;
  }
  return moved;
}

bool Grid::advance(std::optional<Trap> &trap) {
  if (!routed)
    route();
  bool moved = false;
  for (GridPort &port : ports)
    moved |= advancePort(port, trap);
  for (size_t t = 0; t < tiles.size() && !trap; ++t)
    for (bool again = true; again;) {
      again = false;
      for (const Mover &mover : movers[t])
        again |= move(mover);
      again |= tiles[t].stepOperator();
      moved |= again;
    }
  return moved;
}

std::string Grid::whatWaits() const {
  std::string text;
  auto say = [&](const std::string &what) {
    if (!what.empty())
      text += (text.empty() ? "" : "; ") + what;
  };
  for (const GridPort &port : ports)
    if (port.state == GridPort::State::on) {
      std::string where = "row " + std::to_string(port.row) + ", column " + std::to_string(port.column) + " of " +
                          std::to_string(port.locals->h) + "x" + std::to_string(port.locals->w);
      say("port " + std::to_string(port.index) + (port.locals->read ? " waits to hand " : " waits for ") + where +
          (port.locals->read ? " to line " : " from line ") + std::to_string(port.line + 1));
    }
  for (const GridTile &tile : tiles)
    say(tile.waitsFor());
  return text;
}

const GridTile *Grid::tileWithWords() const {
  for (const GridTile &tile : tiles)
    if (tile.holdsWords())
      return &tile;
  return nullptr;
}

} // namespace cnn::neuflow
