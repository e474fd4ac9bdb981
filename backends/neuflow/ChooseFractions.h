// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How many bits of each word are a fraction.
//
// A word w of a value with fraction f stands for w / 2^f. More bits are more exact until the largest value does not
// fit. But fractions depend on each other: a convolution drops 8 bits of each sum, so
//
//   fraction(output) = fraction(input) + fraction(kernel) - 8
//
// and an input with as many bits as fit may leave its kernels with hardly any. What is sought are the fractions with
// which all roundings together lose least. Each rounding is taken as noise beside the signal of its own op:
//
//   a result with fraction f:     4^-f / 12 for each connection, over the mean square of the result
//   kernels:                      the square of what their words miss, over their own
//   a mapper's slopes:            steps of 1/256 over a piece, of which it has `mapper.segments`
//
// It begins with as many bits as fit, and moves one value's fraction at a time, as long as that helps. Ops that add,
// compare or move words tie the fractions of what they read and write. What cannot be is an error far greater than any
// noise, so that it is left if there is a way.

#ifndef CNN_BACKENDS_NEUFLOW_CHOOSEFRACTIONS_H
#define CNN_BACKENDS_NEUFLOW_CHOOSEFRACTIONS_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "runtime/neuflow/machine/Target.h"
#include "llvm/ADT/DenseMap.h"

namespace cnn::neuflow {

/// By how much the largest magnitude that calibration has seen is taken to be exceeded.
inline constexpr double kHeadroom = 1.125;

/// The fraction of each value of a part of the grid that has ranges; an error names an op or argument without one.
mlir::FailureOr<llvm::DenseMap<mlir::Value, int64_t>> chooseFractions(mlir::func::FuncOp part, const Target &target);

/// fraction(kernel) of a convolution.
int64_t kernelFraction(int64_t input, int64_t output);

/// What a product or quotient of words has as its fraction, before it is mapped to that of its result.
int64_t rawFraction(mlir::Operation *op, const llvm::DenseMap<mlir::Value, int64_t> &fractions);

} // namespace cnn::neuflow

#endif
