// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef CNN_BACKENDS_NEUFLOW_PROGRAM_SCHEDULE_H
#define CNN_BACKENDS_NEUFLOW_PROGRAM_SCHEDULE_H

#include "backends/neuflow/program/PlanMemory.h"

namespace cnn::neuflow {

// The words of a placed and planned program, with what a container says about them.
struct ScheduledText {
  std::vector<uint64_t> words;
  std::vector<ProgramPass> passes; // [first, last] word of each pass
  std::vector<uint32_t> firstStep; // the word at which the steps of each pass begin: its tiles are configured
  std::vector<DebugNote> debug;
};
ScheduledText schedule(const PassProgram &program, const Target &target);

// Reads the words again, and compares what they make of the grid with the netlist of each pass; "" if all is right.
std::string verifyText(const ScheduledText &text, const PassProgram &program, const Target &target);

// All of it as a program in memory; an error if it does not fit.
Result<Program> assemble(const PassProgram &program, const MemoryLayout &layout, const ScheduledText &text,
                         const Target &target);

} // namespace cnn::neuflow
#endif
