// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The control processor with its fetch unit in time, docs/neuflow.md "The control processor": the models of nf_cpu and
// nf_fetch in the RTL.
#ifndef CNN_RUNTIME_NEUFLOW_SIMULATOR_CYCLEPROCESSOR_H
#define CNN_RUNTIME_NEUFLOW_SIMULATOR_CYCLEPROCESSOR_H

#include "runtime/neuflow/simulator/CycleBus.h"

namespace cnn::neuflow {

// The buffer of beats of the program.
class CycleFetch {
public:
  CycleFetch(const Target &target, uint64_t entry) : target(target), next(entry / 4) {}

  // The state at the beginning of a cycle.
  bool hasWord() const { return !beats.empty(); }
  uint64_t word(uint64_t at) const;
  const MemoryRequest *request();
  // Makes the state of the next cycle.
  struct Events {
    bool granted = false;
    const Beat *response = nullptr;
    bool beatUsed = false;
    std::optional<uint64_t> jump; // word of 8 bytes
  };
  void apply(const Events &events);

private:
  const Target &target;
  std::deque<Beat> beats;
  MemoryRequest asked;
  uint64_t next; // beat
  int64_t underWay = 0;
  bool draining = false;
};

class CycleProcessor {
public:
  CycleProcessor(const Target &target, CycleBus &bus, uint64_t entry);

  // What happens in a cycle, between the plan() and the apply() of the grid.
  struct Events {
    std::optional<Trap> trap;
    bool ended = false; // the program
    bool instructionEnds = false;
    bool beatUsed = false;
    std::optional<uint64_t> jump;
  };
  Events cycle(const CycleFetch &fetch);
  uint64_t pc() const { return instruction; }
  int64_t instructions() const { return count; }
  // "until the bus takes tile.1.operator.control0", for messages.
  std::string waits() const { return waiting; }

private:
  void act(const Instruction &what, Events &events);
  void burst(uint64_t word, Events &events);
  bool configure(Content content, uint32_t word, Events &events);
  bool seesStatus(const Instruction &what, Events &events);
  void compute(const Instruction &what, Events &events);
  void use(Events &events);
  void end(Events &events);

  const Target &target;
  CycleBus &bus;
  uint64_t instruction; // place of the one that is on, or the next one
  uint64_t at;          // of the next word of the text to be used
  int64_t phase = 0, waited = 0, count = 0;
  int64_t burstLeft = 0;
  uint8_t burstContent = 0;
  bool high = false;
  uint32_t registers[16] = {};
  std::string waiting;
};

} // namespace cnn::neuflow
#endif
