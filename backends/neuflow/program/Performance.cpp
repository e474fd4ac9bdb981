// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "backends/neuflow/program/Performance.h"

#include <algorithm>
#include <cstdio>
#include <map>

namespace cnn::neuflow {

namespace {

Performance sumUp(const std::vector<const GridPass *> &passes, const Target &target) {
  Performance sum;
  int64_t scanned = 0, convolvers = 0;
  for (const Tile &tile : target.tiles)
    convolvers += tile.kind == TileKind::conv;
  for (const GridPass *pass : passes) {
    ++sum.passes;
    sum.steps += static_cast<int64_t>(pass->steps.size());
    sum.tiles = std::max(sum.tiles, static_cast<int64_t>(pass->netlist.operators.size()));
    sum.expected += pass->expected;
    for (const Step &step : pass->steps) {
      size_t conv = 0;
      for (const OperatorConfig &config : pass->netlist.operators)
        if (const ConvConfig *frame = std::get_if<ConvConfig>(&config); frame && !step.kernels[conv++].rests())
          scanned += frame->scanH() * frame->scanW();
    }
  }
  sum.demand = CycleModel(target).demandOf(passes);
  double all = static_cast<double>(sum.expected.cycles) * static_cast<double>(convolvers);
  if (all > 0) {
    sum.convolversBusy = static_cast<double>(scanned) / all;
    sum.macsUsed =
        static_cast<double>(sum.expected.macs) / (all * static_cast<double>(target.convKernel * target.convKernel));
  }
  return sum;
}

std::string line(const Performance &of, const Target &target) {
  char text[256];
  std::snprintf(text, sizeof(text), "  %-24.24s %6lld %6lld %6lld %9.1f %% %6.1f %% %12lld %12lld %9.3f\n",
                of.name.c_str(), static_cast<long long>(of.passes), static_cast<long long>(of.steps),
                static_cast<long long>(of.tiles), 100 * of.convolversBusy, 100 * of.macsUsed,
                static_cast<long long>(of.expected.bytes), static_cast<long long>(of.expected.cycles),
                static_cast<double>(of.expected.cycles) / static_cast<double>(target.clockGridMhz) / 1000);
  return text;
}

} // namespace

Performance performanceOf(const PassProgram &program, const Target &target) {
  std::vector<const GridPass *> all;
  for (const GridPass &pass : program.passes)
    all.push_back(&pass);
  Performance sum = sumUp(all, target);
  sum.name = program.name;
  return sum;
}

std::string explain(const PassProgram &program, const Target &target) {
  std::vector<std::string> order;
  std::map<std::string, std::vector<const GridPass *>> passes;
  for (const GridPass &pass : program.passes) {
    if (!passes.contains(pass.operation))
      order.push_back(pass.operation);
    passes[pass.operation].push_back(&pass);
  }
  std::string text =
      "  operation                passes  steps  tiles convs busy     MACs        bytes       cycles        ms\n";
  for (const std::string &operation : order) {
    Performance of = sumUp(passes[operation], target);
    of.name = operation;
    text += line(of, target);
  }
  Performance all = performanceOf(program, target);
  all.name = "all";
  text += line(all, target);
  const Demand &demand = all.demand;
  auto part = [&](int64_t cycles) {
    return 100 * static_cast<double>(cycles) / static_cast<double>(std::max<int64_t>(all.expected.cycles, 1));
  };
  char frames[512];
  std::snprintf(
      frames, sizeof(frames),
      "%.1f frames per second on %s at %lld MHz, by the model of its time\n"
      "at least %lld cycles (%.1f frames per second) for the same steps, of all of which convolvers need %.1f %%, "
      "ports %.1f %%, memory %.1f %%, the processor %.1f %%\n",
      all.framesPerSecond(target), target.name.c_str(), static_cast<long long>(target.clockGridMhz),
      static_cast<long long>(demand.most()), all.mostFramesPerSecond(target), part(demand.convolvers),
      part(demand.ports), part(demand.memory), part(demand.processor));
  return text + frames;
}

} // namespace cnn::neuflow
