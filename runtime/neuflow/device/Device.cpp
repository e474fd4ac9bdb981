// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/neuflow/device/Device.h"

#include "runtime/neuflow/simulator/CycleSimulator.h"
#include "runtime/neuflow/simulator/FunctionalSimulator.h"

namespace cnn::neuflow {

bool Device::read(uint64_t at, std::span<char> bytes) const {
  uint64_t size = static_cast<uint64_t>(memory.size());
  if (at > size || bytes.size() > size - at)
    return false;
  std::memcpy(bytes.data(), memory.data() + at, bytes.size());
  return true;
}

const RunReport &Device::run(uint64_t entry, const RunLimit &limit) {
  last = execute(entry, limit);
  return last;
}

namespace {

class FunctionalDevice : public Device {
public:
  explicit FunctionalDevice(const Target &target) : Device(target) {}
  using Device::allocate;

private:
  RunReport execute(uint64_t entry, const RunLimit &limit) override {
    FunctionalSimulator simulator(machine, memory);
    Outcome outcome = simulator.run(entry, limit.instructions);
    return {std::move(outcome.trap), outcome.pc, simulator.saturated(), -1};
  }
};

class CycleDevice : public Device {
public:
  explicit CycleDevice(const Target &target) : Device(target) {}
  using Device::allocate;

private:
  RunReport execute(uint64_t entry, const RunLimit &limit) override {
    CycleSimulator simulator(machine, memory);
    simulator.disturb(disturbance);
    CycleOutcome outcome = simulator.run(entry, limit.cycles);
    return {std::move(outcome.trap), outcome.pc, simulator.saturated(), outcome.cycles};
  }
};

template <typename Kind> Result<std::unique_ptr<Device>> make(const Target &target) {
  auto device = std::make_unique<Kind>(target);
  if (!device->allocate())
    return Error{"no room for the machine's memory of " + std::to_string(target.memoryBytes) + " bytes"};
  return std::unique_ptr<Device>(std::move(device));
}

} // namespace

Result<std::unique_ptr<Device>> openDevice(const Target &target, DeviceKind kind) {
  switch (kind) {
  case DeviceKind::functional:
    return make<FunctionalDevice>(target);
  case DeviceKind::cycles:
    return make<CycleDevice>(target);
  }
  return Error{"no such device"};
}

std::vector<MemoryImage> imagesOf(const Program &program) {
  std::vector<MemoryImage> images = {{8 * uint64_t(program.loadBase), {}}};
  for (uint64_t word : program.text)
    for (int i = 0; i < 8; ++i)
      images[0].bytes += static_cast<char>(word >> (8 * i));
  for (const MemorySegment &segment : program.memory)
    if (segment.kind == SegmentKind::data)
      images.push_back({segment.base, program.data});
  return images;
}

Result<Loaded> load(Device &device, const Program &program) {
  if (targetHash(program.target) != targetHash(device.target()))
    return Error{"expected a program for machine '" + device.target().name + "', but this one is for '" +
                 program.target.name + "'" +
                 (program.target.name == device.target().name ? " with other parameters" : "")};
  const char *what = "text does";
  for (const MemoryImage &image : imagesOf(program)) {
    if (!device.write(image.address, image.bytes))
      return Error{std::string("the program's ") + what + " not fit into the machine's memory"};
    what = "data do";
  }
  return Loaded{};
}

} // namespace cnn::neuflow
