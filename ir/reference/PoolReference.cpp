// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "ir/reference/OpEvaluators.h"

#include <cmath>

using namespace cnn;
using namespace cnn::reference;
using llvm::ArrayRef;
using llvm::SmallVector;

/// Calls `visit` with each output index and the offsets of the inputs in its window, in row-major order.
static void forEachWindow(ArrayRef<int64_t> inputShape, ArrayRef<int64_t> outputShape, WindowAttr window,
                          llvm::function_ref<void(ArrayRef<int64_t> outputIndex, ArrayRef<int64_t> inputs)> visit) {
  forEachIndex(outputShape, [&](ArrayRef<int64_t> outputIndex) {
    SmallVector<int64_t> inputs;
    SmallVector<int64_t> inputIndex(outputIndex);
    forEachIndex(window.getKernel(), [&](ArrayRef<int64_t> kernelIndex) {
      for (size_t i = 0; i < kernelIndex.size(); ++i) {
        WindowDim dim = window.getDim(i);
        inputIndex[2 + i] = windowStart(outputIndex[2 + i], dim) + kernelIndex[i] * dim.dilation;
        if (inputIndex[2 + i] < 0 || inputIndex[2 + i] >= inputShape[2 + i])
          return; // padding
      }
      inputs.push_back(linearize(inputIndex, inputShape));
    });
    visit(outputIndex, inputs);
  });
}

/// The input that the maximum of a window takes: the first NaN, or else the first of the largest.
static int64_t findLargest(const Tensor &x, ArrayRef<int64_t> inputs) {
  int64_t largest = inputs.front();
  for (int64_t input : inputs) {
    if (std::isnan(x.floats[largest]))
      break;
    if (std::isnan(x.floats[input]) || x.floats[input] > x.floats[largest])
      largest = input;
  }
  return largest;
}

void cnn::reference::evaluate(MaxPoolOp op, Operands operands, Results results) {
  const Tensor &x = operands[0];
  Tensor &y = results[0];
  forEachWindow(x.shape, y.shape, op.getWindow(), [&](ArrayRef<int64_t> outputIndex, ArrayRef<int64_t> inputs) {
    y.floats[linearize(outputIndex, y.shape)] = x.floats[findLargest(x, inputs)];
  });
}

void cnn::reference::evaluate(MaxPoolGradOp op, Operands operands, Results results) {
  const Tensor &x = operands[0], &dy = operands[1];
  Tensor &dx = results[0];
  forEachWindow(x.shape, dy.shape, op.getWindow(), [&](ArrayRef<int64_t> outputIndex, ArrayRef<int64_t> inputs) {
    dx.floats[findLargest(x, inputs)] += dy.floats[linearize(outputIndex, dy.shape)];
  });
}

/// What the sum of a window is divided by.
static double countWindow(ArrayRef<int64_t> outputIndex, ArrayRef<int64_t> inputShape, WindowAttr window,
                          bool countPad) {
  int64_t count = 1;
  for (int64_t i = 0; i < window.getRank(); ++i)
    count *= windowCount(outputIndex[2 + i], inputShape[2 + i], window.getDim(i), countPad);
  return static_cast<double>(count);
}

void cnn::reference::evaluate(AvgPoolOp op, Operands operands, Results results) {
  const Tensor &x = operands[0];
  Tensor &y = results[0];
  forEachWindow(x.shape, y.shape, op.getWindow(), [&](ArrayRef<int64_t> outputIndex, ArrayRef<int64_t> inputs) {
    double sum = 0;
    for (int64_t input : inputs)
      sum += x.floats[input];
    y.floats[linearize(outputIndex, y.shape)] =
        sum / countWindow(outputIndex, x.shape, op.getWindow(), op.getCountPad());
  });
}

void cnn::reference::evaluate(AvgPoolGradOp op, Operands operands, Results results) {
  const Tensor &dy = operands[0];
  Tensor &dx = results[0];
  forEachWindow(dx.shape, dy.shape, op.getWindow(), [&](ArrayRef<int64_t> outputIndex, ArrayRef<int64_t> inputs) {
    double share = dy.floats[linearize(outputIndex, dy.shape)] /
                   countWindow(outputIndex, dx.shape, op.getWindow(), op.getCountPad());
    for (int64_t input : inputs)
      dx.floats[input] += share;
  });
}
