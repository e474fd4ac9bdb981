// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "backends/neuflow/device/Netlist.h"

#include <map>

namespace cnn::neuflow {

namespace {

// Whether an operator takes words from an input, or gives them to an output.
bool takes(const OperatorConfig &config, int64_t input) {
  if (const ConvConfig *conv = std::get_if<ConvConfig>(&config))
    return input == 0 || (input == 2 && conv->accumulate);
  if (const AluConfig *alu = std::get_if<AluConfig>(&config))
    return alu->takes(static_cast<int>(input));
  return input == 0;
}

int64_t outputOf(const OperatorConfig &config) {
  if (const ConvConfig *conv = std::get_if<ConvConfig>(&config))
    return conv->output();
  if (const AluConfig *alu = std::get_if<AluConfig>(&config))
    return alu->output();
  return 0;
}

std::string plural(int64_t count, std::string_view what) {
  return std::to_string(count) + " " + std::string(what) + (count == 1 ? "" : "s");
}

} // namespace

std::string nameOf(const Netlist &netlist, const Pin &pin, bool isSource) {
  if (pin.kind != Pin::Kind::op)
    return (pin.kind == Pin::Kind::read ? "read " : "write ") + std::to_string(pin.index + 1);
  TileKind kind = kindOf(netlist.operators[pin.index]);
  int64_t number = 1;
  for (int64_t i = 0; i < pin.index; ++i)
    number += kindOf(netlist.operators[i]) == kind;
  return std::string(nameOf(kind)) + " " + std::to_string(number) + (isSource ? " output " : " input ") +
         std::to_string(pin.io + 1);
}

std::string complaintAbout(const Netlist &netlist, const Target &target) {
  int64_t operators = static_cast<int64_t>(netlist.operators.size());
  for (TileKind kind : {TileKind::conv, TileKind::alu, TileKind::mapper, TileKind::fifo}) {
    int64_t needed = 0, has = 0;
    for (const OperatorConfig &config : netlist.operators)
      needed += kindOf(config) == kind;
    for (const Tile &tile : target.tiles)
      has += tile.kind == kind;
    if (needed > has)
      return "the pass needs " + plural(needed, std::string(nameOf(kind)) + " tile") + ", but " + target.name +
             " has " + std::to_string(has);
  }
  if (netlist.reads + netlist.writes > target.lines)
    return "the pass has " + plural(netlist.reads, "read") + " and " + plural(netlist.writes, "write") + ", but " +
           target.name + " has " + plural(target.lines, "grid port");
  auto exists = [&](const Pin &pin) {
    int64_t count = pin.kind == Pin::Kind::read    ? netlist.reads
                    : pin.kind == Pin::Kind::write ? netlist.writes
                                                   : operators;
    return pin.index >= 0 && pin.index < count && pin.io >= 0 && pin.io < (pin.kind == Pin::Kind::op ? 3 : 1);
  };
  std::map<std::array<int64_t, 3>, int64_t> drivers;
  auto key = [](const Pin &pin) { return std::array<int64_t, 3>{static_cast<int64_t>(pin.kind), pin.index, pin.io}; };
  std::map<std::array<int64_t, 3>, bool> sources;
  for (const Net &net : netlist.nets) {
    if (!exists(net.source) || net.source.kind == Pin::Kind::write)
      return "a net has a source that is none";
    if (net.sinks.empty())
      return "the net of " + nameOf(netlist, net.source, true) + " has no sinks";
    if (!sources.emplace(key(net.source), true).second)
      return nameOf(netlist, net.source, true) + " has two nets";
    if (net.source.kind == Pin::Kind::op && net.source.io != outputOf(netlist.operators[net.source.index]))
      return nameOf(netlist, net.source, true) + " gives no words";
    for (const Pin &sink : net.sinks) {
      if (!exists(sink) || sink.kind == Pin::Kind::read)
        return "the net of " + nameOf(netlist, net.source, true) + " has a sink that is none";
      if (sink.kind == Pin::Kind::op && !takes(netlist.operators[sink.index], sink.io))
        return nameOf(netlist, sink, false) + " takes no words";
      if (++drivers[key(sink)] > 1)
        return nameOf(netlist, sink, false) + " is driven by two nets";
    }
  }
  for (int64_t i = 0; i < netlist.reads; ++i)
    if (!sources.contains(key(readPin(i))))
      return "nobody takes the words of " + nameOf(netlist, readPin(i), true);
  for (int64_t i = 0; i < netlist.writes; ++i)
    if (!drivers.contains(key(writePin(i))))
      return nameOf(netlist, writePin(i), false) + " is driven by no net";
  for (int64_t i = 0; i < operators; ++i) {
    for (int64_t input = 0; input < 3; ++input)
      if (takes(netlist.operators[i], input) && !drivers.contains(key(operatorPin(i, input))))
        return nameOf(netlist, operatorPin(i, input), false) + " is driven by no net";
    Pin output = operatorPin(i, outputOf(netlist.operators[i]));
    if (!sources.contains(key(output)))
      return "nobody takes the words of " + nameOf(netlist, output, true);
  }
  return "";
}

} // namespace cnn::neuflow
