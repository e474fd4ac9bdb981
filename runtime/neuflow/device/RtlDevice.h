// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The Verilated RTL as a device: nf_top with the memory model behind its memory pins. The class that Verilator made for
// a target is the parameter, because it exists only where it is translated (cmake/CnnRtl.cmake). Waveforms of it are in
// the benches of single modules; this one is for results and cycles.
#ifndef CNN_RUNTIME_NEUFLOW_DEVICE_RTLDEVICE_H
#define CNN_RUNTIME_NEUFLOW_DEVICE_RTLDEVICE_H

#include "runtime/neuflow/device/Device.h"

#include <verilated.h>

namespace cnn::neuflow {

template <typename Top> class RtlDevice : public Device {
public:
  // Null if there is no room for the memory. `target` must be the one that Top was translated for.
  static std::unique_ptr<Device> open(const Target &target) {
    std::unique_ptr<RtlDevice> device(new RtlDevice(target));
    return device->allocate() ? std::move(device) : nullptr;
  }

private:
  explicit RtlDevice(const Target &target) : Device(target) {}

  RunReport execute(uint64_t entry, const RunLimit &limit) override {
    VerilatedContext context;
    // Registers and memories begin with anything: what is not written must not matter.
    context.randReset(2);
    context.randSeed(static_cast<int>(entry + 1));
    Top top(&context);
    auto clock = [&] {
      top.clk = 1;
      top.eval();
      top.clk = 0;
      top.eval();
    };
    top.clk = 0;
    top.reset = 1;
    top.entry = static_cast<uint32_t>(entry);
    top.mem_ready = top.mem_response = 0;
    top.eval();
    clock();
    clock();
    top.reset = 0;
    top.eval();

    MemoryModel model(machine, memory);
    if (disturbance)
      model.disturb(*disturbance);
    bool sound = true;
    auto cycle = [&] {
      drivePins(top, model);
      top.eval();
      sound = takeRequest(top, model);
      clock();
      model.tick();
    };
    while (sound && top.running && model.cycle() < limit.cycles)
      cycle();
    RunReport report;
    report.pc = top.pc;
    report.cycles = model.cycle();
    // What has stopped stays as it is, whatever the memory still answers.
    bool stopped = sound && !top.running;
    int64_t beats = model.beats();
    for (int i = 0; i < 100 && stopped; ++i)
      cycle();
    bool still = !stopped || (beats == model.beats() && !top.running && top.pc == report.pc);
    for (size_t i = 0; i < machine.tiles.size(); ++i)
      report.saturated.push_back(top.saturated >> i & 1);
    if (!still)
      report.trap = Trap{Cause::watchdog, 0, "the machine goes on after its end"};
    else if (!sound)
      report.trap = Trap{Cause::badAddress, top.mem_beat, "a request for a beat outside of the memory"};
    else if (top.running)
      report.trap =
          Trap{Cause::watchdog, 0, "the program does not end within " + std::to_string(limit.cycles) + " cycles"};
    else if (top.cause)
      report.trap = Trap{static_cast<Cause>(top.cause), top.information,
                         "the machine trapped with cause " + std::to_string(top.cause) + ", information " +
                             std::to_string(top.information)};
    top.final();
    return report;
  }

  static void drivePins(Top &top, const MemoryModel &model) {
    const MemoryResponse *response = model.response();
    top.mem_ready = model.ready();
    top.mem_response = response != nullptr;
    if (!response)
      return;
    top.mem_response_tag = response->tag;
    for (int i = 0; i < 8; ++i)
      top.mem_response_data[i] = static_cast<uint16_t>(response->data[2 * i]) |
                                 uint32_t(static_cast<uint16_t>(response->data[2 * i + 1])) << 16;
  }
  static bool takeRequest(const Top &top, MemoryModel &model) {
    if (!top.mem_valid || !top.mem_ready)
      return true;
    MemoryRequest request{bool(top.mem_write), top.mem_beat, {}, top.mem_mask, top.mem_tag};
    for (int i = 0; i < 16; ++i)
      request.data[i] = static_cast<Word>(top.mem_data[i / 2] >> (16 * (i % 2)));
    return model.accept(request);
  }
};

} // namespace cnn::neuflow
#endif
