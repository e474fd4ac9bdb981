// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/neuflow/simulator/FunctionalSimulator.h"

#include "runtime/neuflow/simulator/ConfigBus.h"

namespace cnn::neuflow {

struct FunctionalSimulator::Machine {
  Machine(const Target &target, MachineMemory &memory)
      : target(target), memory(memory), grid(target, memory), bus(target, grid) {}

  // Executes the instruction at `pc`. False: the machine has ended or trapped.
  bool step();
  bool execute(const Instruction &instruction);
  // Puts a word on the bus, and lets the grid run while nobody takes it.
  bool configure(uint8_t content, uint32_t word);
  bool burst(const Instruction &instruction);
  bool waitForStatus(Status wanted);
  bool end();
  // Lets the grid run on; false if it stands, after a trap that says what the processor waits for: processor().
  template <typename Text> bool advance(Text processor);
  bool stop(Trap reason) {
    trap = std::move(reason);
    return false;
  }

  const Target &target;
  MachineMemory &memory;
  Grid grid;
  ConfigBus bus;
  uint64_t pc = 0, nextPc = 0;
  uint32_t registers[16] = {};
  std::optional<Trap> trap;
};

template <typename Text> bool FunctionalSimulator::Machine::advance(Text processor) {
  if (grid.advance(trap))
    return !trap;
  if (trap)
    return false;
  std::string others = grid.whatWaits();
  return stop({Cause::watchdog, 0,
               "nothing moves: the processor waits " + processor() + (others.empty() ? "" : "; ") + others});
}

bool FunctionalSimulator::Machine::configure(uint8_t content, uint32_t word) {
  while (!bus.offer(static_cast<Content>(content), word, trap))
    if (!advance([&] {
          std::string select = selectText(word);
          return "until the bus takes " + (select.empty() ? std::to_string(word) : select);
        }))
      return false;
  return !trap;
}

bool FunctionalSimulator::Machine::burst(const Instruction &instruction) {
  int64_t count = instruction.imm;
  for (int64_t i = 0; i < inlineWords(instruction); ++i) {
    uint64_t at = pc + 1 + static_cast<uint64_t>(i);
    if (at >= static_cast<uint64_t>(memory.size()) / 8)
      return stop({Cause::outsideMemory, static_cast<uint32_t>(at), "a burst goes beyond the memory"});
    uint64_t pair = memory.instruction(at);
    uint32_t high = static_cast<uint32_t>(pair >> 32);
    bool hasHigh = 2 * i + 1 < count;
    if (!hasHigh && high != 0)
      return stop({Cause::badInstruction, static_cast<uint32_t>(instruction.opcode),
                   "the unused half of a burst's last word is not 0"});
    if (!configure(i == 0 ? instruction.a1 : static_cast<uint8_t>(Content::data), static_cast<uint32_t>(pair)))
      return false;
    if (hasHigh && !configure(static_cast<uint8_t>(Content::data), high))
      return false;
  }
  nextPc += static_cast<uint64_t>(inlineWords(instruction));
  return true;
}

bool FunctionalSimulator::Machine::waitForStatus(Status wanted) {
  while (true) {
    Status shown = bus.status(trap);
    if (trap || shown == wanted)
      return !trap;
    if (!advance([&] {
          return "for status " + std::string(namesOf(Field::status)[static_cast<size_t>(wanted)]) + " of " +
                 bus.selectedText();
        }))
      return false;
  }
}

bool FunctionalSimulator::Machine::end() {
  for (const GridPort &port : grid.ports)
    if (port.busy())
      return stop({Cause::watchdog, 0, "the program ends while port " + std::to_string(port.index) + " is on"});
  while (grid.advance(trap))
    ;
  if (const GridTile *tile = grid.tileWithWords(); tile && !trap)
    return stop({Cause::watchdog, 0, "the program ends while words are in " + tile->tile->name});
  for (const GridPort &port : grid.ports)
    if (!port.lineEnd.empty() && !trap)
      return stop({Cause::watchdog, 0, "the program ends while words wait for port " + std::to_string(port.index)});
  for (const GridTile &tile : grid.tiles)
    if (tile.conv.kernelOutside() && !trap)
      return stop({Cause::misconfigured, 0, "a kernel of " + tile.tile->name + " has numbers outside of its size"});
  return false;
}

bool FunctionalSimulator::Machine::execute(const Instruction &instruction) {
  uint32_t *r = registers;
  switch (instruction.opcode) {
  case Opcode::writeConfig:
    return configure(instruction.a1, instruction.imm);
  case Opcode::getStatus:
    return waitForStatus(static_cast<Status>(instruction.a1));
  case Opcode::setReg:
    r[instruction.a2] = instruction.imm;
    return true;
  case Opcode::jump: {
    Condition condition = static_cast<Condition>(instruction.a1);
    bool jumps = condition == Condition::always || (r[instruction.a2] != 0) == (condition == Condition::nonzero);
    if (jumps)
      nextPc = instruction.imm;
    return true;
  }
  case Opcode::add:
    r[instruction.a3] = r[instruction.a1] + r[instruction.a2];
    return true;
  case Opcode::bitAnd:
    r[instruction.a3] = r[instruction.a1] & r[instruction.a2];
    return true;
  case Opcode::bitOr:
    r[instruction.a3] = r[instruction.a1] | r[instruction.a2];
    return true;
  case Opcode::shr:
    r[instruction.a3] =
        instruction.a2 ? static_cast<uint32_t>(static_cast<int32_t>(r[instruction.a1]) >> 1) : r[instruction.a1] >> 1;
    return true;
  case Opcode::nop:
    return true;
  case Opcode::term:
    return end();
  case Opcode::configBurst:
    return burst(instruction);
  default:
    return stop({Cause::badInstruction, static_cast<uint32_t>(instruction.opcode), "an instruction that is not built"});
  }
}

bool FunctionalSimulator::Machine::step() {
  if (pc >= static_cast<uint64_t>(memory.size()) / 8)
    return stop({Cause::outsideMemory, static_cast<uint32_t>(pc), "the program runs out of the memory"});
  Instruction instruction = decodeInstruction(memory.instruction(pc));
  if (std::optional<Trap> refused = checkInstruction(instruction, target))
    return stop(std::move(*refused));
  nextPc = pc + 1;
  return execute(instruction);
}

FunctionalSimulator::FunctionalSimulator(const Target &target, MachineMemory &memory)
    : machine(std::make_unique<Machine>(target, memory)) {
  assert(memory.size() == target.memoryBytes && "memory of another size");
}
FunctionalSimulator::~FunctionalSimulator() = default;

Outcome FunctionalSimulator::run(uint64_t entry, int64_t limit) {
  const Target &target = machine->target;
  MachineMemory &memory = machine->memory;
  machine = std::make_unique<Machine>(target, memory);
  machine->pc = entry;
  Outcome outcome;
  while (true) {
    outcome.pc = machine->pc;
    if (outcome.instructions == limit) {
      outcome.trap =
          Trap{Cause::watchdog, 0, "the program does not end within " + std::to_string(limit) + " instructions"};
      return outcome;
    }
    ++outcome.instructions;
    if (!machine->step()) {
      outcome.trap = machine->trap;
      return outcome;
    }
    machine->pc = machine->nextPc;
  }
}

std::vector<bool> FunctionalSimulator::saturated() const {
  std::vector<bool> flags;
  for (const GridTile &tile : machine->grid.tiles)
    flags.push_back(tile.saturated);
  return flags;
}

int64_t FunctionalSimulator::wordsRead() const { return machine->grid.wordsRead; }
int64_t FunctionalSimulator::wordsWritten() const { return machine->grid.wordsWritten; }

} // namespace cnn::neuflow
