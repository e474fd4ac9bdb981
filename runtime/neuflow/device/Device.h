// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A machine with its memory, as a host sees it: load bytes, run, ask how it ended, read bytes.
//
//     Result<std::unique_ptr<Device>> device = openDevice(program.target, DeviceKind::functional);
//     if (!device || !load(**device, program)) ...
//     const RunReport &report = (*device)->run(program.entry);
//
// What runs is one of the simulators, or, in RtlDevice.h, the Verilated RTL. All give the same memory and, where
// they know time, the same cycles.
#ifndef CNN_RUNTIME_NEUFLOW_DEVICE_DEVICE_H
#define CNN_RUNTIME_NEUFLOW_DEVICE_DEVICE_H

#include "runtime/neuflow/machine/Container.h"
#include "runtime/neuflow/machine/Trap.h"
#include "runtime/neuflow/simulator/MemoryModel.h"

#include <span>

namespace cnn::neuflow {

// How a run ended.
struct RunReport {
  std::optional<Trap> trap;    // none if the program ended
  uint64_t pc = 0;             // of the last instruction
  std::vector<bool> saturated; // one flag per tile, since its last reset
  int64_t cycles = -1;         // of the grid clock, since reset; -1 where there is no time
};

// How long a run may take before it is stopped with the trap of the watchdog. A functional run counts instructions, the
// others count cycles.
struct RunLimit {
  int64_t instructions = INT64_MAX;
  int64_t cycles = INT64_MAX;
};

class Device {
public:
  virtual ~Device() = default;
  Device(const Device &) = delete;
  Device &operator=(const Device &) = delete;

  const Target &target() const { return machine; }
  // False if that is not all inside of the memory.
  [[nodiscard]] bool write(uint64_t at, std::string_view bytes) { return memory.write(at, bytes); }
  [[nodiscard]] bool read(uint64_t at, std::span<char> bytes) const;

  // Resets the machine, but not its memory, and runs from the entry, in words of 8 bytes, until the program ends or
  // traps.
  const RunReport &run(uint64_t entry, const RunLimit &limit = {});
  // Of the last run.
  const RunReport &report() const { return last; }
  // A worse memory in runs from now on, where there is time: results must not change.
  void disturb(const std::optional<Disturbance> &how) { disturbance = how; }

protected:
  explicit Device(const Target &target) : machine(target) {}
  virtual RunReport execute(uint64_t entry, const RunLimit &limit) = 0;
  // Everybody who makes a device calls this first; false if there is no room.
  [[nodiscard]] bool allocate() { return memory.allocate(machine.memoryBytes); }

  const Target machine;
  MachineMemory memory;
  std::optional<Disturbance> disturbance;

private:
  RunReport last;
};

enum class DeviceKind {
  functional, // word for word, without time
  cycles,     // cycle by cycle, as the RTL
};

// A machine with an empty memory.
Result<std::unique_ptr<Device>> openDevice(const Target &target, DeviceKind kind);

// What a program puts into the memory: its text first, then its data.
struct MemoryImage {
  uint64_t address; // bytes
  std::string bytes;
};
std::vector<MemoryImage> imagesOf(const Program &program);

// Puts the text and the data of a program where they belong. The error says what does not fit.
struct Loaded {};
Result<Loaded> load(Device &device, const Program &program);

} // namespace cnn::neuflow
#endif
