// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef CNN_TEST_BACKENDS_NEUFLOW_DEVICE_RANDOMNETLIST_H
#define CNN_TEST_BACKENDS_NEUFLOW_DEVICE_RANDOMNETLIST_H

#include "backends/neuflow/device/ChannelGraph.h"
#include "backends/neuflow/device/Netlist.h"

#include <algorithm>
#include <random>

namespace cnn::neuflow {

inline int64_t pick(std::mt19937 &random, int64_t least, int64_t most) {
  return least + static_cast<int64_t>(random() % static_cast<uint64_t>(most - least + 1));
}

inline ConvConfig convOf(int64_t width, int64_t height, int64_t kernelW, int64_t kernelH) {
  ConvConfig conv;
  conv.inW = width;
  conv.inH = height;
  conv.kerW = kernelW;
  conv.kerH = kernelH;
  return conv;
}

inline MapperConfig identityMapper(const Target &target) {
  return {std::vector<Segment>(target.mapperSegments, Segment{256, 0, -32768}), Symmetry::none};
}

// A netlist without circles that the target has tiles for: whether it has ports, and its wires find room, is open.
// Words go on in the order of the target's tiles, unless shuffled.
inline Netlist randomNetlist(std::mt19937 &random, const ChannelGraph &graph, bool shuffled) {
  const Target &target = graph.target;
  Netlist netlist;
  std::vector<Pin> sources, unused;
  netlist.reads = pick(random, 1, target.lines - 1);
  for (int64_t i = 0; i < netlist.reads; ++i)
    unused.push_back(readPin(i));
  std::vector<OperatorConfig> all;
  for (const Tile &tile : target.tiles) {
    if (random() % 3 == 0)
      continue;
    switch (tile.kind) {
    case TileKind::conv: {
      ConvConfig conv = convOf(4, 4, 2, 2);
      conv.accumulate = random() % 2;
      all.push_back(conv);
      break;
    }
    case TileKind::alu:
      all.push_back(AluConfig{random() % 2 ? AluCode::add : AluCode::square, AluCode::none});
      break;
    case TileKind::mapper:
      all.push_back(identityMapper(target));
      break;
    case TileKind::fifo:
      all.push_back(FifoConfig{8});
      break;
    }
  }
  if (shuffled)
    std::shuffle(all.begin(), all.end(), random);
  sources = unused;
  for (const OperatorConfig &config : all) {
    int64_t op = static_cast<int64_t>(netlist.operators.size());
    netlist.operators.push_back(config);
    int64_t output = 0;
    auto connect = [&](int64_t input) {
      // What nobody takes yet, more often than not.
      std::vector<Pin> &from = !unused.empty() && random() % 4 ? unused : sources;
      size_t which = random() % from.size();
      Pin source = from[which];
      netlist.connect(source, operatorPin(op, input));
      std::erase(unused, source);
    };
    connect(0);
    if (const ConvConfig *conv = std::get_if<ConvConfig>(&config)) {
      output = conv->output();
      if (conv->accumulate)
        connect(2);
    } else if (const AluConfig *alu = std::get_if<AluConfig>(&config); alu && alu->takes(1))
      connect(1);
    sources.push_back(operatorPin(op, output));
    unused.push_back(operatorPin(op, output));
  }
  for (const Pin &source : unused)
    netlist.connect(source, writePin(netlist.writes++));
  return netlist;
}

} // namespace cnn::neuflow
#endif
