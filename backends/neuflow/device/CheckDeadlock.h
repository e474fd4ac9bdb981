// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef CNN_BACKENDS_NEUFLOW_DEVICE_CHECKDEADLOCK_H
#define CNN_BACKENDS_NEUFLOW_DEVICE_CHECKDEADLOCK_H

#include "backends/neuflow/device/Routing.h"

namespace cnn::neuflow {

// How many words go through each stream of a pass in one step.
struct StepWords {
  std::vector<int64_t> reads, writes;
};

// Whether a step comes to its end on the grid: what stands still, or "".
std::string checkDeadlock(const Netlist &netlist, const PlacedNetlist &placed, const StepWords &words,
                          const ChannelGraph &graph);

} // namespace cnn::neuflow
#endif
