// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Runs a library that cnnc build --target=neuflow wrote, by the loader, on what neuflow-oracle has drawn, and compares:
//
//   neuflow-run-model libNET.so FOLDER SAMPLES MAX_BATCH DEVICE TOLERANCE
//
// DEVICE is default, functional, cycles, or rtl: the Verilated machine neuflow-tiny, which joins as a program of a user
// joins his own. With TOLERANCE 0 every value must be the oracle's.
#include "Vnf_tiny.h"
#include "cnn/neuflow.h"
#include "runtime/neuflow/device/RtlDevice.h"

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>

double sc_time_stamp() { return 0; }

namespace cnn::neuflow {
namespace {

// A Device as the machine of a program in C.
struct UsersMachine {
  std::unique_ptr<Device> device;
  std::array<uint8_t, 32> hash;
  std::vector<unsigned char> saturated;

  static cnn_status write(void *context, uint64_t address, const void *bytes, size_t count) {
    auto *mine = static_cast<UsersMachine *>(context);
    return mine->device->write(address, {static_cast<const char *>(bytes), count}) ? CNN_OK : CNN_BAD_ARGUMENT;
  }
  static cnn_status read(void *context, uint64_t address, void *bytes, size_t count) {
    auto *mine = static_cast<UsersMachine *>(context);
    return mine->device->read(address, {static_cast<char *>(bytes), count}) ? CNN_OK : CNN_BAD_ARGUMENT;
  }
  static cnn_status run(void *context, uint64_t entry, cnn_neuflow_end *end) {
    auto *mine = static_cast<UsersMachine *>(context);
    const RunReport &report = mine->device->run(entry / 8, {INT64_MAX, 50'000'000});
    mine->saturated.assign(report.saturated.begin(), report.saturated.end());
    *end = {report.trap ? report.trap->text.c_str() : nullptr, report.cycles, mine->saturated.data()};
    return CNN_OK;
  }
  cnn_neuflow_machine machine() { return {this, hash.data(), write, read, run}; }
};

std::string readFile(const std::string &path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

int fail(const char *what) {
  std::fprintf(stderr, "neuflow-run-model: %s\n", what);
  return 1;
}

// How many values are compared; -1 if one is too far away.
long compare(const std::vector<float> &found, const std::string &expected, double tolerance) {
  if (expected.size() != found.size() * sizeof(float))
    return -1;
  for (size_t i = 0; i < found.size(); ++i) {
    float value;
    std::memcpy(&value, expected.data() + i * sizeof value, sizeof value);
    if (!(std::abs(double(found[i]) - value) <= tolerance)) {
      std::fprintf(stderr, "value %zu: expected %.9g, found %.9g\n", i, value, found[i]);
      return -1;
    }
  }
  return static_cast<long>(found.size());
}

int run(char **arguments) {
  std::string folder = arguments[2], kind = arguments[5];
  int64_t samples = std::atoll(arguments[3]), maxBatch = std::atoll(arguments[4]);
  cnn_error error = {};
  cnn_library *library = nullptr;
  cnn_model *model = nullptr;
  cnn_run *state = nullptr;
  if (cnn_library_open(arguments[1], &library, &error) != CNN_OK)
    return fail(error.text);
  const cnn_model_desc *desc = cnn_library_model(library);
  if (cnn_model_create(desc, &model) != CNN_OK || cnn_run_create(model, maxBatch, &state) != CNN_OK)
    return fail("no model");
  Target target = *presetTarget("neuflow-tiny");
  UsersMachine rtl{nullptr, targetHash(target), {}};
  cnn_neuflow *machine = nullptr;
  cnn_status status = CNN_OK;
  if (kind == "rtl") {
    rtl.device = RtlDevice<Vnf_tiny>::open(target);
    cnn_neuflow_machine users = rtl.machine();
    status = cnn_neuflow_open_on(desc, &users, &machine, &error);
  } else if (kind != "default") {
    status = cnn_neuflow_open(desc, kind == "cycles" ? CNN_NEUFLOW_CYCLES : CNN_NEUFLOW_FUNCTIONAL, &machine, &error);
  }
  if (status != CNN_OK)
    return fail(error.text);
  if (machine)
    cnn_run_set_device(state, cnn_neuflow_device(machine));

  std::vector<std::string> inputs;
  std::vector<std::vector<float>> outputs;
  std::vector<const void *> from;
  std::vector<void *> to;
  for (int64_t i = 0; i < desc->infer.input_count; ++i)
    inputs.push_back(readFile(folder + "/" + desc->infer.inputs[i].name + ".in"));
  for (const std::string &input : inputs)
    from.push_back(input.data());
  for (int64_t i = 0; i < desc->infer.output_count; ++i)
    outputs.emplace_back(samples * cnn_tensor_sample_bytes(&desc->infer.outputs[i]) / sizeof(float));
  for (std::vector<float> &output : outputs)
    to.push_back(output.data());
  // Twice: a memory that is not new must not matter.
  for (int again = 0; again < 2; ++again)
    if (cnn_run_infer(state, samples, from.data(), to.data()) != CNN_OK)
      return fail(machine ? cnn_neuflow_error(machine)->text : "infer failed");
  long compared = 0;
  for (size_t i = 0; i < outputs.size(); ++i) {
    long values =
        compare(outputs[i], readFile(folder + "/" + desc->infer.outputs[i].name + ".out"), std::atof(arguments[6]));
    if (values < 0)
      return fail(desc->infer.outputs[i].name);
    compared += values;
  }
  std::printf("%ld values are the oracle's", compared);
  if (machine) {
    const cnn_neuflow_report *report = cnn_neuflow_get_report(machine);
    std::printf(", %lld runs, %lld cycles", static_cast<long long>(report->runs),
                static_cast<long long>(report->cycles));
    for (int64_t tile = 0; tile < report->tile_count; ++tile)
      if (report->saturated[tile])
        std::printf(", saturated %s %lld", report->tiles[tile], static_cast<long long>(report->saturated[tile]));
  }
  std::printf("\n");
  cnn_run_destroy(state);
  cnn_neuflow_close(machine);
  cnn_model_destroy(model);
  cnn_library_close(library);
  return 0;
}

} // namespace
} // namespace cnn::neuflow

int main(int count, char **arguments) { return count == 7 ? cnn::neuflow::run(arguments) : 2; }
