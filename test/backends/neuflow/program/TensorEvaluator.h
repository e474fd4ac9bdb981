// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a tensor program computes, by the definitions of its operations, as slowly as it likes.
#ifndef CNN_TEST_BACKENDS_NEUFLOW_PROGRAM_TENSOREVALUATOR_H
#define CNN_TEST_BACKENDS_NEUFLOW_PROGRAM_TENSOREVALUATOR_H

#include "backends/neuflow/program/TensorProgram.h"

namespace cnn::neuflow {

using Tensor = std::vector<Word>; // planes after rows

inline Tensor evaluateConv(const ConvOperation &conv, const Tensor &x, const PlaneShape &from, const PlaneShape &to) {
  Tensor y(to.words(), 0);
  std::vector<bool> begun(to.planes, false);
  bool unused = false;
  int64_t top = conv.sameSize ? (conv.kernelH - 1) / 2 : 0, left = conv.sameSize ? (conv.kernelW - 1) / 2 : 0;
  for (size_t n = 0; n < conv.connections.size(); ++n) {
    auto [output, input] = conv.connections[n];
    for (int64_t r = 0; r < to.height; ++r)
      for (int64_t c = 0; c < to.width; ++c) {
        int64_t sum = begun[output] ? 0 : int64_t(conv.bias[output]) * 256;
        for (int64_t a = 0; a < conv.kernelH; ++a)
          for (int64_t b = 0; b < conv.kernelW; ++b) {
            int64_t row = r * conv.strideH + a - top, column = c * conv.strideW + b - left;
            if (row >= 0 && row < from.height && column >= 0 && column < from.width)
              sum += int64_t(conv.kernels[(n * conv.kernelH + a) * conv.kernelW + b]) *
                     x[(input * from.height + row) * from.width + column];
          }
        int64_t magnitude = (std::abs(sum) + 128) / 256;
        Word rounded = saturate(sum < 0 ? -magnitude : magnitude, &unused);
        Word &word = y[(output * to.height + r) * to.width + c];
        word = begun[output] ? saturate(int64_t(word) + rounded, &unused) : rounded;
      }
    begun[output] = true;
  }
  return y;
}

inline Word evaluateElement(AluCode code, const std::vector<Word> &in) {
  bool unused = false;
  int64_t a = in[0], b = in.size() > 1 ? in[1] : 0;
  auto rounded = [](int64_t v) { return v < 0 ? -((-v + 128) / 256) : (v + 128) / 256; };
  switch (code) {
  case AluCode::mac:
    return saturate(rounded(a * b) + in[2], &unused);
  case AluCode::div:
    return b == 0 ? Word(a >= 0 ? 32767 : -32768) : saturate(a * 256 / b, &unused);
  case AluCode::mul:
    return saturate(rounded(a * b), &unused);
  case AluCode::add:
    return saturate(a + b, &unused);
  case AluCode::sub:
    return saturate(a - b, &unused);
  case AluCode::square:
    return saturate(rounded(a * a), &unused);
  case AluCode::max:
    return static_cast<Word>(std::max(a, b));
  case AluCode::none:
    break;
  }
  return 0;
}

// All values, from the inputs.
inline std::vector<Tensor> evaluate(const TensorProgram &program, const std::vector<Tensor> &inputs) {
  std::vector<Tensor> values(program.values.size());
  for (size_t i = 0; i < inputs.size(); ++i)
    values[program.inputs[i].value] = inputs[i];
  for (const TensorOperation &operation : program.operations) {
    const PlaneShape &to = program.values[operation.result];
    Tensor y(to.words(), 0);
    auto shapeOf = [&](int64_t value) { return program.values[value]; };
    auto fill = [&](auto word) {
      for (int64_t p = 0; p < to.planes; ++p)
        for (int64_t r = 0; r < to.height; ++r)
          for (int64_t c = 0; c < to.width; ++c)
            y[(p * to.height + r) * to.width + c] = word(p, r, c);
    };
    auto at = [&](int64_t value, int64_t p, int64_t r, int64_t c) {
      return values[value][(p * shapeOf(value).height + r) * shapeOf(value).width + c];
    };
    if (const auto *conv = std::get_if<ConvOperation>(&operation.what))
      y = evaluateConv(*conv, values[conv->input], shapeOf(conv->input), to);
    else if (const auto *mapping = std::get_if<MapOperation>(&operation.what))
      fill([&](int64_t p, int64_t r, int64_t c) {
        bool unused = false;
        const MapperConfig &table = mapping->tables[mapping->tables.size() == 1 ? 0 : p];
        return map(at(mapping->input, p, r, c), table.segments, table.symmetry, &unused);
      });
    else if (const auto *element = std::get_if<ElementOperation>(&operation.what))
      fill([&](int64_t p, int64_t r, int64_t c) {
        std::vector<Word> in;
        for (int64_t value : element->inputs)
          in.push_back(at(value, p, r, c));
        return evaluateElement(element->code, in);
      });
    else if (const auto *window = std::get_if<WindowOperation>(&operation.what))
      fill([&](int64_t p, int64_t r, int64_t c) {
        return at(window->input, p, window->top + r * window->stepH, window->left + c * window->stepW);
      });
    else if (const auto *pad = std::get_if<PadOperation>(&operation.what))
      fill([&](int64_t p, int64_t r, int64_t c) {
        bool isInside = r >= pad->top && r < to.height - pad->bottom && c >= pad->left && c < to.width - pad->right;
        return isInside ? at(pad->input, p, r - pad->top, c - pad->left) : pad->value;
      });
    else if (const auto *select = std::get_if<SelectOperation>(&operation.what))
      fill([&](int64_t p, int64_t r, int64_t c) { return at(select->input, select->planes[p], r, c); });
    else if (const auto *concat = std::get_if<ConcatOperation>(&operation.what)) {
      y.clear();
      for (int64_t input : concat->inputs)
        y.insert(y.end(), values[input].begin(), values[input].end());
    } else
      y = values[std::get<ReshapeOperation>(operation.what).input];
    values[operation.result] = std::move(y);
  }
  return values;
}

} // namespace cnn::neuflow
#endif
