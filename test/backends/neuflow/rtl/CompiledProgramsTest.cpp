// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Programs that the compiler makes, on the Verilated RTL: the same bytes in all of the memory, in the same cycles, as
// on the machine's simulator.
#include "Vnf_tiny.h"
#include "backends/neuflow/program/Compile.h"
#include "runtime/neuflow/device/RtlDevice.h"
#include "test/backends/neuflow/program/RandomTensorProgram.h"

#include <gtest/gtest.h>

namespace cnn::neuflow {
namespace {

// Runs a program on bytes that are the same for each device; all of the memory.
std::string memoryAfter(Device &device, const Program &program, int64_t &cycles) {
  std::mt19937 random(7);
  std::string bytes(static_cast<size_t>(program.target.memoryBytes), 0);
  for (char &byte : bytes)
    byte = static_cast<char>(random() >> 4);
  EXPECT_TRUE(device.write(0, bytes));
  EXPECT_TRUE(load(device, program));
  const RunReport &report = device.run(program.entry, {INT64_MAX, 5'000'000});
  EXPECT_FALSE(report.trap) << report.trap->text;
  cycles = report.cycles;
  EXPECT_TRUE(device.read(0, bytes));
  return bytes;
}

// Simulator and RTL leave the same memory in the same number of cycles.
void compare(const TensorProgram &layer, const Target &target) {
  Result<CompiledProgram> compiled = compile(layer, target);
  ASSERT_TRUE(compiled) << compiled.message();
  auto simulator = openDevice(target, DeviceKind::cycles);
  std::unique_ptr<Device> rtl = RtlDevice<Vnf_tiny>::open(target);
  ASSERT_TRUE(simulator && rtl);
  int64_t cycles = 0, rtlCycles = 0;
  std::string expected = memoryAfter(**simulator, compiled->program, cycles);
  std::string found = memoryAfter(*rtl, compiled->program, rtlCycles);
  ASSERT_TRUE(found == expected);
  ASSERT_EQ(rtlCycles, cycles);
}

TEST(CompiledPrograms, AreTheSameOnTheRtl) {
  Target target = *presetTarget("neuflow-tiny");
  for (uint32_t seed = 1; seed <= 12; ++seed) {
    SCOPED_TRACE("layer " + std::to_string(seed));
    compare(randomConvLayer(target, seed), target);
  }
}

// Some with FIFO tiles.
TEST(CompiledPrograms, ThatTapTheirInputs) {
  Target target = *presetTarget("neuflow-tiny");
  for (uint32_t seed = 1; seed <= 4; ++seed)
    for (int64_t width : {9, 60}) {
      SCOPED_TRACE("layer " + std::to_string(seed) + ", width " + std::to_string(width));
      compare(randomTappedLayer(target, seed, width), target);
    }
}

} // namespace
} // namespace cnn::neuflow
