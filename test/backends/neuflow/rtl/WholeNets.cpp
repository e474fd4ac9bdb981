// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// neuflow-whole-nets-MACHINE NET.mlir NET.nfb SAMPLES COUNT
//
// Whole nets on everything that runs programs: the .nfb that cnnc has written, on the functional simulator, on the
// cycle simulator and on the Verilated RTL, against the oracle of the tensor level. NET.mlir is what --emit=neuflow
// prints of the same net; SAMPLES an .npy or IDX file, of which the first COUNT samples are taken. After each sample
//
//   - the words of the outputs are those of the oracle, on all three;
//   - all of the memory is the same on all three;
//   - what is neither the program's room for values nor an output holds what it held before;
//   - the saturated flags, and the cycles where there is time, are the same.
//
// Memories begin with noise, and stay from sample to sample: nothing may depend on what is left in them. The exit code
// is 0 if all is so, 1 if not, 2 for wrong usage.
#include "backends/neuflow/reference/NetEvaluator.h"
#include "cnn/training.h"
#include "ir/CnnDialect.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Parser/Parser.h"
#include "runtime/neuflow/device/ProgramTensors.h"
#include "runtime/neuflow/device/RtlDevice.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/MemoryBuffer.h"

#include <Vnf_whole.h>
#include <chrono>
#include <random>

using namespace mlir;
using namespace cnn;
using namespace cnn::neuflow;

double sc_time_stamp() { return 0; }

namespace {

using Bytes = std::string;
constexpr uint64_t kBlock = 1 << 20;
// Noise stands as far as this behind the program's last segment; what is further away stays zero, and is compared too.
constexpr uint64_t kNoiseBehind = 16 << 20;

// What is compared; the first one is what the others are compared with.
struct Machine {
  const char *name;
  std::unique_ptr<Device> device;
};

struct Range {
  uint64_t begin, end;
};

class WholeNet {
public:
  explicit WholeNet(Program program) : program(std::move(program)) {}

  // What is wrong; "" if nothing. So do all functions of this class answer.
  std::string open() {
    const Target &target = program.target;
    // The RTL is that of one machine, NF_MACHINE.
    if (targetHash(target) != targetHash(*presetTarget(NF_MACHINE)))
      return "expected a program for " NF_MACHINE ", but got one for " + target.name;
    auto functional = openDevice(target, DeviceKind::functional), cycles = openDevice(target, DeviceKind::cycles);
    auto untouched = openDevice(target, DeviceKind::functional);
    std::unique_ptr<Device> rtl = RtlDevice<Vnf_whole>::open(target);
    if (!functional || !cycles || !untouched || !rtl)
      return "no room for the memories of four machines";
    machines.push_back({"the functional simulator", std::move(*functional)});
    machines.push_back({"the cycle simulator", std::move(*cycles)});
    machines.push_back({"the RTL", std::move(rtl)});
    machines.push_back({"what was loaded", std::move(*untouched)});

    uint64_t end = 0;
    for (const MemorySegment &segment : program.memory) {
      end = std::max(end, segment.base + segment.size);
      if (segment.kind == SegmentKind::managed)
        writable.push_back({segment.base, segment.base + segment.size});
    }
    end = std::min(end + kNoiseBehind, static_cast<uint64_t>(target.memoryBytes));
    std::mt19937 random(11);
    for (uint64_t at = 0; at < end; at += kBlock) {
      Bytes noise(std::min(kBlock, end - at), 0);
      for (char &byte : noise)
        byte = static_cast<char>(random() >> 4);
      for (Machine &machine : machines)
        if (!machine.device->write(at, noise))
          return "a memory is smaller than its machine's";
    }
    for (Machine &machine : machines)
      if (auto loaded = load(*machine.device, program); !loaded)
        return loaded.message();
    for (const ProgramTensor &tensor : program.tensors)
      if (tensor.output)
        for (uint64_t plane = 0; plane < tensor.planes; ++plane)
          for (uint64_t row = 0; row < tensor.height; ++row) {
            uint64_t begin = tensor.base + 2 * (plane * tensor.planePitch + row * tensor.rowPitch);
            writable.push_back({begin, begin + 2 * uint64_t(tensor.width)});
          }
    std::sort(writable.begin(), writable.end(), [](Range a, Range b) { return a.begin < b.begin; });
    return "";
  }

  std::string run(ArrayRef<Words> inputs, ArrayRef<Words> expected) {
    for (Machine &machine : machines) {
      size_t next = 0;
      for (const ProgramTensor &tensor : program.tensors)
        if (!tensor.output && (next == inputs.size() || !writeTensor(*machine.device, tensor, inputs[next++].values)))
          return "the program and the module have different inputs";
    }
    Machine &functional = machines[0], &cycles = machines[1], &rtl = machines[2];
    RunLimit limit;
    for (Machine *machine : {&functional, &cycles, &rtl}) {
      auto begin = std::chrono::steady_clock::now();
      const RunReport &report = machine->device->run(program.entry, limit);
      if (report.trap)
        return std::string(machine->name) + " stops at word " + std::to_string(report.pc) + ": " + report.trap->text;
      if (std::string wrong = compareOutputs(*machine, expected); !wrong.empty())
        return wrong;
      // Longer than this is another number of cycles.
      if (machine == &cycles)
        limit.cycles = report.cycles + 100'000;
      if (machine == &rtl)
        rtlSeconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    }
    const RunReport &expectedReport = cycles.device->report(), &report = rtl.device->report();
    if (report.cycles != expectedReport.cycles)
      return "expected " + std::to_string(expectedReport.cycles) + " cycles, but the RTL takes " +
             std::to_string(report.cycles);
    for (Machine *machine : {&cycles, &rtl})
      if (machine->device->report().saturated != functional.device->report().saturated)
        return std::string(machine->name) + " shows other saturated flags than the functional simulator";
    runCycles.push_back(report.cycles);
    return compareMemories();
  }

  Program program;
  std::vector<int64_t> runCycles;
  int64_t outputWords = 0;
  double rtlSeconds = 0;

private:
  std::string compareOutputs(Machine &machine, ArrayRef<Words> expected) {
    std::vector<Word> words;
    size_t next = 0;
    for (const ProgramTensor &tensor : program.tensors) {
      if (!tensor.output)
        continue;
      if (next == expected.size() || !readTensor(*machine.device, tensor, words) ||
          words.size() != expected[next].values.size())
        return "the program and the module have different outputs";
      for (size_t i = 0; i < words.size(); ++i)
        if (words[i] != expected[next].values[i])
          return "word " + std::to_string(i) + " of '" + tensor.name + "': expected " +
                 std::to_string(expected[next].values[i]) + ", but got " + std::to_string(words[i]) + " on " +
                 machine.name;
      outputWords += static_cast<int64_t>(words.size());
      ++next;
    }
    return next == expected.size() ? "" : "the program and the module have different outputs";
  }

  std::string compareMemories() {
    uint64_t size = static_cast<uint64_t>(program.target.memoryBytes);
    Bytes first(kBlock, 0), other(kBlock, 0);
    size_t nextWritable = 0;
    for (uint64_t at = 0; at < size; at += kBlock) {
      uint64_t bytes = std::min(kBlock, size - at);
      first.resize(bytes);
      other.resize(bytes);
      if (!machines[0].device->read(at, first))
        return "a memory is smaller than its machine's";
      for (Machine &machine : MutableArrayRef<Machine>(machines).drop_front()) {
        if (!machine.device->read(at, other))
          return "a memory is smaller than its machine's";
        if (first == other)
          continue;
        bool isUntouched = &machine == &machines.back();
        for (uint64_t i = 0; i < bytes; ++i) {
          if (first[i] == other[i])
            continue;
          if (!isUntouched)
            return "byte " + std::to_string(at + i) + " of " + machine.name + " differs from that of " +
                   machines[0].name;
          while (nextWritable < writable.size() && writable[nextWritable].end <= at + i)
            ++nextWritable;
          if (nextWritable == writable.size() || at + i < writable[nextWritable].begin)
            return "byte " + std::to_string(at + i) + " is written, which is no place for values";
        }
      }
    }
    return "";
  }

  std::vector<Machine> machines; // the last one never runs
  std::vector<Range> writable;   // ascending
};

int fail(const std::string &text) {
  llvm::errs() << "neuflow-whole-nets: error: " << text << "\n";
  return 1;
}

// The first samples of a file, with a batch of 1, for a net with one input.
std::string readSamples(const char *path, RankedTensorType type, int64_t wanted,
                        std::vector<reference::Tensor> &samples) {
  llvm::ArrayRef<int64_t> shape = type.getShape();
  cnn_tensor_desc tensor = {};
  tensor.name = "input";
  tensor.dtype = type.getElementType().isF32() ? CNN_F32 : CNN_U8;
  tensor.rank = static_cast<int32_t>(shape.size() - 1);
  tensor.shape = shape.data() + 1;
  void *data = nullptr;
  int64_t count = 0, size = type.getNumElements();
  cnn_error error = {};
  if (cnn_read_samples(path, &tensor, &data, &count, &error) != CNN_OK)
    return error.text;
  for (int64_t i = 0; i < std::min(count, wanted); ++i)
    if (tensor.dtype == CNN_F32) {
      const float *from = static_cast<const float *>(data) + i * size;
      samples.push_back(
          reference::Tensor::ofFloats(shape, std::vector<double>(from, from + size), reference::ElementKind::F32));
    } else {
      const uint8_t *from = static_cast<const uint8_t *>(data) + i * size;
      samples.push_back(
          reference::Tensor::ofIntegers(shape, std::vector<int64_t>(from, from + size), reference::ElementKind::U8));
    }
  cnn_free_samples(data);
  return count < wanted
             ? std::string(path) + ": expected " + std::to_string(wanted) + " samples, but got " + std::to_string(count)
             : "";
}

int run(const char *modulePath, const char *programPath, const char *samplesPath, int64_t count) {
  MLIRContext context(MLIRContext::Threading::DISABLED);
  context.loadDialect<NeuflowDialect, CnnDialect, arith::ArithDialect, func::FuncDialect>();
  OwningOpRef<ModuleOp> module = parseSourceFile<ModuleOp>(modulePath, &context);
  if (!module || module->getOps<func::FuncOp>().empty())
    return fail(std::string(modulePath) + ": expected a net");
  func::FuncOp net = *module->getOps<func::FuncOp>().begin();
  auto file = llvm::MemoryBuffer::getFile(programPath);
  if (!file)
    return fail(std::string("cannot read ") + programPath);
  Result<Program> program = readContainer(std::string_view((*file)->getBufferStart(), (*file)->getBufferSize()));
  if (!program)
    return fail(std::string(programPath) + ": " + program.message());
  std::vector<reference::Tensor> samples;
  if (net.getNumArguments() != 1)
    return fail("expected a net with one input");
  std::string wrong = readSamples(samplesPath, cast<RankedTensorType>(net.getArgumentTypes().front()), count, samples);
  if (!wrong.empty())
    return fail(wrong);

  WholeNet whole(std::move(*program));
  if (wrong = whole.open(); !wrong.empty())
    return fail(wrong);
  NetEvaluator<Word> oracle(net);
  for (auto [i, sample] : llvm::enumerate(samples)) {
    int64_t parts = 0;
    auto results = oracle.run(
        sample, [](const Observation<Word> &) {},
        [&](StringRef, ArrayRef<Words> inputs, ArrayRef<Words> outputs) {
          if (parts++ == 0)
            wrong = whole.run(inputs, outputs);
        });
    if (failed(results) || parts != 1)
      return fail("expected a net of which the grid computes one part");
    if (!wrong.empty())
      return fail("sample " + std::to_string(i) + ": " + wrong);
  }
  auto [least, most] = std::minmax_element(whole.runCycles.begin(), whole.runCycles.end());
  double all = std::accumulate(whole.runCycles.begin(), whole.runCycles.end(), 0.0);
  llvm::outs() << net.getName() << " on " << whole.program.target.name << ": " << samples.size()
               << " samples, the same on oracle, functional simulator, cycle simulator and RTL: "
               << whole.outputWords / 3 << " words of outputs, all of the memory, " << *least
               << (*least == *most ? "" : " to " + std::to_string(*most)) << " cycles; "
               << llvm::format("%.0f cycles a second on the RTL\n", all / whole.rtlSeconds);
  return 0;
}

} // namespace

int main(int count, char **words) {
  int64_t samples = 0;
  if (count != 5 || !llvm::to_integer(words[4], samples) || samples < 1) {
    llvm::errs() << "usage: neuflow-whole-nets-MACHINE NET.mlir NET.nfb SAMPLES COUNT\n";
    return 2;
  }
  return run(words[1], words[2], words[3], samples);
}
