// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A NeuFlow machine as the device of a model: for each part and each sample
//
//   program into memory, if another part's is there ─► words of the inputs ─► run ─► words of the outputs
//
// A machine is a cnn_neuflow_machine, also one of the simulators.
#include "cnn/neuflow.h"

#include "runtime/cpu/Error.h"
#include "runtime/neuflow/host/PartProgram.h"

#include <new>

using namespace cnn::neuflow;
using cnn::runtime::fail;

namespace {

// One of the simulators.
struct Simulator {
  std::unique_ptr<Device> device;
  RunLimit limit;
  std::vector<unsigned char> saturated;

  static cnn_status write(void *context, uint64_t address, const void *bytes, size_t count) {
    auto *simulator = static_cast<Simulator *>(context);
    return simulator->device->write(address, {static_cast<const char *>(bytes), count}) ? CNN_OK : CNN_BAD_ARGUMENT;
  }
  static cnn_status read(void *context, uint64_t address, void *bytes, size_t count) {
    auto *simulator = static_cast<Simulator *>(context);
    return simulator->device->read(address, {static_cast<char *>(bytes), count}) ? CNN_OK : CNN_BAD_ARGUMENT;
  }
  static cnn_status run(void *context, uint64_t entry, cnn_neuflow_end *end) {
    auto *simulator = static_cast<Simulator *>(context);
    const RunReport &report = simulator->device->run(entry / 8, simulator->limit);
    simulator->saturated.assign(report.saturated.begin(), report.saturated.end());
    end->trap = report.trap ? report.trap->text.c_str() : nullptr;
    end->cycles = report.cycles;
    end->saturated = simulator->saturated.data();
    return CNN_OK;
  }
  cnn_neuflow_machine machine() { return {this, nullptr, write, read, run}; }
};

} // namespace

struct cnn_neuflow {
  cnn_device device;
  std::vector<PartProgram> parts;
  std::unique_ptr<Simulator> simulator; // null if the machine is another one
  cnn_neuflow_machine machine;
  int64_t loaded = -1; // whose program is in the memory
  std::string bytes;   // of one tensor
  std::vector<const char *> tiles;
  std::vector<int64_t> saturated;
  cnn_neuflow_report report;
  cnn_error error;

  cnn_status load(int64_t number);
  cnn_status move(const PartTensor &tensor, bool isInput);
  cnn_status runSample(const PartProgram &part);
  cnn_status run(int64_t number, int64_t batch, const void *const *inputs, void *const *outputs);
};

// What the machine itself answers; the text is made here.
static cnn_status failIn(cnn_neuflow *machine, cnn_status status, const PartProgram &part, const char *what) {
  return fail(&machine->error, status, "%s: cannot %s the machine's memory: %s", part.name.c_str(), what,
              cnn_status_text(status));
}

cnn_status cnn_neuflow::load(int64_t number) {
  if (loaded == number)
    return CNN_OK;
  loaded = -1;
  const PartProgram &part = parts[static_cast<size_t>(number)];
  for (const MemoryImage &image : part.images)
    if (cnn_status status = machine.write(machine.context, image.address, image.bytes.data(), image.bytes.size());
        status != CNN_OK)
      return failIn(this, status, part, "write");
  if (simulator)
    simulator->limit = part.limit;
  loaded = number;
  return CNN_OK;
}

// `bytes` to where the tensor lies, or from there.
cnn_status cnn_neuflow::move(const PartTensor &tensor, bool isInput) {
  bytes.resize(2 * static_cast<size_t>(tensor.elements()));
  char *at = bytes.data();
  for (const MemoryRun &run : tensor.runs) {
    cnn_status status = isInput ? machine.write(machine.context, run.address, at, 2 * run.words)
                                : machine.read(machine.context, run.address, at, 2 * run.words);
    if (status != CNN_OK)
      return status;
    at += 2 * run.words;
  }
  return CNN_OK;
}

cnn_status cnn_neuflow::runSample(const PartProgram &part) {
  cnn_neuflow_end end = {nullptr, -1, nullptr};
  if (cnn_status status = machine.run(machine.context, part.entry, &end); status != CNN_OK)
    return fail(&error, status, "%s: the machine does not run: %s", part.name.c_str(), cnn_status_text(status));
  ++report.runs;
  report.cycles = end.cycles < 0 || report.cycles < 0 ? -1 : report.cycles + end.cycles;
  for (size_t tile = 0; end.saturated && tile < saturated.size(); ++tile)
    saturated[tile] += end.saturated[tile] != 0;
  if (end.trap)
    return fail(&error, CNN_DEVICE_FAILED, "%s: %s", part.name.c_str(), end.trap);
  return CNN_OK;
}

cnn_status cnn_neuflow::run(int64_t number, int64_t batch, const void *const *inputs, void *const *outputs) {
  error.status = CNN_OK;
  error.text[0] = '\0';
  if (number < 0 || number >= static_cast<int64_t>(parts.size()))
    return fail(&error, CNN_BAD_ARGUMENT, "the model of this machine has no part %lld", static_cast<long long>(number));
  if (cnn_status status = load(number); status != CNN_OK)
    return status;
  const PartProgram &part = parts[static_cast<size_t>(number)];
  for (int64_t sample = 0; sample < batch; ++sample) {
    for (size_t i = 0; i < part.inputs.size(); ++i) {
      const PartTensor &tensor = part.inputs[i];
      size_t stride = static_cast<size_t>(tensor.elements()) * cnn_dtype_bytes(tensor.dtype);
      toWords(tensor, static_cast<const char *>(inputs[i]) + static_cast<size_t>(sample) * stride, bytes);
      if (cnn_status status = move(tensor, /*isInput=*/true); status != CNN_OK)
        return failIn(this, status, part, "write");
    }
    if (cnn_status status = runSample(part); status != CNN_OK)
      return status;
    for (size_t i = 0; i < part.outputs.size(); ++i) {
      const PartTensor &tensor = part.outputs[i];
      if (cnn_status status = move(tensor, /*isInput=*/false); status != CNN_OK)
        return failIn(this, status, part, "read");
      toNumbers(tensor, bytes, static_cast<float *>(outputs[i]) + sample * tensor.elements());
    }
  }
  return CNN_OK;
}

static cnn_status runPart(void *context, int64_t part, int64_t batch, const void *const *inputs, void *const *outputs) {
  return static_cast<cnn_neuflow *>(context)->run(part, batch, inputs, outputs);
}

// All of it but the machine.
static cnn_status readModel(const cnn_model_desc *desc, cnn_neuflow &made, cnn_error *error) {
  if (cnn_status status = cnn_check_model(desc, error); status != CNN_OK)
    return status;
  if (desc->device_part_count < 1)
    return fail(error, CNN_BAD_ARGUMENT, "'%s' has no parts for a machine", desc->name);
  made.parts.resize(static_cast<size_t>(desc->device_part_count));
  for (size_t i = 0; i < made.parts.size(); ++i)
    if (cnn_status status = readPart(desc->device_parts[i], made.parts[i], error); status != CNN_OK)
      return status;
  const PartProgram &first = made.parts.front();
  for (const PartProgram &part : made.parts)
    if (targetHash(part.target) != targetHash(first.target))
      return fail(error, CNN_INCOMPATIBLE, "%s: expected a program for the machine of %s, '%s', but it is for '%s'",
                  part.name.c_str(), first.name.c_str(), first.target.name.c_str(), part.target.name.c_str());
  for (const Tile &tile : first.target.tiles)
    made.tiles.push_back(tile.name.c_str());
  made.saturated.assign(made.tiles.size(), 0);
  made.report = {0, 0, static_cast<int64_t>(made.tiles.size()), made.tiles.data(), made.saturated.data()};
  made.error = {};
  made.device = {runPart, &made};
  return CNN_OK;
}

cnn_status cnn_neuflow_open(const cnn_model_desc *desc, cnn_neuflow_kind kind, cnn_neuflow **machine,
                            cnn_error *error) {
  if (!desc || !machine || (kind != CNN_NEUFLOW_FUNCTIONAL && kind != CNN_NEUFLOW_CYCLES))
    return fail(error, CNN_BAD_ARGUMENT, "no model, or no such machine");
  std::unique_ptr<cnn_neuflow> made(new (std::nothrow) cnn_neuflow());
  if (!made)
    return fail(error, CNN_NO_MEMORY, "out of memory");
  if (cnn_status status = readModel(desc, *made, error); status != CNN_OK)
    return status;
  made->simulator = std::make_unique<Simulator>();
  Result<std::unique_ptr<Device>> device =
      openDevice(made->parts.front().target, kind == CNN_NEUFLOW_CYCLES ? DeviceKind::cycles : DeviceKind::functional);
  if (!device)
    return fail(error, CNN_NO_MEMORY, "%s", device.message().c_str());
  made->simulator->device = std::move(*device);
  made->machine = made->simulator->machine();
  *machine = made.release();
  return CNN_OK;
}

cnn_status cnn_neuflow_open_on(const cnn_model_desc *desc, const cnn_neuflow_machine *other, cnn_neuflow **machine,
                               cnn_error *error) {
  if (!desc || !machine || !other || !other->write || !other->read || !other->run)
    return fail(error, CNN_BAD_ARGUMENT, "no model, or a machine without one of its functions");
  std::unique_ptr<cnn_neuflow> made(new (std::nothrow) cnn_neuflow());
  if (!made)
    return fail(error, CNN_NO_MEMORY, "out of memory");
  if (cnn_status status = readModel(desc, *made, error); status != CNN_OK)
    return status;
  const PartProgram &first = made->parts.front();
  std::array<uint8_t, 32> hash = targetHash(first.target);
  if (other->target_hash && !std::equal(hash.begin(), hash.end(), other->target_hash))
    return fail(error, CNN_INCOMPATIBLE, "%s: the program is for '%s', which is not this machine", first.name.c_str(),
                first.target.name.c_str());
  made->machine = *other;
  *machine = made.release();
  return CNN_OK;
}

void cnn_neuflow_close(cnn_neuflow *machine) { delete machine; }

const cnn_device *cnn_neuflow_device(const cnn_neuflow *machine) { return &machine->device; }

const cnn_neuflow_report *cnn_neuflow_get_report(const cnn_neuflow *machine) { return &machine->report; }

void cnn_neuflow_reset_report(cnn_neuflow *machine) {
  machine->report.runs = machine->report.cycles = 0;
  machine->saturated.assign(machine->saturated.size(), 0);
}

const cnn_error *cnn_neuflow_error(const cnn_neuflow *machine) { return &machine->error; }
