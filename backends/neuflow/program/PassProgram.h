// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The device level: a list of passes. A pass is a netlist on the grid and a list of steps; a step is one frame through
// it, from planes in memory to planes in memory. Between the steps of a pass no tile changes but in its kernels, so a
// pass is set up once, and what a step needs is loaded while the step before it runs.
#ifndef CNN_BACKENDS_NEUFLOW_PROGRAM_PASSPROGRAM_H
#define CNN_BACKENDS_NEUFLOW_PROGRAM_PASSPROGRAM_H

#include "backends/neuflow/device/Routing.h"
#include "backends/neuflow/program/TensorProgram.h"

namespace cnn::neuflow {

// What a piece of memory is for. Inputs and outputs are there from begin to end; constants are part of the program.
enum class BufferKind { input, output, temporary, constant };

struct Buffer {
  std::string name;
  BufferKind kind = BufferKind::temporary;
  int64_t words = 0;
  std::vector<Word> contents; // of a constant
  int64_t base = -1;          // word address, once it is planned
};

// `h` rows of `w` words from `offset` in a buffer on, or from word address `offset` of the memory if there is no buffer
// (-1). With h = 0 the port rests in this step.
struct Stream {
  static constexpr int64_t kMost = 65535; // rows, and words of a row
  int64_t buffer = -1, offset = 0;
  int64_t w = 1, h = 0, pitch = 0, element = 1;
  bool rests() const { return h == 0; }
  // Without gaps between words and rows.
  bool isContinuous() const { return element == 1 && (pitch == w || h == 1); }
  friend bool operator==(const Stream &, const Stream &) = default;
};

// `height` rows of `width` numbers, as they meet the pixels. With height 0 the convolver rests in this step.
struct Kernel {
  int64_t width = 0, height = 0;
  std::vector<Word> numbers;
  Word bias = 0;
  bool rests() const { return height == 0; }
  friend bool operator==(const Kernel &, const Kernel &) = default;
};

struct Step {
  std::vector<Stream> reads, writes;
  std::vector<Kernel> kernels; // of the netlist's convolvers, in their order
};

// What the model of the machine's time expects of something.
struct Expectation {
  int64_t cycles = 0, macs = 0, bytes = 0;
  Expectation &operator+=(const Expectation &other) {
    cycles += other.cycles;
    macs += other.macs;
    bytes += other.bytes;
    return *this;
  }
};

struct GridPass {
  std::string name;      // "conv1 + relu1: 4 to 1, more to come"
  std::string operation; // which of the tensor level it is of
  Netlist netlist;
  std::vector<Step> steps;
  std::optional<PlacedNetlist> placed;
  Expectation expected;
};

// A tensor that goes in or out; its planes lie one after the other, without gaps.
struct PassTensor {
  std::string name;
  bool output = false;
  PlaneShape shape;
  int64_t fractionBits = 8;
  int64_t buffer = -1;
};

struct PassProgram {
  std::string name;
  std::vector<Buffer> buffers;
  std::vector<GridPass> passes;
  std::vector<PassTensor> tensors;
};

} // namespace cnn::neuflow
#endif
