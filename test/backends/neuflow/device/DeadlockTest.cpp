// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "backends/neuflow/device/CheckDeadlock.h"
#include "test/backends/neuflow/device/RandomNetlist.h"
#include "test/runtime/neuflow/Passes.h"

#include <gtest/gtest.h>

namespace cnn::neuflow {
namespace {

// Less than on any target, so that small frames need more.
constexpr int64_t kOperatorFifo = 16;

// read -> conv -> add -> write, and the same words to the ALU: through a FIFO tile, if it has a capacity.
Netlist parted(int64_t width, int64_t height, int64_t kernelH, int64_t capacity) {
  Netlist netlist;
  ConvConfig conv = convOf(width, height, 1, kernelH);
  conv.sameSize = true;
  netlist.operators = {conv, AluConfig{AluCode::add, AluCode::none}};
  netlist.reads = netlist.writes = 1;
  netlist.connect(readPin(0), operatorPin(0));
  netlist.connect(operatorPin(0), operatorPin(1, 0));
  if (capacity > 0) {
    netlist.operators.push_back(FifoConfig{capacity});
    netlist.connect(readPin(0), operatorPin(2));
    netlist.connect(operatorPin(2), operatorPin(1, 1));
  } else
    netlist.connect(readPin(0), operatorPin(1, 1));
  netlist.connect(operatorPin(1), writePin(0));
  return netlist;
}

// What the functional simulator says of the same grid.
std::string runOnSimulator(const Netlist &netlist, const PlacedNetlist &placed, int64_t width, int64_t height) {
  Bench bench;
  bench.target.fifosOperator = kOperatorFifo;
  std::mt19937 random(3);
  const ConvConfig &conv = std::get<ConvConfig>(netlist.operators[0]);
  uint32_t image = bench.plane(randomWords(random, width * height)),
           result = bench.plane(std::vector<Word>(width * height));
  for (size_t t = 0; t < bench.target.tiles.size(); ++t) {
    bench.out.router(static_cast<int64_t>(t), placed.selects.routers[t]);
    bench.out.lines(static_cast<int64_t>(t), placed.selects.lines[t]);
  }
  bench.out.operate(placed.placement.tiles[0], conv);
  bench.out.operate(placed.placement.tiles[1], std::get<AluConfig>(netlist.operators[1]));
  if (netlist.operators.size() > 2)
    bench.out.fifo(placed.placement.tiles[2],
                   static_cast<uint32_t>(std::get<FifoConfig>(netlist.operators[2]).capacity));
  bench.out.kernel(placed.placement.tiles[0],
                   kernelArray(randomWords(random, conv.kerW * conv.kerH), conv.kerW, conv.kerH, 0, bench.target));
  bench.out.stream(placed.placement.readPorts[0], Bench::readOf(image, width, height));
  bench.out.stream(placed.placement.writePorts[0], Bench::writeOf(result, width, height));
  bench.out.waitForPort(placed.placement.writePorts[0], Status::done);
  bench.out.waitForPort(placed.placement.readPorts[0], Status::done);
  return bench.run();
}

// The check and the simulator agree on how much room the direct way needs.
TEST(Deadlock, AgreesWithTheSimulator) {
  Target target = *presetTarget("neuflow-tiny");
  target.fifosOperator = kOperatorFifo;
  ChannelGraph graph(target);
  int64_t stands = 0, runs = 0;
  for (int64_t width : {5, 15, 17, 20, 23, 24, 31, 40, 60, 64})
    for (int64_t kernelH : {2, 3})
      for (int64_t capacity : {0, 1, 4, 12, 24, 40, 100}) {
        int64_t height = 8;
        Netlist netlist = parted(width, height, kernelH, capacity);
        Result<PlacedNetlist> placed = placeAndRoute(netlist, graph);
        ASSERT_TRUE(placed) << placed.message();
        std::string verdict = checkDeadlock(netlist, *placed, {{width * height}, {width * height}}, graph);
        std::string simulated = runOnSimulator(netlist, *placed, width, height);
        EXPECT_EQ(verdict.empty(), simulated.empty()) << verdict << "\n" << simulated;
        ++(verdict.empty() ? runs : stands);
      }
  EXPECT_GE(stands, 10);
  EXPECT_GE(runs, 10);
}

TEST(Deadlock, SaysWhatStands) {
  Target target = *presetTarget("neuflow-tiny");
  target.fifosOperator = 4;
  ChannelGraph graph(target);
  Netlist netlist = parted(32, 8, 3, 0);
  Result<PlacedNetlist> placed = placeAndRoute(netlist, graph);
  ASSERT_TRUE(placed) << placed.message();
  std::string verdict = checkDeadlock(netlist, *placed, {{256}, {256}}, graph);
  EXPECT_NE(verdict.find("read 1 has "), std::string::npos) << verdict;
  EXPECT_NE(verdict.find("operator input 2 of A1 holds 4"), std::string::npos) << verdict;
  EXPECT_NE(verdict.find("write 1 waits for 256 words"), std::string::npos) << verdict;
}

TEST(Deadlock, FindsStreamsOfOtherLengths) {
  Target target = *presetTarget("neuflow-tiny");
  ChannelGraph graph(target);
  Netlist netlist;
  netlist.operators = {convOf(6, 5, 3, 3)};
  netlist.reads = netlist.writes = 1;
  netlist.connect(readPin(0), operatorPin(0));
  netlist.connect(operatorPin(0), writePin(0));
  Result<PlacedNetlist> placed = placeAndRoute(netlist, graph);
  ASSERT_TRUE(placed) << placed.message();
  EXPECT_EQ(checkDeadlock(netlist, *placed, {{30}, {12}}, graph), "");
  EXPECT_EQ(checkDeadlock(netlist, *placed, {{30}, {13}}, graph), "write 1 waits for 1 words");
  EXPECT_EQ(checkDeadlock(netlist, *placed, {{29}, {12}}, graph),
            "write 1 waits for 1 words; C2 is in row 4, column 5 of its frame");
}

} // namespace
} // namespace cnn::neuflow
