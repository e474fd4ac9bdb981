// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/neuflow/simulator/CycleStreamer.h"

#include "runtime/neuflow/simulator/WordCheck.h"

namespace cnn::neuflow {

CycleStreamer::CycleStreamer(const Target &target, int64_t line)
    : lineEnd(target.fifosHop), target(&target), line(line), port(target, static_cast<uint8_t>(line + 1)) {}

void CycleStreamer::plan(bool lineHasRoom) {
  inputs = CyclePort::Inputs();
  inputs.lineHasRoom = lineHasRoom && !held;
  if (!lineEnd.empty())
    inputs.lineWord = lineEnd.front();
  // A read follows a read when that has nothing to make any more; another direction waits for the end.
  follows = armed && !port.isWalking() && (port.still() || (locals.read && next.read));
}

std::optional<Word> CycleStreamer::apply(bool granted, const Beat *response) {
  inputs.granted = granted;
  inputs.response = response;
  CyclePort::Outputs outputs = port.cycle(inputs);
  if (outputs.took)
    lineEnd.pop();
  if (follows) {
    locals = next;
    words[kStreamerLocals] = encode(next);
    localsEver = true;
    armed = false;
    start();
  }
  return outputs.fed;
}

bool CycleStreamer::complete() const {
  return words[kStreamerGlobals].size() == 4 && makeLocals(words[kStreamerLocals].size());
}

void CycleStreamer::start() {
  started = true;
  port.start(globals, locals);
}

BusAnswer CycleStreamer::answer(uint8_t subModule, Command command, uint32_t word) const {
  std::string name = "port " + std::to_string(target->gridPort(line));
  auto refuse = [&](Cause cause, std::string text) { return BusAnswer{true, Trap{cause, word, std::move(text)}}; };
  auto check = [&](bool wrong, const char *text) {
    return wrong ? refuse(Cause::misconfigured, name + text) : BusAnswer();
  };
  if (subModule > kStreamerLocals)
    return refuse(Cause::unknownSelect, "a streamer has no sub-module " + std::to_string(subModule));
  switch (command) {
  case Command::config:
    return check(subModule != kStreamerCommands && on(), " is configured while a stream is on");
  case Command::activate:
    if (on())
      return check(!held, " is activated while a stream is on");
    return check(!complete(), " is started without all of its words");
  case Command::control1:
    if (on() || (makeLocals(words[kStreamerLocals].size()) && !locals.read))
      return check(true, " cannot prefetch");
    return check(!complete(), " is started without all of its words");
  case Command::deactivate:
    return check(on(), " is deactivated while a stream is on");
  case Command::reset:
    return {!port.dropping(), std::nullopt};
  case Command::cacheStart:
  case Command::cacheFinish:
    if (subModule != kStreamerLocals)
      return refuse(Cause::unknownSelect, "a streamer has a shadow for its locals alone");
    if (armed)
      return {false, std::nullopt};
    return check(command == Command::cacheFinish &&
                     (words[kStreamerGlobals].size() != 4 || !makeLocals(nextWords.size())),
                 " is armed without all of its words");
  default:
    return refuse(Cause::unknownSelect, "a streamer does not know instruction " + std::string(nameOf(command)));
  }
}

void CycleStreamer::take(uint8_t subModule, Command command) {
  switch (command) {
  case Command::config:
    words[subModule].clear();
    break;
  case Command::activate:
    held = false;
    if (!on())
      start();
    break;
  case Command::control1:
    held = true;
    start();
    break;
  case Command::deactivate:
    started = false;
    break;
  case Command::reset: {
    CyclePort kept = port;
    kept.reset();
    *this = CycleStreamer(*target, line);
    port = kept;
    break;
  }
  case Command::cacheStart:
    nextWords.clear();
    break;
  case Command::cacheFinish:
    next = decodeLocals(nextWords, *target).value;
    nextWords.clear();
    armed = started = true;
    break;
  default:
    break;
  }
}

std::optional<Trap> CycleStreamer::answerData(uint8_t subModule, bool toShadow, uint32_t word) const {
  std::vector<uint32_t> all = toShadow ? nextWords : words[subModule];
  all.push_back(word);
  return checkStreamerWord(*target, line, subModule, all);
}

void CycleStreamer::takeData(uint8_t subModule, bool toShadow, uint32_t word) {
  std::vector<uint32_t> &all = toShadow ? nextWords : words[subModule];
  all.push_back(word);
  if (toShadow)
    return;
  if (subModule == kStreamerCommands)
    beats = word & 0xFFFF;
  if (subModule == kStreamerGlobals && all.size() == 4) {
    globals = decodeGlobals(all).value;
    globalsEver = true;
  }
  if (subModule == kStreamerLocals && makeLocals(all.size())) {
    locals = decodeLocals(all, *target).value;
    localsEver = true;
  }
}

Status CycleStreamer::status() const {
  if (on())
    return held && port.full(armed) ? Status::primed : Status::busy;
  return started ? Status::done : globalsEver && localsEver ? Status::idle : Status::unconfigured;
}

std::string CycleStreamer::waitsFor() const {
  if (!on())
    return "";
  std::string name = "port " + std::to_string(target->gridPort(line));
  if (held)
    return name + " waits to be activated";
  return name + (locals.read ? " waits to hand words to line " : " waits for words from line ") +
         std::to_string(line + 1);
}

} // namespace cnn::neuflow
