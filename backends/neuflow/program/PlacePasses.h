// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef CNN_BACKENDS_NEUFLOW_PROGRAM_PLACEPASSES_H
#define CNN_BACKENDS_NEUFLOW_PROGRAM_PLACEPASSES_H

#include "backends/neuflow/program/PassProgram.h"

namespace cnn::neuflow {

// Places and routes every pass that is not yet, checks all of them, and says how long they take.
std::optional<Error> placePasses(PassProgram &program, const ChannelGraph &graph);

// Whether the steps of a pass fit its netlist, do not get in each other's way, and come to their end: what is wrong, or
// "". The pass has been placed.
std::string complaintAbout(const GridPass &pass, const ChannelGraph &graph);

} // namespace cnn::neuflow
#endif
