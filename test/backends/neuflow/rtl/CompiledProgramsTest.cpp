// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Random layers, compiled, on everything that runs programs: functional simulator, cycle simulator and Verilated RTL
// leave the same bytes in all of the memory, the outputs are what the layer is defined as, nothing else is written but
// the program's room for values, and the RTL takes the cycles of the simulator. lower/OracleTest.cpp has the same
// layers, with the same inputs, from the dialect on.
#include "Vnf_tiny.h"
#include "Vnf_v6.h"
#include "backends/neuflow/program/Compile.h"
#include "runtime/neuflow/device/ProgramTensors.h"
#include "runtime/neuflow/device/RtlDevice.h"
#include "test/backends/neuflow/program/RandomTensorProgram.h"
#include "test/backends/neuflow/program/TensorEvaluator.h"

#include <cstdlib>
#include <gtest/gtest.h>

namespace cnn::neuflow {
namespace {

// The words that a program may change.
std::vector<bool> writableWords(const CompiledProgram &compiled, int64_t memoryBytes) {
  std::vector<bool> writable(memoryBytes / 2, false);
  for (const Buffer &buffer : compiled.passes.buffers)
    if (buffer.base >= 0 && (buffer.kind == BufferKind::output || buffer.kind == BufferKind::temporary))
      std::fill_n(writable.begin() + buffer.base, buffer.words, true);
  return writable;
}

class CompiledLayer {
public:
  CompiledLayer(TensorProgram layer, const Target &target, uint32_t seed) : tensors(std::move(layer)), target(target) {
    std::mt19937 random(seed);
    for (const TensorBoundary &input : tensors.inputs) {
      inputs.emplace_back(tensors.values[input.value].words());
      // A third of the layers see words of the whole range.
      for (Word &word : inputs.back())
        word = static_cast<Word>(static_cast<int16_t>(random()) >> (seed % 3 * 4));
    }
    values = evaluate(tensors, inputs);
    before.resize(static_cast<size_t>(target.memoryBytes));
    for (char &byte : before)
      byte = static_cast<char>(random() >> 4);
  }

  void compareOn(Device &functional, Device &cycles, Device &rtl) {
    Result<CompiledProgram> compiled = compile(tensors, target);
    ASSERT_TRUE(compiled) << compiled.message();
    std::string expected = memoryAfter(functional, compiled->program);
    ASSERT_FALSE(testing::Test::HasFailure());
    ASSERT_TRUE(memoryAfter(cycles, compiled->program) == expected);
    ASSERT_TRUE(memoryAfter(rtl, compiled->program) == expected);
    ASSERT_EQ(rtl.report().cycles, cycles.report().cycles);
    ASSERT_EQ(rtl.report().saturated, functional.report().saturated);
    ASSERT_EQ(cycles.report().saturated, functional.report().saturated);

    std::vector<bool> writable = writableWords(*compiled, target.memoryBytes);
    for (size_t i = 0; i < expected.size(); ++i)
      ASSERT_TRUE(writable[i / 2] || expected[i] == before[i]) << "byte " << i << " is written";
    size_t next = 0;
    for (const ProgramTensor &tensor : compiled->program.tensors)
      if (tensor.output) {
        std::vector<Word> words;
        ASSERT_TRUE(readTensor(functional, tensor, words));
        ASSERT_EQ(words, values[tensors.outputs[next++].value]) << tensor.name;
      }
    ASSERT_EQ(next, tensors.outputs.size());
  }

private:
  // The memory begins with noise, the same for each device; it holds `before` with the program and its inputs then.
  std::string memoryAfter(Device &device, const Program &program) {
    EXPECT_TRUE(device.write(0, before));
    EXPECT_TRUE(load(device, program));
    size_t next = 0;
    for (const ProgramTensor &tensor : program.tensors)
      if (!tensor.output)
        EXPECT_TRUE(writeTensor(device, tensor, inputs[next++]));
    EXPECT_EQ(next, inputs.size());
    EXPECT_TRUE(device.read(0, before));
    const RunReport &report = device.run(program.entry, {INT64_MAX, 5'000'000});
    EXPECT_FALSE(report.trap) << report.trap->text;
    std::string bytes(before.size(), 0);
    EXPECT_TRUE(device.read(0, bytes));
    return bytes;
  }

  TensorProgram tensors;
  Target target;
  std::vector<Tensor> inputs, values;
  std::string before;
};

// NF_RANDOM_LAYERS=COUNT takes so many instead.
template <typename Top> void runLayers(Target target, uint32_t count) {
  if (const char *wanted = std::getenv("NF_RANDOM_LAYERS"))
    count = static_cast<uint32_t>(std::atoi(wanted));
  auto functional = openDevice(target, DeviceKind::functional), cycles = openDevice(target, DeviceKind::cycles);
  std::unique_ptr<Device> rtl = RtlDevice<Top>::open(target);
  ASSERT_TRUE(functional && cycles && rtl);
  for (uint32_t seed = 1001; seed < 1001 + count && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("layer " + std::to_string(seed));
    CompiledLayer(randomConvLayer(target, seed), target, seed).compareOn(**functional, **cycles, *rtl);
  }
}

TEST(CompiledPrograms, AreTheSameOnTheRtl) { runLayers<Vnf_tiny>(*presetTarget("neuflow-tiny"), 200); }

TEST(CompiledPrograms, AreTheSameOnTheRtlOfVersion6) {
  Target target = *presetTarget("neuflow-v6");
  // What the RTL does does not depend on the size of its memory, unless something leaves it.
  target.memoryBytes = 8 << 20;
  runLayers<Vnf_v6>(target, 30);
}

// Some with FIFO tiles.
TEST(CompiledPrograms, ThatTapTheirInputs) {
  Target target = *presetTarget("neuflow-tiny");
  auto functional = openDevice(target, DeviceKind::functional), cycles = openDevice(target, DeviceKind::cycles);
  std::unique_ptr<Device> rtl = RtlDevice<Vnf_tiny>::open(target);
  ASSERT_TRUE(functional && cycles && rtl);
  for (uint32_t seed = 1; seed <= 4; ++seed)
    for (int64_t width : {9, 60}) {
      SCOPED_TRACE("layer " + std::to_string(seed) + ", width " + std::to_string(width));
      CompiledLayer(randomTappedLayer(target, seed, width), target, seed).compareOn(**functional, **cycles, *rtl);
    }
}

} // namespace
} // namespace cnn::neuflow
