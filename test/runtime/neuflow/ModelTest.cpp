// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The machine as a model's device: what it refuses, how it moves numbers, what it reports.
#include "cnn/neuflow.h"
#include "test/runtime/neuflow/Passes.h"

#include <cmath>
#include <cstring>
#include <functional>
#include <thread>

using namespace cnn::neuflow;

namespace {

// In its 40 words lie 2 planes of 3 x 4, apart.
Program copying() {
  Program program = copyingProgram();
  program.memory.push_back({SegmentKind::managed, 0x8000, 0x20000});
  program.tensors = {{"image", 0, false, 2, 3, 4, 8, 0x10000, 6, 20}, {"copy", 1, true, 2, 3, 4, 6, 0x20000, 6, 20}};
  return program;
}

// A model with some parts that are all this program.
struct Model {
  explicit Model(const std::function<void(Program &)> &change = [](Program &) {}, size_t count = 1) {
    Program program = copying();
    change(program);
    EXPECT_EQ(complaintAbout(program), "");
    bytes = writeContainer(program);
    for (size_t i = 0; i < count; ++i)
      parts.push_back({i == 0 ? "Net.part0" : "Net.part2", bytes.data(), bytes.size(), 1, &input, 1, &output});
    desc.abi_version = CNN_ABI_VERSION;
    desc.desc_bytes = sizeof desc;
    desc.name = "Net";
    desc.producer = "by hand";
    desc.device_source = &source;
    desc.device_part_count = static_cast<int64_t>(count);
    desc.device_parts = parts.data();
  }
  Model(const Model &) = delete;

  // What opening says; "" if it works.
  std::string open(cnn_status expected, cnn_neuflow_kind kind = CNN_NEUFLOW_FUNCTIONAL) {
    cnn_error error = {};
    cnn_neuflow *machine = nullptr;
    EXPECT_EQ(cnn_neuflow_open(&desc, kind, &machine, &error), expected);
    EXPECT_EQ(machine != nullptr, expected == CNN_OK);
    cnn_neuflow_close(machine);
    return error.text;
  }

  std::string bytes;
  cnn_device_source source = {[](const cnn_model_desc *, const cnn_device **) { return CNN_NO_FUNCTION; },
                              [](const cnn_device *) {}};
  cnn_device_tensor_desc input = {"image", CNN_F32, 8, 2, 3, 4}, output = {"copy", CNN_F32, 6, 2, 3, 4};
  std::vector<cnn_device_part_desc> parts;
  cnn_model_desc desc = {};
};

cnn_status runPart(cnn_neuflow *machine, int64_t part, int64_t batch, const void *input, void *output) {
  const cnn_device *device = cnn_neuflow_device(machine);
  return device->run_part(device->context, part, batch, &input, &output);
}

TEST(NeuflowModel, RefusesDamagedPrograms) {
  Model whole;
  EXPECT_EQ(whole.open(CNN_OK), "");
  // Every byte counts, and every length.
  for (size_t at = 0; at < whole.bytes.size(); at += at < 200 ? 1 : 37) {
    std::string damaged = whole.bytes;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
    whole.parts[0].program = damaged.data();
    EXPECT_EQ(whole.open(CNN_BAD_FILE).substr(0, 11), "Net.part0: ") << at;
  }
  whole.parts[0].program = whole.bytes.data();
  for (size_t bytes : {size_t(0), size_t(1), size_t(63), whole.bytes.size() - 1}) {
    whole.parts[0].program_bytes = bytes;
    EXPECT_EQ(whole.open(CNN_BAD_FILE).substr(0, 11), "Net.part0: ") << bytes;
  }
}

TEST(NeuflowModel, RefusesProgramsOfOthers) {
  auto refused = [](const std::function<void(Model &)> &change) {
    Model model;
    change(model);
    return model.open(CNN_INCOMPATIBLE);
  };
  EXPECT_EQ(refused([](Model &model) { model.input.name = "photo"; }), "Net.part0: the program has no input 'photo'");
  EXPECT_EQ(refused([](Model &model) { model.output.name = "image"; }), "Net.part0: the program has no output 'image'");
  EXPECT_EQ(refused([](Model &model) { model.parts[0].input_count = 0; }),
            "Net.part0: expected a program with 0 inputs, but it has 1");
  const char *there = "but the program has 2 planes of 3 x 4 words with 8 bits of fraction";
  auto expected = [&](const std::string &what) {
    return "Net.part0: expected the input 'image' to be " + what + ", " + there;
  };
  EXPECT_EQ(refused([](Model &model) { model.input.planes = 3; }),
            expected("3 planes of 3 x 4 words with 8 bits of fraction"));
  EXPECT_EQ(refused([](Model &model) { std::swap(model.input.rows, model.input.columns); }),
            expected("2 planes of 4 x 3 words with 8 bits of fraction"));
  EXPECT_EQ(refused([](Model &model) { model.input.fraction = -2; }),
            expected("2 planes of 3 x 4 words with -2 bits of fraction"));
  EXPECT_EQ(refused([](Model &model) { model.output.dtype = CNN_U8; }),
            "Net.part0: expected the output 'copy' to be of type f32, but it is u8");
  // What cnn_check_model finds.
  EXPECT_EQ(refused([](Model &model) { model.desc.abi_version = 3; }), "expected interface version 6, found 3");
  EXPECT_EQ(refused([](Model &model) { model.parts[0].inputs = nullptr; }), "Net.part0 has no table of its tensors");

  // Parts for two machines.
  Model model([](Program &) {}, 2), other([](Program &program) { program.target = *presetTarget("neuflow-v6"); });
  model.parts[1].program = other.bytes.data();
  model.parts[1].program_bytes = other.bytes.size();
  EXPECT_EQ(model.open(CNN_INCOMPATIBLE),
            "Net.part2: expected a program for the machine of Net.part0, 'neuflow-tiny', but it is for 'neuflow-v6'");
  model.desc.device_part_count = 0;
  EXPECT_EQ(model.open(CNN_BAD_ARGUMENT), "'Net' has no parts for a machine");
  model.desc.device_part_count = 1;
  EXPECT_EQ(model.open(CNN_BAD_ARGUMENT, static_cast<cnn_neuflow_kind>(7)), "no model, or no such machine");
}

TEST(NeuflowModel, RoundsAndMovesNumbers) {
  for (cnn_neuflow_kind kind : {CNN_NEUFLOW_FUNCTIONAL, CNN_NEUFLOW_CYCLES}) {
    Model model([](Program &) {}, 2);
    cnn_neuflow *machine = nullptr;
    ASSERT_EQ(cnn_neuflow_open(&model.desc, kind, &machine, nullptr), CNN_OK);
    std::vector<float> input(72), output(72, 7.0f);
    for (size_t i = 0; i < input.size(); ++i)
      input[i] = static_cast<float>(i) * 0.37f - 11;
    // Halves go up, what is just below them does not, and what does not fit becomes the end of the range.
    input[0] = 0.5f / 256;
    input[1] = std::nextafter(input[0], 0.0f);
    input[2] = -0.5f / 256;
    input[3] = 1e30f;
    input[4] = -INFINITY;
    input[5] = NAN;
    for (int64_t part : {0, 1, 0})
      ASSERT_EQ(runPart(machine, part, 3, input.data(), output.data()), CNN_OK);
    // The same word with two bits of fraction less.
    for (size_t i = 6; i < input.size(); ++i)
      EXPECT_EQ(output[i], std::floor(double(input[i]) * 256 + 0.5) / 64) << i;
    EXPECT_EQ(output[0], 1.0f / 64);
    EXPECT_EQ(output[1], 0.0f);
    EXPECT_EQ(output[2], 0.0f);
    EXPECT_EQ(output[3], 32767.0f / 64);
    EXPECT_EQ(output[4], -32768.0f / 64);
    EXPECT_EQ(output[5], 0.0f);
    const cnn_neuflow_report *report = cnn_neuflow_get_report(machine);
    EXPECT_EQ(report->runs, 9);
    EXPECT_EQ(report->tile_count, 8);
    EXPECT_STREQ(report->tiles[0], "C1");
    EXPECT_EQ(report->cycles < 0, kind == CNN_NEUFLOW_FUNCTIONAL);
    if (kind == CNN_NEUFLOW_CYCLES)
      EXPECT_EQ(report->cycles % 9, 0);
    cnn_neuflow_reset_report(machine);
    EXPECT_EQ(report->runs, 0);
    EXPECT_EQ(cnn_neuflow_error(machine)->status, CNN_OK);
    cnn_neuflow_close(machine);
  }
}

TEST(NeuflowModel, TakesBytes) {
  Model model([](Program &program) { program.tensors[0].fractionBits = 0; });
  model.input.dtype = CNN_U8;
  model.input.fraction = 0;
  cnn_neuflow *machine = nullptr;
  ASSERT_EQ(cnn_neuflow_open(&model.desc, CNN_NEUFLOW_FUNCTIONAL, &machine, nullptr), CNN_OK);
  std::vector<uint8_t> input(48);
  for (size_t i = 0; i < input.size(); ++i)
    input[i] = static_cast<uint8_t>(255 - 5 * i);
  std::vector<float> output(48);
  ASSERT_EQ(runPart(machine, 0, 2, input.data(), output.data()), CNN_OK);
  for (size_t i = 0; i < input.size(); ++i)
    EXPECT_EQ(output[i], input[i] / 64.0f);
  cnn_neuflow_close(machine);
}

TEST(NeuflowModel, SaysWhyARunFails) {
  for (cnn_neuflow_kind kind : {CNN_NEUFLOW_FUNCTIONAL, CNN_NEUFLOW_CYCLES}) {
    Model traps([](Program &program) { program.text.back() = encode({Opcode::comp}); });
    Model loops([](Program &program) { program.text.back() = encode({Opcode::jump, 0, 0, 0, program.entry}); });
    std::vector<float> input(24), output(24);
    for (Model *model : {&traps, &loops}) {
      if (model == &loops && kind == CNN_NEUFLOW_CYCLES)
        continue; // until its limit it takes some seconds
      cnn_neuflow *machine = nullptr;
      ASSERT_EQ(cnn_neuflow_open(&model->desc, kind, &machine, nullptr), CNN_OK);
      EXPECT_EQ(runPart(machine, 0, 1, input.data(), output.data()), CNN_DEVICE_FAILED);
      EXPECT_EQ(cnn_neuflow_error(machine)->status, CNN_DEVICE_FAILED);
      EXPECT_EQ(std::string(cnn_neuflow_error(machine)->text).substr(0, 11), "Net.part0: ");
      EXPECT_EQ(runPart(machine, 1, 1, input.data(), output.data()), CNN_BAD_ARGUMENT);
      EXPECT_STREQ(cnn_neuflow_error(machine)->text, "the model of this machine has no part 1");
      cnn_neuflow_close(machine);
    }
  }
}

// A machine that does what its context says.
struct Broken {
  cnn_status onWrite = CNN_OK, onRead = CNN_OK, onRun = CNN_OK;
  const char *trap = nullptr;
};

TEST(NeuflowModel, RunsOnOtherMachines) {
  Model model;
  Broken broken;
  std::array<uint8_t, 32> hash = targetHash(copying().target);
  cnn_neuflow_machine mine = {
      &broken, hash.data(),
      [](void *context, uint64_t, const void *, size_t) { return static_cast<Broken *>(context)->onWrite; },
      [](void *context, uint64_t, void *bytes, size_t count) {
        std::memset(bytes, 1, count);
        return static_cast<Broken *>(context)->onRead;
      },
      [](void *context, uint64_t entry, cnn_neuflow_end *end) {
        EXPECT_EQ(entry, 8 * kTextAt);
        static const unsigned char saturated[8] = {0, 1};
        *end = {static_cast<Broken *>(context)->trap, 100, saturated};
        return static_cast<Broken *>(context)->onRun;
      }};
  cnn_neuflow *machine = nullptr;
  cnn_error error = {};
  ASSERT_EQ(cnn_neuflow_open_on(&model.desc, &mine, &machine, &error), CNN_OK);
  std::vector<float> input(48), output(48);
  ASSERT_EQ(runPart(machine, 0, 2, input.data(), output.data()), CNN_OK);
  EXPECT_EQ(output[47], 0x0101 / 64.0f);
  EXPECT_EQ(cnn_neuflow_get_report(machine)->cycles, 200);
  EXPECT_EQ(cnn_neuflow_get_report(machine)->saturated[1], 2);
  EXPECT_EQ(cnn_neuflow_get_report(machine)->saturated[0], 0);
  auto failsWith = [&](cnn_status status, const char *text) {
    EXPECT_EQ(runPart(machine, 0, 1, input.data(), output.data()), status);
    EXPECT_STREQ(cnn_neuflow_error(machine)->text, text);
    broken = {};
  };
  broken.onRead = CNN_CANNOT_READ;
  failsWith(CNN_CANNOT_READ, "Net.part0: cannot read the machine's memory: cannot read the file");
  broken.onWrite = CNN_NO_MEMORY;
  failsWith(CNN_NO_MEMORY, "Net.part0: cannot write the machine's memory: out of memory");
  broken.onRun = CNN_DEVICE_FAILED;
  failsWith(CNN_DEVICE_FAILED, "Net.part0: the machine does not run: the device failed");
  broken.trap = "fire";
  failsWith(CNN_DEVICE_FAILED, "Net.part0: fire");
  cnn_neuflow_close(machine);

  hash[0] ^= 1;
  EXPECT_EQ(cnn_neuflow_open_on(&model.desc, &mine, &machine, &error), CNN_INCOMPATIBLE);
  EXPECT_STREQ(error.text, "Net.part0: the program is for 'neuflow-tiny', which is not this machine");
  mine.run = nullptr;
  EXPECT_EQ(cnn_neuflow_open_on(&model.desc, &mine, &machine, &error), CNN_BAD_ARGUMENT);
}

TEST(NeuflowModel, ServesThreadsByThemselves) {
  Model model([](Program &) {}, 2);
  auto work = [&](float factor) {
    cnn_neuflow *machine = nullptr;
    EXPECT_EQ(cnn_neuflow_open(&model.desc, CNN_NEUFLOW_FUNCTIONAL, &machine, nullptr), CNN_OK);
    std::vector<float> input(24), output(24);
    for (int run = 0; run < 200; ++run) {
      for (float &value : input)
        value = factor * static_cast<float>(run);
      EXPECT_EQ(runPart(machine, run % 2, 1, input.data(), output.data()), CNN_OK);
      EXPECT_EQ(output, std::vector<float>(24, 4 * factor * static_cast<float>(run)));
    }
    cnn_neuflow_close(machine);
  };
  std::thread other(work, 0.25f);
  work(0.5f);
  other.join();
}

} // namespace
