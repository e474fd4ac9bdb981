// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "backends/neuflow/program/CycleModel.h"

#include <algorithm>

namespace cnn::neuflow {

int64_t CycleModel::configCycles(int64_t dataWords) const {
  int64_t instruction = target.cpuCyclesPerInstruction * target.clockRatio();
  if (dataWords == 0)
    return instruction;
  return target.has(Feature::configBurst) ? instruction + 1 + dataWords : instruction * (1 + dataWords);
}

int64_t CycleModel::kernelCycles(int64_t width, int64_t height) const {
  // A bias and whole rows from the bottom up, the last one as far as it goes; two numbers a word.
  int64_t numbers = 1 + (height - 1) * target.convKernel + width;
  return configCycles((numbers + 1) / 2) + configCycles(0);
}

int64_t CycleModel::memoryCycles(int64_t beats) const {
  int64_t slots = (beats * target.memoryOfBeats + target.memoryUsableBeats - 1) / target.memoryUsableBeats;
  return slots * target.memoryBeatCycles;
}

int64_t CycleModel::beatsOf(const Stream &stream) {
  if (stream.rests())
    return 0;
  int64_t step = std::abs(stream.element);
  if (step >= kWordsPerBeat)
    return stream.h * stream.w;
  // Rows that follow each other share a beat where they meet; a word that is read again is in the same beat.
  if (stream.pitch == stream.w * stream.element)
    return stream.h * stream.w * step / kWordsPerBeat + 1;
  // A row begins anywhere in a beat.
  return stream.h + stream.h * (stream.w - 1) * step / kWordsPerBeat;
}

int64_t CycleModel::betweenPasses(const GridPass *before, const GridPass &pass) const {
  // All operators one behind the other, and every line from end to end.
  int64_t tiles = static_cast<int64_t>(target.tiles.size()), cycles = 2 * tiles + target.memoryLatency;
  for (const OperatorConfig &config : pass.netlist.operators) {
    cycles += kindOf(config) == TileKind::conv ? target.convLatency : target.aluLatency;
    // Some are configured as they were before; which ones is not worth knowing.
    cycles += configCycles(kindOf(config) == TileKind::mapper ? 2 * target.mapperSegments : 4);
  }
  GridSelects none(target);
  const GridSelects &old = before ? before->placed->selects : none, &selects = pass.placed->selects;
  for (int64_t t = 0; t < tiles; ++t)
    cycles += configCycles(2) * (!(old.routers[t] == selects.routers[t]) + !(old.lines[t] == selects.lines[t]));
  // Each port and convolver is asked whether it is done.
  cycles += 2 * configCycles(0) * static_cast<int64_t>(pass.netlist.reads + pass.netlist.writes + 4);
  return cycles;
}

Expectation CycleModel::expect(const Netlist &netlist, const Step &step) const {
  Expectation result;
  int64_t words = 0, beats = 0, config = 0, conv = 0;
  for (const std::vector<Stream> *streams : {&step.reads, &step.writes})
    for (const Stream &stream : *streams) {
      if (stream.rests())
        continue;
      words = std::max(words, stream.w * stream.h);
      beats += beatsOf(stream);
      config += streamCycles(stream);
      result.bytes += 2 * stream.w * stream.h;
    }
  for (const OperatorConfig &op : netlist.operators)
    if (const ConvConfig *frame = std::get_if<ConvConfig>(&op)) {
      const Kernel &kernel = step.kernels[conv++];
      if (kernel.rests())
        continue;
      words = std::max(words, scanCycles(*frame));
      config += kernelCycles(kernel.width, kernel.height);
      result.macs += frame->outW() * frame->outH() * kernel.width * kernel.height;
    }
  // The program is read from the same memory; a word of the bus is half a word of 8 bytes.
  beats += config / 8;
  result.cycles = std::max({words, memoryCycles(beats), config});
  return result;
}

Expectation CycleModel::expect(const GridPass *before, const GridPass &pass) const {
  Expectation result;
  result.cycles = betweenPasses(before, pass);
  for (const Step &step : pass.steps)
    result += expect(pass.netlist, step);
  return result;
}

} // namespace cnn::neuflow
