// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef CNN_BACKENDS_NEUFLOW_PROGRAM_PLANMEMORY_H
#define CNN_BACKENDS_NEUFLOW_PROGRAM_PLANMEMORY_H

#include "backends/neuflow/program/PassProgram.h"
#include "runtime/neuflow/machine/Container.h"

namespace cnn::neuflow {

// Where buffers of known life times begin, in words, so that those that live at the same time do not overlap.
struct LivingWords {
  int64_t words = 0, first = 0, last = 0; // lives from pass `first` to pass `last`
  int64_t base = 0;
};
// Answers how many words there are in all.
int64_t planWords(std::vector<LivingWords> &buffers);

// Gives every buffer its place, and says which segments of the memory the program needs, all but the text, which
// begins behind them at `textBase`. An error says how much there is.
struct MemoryLayout {
  std::vector<MemorySegment> segments;
  uint64_t textBase = 0; // bytes
};
Result<MemoryLayout> planMemory(PassProgram &program, const Target &target);

} // namespace cnn::neuflow
#endif
