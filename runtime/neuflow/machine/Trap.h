// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef CNN_RUNTIME_NEUFLOW_MACHINE_TRAP_H
#define CNN_RUNTIME_NEUFLOW_MACHINE_TRAP_H

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace cnn::neuflow {

// Why a machine stops, docs/neuflow.md "Traps and the end".
enum class Cause : uint32_t {
  badInstruction = 1,
  outsideMemory = 2,
  unknownSelect = 3,
  misconfigured = 4,
  missingFeature = 5,
  badAddress = 6,
  watchdog = 7,
};

struct Trap {
  Cause cause;
  uint32_t information = 0;
  std::string text; // one sentence about what was wrong
};

// A value that a word stands for, or the trap that the word causes.
template <typename T> struct Decoded {
  T value{};
  std::optional<Trap> trap;

  Decoded(T value) : value(std::move(value)) {}
  Decoded(Trap trap) : trap(std::move(trap)) {}
};

} // namespace cnn::neuflow
#endif
