// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef CNN_BACKENDS_NEUFLOW_PROGRAM_JOINWINDOWS_H
#define CNN_BACKENDS_NEUFLOW_PROGRAM_JOINWINDOWS_H

#include "backends/neuflow/program/TensorProgram.h"

namespace cnn::neuflow {

// The same program, with maxima over rows and then over columns as one, where the ports of one pass are enough: a pool
// of 2x2 reads its plane once, four words at a time, and nothing lies in memory between.
TensorProgram joinWindows(TensorProgram program, const Target &target);

} // namespace cnn::neuflow
#endif
