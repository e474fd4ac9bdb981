// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "ir/reference/OpEvaluators.h"

using namespace cnn;
using namespace cnn::reference;
using llvm::ArrayRef;
using llvm::SmallVector;

/// Copies one element, whatever the kind of the two tensors, which is the same up to rounding.
static void copyElement(Tensor &to, int64_t toOffset, const Tensor &from, int64_t fromOffset) {
  if (to.isFloat())
    to.floats[toOffset] = from.floats[fromOffset];
  else
    to.integers[toOffset] = from.integers[fromOffset];
}

void cnn::reference::evaluate(ReshapeOp op, Operands operands, Results results) {
  results[0].floats = operands[0].floats;
  results[0].integers = operands[0].integers;
}

void cnn::reference::evaluate(PermuteOp op, Operands operands, Results results) {
  const Tensor &x = operands[0];
  Tensor &y = results[0];
  SmallVector<int64_t> source(x.shape.size());
  forEachIndex(y.shape, [&](ArrayRef<int64_t> index) {
    for (auto [i, dim] : llvm::enumerate(op.getPerm()))
      source[dim] = index[i];
    copyElement(y, linearize(index, y.shape), x, linearize(source, x.shape));
  });
}

/// Where the value at `index` of the padded tensor comes from; false if it is the constant.
static bool findPadSource(ArrayRef<int64_t> index, ArrayRef<int64_t> low, ArrayRef<int64_t> inputShape, PadMode mode,
                          llvm::SmallVectorImpl<int64_t> &source) {
  for (size_t i = 0; i < index.size(); ++i) {
    int64_t size = inputShape[i];
    source[i] = index[i] - low[i];
    if (source[i] >= 0 && source[i] < size)
      continue;
    if (mode == PadMode::Constant)
      return false;
    source[i] = source[i] < 0 ? -source[i] : 2 * (size - 1) - source[i];
  }
  return true;
}

void cnn::reference::evaluate(PadOp op, Operands operands, Results results) {
  const Tensor &x = operands[0];
  Tensor &y = results[0];
  SmallVector<int64_t> source(x.shape.size());
  forEachIndex(y.shape, [&](ArrayRef<int64_t> index) {
    bool inside = findPadSource(index, op.getLow(), x.shape, op.getMode(), source);
    y.floats[linearize(index, y.shape)] =
        inside ? x.floats[linearize(source, x.shape)] : op.getValue().convertToDouble();
  });
}

void cnn::reference::evaluate(PadGradOp op, Operands operands, Results results) {
  const Tensor &dy = operands[0];
  Tensor &dx = results[0];
  SmallVector<int64_t> source(dx.shape.size());
  forEachIndex(dy.shape, [&](ArrayRef<int64_t> index) {
    if (findPadSource(index, op.getLow(), dx.shape, op.getMode(), source))
      dx.floats[linearize(source, dx.shape)] += dy.floats[linearize(index, dy.shape)];
  });
}

void cnn::reference::evaluate(SliceOp op, Operands operands, Results results) {
  const Tensor &x = operands[0];
  Tensor &y = results[0];
  SmallVector<int64_t> source(x.shape.size());
  forEachIndex(y.shape, [&](ArrayRef<int64_t> index) {
    for (auto [i, offset] : llvm::enumerate(op.getOffsets()))
      source[i] = offset + index[i];
    copyElement(y, linearize(index, y.shape), x, linearize(source, x.shape));
  });
}

void cnn::reference::evaluate(ConcatOp op, Operands operands, Results results) {
  Tensor &y = results[0];
  int64_t axis = op.getAxis(), start = 0;
  for (const Tensor &x : operands) {
    SmallVector<int64_t> target;
    forEachIndex(x.shape, [&](ArrayRef<int64_t> index) {
      target.assign(index.begin(), index.end());
      target[axis] += start;
      copyElement(y, linearize(target, y.shape), x, linearize(index, x.shape));
    });
    start += x.getDim(axis);
  }
}

void cnn::reference::evaluate(UpsampleOp op, Operands operands, Results results) {
  const Tensor &x = operands[0];
  Tensor &y = results[0];
  SmallVector<int64_t> source(x.shape.size());
  forEachIndex(y.shape, [&](ArrayRef<int64_t> index) {
    source.assign(index.begin(), index.end());
    for (auto [i, factor] : llvm::enumerate(op.getFactors()))
      source[2 + i] /= factor;
    y.floats[linearize(index, y.shape)] = x.floats[linearize(source, x.shape)];
  });
}
