// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef CNN_BACKENDS_NEUFLOW_PROGRAM_CONVFORMS_H
#define CNN_BACKENDS_NEUFLOW_PROGRAM_CONVFORMS_H

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

namespace cnn::neuflow {

// How a pass uses the convolvers: in each of `lanes` lanes, `inputs` convolvers add up to one output plane. The lanes
// share the planes that they read, or each has its own. The first pass of a sum has no partial sums to read, the last
// one does what comes behind the sum.
struct ConvForm {
  int64_t inputs = 1, lanes = 1;
  bool first = true, last = true;
  bool shared = true;
  friend auto operator<=>(const ConvForm &, const ConvForm &) = default;
};

// Splits sums over `fanIn` inputs, for `outputs` planes, into passes: the
// forms with the least cost together. `cost` is that of all outputs; nothing if the machine cannot do the form.
std::optional<std::vector<ConvForm>> chooseConvForms(int64_t fanIn, int64_t outputs, int64_t convolvers,
                                                     const std::function<std::optional<int64_t>(ConvForm)> &cost);

} // namespace cnn::neuflow
#endif
