// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/neuflow/simulator/Convolver.h"

namespace cnn::neuflow {

void Convolver::configure(const ConvConfig &config) {
  active = config;
  framesLeft = config.frames.value_or(0);
  everConfigured = true;
}

void Convolver::setNext(const ConvConfig &config) {
  everConfigured = true;
  if (active)
    next = config;
  else
    configure(config);
}

void Convolver::beginBusLoad() {
  loading = {0, std::vector<Word>(k * k, 0)};
  busNumbers = 0;
  slot = Slot::bus;
}

void Convolver::busWord(uint32_t word) {
  for (int half = 0; half < 2; ++half) {
    Word number = static_cast<Word>(half ? word >> 16 : word & 0xFFFF);
    int64_t at = busNumbers++ - 1; // the bias comes first
    if (at < 0)
      loading.bias = number;
    else if (at < k * k)
      loading.a[(k - 1 - at / k) * k + at % k] = number;
  }
}

bool Convolver::takeKernel(Channel &input) {
  bool took = false;
  while (active && !input.empty() && (slot == Slot::empty || (slot == Slot::stream && streamed < streamLength()))) {
    if (slot == Slot::empty) {
      loading = {0, std::vector<Word>(k * k, 0)};
      slot = Slot::stream;
      loadHasBias = active->biased;
    }
    int64_t at = streamed++ - (loadHasBias ? 1 : 0);
    (at < 0 ? loading.bias : loading.a[at]) = input.pop();
    took = true;
  }
  return took;
}

bool Convolver::registerReady() const {
  return slot == Slot::bus || (slot == Slot::stream && streamed == k * k + (loadHasBias ? 1 : 0));
}

void Convolver::registerKernel() {
  slot = Slot::registered;
  streamed = 0;
  moveKernel();
}

void Convolver::discardKernel() {
  multipliers.reset();
  moveKernel();
}

void Convolver::moveKernel() {
  if (slot != Slot::registered || multipliers)
    return;
  multipliers = std::move(loading);
  slot = Slot::empty;
}

bool Convolver::isPadding() const {
  if (!active->sameSize)
    return false;
  int64_t top = (active->kerH - 1) / 2, left = (active->kerW - 1) / 2;
  return row < top || row >= top + active->inH || column < left || column >= left + active->inW;
}

bool Convolver::completesWindow() const {
  int64_t r = row - (active->kerH - 1), c = column - (active->kerW - 1);
  return r >= 0 && c >= 0 && r % active->stepH() == 0 && c % active->stepW() == 0;
}

Word Convolver::windowResult(bool *saturated) const {
  int64_t sum = biasToSum(multipliers->bias), width = active->scanW();
  for (int64_t i = 0; i < active->kerH; ++i) {
    const Word *pixels = rows.data() + (row - (active->kerH - 1) + i) % active->kerH * width + column;
    const Word *kernel = multipliers->a.data() + (k - active->kerH + i) * k;
    for (int64_t b = 0; b < active->kerW; ++b)
      sum += int64_t(kernel[b]) * pixels[-b];
  }
  return convolved(sum, saturated);
}

void Convolver::startFrame() {
  inside = true;
  row = column = 0;
  rows.assign(active->kerH * active->scanW(), 0);
  for (int64_t a = 0; a < k; ++a)
    for (int64_t b = 0; b < k; ++b)
      outside |= (a < k - active->kerH || b >= active->kerW) && multipliers->a[a * k + b] != 0;
}

void Convolver::endPosition() {
  if (++column < active->scanW())
    return;
  column = 0;
  if (++row < active->scanH())
    return;
  inside = false;
  if (active->discard)
    discardKernel();
  if (active->frames.value_or(0) == 0 || --framesLeft > 0)
    return;
  active.reset();
  if (next) {
    configure(*next);
    next.reset();
  }
}

bool Convolver::step(Channel &image, Channel &sums, Channel &output, bool *saturated) {
  if (!active || !multipliers)
    return false;
  // The first position of a frame is asked as if the frame had begun.
  if (!inside)
    row = column = 0;
  bool padding = isPadding(), emits = completesWindow();
  if (((!padding || !inside) && image.empty()) || (emits && (output.full() || (active->accumulate && sums.empty()))))
    return false;
  if (!inside)
    startFrame();
  rows[row % active->kerH * active->scanW() + column] = padding ? Word(0) : image.pop();
  if (emits) {
    Word word = windowResult(saturated);
    output.push(active->accumulate ? add(word, sums.pop(), saturated) : word);
  }
  endPosition();
  return true;
}

std::string Convolver::waitsFor(const Channel &image, const Channel &sums, const Channel &output) const {
  if (!active)
    return image.empty() ? "" : "waits for configuration words";
  if (!multipliers)
    return image.empty() ? "" : "waits for a kernel";
  if (!inside)
    return "";
  std::string where = " in row " + std::to_string(row) + ", column " + std::to_string(column) + " of its frame";
  if (!isPadding() && image.empty())
    return "waits for input 1" + where;
  if (completesWindow() && output.full())
    return "waits to hand on its output" + where;
  if (completesWindow() && active->accumulate && sums.empty())
    return "waits for input 3" + where;
  return "";
}

} // namespace cnn::neuflow
