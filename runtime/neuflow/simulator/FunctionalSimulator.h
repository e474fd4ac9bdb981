// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Runs a program word for word, without time. docs/neuflow.md says what words mean; nothing else is known here: no
// section of a container but what was loaded into memory.
//
// Tiles are Kahn processes on bounded channels: what they compute does not depend on the order in which they run. The
// processor runs ahead of them, and they only run when it has to wait. Channels have the capacities of the hardware and
// pipelines hold one word, the least that they can: a program that stands still on any machine stands still here.
//
// Where the result of a program would depend on time, because it changes a tile through which words are on their way,
// or ends while streams are on, it traps.
#ifndef CNN_RUNTIME_NEUFLOW_SIMULATOR_FUNCTIONALSIMULATOR_H
#define CNN_RUNTIME_NEUFLOW_SIMULATOR_FUNCTIONALSIMULATOR_H

#include "runtime/neuflow/simulator/Convolver.h"
#include "runtime/neuflow/simulator/MachineMemory.h"

#include <memory>

namespace cnn::neuflow {

struct Outcome {
  std::optional<Trap> trap; // none if the program ended
  uint64_t pc = 0;          // of the last instruction
  int64_t instructions = 0;
};

class FunctionalSimulator {
public:
  // The memory must have the target's size, and live longer.
  FunctionalSimulator(const Target &target, MachineMemory &memory);
  ~FunctionalSimulator();

  // Runs from a reset machine until the program ends or traps; a trap for the watchdog after `limit` instructions.
  Outcome run(uint64_t entry, int64_t limit = INT64_MAX);

  // One flag per tile, since its last reset.
  std::vector<bool> saturated() const;
  // Words that went through the ports.
  int64_t wordsRead() const;
  int64_t wordsWritten() const;

private:
  struct Machine;
  std::unique_ptr<Machine> machine;
};

} // namespace cnn::neuflow
#endif
