// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef CNN_BACKENDS_NEUFLOW_PROGRAM_PICTURES_H
#define CNN_BACKENDS_NEUFLOW_PROGRAM_PICTURES_H

#include "backends/neuflow/program/PassProgram.h"

namespace cnn::neuflow {

// The grid in a pass, as SVG: tiles in the order of the lines, with what they do, and the way of each net in its color.
// The pass has been placed.
std::string gridPicture(const GridPass &pass, const ChannelGraph &graph);

// When each pass of a program runs, as SVG, by the model of the machine's time, which has said what to expect of each.
std::string timelinePicture(const PassProgram &program, const Target &target);

} // namespace cnn::neuflow
#endif
