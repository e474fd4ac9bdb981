// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef CNN_RUNTIME_NEUFLOW_SIMULATOR_BUSANSWER_H
#define CNN_RUNTIME_NEUFLOW_SIMULATOR_BUSANSWER_H

#include "runtime/neuflow/machine/Trap.h"

namespace cnn::neuflow {

// What a module says to a word on the configuration bus: not yet, no, or that it takes it.
struct BusAnswer {
  bool ready = true;
  std::optional<Trap> trap; // if it is ready
};

} // namespace cnn::neuflow
#endif
