// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/neuflow/simulator/CycleSimulator.h"

#include "runtime/neuflow/simulator/CycleProcessor.h"

namespace cnn::neuflow {

struct CycleSimulator::Machine {
  Machine(const Target &target, MachineMemory &memory, uint64_t entry)
      : target(target), memory(target, memory), arbiter(target.lines + 1), grid(target), bus(target, grid),
        fetch(target, entry), processor(target, bus, entry), asks(new bool[target.lines + 1]) {}

  // False: the machine has ended or trapped.
  bool cycle();
  void watch(bool progress);

  const Target &target;
  MemoryModel memory;
  Arbiter arbiter;
  CycleGrid grid;
  CycleBus bus;
  CycleFetch fetch;
  CycleProcessor processor;
  std::unique_ptr<bool[]> asks;
  int64_t quiet = 0; // cycles without progress
  int64_t granted = -1;
  std::optional<Trap> trap;
};

bool CycleSimulator::Machine::cycle() {
  int64_t requesters = target.lines + 1;
  asks[0] = fetch.request() != nullptr;
  for (int64_t line = 0; line < target.lines; ++line)
    asks[line + 1] = grid.streamers[line].request() != nullptr;
  granted = memory.ready() ? arbiter.choose({asks.get(), static_cast<size_t>(requesters)}) : -1;
  const MemoryResponse *response = memory.response();
  const Beat *beat = response ? &response->data : nullptr;

  grid.plan();
  CycleProcessor::Events events = processor.cycle(fetch);
  trap = std::move(events.trap);
  for (int64_t line = 0; line < target.lines && !trap && !events.ended; ++line)
    if (std::optional<uint32_t> address = grid.streamers[line].leaves())
      trap = Trap{Cause::badAddress, *address,
                  "port " + std::to_string(target.gridPort(line)) + " leaves its place at word " +
                      std::to_string(*address)};

  if (granted >= 0) {
    arbiter.granted(granted);
    [[maybe_unused]] bool inside =
        memory.accept(granted == 0 ? *fetch.request() : *grid.streamers[granted - 1].request());
    assert(inside && "a request outside of the memory");
  }
  fetch.apply({granted == 0, response && response->tag == 0 ? beat : nullptr, events.beatUsed, events.jump});
  grid.apply(granted - 1, response ? response->tag - 1 : -1, response && response->tag > 0 ? beat : nullptr);
  bus.act();
  for (int64_t line = 0; line < target.lines; ++line)
    arbiter.setTimeout(line + 1, grid.streamers[line].timeout());
  if (!trap && !events.ended)
    watch(grid.moved() || granted >= 0 || response || events.instructionEnds);
  memory.tick();
  return !trap && !events.ended;
}

void CycleSimulator::Machine::watch(bool progress) {
  quiet = progress ? 0 : quiet + 1;
  if (quiet < target.watchdog)
    return;
  std::string others = grid.whatWaits(), waits = processor.waits();
  trap = Trap{Cause::watchdog, 0,
              "nothing moves for " + std::to_string(quiet) + " cycles: the processor waits " +
                  (waits.empty() ? "for its program" : waits) + (others.empty() ? "" : "; ") + others};
}

CycleSimulator::CycleSimulator(const Target &target, MachineMemory &memory) : target(target), memory(memory) {
  assert(memory.size() == target.memoryBytes && "memory of another size");
}
CycleSimulator::~CycleSimulator() = default;

CycleOutcome CycleSimulator::run(uint64_t entry, int64_t limit) {
  machine = std::make_unique<Machine>(target, memory, entry);
  if (disturbance)
    machine->memory.disturb(*disturbance);
  CycleOutcome outcome;
  bool on = true;
  while (on && machine->memory.cycle() < limit)
    on = machine->cycle();
  outcome.pc = machine->processor.pc();
  outcome.cycles = machine->memory.cycle();
  outcome.instructions = machine->processor.instructions();
  outcome.trap = machine->trap;
  if (on)
    outcome.trap = Trap{Cause::watchdog, 0, "the program does not end within " + std::to_string(limit) + " cycles"};
  return outcome;
}

std::vector<bool> CycleSimulator::saturated() const {
  std::vector<bool> flags(target.tiles.size());
  for (size_t i = 0; i < flags.size() && machine; ++i)
    flags[i] = machine->grid.tiles[i].saturated();
  return flags;
}

CycleCounts CycleSimulator::counts() const {
  CycleCounts counts;
  if (!machine)
    return counts;
  for (const CycleTile &tile : machine->grid.tiles) {
    counts.positions.push_back(tile.convolver().positions);
    counts.macs.push_back(tile.convolver().macs);
  }
  counts.beats = machine->memory.beats();
  return counts;
}

} // namespace cnn::neuflow
