// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A window of a maximum is the maximum of windows, and a window of a window is a window:
//
//     rows = max(x[0::2, :], x[1::2, :])                 max(max(x[0::2, 0::2], x[1::2, 0::2]),
//     max(rows[:, 0::2], rows[:, 1::2])             ->       max(x[0::2, 1::2], x[1::2, 1::2]))
//
// If all that is read of the maximum are windows, it need not be anywhere itself.
#include "backends/neuflow/program/JoinWindows.h"

#include <algorithm>

namespace cnn::neuflow {

namespace {

class Join {
public:
  Join(TensorProgram given, const Target &target) : program(std::move(given)), target(target) {}

  TensorProgram run() {
    count();
    for (const TensorOperation &operation : program.operations) {
      const WindowOperation *window = std::get_if<WindowOperation>(&operation.what);
      if (window && isJoined(window->input))
        apart(window->input, *window, program.values[operation.result], operation.result, operation.name);
      else
        operations.push_back(operation);
    }
    program.operations = std::move(operations);
    removeUnused();
    return std::move(program);
  }

private:
  void count() {
    uses.assign(program.values.size(), 0);
    windows.assign(program.values.size(), 0);
    producers.assign(program.values.size(), nullptr);
    for (const TensorOperation &operation : program.operations) {
      producers[operation.result] = &operation;
      for (int64_t value : operation.operands()) {
        ++uses[value];
        windows[value] += std::holds_alternative<WindowOperation>(operation.what);
      }
    }
    for (const TensorBoundary &output : program.outputs)
      ++uses[output.value];
  }

  const ElementOperation *maximum(int64_t value) const {
    const auto *element = producers[value] ? std::get_if<ElementOperation>(&producers[value]->what) : nullptr;
    return element && element->code == AluCode::max ? element : nullptr;
  }
  // Words of how many streams a maximum is taken of.
  int64_t leaves(int64_t value, bool isRoot) const {
    const ElementOperation *element = maximum(value);
    if (!element || (!isRoot && uses[value] != 1))
      return 1;
    int64_t sum = 0;
    for (int64_t input : element->inputs)
      sum += leaves(input, false);
    return sum;
  }
  // Whether only windows of a maximum are read, which all find room in one pass.
  bool isJoined(int64_t value) const {
    return maximum(value) && windows[value] == uses[value] && leaves(value, true) * windows[value] < target.lines;
  }

  int64_t add(decltype(TensorOperation::what) what, const PlaneShape &shape, int64_t result, const std::string &name) {
    if (result < 0) {
      program.values.push_back(shape);
      result = static_cast<int64_t>(program.values.size()) - 1;
    }
    operations.push_back({std::move(what), result, name});
    return result;
  }

  // A window of a value, as the value `result`, or a new one if that is -1.
  int64_t apart(int64_t value, const WindowOperation &window, PlaneShape shape, int64_t result,
                const std::string &name) {
    const ElementOperation *element = maximum(value);
    if (element && (result >= 0 || uses[value] == 1)) {
      ElementOperation what{AluCode::max, {}};
      for (int64_t input : element->inputs)
        what.inputs.push_back(apart(input, window, shape, -1, name));
      return add(std::move(what), shape, result, name);
    }
    WindowOperation what = window;
    what.input = value;
    shape.planes = program.values[value].planes;
    if (const auto *inner = producers[value] ? std::get_if<WindowOperation>(&producers[value]->what) : nullptr)
      what = {inner->input, inner->top + window.top * inner->stepH, inner->left + window.left * inner->stepW,
              inner->stepH * window.stepH, inner->stepW * window.stepW};
    return add(what, shape, result, name);
  }

  void removeUnused() {
    std::vector<bool> used(program.values.size(), false);
    for (const TensorBoundary &output : program.outputs)
      used[output.value] = true;
    std::vector<TensorOperation> kept;
    for (auto operation = program.operations.rbegin(); operation != program.operations.rend(); ++operation) {
      if (!used[operation->result])
        continue;
      for (int64_t value : operation->operands())
        used[value] = true;
      kept.push_back(std::move(*operation));
    }
    std::reverse(kept.begin(), kept.end());
    program.operations = std::move(kept);
  }

  TensorProgram program;
  const Target &target;
  std::vector<int64_t> uses, windows;
  std::vector<const TensorOperation *> producers;
  std::vector<TensorOperation> operations;
};

} // namespace

TensorProgram joinWindows(TensorProgram program, const Target &target) {
  return Join(std::move(program), target).run();
}

} // namespace cnn::neuflow
