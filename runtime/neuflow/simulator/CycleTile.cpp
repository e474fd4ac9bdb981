// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/neuflow/simulator/CycleTile.h"

#include "runtime/neuflow/simulator/WordCheck.h"

namespace cnn::neuflow {

CycleTile::CycleTile(const Target &target, int64_t index)
    : lineIn(target.lines, Channel(target.fifosHop)), target(&target), index(index), tile(&target.tiles[index]),
      conv(target), arithmetic(target), fifo(isFifo() ? target.fifoWords : 0) {
  for (int i = 0; i < 3; ++i) {
    localIn[i] = localOut[i] = Channel(target.fifosHop);
    // Operators have the inputs that they use; others never have room.
    operatorIn[i] = Channel(i == 0 || isConv() || tile->kind == TileKind::alu ? target.fifosOperator : 0);
  }
  for (Channel &side : sideIn)
    side = Channel(target.fifosHop);
}

bool CycleTile::configured() const {
  return isConv() ? conv.configured() : isFifo() ? capacity > 0 : arithmetic.configured();
}

void CycleTile::plan(const bool (&ready)[3]) {
  if (isConv())
    conv.plan(operatorIn, ready);
  else if (isFifo()) {
    fifoTakes = !operatorIn[0].empty() && fifo.size() < capacity;
    fifoReady = ready[0];
    fifoFetches = !fifo.empty() && (!fifoOut || fifoReady);
  } else
    arithmetic.plan(operatorIn, ready);
}

bool CycleTile::apply() {
  if (isConv())
    conv.apply(operatorIn);
  else if (isFifo()) {
    if (fifoReady)
      fifoOut.reset();
    if (fifoFetches)
      fifoOut = fifo.pop();
    if (fifoTakes)
      fifo.push(operatorIn[0].pop());
    return fifoTakes;
  } else
    arithmetic.apply(operatorIn);
  return false;
}

int CycleTile::output() const { return isConv() ? conv.output() : isFifo() ? (fifoOut ? 0 : -1) : arithmetic.output(); }
Word CycleTile::word() const { return isConv() ? conv.word() : isFifo() ? *fifoOut : arithmetic.word(); }

BusAnswer CycleTile::answer(uint8_t subModule, Command command, uint32_t word) const {
  auto unknown = [&](std::string text) { return BusAnswer{true, Trap{Cause::unknownSelect, word, std::move(text)}}; };
  auto missing = [](Feature feature) {
    return BusAnswer{true, Trap{Cause::missingFeature, static_cast<uint32_t>(feature),
                                "this machine has no feature '" + std::string(nameOf(feature)) + "'"}};
  };
  auto waitFor = [](bool ready) { return BusAnswer{ready, std::nullopt}; };
  if (subModule > kTileLines || (subModule == kTileKernel && !isConv() && !isFifo()))
    return unknown(tile->name + " has no sub-module " + std::to_string(subModule));
  bool isKernel = isConv() && subModule == kTileKernel;
  bool ofOperator = subModule == kTileOperator || subModule == kTileKernel;
  switch (command) {
  case Command::config:
    if (isKernel && !target->has(Feature::kernelConfig))
      return missing(Feature::kernelConfig);
    return waitFor(!isKernel || conv.busLoadReady());
  case Command::reset:
    return {};
  case Command::control0:
  case Command::control1:
    if (isConv() && ofOperator)
      return waitFor(command == Command::control0 ? conv.registerReady() : conv.discardReady());
    break;
  case Command::control4:
    return target->has(Feature::shadow) ? BusAnswer() : missing(Feature::shadow);
  case Command::cacheStart:
  case Command::cacheFinish: {
    if (!target->has(Feature::shadow))
      return missing(Feature::shadow);
    if (isKernel || mostWords(*target, index, subModule) == 0)
      break;
    if (isConv() && subModule == kTileOperator ? conv.nextArmed() : shadow[subModule].armed)
      return waitFor(false);
    int64_t count = static_cast<int64_t>(shadow[subModule].words.size());
    if (command == Command::cacheFinish && count < leastWords(*target, index, subModule))
      return {true, Trap{Cause::misconfigured, word, tile->name + " is armed without all of its words"}};
    return {};
  }
  default:
    break;
  }
  return unknown(tile->name + " does not know instruction " + std::string(nameOf(command)) + " to sub-module " +
                 std::to_string(subModule));
}

void CycleTile::announce(uint8_t subModule, bool isData, bool toShadow, Command command) {
  if (!isConv())
    return;
  if (!isData && subModule == kTileKernel && command == Command::config)
    conv.announceBusLoad();
  if (isData && !toShadow && subModule == kTileOperator && direct[subModule].size() == 2)
    conv.announceSet();
}

void CycleTile::take(uint8_t subModule, Command command) {
  switch (command) {
  case Command::config:
    direct[subModule].clear();
    if (isConv() && subModule == kTileKernel)
      conv.beginBusLoad();
    break;
  case Command::reset: {
    int64_t positions = conv.positions, macs = conv.macs;
    *this = CycleTile(*target, index);
    conv.positions = positions, conv.macs = macs;
    break;
  }
  case Command::control0:
    conv.registerKernel();
    break;
  case Command::control1:
    conv.discardKernel();
    break;
  case Command::control4:
    for (uint8_t sub = 0; sub < 4; ++sub)
      if (Set &set = shadow[sub]; set.armed) {
        use(sub, set.words, /*all=*/true);
        set = Set();
      }
    break;
  case Command::cacheStart:
    shadow[subModule].words.clear();
    break;
  case Command::cacheFinish:
    if (isConv() && subModule == kTileOperator) {
      conv.arm(decodeConv(shadow[subModule].words, *target).value);
      shadow[subModule].words.clear();
    } else
      shadow[subModule].armed = true;
    break;
  default:
    break;
  }
}

std::optional<Trap> CycleTile::answerData(uint8_t subModule, bool toShadow, uint32_t word) const {
  std::vector<uint32_t> all = toShadow ? shadow[subModule].words : direct[subModule];
  all.push_back(word);
  if (isConv() && subModule == kTileOperator && !toShadow && conv.insideFrame())
    return Trap{Cause::misconfigured, word, tile->name + " is configured inside a frame"};
  return checkTileWord(*target, index, subModule, all);
}

bool CycleTile::takeData(uint8_t subModule, bool toShadow, uint32_t word) {
  std::vector<uint32_t> &all = toShadow ? shadow[subModule].words : direct[subModule];
  all.push_back(word);
  if (!toShadow)
    use(subModule, all, /*all=*/false);
  return subModule == kTileRouter || subModule == kTileLines;
}

void CycleTile::use(uint8_t subModule, const std::vector<uint32_t> &words, bool all) {
  int64_t last = static_cast<int64_t>(words.size()) - 1;
  for (int64_t i = all ? 0 : last; i <= last && subModule == kTileRouter; ++i) {
    RouterConfig config = decodeRouterWord(words[i], i, index, *target).value;
    if (i == 0)
      router.operatorInputs = config.operatorInputs;
    else
      router.localOutputs = config.localOutputs, router.sides = config.sides;
  }
  for (int64_t i = all ? 0 : last; i <= last && subModule == kTileLines; ++i) {
    LinesConfig config = decodeLinesWord(words[i], i, *target).value;
    if (i == 0)
      lines.lines = config.lines;
    else
      lines.localInputs = config.localInputs;
  }
  if (subModule == kTileRouter || subModule == kTileLines)
    return;
  switch (tile->kind) {
  case TileKind::conv:
    if (subModule == kTileKernel)
      conv.busWord(words.back());
    else if (last == 2)
      conv.configure(decodeConv(words, *target).value);
    else if (last == 3)
      conv.countFrames(words.back());
    break;
  case TileKind::alu:
    arithmetic.configure(decodeAlu(words, *target).value);
    break;
  case TileKind::mapper:
    if (last + 1 == 2 * target->mapperSegments)
      arithmetic.configure(decodeMapper(words, *target).value);
    break;
  case TileKind::fifo:
    capacity = decodeFifo(words.back(), *target).value;
    break;
  }
}

Status CycleTile::status() const {
  if (!configured())
    return Status::unconfigured;
  bool busy = isConv() ? conv.busy() : isFifo() ? !fifo.empty() || fifoOut : arithmetic.busy();
  return busy ? Status::busy : Status::idle;
}

std::string CycleTile::waitsFor() const {
  std::string what;
  if (isConv())
    what = conv.waitsFor(operatorIn);
  else if (isFifo())
    what = fifoOut ? "waits to hand on its output" : "";
  else
    what = arithmetic.waitsFor(operatorIn);
  return what.empty() ? "" : tile->name + " " + what;
}

} // namespace cnn::neuflow
