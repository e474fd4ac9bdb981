// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/neuflow/simulator/CycleProcessor.h"

namespace cnn::neuflow {

uint64_t CycleFetch::word(uint64_t at) const {
  uint64_t value = 0;
  for (int64_t i = 3; i >= 0; --i)
    value = value << 16 | static_cast<uint16_t>(beats.front()[at % 4 * 4 + i]);
  return value;
}

const MemoryRequest *CycleFetch::request() {
  bool room = static_cast<int64_t>(beats.size()) + underWay < target.cpuFetchBeats;
  if (draining || !room || next >= static_cast<uint64_t>(target.memoryBytes / kBeatBytes))
    return nullptr;
  asked.beat = static_cast<uint32_t>(next);
  return &asked;
}

void CycleFetch::apply(const Events &events) {
  underWay += events.granted - (events.response != nullptr);
  next += events.granted;
  if (events.response && !draining)
    beats.push_back(*events.response);
  if (events.beatUsed)
    beats.pop_front();
  draining &= underWay > 0;
  if (!events.jump)
    return;
  beats.clear();
  draining = underWay > 0;
  next = *events.jump / 4;
}

CycleProcessor::CycleProcessor(const Target &target, CycleBus &bus, uint64_t entry)
    : target(target), bus(bus), instruction(entry), at(entry) {}

// The word at `at` is used up.
void CycleProcessor::use(Events &events) {
  events.beatUsed = at % 4 == 3;
  ++at;
}

void CycleProcessor::end(Events &events) {
  events.instructionEnds = true;
  if (!events.ended)
    instruction = at;
  waiting.clear();
  ++count;
}

CycleProcessor::Events CycleProcessor::cycle(const CycleFetch &fetch) {
  Events events;
  int64_t cycles = target.cpuCyclesPerInstruction * target.clockRatio();
  bool inBurst = burstLeft > 0;
  if (at >= static_cast<uint64_t>(target.memoryBytes) / 8 && (inBurst || phase == 0)) {
    events.trap = Trap{Cause::outsideMemory, static_cast<uint32_t>(at),
                       inBurst ? "a burst goes beyond the memory" : "the program runs out of the memory"};
    return events;
  }
  if ((inBurst || phase == 0) && !fetch.hasWord())
    return events;
  if (inBurst)
    burst(fetch.word(at), events);
  else if (phase == cycles - 1)
    act(decodeInstruction(fetch.word(at)), events);
  else
    ++phase;
  return events;
}

bool CycleProcessor::configure(Content content, uint32_t word, Events &events) {
  BusAnswer answer = bus.offer(content, word);
  if (!answer.ready)
    waiting = "until the bus takes " + (selectText(word).empty() ? std::to_string(word) : selectText(word));
  else
    events.trap = std::move(answer.trap);
  return answer.ready && !events.trap;
}

bool CycleProcessor::seesStatus(const Instruction &what, Events &events) {
  Status wanted = static_cast<Status>(what.a1);
  if (waited < what.a2 * target.clockRatio()) {
    ++waited;
    return false;
  }
  bool sees = bus.status(events.trap) == wanted && !events.trap;
  if (!sees)
    waiting =
        "for status " + std::string(namesOf(Field::status)[static_cast<size_t>(wanted)]) + " of " + bus.selectedText();
  return sees;
}

void CycleProcessor::act(const Instruction &what, Events &events) {
  events.trap = checkInstruction(what, target);
  if (events.trap)
    return;
  if (what.opcode == Opcode::writeConfig && !configure(static_cast<Content>(what.a1), what.imm, events))
    return;
  if (what.opcode == Opcode::getStatus && !seesStatus(what, events))
    return;
  phase = waited = 0;
  use(events);
  if (what.opcode == Opcode::configBurst) {
    burstLeft = what.imm;
    burstContent = what.a1;
    high = false;
    return;
  }
  compute(what, events);
  if (events.jump)
    at = *events.jump;
  end(events);
}

void CycleProcessor::compute(const Instruction &what, Events &events) {
  uint32_t *r = registers;
  switch (what.opcode) {
  case Opcode::setReg:
    r[what.a2] = what.imm;
    break;
  case Opcode::jump: {
    Condition condition = static_cast<Condition>(what.a1);
    if (condition == Condition::always || (r[what.a2] != 0) == (condition == Condition::nonzero))
      events.jump = what.imm;
    break;
  }
  case Opcode::add:
    r[what.a3] = r[what.a1] + r[what.a2];
    break;
  case Opcode::bitAnd:
    r[what.a3] = r[what.a1] & r[what.a2];
    break;
  case Opcode::bitOr:
    r[what.a3] = r[what.a1] | r[what.a2];
    break;
  case Opcode::shr:
    r[what.a3] = what.a2 ? static_cast<uint32_t>(static_cast<int32_t>(r[what.a1]) >> 1) : r[what.a1] >> 1;
    break;
  case Opcode::term:
    events.ended = true;
    break;
  default:
    break;
  }
}

void CycleProcessor::burst(uint64_t word, Events &events) {
  bool isLast = burstLeft == 1;
  if (!high && isLast && word >> 32) {
    events.trap = Trap{Cause::badInstruction, static_cast<uint32_t>(Opcode::configBurst),
                       "the unused half of a burst's last word is not 0"};
    return;
  }
  if (!configure(static_cast<Content>(burstContent), static_cast<uint32_t>(high ? word >> 32 : word), events))
    return;
  burstContent = static_cast<uint8_t>(Content::data);
  --burstLeft;
  if (high || isLast)
    use(events);
  high = !high;
  if (isLast)
    end(events);
}

} // namespace cnn::neuflow
