// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef CNN_BACKENDS_NEUFLOW_DEVICE_PLACEMENT_H
#define CNN_BACKENDS_NEUFLOW_DEVICE_PLACEMENT_H

#include "backends/neuflow/device/ChannelGraph.h"
#include "backends/neuflow/device/Netlist.h"

namespace cnn::neuflow {

// The best placements of a netlist that complaintAbout() has nothing about, best first, at most `count`.
std::vector<Placement> placements(const Netlist &netlist, const ChannelGraph &graph, int64_t count);

} // namespace cnn::neuflow
#endif
