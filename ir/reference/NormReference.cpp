// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "ir/reference/OpEvaluators.h"
#include "ir/reference/Philox.h"

#include <cmath>

using namespace cnn;
using namespace cnn::reference;
using llvm::function_ref;

/// Calls `visit(offset, channel)` for each element, where the channels are dimension 1.
static void forEachElement(const Tensor &x, function_ref<void(int64_t, int64_t)> visit) {
  int64_t channels = x.getDim(1);
  int64_t positions = countElements(llvm::ArrayRef(x.shape).drop_front(2));
  for (int64_t offset = 0; offset < x.getNumElements(); ++offset)
    visit(offset, offset / positions % channels);
}

//===-- Batch normalization ---------------------------------------------------------------------------------------===//

void cnn::reference::evaluate(BatchNormOp op, Operands operands, Results results) {
  const Tensor &x = operands[0], &scale = operands[1], &shift = operands[2], &mean = operands[3],
               &variance = operands[4];
  double epsilon = op.getEpsilon().convertToDouble();
  forEachElement(x, [&](int64_t i, int64_t c) {
    results[0].floats[i] =
        (x.floats[i] - mean.floats[c]) / std::sqrt(variance.floats[c] + epsilon) * scale.floats[c] + shift.floats[c];
  });
}

void cnn::reference::evaluate(BatchNormTrainOp op, Operands operands, Results results) {
  const Tensor &x = operands[0], &scale = operands[1], &shift = operands[2], &runningMean = operands[3],
               &runningVariance = operands[4];
  Tensor &y = results[0], &mean = results[1], &invStd = results[2], &newMean = results[3], &newVariance = results[4];
  double epsilon = op.getEpsilon().convertToDouble(), momentum = op.getMomentum().convertToDouble();
  int64_t channels = x.getDim(1);
  double n = static_cast<double>(x.getNumElements()) / static_cast<double>(channels);

  forEachElement(x, [&](int64_t i, int64_t c) { mean.floats[c] += x.floats[i] / n; });
  std::vector<double> variance(channels);
  forEachElement(x, [&](int64_t i, int64_t c) {
    double distance = x.floats[i] - mean.floats[c];
    variance[c] += distance * distance / n;
  });
  for (int64_t c = 0; c < channels; ++c) {
    invStd.floats[c] = 1 / std::sqrt(variance[c] + epsilon);
    double unbiased = n > 1 ? variance[c] * n / (n - 1) : variance[c];
    newMean.floats[c] = (1 - momentum) * runningMean.floats[c] + momentum * mean.floats[c];
    newVariance.floats[c] = (1 - momentum) * runningVariance.floats[c] + momentum * unbiased;
  }
  forEachElement(x, [&](int64_t i, int64_t c) {
    y.floats[i] = (x.floats[i] - mean.floats[c]) * invStd.floats[c] * scale.floats[c] + shift.floats[c];
  });
}

void cnn::reference::evaluate(BatchNormGradOp op, Operands operands, Results results) {
  const Tensor &x = operands[0], &dy = operands[1], &scale = operands[2], &mean = operands[3], &invStd = operands[4];
  Tensor &dx = results[0], &dscale = results[1], &dshift = results[2];
  double n = static_cast<double>(x.getNumElements()) / static_cast<double>(x.getDim(1));
  auto normalized = [&](int64_t i, int64_t c) { return (x.floats[i] - mean.floats[c]) * invStd.floats[c]; };
  forEachElement(x, [&](int64_t i, int64_t c) {
    dshift.floats[c] += dy.floats[i];
    dscale.floats[c] += dy.floats[i] * normalized(i, c);
  });
  forEachElement(x, [&](int64_t i, int64_t c) {
    dx.floats[i] = scale.floats[c] * invStd.floats[c] *
                   (dy.floats[i] - dshift.floats[c] / n - normalized(i, c) * dscale.floats[c] / n);
  });
}

//===-- Local response normalization ------------------------------------------------------------------------------===//

namespace {

/// y = x * s^-beta with s = k + alpha/size * sum of x^2 over the channels around.
struct ChannelWindow {
  int64_t size;
  double alpha, beta, k;
  int64_t channels, positions;

  template <typename OpType>
  ChannelWindow(OpType op, const Tensor &x)
      : size(op.getSize()), alpha(op.getAlpha().convertToDouble()), beta(op.getBeta().convertToDouble()),
        k(op.getK().convertToDouble()), channels(x.getDim(1)),
        positions(countElements(llvm::ArrayRef(x.shape).drop_front(2))) {}

  /// Calls `visit` with the offsets of the elements around element `i`, whose channel is `c`.
  void forEachAround(int64_t i, int64_t c, function_ref<void(int64_t)> visit) const {
    for (int64_t other = c - size / 2; other <= c + size / 2; ++other)
      if (other >= 0 && other < channels)
        visit(i + (other - c) * positions);
  }

  double getScale(const Tensor &x, int64_t i, int64_t c) const {
    double sum = 0;
    forEachAround(i, c, [&](int64_t j) { sum += x.floats[j] * x.floats[j]; });
    return k + alpha / static_cast<double>(size) * sum;
  }
};

} // namespace

void cnn::reference::evaluate(LrnOp op, Operands operands, Results results) {
  const Tensor &x = operands[0];
  ChannelWindow window(op, x);
  forEachElement(x, [&](int64_t i, int64_t c) {
    results[0].floats[i] = x.floats[i] / std::pow(window.getScale(x, i, c), window.beta);
  });
}

/// dx[i] = dy[i] s[i]^-beta - 2 alpha beta / size * x[i] * sum over j around i of dy[j] x[j] s[j]^(-beta - 1): since
/// the window is symmetric, i is around j iff j is around i.
void cnn::reference::evaluate(LrnGradOp op, Operands operands, Results results) {
  const Tensor &x = operands[0], &dy = operands[1];
  ChannelWindow window(op, x);
  Tensor weighted = Tensor::zeros(x.shape, ElementKind::F64);
  forEachElement(x, [&](int64_t i, int64_t c) {
    weighted.floats[i] = dy.floats[i] * x.floats[i] * std::pow(window.getScale(x, i, c), -window.beta - 1);
  });
  double factor = 2 * window.alpha * window.beta / static_cast<double>(window.size);
  forEachElement(x, [&](int64_t i, int64_t c) {
    double sum = 0;
    window.forEachAround(i, c, [&](int64_t j) { sum += weighted.floats[j]; });
    results[0].floats[i] = dy.floats[i] * std::pow(window.getScale(x, i, c), -window.beta) - factor * x.floats[i] * sum;
  });
}

//===-- Dropout ---------------------------------------------------------------------------------------------------===//

void cnn::reference::evaluate(DropoutOp op, Operands operands, Results results) {
  const Tensor &x = operands[0], &key = operands[1];
  double rate = op.getRate().convertToDouble();
  for (int64_t i = 0; i < x.getNumElements(); ++i)
    if (dropoutNumber(i, key.integers[0], key.integers[1], op.getSite()) >= dropoutThreshold(rate))
      results[0].floats[i] = x.floats[i] / (1 - rate);
}
