// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/neuflow/simulator/ConfigBus.h"

#include "runtime/neuflow/simulator/WordCheck.h"

namespace cnn::neuflow {

namespace {

Trap misconfigured(uint32_t word, std::string text) { return {Cause::misconfigured, word, std::move(text)}; }
Trap missing(Feature feature) {
  return {Cause::missingFeature, static_cast<uint32_t>(feature),
          "this machine has no feature '" + std::string(nameOf(feature)) + "'"};
}

// The channel that a select takes words from; one that is always empty for none.
const Channel *routerSource(const GridTile &tile, uint8_t select) {
  static const Channel none;
  return select == kFromNone    ? &none
         : select >= kFromSide  ? &tile.sideIn[select - kFromSide]
         : select >= kFromLocal ? &tile.localIn[select - kFromLocal]
                                : &tile.operatorOut[select];
}
const Channel *lineSource(const GridTile &tile, uint8_t select) {
  static const Channel none;
  return select == kFromNone    ? &none
         : select >= kFromLocal ? &tile.localOut[select - kFromLocal]
                                : &tile.lineIn[select];
}

std::string moduleText(const Select &select) {
  std::string text = selectText(encode(select));
  return text.empty() ? "area " + std::to_string(select.area) + ", address " + std::to_string(select.address)
                      : text.substr(0, text.rfind('.'));
}

} // namespace

Trap ConfigBus::unknown(uint32_t word, const std::string &what) const { return {Cause::unknownSelect, word, what}; }

std::string ConfigBus::selectedText() const { return selected ? moduleText(*selected) : "nothing"; }

int64_t ConfigBus::portOf(const Select &select) const {
  for (const GridPort &port : grid.ports)
    if (port.index + 1 == select.address)
      return port.line;
  return -1;
}

bool ConfigBus::offer(Content content, uint32_t word, std::optional<Trap> &trap) {
  switch (content) {
  case Content::nothing:
    return true;
  case Content::select:
    return command(decodeSelect(word), word, trap);
  case Content::instruction: {
    if (!selected || word > 0xFF) {
      trap = unknown(word, "an instruction to no module, or none that is known");
      return true;
    }
    Select select = *selected;
    select.command = static_cast<uint8_t>(word);
    return command(select, encode(select), trap);
  }
  case Content::data:
    data(word, trap);
    return true;
  }
  return true;
}

bool ConfigBus::command(const Select &select, uint32_t word, std::optional<Trap> &trap) {
  Command command = static_cast<Command>(select.command);
  bool isTile = select.area == static_cast<uint8_t>(Area::tile);
  bool isStreamer = select.area == static_cast<uint8_t>(Area::streamer);
  if (!isTile && !isStreamer) {
    trap = unknown(word, "nothing is in area " + std::to_string(select.area));
    return true;
  }
  if (nameOf(command).empty()) {
    trap = unknown(word, "no module knows instruction " + std::to_string(select.command));
    return true;
  }
  bool taken = true;
  if (select.address == 0) {
    bool broadcast = select.subModule == 0 && (command == Command::reset || (command == Command::control4 && isTile));
    if (!broadcast) {
      trap = unknown(word, "this instruction cannot go to all modules");
      return true;
    }
    if (isTile)
      for (GridTile &tile : grid.tiles)
        tileCommand(tile, 0, command, word, trap);
    else
      for (GridPort &port : grid.ports)
        portCommand(port, 0, command, word, trap);
  } else {
    int64_t index = isTile ? target.tileAt(select.address) : portOf(select);
    if (index < 0) {
      trap = unknown(word, "nothing has address " + std::to_string(select.address) + " in area " +
                               std::to_string(select.area));
      return true;
    }
    taken = isTile ? tileCommand(grid.tiles[index], select.subModule, command, word, trap)
                   : portCommand(grid.ports[index], select.subModule, command, word, trap);
  }
  if (!taken)
    return false;
  selected = select;
  open = command == Command::config || command == Command::cacheStart;
  toShadow = command == Command::cacheStart;
  return true;
}

bool ConfigBus::portCommand(GridPort &port, uint8_t subModule, Command command, uint32_t word,
                            std::optional<Trap> &trap) {
  if (subModule > kStreamerLocals) {
    trap = unknown(word, "a streamer has no sub-module " + std::to_string(subModule));
    return true;
  }
  auto startIt = [&](GridPort::State state) {
    if (port.direct[kStreamerGlobals].words.size() != 4 || !makeLocals(port.direct[kStreamerLocals].words.size()))
      trap = misconfigured(word, "port " + std::to_string(port.index) + " is started without all of its words");
    else {
      if (!port.busy())
        port.start();
      port.state = state;
    }
  };
  switch (command) {
  case Command::config:
    if (subModule != kStreamerCommands && port.busy())
      trap = misconfigured(word, "port " + std::to_string(port.index) + " is configured while a stream is on");
    else
      port.direct[subModule].words.clear();
    return true;
  case Command::activate:
    if (port.state == GridPort::State::on)
      trap = misconfigured(word, "port " + std::to_string(port.index) + " is activated while a stream is on");
    else
      startIt(GridPort::State::on);
    return true;
  case Command::control1:
    if (port.busy() || (port.locals && !port.locals->read))
      trap = misconfigured(word, "port " + std::to_string(port.index) + " cannot prefetch");
    else
      startIt(GridPort::State::prefetched);
    return true;
  case Command::deactivate:
    if (port.busy())
      trap = misconfigured(word, "port " + std::to_string(port.index) + " is deactivated while a stream is on");
    else
      port.state = GridPort::State::idle;
    return true;
  case Command::reset:
    grid.resetPort(port.line);
    return true;
  case Command::cacheStart:
    if (subModule != kStreamerLocals) {
      trap = unknown(word, "a streamer has a shadow for its locals alone");
      return true;
    }
    if (port.shadow.armed)
      return false;
    port.shadow.words.clear();
    return true;
  case Command::cacheFinish: {
    if (subModule != kStreamerLocals) {
      trap = unknown(word, "a streamer has a shadow for its locals alone");
      return true;
    }
    if (port.shadow.armed)
      return false;
    if (port.direct[kStreamerGlobals].words.size() != 4 || !makeLocals(port.shadow.words.size())) {
      trap = misconfigured(word, "port " + std::to_string(port.index) + " is armed without all of its words");
      return true;
    }
    Decoded<StreamLocals> locals = decodeLocals(port.shadow.words, target);
    if (port.busy()) {
      if (port.locals->read != locals.value.read)
        return false; // until nothing is on
      port.next = locals.value;
      port.shadow.armed = true;
      return true;
    }
    port.take(locals.value);
    port.shadow.words.clear();
    return true;
  }
  default:
    trap = unknown(word, "a streamer does not know instruction " + std::string(nameOf(command)));
    return true;
  }
}

bool ConfigBus::tileCommand(GridTile &tile, uint8_t subModule, Command command, uint32_t word,
                            std::optional<Trap> &trap) {
  bool isConv = tile.tile->kind == TileKind::conv, isFifo = tile.tile->kind == TileKind::fifo;
  if (subModule > kTileLines || (subModule == kTileKernel && !isConv && !isFifo)) {
    trap = unknown(word, tile.tile->name + " has no sub-module " + std::to_string(subModule));
    return true;
  }
  bool isKernel = isConv && subModule == kTileKernel;
  switch (command) {
  case Command::config:
    if (isKernel) {
      if (!target.has(Feature::kernelConfig))
        trap = missing(Feature::kernelConfig);
      else if (!tile.conv.busLoadReady())
        return false;
      else
        tile.conv.beginBusLoad();
    }
    tile.direct[subModule].words.clear();
    return true;
  case Command::reset:
    grid.resetTile(&tile - grid.tiles.data());
    return true;
  case Command::control0:
  case Command::control1: {
    if (!isConv || (subModule != kTileOperator && subModule != kTileKernel))
      break;
    bool ready = command == Command::control0 ? tile.conv.registerReady() : tile.conv.discardReady();
    if (!ready)
      return false;
    command == Command::control0 ? tile.conv.registerKernel() : tile.conv.discardKernel();
    return true;
  }
  case Command::control4:
  case Command::cacheStart:
  case Command::cacheFinish: {
    if (!target.has(Feature::shadow)) {
      trap = missing(Feature::shadow);
      return true;
    }
    if (command == Command::control4) {
      commit(tile, trap);
      return true;
    }
    if (mostWords(target, indexOf(tile), subModule) == 0 || isKernel)
      break;
    ConfigSet &shadow = tile.shadow[subModule];
    bool waits = isConv && subModule == kTileOperator ? tile.conv.nextIsSet() : shadow.armed;
    if (waits)
      return false;
    if (command == Command::cacheStart)
      shadow.words.clear();
    else if (static_cast<int64_t>(shadow.words.size()) < leastWords(target, indexOf(tile), subModule))
      trap = misconfigured(word, tile.tile->name + " is armed without all of its words");
    else if (isConv && subModule == kTileOperator) {
      tile.conv.setNext(decodeConv(shadow.words, target).value);
      shadow.words.clear();
    } else
      shadow.armed = true;
    return true;
  }
  default:
    break;
  }
  trap = unknown(word, tile.tile->name + " does not know instruction " + std::string(nameOf(command)) +
                           " to sub-module " + std::to_string(subModule));
  return true;
}

void ConfigBus::commit(GridTile &tile, std::optional<Trap> &trap) {
  for (uint8_t subModule = 0; subModule < 4 && !trap; ++subModule) {
    ConfigSet &shadow = tile.shadow[subModule];
    if (!shadow.armed)
      continue;
    shadow.armed = false;
    apply(tile, subModule, shadow.words, /*all=*/true, trap);
    shadow.words.clear();
  }
}

void ConfigBus::data(uint32_t word, std::optional<Trap> &trap) {
  if (!open) {
    trap = misconfigured(word, "a data word where none is expected");
    return;
  }
  if (selected->area == static_cast<uint8_t>(Area::streamer))
    portData(grid.ports[portOf(*selected)], word, trap);
  else
    tileData(grid.tiles[target.tileAt(selected->address)], word, trap);
}

void ConfigBus::portData(GridPort &port, uint32_t word, std::optional<Trap> &trap) {
  std::vector<uint32_t> &words = toShadow ? port.shadow.words : port.direct[selected->subModule].words;
  words.push_back(word);
  trap = checkStreamerWord(target, port.line, selected->subModule, words);
  if (trap || toShadow)
    return;
  if (selected->subModule == kStreamerGlobals && words.size() == 4)
    port.globals = decodeGlobals(words).value;
  if (selected->subModule == kStreamerLocals && makeLocals(words.size()))
    port.locals = decodeLocals(words, target).value;
}

void ConfigBus::tileData(GridTile &tile, uint32_t word, std::optional<Trap> &trap) {
  uint8_t subModule = selected->subModule;
  std::vector<uint32_t> &words = (toShadow ? tile.shadow : tile.direct)[subModule].words;
  words.push_back(word);
  trap = checkTileWord(target, indexOf(tile), subModule, words);
  if (trap || toShadow)
    return;
  if (tile.tile->kind == TileKind::conv && subModule == kTileKernel)
    tile.conv.busWord(word);
  else
    apply(tile, subModule, words, /*all=*/false, trap);
}

void ConfigBus::apply(GridTile &tile, uint8_t subModule, const std::vector<uint32_t> &words, bool all,
                      std::optional<Trap> &trap) {
  // What a program computes would depend on how far words have come, if they are on their way to what changes.
  auto mayChange = [&](bool changes, std::initializer_list<const Channel *> sources) {
    for (const Channel *source : sources)
      if (changes && !trap && grid.mayHoldWords(*source))
        trap = misconfigured(words.back(), tile.tile->name + " is changed while words are on their way through it");
    return !trap;
  };
  const std::initializer_list<const Channel *> inputs = {&tile.operatorIn[0], &tile.operatorIn[1], &tile.operatorIn[2]};
  int64_t index = static_cast<int64_t>(words.size()) - 1;
  if (subModule == kTileRouter) {
    for (int64_t i = all ? 0 : index; i <= index && !trap; ++i) {
      Decoded<RouterConfig> decoded = decodeRouterWord(words[i], i, indexOf(tile), target);
      auto set = [&](uint8_t &select, uint8_t value) {
        if (mayChange(select != value, {routerSource(tile, select)}))
          select = value;
      };
      for (int k = 0; k < 3; ++k)
        i == 0 ? set(tile.router.operatorInputs[k], decoded.value.operatorInputs[k])
               : set(tile.router.localOutputs[k], decoded.value.localOutputs[k]);
      for (int k = 0; k < 4 && i == 1; ++k)
        set(tile.router.sides[k], decoded.value.sides[k]);
    }
    grid.reroute();
    return;
  }
  if (subModule == kTileLines) {
    for (int64_t i = all ? 0 : index; i <= index && !trap; ++i) {
      Decoded<LinesConfig> decoded = decodeLinesWord(words[i], i, target);
      auto set = [&](uint8_t &select, uint8_t value) {
        if (mayChange(select != value, {lineSource(tile, select)}))
          select = value;
      };
      for (int k = 0; k < (i == 0 ? 8 : 3); ++k)
        i == 0 ? set(tile.lines.lines[k], decoded.value.lines[k])
               : set(tile.lines.localInputs[k], decoded.value.localInputs[k]);
    }
    grid.reroute();
    return;
  }
  if (subModule == kTileFifo) {
    Decoded<int64_t> capacity = decodeFifo(words[0], target);
    if (capacity.value == tile.fifoCapacity || !mayChange(tile.fifoCapacity != 0, {&tile.fifo, &tile.operatorIn[0]}))
      return;
    tile.fifo = Channel(capacity.value);
    tile.fifoCapacity = capacity.value;
    return;
  }
  switch (tile.tile->kind) {
  case TileKind::conv: {
    if (tile.conv.insideFrame()) {
      trap = misconfigured(words.back(), tile.tile->name + " is configured inside a frame");
      return;
    }
    if (index < 2)
      return;
    Decoded<ConvConfig> config = decodeConv(words, target);
    const std::optional<ConvConfig> &old = tile.conv.config();
    if (mayChange(old && !(*old == config.value), {&tile.operatorIn[0]}))
      tile.conv.configure(config.value);
    return;
  }
  case TileKind::alu: {
    Decoded<AluConfig> config = decodeAlu(words, target);
    if (mayChange(tile.alu && !(config.value == *tile.alu), inputs))
      tile.alu = config.value;
    return;
  }
  case TileKind::mapper: {
    if (index + 1 < 2 * target.mapperSegments)
      return;
    Decoded<MapperConfig> config = decodeMapper(words, target);
    if (mayChange(tile.mapper && !(config.value == *tile.mapper), inputs))
      tile.mapper = std::move(config.value);
    return;
  }
  case TileKind::fifo:
    return;
  }
}

Status ConfigBus::status(std::optional<Trap> &trap) const {
  if (!selected)
    return Status::notAddressed;
  if (selected->address == 0) {
    trap = unknown(encode(*selected), "the status of all modules");
    return Status::notAddressed;
  }
  if (selected->area == static_cast<uint8_t>(Area::streamer)) {
    const GridPort &port = grid.ports[portOf(*selected)];
    switch (port.state) {
    case GridPort::State::idle:
      return port.globals && port.locals ? Status::idle : Status::unconfigured;
    case GridPort::State::prefetched:
      return Status::primed;
    case GridPort::State::on:
      return Status::busy;
    case GridPort::State::done:
      return Status::done;
    }
  }
  const GridTile &tile = grid.tiles[target.tileAt(selected->address)];
  if (!tile.operatorConfigured())
    return Status::unconfigured;
  bool busy = tile.conv.insideFrame() || !tile.fifo.empty();
  for (const Channel &output : tile.operatorOut)
    busy |= !output.empty();
  return busy ? Status::busy : Status::idle;
}

} // namespace cnn::neuflow
