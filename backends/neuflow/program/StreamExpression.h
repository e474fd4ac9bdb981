// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef CNN_BACKENDS_NEUFLOW_PROGRAM_STREAMEXPRESSION_H
#define CNN_BACKENDS_NEUFLOW_PROGRAM_STREAMEXPRESSION_H

#include "backends/neuflow/device/Netlist.h"
#include "backends/neuflow/program/TensorProgram.h"

namespace cnn::neuflow {

// Operations that a pass does on words as they come by: a tree of ALU operations and mappers over values in memory, of
// which one may be the sum that a pass of convolvers makes.
//
//     max(map(conv), other)  ->  mapper.in1 <- conv, alu.in1 <- mapper, alu.in2 <- read of `other`
class StreamExpression {
public:
  // The program must live longer.
  StreamExpression(const TensorProgram &program, const Target &target) : program(program), target(target) {}

  // Which operations it consists of, the last one first; a convolution among them is where the tree ends.
  std::vector<int64_t> operations;

  // Positions in TensorProgram::operations; -1 if there is none.
  int64_t convolution() const;
  // Values that are read, each once, in the order in which they are needed.
  std::vector<int64_t> leaves() const;
  // Adds the operators for one plane: `sum` is where the convolution's words come from, `leafPins` where those of the
  // leaves do. Answers where the result's words come from.
  Pin addLane(Netlist &netlist, int64_t plane, Pin sum, const std::vector<Pin> &leafPins) const;

private:
  bool holds(int64_t operation) const;
  const TensorOperation *producer(int64_t value) const;
  // The operation whose result is the first one of a pair in one ALU tile, if `outer` can be the second.
  std::optional<std::pair<int64_t, int64_t>> pairWith(const ElementOperation &outer) const;
  Pin pinOf(Netlist &netlist, int64_t value, int64_t plane, Pin sum, const std::vector<Pin> &leafPins) const;

  const TensorProgram &program;
  const Target &target;
};

} // namespace cnn::neuflow
#endif
