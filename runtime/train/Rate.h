// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef CNN_RUNTIME_TRAIN_RATE_H
#define CNN_RUNTIME_TRAIN_RATE_H

#include "cnn/training.h"

namespace cnn::runtime {

// CNN_BAD_ARGUMENT if a number of the schedule is out of its range.
cnn_status checkRate(const cnn_rate &rate, cnn_error *error);

// The rate of a step, given as a number of epochs, and of the whole training: `total` stands in for rate.total == 0.
double rateAt(const cnn_rate &rate, int64_t step, int64_t stepsPerEpoch, double total);

} // namespace cnn::runtime
#endif
