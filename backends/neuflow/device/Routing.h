// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef CNN_BACKENDS_NEUFLOW_DEVICE_ROUTING_H
#define CNN_BACKENDS_NEUFLOW_DEVICE_ROUTING_H

#include "backends/neuflow/device/ChannelGraph.h"
#include "backends/neuflow/device/Netlist.h"
#include "runtime/neuflow/machine/Result.h"

namespace cnn::neuflow {

// A net on the grid: channels, each behind the one that it takes words from. `channels[0]` is the net's source, and
// `channels[i]` selects `channels[from[i]]`.
struct Route {
  std::vector<int64_t> channels;
  std::vector<int64_t> from;
  friend bool operator==(const Route &, const Route &) = default;
};

// The channel that a pin is.
int64_t channelOf(const Pin &pin, bool isSource, const Placement &placement, const ChannelGraph &graph);

// One route for each net, no two of which share a channel; or which channel too many nets want.
Result<std::vector<Route>> route(const Netlist &netlist, const Placement &placement, const ChannelGraph &graph);

// The routes that selects make; the error names a sink that its net does not reach.
Result<std::vector<Route>> routesOf(const Netlist &netlist, const Placement &placement, const GridSelects &selects,
                                    const ChannelGraph &graph);

// The selects that make routes.
GridSelects selectsOf(std::span<const Route> routes, const ChannelGraph &graph);

// A netlist on the grid.
struct PlacedNetlist {
  Placement placement;
  std::vector<Route> routes;
  GridSelects selects;
};

// Places and routes: the first of the best placements that can be routed. An error says what the netlist needs more of
// than there is.
Result<PlacedNetlist> placeAndRoute(const Netlist &netlist, const ChannelGraph &graph);

} // namespace cnn::neuflow
#endif
