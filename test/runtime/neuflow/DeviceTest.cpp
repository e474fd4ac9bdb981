// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/neuflow/device/ProgramTensors.h"
#include "test/runtime/neuflow/Passes.h"

using namespace cnn::neuflow;

namespace {

// Its data are 40 words.
Program copying() {
  Program program = copyingProgram();
  program.data = std::string(80, 'd');
  program.memory.push_back({SegmentKind::data, 0x10000, 80});
  return program;
}

// The functional simulator, and all that know time: in the tests of the RTL also the Verilated machine.
std::vector<OpenTimedDevice> allDevices() {
  std::vector<OpenTimedDevice> all = timedDevices();
  all.push_back([](const Target &target) {
    Result<std::unique_ptr<Device>> device = openDevice(target, DeviceKind::functional);
    return device ? std::move(*device) : nullptr;
  });
  return all;
}

class DeviceOf : public testing::TestWithParam<OpenTimedDevice> {};

TEST_P(DeviceOf, RunsAProgram) {
  Program program = copying();
  std::unique_ptr<Device> device = GetParam()(program.target);
  ASSERT_TRUE(device);
  Result<Loaded> loaded = load(*device, program);
  ASSERT_TRUE(loaded) << loaded.message();
  for (char letter : {'d', 'e'}) { // again, with other words
    ASSERT_TRUE(device->write(0x10000, std::string(80, letter)));
    const RunReport &report = device->run(program.entry);
    EXPECT_FALSE(report.trap) << report.trap->text;
    EXPECT_EQ(report.pc, kTextAt + program.text.size() - 1);
    EXPECT_EQ(report.saturated, std::vector<bool>(8));
    std::string result(81, 'x');
    ASSERT_TRUE(device->read(0x20000, result));
    EXPECT_EQ(result, std::string(80, letter) + std::string(1, '\0'));
  }
}

TEST_P(DeviceOf, StopsAtItsLimit) {
  Program program = copying();
  std::unique_ptr<Device> device = GetParam()(program.target);
  ASSERT_TRUE(device && load(*device, program));
  const RunReport &report = device->run(program.entry, {5, 50});
  ASSERT_TRUE(report.trap);
  EXPECT_EQ(report.trap->cause, Cause::watchdog);
  EXPECT_EQ(&device->report(), &report);
}

TEST_P(DeviceOf, ReportsTraps) {
  Program program = copying();
  program.text.back() = encode({Opcode::comp});
  std::unique_ptr<Device> device = GetParam()(program.target);
  ASSERT_TRUE(device && load(*device, program));
  const RunReport &report = device->run(program.entry);
  ASSERT_TRUE(report.trap);
  EXPECT_EQ(report.trap->cause, Cause::badInstruction);
  EXPECT_EQ(report.trap->information, static_cast<uint32_t>(Opcode::comp));
  EXPECT_EQ(report.pc, kTextAt + program.text.size() - 1);
}

TEST_P(DeviceOf, RefusesWhatIsOutside) {
  Program program = copying();
  std::unique_ptr<Device> device = GetParam()(program.target);
  ASSERT_TRUE(device);
  uint64_t size = static_cast<uint64_t>(program.target.memoryBytes);
  std::string two(2, 'x');
  EXPECT_TRUE(device->write(size - 2, two));
  EXPECT_FALSE(device->write(size - 1, two));
  EXPECT_TRUE(device->read(size - 2, two));
  EXPECT_FALSE(device->read(size - 1, two));
  EXPECT_FALSE(device->read(UINT64_MAX, two));
  program.target = *presetTarget("neuflow-v6");
  EXPECT_EQ(load(*device, program).message(),
            "expected a program for machine 'neuflow-tiny', but this one is for 'neuflow-v6'");
}

TEST(ProgramTensors, HaveGaps) {
  auto device = openDevice(*presetTarget("neuflow-tiny"), DeviceKind::functional);
  ASSERT_TRUE(device);
  ProgramTensor tensor;
  tensor.planes = 2;
  tensor.height = 2;
  tensor.width = 3;
  tensor.base = 0x100;
  tensor.rowPitch = 4;
  tensor.planePitch = 10;
  std::vector<Word> words = {1, -2, 3, 4, 5, 6, 7, 8, 9, 10, 11, -12}, found;
  ASSERT_TRUE(writeTensor(**device, tensor, words));
  ASSERT_TRUE(readTensor(**device, tensor, found));
  EXPECT_EQ(found, words);
  // The second plane's second row.
  std::string row(10, 'x');
  ASSERT_TRUE((*device)->read(0x100 + 2 * (10 + 4) - 2, row));
  EXPECT_EQ(row, std::string("\0\0\x0a\0\x0b\0\xf4\xff\0\0", 10));
  // Neither another number of words nor a place outside is taken.
  EXPECT_FALSE(writeTensor(**device, tensor, std::span<const Word>(words).first(11)));
  tensor.base = static_cast<uint64_t>((*device)->target().memoryBytes) - 30;
  EXPECT_FALSE(writeTensor(**device, tensor, words));
  EXPECT_FALSE(readTensor(**device, tensor, found));
}

INSTANTIATE_TEST_SUITE_P(Devices, DeviceOf, testing::ValuesIn(allDevices()));

} // namespace
