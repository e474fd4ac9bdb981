// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef CNN_BACKENDS_NEUFLOW_PROGRAM_CROPPLANES_H
#define CNN_BACKENDS_NEUFLOW_PROGRAM_CROPPLANES_H

#include "backends/neuflow/program/TensorProgram.h"

namespace cnn::neuflow {

// The same program without the last rows and columns of planes that nobody reads: a pool of 2x2 leaves out the last
// column of 151, and then no convolver needs to make it.
TensorProgram cropPlanes(TensorProgram program);

} // namespace cnn::neuflow
#endif
