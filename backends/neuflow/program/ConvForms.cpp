// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// With 4 convolvers and 6 ports, a full layer of 8 inputs and 16 outputs can be done, for example, as
//
//     4 inputs to 1 output, 16 steps; then 4 more inputs and the sums so far to 1 output, 16 steps
//     2 inputs to 2 outputs, 8 steps; 2 more and 2 sums to 2 outputs, 8 steps; and so on
//
// Both keep the convolvers busy. They differ in how many planes go through the ports, in how many kernels a step loads,
// and in what is left over where numbers do not divide. The best split of the first k inputs plus one more pass is the
// best split of more: dynamic programming over k.
#include "backends/neuflow/program/ConvForms.h"

#include <map>

namespace cnn::neuflow {

std::optional<std::vector<ConvForm>> chooseConvForms(int64_t fanIn, int64_t outputs, int64_t convolvers,
                                                     const std::function<std::optional<int64_t>(ConvForm)> &cost) {
  struct Best {
    int64_t cost = 0;
    std::vector<ConvForm> forms;
  };
  std::vector<std::optional<Best>> best(fanIn + 1);
  std::map<ConvForm, std::optional<int64_t>> known;
  best[0] = Best{};
  for (int64_t done = 0; done < fanIn; ++done) {
    if (!best[done])
      continue;
    for (int64_t inputs = 1; inputs <= convolvers && done + inputs <= fanIn; ++inputs)
      for (int64_t lanes = 1; inputs * lanes <= convolvers && lanes <= outputs; ++lanes) {
        ConvForm form{inputs, lanes, done == 0, done + inputs == fanIn};
        auto [entry, isNew] = known.try_emplace(form);
        if (isNew)
          entry->second = cost(form);
        // What is left over goes through fewer lanes, which must be possible, too, and costs about as much.
        if (!entry->second)
          continue;
        int64_t total = best[done]->cost + *entry->second;
        std::optional<Best> &other = best[done + inputs];
        if (other && other->cost <= total)
          continue;
        std::vector<ConvForm> forms = best[done]->forms;
        forms.push_back(form);
        other = Best{total, std::move(forms)};
      }
  }
  if (!best[fanIn])
    return std::nullopt;
  return std::move(best[fanIn]->forms);
}

} // namespace cnn::neuflow
