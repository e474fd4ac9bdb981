// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Passes without convolvers: words come in, go through ALU tiles and mappers, or through nothing, and out. Planes are
// divided among lanes; where a lane's planes lie evenly in memory, they are one stream.
#include "backends/neuflow/program/PassFormer.h"

#include <algorithm>

namespace cnn::neuflow {

Netlist PassFormer::elementNetlist(const StreamExpression *expression, int64_t reads, int64_t plane,
                                   int64_t lanes) const {
  Netlist netlist;
  netlist.reads = reads * lanes;
  netlist.writes = lanes;
  for (int64_t lane = 0; lane < lanes; ++lane) {
    std::vector<Pin> leafPins;
    for (int64_t i = 0; i < reads; ++i)
      leafPins.push_back(readPin(lane * reads + i));
    Pin last = expression ? expression->addLane(netlist, plane, Pin{}, leafPins) : leafPins[0];
    netlist.connect(last, writePin(lane));
  }
  return netlist;
}

std::optional<Error> PassFormer::formElements(const std::string &name, const StreamExpression *expression,
                                              const std::vector<Views> &leaves, const Views &destination) {
  // Planes whose mappers are alike share a pass.
  std::vector<std::pair<Netlist, std::vector<int64_t>>> alike;
  int64_t reads = static_cast<int64_t>(leaves.size());
  for (int64_t plane = 0; plane < static_cast<int64_t>(destination.size()); ++plane) {
    Netlist lane = elementNetlist(expression, reads, plane, 1);
    auto found = std::find_if(alike.begin(), alike.end(), [&](const auto &entry) { return entry.first == lane; });
    if (found == alike.end())
      alike.push_back({std::move(lane), {plane}});
    else
      found->second.push_back(plane);
  }
  for (const auto &[lane, planes] : alike) {
    int64_t count = static_cast<int64_t>(planes.size()), lanes = std::min(count, target.lines);
    while (lanes > 1 && !fits(elementNetlist(expression, reads, planes[0], lanes)))
      --lanes;
    Netlist netlist = elementNetlist(expression, reads, planes[0], lanes);
    if (const std::string &reason = whyNot(netlist); !reason.empty())
      return Error{name + ": " + reason};
    int64_t perLane = (count + lanes - 1) / lanes;
    // What each port of a lane does: the reads, then the write.
    std::vector<std::vector<std::vector<Stream>>> ofLane;
    bool isEven = true;
    for (int64_t first = 0; first < count; first += perLane) {
      std::vector<std::vector<Stream>> streams(reads + 1);
      for (int64_t i = first; i < std::min(first + perLane, count); ++i) {
        for (int64_t leaf = 0; leaf < reads; ++leaf)
          streams[leaf].push_back(leaves[leaf][planes[i]]);
        streams[reads].push_back(destination[planes[i]]);
      }
      if (auto one = coalesce(streams))
        for (int64_t port = 0; port <= reads && isEven; ++port)
          streams[port] = {(*one)[port]};
      else
        isEven = false;
      ofLane.push_back(std::move(streams));
    }
    if (!isEven) {
      // All lanes go plane by plane, then, so that they stay together.
      for (size_t l = 0; l < ofLane.size(); ++l)
        for (int64_t port = 0; port <= reads; ++port) {
          std::vector<Stream> &streams = ofLane[l][port];
          streams.clear();
          for (int64_t i = static_cast<int64_t>(l) * perLane; i < std::min<int64_t>((l + 1) * perLane, count); ++i)
            streams.push_back(port < reads ? leaves[port][planes[i]] : destination[planes[i]]);
        }
    }
    GridPass pass;
    pass.operation = name;
    pass.name = name + ": " + std::to_string(lanes) + (lanes == 1 ? " lane" : " lanes");
    pass.netlist = std::move(netlist);
    int64_t steps = isEven ? 1 : perLane;
    for (int64_t s = 0; s < steps; ++s) {
      Step step;
      step.reads.resize(reads * lanes);
      step.writes.resize(lanes);
      for (size_t l = 0; l < ofLane.size(); ++l)
        for (int64_t port = 0; port <= reads; ++port)
          if (s < static_cast<int64_t>(ofLane[l][port].size()))
            (port < reads ? step.reads[l * reads + port] : step.writes[l]) = ofLane[l][port][s];
      pass.steps.push_back(std::move(step));
    }
    result.passes.push_back(std::move(pass));
  }
  return std::nullopt;
}

std::optional<Error> PassFormer::formBorder(const std::string &name, const PadOperation &pad, const PlaneShape &shape,
                                            int64_t buffer) {
  GridPass pass;
  pass.operation = name;
  pass.name = name + ": border";
  pass.netlist = elementNetlist(nullptr, 1, 0, 1);
  int64_t source = constantWord(pad.value), plane = shape.height * shape.width;
  // One lane, because streams meet in the corners.
  auto fill = [&](int64_t offset, int64_t w, int64_t h, int64_t pitch) {
    if (w > 0 && h > 0)
      pass.steps.push_back({{{source, 0, w, h, 0, 0}}, {{buffer, offset, w, h, pitch, 1}}, {}});
  };
  for (int64_t p = 0; p < shape.planes; ++p) {
    int64_t at = p * plane;
    fill(at, shape.width, pad.top, shape.width);
    fill(at + (shape.height - pad.bottom) * shape.width, shape.width, pad.bottom, shape.width);
    fill(at, pad.left, shape.height, shape.width);
    fill(at + shape.width - pad.right, pad.right, shape.height, shape.width);
  }
  if (!pass.steps.empty())
    result.passes.push_back(std::move(pass));
  return std::nullopt;
}

} // namespace cnn::neuflow
