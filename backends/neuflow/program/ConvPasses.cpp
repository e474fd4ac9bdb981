// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Passes with convolvers. The sum for an output plane goes through a chain of convolvers, each adding what it makes of
// its own input to what comes from the one before; the first takes the sum so far from memory, if there is one. This is
// the order of the definition: each convolution is rounded, and then added.
//
// Planes that are wider than a convolver's lines are done in strips of columns, which overlap by what a kernel is wider
// than one column.
//
// What stands behind a sum may read a plane that is added up, too. Then one port reads it for both:
//
//     x - blur(x):   read x -> conv -> sub -> write        a convolver of 9 rows gives its first word after 4 rows, so
//                         \---- FIFO ---/                 the tile holds these and some words more
//
// That takes fewer ports, so that more lanes find room.
#include "backends/neuflow/program/PassFormer.h"

#include "backends/neuflow/device/CheckDeadlock.h"

#include <algorithm>
#include <utility>

namespace cnn::neuflow {

namespace {

// Outputs that add up as many inputs, and whose words go through the same operators. They share their inputs if these
// are the same ones in the same order. Otherwise all have the same taps.
struct Group {
  bool shared = true;
  Netlist behind;
  std::vector<int64_t> taps;
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
      group.taps.clear();
      groups.push_back(std::move(group));
      continue;
    }
    group.shared = false;
    join(groups, group, [&](const Group &other) {
      return !other.shared && other.fanIn() == group.fanIn() && other.behind == group.behind &&
             other.taps == group.taps;
    });
  }
  return groups;
}

// The number of the input among those of a pass that a leaf is; -1 if it is none of them.
int64_t tapOf(const std::vector<int64_t> &taps, size_t leaf, const ConvForm &form, int64_t start) {
  int64_t input = leaf < taps.size() ? taps[leaf] - start : -1;
  return input < form.inputs ? std::max<int64_t>(input, -1) : -1;
}

} // namespace

int64_t PassFormer::wordsHeldBack(const ConvConfig &frame) const {
  int64_t top = frame.sameSize ? (frame.kerH - 1) / 2 : 0, left = frame.sameSize ? (frame.kerW - 1) / 2 : 0;
  int64_t ahead = (frame.kerH - 1 - top) * frame.inW + frame.kerW - 1 - left + target.convLatency;
  // The operator's FIFO is for what the two ways differ in otherwise.
  return ahead <= target.fifosOperator / 2 ? 0 : ahead + target.fifosOperator / 2;
}

bool PassFormer::endsWith(const Netlist &netlist, const Step &step) const {
  Result<PlacedNetlist> placed = placeAndRoute(netlist, graph);
  StepWords words;
  for (const Stream &read : step.reads)
    words.reads.push_back(read.w * read.h);
  for (const Stream &write : step.writes)
    words.writes.push_back(write.w * write.h);
  return placed && checkDeadlock(netlist, *placed, words, graph).empty();
}

Netlist PassFormer::convNetlist(const ConvForm &form, const ConvConfig &frame, const StreamExpression &expression,
                                int64_t plane, int64_t start, const Taps &taps) const {
  Netlist netlist;
  int64_t read = form.shared ? form.inputs : 0;
  size_t leaves = form.last ? expression.leaves().size() : 0;
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
    std::vector<Pin> leafPins;
    for (size_t leaf = 0; leaf < leaves; ++leaf) {
      int64_t tap = tapOf(taps, leaf, form, start), words = tap < 0 ? 0 : wordsHeldBack(frame);
      leafPins.push_back(readPin(tap < 0 ? read++ : firstInput + tap));
      if (words == 0)
        continue;
      Pin fifo = operatorPin(static_cast<int64_t>(netlist.operators.size()));
      netlist.operators.push_back(FifoConfig{words});
      netlist.connect(leafPins.back(), fifo);
      leafPins.back() = fifo;
    }
    netlist.connect(form.last ? expression.addLane(netlist, plane, sum, leafPins) : sum, writePin(lane));
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
    single[output].behind = convNetlist({1, 1, true, true}, strips[0].frame, expression, output, 0, {});
    single[output].inputs.emplace_back();
    single[output].kernels.emplace_back();
  }
  for (size_t n = 0; n < conv.connections.size(); ++n) {
    Group &group = single[conv.connections[n].output];
    group.inputs[0].push_back(conv.connections[n].input);
    group.kernels[0].push_back(static_cast<int64_t>(n));
  }
  // Planes of which a convolver reads other words than what stands behind it are read twice.
  const ConvConfig &all = strips[0].frame;
  if (strips.size() == 1 && wordsHeldBack(all) <= target.fifoWords)
    for (int64_t output = 0; output < shape.planes; ++output)
      for (const Views &leaf : leaves) {
        PlaneView words = windowOf(leaf[output], 0, 0, 1, 1, shape.height, shape.width);
        const std::vector<int64_t> &inputs = single[output].inputs[0];
        auto found = std::find_if(inputs.begin(), inputs.end(), [&](int64_t plane) {
          return windowOf(input[plane], 0, 0, 1, 1, all.inH, all.inW) == words;
        });
        single[output].taps.push_back(found == inputs.end() ? -1 : found - inputs.begin());
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
      for (size_t leaf = 0; form.last && leaf < leaves.size(); ++leaf)
        if (tapOf(group.taps, leaf, form, start) < 0)
          step.reads.push_back(part(leaves[leaf][output]));
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
  for (Group &group : groups) {
    int64_t fanIn = group.fanIn(), outputs = static_cast<int64_t>(group.outputs.size());
    std::string reason;
    auto cost = [&](ConvForm form) -> std::optional<int64_t> {
      form.shared = group.shared;
      int64_t start = form.first ? 0 : form.last ? fanIn - form.inputs : 1, count = outputs / form.lanes;
      Netlist netlist = convNetlist(form, strips[0].frame, expression, group.outputs[0], start, group.taps);
      if (const std::string &why = whyNot(netlist); !why.empty()) {
        reason = why;
        return std::nullopt;
      }
      std::vector<Step> steps;
      for (int64_t step = 0; step < count; ++step)
        steps.push_back(makeStep(group, form, step * form.lanes, start, strips[0]));
      if (form.last && !group.taps.empty() && !endsWith(netlist, steps[0]))
        return std::nullopt;
      // One more for those that are left over.
      return model.expect(netlist, steps).cycles * ((outputs + form.lanes - 1) / form.lanes) / count;
    };
    auto total = [&](const std::vector<ConvForm> &forms) {
      int64_t sum = 0;
      for (const ConvForm &form : forms)
        sum += *cost(form);
      return sum;
    };
    auto forms = chooseConvForms(fanIn, outputs, convolvers, cost);
    if (std::any_of(group.taps.begin(), group.taps.end(), [](int64_t tap) { return tap >= 0; })) {
      int64_t tapped = forms ? total(*forms) : INT64_MAX;
      Taps taps = std::exchange(group.taps, {});
      auto others = chooseConvForms(fanIn, outputs, convolvers, cost);
      if (!others || (forms && tapped <= total(*others)))
        group.taps = std::move(taps);
      else
        forms = std::move(others);
    }
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
          Netlist netlist = convNetlist(form, strip.frame, expression, group.outputs[index], start, group.taps);
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
