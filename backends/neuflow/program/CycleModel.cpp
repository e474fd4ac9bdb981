// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "backends/neuflow/program/CycleModel.h"

namespace cnn::neuflow {

// Cycles from where a beat is missed to its request, and from its response to where it is used.
constexpr int64_t kAroundMemory = 4;

Saying CycleModel::configuring(int64_t dataWords) const {
  int64_t instruction = target.cpuCyclesPerInstruction * target.clockRatio();
  if (dataWords == 0)
    return {instruction, 1};
  // The select stands in the burst, too, of which a word holds two.
  if (target.has(Feature::configBurst))
    return {instruction + 1 + dataWords, 1 + (dataWords + 2) / 2};
  return {instruction * (1 + dataWords), 1 + dataWords};
}

Saying CycleModel::loading(int64_t width, int64_t height) const {
  // A bias and whole rows from the bottom up, the last one as far as it goes; two numbers a word.
  int64_t numbers = 1 + (height - 1) * target.convKernel + width;
  Saying saying = configuring((numbers + 1) / 2);
  return saying += configuring(0);
}

Saying CycleModel::arming(const Stream &stream) const {
  Saying saying = configuring(stream.isContinuous() ? 5 : 7);
  return saying += configuring(0);
}

int64_t CycleModel::processorCycles(const Saying &saying) const {
  // A request for the program waits for those of half of the ports, as it comes.
  int64_t wait = target.memoryLatency + kAroundMemory + target.memoryBeatCycles * target.lines / 2;
  return std::max(saying.cycles, saying.words * wait * 8 / (target.cpuFetchBeats * kBeatBytes));
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

int64_t CycleModel::readCycles(const Stream &stream) const {
  // The beat that is handed on is one of them.
  int64_t words = stream.w * stream.h;
  return (beatsOf(stream) * (target.memoryLatency + kAroundMemory) + words) / target.portBeats;
}

int64_t CycleModel::betweenPasses(const GridPass *before, const GridPass &pass) const {
  // All operators one behind the other, and every line from end to end.
  int64_t tiles = static_cast<int64_t>(target.tiles.size()), cycles = 2 * tiles + target.memoryLatency;
  Saying shadow, waits = configuring(0);
  for (const OperatorConfig &config : pass.netlist.operators) {
    bool isConv = kindOf(config) == TileKind::conv;
    cycles += isConv ? target.convLatency : target.aluLatency;
    // Some are configured as they were before; which ones is not worth knowing.
    (isConv ? waits : shadow) += configuring(kindOf(config) == TileKind::mapper ? 2 * target.mapperSegments : 4);
  }
  GridSelects none(target);
  const GridSelects &old = before ? before->placed->selects : none, &selects = pass.placed->selects;
  for (int64_t t = 0; t < tiles; ++t)
    for (bool changes : {!(old.routers[t] == selects.routers[t]), !(old.lines[t] == selects.lines[t])})
      if (changes)
        shadow += configuring(2);
  // Each port and convolver is asked whether it is done.
  for (int64_t i = 0; i < 2 * (pass.netlist.reads + pass.netlist.writes + 4); ++i)
    waits += configuring(0);
  // What goes into the shadow is said while the last step of the pass before runs.
  int64_t meanwhile = 0;
  if (before && !before->steps.empty())
    meanwhile = expect(before->netlist, {before->steps.back()}).cycles;
  return cycles + processorCycles(waits) + std::max<int64_t>(0, processorCycles(shadow) - meanwhile);
}

CycleModel::StepDemand CycleModel::demandOf(const Netlist &netlist, const Step &step, const ArmedStreams &armed) const {
  StepDemand sum;
  int64_t conv = 0;
  for (const std::vector<Stream> *streams : {&armed.reads, &armed.writes})
    for (const Stream &stream : *streams)
      if (!stream.rests())
        sum.saying += arming(stream);
  for (const std::vector<Stream> *streams : {&step.reads, &step.writes})
    for (const Stream &stream : *streams) {
      sum.words += stream.w * stream.h;
      sum.longest = std::max(sum.longest, stream.w * stream.h);
      sum.beats += beatsOf(stream);
    }
  for (const Stream &stream : step.reads)
    sum.longest = std::max(sum.longest, readCycles(stream));
  for (const OperatorConfig &op : netlist.operators)
    if (const ConvConfig *frame = std::get_if<ConvConfig>(&op)) {
      const Kernel &kernel = step.kernels[conv++];
      if (kernel.rests())
        continue;
      sum.positions += scanCycles(*frame);
      sum.longest = std::max(sum.longest, scanCycles(*frame));
      sum.saying += loading(kernel.width, kernel.height);
      sum.macs += frame->outW() * frame->outH() * kernel.width * kernel.height;
    }
  // The program is read from the same memory.
  sum.beats += sum.saying.words * 8 / kBeatBytes;
  return sum;
}

Demand CycleModel::demandOf(std::span<const GridPass *const> passes) const {
  StepDemand all;
  for (const GridPass *pass : passes) {
    std::vector<ArmedStreams> armed = armStreams(pass->steps);
    for (size_t i = 0; i < armed.size(); ++i) {
      StepDemand step = demandOf(pass->netlist, pass->steps[i], armed[i]);
      all.positions += step.positions;
      all.words += step.words;
      all.beats += step.beats;
      all.saying += step.saying;
    }
  }
  int64_t convolvers = 0;
  for (const Tile &tile : target.tiles)
    convolvers += tile.kind == TileKind::conv;
  return {all.positions / std::max<int64_t>(convolvers, 1), all.words / target.lines, memoryCycles(all.beats),
          processorCycles(all.saying)};
}

Expectation CycleModel::expect(const Netlist &netlist, const std::vector<Step> &steps) const {
  Expectation result;
  std::vector<ArmedStreams> armed = armStreams(steps);
  for (size_t i = 0; i < steps.size(); ++i) {
    StepDemand step = demandOf(netlist, steps[i], armed[i]);
    result +=
        {std::max({step.longest, memoryCycles(step.beats), processorCycles(step.saying)}), step.macs, 2 * step.words};
  }
  return result;
}

Expectation CycleModel::expect(const GridPass *before, const GridPass &pass) const {
  Expectation result = expect(pass.netlist, pass.steps);
  result.cycles += betweenPasses(before, pass);
  return result;
}

} // namespace cnn::neuflow
