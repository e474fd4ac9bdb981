// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// From operations on tensors to passes over the grid:
//
//     conv 8 planes -> 16, map, max of four windows     4 + 4 inputs to each of 16 outputs, the mapper behind the
//     second
//                                                       half; then 4 reads through two ALU tiles to one write
//
// 1. Operations that do something to each word join the one that uses them, if it is the only one, as long as one lane
//    of all this still finds room on the grid: at most one convolution, and any operations behind it.
// 2. Windows, selections and concatenations are other views of the same words. They move nothing.
// 3. Each group becomes passes, in the order of the operations. Convolutions are split by cost (ConvForms.cpp);
//    everything else goes through as many lanes as there is room for.
//
// Values that are read by several passes, and all that no pass can hold, lie in memory between passes.
#include "backends/neuflow/program/FormPasses.h"

#include "backends/neuflow/program/CropPlanes.h"
#include "backends/neuflow/program/JoinWindows.h"
#include "backends/neuflow/program/PadPlanes.h"
#include "backends/neuflow/program/PassFormer.h"

namespace cnn::neuflow {

namespace {

bool worksOnWords(const TensorOperation &operation) {
  return std::holds_alternative<MapOperation>(operation.what) ||
         std::holds_alternative<ElementOperation>(operation.what);
}

bool isConv(const TensorOperation &operation) { return std::holds_alternative<ConvOperation>(operation.what); }

// The features without which there is no program of this compiler.
std::optional<Error> checkTarget(const Target &target) {
  for (Feature feature : {Feature::kernelConfig, Feature::stride, Feature::shadow})
    if (!target.has(feature))
      return Error{"expected a target with the feature '" + std::string(nameOf(feature)) + "', but " + target.name +
                   " has none"};
  return std::nullopt;
}

} // namespace

PassFormer::PassFormer(const TensorProgram &program, const ChannelGraph &graph)
    : program(program), graph(graph), target(graph.target), model(target), uses(program.values.size(), 0),
      producers(program.values.size(), -1), inside(program.operations.size(), false),
      expressions(program.operations.size()), views(program.values.size()) {
  for (size_t i = 0; i < program.operations.size(); ++i) {
    producers[program.operations[i].result] = static_cast<int64_t>(i);
    for (int64_t operand : program.operations[i].operands())
      ++uses[operand];
  }
  for (const TensorBoundary &output : program.outputs)
    ++uses[output.value];
}

const std::string &PassFormer::whyNot(const Netlist &netlist) {
  for (const auto &[other, reason] : tried)
    if (other == netlist)
      return reason;
  Result<PlacedNetlist> placed = placeAndRoute(netlist, graph);
  return tried.emplace_back(netlist, placed ? "" : placed.message()).second;
}

std::optional<Error> PassFormer::checkLimits(const TensorOperation &operation) const {
  auto error = [&](const std::string &text) { return Error{operation.name + ": " + text}; };
  const PlaneShape &shape = program.values[operation.result];
  if (shape.height > Stream::kMost || shape.width > Stream::kMost)
    return error("expected planes of at most 65535 rows and columns, but got " + std::to_string(shape.height) + "x" +
                 std::to_string(shape.width));
  if (const ConvOperation *conv = std::get_if<ConvOperation>(&operation.what)) {
    int64_t k = target.convKernel;
    if (conv->kernelH > k || conv->kernelW > k)
      return error("expected kernels of at most " + std::to_string(k) + "x" + std::to_string(k) + " on " + target.name +
                   ", but got " + std::to_string(conv->kernelH) + "x" + std::to_string(conv->kernelW));
    if (conv->strideH > 255 || conv->strideW > 255)
      return error("expected strides of at most 255, but got " + std::to_string(conv->strideH) + "x" +
                   std::to_string(conv->strideW));
  }
  if (const MapOperation *map = std::get_if<MapOperation>(&operation.what))
    for (const MapperConfig &table : map->tables)
      if (static_cast<int64_t>(table.segments.size()) > target.mapperSegments)
        return error("expected at most " + std::to_string(target.mapperSegments) + " segments on " + target.name +
                     ", but got " + std::to_string(table.segments.size()));
  return std::nullopt;
}

void PassFormer::grow(StreamExpression &expression) {
  auto hasRoom = [&] {
    int64_t leaves = static_cast<int64_t>(expression.leaves().size()), conv = expression.convolution();
    if (conv < 0)
      return fits(elementNetlist(&expression, leaves, 0, 1));
    // The tightest form: one convolver, with sums to go on with.
    const ConvOperation &what = std::get<ConvOperation>(program.operations[conv].what);
    int64_t most = 1;
    std::vector<int64_t> fanIn(what.bias.size(), 0);
    for (const ConvOperation::Link &link : what.connections)
      most = std::max(most, ++fanIn[link.output]);
    ConvConfig frame;
    frame.inW = what.kernelW;
    frame.inH = what.kernelH;
    frame.kerW = what.kernelW;
    frame.kerH = what.kernelH;
    return fits(convNetlist({1, 1, most == 1, true}, frame, expression, 0, 0, {}));
  };
  for (size_t i = 0; i < expression.operations.size(); ++i) {
    const TensorOperation &user = program.operations[expression.operations[i]];
    if (isConv(user))
      continue;
    for (int64_t value : user.operands()) {
      int64_t operation = producers[value];
      if (operation < 0 || uses[value] != 1 || inside[operation])
        continue;
      const TensorOperation &candidate = program.operations[operation];
      if (!worksOnWords(candidate) && !(isConv(candidate) && expression.convolution() < 0))
        continue;
      expression.operations.push_back(operation);
      if (hasRoom())
        inside[operation] = true;
      else
        expression.operations.pop_back();
    }
  }
}

std::optional<Error> PassFormer::formExpressions() {
  for (int64_t i = static_cast<int64_t>(program.operations.size()) - 1; i >= 0; --i) {
    const TensorOperation &operation = program.operations[i];
    if (std::optional<Error> error = checkLimits(operation))
      return error;
    if (inside[i] || (!worksOnWords(operation) && !isConv(operation)))
      continue;
    StreamExpression expression(program, target);
    expression.operations = {i};
    grow(expression);
    expressions[i].emplace(std::move(expression));
  }
  return std::nullopt;
}

int64_t PassFormer::addBuffer(std::string name, BufferKind kind, int64_t words) {
  result.buffers.push_back({std::move(name), kind, words, {}, -1});
  return static_cast<int64_t>(result.buffers.size()) - 1;
}

int64_t PassFormer::constantWord(Word value) {
  for (auto [word, buffer] : constants)
    if (word == value)
      return buffer;
  int64_t buffer = addBuffer("word " + std::to_string(value), BufferKind::constant, 1);
  result.buffers[buffer].contents = {value};
  constants.push_back({value, buffer});
  return buffer;
}

PassFormer::Views PassFormer::destinationOf(int64_t value) {
  const PlaneShape &shape = program.values[value];
  std::string name = producers[value] < 0 ? "value" : program.operations[producers[value]].name;
  for (size_t i = 0; i < program.outputs.size(); ++i)
    if (program.outputs[i].value == value) {
      // The first output of a value is it; further ones are copies.
      int64_t buffer = addBuffer(program.outputs[i].name, BufferKind::output, shape.words());
      result.tensors.push_back({program.outputs[i].name, true, shape, program.outputs[i].fractionBits, buffer});
      return denseViews(buffer, shape);
    }
  for (const TensorOperation &user : program.operations) {
    const PadOperation *pad = std::get_if<PadOperation>(&user.what);
    if (!pad || pad->input != value || uses[value] != 1)
      continue;
    const PlaneShape &padded = program.values[user.result];
    Views all = denseViews(addBuffer(user.name, BufferKind::temporary, padded.words()), padded), interior;
    for (const PlaneView &view : all)
      interior.push_back(windowOf(view, pad->top, pad->left, 1, 1, shape.height, shape.width));
    views[user.result] = std::move(all);
    return interior;
  }
  return denseViews(addBuffer(name, BufferKind::temporary, shape.words()), shape);
}

std::optional<Error> PassFormer::formExpression(int64_t operation, const StreamExpression &expression) {
  const TensorOperation &root = program.operations[operation];
  if (int64_t conv = expression.convolution(); conv >= 0)
    return formConv(program.operations[conv], root, expression);
  std::vector<Views> leaves;
  for (int64_t value : expression.leaves())
    leaves.push_back(*views[value]);
  views[root.result] = destinationOf(root.result);
  return formElements(root.name, &expression, leaves, *views[root.result]);
}

std::optional<Error> PassFormer::formOperation(int64_t index) {
  const TensorOperation &operation = program.operations[index];
  std::optional<Views> &to = views[operation.result];
  const PlaneShape &shape = program.values[operation.result];
  if (inside[index] || uses[operation.result] == 0)
    return std::nullopt;
  if (expressions[index])
    return formExpression(index, *expressions[index]);
  if (const WindowOperation *window = std::get_if<WindowOperation>(&operation.what)) {
    to.emplace();
    for (const PlaneView &view : *views[window->input])
      to->push_back(windowOf(view, window->top, window->left, window->stepH, window->stepW, shape.height, shape.width));
    return std::nullopt;
  }
  if (const SelectOperation *select = std::get_if<SelectOperation>(&operation.what)) {
    to.emplace();
    for (int64_t plane : select->planes)
      to->push_back((*views[select->input])[plane]);
    return std::nullopt;
  }
  if (const ConcatOperation *concat = std::get_if<ConcatOperation>(&operation.what)) {
    to.emplace();
    for (int64_t input : concat->inputs)
      to->insert(to->end(), views[input]->begin(), views[input]->end());
    return std::nullopt;
  }
  if (const ReshapeOperation *reshape = std::get_if<ReshapeOperation>(&operation.what)) {
    to = reshaped(*views[reshape->input], shape);
    if (to)
      return std::nullopt;
    const PlaneShape &before = program.values[reshape->input];
    Views copy = denseViews(addBuffer(operation.name, BufferKind::temporary, shape.words()), before);
    to = reshaped(copy, shape);
    return formElements(operation.name, nullptr, {*views[reshape->input]}, copy);
  }
  const PadOperation &pad = std::get<PadOperation>(operation.what);
  // Whoever made the value has written it to its place inside already.
  bool isFilled = to.has_value();
  if (!isFilled)
    to = denseViews(addBuffer(operation.name, BufferKind::temporary, shape.words()), shape);
  if (std::optional<Error> error = formBorder(operation.name, pad, shape, to->front().buffer))
    return error;
  if (isFilled)
    return std::nullopt;
  const PlaneShape &before = program.values[pad.input];
  Views interior;
  for (const PlaneView &view : *to)
    interior.push_back(windowOf(view, pad.top, pad.left, 1, 1, before.height, before.width));
  return formElements(operation.name, nullptr, {*views[pad.input]}, interior);
}

Result<PassProgram> PassFormer::run() {
  if (std::optional<Error> error = checkTarget(target))
    return std::move(*error);
  if (std::optional<Error> error = formExpressions())
    return std::move(*error);
  result.name = program.name;
  for (const TensorBoundary &input : program.inputs) {
    const PlaneShape &shape = program.values[input.value];
    int64_t buffer = addBuffer(input.name, BufferKind::input, shape.words());
    result.tensors.push_back({input.name, false, shape, input.fractionBits, buffer});
    views[input.value] = denseViews(buffer, shape);
  }
  for (size_t i = 0; i < program.operations.size(); ++i)
    if (std::optional<Error> error = formOperation(static_cast<int64_t>(i)))
      return std::move(*error);
  for (const TensorBoundary &output : program.outputs) {
    bool isThere = false;
    for (const PassTensor &tensor : result.tensors)
      isThere |= tensor.output && tensor.name == output.name;
    if (isThere)
      continue;
    const PlaneShape &shape = program.values[output.value];
    int64_t buffer = addBuffer(output.name, BufferKind::output, shape.words());
    result.tensors.push_back({output.name, true, shape, output.fractionBits, buffer});
    if (std::optional<Error> error =
            formElements(output.name, nullptr, {*views[output.value]}, denseViews(buffer, shape)))
      return std::move(*error);
  }
  return std::move(result);
}

Result<PassProgram> formPasses(const TensorProgram &program, const ChannelGraph &graph) {
  TensorProgram prepared = padPlanes(cropPlanes(joinWindows(program, graph.target)), graph.target);
  return PassFormer(prepared, graph).run();
}

} // namespace cnn::neuflow
