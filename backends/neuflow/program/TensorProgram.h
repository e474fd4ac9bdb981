// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The tensor level of the neuflow dialect as plain data: what passes are formed from. What the operations mean is
// defined there; here are no types, locations or orders of evaluation but the list's.
#ifndef CNN_BACKENDS_NEUFLOW_PROGRAM_TENSORPROGRAM_H
#define CNN_BACKENDS_NEUFLOW_PROGRAM_TENSORPROGRAM_H

#include "runtime/neuflow/machine/ConfigWords.h"

#include <string>
#include <variant>
#include <vector>

namespace cnn::neuflow {

struct PlaneShape {
  int64_t planes = 1, height = 1, width = 1;
  int64_t words() const { return planes * height * width; }
  friend bool operator==(const PlaneShape &, const PlaneShape &) = default;
};

// Operands are positions in TensorProgram::values.
struct ConvOperation {
  int64_t input = 0;
  int64_t kernelH = 1, kernelW = 1;
  std::vector<Word> kernels; // one after the other
  std::vector<Word> bias;    // one per output plane
  struct Link {
    int64_t output, input;
  };
  std::vector<Link> connections; // one per kernel; an output's are added up in this order
  int64_t strideH = 1, strideW = 1;
  bool sameSize = false;
};
struct MapOperation {
  int64_t input = 0;
  std::vector<MapperConfig> tables; // one, or one per plane
};
// What one ALU operator does with one to three operands.
struct ElementOperation {
  AluCode code = AluCode::add;
  std::vector<int64_t> inputs;
};
struct WindowOperation {
  int64_t input = 0;
  int64_t top = 0, left = 0, stepH = 1, stepW = 1;
};
struct PadOperation {
  int64_t input = 0;
  int64_t top = 0, bottom = 0, left = 0, right = 0;
  Word value = 0;
};
struct SelectOperation {
  int64_t input = 0;
  std::vector<int64_t> planes;
};
struct ConcatOperation {
  std::vector<int64_t> inputs;
};
struct ReshapeOperation {
  int64_t input = 0;
};

struct TensorOperation {
  std::variant<ConvOperation, MapOperation, ElementOperation, WindowOperation, PadOperation, SelectOperation,
               ConcatOperation, ReshapeOperation>
      what;
  int64_t result = 0; // a value
  std::string name;   // for people: "conv1", or a place in the model's text
  // Operands, in order; one may occur twice.
  std::vector<int64_t> operands() const;
};

struct TensorBoundary {
  int64_t value = 0;
  std::string name;
  int64_t fractionBits = 8;
};

struct TensorProgram {
  std::string name;
  std::vector<PlaneShape> values;
  std::vector<TensorOperation> operations; // operands come before results
  std::vector<TensorBoundary> inputs, outputs;
};

} // namespace cnn::neuflow
#endif
