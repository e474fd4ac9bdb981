// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef CNN_BACKENDS_NEUFLOW_PROGRAM_COMPILE_H
#define CNN_BACKENDS_NEUFLOW_PROGRAM_COMPILE_H

#include "backends/neuflow/program/Schedule.h"

namespace cnn::neuflow {

// A program with the passes that it was made from.
struct CompiledProgram {
  PassProgram passes;
  Program program;
};

// All of the way below the tensor level: passes, places, memory, words, and every check of them.
Result<CompiledProgram> compile(const TensorProgram &program, const Target &target);

} // namespace cnn::neuflow
#endif
