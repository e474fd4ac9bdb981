// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the tensor level computes with: planes, rows, columns, row-major.

#ifndef CNN_BACKENDS_NEUFLOW_REFERENCE_PLANES_H
#define CNN_BACKENDS_NEUFLOW_REFERENCE_PLANES_H

#include "runtime/neuflow/machine/Arithmetic.h"

#include <array>
#include <vector>

namespace cnn::neuflow {

template <typename T> struct Planes {
  std::array<int64_t, 3> shape = {0, 0, 0};
  std::vector<T> values;

  Planes() = default;
  explicit Planes(std::array<int64_t, 3> shape) : shape(shape), values(shape[0] * shape[1] * shape[2]) {}

  int64_t planeSize() const { return shape[1] * shape[2]; }
  T *plane(int64_t p) { return values.data() + p * planeSize(); }
  const T *plane(int64_t p) const { return values.data() + p * planeSize(); }
  const T &at(int64_t p, int64_t r, int64_t c) const { return values[(p * shape[1] + r) * shape[2] + c]; }
  T &at(int64_t p, int64_t r, int64_t c) { return values[(p * shape[1] + r) * shape[2] + c]; }
};

using Words = Planes<Word>;
using Reals = Planes<double>;

} // namespace cnn::neuflow

#endif
