// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef CNN_BACKENDS_NEUFLOW_PROGRAM_ARMSTREAMS_H
#define CNN_BACKENDS_NEUFLOW_PROGRAM_ARMSTREAMS_H

#include "backends/neuflow/program/PassProgram.h"

namespace cnn::neuflow {

// What the ports of a pass are told, and before which step. A port that a step does not name goes on with what it was
// told before, or rests.
struct ArmedStreams {
  std::vector<Stream> reads, writes;
};

// One for each step.
std::vector<ArmedStreams> armStreams(const std::vector<Step> &steps);

} // namespace cnn::neuflow
#endif
