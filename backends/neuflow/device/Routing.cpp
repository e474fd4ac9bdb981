// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Negotiated congestion (McMurchie and Ebeling's PathFinder): every net takes its cheapest tree, as if it were nearly
// alone; channels that several nets took become dearer, at once and for good, and all nets are routed again, until no
// channel is shared. A tree grows by the shortest way from what there is of it to the next sink.
//
// It is not complete: a placement for which it finds nothing in kIterations rounds is given up. On machines of a few
// tiles it finds a routing whenever there is one (the tests compare with a search through all).
#include "backends/neuflow/device/Routing.h"

#include "backends/neuflow/device/Placement.h"

#include <algorithm>
#include <limits>
#include <queue>

namespace cnn::neuflow {

namespace {

constexpr int kIterations = 100;
constexpr int64_t kPlacements = 24;
// Costs are integers: a step, and a little more for a line that goes on as another one, so that pictures are calm.
constexpr int64_t kStep = 64, kCrossing = 8;
constexpr int64_t kFar = std::numeric_limits<int64_t>::max();

class Router {
public:
  Router(const Netlist &netlist, const Placement &placement, const ChannelGraph &graph)
      : netlist(netlist), placement(placement), graph(graph), users(graph.size(), 0), history(graph.size(), 0),
        routes(netlist.nets.size()) {}

  Result<std::vector<Route>> run() {
    for (int iteration = 0; iteration < kIterations; ++iteration) {
      // Dearer by half in each round; the bound keeps costs far from overflow.
      sharing = std::min<int64_t>(sharing + sharing / 2 + 1, 1 << 16);
      for (size_t net = 0; net < netlist.nets.size(); ++net) {
        for (int64_t channel : routes[net].channels)
          --users[channel];
        if (std::optional<Error> error = routeNet(net))
          return std::move(*error);
        for (int64_t channel : routes[net].channels)
          ++users[channel];
      }
      if (*std::max_element(users.begin(), users.end()) <= 1)
        return std::move(routes);
      for (size_t channel = 0; channel < users.size(); ++channel)
        if (users[channel] > 1)
          history[channel] += kStep * (users[channel] - 1);
    }
    return congestion();
  }

private:
  int64_t cost(int64_t channel, int64_t from) const {
    int64_t crossing = isLine(from) && isLine(channel) && lineOf(from) != lineOf(channel) ? kCrossing : 0;
    return kStep + crossing + history[channel] + users[channel] * sharing * kStep;
  }
  bool isLine(int64_t channel) const { return channel % (graph.target.lines + 16) < graph.target.lines; }
  int64_t lineOf(int64_t channel) const { return channel % (graph.target.lines + 16); }

  std::optional<Error> routeNet(size_t index) {
    const Net &net = netlist.nets[index];
    Route route;
    route.channels = {channelOf(net.source, true, placement, graph)};
    route.from = {-1};
    for (const Pin &sink : net.sinks) {
      int64_t goal = channelOf(sink, false, placement, graph);
      if (!extend(route, goal))
        return Error{"no way leads from " + graph.nameOf(route.channels[0]) + " to " + graph.nameOf(goal)};
    }
    routes[index] = std::move(route);
    return std::nullopt;
  }

  // Dijkstra from all of the tree.
  bool extend(Route &route, int64_t goal) const {
    std::vector<int64_t> distance(graph.size(), kFar), previous(graph.size(), -1);
    using Entry = std::pair<int64_t, int64_t>;
    std::priority_queue<Entry, std::vector<Entry>, std::greater<>> queue;
    for (int64_t channel : route.channels) {
      distance[channel] = 0;
      queue.push({0, channel});
    }
    while (!queue.empty()) {
      auto [length, channel] = queue.top();
      queue.pop();
      if (channel == goal)
        break;
      if (length > distance[channel])
        continue;
      for (int64_t next : graph.selectors(channel)) {
        int64_t through = length + cost(next, channel);
        if (through < distance[next]) {
          distance[next] = through;
          previous[next] = channel;
          queue.push({through, next});
        }
      }
    }
    if (distance[goal] == kFar)
      return false;
    std::vector<int64_t> path;
    for (int64_t channel = goal; previous[channel] >= 0; channel = previous[channel])
      path.push_back(channel);
    for (auto channel = path.rbegin(); channel != path.rend(); ++channel) {
      auto before = std::find(route.channels.begin(), route.channels.end(), previous[*channel]);
      route.from.push_back(before - route.channels.begin());
      route.channels.push_back(*channel);
    }
    return true;
  }

  Error congestion() const {
    int64_t worst = std::max_element(users.begin(), users.end()) - users.begin();
    std::string who;
    for (size_t net = 0; net < netlist.nets.size(); ++net)
      if (std::find(routes[net].channels.begin(), routes[net].channels.end(), worst) != routes[net].channels.end())
        who += (who.empty() ? "" : " and ") + nameOf(netlist, netlist.nets[net].source, true);
    return {graph.nameOf(worst) + " is wanted by the nets of " + who};
  }

  const Netlist &netlist;
  const Placement &placement;
  const ChannelGraph &graph;
  std::vector<int64_t> users;
  std::vector<int64_t> history;
  std::vector<Route> routes;
  int64_t sharing = 0;
};

} // namespace

int64_t channelOf(const Pin &pin, bool isSource, const Placement &placement, const ChannelGraph &graph) {
  switch (pin.kind) {
  case Pin::Kind::read:
    return graph.lineInto(0, placement.readPorts[pin.index]);
  case Pin::Kind::write:
    return graph.lineEnd(placement.writePorts[pin.index]);
  case Pin::Kind::op: {
    int64_t tile = placement.tiles[pin.index];
    return isSource ? graph.operatorOutput(tile, pin.io) : graph.operatorInput(tile, pin.io);
  }
  }
  return -1;
}

Result<std::vector<Route>> route(const Netlist &netlist, const Placement &placement, const ChannelGraph &graph) {
  return Router(netlist, placement, graph).run();
}

Result<std::vector<Route>> routesOf(const Netlist &netlist, const Placement &placement, const GridSelects &selects,
                                    const ChannelGraph &graph) {
  std::vector<Route> routes;
  for (const Net &net : netlist.nets) {
    Route route{{channelOf(net.source, true, placement, graph)}, {-1}};
    for (const Pin &sink : net.sinks) {
      std::vector<int64_t> way;
      int64_t channel = channelOf(sink, false, placement, graph);
      auto onRoute = [&] { return std::find(route.channels.begin(), route.channels.end(), channel); };
      while (channel >= 0 && onRoute() == route.channels.end() && static_cast<int64_t>(way.size()) <= graph.size()) {
        way.push_back(channel);
        channel = graph.selected(channel, selects);
      }
      if (channel < 0 || onRoute() == route.channels.end())
        return Error{"no selects lead from " + nameOf(netlist, net.source, true) + " to " +
                     nameOf(netlist, sink, false)};
      int64_t from = onRoute() - route.channels.begin();
      for (auto next = way.rbegin(); next != way.rend(); ++next) {
        route.from.push_back(from);
        from = static_cast<int64_t>(route.channels.size());
        route.channels.push_back(*next);
      }
    }
    routes.push_back(std::move(route));
  }
  return routes;
}

GridSelects selectsOf(std::span<const Route> routes, const ChannelGraph &graph) {
  GridSelects selects(graph.target);
  for (const Route &route : routes)
    for (size_t i = 1; i < route.channels.size(); ++i)
      graph.select(route.channels[i], route.channels[route.from[i]], selects);
  return selects;
}

Result<PlacedNetlist> placeAndRoute(const Netlist &netlist, const ChannelGraph &graph) {
  if (std::string complaint = complaintAbout(netlist, graph.target); !complaint.empty())
    return Error{complaint};
  std::string reason;
  for (Placement &placement : placements(netlist, graph, kPlacements)) {
    Result<std::vector<Route>> routes = route(netlist, placement, graph);
    if (routes) {
      GridSelects selects = selectsOf(*routes, graph);
      return PlacedNetlist{std::move(placement), std::move(*routes), std::move(selects)};
    }
    // The best placement's is the one to read about.
    if (reason.empty())
      reason = routes.message();
  }
  return Error{"the pass cannot be routed on " + graph.target.name + ": " + reason};
}

} // namespace cnn::neuflow
