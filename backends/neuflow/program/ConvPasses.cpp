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

// Outputs that add up as many inputs, and whose words go through the same operators. They share their inputs if these
// are the same ones in the same order.
struct Group {
  bool shared = true;
  Netlist behind;
  std::vector<int64_t> outputs;
  // Of each output, in the order of the sum.
  std::vector<std::vector<int64_t>> inputs, kernels;

  int64_t fanIn() const { return static_cast<int64_t>(inputs[0].size()); }
  void append(const Group &other) {
    outputs.insert(outputs.end(), other.outputs.begin(), other.outputs.end());
    inputs.insert(inputs.end(), other.inputs.begin(), other.inputs.end());
    kernels.insert(kernels.end(), other.kernels.begin(), other.kernels.end());
  }
};

// Each output into the group that shares its inputs; those that share them with none into groups of separate lanes.
std::vector<Group> groupOutputs(std::vector<Group> single) {
  std::vector<Group> shared, groups;
  auto join = [](std::vector<Group> &to, Group &one, auto matches) {
    auto found = std::find_if(to.begin(), to.end(), matches);
    if (found == to.end())
      to.push_back(std::move(one));
    else
      found->append(one);
  };
  for (Group &one : single)
    join(shared, one,
         [&](const Group &group) { return group.inputs[0] == one.inputs[0] && group.behind == one.behind; });
  for (Group &group : shared) {
    if (group.outputs.size() > 1) {
      groups.push_back(std::move(group));
      continue;
    }
    group.shared = false;
    join(groups, group, [&](const Group &other) {
      return !other.shared && other.fanIn() == group.fanIn() && other.behind == group.behind;
    });
  }
  return groups;
}

} // namespace

Netlist PassFormer::convNetlist(const ConvForm &form, const ConvConfig &frame, const StreamExpression &expression,
                                int64_t plane) const {
  Netlist netlist;
  int64_t read = form.shared ? form.inputs : 0;
  int64_t leaves = form.last ? static_cast<int64_t>(expression.leaves().size()) : 0;
  for (int64_t lane = 0; lane < form.lanes; ++lane) {
    int64_t firstInput = form.shared ? 0 : read;
    read += form.shared ? 0 : form.inputs;
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
      netlist.connect(readPin(firstInput + input), operatorPin(op));
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

std::optional<Error> PassFormer::formConv(const TensorOperation &operation, const TensorOperation &root,
                                          const StreamExpression &expression) {
  const ConvOperation &conv = std::get<ConvOperation>(operation.what);
  std::string name = operation.name == root.name ? root.name : operation.name + " + " + root.name;
  const Views input = *views[conv.input];
  const PlaneShape &shape = program.values[root.result];
  if (conv.kernelW > target.convLine)
    return Error{operation.name + ": expected kernels that are not wider than a line of " +
                 std::to_string(target.convLine)};
  std::vector<Views> leaves;
  for (int64_t value : expression.leaves())
    leaves.push_back(*views[value]);
  views[root.result] = destinationOf(root.result);
  const Views &destination = *views[root.result];
  std::vector<Strip> strips = stripsOf(conv, shape);

  std::vector<Group> single(static_cast<size_t>(shape.planes));
  for (int64_t output = 0; output < shape.planes; ++output) {
    single[output].outputs = {output};
    single[output].behind = convNetlist({1, 1, true, true}, strips[0].frame, expression, output);
    single[output].inputs.emplace_back();
    single[output].kernels.emplace_back();
  }
  for (size_t n = 0; n < conv.connections.size(); ++n) {
    Group &group = single[conv.connections[n].output];
    group.inputs[0].push_back(conv.connections[n].input);
    group.kernels[0].push_back(static_cast<int64_t>(n));
  }
  std::vector<Group> groups = groupOutputs(std::move(single));

  // One frame: `form.lanes` outputs of a group from its output `index` on, inputs from `start` on.
  auto makeStep = [&](const Group &group, const ConvForm &form, int64_t index, int64_t start, const Strip &strip) {
    Step step;
    for (int64_t lane = 0; lane < form.lanes; ++lane) {
      for (int64_t i = 0; i < form.inputs && (lane == 0 || !form.shared); ++i)
        step.reads.push_back(windowOf(input[group.inputs[index + lane][start + i]], 0, strip.first * conv.strideW, 1, 1,
                                      strip.frame.inH, strip.frame.inW));
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
    int64_t fanIn = group.fanIn(), outputs = static_cast<int64_t>(group.outputs.size());
    std::string reason;
    auto forms = chooseConvForms(fanIn, outputs, convolvers, [&](ConvForm form) -> std::optional<int64_t> {
      form.shared = group.shared;
      Netlist netlist = convNetlist(form, strips[0].frame, expression, group.outputs[0]);
      if (const std::string &why = whyNot(netlist); !why.empty()) {
        reason = why;
        return std::nullopt;
      }
      int64_t start = form.first ? 0 : form.last ? fanIn - form.inputs : 1, count = outputs / form.lanes;
      std::vector<Step> steps;
      for (int64_t step = 0; step < count; ++step)
        steps.push_back(makeStep(group, form, step * form.lanes, start, strips[0]));
      // One more for those that are left over.
      return model.expect(netlist, steps).cycles * ((outputs + form.lanes - 1) / form.lanes) / count;
    });
    if (!forms)
      return Error{operation.name + ": " + reason};
    int64_t start = 0;
    for (size_t rank = 0; rank < forms->size(); ++rank) {
      if (ranks.size() <= rank)
        ranks.emplace_back();
      for (const Strip &strip : strips)
        for (int64_t index = 0; index < outputs;) {
          ConvForm form = (*forms)[rank];
          form.shared = group.shared;
          form.lanes = std::min(form.lanes, outputs - index);
          Netlist netlist = convNetlist(form, strip.frame, expression, group.outputs[index]);
          auto pass = std::find_if(ranks[rank].begin(), ranks[rank].end(),
                                   [&](const GridPass &other) { return other.netlist == netlist; });
          if (pass == ranks[rank].end()) {
            if (const std::string &why = whyNot(netlist); !why.empty())
              return Error{operation.name + ": " + why};
            ranks[rank].emplace_back();
            pass = ranks[rank].end() - 1;
            pass->operation = name;
            std::string lanes = std::to_string(form.lanes), inputs = std::to_string(form.inputs);
            pass->name = name + ": " + (form.shared ? inputs + " to " + lanes : lanes + " times " + inputs + " to 1") +
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
