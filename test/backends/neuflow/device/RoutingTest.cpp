// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "backends/neuflow/device/Routing.h"
#include "backends/neuflow/device/Placement.h"
#include "backends/neuflow/device/VerifyRoutes.h"
#include "runtime/neuflow/machine/ProgramWriter.h"
#include "test/backends/neuflow/device/RandomNetlist.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace cnn::neuflow {
namespace {

// The netlists that the compiler makes: `inputs` convolutions summed up in a chain, a mapper behind, `lanes` times.
Netlist sums(const Target &target, int64_t lanes, int64_t inputs, bool partial, bool shared) {
  Netlist netlist;
  for (int64_t lane = 0; lane < lanes; ++lane) {
    Pin sum{};
    bool hasSum = partial;
    if (partial)
      sum = readPin((shared ? inputs : lanes * inputs) + lane);
    for (int64_t i = 0; i < inputs; ++i) {
      ConvConfig conv = convOf(20, 20, 3, 3);
      conv.accumulate = hasSum;
      int64_t op = static_cast<int64_t>(netlist.operators.size());
      netlist.operators.push_back(conv);
      netlist.connect(readPin(shared ? i : lane * inputs + i), operatorPin(op));
      if (hasSum)
        netlist.connect(sum, operatorPin(op, 2));
      sum = operatorPin(op, conv.output());
      hasSum = true;
    }
    int64_t mapper = static_cast<int64_t>(netlist.operators.size());
    netlist.operators.push_back(identityMapper(target));
    netlist.connect(sum, operatorPin(mapper));
    netlist.connect(operatorPin(mapper), writePin(lane));
  }
  netlist.reads = (shared ? inputs : lanes * inputs) + (partial ? lanes : 0);
  netlist.writes = lanes;
  return netlist;
}

// Says the placed netlist to a machine, and reads the words again.
std::string verifyWords(const Netlist &netlist, const PlacedNetlist &placed, const Target &target) {
  ProgramWriter out(target);
  for (size_t t = 0; t < target.tiles.size(); ++t) {
    out.router(static_cast<int64_t>(t), placed.selects.routers[t]);
    out.lines(static_cast<int64_t>(t), placed.selects.lines[t]);
  }
  for (size_t i = 0; i < netlist.operators.size(); ++i) {
    int64_t tile = placed.placement.tiles[i];
    if (const ConvConfig *conv = std::get_if<ConvConfig>(&netlist.operators[i]))
      out.operate(tile, *conv);
    else if (const AluConfig *alu = std::get_if<AluConfig>(&netlist.operators[i]))
      out.operate(tile, *alu);
    else if (const MapperConfig *mapper = std::get_if<MapperConfig>(&netlist.operators[i]))
      out.operate(tile, *mapper);
    else
      out.fifo(tile, static_cast<uint32_t>(std::get<FifoConfig>(netlist.operators[i]).capacity));
  }
  ConfigReader reader(target);
  std::string error = reader.read(out.text());
  return error.empty() ? verifyConfiguration(netlist, placed.placement, reader, target) : error;
}

TEST(Routing, RoutesWhatConvolutionsNeed) {
  for (const char *name : {"neuflow-v6", "neuflow-asic", "neuflow-v4", "neuflow-tiny"}) {
    Target target = *presetTarget(name);
    ChannelGraph graph(target);
    int64_t convs = static_cast<int64_t>(graph.tilesOf(TileKind::conv).size());
    int64_t routed = 0;
    for (int64_t lanes = 1; lanes <= convs; ++lanes)
      for (int64_t inputs = 1; lanes * inputs <= convs; ++inputs)
        for (bool partial : {false, true})
          for (bool shared : {false, true}) {
            Netlist netlist = sums(target, lanes, inputs, partial, shared);
            if (netlist.reads + netlist.writes > target.lines)
              continue;
            SCOPED_TRACE(std::string(name) + ": " + std::to_string(lanes) + " lanes of " + std::to_string(inputs));
            ASSERT_EQ(complaintAbout(netlist, target), "");
            Result<PlacedNetlist> placed = placeAndRoute(netlist, graph);
            ASSERT_TRUE(placed) << placed.message();
            EXPECT_EQ(verifyWords(netlist, *placed, target), "");
            ++routed;
          }
    EXPECT_GE(routed, 8) << name;
  }
}

TEST(Routing, RandomNetlistsAreVerifiedOnTheirWords) {
  std::mt19937 random(1);
  for (const char *name : {"neuflow-v6", "neuflow-tiny", "neuflow-ml605"}) {
    Target target = *presetTarget(name);
    ChannelGraph graph(target);
    int64_t routed = 0, tried = 0;
    for (int i = 0; i < 200; ++i) {
      Netlist netlist = randomNetlist(random, graph, /*shuffled=*/false);
      if (!complaintAbout(netlist, target).empty())
        continue;
      ++tried;
      Result<PlacedNetlist> placed = placeAndRoute(netlist, graph);
      if (!placed) {
        EXPECT_TRUE(placed.message().find(" is wanted by the nets of ") != std::string::npos ||
                    placed.message().find(": no way leads from ") != std::string::npos)
            << placed.message();
        continue;
      }
      ++routed;
      EXPECT_EQ(verifyWords(netlist, *placed, target), "");
      Result<std::vector<Route>> again = routesOf(netlist, placed->placement, placed->selects, graph);
      ASSERT_TRUE(again) << again.message();
      EXPECT_EQ(*again, placed->routes);
    }
    EXPECT_GE(routed, tried / 2) << name;
    EXPECT_GE(tried, 8) << name;
  }
}

TEST(Routing, IsTheSameEveryTime) {
  Target target = *presetTarget("neuflow-v6");
  ChannelGraph graph(target);
  Netlist netlist = sums(target, 2, 2, true, true);
  Result<PlacedNetlist> first = placeAndRoute(netlist, graph), second = placeAndRoute(netlist, graph);
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->placement, second->placement);
  EXPECT_EQ(first->routes, second->routes);
}

TEST(Placement, PutsOperatorsBesideEachOther) {
  Target target = *presetTarget("neuflow-v6");
  ChannelGraph graph(target);
  // ALU 4 has a link to mapper 4, whose words have the shortest way to a port.
  Netlist netlist;
  netlist.operators = {convOf(4, 4, 2, 2), AluConfig{AluCode::square, AluCode::none}, identityMapper(target)};
  netlist.reads = netlist.writes = 1;
  netlist.connect(readPin(0), operatorPin(0));
  netlist.connect(operatorPin(0), operatorPin(1));
  netlist.connect(operatorPin(1), operatorPin(2));
  netlist.connect(operatorPin(2), writePin(0));
  std::vector<Placement> best = placements(netlist, graph, 4);
  ASSERT_EQ(best.size(), 4u);
  EXPECT_EQ(target.tiles[best[0].tiles[1]].name, "A4");
  EXPECT_EQ(target.tiles[best[0].tiles[2]].name, "M4");
}

// All ways of all nets, one after the other.
class AllRoutings {
public:
  AllRoutings(const Netlist &netlist, const Placement &placement, const ChannelGraph &graph) : graph(graph) {
    owner.assign(graph.size(), -1);
    for (size_t net = 0; net < netlist.nets.size(); ++net) {
      owner[channelOf(netlist.nets[net].source, true, placement, graph)] = static_cast<int64_t>(net);
      for (const Pin &sink : netlist.nets[net].sinks)
        goals.push_back({static_cast<int64_t>(net), channelOf(sink, false, placement, graph)});
    }
  }
  // 1: there is one, 0: there is none, -1: the search was too long.
  int exist() {
    bool found = reach(0);
    return found ? 1 : steps > kMost ? -1 : 0;
  }

private:
  static constexpr int64_t kMost = 3'000'000;
  bool reach(size_t goal) {
    if (goal == goals.size())
      return true;
    auto [net, channel] = goals[goal];
    // Backwards from the sink, so that a way begins anywhere on the net's tree.
    return back(goal, net, channel);
  }
  bool back(size_t goal, int64_t net, int64_t channel) {
    if (++steps > kMost)
      return false;
    if (owner[channel] == net)
      return reach(goal + 1);
    if (owner[channel] >= 0)
      return false;
    owner[channel] = net;
    for (int64_t source = 0; source < graph.size(); ++source) {
      auto selectors = graph.selectors(source);
      if (std::find(selectors.begin(), selectors.end(), channel) == selectors.end())
        continue;
      // A way must not touch what it holds itself, so channels of this way count as taken.
      if (std::find(way.begin(), way.end(), source) != way.end())
        continue;
      way.push_back(channel);
      std::vector<int64_t> kept;
      bool joins = owner[source] == net;
      if (joins)
        kept.swap(way);
      bool found = back(goal, net, source);
      if (joins)
        kept.swap(way);
      way.pop_back();
      if (found)
        return true;
    }
    owner[channel] = -1;
    return false;
  }

  const ChannelGraph &graph;
  std::vector<int64_t> owner, way;
  std::vector<std::pair<int64_t, int64_t>> goals;
  int64_t steps = 0;
};

// A few tiles and lines, so that all routings can be tried.
Target smallTarget(int64_t lines, std::vector<std::pair<const char *, TileKind>> tiles, std::vector<Link> links) {
  Target target = *presetTarget("neuflow-tiny");
  target.lines = lines;
  target.tiles.clear();
  for (auto [name, kind] : tiles)
    target.tiles.push_back({name, kind, static_cast<int64_t>(target.tiles.size()) + 1});
  target.links = std::move(links);
  return target;
}

TEST(Routing, FindsARoutingWheneverThereIsOne) {
  std::mt19937 random(7);
  int64_t possible = 0, impossible = 0;
  for (Target target :
       {smallTarget(2, {{"A1", TileKind::alu}, {"M1", TileKind::mapper}}, {{0, Side::east, 1, Side::west}}),
        smallTarget(3, {{"A1", TileKind::alu}, {"A2", TileKind::alu}}, {}),
        smallTarget(2, {{"M1", TileKind::mapper}, {"A1", TileKind::alu}, {"M2", TileKind::mapper}},
                    {{0, Side::south, 2, Side::north}})}) {
    ChannelGraph graph(target);
    for (int i = 0; i < 400; ++i) {
      // Any netlist, also one whose sinks come before its sources on the lines, and any placement.
      Netlist netlist = randomNetlist(random, graph, /*shuffled=*/true);
      if (!complaintAbout(netlist, target).empty())
        continue;
      std::vector<Placement> all = placements(netlist, graph, 4);
      const Placement &placement = all[random() % all.size()];
      int exists = AllRoutings(netlist, placement, graph).exist();
      if (exists < 0)
        continue;
      Result<std::vector<Route>> found = route(netlist, placement, graph);
      ++(exists ? possible : impossible);
      ASSERT_EQ(bool(found), exists == 1) << found.message();
      if (found)
        ASSERT_EQ(verifyRoutes(netlist, placement, selectsOf(*found, graph), target), "");
    }
  }
  EXPECT_GE(possible, 100);
  EXPECT_GE(impossible, 20);
}

TEST(Routing, NamesTheCongestedChannel) {
  // Two ALUs in front of one line: what both make has to pass the second one.
  Target target = smallTarget(3, {{"A1", TileKind::alu}, {"A2", TileKind::alu}}, {});
  ChannelGraph graph(target);
  Netlist netlist;
  netlist.operators = {AluConfig{AluCode::add, AluCode::none}, AluConfig{AluCode::mac, AluCode::none}};
  netlist.reads = 2;
  netlist.writes = 1;
  netlist.connect(readPin(0), operatorPin(0, 0));
  netlist.connect(readPin(1), operatorPin(0, 1));
  netlist.connect(operatorPin(0), operatorPin(1, 0));
  netlist.connect(readPin(0), operatorPin(1, 1));
  netlist.connect(readPin(1), operatorPin(1, 2));
  netlist.connect(operatorPin(1), writePin(0));
  ASSERT_EQ(complaintAbout(netlist, target), "");
  // With three lines there is room, with two there is not.
  Result<PlacedNetlist> wide = placeAndRoute(netlist, graph);
  EXPECT_TRUE(wide) << wide.message();
  Target narrow = target;
  narrow.lines = 2;
  ChannelGraph narrowGraph(narrow);
  Placement placement{{0, 1}, {0, 1}, {1}};
  Result<std::vector<Route>> routes = route(netlist, placement, narrowGraph);
  ASSERT_FALSE(routes);
  EXPECT_TRUE(routes.message().starts_with("line ")) << routes.message();
  EXPECT_NE(routes.message().find(" from A1 to A2 is wanted by the nets of "), std::string::npos) << routes.message();
}

TEST(Routing, SaysWhereNoWayLeads) {
  // The lines pass M1 after A1, and there is no link back.
  Target target = smallTarget(2, {{"A1", TileKind::alu}, {"M1", TileKind::mapper}}, {});
  ChannelGraph graph(target);
  Netlist netlist;
  netlist.operators = {identityMapper(target), AluConfig{AluCode::square, AluCode::none}};
  netlist.reads = netlist.writes = 1;
  netlist.connect(readPin(0), operatorPin(0));
  netlist.connect(operatorPin(0), operatorPin(1));
  netlist.connect(operatorPin(1), writePin(0));
  Result<PlacedNetlist> placed = placeAndRoute(netlist, graph);
  ASSERT_FALSE(placed);
  EXPECT_EQ(placed.message(), "the pass cannot be routed on neuflow-tiny: no way leads from operator output 1 of M1 to "
                              "operator input 1 of A1");
}

TEST(Netlist, SaysWhatTheTargetDoesNotHave) {
  Target target = *presetTarget("neuflow-tiny");
  Netlist three = sums(target, 3, 1, false, true);
  EXPECT_EQ(complaintAbout(three, target), "the pass needs 3 conv tiles, but neuflow-tiny has 2");
  Netlist netlist = sums(target, 1, 2, false, false);
  netlist.reads = 5;
  EXPECT_EQ(complaintAbout(netlist, target), "the pass has 5 reads and 1 write, but neuflow-tiny has 4 grid ports");
  netlist = sums(target, 1, 2, false, false);
  netlist.nets.pop_back();
  EXPECT_EQ(complaintAbout(netlist, target), "write 1 is driven by no net");
  netlist = sums(target, 1, 2, false, false);
  netlist.connect(readPin(0), operatorPin(1, 2));
  EXPECT_EQ(complaintAbout(netlist, target), "conv 2 input 3 is driven by two nets");
}

// Every single select that is changed is found.
TEST(VerifyRoutes, FindsEveryWrongSelect) {
  Target target = *presetTarget("neuflow-tiny");
  ChannelGraph graph(target);
  Netlist netlist = sums(target, 1, 2, true, false);
  Result<PlacedNetlist> placed = placeAndRoute(netlist, graph);
  ASSERT_TRUE(placed) << placed.message();
  ASSERT_EQ(verifyRoutes(netlist, placed->placement, placed->selects, target), "");
  int64_t changes = 0;
  auto change = [&](uint8_t &select, int64_t codes) {
    uint8_t before = select;
    for (uint8_t code = 0; code < codes; ++code) {
      if (code == before)
        continue;
      select = code;
      ++changes;
      EXPECT_NE(verifyRoutes(netlist, placed->placement, placed->selects, target), "")
          << int(before) << " " << int(code);
    }
    if (before != kFromNone) {
      select = kFromNone;
      EXPECT_NE(verifyRoutes(netlist, placed->placement, placed->selects, target), "");
    }
    select = before;
  };
  for (RouterConfig &router : placed->selects.routers) {
    for (uint8_t &select : router.operatorInputs)
      change(select, 15);
    for (uint8_t &select : router.localOutputs)
      change(select, 15);
  }
  for (LinesConfig &lines : placed->selects.lines) {
    for (uint8_t &select : lines.localInputs)
      change(select, 4);
    for (int64_t line = 0; line < target.lines; ++line)
      change(lines.lines[line], 11);
  }
  EXPECT_GE(changes, 900);
}

TEST(VerifyRoutes, ComparesOperators) {
  Target target = *presetTarget("neuflow-tiny");
  ChannelGraph graph(target);
  Netlist netlist = sums(target, 1, 2, false, false);
  Result<PlacedNetlist> placed = placeAndRoute(netlist, graph);
  ASSERT_TRUE(placed) << placed.message();
  EXPECT_EQ(verifyWords(netlist, *placed, target), "");
  Netlist other = netlist;
  std::get<ConvConfig>(other.operators[1]).kerW = 2;
  ProgramWriter out(target);
  ConfigReader reader(target);
  EXPECT_EQ(reader.read(out.text()), "");
  EXPECT_EQ(verifyConfiguration(netlist, placed->placement, reader, target), "C1 is not configured as its operator");
  // A jump would make the words mean something else.
  out.append({Opcode::jump, 0, 0, 0, 64});
  EXPECT_EQ(reader.read(out.text()), "a program that jumps cannot be read without running it");
}

} // namespace
} // namespace cnn::neuflow
