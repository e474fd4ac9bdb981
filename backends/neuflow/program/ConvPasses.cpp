// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Passes with convolvers. The sum for an output plane goes through a chain of convolvers, each adding what it makes of
// its own input to what comes from the one before; the first takes the sum so far from memory, if there is one. This is
// the order of the definition: each convolution is rounded, and then added.
//
// Planes that are wider than a convolver's lines are done in strips of columns, which overlap by what a kernel is wider
// than one column.
#include "backends/neuflow/program/PassFormer.h"

#include <algorithm>

namespace cnn::neuflow {

namespace {

// Outputs that read the same inputs in the same order, and whose words go through the same operators.
struct Group {
  std::vector<int64_t> inputs;
  Netlist behind;
  std::vector<int64_t> outputs;
  std::vector<std::vector<int64_t>> kernels; // of each output, in the order of the inputs
};

} // namespace

Netlist PassFormer::convNetlist(const ConvForm &form, const ConvConfig &frame, const StreamExpression &expression,
                                int64_t plane) const {
  Netlist netlist;
  int64_t read = form.inputs, leaves = form.last ? static_cast<int64_t>(expression.leaves().size()) : 0;
  for (int64_t lane = 0; lane < form.lanes; ++lane) {
    Pin sum{};
    bool hasSum = !form.first;
    if (hasSum)
      sum = readPin(read++);
    for (int64_t input = 0; input < form.inputs; ++input) {
      ConvConfig conv = frame;
      conv.accumulate = hasSum;
      conv.discard = true;
      conv.frames = 0;
      int64_t op = static_cast<int64_t>(netlist.operators.size());
      netlist.operators.push_back(conv);
      netlist.connect(readPin(input), operatorPin(op));
      if (hasSum)
        netlist.connect(sum, operatorPin(op, 2));
      sum = operatorPin(op, conv.output());
      hasSum = true;
    }
    netlist.connect(form.last ? expression.addLane(netlist, plane, sum, read) : sum, writePin(lane));
    read += leaves;
  }
  netlist.reads = read;
  netlist.writes = form.lanes;
  return netlist;
}

std::vector<PassFormer::Strip> PassFormer::stripsOf(const ConvOperation &conv, const PlaneShape &output) const {
  const PlaneShape &input = program.values[conv.input];
  ConvConfig frame;
  frame.kerW = conv.kernelW;
  frame.kerH = conv.kernelH;
  frame.subsample = conv.strideH > 1 || conv.strideW > 1;
  frame.strideW = conv.strideW;
  frame.strideH = conv.strideH;
  if (conv.sameSize) {
    frame.sameSize = true;
    frame.inW = input.width;
    frame.inH = input.height;
    return {{0, output.width, frame}};
  }
  // Rows and columns that no window covers are not read.
  frame.inH = (output.height - 1) * conv.strideH + conv.kernelH;
  int64_t most = (target.convLine - conv.kernelW) / conv.strideW + 1;
  int64_t strips = (output.width + most - 1) / most, columns = (output.width + strips - 1) / strips;
  std::vector<Strip> result;
  for (int64_t first = 0; first < output.width; first += columns) {
    int64_t count = std::min(columns, output.width - first);
    frame.inW = (count - 1) * conv.strideW + conv.kernelW;
    result.push_back({first, count, frame});
  }
  return result;
}

std::optional<Error> PassFormer::formConv(const ConvOperation &conv, const TensorOperation &root,
                                          const StreamExpression &expression) {
  const Views input = *views[conv.input];
  const PlaneShape &shape = program.values[root.result];
  if (conv.kernelW > target.convLine)
    return Error{root.name + ": expected kernels that are not wider than a line of " + std::to_string(target.convLine)};
  std::vector<Views> leaves;
  for (int64_t value : expression.leaves())
    leaves.push_back(*views[value]);
  views[root.result] = destinationOf(root.result);
  const Views &destination = *views[root.result];
  std::vector<Strip> strips = stripsOf(conv, shape);

  std::vector<Group> groups;
  for (int64_t output = 0; output < shape.planes; ++output) {
    Group one;
    one.kernels.emplace_back();
    for (size_t n = 0; n < conv.connections.size(); ++n)
      if (conv.connections[n].output == output) {
        one.inputs.push_back(conv.connections[n].input);
        one.kernels[0].push_back(static_cast<int64_t>(n));
      }
    one.behind = convNetlist({1, 1, true, true}, strips[0].frame, expression, output);
    auto same = std::find_if(groups.begin(), groups.end(), [&](const Group &group) {
      return group.inputs == one.inputs && group.behind == one.behind;
    });
    if (same == groups.end()) {
      groups.push_back(std::move(one));
      same = groups.end() - 1;
    } else
      same->kernels.push_back(std::move(one.kernels[0]));
    same->outputs.push_back(output);
  }

  // One frame: `form.lanes` outputs of a group from its output `index` on, inputs from `start` on.
  auto makeStep = [&](const Group &group, const ConvForm &form, int64_t index, int64_t start, const Strip &strip) {
    Step step;
    for (int64_t i = 0; i < form.inputs; ++i)
      step.reads.push_back(windowOf(input[group.inputs[start + i]], 0, strip.first * conv.strideW, 1, 1,
                                    strip.frame.inH, strip.frame.inW));
    for (int64_t lane = 0; lane < form.lanes; ++lane) {
      int64_t output = group.outputs[index + lane];
      auto part = [&](const PlaneView &view) {
        return windowOf(view, 0, strip.first, 1, 1, shape.height, strip.columns);
      };
      if (!form.first)
        step.reads.push_back(part(destination[output]));
      if (form.last)
        for (const Views &leaf : leaves)
          step.reads.push_back(part(leaf[output]));
      step.writes.push_back(part(destination[output]));
      for (int64_t i = 0; i < form.inputs; ++i) {
        int64_t n = group.kernels[index + lane][start + i], size = conv.kernelH * conv.kernelW;
        auto from = conv.kernels.begin() + n * size;
        step.kernels.push_back({conv.kernelW, conv.kernelH, std::vector<Word>(from, from + size),
                                form.first && i == 0 ? conv.bias[output] : Word(0)});
      }
    }
    return step;
  };

  // Passes by how many were before them for their outputs; those of one rank that look alike are one.
  std::vector<std::vector<GridPass>> ranks;
  int64_t convolvers = static_cast<int64_t>(graph.tilesOf(TileKind::conv).size());
  for (const Group &group : groups) {
    int64_t fanIn = static_cast<int64_t>(group.inputs.size()), outputs = static_cast<int64_t>(group.outputs.size());
    std::string reason;
    auto forms = chooseConvForms(fanIn, outputs, convolvers, [&](ConvForm form) -> std::optional<int64_t> {
      Netlist netlist = convNetlist(form, strips[0].frame, expression, group.outputs[0]);
      if (const std::string &why = whyNot(netlist); !why.empty()) {
        reason = why;
        return std::nullopt;
      }
      int64_t start = form.first ? 0 : form.last ? fanIn - form.inputs : 1;
      return model.expect(netlist, makeStep(group, form, 0, start, strips[0])).cycles;
    });
    if (!forms)
      return Error{root.name + ": " + reason};
    int64_t start = 0;
    for (size_t rank = 0; rank < forms->size(); ++rank) {
      if (ranks.size() <= rank)
        ranks.emplace_back();
      for (const Strip &strip : strips)
        for (int64_t index = 0; index < outputs;) {
          ConvForm form = (*forms)[rank];
          form.lanes = std::min(form.lanes, outputs - index);
          Netlist netlist = convNetlist(form, strip.frame, expression, group.outputs[index]);
          auto pass = std::find_if(ranks[rank].begin(), ranks[rank].end(),
                                   [&](const GridPass &other) { return other.netlist == netlist; });
          if (pass == ranks[rank].end()) {
            if (const std::string &why = whyNot(netlist); !why.empty())
              return Error{root.name + ": " + why};
            ranks[rank].emplace_back();
            pass = ranks[rank].end() - 1;
            pass->operation = root.name;
            pass->name = root.name + ": " + std::to_string(form.inputs) + " to " + std::to_string(form.lanes) +
                         (form.first ? "" : ", added") + (form.last ? "" : ", more to come");
            pass->netlist = std::move(netlist);
          }
          pass->steps.push_back(makeStep(group, form, index, start, strip));
          index += form.lanes;
        }
      start += (*forms)[rank].inputs;
    }
  }
  for (std::vector<GridPass> &rank : ranks)
    for (GridPass &pass : rank)
      result.passes.push_back(std::move(pass));
  return std::nullopt;
}

} // namespace cnn::neuflow
