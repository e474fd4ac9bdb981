// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef CNN_BACKENDS_NEUFLOW_PROGRAM_CYCLEMODEL_H
#define CNN_BACKENDS_NEUFLOW_PROGRAM_CYCLEMODEL_H

#include "backends/neuflow/program/ArmStreams.h"

#include <algorithm>
#include <span>

namespace cnn::neuflow {

// What passes take of each part of the machine: the cycles in which it would do all of it, if nothing else took time.
// The largest is a bound for every order of the same work.
struct Demand {
  int64_t convolvers = 0; // one position a cycle in each
  int64_t ports = 0;      // one word a cycle through each
  int64_t memory = 0;     // beats of the streams and of the program
  int64_t processor = 0;  // to say what streams and kernels are next

  int64_t most() const { return std::max({convolvers, ports, memory, processor}); }
};

// What the processor takes to say something: cycles if it has the words at hand, and how many words it must read.
struct Saying {
  int64_t cycles = 0, words = 0;
  Saying &operator+=(const Saying &other) {
    cycles += other.cycles;
    words += other.words;
    return *this;
  }
};

// How many grid cycles things take, by docs/neuflow.md. A step takes as long as the slowest of three that go on at the
// same time: words and positions, one a cycle; beats of the memory; and what the processor says for the next step.
class CycleModel {
public:
  // The target must live longer.
  explicit CycleModel(const Target &target) : target(target) {}

  // One select with data words: an instruction, and its burst.
  Saying configuring(int64_t dataWords) const;
  // To load and register a kernel, and to arm a stream.
  Saying loading(int64_t width, int64_t height) const;
  Saying arming(const Stream &stream) const;
  // Words come from the memory, few beats at a time.
  int64_t processorCycles(const Saying &saying) const;
  // For beats of the memory.
  int64_t memoryCycles(int64_t beats) const;
  // Beats that a stream moves.
  static int64_t beatsOf(const Stream &stream);
  // The least that a port reads a stream in: it has only so many beats under way.
  int64_t readCycles(const Stream &stream) const;
  // The positions of a frame.
  static int64_t scanCycles(const ConvConfig &conv) {
    return conv.scanH() * conv.scanW() + (conv.scanW() == 1 ? conv.scanH() : 1);
  }
  // From the last word that a pass reads to the first of the next one: pipelines run empty, and tiles are configured.
  // `before` is null for the first pass; both are placed.
  int64_t betweenPasses(const GridPass *before, const GridPass &pass) const;

  Demand demandOf(std::span<const GridPass *const> passes) const;
  // Steps of a pass, one behind the other.
  Expectation expect(const Netlist &netlist, const std::vector<Step> &steps) const;
  // Everything of a pass that follows another one.
  Expectation expect(const GridPass *before, const GridPass &pass) const;

private:
  struct StepDemand {
    int64_t positions = 0, longest = 0, words = 0, beats = 0, macs = 0;
    Saying saying;
  };
  StepDemand demandOf(const Netlist &netlist, const Step &step, const ArmedStreams &armed) const;

  const Target &target;
};

} // namespace cnn::neuflow
#endif
