// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef CNN_TEST_BACKENDS_NEUFLOW_PROGRAM_RANDOMTENSORPROGRAM_H
#define CNN_TEST_BACKENDS_NEUFLOW_PROGRAM_RANDOMTENSORPROGRAM_H

#include "backends/neuflow/program/TensorProgram.h"
#include "test/backends/neuflow/device/RandomNetlist.h"

namespace cnn::neuflow {

// Writes tensor programs, by hand or at random.
class TensorProgramBuilder {
public:
  explicit TensorProgramBuilder(const Target &target, uint32_t seed = 1) : target(target), random(seed) {}

  int64_t input(PlaneShape shape) {
    program.values.push_back(shape);
    program.inputs.push_back({last(), "x" + std::to_string(program.inputs.size()), 8});
    return last();
  }
  void output(int64_t value) { program.outputs.push_back({value, "y" + std::to_string(program.outputs.size()), 8}); }
  template <typename Operation> int64_t add(Operation what, PlaneShape shape) {
    program.values.push_back(shape);
    program.operations.push_back({std::move(what), last(), "op" + std::to_string(program.operations.size())});
    return last();
  }
  const PlaneShape &shapeOf(int64_t value) const { return program.values[value]; }

  // Connections to `fanIn` inputs each, or to all.
  int64_t conv(int64_t x, int64_t outputs, int64_t kernelH, int64_t kernelW, int64_t strideH, int64_t strideW,
               bool sameSize, int64_t fanIn = 0, int bits = 11) {
    PlaneShape from = shapeOf(x);
    ConvOperation what;
    what.input = x;
    what.kernelH = kernelH;
    what.kernelW = kernelW;
    what.strideH = strideH;
    what.strideW = strideW;
    what.sameSize = sameSize;
    for (int64_t o = 0; o < outputs; ++o) {
      what.bias.push_back(word(bits));
      std::vector<int64_t> inputs(from.planes);
      for (int64_t i = 0; i < from.planes; ++i)
        inputs[i] = i;
      if (fanIn > 0) {
        std::shuffle(inputs.begin(), inputs.end(), random);
        inputs.resize(std::min(fanIn, from.planes));
      }
      for (int64_t i : inputs)
        what.connections.push_back({o, i});
    }
    for (size_t i = 0; i < what.connections.size() * kernelH * kernelW; ++i)
      what.kernels.push_back(word(bits));
    int64_t padH = sameSize ? kernelH - 1 : 0, padW = sameSize ? kernelW - 1 : 0;
    return add(std::move(what),
               {outputs, (from.height + padH - kernelH) / strideH + 1, (from.width + padW - kernelW) / strideW + 1});
  }
  MapperConfig table() {
    MapperConfig config;
    config.symmetry = static_cast<Symmetry>(pick(random, 0, 2));
    int64_t segments = pick(random, 1, target.mapperSegments), least = 20000;
    for (int64_t i = 0; i < segments; ++i, least -= pick(random, 1, 9000))
      config.segments.push_back(
          {word(10), word(14), static_cast<Word>(std::max<int64_t>(least, -32768 + segments - i))});
    return config;
  }
  int64_t mapped(int64_t x, bool perPlane = false) {
    MapOperation what{x, {}};
    for (int64_t i = 0; i < (perPlane ? shapeOf(x).planes : 1); ++i)
      what.tables.push_back(table());
    return add(std::move(what), shapeOf(x));
  }
  int64_t element(AluCode code, std::vector<int64_t> inputs) {
    PlaneShape shape = shapeOf(inputs[0]);
    return add(ElementOperation{code, std::move(inputs)}, shape);
  }
  int64_t window(int64_t x, int64_t top, int64_t left, int64_t stepH, int64_t stepW, int64_t height, int64_t width) {
    return add(WindowOperation{x, top, left, stepH, stepW}, {shapeOf(x).planes, height, width});
  }
  int64_t padded(int64_t x, int64_t top, int64_t bottom, int64_t left, int64_t right, Word value) {
    PlaneShape s = shapeOf(x);
    return add(PadOperation{x, top, bottom, left, right, value},
               {s.planes, s.height + top + bottom, s.width + left + right});
  }
  // max of the windows of size x size, where they lie inside.
  int64_t maxPool(int64_t x, int64_t size) {
    PlaneShape s = shapeOf(x);
    int64_t result = -1;
    for (int64_t i = 0; i < size; ++i)
      for (int64_t j = 0; j < size; ++j) {
        int64_t part = window(x, i, j, size, size, s.height / size, s.width / size);
        result = result < 0 ? part : element(AluCode::max, {result, part});
      }
    return result;
  }
  // The same, first of rows, then of columns.
  int64_t maxPoolByRows(int64_t x, int64_t size) {
    PlaneShape s = shapeOf(x);
    int64_t rows = -1, result = -1;
    for (int64_t i = 0; i < size; ++i) {
      int64_t part = window(x, i, 0, size, 1, s.height / size, s.width);
      rows = rows < 0 ? part : element(AluCode::max, {rows, part});
    }
    for (int64_t j = 0; j < size; ++j) {
      int64_t part = window(rows, 0, j, 1, size, s.height / size, s.width / size);
      result = result < 0 ? part : element(AluCode::max, {result, part});
    }
    return result;
  }
  int64_t reshaped(int64_t x, PlaneShape shape) { return add(ReshapeOperation{x}, shape); }

  Word word(int bits = 16) { return static_cast<Word>(static_cast<int16_t>(random()) >> (16 - bits)); }

  const Target &target;
  std::mt19937 random;
  TensorProgram program;

private:
  int64_t last() const { return static_cast<int64_t>(program.values.size()) - 1; }
};

// One layer: a convolution of any size with what may stand behind it.
inline TensorProgram randomConvLayer(const Target &target, uint32_t seed) {
  TensorProgramBuilder b(target, seed);
  std::mt19937 &random = b.random;
  int64_t k = target.convKernel;
  int64_t kernelH = pick(random, 1, k), kernelW = pick(random, 1, k);
  bool sameSize = random() % 3 == 0;
  int64_t height = pick(random, sameSize ? 1 : kernelH, 24), width = pick(random, sameSize ? 1 : kernelW, 30);
  // Some are wider than a convolver's lines.
  if (random() % 8 == 0)
    width = target.convLine + pick(random, 1, 40);
  int64_t strideH = random() % 2 ? 1 : pick(random, 1, 3), strideW = random() % 2 ? 1 : pick(random, 1, 3);
  int64_t planes = pick(random, 1, 20), outputs = pick(random, 1, 6);
  int64_t fanIn = random() % 2 ? 0 : pick(random, 1, planes);
  // Many sums saturate with 14 bits, few with 9.
  int bits = static_cast<int>(pick(random, 9, 14));
  int64_t x = b.input({planes, height, width});
  int64_t y = b.conv(x, outputs, kernelH, kernelW, strideH, strideW, sameSize, fanIn, bits);
  switch (pick(random, 0, 5)) {
  case 0:
    y = b.mapped(y);
    break;
  case 1:
    y = b.mapped(y, /*perPlane=*/true);
    break;
  case 2:
    y = b.mapped(b.element(AluCode::add, {y, b.input(b.shapeOf(y))}));
    break;
  case 3:
    y = b.element(AluCode::max, {b.mapped(y), b.input(b.shapeOf(y))});
    break;
  case 4:
    y = b.padded(b.mapped(y), pick(random, 0, 2), pick(random, 0, 2), pick(random, 0, 2), pick(random, 0, 2), b.word());
    break;
  default:
    break;
  }
  b.output(y);
  return std::move(b.program);
}

// Sums of some planes, and what stands behind them takes one of these planes, too.
inline TensorProgram randomTappedLayer(const Target &target, uint32_t seed, int64_t width) {
  TensorProgramBuilder b(target, seed);
  int64_t x = b.input({3, 7, width});
  int64_t kernelH = pick(b.random, 2, 3), kernelW = pick(b.random, 1, 3);
  int64_t y = b.conv(x, 3, kernelH, kernelW, 1, 1, true, pick(b.random, 1, 2), 10);
  b.output(b.element(seed % 2 ? AluCode::sub : AluCode::add, {x, y}));
  return std::move(b.program);
}

} // namespace cnn::neuflow
#endif
