// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/neuflow/simulator/CycleConvolver.h"

namespace cnn::neuflow {

bool CycleConvolver::onImage() const {
  if (!active.sameSize)
    return true;
  int64_t top = (active.kerH - 1) / 2, left = (active.kerW - 1) / 2;
  return row >= top && row < top + active.inH && column >= left && column < left + active.inW;
}

bool CycleConvolver::busy() const { return inFrame || inStages > 0; }

void CycleConvolver::plan(const Channel *inputs, const bool (&ready)[3]) {
  const Stage &last = stages.back(), &result = stages[stages.size() - 2];
  leaves = last.output < 0 || ready[last.output];
  adds = result.output >= 0 && result.accumulates;
  enable = leaves && !(adds && inputs[2].empty());
  movesUp = place == Place::waiting && !kernelActive && (!stages[1].position || enable);
  bool onFrame = !gap && (inFrame || (setActive && (kernelActive || place == Place::waiting)));
  steps = onFrame && enable && (!inputs[0].empty() || (inFrame && !onImage()));
  kernelComes = !inputs[1].empty();
  busBegins = setComes = false;
}

Word CycleConvolver::windowResult(bool *clamped) const {
  int64_t sum = biasToSum(used.bias), width = active.scanW();
  for (int64_t i = 0; i < active.kerH; ++i) {
    const Word *pixels = rows.data() + (row - (active.kerH - 1) + i) % active.kerH * width + column;
    const Word *kernel = used.a.data() + (k - active.kerH + i) * k;
    for (int64_t b = 0; b < active.kerW; ++b)
      sum += int64_t(kernel[b]) * pixels[-b];
  }
  return convolved(sum, clamped);
}

void CycleConvolver::takePosition(Channel *inputs, Stage &stage) {
  if (!inFrame)
    rows.assign(active.kerH * active.scanW(), 0);
  rows[row % active.kerH * active.scanW() + column] = onImage() ? inputs[0].pop() : Word(0);
  stage = Stage();
  stage.position = true;
  ++positions;
  int64_t r = row - (active.kerH - 1), c = column - (active.kerW - 1);
  if (r >= 0 && c >= 0 && r % active.stepH() == 0 && c % active.stepW() == 0) {
    stage.output = active.output();
    stage.accumulates = active.accumulate;
    stage.word = windowResult(&stage.clamped);
    macs += active.kerH * active.kerW;
  }
  bool rowEnds = column + 1 == active.scanW(), frameEnds = rowEnds && row + 1 == active.scanH();
  inFrame = !frameEnds;
  gap = frameEnds || active.scanW() == 1;
  column = rowEnds ? 0 : column + 1;
  row = frameEnds ? 0 : row + rowEnds;
  if (!frameEnds)
    return;
  if (active.discard)
    kernelActive = false;
  if (left == 1)
    setActive = false;
  else if (left > 1)
    --left;
}

void CycleConvolver::takeKernelWord(Word word) {
  if (place != Place::part) {
    loading = {0, std::vector<Word>(k * k, 0)};
    loaded = 0;
    loadHasBias = active.biased;
  }
  int64_t at = loaded++ - (loadHasBias ? 1 : 0);
  (at < 0 ? loading.bias : loading.a[at]) = word;
  place = at + 1 == k * k ? Place::all : Place::part;
}

void CycleConvolver::apply(Channel *inputs) {
  bool placeFree = place == Place::nothing || movesUp;
  bool takesKernel = setActive && (placeFree || place == Place::part) && !busBegins && kernelComes;
  bool follows = armed && !setActive && !setComes;
  if (movesUp) {
    used = loading;
    kernelActive = true;
    place = Place::nothing;
  }
  if (takesKernel)
    takeKernelWord(inputs[1].pop());

  if (enable && (inStages > 0 || steps)) {
    size_t end = stages.size() - 1;
    Stage result = stages[end - 1];
    if (adds) {
      bool clamped = false;
      result.word = add(result.word, inputs[2].pop(), &clamped);
      result.clamped |= clamped;
    }
    saturated |= result.output >= 0 && result.clamped;
    for (size_t i = end; i > 1; --i)
      stages[i] = stages[i - 1];
    stages[end] = result;
    stages[1] = Stage();
    stages[3].position = false; // from here on a position without a result is nothing
    inStages = 0;
  } else if (leaves)
    stages.back() = Stage();
  if (steps)
    takePosition(inputs, stages[1]);
  else if (enable)
    gap = false;
  inStages = 0;
  for (size_t i = 1; i < stages.size(); ++i)
    inStages += stages[i].position || stages[i].output >= 0;

  if (follows) {
    active = next;
    left = next.frames.value_or(0);
    setActive = true;
    armed = false;
  }
}

std::string CycleConvolver::waitsFor(const Channel *inputs) const {
  if (!inFrame && !inputs[0].empty() && !setActive)
    return "waits for configuration words";
  if (!inFrame && !inputs[0].empty() && !kernelActive)
    return "waits for a kernel";
  if (stages.back().output >= 0)
    return "waits to hand on its output";
  if (adds && inputs[2].empty())
    return "waits for input 3";
  if (inFrame && onImage() && inputs[0].empty())
    return "waits for input 1 in row " + std::to_string(row) + ", column " + std::to_string(column) + " of its frame";
  return "";
}

void CycleConvolver::beginBusLoad() {
  loading = {0, std::vector<Word>(k * k, 0)};
  loaded = 0;
  place = Place::bus;
}

void CycleConvolver::busWord(uint32_t word) {
  for (uint32_t number : {word & 0xFFFF, word >> 16}) {
    int64_t at = loaded++ - 1; // the bias comes first
    if (at < 0)
      loading.bias = static_cast<Word>(number);
    else if (at < k * k)
      loading.a[(k - 1 - at / k) * k + at % k] = static_cast<Word>(number);
  }
}

void CycleConvolver::configure(const ConvConfig &config) {
  active = config;
  left = 0;
  setActive = everConfigured = true;
}

void CycleConvolver::arm(const ConvConfig &config) {
  next = config;
  armed = everConfigured = true;
}

} // namespace cnn::neuflow
