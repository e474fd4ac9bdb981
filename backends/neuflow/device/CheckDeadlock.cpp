// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Where two ways part and meet again, one may have to hold what the other still waits for:
//
//     read -> conv -> add -> write      a convolver of 3 rows gives its first word after 2 rows and 3 pixels,
//          \----------/                 and so many words must find room on the direct way
//
// Tiles are deterministic processes on bounded FIFOs (a Kahn network), so one run decides: if it ends with as little
// room as the hardware has at least, in any order, it ends always. The run here counts words and does not compute them.
// Pipelines hold one word, as on the functional simulator.
#include "backends/neuflow/device/CheckDeadlock.h"

#include <algorithm>

namespace cnn::neuflow {

namespace {

class Run {
public:
  Run(const Netlist &netlist, const PlacedNetlist &placed, const StepWords &words, const ChannelGraph &graph)
      : netlist(netlist), placement(placed.placement), graph(graph), count(graph.size(), 0), room(graph.size()),
        readsLeft(words.reads), writesLeft(words.writes), states(netlist.operators.size()) {
    for (int64_t channel = 0; channel < graph.size(); ++channel)
      room[channel] = graph.capacity(channel);
    for (const Route &route : placed.routes)
      for (size_t i = 0; i < route.channels.size(); ++i) {
        Hop hop{route.channels[i], {}};
        for (size_t j = i + 1; j < route.channels.size(); ++j)
          if (route.from[j] == static_cast<int64_t>(i))
            hop.sinks.push_back(route.channels[j]);
        if (!hop.sinks.empty())
          hops.push_back(std::move(hop));
      }
  }

  std::string run() {
    while (sweep())
      ;
    return whatStands();
  }

private:
  struct Hop {
    int64_t source;
    std::vector<int64_t> sinks;
  };
  // Where a convolver is in its frame, and what is in the memory of a FIFO tile.
  struct State {
    int64_t row = 0, column = 0, stored = 0;
  };

  bool sweep() {
    bool moved = false;
    for (size_t i = 0; i < readsLeft.size(); ++i) {
      int64_t channel = graph.lineInto(0, placement.readPorts[i]);
      int64_t n = std::min(readsLeft[i], room[channel]);
      push(channel, n);
      readsLeft[i] -= n;
      moved |= n > 0;
    }
    for (const Hop &hop : hops) {
      int64_t n = count[hop.source];
      for (int64_t sink : hop.sinks)
        n = std::min(n, room[sink]);
      if (n == 0)
        continue;
      pop(hop.source, n);
      for (int64_t sink : hop.sinks)
        push(sink, n);
      moved = true;
    }
    for (size_t i = 0; i < netlist.operators.size(); ++i)
      while (step(i))
        moved = true;
    for (size_t i = 0; i < writesLeft.size(); ++i) {
      int64_t channel = graph.lineEnd(placement.writePorts[i]);
      int64_t n = std::min(writesLeft[i], count[channel]);
      pop(channel, n);
      writesLeft[i] -= n;
      moved |= n > 0;
    }
    return moved;
  }

  bool step(size_t op) {
    auto in = [&](int64_t i) { return graph.operatorInput(placement.tiles[op], i); };
    auto out = [&](int64_t i) { return graph.operatorOutput(placement.tiles[op], i); };
    if (const ConvConfig *conv = std::get_if<ConvConfig>(&netlist.operators[op]))
      return stepConv(*conv, states[op], in(0), in(2), out(conv->output()));
    if (const AluConfig *alu = std::get_if<AluConfig>(&netlist.operators[op])) {
      int64_t output = out(alu->output());
      for (int i = 0; i < 3; ++i)
        if (alu->takes(i) && count[in(i)] == 0)
          return false;
      if (room[output] == 0)
        return false;
      for (int i = 0; i < 3; ++i)
        if (alu->takes(i))
          pop(in(i), 1);
      push(output, 1);
      return true;
    }
    if (const FifoConfig *fifo = std::get_if<FifoConfig>(&netlist.operators[op])) {
      bool moved = false;
      int64_t &stored = states[op].stored;
      if (stored > 0 && room[out(0)] > 0) {
        --stored;
        push(out(0), 1);
        moved = true;
      }
      if (count[in(0)] > 0 && stored < fifo->capacity) {
        pop(in(0), 1);
        ++stored;
        moved = true;
      }
      return moved;
    }
    if (count[in(0)] == 0 || room[out(0)] == 0)
      return false;
    pop(in(0), 1);
    push(out(0), 1);
    return true;
  }

  bool stepConv(const ConvConfig &conv, State &state, int64_t image, int64_t sums, int64_t output) {
    int64_t top = conv.sameSize ? (conv.kerH - 1) / 2 : 0, left = conv.sameSize ? (conv.kerW - 1) / 2 : 0;
    bool inside =
        state.row >= top && state.row < top + conv.inH && state.column >= left && state.column < left + conv.inW;
    bool isFirst = state.row == 0 && state.column == 0;
    int64_t r = state.row - (conv.kerH - 1), c = state.column - (conv.kerW - 1);
    bool emits = r >= 0 && c >= 0 && r % conv.stepH() == 0 && c % conv.stepW() == 0;
    if (((inside || isFirst) && count[image] == 0) ||
        (emits && (room[output] == 0 || (conv.accumulate && count[sums] == 0))))
      return false;
    if (inside)
      pop(image, 1);
    if (emits) {
      push(output, 1);
      if (conv.accumulate)
        pop(sums, 1);
    }
    if (++state.column == conv.scanW()) {
      state.column = 0;
      state.row = state.row + 1 == conv.scanH() ? 0 : state.row + 1;
    }
    return true;
  }

  void push(int64_t channel, int64_t n) {
    count[channel] += n;
    room[channel] -= n;
  }
  void pop(int64_t channel, int64_t n) { push(channel, -n); }

  std::string whatStands() const {
    std::string text;
    auto say = [&](const std::string &what) { text += (text.empty() ? "" : "; ") + what; };
    for (size_t i = 0; i < readsLeft.size(); ++i)
      if (readsLeft[i] > 0)
        say("read " + std::to_string(i + 1) + " has " + std::to_string(readsLeft[i]) + " words left");
    for (size_t i = 0; i < writesLeft.size(); ++i)
      if (writesLeft[i] > 0)
        say("write " + std::to_string(i + 1) + " waits for " + std::to_string(writesLeft[i]) + " words");
    for (int64_t channel = 0; channel < graph.size(); ++channel)
      if (count[channel] > 0)
        say(graph.nameOf(channel) + " holds " + std::to_string(count[channel]));
    for (size_t i = 0; i < states.size(); ++i)
      if (states[i].row > 0 || states[i].column > 0)
        say(graph.target.tiles[placement.tiles[i]].name + " is in row " + std::to_string(states[i].row) + ", column " +
            std::to_string(states[i].column) + " of its frame");
      else if (states[i].stored > 0)
        say(graph.target.tiles[placement.tiles[i]].name + " holds " + std::to_string(states[i].stored));
    return text;
  }

  const Netlist &netlist;
  const Placement &placement;
  const ChannelGraph &graph;
  std::vector<int64_t> count, room;
  std::vector<Hop> hops;
  std::vector<int64_t> readsLeft, writesLeft;
  std::vector<State> states;
};

} // namespace

std::string checkDeadlock(const Netlist &netlist, const PlacedNetlist &placed, const StepWords &words,
                          const ChannelGraph &graph) {
  return Run(netlist, placed, words, graph).run();
}

} // namespace cnn::neuflow
