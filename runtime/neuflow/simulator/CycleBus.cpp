// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/neuflow/simulator/CycleBus.h"

namespace cnn::neuflow {

namespace {

BusAnswer refuse(Cause cause, uint32_t word, std::string text) { return {true, Trap{cause, word, std::move(text)}}; }

} // namespace

int64_t CycleBus::indexOf(const Select &select) const {
  if (isTile(select))
    return target.tileAt(select.address);
  for (int64_t line = 0; line < target.lines; ++line)
    if (target.gridPort(line) + 1 == select.address)
      return line;
  return -1;
}

std::string CycleBus::selectedText() const {
  if (!selected)
    return "nothing";
  std::string text = selectText(encode(*selected));
  return text.empty() ? "nothing" : text.substr(0, text.rfind('.'));
}

BusAnswer CycleBus::offer(Content content, uint32_t word) {
  action.reset();
  switch (content) {
  case Content::nothing:
    return {};
  case Content::select:
    return command(decodeSelect(word), word);
  case Content::instruction: {
    if (!selected || word > 0xFF)
      return refuse(Cause::unknownSelect, word, "an instruction to no module, or none that is known");
    Select select = *selected;
    select.command = static_cast<uint8_t>(word);
    return command(select, encode(select));
  }
  case Content::data:
    return data(word);
  }
  return {};
}

BusAnswer CycleBus::command(const Select &select, uint32_t word) {
  Command command = static_cast<Command>(select.command);
  bool toTile = isTile(select);
  if (!toTile && select.area != static_cast<uint8_t>(Area::streamer))
    return refuse(Cause::unknownSelect, word, "nothing is in area " + std::to_string(select.area));
  if (nameOf(command).empty())
    return refuse(Cause::unknownSelect, word, "no module knows instruction " + std::to_string(select.command));
  BusAnswer answer;
  if (select.address == 0) {
    if (select.subModule != 0 || !(command == Command::reset || (command == Command::control4 && toTile)))
      return refuse(Cause::unknownSelect, word, "this instruction cannot go to all modules");
    auto ask = [&](const BusAnswer &one) {
      answer.ready &= one.ready;
      if (one.trap)
        answer.trap = one.trap;
    };
    for (const CycleTile &tile : grid.tiles)
      if (toTile)
        ask(tile.answer(0, command, word));
    for (const CycleStreamer &streamer : grid.streamers)
      if (!toTile)
        ask(streamer.answer(0, command, word));
  } else {
    int64_t index = indexOf(select);
    if (index < 0)
      return refuse(Cause::unknownSelect, word,
                    "nothing has address " + std::to_string(select.address) + " in area " +
                        std::to_string(select.area));
    answer = toTile ? grid.tiles[index].answer(select.subModule, command, word)
                    : grid.streamers[index].answer(select.subModule, command, word);
    if (answer.ready && !answer.trap && toTile)
      grid.tiles[index].announce(select.subModule, /*isData=*/false, /*toShadow=*/false, command);
  }
  if (answer.ready && !answer.trap)
    action = Action{false, select, word};
  return answer;
}

BusAnswer CycleBus::data(uint32_t word) {
  if (!open)
    return refuse(Cause::misconfigured, word, "a data word where none is expected");
  int64_t index = indexOf(*selected);
  BusAnswer answer;
  answer.trap = isTile(*selected) ? grid.tiles[index].answerData(selected->subModule, toShadow, word)
                                  : grid.streamers[index].answerData(selected->subModule, toShadow, word);
  if (answer.trap)
    return answer;
  if (isTile(*selected))
    grid.tiles[index].announce(selected->subModule, /*isData=*/true, toShadow, Command::config);
  action = Action{true, *selected, word};
  return answer;
}

void CycleBus::act() {
  if (!action)
    return;
  Select select = action->select;
  Command command = static_cast<Command>(select.command);
  if (action->isData) {
    int64_t index = indexOf(select);
    if (!isTile(select))
      grid.streamers[index].takeData(select.subModule, toShadow, action->word);
    else if (grid.tiles[index].takeData(select.subModule, toShadow, action->word))
      grid.reroute();
  } else {
    if (select.address == 0 && isTile(select))
      for (CycleTile &tile : grid.tiles)
        tile.take(0, command);
    else if (select.address == 0)
      for (CycleStreamer &streamer : grid.streamers)
        streamer.take(0, command);
    else if (isTile(select))
      grid.tiles[indexOf(select)].take(select.subModule, command);
    else
      grid.streamers[indexOf(select)].take(select.subModule, command);
    if (command == Command::reset || command == Command::control4)
      grid.reroute();
    selected = select;
    open = command == Command::config || command == Command::cacheStart;
    toShadow = command == Command::cacheStart;
  }
  action.reset();
}

Status CycleBus::status(std::optional<Trap> &trap) const {
  if (!selected)
    return Status::notAddressed;
  if (selected->address == 0) {
    trap = Trap{Cause::unknownSelect, encode(*selected), "the status of all modules"};
    return Status::notAddressed;
  }
  int64_t index = indexOf(*selected);
  return isTile(*selected) ? grid.tiles[index].status() : grid.streamers[index].status();
}

} // namespace cnn::neuflow
