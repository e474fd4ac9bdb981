// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "ir/reference/OpEvaluators.h"

using namespace cnn;
using namespace cnn::reference;
using llvm::ArrayRef;
using llvm::SmallVector;

/// Calls `visit(input, weight, output)` with the offsets of every product x * w that the convolution adds to y. The
/// convolution and its two gradients are the three ways to read one of x, w, y from the other two.
static void forEachProduct(ArrayRef<int64_t> inputShape, ArrayRef<int64_t> weightShape, ArrayRef<int64_t> outputShape,
                           WindowAttr window, int64_t groups,
                           llvm::function_ref<void(int64_t, int64_t, int64_t)> visit) {
  int64_t groupInputs = weightShape[1];           // channels of a group
  int64_t groupOutputs = outputShape[1] / groups; // outputs of a group
  int64_t inputChannelSize = countElements(inputShape.drop_front(2));
  int64_t weightChannelSize = countElements(weightShape.drop_front(2));
  SmallVector<int64_t> inputIndex(inputShape), weightIndex(weightShape);
  weightIndex[1] = 0;
  forEachIndex(outputShape, [&](ArrayRef<int64_t> outputIndex) {
    int64_t output = linearize(outputIndex, outputShape);
    inputIndex[0] = outputIndex[0];
    weightIndex[0] = outputIndex[1];
    forEachIndex(weightShape.drop_front(2), [&](ArrayRef<int64_t> kernelIndex) {
      for (size_t i = 0; i < kernelIndex.size(); ++i) {
        WindowDim dim = window.getDim(i);
        int64_t position = windowStart(outputIndex[2 + i], dim) + kernelIndex[i] * dim.dilation;
        if (position < 0 || position >= inputShape[2 + i])
          return; // padding
        inputIndex[2 + i] = position;
        weightIndex[2 + i] = kernelIndex[i];
      }
      inputIndex[1] = outputIndex[1] / groupOutputs * groupInputs;
      int64_t input = linearize(inputIndex, inputShape), weight = linearize(weightIndex, weightShape);
      for (int64_t c = 0; c < groupInputs; ++c)
        visit(input + c * inputChannelSize, weight + c * weightChannelSize, output);
    });
  });
}

void cnn::reference::evaluate(ConvOp op, Operands operands, Results results) {
  const Tensor &x = operands[0], &w = operands[1];
  Tensor &y = results[0];
  forEachProduct(
      x.shape, w.shape, y.shape, op.getWindow(), op.getGroups(),
      [&](int64_t input, int64_t weight, int64_t output) { y.floats[output] += x.floats[input] * w.floats[weight]; });
}

void cnn::reference::evaluate(ConvInputGradOp op, Operands operands, Results results) {
  const Tensor &dy = operands[0], &w = operands[1];
  Tensor &dx = results[0];
  forEachProduct(
      dx.shape, w.shape, dy.shape, op.getWindow(), op.getGroups(),
      [&](int64_t input, int64_t weight, int64_t output) { dx.floats[input] += dy.floats[output] * w.floats[weight]; });
}

void cnn::reference::evaluate(ConvWeightGradOp op, Operands operands, Results results) {
  const Tensor &x = operands[0], &dy = operands[1];
  Tensor &dw = results[0];
  forEachProduct(
      x.shape, dw.shape, dy.shape, op.getWindow(), op.getGroups(),
      [&](int64_t input, int64_t weight, int64_t output) { dw.floats[weight] += dy.floats[output] * x.floats[input]; });
}
