// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// nf-sim PROGRAM.nfb [--cycles] [--vcd FILE] [--input NAME=FILE]... [--output NAME=FILE]... [--dump
// BEGIN:BYTES=FILE]...
//
// Runs a NeuFlow program on the functional simulator, or with --cycles on the one that knows time, which then says how
// long it took and what it was busy with. --vcd writes a waveform of that. Inputs and outputs are files of words (16
// bits, little endian), planes after rows, without gaps. The exit code is 0 if the program ended, 1 if it trapped or a
// file is wrong, 2 for wrong usage.
#include "runtime/neuflow/machine/Container.h"
#include "runtime/neuflow/simulator/CycleSimulator.h"
#include "runtime/neuflow/simulator/FunctionalSimulator.h"
#include "tools/neuflow/Files.h"

#include <charconv>
#include <cstdio>

using namespace cnn::neuflow;

namespace {

constexpr const char *kUsage = "usage: nf-sim PROGRAM.nfb [--cycles] [--vcd FILE] [--input NAME=FILE]... "
                               "[--output NAME=FILE]... [--dump BEGIN:BYTES=FILE]...\n";

int fail(const std::string &text) { return failTool("nf-sim", text); }

struct Named {
  std::string name, file;
};

const ProgramTensor *find(const Program &program, const std::string &name) {
  for (const ProgramTensor &tensor : program.tensors)
    if (tensor.name == name)
      return &tensor;
  return nullptr;
}

// Calls `each` with the byte address of every word of a tensor, in the order of a file.
template <typename Each> void forWords(const ProgramTensor &tensor, Each each) {
  for (uint64_t plane = 0; plane < tensor.planes; ++plane)
    for (uint64_t row = 0; row < tensor.height; ++row)
      for (uint64_t column = 0; column < tensor.width; ++column)
        each(tensor.base + 2 * (plane * tensor.planePitch + row * tensor.rowPitch + column));
}

bool load(const Program &program, MachineMemory &memory) {
  for (size_t i = 0; i < program.text.size(); ++i)
    for (int byte = 0; byte < 8; ++byte)
      memory.data()[8 * (uint64_t(program.loadBase) + i) + byte] = static_cast<uint8_t>(program.text[i] >> (8 * byte));
  for (const MemorySegment &segment : program.memory)
    if (segment.kind == SegmentKind::data && !memory.write(segment.base, program.data))
      return false;
  return true;
}

// "BEGIN:BYTES", in bytes.
bool parseRange(const std::string &text, uint64_t &begin, uint64_t &bytes) {
  size_t colon = text.find(':');
  if (colon == std::string::npos)
    return false;
  const char *end = text.data() + text.size(), *middle = text.data() + colon;
  auto first = std::from_chars(text.data(), middle, begin);
  auto second = std::from_chars(middle + 1, end, bytes);
  return first.ec == std::errc() && first.ptr == middle && second.ec == std::errc() && second.ptr == end;
}

// What a run says about itself. Both answer with the exit code.
void printSaturated(const Program &program, const std::vector<bool> &saturated) {
  for (size_t i = 0; i < saturated.size(); ++i)
    if (saturated[i])
      std::printf("saturated: %s\n", program.target.tiles[i].name.c_str());
}

int runFunctional(const std::string &path, const Program &program, MachineMemory &memory) {
  FunctionalSimulator simulator(program.target, memory);
  Outcome outcome = simulator.run(program.entry);
  if (outcome.trap)
    return fail(path + ": at word " + std::to_string(outcome.pc) + ": " + outcome.trap->text);
  std::printf("%lld instructions, %lld words read, %lld words written\n", static_cast<long long>(outcome.instructions),
              static_cast<long long>(simulator.wordsRead()), static_cast<long long>(simulator.wordsWritten()));
  printSaturated(program, simulator.saturated());
  return 0;
}

void printCycles(const Target &target, const CycleOutcome &outcome, const CycleCounts &counts) {
  double cycles = static_cast<double>(outcome.cycles),
         seconds = cycles / (static_cast<double>(target.clockGridMhz) * 1e6);
  std::printf("%lld cycles, %.3f us at %lld MHz, %lld instructions\n", static_cast<long long>(outcome.cycles),
              seconds * 1e6, static_cast<long long>(target.clockGridMhz), static_cast<long long>(outcome.instructions));
  int64_t bytes = counts.beats * kBeatBytes, macs = 0;
  std::printf("%lld bytes between memory and machine, %.3f GB/s\n", static_cast<long long>(bytes),
              static_cast<double>(bytes) / seconds / 1e9);
  for (size_t i = 0; i < target.tiles.size(); ++i) {
    macs += counts.macs[i];
    if (target.tiles[i].kind == TileKind::conv)
      std::printf("%s busy %.1f %%\n", target.tiles[i].name.c_str(),
                  100 * static_cast<double>(counts.positions[i]) / cycles);
  }
  std::printf("%.3f GOPS: 2 * %lld multiply-accumulates of convolvers / time\n",
              2 * static_cast<double>(macs) / seconds / 1e9, static_cast<long long>(macs));
}

int runCycles(const std::string &path, const Program &program, MachineMemory &memory, const std::string &vcd) {
  CycleSimulator simulator(program.target, memory);
  std::FILE *waveform = vcd.empty() ? nullptr : std::fopen(vcd.c_str(), "wb");
  if (!vcd.empty() && !waveform)
    return fail("cannot write " + vcd);
  simulator.record(waveform);
  CycleOutcome outcome = simulator.run(program.entry);
  if (waveform) {
    bool sound = !std::ferror(waveform);
    if (std::fclose(waveform) != 0 || !sound)
      return fail("cannot write " + vcd);
  }
  if (outcome.trap)
    return fail(path + ": in cycle " + std::to_string(outcome.cycles) + ", at word " + std::to_string(outcome.pc) +
                ": " + outcome.trap->text);
  printCycles(program.target, outcome, simulator.counts());
  printSaturated(program, simulator.saturated());
  return 0;
}

struct Wishes {
  std::string program, vcd;
  bool cycles = false;
  std::vector<Named> inputs, outputs, dumps;
};

int run(const Wishes &wishes) {
  const std::string &path = wishes.program;
  std::string bytes;
  if (!readFile(path, bytes))
    return fail("cannot read " + path);
  Result<Program> program = readContainer(bytes);
  if (!program)
    return fail(path + ": " + program.message());
  MachineMemory memory;
  if (!memory.allocate(program->target.memoryBytes) || !load(*program, memory))
    return fail("no room for the machine's memory");
  for (const Named &input : wishes.inputs) {
    const ProgramTensor *tensor = find(*program, input.name);
    if (!tensor || tensor->output)
      return fail("the program has no input '" + input.name + "'");
    uint64_t expected = uint64_t(tensor->planes) * tensor->height * tensor->width * 2;
    if (!readFile(input.file, bytes))
      return fail("cannot read " + input.file);
    if (bytes.size() != expected)
      return fail(input.file + ": expected " + std::to_string(expected) + " bytes for input '" + input.name +
                  "', but found " + std::to_string(bytes.size()));
    size_t at = 0;
    forWords(*tensor, [&](uint64_t address) {
      memory.data()[address] = static_cast<uint8_t>(bytes[at++]);
      memory.data()[address + 1] = static_cast<uint8_t>(bytes[at++]);
    });
  }

  int code = wishes.cycles ? runCycles(path, *program, memory, wishes.vcd) : runFunctional(path, *program, memory);
  if (code != 0)
    return code;

  for (const Named &output : wishes.outputs) {
    const ProgramTensor *tensor = find(*program, output.name);
    if (!tensor)
      return fail("the program has no tensor '" + output.name + "'");
    std::string result;
    forWords(*tensor, [&](uint64_t address) {
      result += static_cast<char>(memory.data()[address]);
      result += static_cast<char>(memory.data()[address + 1]);
    });
    if (!writeFile(output.file, result))
      return fail("cannot write " + output.file);
  }
  for (const Named &dump : wishes.dumps) {
    uint64_t begin = 0, count = 0, size = static_cast<uint64_t>(memory.size());
    if (!parseRange(dump.name, begin, count) || begin > size || count > size - begin)
      return fail("expected BEGIN:BYTES inside of " + std::to_string(size) + " bytes, but found '" + dump.name + "'");
    if (!writeFile(dump.file, std::string(reinterpret_cast<const char *>(memory.data()) + begin, count)))
      return fail("cannot write " + dump.file);
  }
  return 0;
}

} // namespace

int main(int count, char **arguments) {
  Wishes wishes;
  auto usage = [] {
    std::fputs(kUsage, stderr);
    return 2;
  };
  for (int i = 1; i < count; ++i) {
    std::string argument = arguments[i];
    if (argument == "--cycles") {
      wishes.cycles = true;
      continue;
    }
    std::vector<Named> *list = argument == "--input"    ? &wishes.inputs
                               : argument == "--output" ? &wishes.outputs
                               : argument == "--dump"   ? &wishes.dumps
                                                        : nullptr;
    if (!list && argument != "--vcd") {
      if (argument.starts_with("-") || !wishes.program.empty())
        return usage();
      wishes.program = argument;
      continue;
    }
    std::string value = i + 1 < count ? arguments[++i] : "";
    if (!list) {
      if (value.empty())
        return usage();
      wishes.vcd = value;
      wishes.cycles = true;
      continue;
    }
    size_t equals = value.find('=');
    if (equals == std::string::npos)
      return usage();
    list->push_back({value.substr(0, equals), value.substr(equals + 1)});
  }
  return wishes.program.empty() ? usage() : run(wishes);
}
