// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef CNN_BACKENDS_NEUFLOW_PROGRAM_CYCLEMODEL_H
#define CNN_BACKENDS_NEUFLOW_PROGRAM_CYCLEMODEL_H

#include "backends/neuflow/program/PassProgram.h"

namespace cnn::neuflow {

// How many grid cycles things take, by docs/neuflow.md. A step takes as long as the slowest of three that go on at the
// same time: words and positions, one a cycle; beats of the memory; and what the processor says for the next step.
class CycleModel {
public:
  // The target must live longer.
  explicit CycleModel(const Target &target) : target(target) {}

  // For one select with data words: an instruction, and its burst.
  int64_t configCycles(int64_t dataWords) const;
  // To load and register a kernel, and to arm a stream.
  int64_t kernelCycles(int64_t width, int64_t height) const;
  int64_t streamCycles(const Stream &stream) const {
    return configCycles(stream.isContinuous() ? 5 : 7) + configCycles(0);
  }
  // For beats of the memory.
  int64_t memoryCycles(int64_t beats) const;
  // Beats that a stream moves.
  static int64_t beatsOf(const Stream &stream);
  // The positions of a frame.
  static int64_t scanCycles(const ConvConfig &conv) {
    return conv.scanH() * conv.scanW() + (conv.scanW() == 1 ? conv.scanH() : 1);
  }
  // From the last word that a pass reads to the first of the next one: pipelines run empty, and tiles are configured.
  // `before` is null for the first pass; both are placed.
  int64_t betweenPasses(const GridPass *before, const GridPass &pass) const;

  // One step, while the others of its pass go on.
  Expectation expect(const Netlist &netlist, const Step &step) const;
  // Everything of a pass that follows another one.
  Expectation expect(const GridPass *before, const GridPass &pass) const;

private:
  const Target &target;
};

} // namespace cnn::neuflow
#endif
