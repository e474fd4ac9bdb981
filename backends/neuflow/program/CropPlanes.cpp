// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Backwards from the outputs: how many rows and columns of each value are read. Then forwards: operations make so much,
// and a window stands where one takes a value that others need more of.
#include "backends/neuflow/program/CropPlanes.h"

#include <algorithm>

namespace cnn::neuflow {

namespace {

struct Extent {
  int64_t height = 0, width = 0;
};

class Crop {
public:
  explicit Crop(TensorProgram program) : program(std::move(program)), needed(this->program.values.size()) {}

  TensorProgram run() {
    for (const TensorBoundary &output : program.outputs)
      needAll(output.value);
    for (auto operation = program.operations.rbegin(); operation != program.operations.rend(); ++operation)
      needOperands(*operation);
    for (const TensorBoundary &input : program.inputs)
      needAll(input.value);
    std::vector<TensorOperation> operations;
    for (TensorOperation &operation : program.operations) {
      if (makesLess(operation)) {
        PlaneShape &shape = program.values[operation.result];
        Extent &extent = needed[operation.result];
        // A value that nobody reads is left as it is.
        if (extent.height > 0) {
          shape.height = extent.height;
          shape.width = extent.width;
        }
        for (int64_t *operand : wordOperands(operation))
          *operand = windowed(*operand, shape, operation.name, operations);
      }
      operations.push_back(std::move(operation));
    }
    program.operations = std::move(operations);
    return std::move(program);
  }

private:
  // Whether an operation can leave out the end of its result.
  static bool makesLess(const TensorOperation &operation) {
    if (const ConvOperation *conv = std::get_if<ConvOperation>(&operation.what))
      return !conv->sameSize;
    return std::holds_alternative<MapOperation>(operation.what) ||
           std::holds_alternative<ElementOperation>(operation.what) ||
           std::holds_alternative<WindowOperation>(operation.what);
  }
  // The operands that have the size of the result.
  static std::vector<int64_t *> wordOperands(TensorOperation &operation) {
    std::vector<int64_t *> operands;
    if (MapOperation *map = std::get_if<MapOperation>(&operation.what))
      operands.push_back(&map->input);
    if (ElementOperation *element = std::get_if<ElementOperation>(&operation.what))
      for (int64_t &input : element->inputs)
        operands.push_back(&input);
    return operands;
  }

  void need(int64_t value, int64_t height, int64_t width) {
    needed[value].height = std::max(needed[value].height, height);
    needed[value].width = std::max(needed[value].width, width);
  }
  void needAll(int64_t value) { need(value, program.values[value].height, program.values[value].width); }

  void needOperands(TensorOperation &operation) {
    Extent extent = needed[operation.result];
    if (extent.height == 0)
      return;
    if (makesLess(operation)) {
      for (int64_t *operand : wordOperands(operation))
        need(*operand, extent.height, extent.width);
      if (const ConvOperation *conv = std::get_if<ConvOperation>(&operation.what))
        need(conv->input, (extent.height - 1) * conv->strideH + conv->kernelH,
             (extent.width - 1) * conv->strideW + conv->kernelW);
      if (const WindowOperation *window = std::get_if<WindowOperation>(&operation.what))
        need(window->input, window->top + (extent.height - 1) * window->stepH + 1,
             window->left + (extent.width - 1) * window->stepW + 1);
      return;
    }
    for (int64_t operand : operation.operands())
      needAll(operand);
  }

  // The part of a value that has the size of `shape`; the value itself if it has.
  int64_t windowed(int64_t value, const PlaneShape &shape, const std::string &name,
                   std::vector<TensorOperation> &operations) {
    PlaneShape have = program.values[value];
    if (have.height == shape.height && have.width == shape.width)
      return value;
    program.values.push_back({have.planes, shape.height, shape.width});
    int64_t result = static_cast<int64_t>(program.values.size()) - 1;
    operations.push_back({WindowOperation{value, 0, 0, 1, 1}, result, name});
    return result;
  }

  TensorProgram program;
  std::vector<Extent> needed;
};

} // namespace

TensorProgram cropPlanes(TensorProgram program) { return Crop(std::move(program)).run(); }

} // namespace cnn::neuflow
