// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The memory and its arbiter in time, docs/neuflow.md "Memory". The cycle simulator and the bench around the Verilated
// RTL use this one memory, so that their cycles can be equal; the arbiter is the model of the one in the RTL.
#ifndef CNN_RUNTIME_NEUFLOW_SIMULATOR_MEMORYMODEL_H
#define CNN_RUNTIME_NEUFLOW_SIMULATOR_MEMORYMODEL_H

#include "runtime/neuflow/machine/Target.h"
#include "runtime/neuflow/simulator/MachineMemory.h"

#include <array>
#include <deque>
#include <random>
#include <span>

namespace cnn::neuflow {

using Beat = std::array<Word, kWordsPerBeat>;

struct MemoryRequest {
  bool write = false;
  uint32_t beat = 0; // address in beats
  Beat data{};       // of a write
  uint16_t mask = 0; // of a write: bit i is word i
  uint8_t tag = 0;
};

struct MemoryResponse {
  uint8_t tag = 0;
  Beat data{};
};

// A memory that is worse than it must be: requests are also refused, with this probability in percent, and answers come
// late by up to so many cycles.
struct Disturbance {
  uint64_t seed = 0;
  int refusals = 0;
  int64_t delay = 0;
};

// One cycle of the grid clock: read ready() and response(), perhaps accept(), then tick().
class MemoryModel {
public:
  // The memory must have the target's size, and live longer.
  MemoryModel(const Target &target, MachineMemory &memory) : target(target), memory(memory) {}

  // From now on.
  void disturb(const Disturbance &how);

  bool ready() const;
  // Takes a request in this cycle. False if its address is not in the memory.
  [[nodiscard]] bool accept(const MemoryRequest &request);
  // What is at the pins in this cycle; null if nothing.
  const MemoryResponse *response() const;
  void tick();

  int64_t cycle() const { return now; }
  int64_t beats() const { return accepted; }

private:
  struct Pending {
    int64_t due;
    MemoryResponse response;
  };
  const Target &target;
  MachineMemory &memory;
  std::deque<Pending> pending;
  int64_t now = 0, accepted = 0, lastDue = -1;
  Disturbance disturbance;
  bool refuses = false; // in this cycle
  std::mt19937_64 random;
};

// Who may send a request next. Requester 0 is the fetch unit, the others are the ports of the grid.
class Arbiter {
public:
  explicit Arbiter(int64_t requesters) : timeouts(requesters, 1), holder(requesters - 1) {}

  void setTimeout(int64_t requester, uint32_t beats) { timeouts[requester] = beats ? beats : 1; }
  // The requester whose request goes to the memory, if that is ready; -1 if nobody asks.
  int64_t choose(std::span<const bool> requests) const;
  // The memory has taken that request.
  void granted(int64_t requester);

private:
  std::vector<uint32_t> timeouts;
  int64_t holder;
  uint32_t had = 0; // beats, since it got the grant
};

} // namespace cnn::neuflow
#endif
