// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef CNN_BACKENDS_NEUFLOW_PROGRAM_PADPLANES_H
#define CNN_BACKENDS_NEUFLOW_PROGRAM_PADPLANES_H

#include "backends/neuflow/program/TensorProgram.h"

namespace cnn::neuflow {

// The same program, with zeros around the planes in memory where a convolver cannot put them there itself: it refuses
// planes that are smaller than the kernel, or that do not fit into its lines with what is put around them.
TensorProgram padPlanes(TensorProgram program, const Target &target);

} // namespace cnn::neuflow
#endif
