// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef CNN_BACKENDS_NEUFLOW_PROGRAM_FORMPASSES_H
#define CNN_BACKENDS_NEUFLOW_PROGRAM_FORMPASSES_H

#include "backends/neuflow/program/PassProgram.h"
#include "runtime/neuflow/machine/Result.h"

namespace cnn::neuflow {

// The passes that compute a tensor program on a machine, in order, with every buffer that they need. They can be placed
// and routed, which is done here to know it, but not kept. An error names the operation and the limit.
Result<PassProgram> formPasses(const TensorProgram &program, const ChannelGraph &graph);

} // namespace cnn::neuflow
#endif
