// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// NAME.h: the typed interface of a compiled model, for C11 and C++.

#ifndef CNN_BACKENDS_CPU_EMITHEADER_H
#define CNN_BACKENDS_CPU_EMITHEADER_H

#include "backends/cpu/ModelDescription.h"
#include <string>

namespace cnn::cpu {

std::string emitHeader(const ModelDescription &model, bool hasWeights);

} // namespace cnn::cpu

#endif
