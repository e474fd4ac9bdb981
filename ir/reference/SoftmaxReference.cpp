// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Softmax and what is built on it: the losses and metrics of classification.

#include "ir/reference/OpEvaluators.h"

#include <cmath>

using namespace cnn;
using namespace cnn::reference;
using llvm::SmallVector;

/// Calls `visit` with the offsets of the channels (dimension 1) at each position of the other dimensions.
static void forEachColumn(const Tensor &x, llvm::function_ref<void(llvm::ArrayRef<int64_t>)> visit) {
  int64_t channels = x.getDim(1);
  int64_t positions = countElements(llvm::ArrayRef(x.shape).drop_front(2));
  SmallVector<int64_t> column(channels);
  for (int64_t b = 0; b < x.getDim(0); ++b)
    for (int64_t p = 0; p < positions; ++p) {
      for (int64_t c = 0; c < channels; ++c)
        column[c] = (b * channels + c) * positions + p;
      visit(column);
    }
}

/// log sum exp(x) over a column, without overflow.
static double logSumExp(const Tensor &x, llvm::ArrayRef<int64_t> column) {
  double largest = x.floats[column.front()];
  for (int64_t offset : column)
    largest = std::max(largest, x.floats[offset]);
  double sum = 0;
  for (int64_t offset : column)
    sum += std::exp(x.floats[offset] - largest);
  return largest + std::log(sum);
}

void cnn::reference::evaluate(SoftmaxOp op, Operands operands, Results results) {
  const Tensor &x = operands[0];
  forEachColumn(x, [&](llvm::ArrayRef<int64_t> column) {
    double normalizer = logSumExp(x, column);
    for (int64_t offset : column)
      results[0].floats[offset] = std::exp(x.floats[offset] - normalizer);
  });
}

void cnn::reference::evaluate(SoftmaxGradOp op, Operands operands, Results results) {
  const Tensor &y = operands[0], &dy = operands[1];
  forEachColumn(y, [&](llvm::ArrayRef<int64_t> column) {
    double sum = 0;
    for (int64_t offset : column)
      sum += dy.floats[offset] * y.floats[offset];
    for (int64_t offset : column)
      results[0].floats[offset] = y.floats[offset] * (dy.floats[offset] - sum);
  });
}

void cnn::reference::evaluate(LogSoftmaxOp op, Operands operands, Results results) {
  const Tensor &x = operands[0];
  forEachColumn(x, [&](llvm::ArrayRef<int64_t> column) {
    double normalizer = logSumExp(x, column);
    for (int64_t offset : column)
      results[0].floats[offset] = x.floats[offset] - normalizer;
  });
}

void cnn::reference::evaluate(LogSoftmaxGradOp op, Operands operands, Results results) {
  const Tensor &y = operands[0], &dy = operands[1];
  forEachColumn(y, [&](llvm::ArrayRef<int64_t> column) {
    double sum = 0;
    for (int64_t offset : column)
      sum += dy.floats[offset];
    for (int64_t offset : column)
      results[0].floats[offset] = dy.floats[offset] - std::exp(y.floats[offset]) * sum;
  });
}

/// The offset of the score of sample b's label; nullopt if the label is not a class.
static std::optional<int64_t> labelOffset(const Tensor &scores, const Tensor &labels, int64_t b) {
  int64_t label = labels.integers[b];
  if (label < 0 || label >= scores.getDim(1))
    return std::nullopt;
  return b * scores.getDim(1) + label;
}

void cnn::reference::evaluate(CrossEntropyOp op, Operands operands, Results results) {
  const Tensor &scores = operands[0], &labels = operands[1];
  forEachColumn(scores, [&](llvm::ArrayRef<int64_t> column) {
    int64_t b = column.front() / scores.getDim(1);
    if (std::optional<int64_t> label = labelOffset(scores, labels, b))
      results[0].floats[b] = logSumExp(scores, column) - scores.floats[*label];
  });
}

void cnn::reference::evaluate(CrossEntropyGradOp op, Operands operands, Results results) {
  const Tensor &scores = operands[0], &labels = operands[1], &dloss = operands[2];
  forEachColumn(scores, [&](llvm::ArrayRef<int64_t> column) {
    int64_t b = column.front() / scores.getDim(1);
    std::optional<int64_t> label = labelOffset(scores, labels, b);
    if (!label)
      return;
    double normalizer = logSumExp(scores, column);
    for (int64_t offset : column) {
      double oneHot = offset == *label ? 1 : 0;
      results[0].floats[offset] = (std::exp(scores.floats[offset] - normalizer) - oneHot) * dloss.floats[b];
    }
  });
}

void cnn::reference::evaluate(TopKHitOp op, Operands operands, Results results) {
  const Tensor &scores = operands[0], &labels = operands[1];
  forEachColumn(scores, [&](llvm::ArrayRef<int64_t> column) {
    int64_t b = column.front() / scores.getDim(1);
    std::optional<int64_t> label = labelOffset(scores, labels, b);
    if (!label)
      return;
    int64_t before = 0;
    for (int64_t offset : column)
      before += !(scores.floats[offset] <= scores.floats[*label]) || // also if one of them is NaN
                (scores.floats[offset] == scores.floats[*label] && offset < *label);
    results[0].floats[b] = before < static_cast<int64_t>(op.getK()) ? 1 : 0;
  });
}
