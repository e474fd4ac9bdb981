// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/train/Rate.h"

#include "runtime/cpu/Error.h"

#include <algorithm>
#include <cmath>

namespace cnn::runtime {

cnn_status checkRate(const cnn_rate &rate, cnn_error *error) {
  if (!(rate.base > 0) || !(rate.warmup >= 0) || !(rate.total >= 0))
    return fail(error, CNN_BAD_ARGUMENT, "expected a rate above 0, a warm-up and a total of at least 0");
  if (rate.kind == CNN_RATE_STEP && (!(rate.every > 0) || !(rate.factor > 0)))
    return fail(error, CNN_BAD_ARGUMENT, "expected 'every' and 'factor' of a step rate above 0, found %g and %g",
                rate.every, rate.factor);
  if (rate.kind == CNN_RATE_POLY && !(rate.power > 0))
    return fail(error, CNN_BAD_ARGUMENT, "expected the power of a poly rate above 0, found %g", rate.power);
  if (rate.kind < CNN_RATE_CONSTANT || rate.kind > CNN_RATE_COSINE)
    return fail(error, CNN_BAD_ARGUMENT, "unknown kind of rate: %d", rate.kind);
  return CNN_OK;
}

double rateAt(const cnn_rate &rate, int64_t step, int64_t stepsPerEpoch, double total) {
  double perEpoch = static_cast<double>(stepsPerEpoch), at = static_cast<double>(step);
  double warmupSteps = rate.warmup * perEpoch;
  if (at < warmupSteps)
    return rate.base * std::min(1.0, (at + 1) / warmupSteps);
  double length = (rate.total > 0 ? rate.total : total) * perEpoch - warmupSteps;
  double t = length > 0 ? std::min(1.0, (at - warmupSteps) / length) : 1.0;
  switch (rate.kind) {
  case CNN_RATE_STEP:
    // Counted in steps, so that the cut falls on the first step of an epoch and not one beside it.
    return rate.base * std::pow(rate.factor, std::floor(at / (rate.every * perEpoch)));
  case CNN_RATE_POLY:
    return rate.base * std::pow(1 - t, rate.power);
  case CNN_RATE_COSINE:
    return rate.base * (1 + std::cos(3.141592653589793 * t)) / 2;
  }
  return rate.base;
}

} // namespace cnn::runtime
