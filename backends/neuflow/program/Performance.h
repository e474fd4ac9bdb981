// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef CNN_BACKENDS_NEUFLOW_PROGRAM_PERFORMANCE_H
#define CNN_BACKENDS_NEUFLOW_PROGRAM_PERFORMANCE_H

#include "backends/neuflow/program/CycleModel.h"

namespace cnn::neuflow {

// What the cycle model says of a program, or of one operation of it.
struct Performance {
  std::string name;
  int64_t passes = 0, steps = 0;
  int64_t tiles = 0; // the most that a pass uses
  Expectation expected;
  Demand demand;
  double convolversBusy = 0; // how many of all cycles of all convolvers take a position of a frame
  double macsUsed = 0;       // how many multipliers do something useful, of all in all cycles

  double framesPerSecond(const Target &target) const { return perSecond(expected.cycles, target); }
  // No order of the same steps is quicker.
  double mostFramesPerSecond(const Target &target) const { return perSecond(demand.most(), target); }
  static double perSecond(int64_t cycles, const Target &target) {
    return cycles == 0 ? 0 : static_cast<double>(target.clockGridMhz) * 1e6 / static_cast<double>(cycles);
  }
};
Performance performanceOf(const PassProgram &program, const Target &target);

// A table of all operations for people: passes, steps, tiles, use of the convolvers, bytes, cycles; and which part of
// the machine bounds them.
std::string explain(const PassProgram &program, const Target &target);

} // namespace cnn::neuflow
#endif
