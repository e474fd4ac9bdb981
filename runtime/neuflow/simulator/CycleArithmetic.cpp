// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/neuflow/simulator/CycleArithmetic.h"

namespace cnn::neuflow {

void CycleArithmetic::setLatency(int64_t latency) {
  if (static_cast<int64_t>(stages.size()) == latency)
    return;
  stages.assign(latency, Stage());
  inStages = 0;
}

void CycleArithmetic::configure(const AluConfig &config) {
  alu = config;
  firstLatency = config.first == AluCode::div ? target->aluDivideLatency : target->aluLatency;
  setLatency(firstLatency + (config.second == AluCode::none ? 0 : target->aluLatency));
  outputOfAll = config.output();
}

void CycleArithmetic::configure(const MapperConfig &config) {
  mapper = config;
  setLatency(target->mapperLatency);
}

void CycleArithmetic::plan(const Channel *inputs, const bool (&ready)[3]) {
  enable = starts = false;
  if (!configured())
    return;
  enable = !stages.back().valid || ready[outputOfAll];
  starts = enable;
  for (int i = 0; i < 3; ++i)
    starts &= !takes(i) || !inputs[i].empty();
}

void CycleArithmetic::apply(Channel *inputs) {
  if (alu) {
    // An ALU's flag is set a cycle after the result is there.
    const Stage &first = stages[firstLatency - 1];
    saturated |= (first.valid && first.firstClamped) || (stages.back().valid && stages.back().secondClamped);
  }
  if (!enable || (inStages == 0 && !starts))
    return;
  inStages += starts - stages.back().valid;
  std::copy_backward(stages.begin(), stages.end() - 1, stages.end());
  Stage &stage = stages.front();
  stage = Stage();
  stage.valid = starts;
  if (mapper)
    saturated |= stages.back().valid && stages.back().firstClamped;
  if (!starts)
    return;
  Word in[3] = {};
  for (int i = 0; i < 3; ++i)
    if (takes(i))
      in[i] = inputs[i].pop();
  if (mapper)
    stage.word = map(in[0], mapper->segments, mapper->symmetry, &stage.firstClamped);
  else {
    Word first = evaluate({alu->first, AluCode::none}, in[0], in[1], in[2], &stage.firstClamped);
    stage.word = alu->second == AluCode::none
                     ? first
                     : evaluate({alu->second, AluCode::none}, first, in[2], 0, &stage.secondClamped);
  }
}

std::string CycleArithmetic::waitsFor(const Channel *inputs) const {
  bool hasInput = !inputs[0].empty() || !inputs[1].empty() || !inputs[2].empty();
  if (hasInput && !configured())
    return "waits for configuration words";
  if (!stages.empty() && stages.back().valid)
    return "waits to hand on its output";
  for (int i = 0; i < 3 && hasInput; ++i)
    if (takes(i) && inputs[i].empty())
      return "waits for input " + std::to_string(i + 1);
  return "";
}

} // namespace cnn::neuflow
