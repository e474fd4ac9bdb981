// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Runs a program cycle by cycle: the same results as the functional simulator, and the cycles of the RTL, exactly. It
// does not notice what a program must not do (docs/neuflow.md); that is what functional simulation is for.
//
// Each cycle has two phases: all modules look at the state at its beginning and decide; then all make the next state.
#ifndef CNN_RUNTIME_NEUFLOW_SIMULATOR_CYCLESIMULATOR_H
#define CNN_RUNTIME_NEUFLOW_SIMULATOR_CYCLESIMULATOR_H

#include "runtime/neuflow/machine/Trap.h"
#include "runtime/neuflow/simulator/MemoryModel.h"

#include <cstdio>
#include <memory>

namespace cnn::neuflow {

struct CycleOutcome {
  std::optional<Trap> trap; // none if the program ended
  uint64_t pc = 0;          // of the last instruction
  int64_t cycles = 0;       // from reset to the end
  int64_t instructions = 0;
};

// What was done in a run.
struct CycleCounts {
  // Of each tile: cycles in which a convolver took a position, and multiply-accumulates of its results.
  std::vector<int64_t> positions, macs;
  int64_t beats = 0; // that the memory moved
};

class CycleSimulator {
public:
  // The memory must have the target's size, and live longer.
  CycleSimulator(const Target &target, MachineMemory &memory);
  ~CycleSimulator();

  // Of the memory, in runs from now on.
  void disturb(const std::optional<Disturbance> &how) { disturbance = how; }

  // The next run is written to this file as a waveform (VCD); null: none is.
  void record(std::FILE *file) { waveformFile = file; }

  // Runs from a reset machine until the program ends or traps; a trap for the watchdog after `limit` cycles.
  CycleOutcome run(uint64_t entry, int64_t limit = INT64_MAX);

  // One flag per tile, since its last reset.
  std::vector<bool> saturated() const;
  CycleCounts counts() const;

private:
  struct Machine;
  const Target &target;
  MachineMemory &memory;
  std::optional<Disturbance> disturbance;
  std::FILE *waveformFile = nullptr;
  std::unique_ptr<Machine> machine;
};

} // namespace cnn::neuflow
#endif
