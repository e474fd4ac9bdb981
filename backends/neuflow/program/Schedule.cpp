// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The order in which the processor says everything:
//
//     reset, globals of the ports
//     for each pass:   commit: what was said of its tiles is so; convolvers
//       for each step: arm reads; load and register the kernels; arm writes
//                      router, lines and operator of each tile of the next pass, into the shadow, where they change;
//                      the kernels of its first step
//                      wait until the ports are done and the convolvers idle
//     term
//
// So a pass is configured while the one before still runs, and between them stand the waits and a commit. Convolvers
// have no use for that: their shadow is taken after so many frames, and they rest in some steps.
//
// Nobody waits between steps. A port takes the words for its next stream while one is on, a convolver the next kernel
// while it works with one, and the bus holds the processor when there is no place for them. So while step n runs, the
// processor says step n + 1 and stops at n + 2; if it is quick enough, frames follow each other without a gap. It
// cannot get stuck: what step n needs has been said before anything of step n + 1. Ports of which many steps make one
// stream are told once, before the first of these steps.
#include "backends/neuflow/program/Schedule.h"

#include "backends/neuflow/device/VerifyRoutes.h"
#include "backends/neuflow/program/ArmStreams.h"
#include "runtime/neuflow/machine/ProgramWriter.h"

#include <utility>

namespace cnn::neuflow {

namespace {

class Scheduler {
public:
  Scheduler(const PassProgram &program, const Target &target)
      : program(program), target(target), out(target), now(target), operators(target.tiles.size()) {}

  ScheduledText run() {
    for (Area area : {Area::tile, Area::streamer})
      out.configure({static_cast<uint8_t>(area), 0, 0, static_cast<uint8_t>(Command::reset)});
    for (int64_t port = 0; port < target.lines; ++port)
      out.globals(port, {0, static_cast<uint32_t>(target.memoryBytes / 2), 0, true});
    for (size_t i = 0; i < program.passes.size(); ++i) {
      const GridPass &pass = program.passes[i];
      uint32_t first = here();
      text.debug.push_back({first, pass.name});
      if (i == 0)
        prepare(pass);
      enter(pass);
      text.firstStep.push_back(here());
      std::vector<ArmedStreams> armed = armStreams(pass.steps);
      for (size_t step = 0; step < armed.size(); ++step) {
        arm(pass.placed->placement.readPorts, armed[step].reads, true);
        // Those of the first step were said before.
        if (step > 0)
          load(pass, pass.steps[step].kernels);
        arm(pass.placed->placement.writePorts, armed[step].writes, false);
      }
      if (i + 1 < program.passes.size())
        prepare(program.passes[i + 1]);
      // Here, so that the last pass waits, too.
      drain(pass);
      const Expectation &e = pass.expected;
      text.passes.push_back({pass.name, first, here() - 1, static_cast<uint64_t>(e.cycles),
                             static_cast<uint64_t>(e.macs), static_cast<uint64_t>(e.bytes)});
    }
    text.debug.push_back({here(), "end"});
    out.append({Opcode::term});
    text.words = out.text();
    return std::move(text);
  }

private:
  uint32_t here() const { return static_cast<uint32_t>(out.text().size()); }

  // Everything of a pass that can be said while another one runs.
  void prepare(const GridPass &pass) {
    const GridSelects &selects = pass.placed->selects;
    for (size_t t = 0; t < target.tiles.size(); ++t) {
      int64_t tile = static_cast<int64_t>(t);
      if (!(now.routers[t] == selects.routers[t]))
        prepare(tile, kTileRouter, encode(selects.routers[t]));
      if (!(now.lines[t] == selects.lines[t]))
        prepare(tile, kTileLines, encode(selects.lines[t]));
    }
    now = selects;
    for (size_t i = 0; i < pass.netlist.operators.size(); ++i) {
      int64_t tile = pass.placed->placement.tiles[i];
      const OperatorConfig &config = pass.netlist.operators[i];
      if (kindOf(config) == TileKind::conv || operators[tile] == config)
        continue;
      operators[tile] = config;
      std::visit(
          [&](const auto &what) {
            if constexpr (requires { what.capacity; })
              prepare(tile, kTileFifo, std::array{static_cast<uint32_t>(what.capacity)});
            else
              prepare(tile, kTileOperator, encode(what));
          },
          config);
    }
    if (!pass.steps.empty())
      load(pass, pass.steps[0].kernels);
  }
  void prepare(int64_t tile, uint8_t subModule, std::span<const uint32_t> words) {
    out.tile(tile, subModule, Command::cacheStart, words);
    out.tile(tile, subModule, Command::cacheFinish);
    waitsForCommit = true;
  }

  // What can be said only when nothing runs.
  void enter(const GridPass &pass) {
    if (std::exchange(waitsForCommit, false))
      out.configure({static_cast<uint8_t>(Area::tile), 0, 0, static_cast<uint8_t>(Command::control4)});
    for (size_t i = 0; i < pass.netlist.operators.size(); ++i) {
      int64_t tile = pass.placed->placement.tiles[i];
      const ConvConfig *conv = std::get_if<ConvConfig>(&pass.netlist.operators[i]);
      if (!conv || operators[tile] == pass.netlist.operators[i])
        continue;
      operators[tile] = *conv;
      out.operate(tile, *conv);
    }
  }

  StreamLocals localsOf(const Stream &stream, bool read) const {
    int64_t base = stream.buffer < 0 ? 0 : program.buffers[stream.buffer].base;
    StreamLocals locals{static_cast<uint32_t>(base + stream.offset), 0, stream.w, stream.h, read, std::nullopt};
    // Rows without gaps are what a continuous stream is without these words.
    if (!stream.isContinuous())
      locals.steps = {static_cast<int32_t>(stream.pitch), static_cast<int32_t>(stream.element)};
    return locals;
  }

  void arm(const std::vector<int64_t> &ports, const std::vector<Stream> &streams, bool read) {
    for (size_t i = 0; i < streams.size(); ++i)
      if (!streams[i].rests())
        out.streamNext(ports[i], localsOf(streams[i], read));
  }

  void load(const GridPass &pass, const std::vector<Kernel> &kernels) {
    size_t conv = 0;
    for (size_t i = 0; i < pass.netlist.operators.size(); ++i) {
      if (kindOf(pass.netlist.operators[i]) != TileKind::conv)
        continue;
      const Kernel &kernel = kernels[conv++];
      if (!kernel.rests())
        out.kernel(pass.placed->placement.tiles[i],
                   kernelArray(kernel.numbers, kernel.width, kernel.height, kernel.bias, target));
    }
  }

  void drain(const GridPass &pass) {
    const Placement &placement = pass.placed->placement;
    auto used = [&](std::vector<Stream> Step::*streams, size_t i) {
      for (const Step &step : pass.steps)
        if (!(step.*streams)[i].rests())
          return true;
      return false;
    };
    for (size_t i = 0; i < placement.writePorts.size(); ++i)
      if (used(&Step::writes, i))
        out.waitForPort(placement.writePorts[i], Status::done);
    for (size_t i = 0; i < placement.readPorts.size(); ++i)
      if (used(&Step::reads, i))
        out.waitForPort(placement.readPorts[i], Status::done);
    // The last positions of a frame may complete no window.
    for (size_t i = 0; i < pass.netlist.operators.size(); ++i)
      if (kindOf(pass.netlist.operators[i]) == TileKind::conv)
        out.waitForTile(placement.tiles[i], Status::idle);
  }

  const PassProgram &program;
  const Target &target;
  ProgramWriter out;
  GridSelects now;
  std::vector<std::optional<OperatorConfig>> operators;
  bool waitsForCommit = false;
  ScheduledText text;
};

} // namespace

ScheduledText schedule(const PassProgram &program, const Target &target) { return Scheduler(program, target).run(); }

std::string verifyText(const ScheduledText &text, const PassProgram &program, const Target &target) {
  ConfigReader reader(target);
  uint32_t read = 0;
  for (size_t i = 0; i < program.passes.size(); ++i) {
    const GridPass &pass = program.passes[i];
    std::span<const uint64_t> words(text.words.data() + read, text.firstStep[i] - read);
    read = text.firstStep[i];
    if (std::string error = reader.read(words); !error.empty())
      return pass.name + ": " + error;
    if (std::string error = verifyConfiguration(pass.netlist, pass.placed->placement, reader, target); !error.empty())
      return pass.name + ": " + error;
  }
  return reader.read(std::span(text.words).subspan(read));
}

Result<Program> assemble(const PassProgram &program, const MemoryLayout &layout, const ScheduledText &text,
                         const Target &target) {
  Program result;
  result.target = target;
  result.loadBase = result.entry = static_cast<uint32_t>(layout.textBase / 8);
  result.text = text.words;
  result.memory = layout.segments;
  uint64_t bytes = 8 * text.words.size(), end = layout.textBase + bytes;
  if (end > static_cast<uint64_t>(target.memoryBytes))
    return Error{"the model needs " + std::to_string(end) + " bytes, " + std::to_string(bytes) +
                 " of them for its program, but " + target.name + " has " + std::to_string(target.memoryBytes)};
  result.memory.push_back({SegmentKind::text, layout.textBase, bytes});
  for (const MemorySegment &segment : layout.segments)
    if (segment.kind == SegmentKind::data) {
      result.data.assign(segment.size, '\0');
      for (const Buffer &buffer : program.buffers)
        for (size_t i = 0; i < buffer.contents.size(); ++i) {
          uint64_t at = 2 * (static_cast<uint64_t>(buffer.base) + i) - segment.base;
          result.data[at] = static_cast<char>(buffer.contents[i]);
          result.data[at + 1] = static_cast<char>(static_cast<uint16_t>(buffer.contents[i]) >> 8);
        }
    }
  for (const PassTensor &tensor : program.tensors) {
    const PlaneShape &shape = tensor.shape;
    ProgramTensor entry;
    entry.name = tensor.name;
    entry.id = static_cast<uint32_t>(result.tensors.size());
    entry.output = tensor.output;
    entry.planes = static_cast<uint32_t>(shape.planes);
    entry.height = static_cast<uint32_t>(shape.height);
    entry.width = static_cast<uint32_t>(shape.width);
    entry.fractionBits = static_cast<uint32_t>(tensor.fractionBits);
    entry.base = 2 * static_cast<uint64_t>(program.buffers[tensor.buffer].base);
    entry.rowPitch = entry.width;
    entry.planePitch = entry.width * entry.height;
    result.tensors.push_back(std::move(entry));
  }
  result.passes = text.passes;
  result.debug = text.debug;
  if (std::string complaint = complaintAbout(result); !complaint.empty())
    return Error{"the program does not fit together: " + complaint};
  return result;
}

} // namespace cnn::neuflow
