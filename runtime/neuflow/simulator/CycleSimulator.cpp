// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/neuflow/simulator/CycleSimulator.h"

#include "runtime/neuflow/simulator/CycleProcessor.h"
#include "runtime/neuflow/simulator/Waveform.h"

namespace cnn::neuflow {

struct CycleSimulator::Machine {
  Machine(const Target &target, MachineMemory &memory, uint64_t entry)
      : target(target), memory(target, memory), arbiter(target.lines + 1), grid(target), bus(target, grid),
        fetch(target, entry), processor(target, bus, entry), asks(new bool[target.lines + 1]) {}

  // False: the machine has ended or trapped.
  bool cycle();
  void watch(bool progress);
  // The waveform: names in the order of values().
  void name(Waveform &waveform) const;
  std::vector<uint64_t> values() const;

  const Target &target;
  MemoryModel memory;
  Arbiter arbiter;
  CycleGrid grid;
  CycleBus bus;
  CycleFetch fetch;
  CycleProcessor processor;
  std::unique_ptr<bool[]> asks;
  int64_t quiet = 0; // cycles without progress
  // What happened in the last cycle, for waveforms.
  int64_t granted = -1, answered = -1;
  bool instructionEnded = false;
  std::optional<Trap> trap;
};

bool CycleSimulator::Machine::cycle() {
  int64_t requesters = target.lines + 1;
  asks[0] = fetch.request() != nullptr;
  for (int64_t line = 0; line < target.lines; ++line)
    asks[line + 1] = grid.streamers[line].request() != nullptr;
  granted = memory.ready() ? arbiter.choose({asks.get(), static_cast<size_t>(requesters)}) : -1;
  const MemoryResponse *response = memory.response();
  answered = response ? response->tag : -1;
  const Beat *beat = response ? &response->data : nullptr;

  grid.plan();
  CycleProcessor::Events events = processor.cycle(fetch);
  trap = std::move(events.trap);
  instructionEnded = events.instructionEnds;
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

void CycleSimulator::Machine::name(Waveform &waveform) const {
  auto scope = [&](const std::string &name, std::initializer_list<std::pair<const char *, int>> signals) {
    waveform.beginScope(name);
    for (auto [signal, bits] : signals)
      waveform.signal(signal, bits);
    waveform.endScope();
  };
  waveform.beginScope(target.name);
  scope("processor", {{"pc", 32}, {"instruction_ends", 1}});
  // Requesters by number, all ones if there is none.
  scope("memory", {{"granted", 4}, {"answered", 4}});
  for (int64_t line = 0; line < target.lines; ++line)
    scope("port" + std::to_string(target.gridPort(line)), {{"status", 3}, {"requests", 1}, {"line_end", 11}});
  for (const Tile &tile : target.tiles)
    scope(tile.name, {{"status", 3},
                      {"input1", 11},
                      {"input2", 11},
                      {"input3", 11},
                      {"output_valid", 1},
                      {"output", 16},
                      {"saturated", 1}});
  waveform.endScope();
  waveform.endNames();
}

std::vector<uint64_t> CycleSimulator::Machine::values() const {
  std::vector<uint64_t> all = {processor.pc(), instructionEnded, static_cast<uint64_t>(granted & 15),
                               static_cast<uint64_t>(answered & 15)};
  for (const CycleStreamer &streamer : grid.streamers)
    all.insert(all.end(), {static_cast<uint64_t>(streamer.status()), streamer.request() != nullptr,
                           static_cast<uint64_t>(streamer.lineEnd.size())});
  for (const CycleTile &tile : grid.tiles) {
    all.push_back(static_cast<uint64_t>(tile.status()));
    for (const Channel &input : tile.operatorIn)
      all.push_back(static_cast<uint64_t>(input.size()));
    bool valid = tile.output() >= 0;
    all.insert(all.end(), {valid, valid ? static_cast<uint16_t>(tile.word()) : uint64_t(0), tile.saturated()});
  }
  return all;
}

CycleSimulator::CycleSimulator(const Target &target, MachineMemory &memory) : target(target), memory(memory) {
  assert(memory.size() == target.memoryBytes && "memory of another size");
}
CycleSimulator::~CycleSimulator() = default;

CycleOutcome CycleSimulator::run(uint64_t entry, int64_t limit) {
  machine = std::make_unique<Machine>(target, memory, entry);
  if (disturbance)
    machine->memory.disturb(*disturbance);
  std::optional<Waveform> waveform;
  if (waveformFile)
    machine->name(waveform.emplace(waveformFile));
  CycleOutcome outcome;
  bool on = true;
  while (on && machine->memory.cycle() < limit) {
    on = machine->cycle();
    if (!waveform)
      continue;
    waveform->at(machine->memory.cycle() * 1'000'000 / target.clockGridMhz);
    std::vector<uint64_t> values = machine->values();
    for (size_t i = 0; i < values.size(); ++i)
      waveform->set(i, values[i]);
  }
  waveformFile = nullptr;
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
