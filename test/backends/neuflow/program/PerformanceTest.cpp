// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The programs whose speed was published, by the model of the machine's time and cycle by cycle.
#include "backends/neuflow/program/Performance.h"
#include "backends/neuflow/program/Compile.h"
#include "runtime/neuflow/device/Device.h"
#include "test/backends/neuflow/program/RandomTensorProgram.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace cnn::neuflow {
namespace {

// The cycles of a program, whatever is in its inputs.
int64_t cyclesOf(const Program &program) {
  auto device = openDevice(program.target, DeviceKind::cycles);
  EXPECT_TRUE(device && load(**device, program));
  const RunReport &report = (*device)->run(program.entry);
  EXPECT_FALSE(report.trap) << report.trap->text;
  return report.cycles;
}

// The cycles on the machine as a part of those that are expected.
double measuredPart(const CompiledProgram &compiled) {
  double model = static_cast<double>(performanceOf(compiled.passes, compiled.program.target).expected.cycles);
  return static_cast<double>(cyclesOf(compiled.program)) / model;
}

// LeNet-5: small planes, and layers that load a kernel for each word of their results.
TEST(Performance, TheModelIsTheMachineForLeNet5) {
  for (auto [name, size] : {std::pair("neuflow-v6", 28), {"neuflow-asic", 28}, {"neuflow-tiny", 14}}) {
    Target target = *presetTarget(name);
    TensorProgramBuilder b(target);
    int64_t k = std::min<int64_t>(target.convKernel, 5);
    int64_t x = b.input({1, size, size});
    x = b.mapped(b.conv(x, 6, k, k, 1, 1, true));
    x = b.maxPool(x, 2);
    x = b.mapped(b.conv(x, 16, k, k, 1, 1, false));
    x = b.maxPool(x, 2);
    // Dense layers, on planes of as many words as kernels may have.
    bool isLarge = target.convKernel == 10;
    if (isLarge)
      x = b.reshaped(x, {4, 10, 10});
    x = b.mapped(b.conv(x, 120, b.shapeOf(x).height, b.shapeOf(x).width, 1, 1, false));
    x = b.reshaped(x, isLarge ? PlaneShape{2, 6, 10} : PlaneShape{20, 2, 3});
    x = b.mapped(b.conv(x, 90, b.shapeOf(x).height, b.shapeOf(x).width, 1, 1, false));
    x = b.reshaped(x, isLarge ? PlaneShape{1, 9, 10} : PlaneShape{10, 3, 3});
    x = b.conv(x, 10, b.shapeOf(x).height, b.shapeOf(x).width, 1, 1, false);
    b.output(x);
    Result<CompiledProgram> compiled = compile(b.program, target);
    ASSERT_TRUE(compiled) << compiled.message();
    EXPECT_NEAR(measuredPart(*compiled), 1, 0.04) << name << "\n" << explain(compiled->passes, target);
  }
}

// Scene labeling as examples/scene_labeling has it, an eighth as large: sums over 1, 8 and 32 planes.
TEST(Performance, TheModelIsTheMachineForScenes) {
  for (const char *name : {"neuflow-v6", "neuflow-asic"}) {
    Target target = *presetTarget(name);
    TensorProgramBuilder b(target);
    int64_t x = b.maxPoolByRows(b.mapped(b.conv(b.input({3, 65, 77}), 16, 7, 7, 1, 1, false, 1)), 2);
    x = b.maxPoolByRows(b.mapped(b.conv(x, 64, 7, 7, 1, 1, false, 8)), 2);
    b.output(b.mapped(b.conv(x, 64, 7, 7, 1, 1, false, 32)));
    Result<CompiledProgram> compiled = compile(b.program, target);
    ASSERT_TRUE(compiled) << compiled.message();
    EXPECT_NEAR(measuredPart(*compiled), 1, 0.04) << name << "\n" << explain(compiled->passes, target);
  }
}

// A layer of the second stage of scene labeling: 8 inputs, 7x7.
TEST(Performance, TheModelIsTheMachine) {
  Target target = *presetTarget("neuflow-v6");
  for (auto [height, width, outputs] : {std::array<int64_t, 3>{57, 77, 16}, {27, 37, 16}, {11, 16, 64}}) {
    TensorProgramBuilder b(target);
    b.output(b.mapped(b.conv(b.input({8, height, width}), outputs, 7, 7, 1, 1, false)));
    Result<CompiledProgram> compiled = compile(b.program, target);
    ASSERT_TRUE(compiled) << compiled.message();
    EXPECT_NEAR(measuredPart(*compiled), 1, 0.03) << height << "x" << width;
  }
}

// 16 kernels of 10x10 on 500x500: 182 frames a second were published for 4 convolvers at 200 MHz, which ideally do 200.
TEST(Performance, FilterBank) {
  Target target = *presetTarget("neuflow-v6");
  TensorProgramBuilder b(target);
  b.output(b.mapped(b.conv(b.input({1, 500, 500}), 16, 10, 10, 1, 1, false)));
  Result<CompiledProgram> compiled = compile(b.program, target);
  ASSERT_TRUE(compiled) << compiled.message();
  Performance performance = performanceOf(compiled->passes, target);
  EXPECT_EQ(performance.expected.macs, 16 * 491 * 491 * 100);
  EXPECT_GE(performance.framesPerSecond(target), 182);
  EXPECT_LE(performance.framesPerSecond(target), 200);
  double measured = static_cast<double>(target.clockGridMhz) * 1e6 / static_cast<double>(cyclesOf(compiled->program));
  EXPECT_GE(measured, 199);
  EXPECT_NEAR(measured / performance.framesPerSecond(target), 1, 0.005);
  // Four passes of four kernels each.
  ASSERT_EQ(compiled->passes.passes.size(), 1u);
  EXPECT_EQ(compiled->passes.passes[0].steps.size(), 4u);
}

// The same on the chip, of which more than 300 GOPS were published; 320 are all that its multipliers can do.
TEST(Performance, FilterBankOnTheChip) {
  Target target = *presetTarget("neuflow-asic");
  TensorProgramBuilder b(target);
  b.output(b.mapped(b.conv(b.input({1, 500, 500}), 16, 10, 10, 1, 1, false)));
  Result<CompiledProgram> compiled = compile(b.program, target);
  ASSERT_TRUE(compiled) << compiled.message();
  double seconds = static_cast<double>(cyclesOf(compiled->program)) / (static_cast<double>(target.clockGridMhz) * 1e6);
  double gops = 2.0 * 16 * 491 * 491 * 100 / seconds / 1e9;
  EXPECT_GT(gops, 300);
  EXPECT_LT(gops, 320);
}

// The network of scene labeling at three scales of a 320x240 image: 16 planes (10 of them of the luminance, 6 of the
// colors), 64 planes of 8 each, 256 of 16 each, with kernels of 7x7 and pools of 2x2 between. 20 frames a second were
// published.
TEST(Performance, SceneLabeling) {
  Target target = *presetTarget("neuflow-v6");
  TensorProgramBuilder b(target);
  for (int64_t scale : {1, 2, 4}) {
    int64_t x = b.input({3, 240 / scale, 320 / scale});
    ConvOperation first;
    first.input = x;
    first.kernelH = first.kernelW = 7;
    for (int64_t o = 0; o < 16; ++o) {
      first.bias.push_back(b.word(9));
      if (o < 10)
        first.connections.push_back({o, 0});
      else
        first.connections.insert(first.connections.end(), {{o, 1}, {o, 2}});
    }
    for (size_t i = 0; i < first.connections.size() * 49; ++i)
      first.kernels.push_back(b.word(9));
    int64_t y = b.add(std::move(first), {16, 240 / scale - 6, 320 / scale - 6});
    y = b.maxPool(b.mapped(y), 2);
    y = b.maxPool(b.mapped(b.conv(y, 64, 7, 7, 1, 1, false, 8)), 2);
    b.output(b.mapped(b.conv(y, 256, 7, 7, 1, 1, false, 16)));
  }
  Result<CompiledProgram> compiled = compile(b.program, target);
  ASSERT_TRUE(compiled) << compiled.message();
  Performance performance = performanceOf(compiled->passes, target);
  EXPECT_GE(performance.framesPerSecond(target), 20);
  EXPECT_GE(performance.convolversBusy, 0.85);
  std::string table = explain(compiled->passes, target);
  EXPECT_EQ(std::count(table.begin(), table.end(), '\n'), 1 + 3 * 5 + 3) << table;
  // Nothing but convolvers bounds it, and they have little to wait for.
  EXPECT_EQ(performance.demand.most(), performance.demand.convolvers);
  EXPECT_GE(performance.framesPerSecond(target), 0.85 * performance.mostFramesPerSecond(target));
}

} // namespace
} // namespace cnn::neuflow
