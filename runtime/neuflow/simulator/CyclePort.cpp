// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Everything in a cycle is decided by the numbers of entries at its beginning, as registers do; so the order of the
// steps below does not matter.
#include "runtime/neuflow/simulator/CyclePort.h"

namespace cnn::neuflow {

void CyclePort::start(const StreamGlobals &globals, const StreamLocals &locals) {
  assert(!walking && (still() || this->locals.read == locals.read) && "a stream is on");
  this->globals = globals;
  this->locals = locals;
  walking = true;
  row = column = 0;
  lastBeat.reset();
}

void CyclePort::reset() {
  assert(!dropping() && "a reset after a reset");
  int64_t toDrop = underWay;
  *this = CyclePort(*target, tag);
  dropped = toDrop;
}

bool CyclePort::full(bool more) const {
  return static_cast<int64_t>(elements.size()) == target->portElements ||
         static_cast<int64_t>(beats.size()) == target->portBeats ||
         (!walking && !more && requests.empty() && underWay == 0);
}

std::optional<uint32_t> CyclePort::leaves(const Inputs &inputs) const {
  return walking && (locals.read || inputs.lineWord) && outside() ? std::optional<uint32_t>(address()) : std::nullopt;
}

void CyclePort::next() {
  if (++column < locals.w)
    return;
  column = 0;
  walking = ++row < locals.h;
}

void CyclePort::walk(size_t elementCount, size_t requestCount, size_t beatCount) {
  if (static_cast<int64_t>(elementCount) == target->portElements || outside())
    return;
  uint32_t beat = address() / kWordsPerBeat;
  bool newBeat = lastBeat != beat;
  if (newBeat && (static_cast<int64_t>(requestCount) == target->portRequests ||
                  static_cast<int64_t>(requestCount + beatCount) + underWay >= target->portBeats))
    return;
  uint8_t lane = address() % kWordsPerBeat;
  next();
  elements.push_back({lane, newBeat, !walking});
  if (newBeat)
    requests.push_back({false, beat, {}, 0, tag});
  lastBeat = beat;
}

std::optional<Word> CyclePort::feed(size_t elementCount, size_t beatCount) {
  if (elementCount == 0)
    return std::nullopt;
  Element element = elements.front();
  if (element.newBeat) {
    if (beatCount < (inBeat ? 2u : 1u))
      return std::nullopt;
    if (inBeat)
      beats.pop_front();
    inBeat = true;
  }
  Word word = beats.front()[element.lane];
  elements.pop_front();
  if (element.last) {
    beats.pop_front();
    inBeat = false;
  }
  return word;
}

bool CyclePort::take(Word word, size_t requestCount) {
  if (outside())
    return false;
  uint32_t beat = address() / kWordsPerBeat;
  if (current && current->beat != beat) {
    if (static_cast<int64_t>(requestCount) == target->portRequests)
      return false;
    requests.push_back(*current);
    current.reset();
  }
  if (!current)
    current = MemoryRequest{true, beat, {}, 0, tag};
  uint32_t lane = address() % kWordsPerBeat;
  current->data[lane] = word;
  current->mask |= static_cast<uint16_t>(1u << lane);
  next();
  return true;
}

CyclePort::Outputs CyclePort::cycle(const Inputs &inputs) {
  size_t elementCount = elements.size(), requestCount = requests.size(), beatCount = beats.size();
  Outputs outputs;
  bool arrives = inputs.response && dropped == 0;
  if (arrives)
    beats.push_back(*inputs.response);
  else if (inputs.response)
    --dropped;
  if (locals.read) {
    // The walker counts beats under way as they were at the beginning of the cycle.
    if (walking)
      walk(elementCount, requestCount, beatCount);
    if (inputs.lineHasRoom)
      outputs.fed = feed(elementCount, beatCount);
  } else if (walking) {
    outputs.took = inputs.lineWord && take(*inputs.lineWord, requestCount);
  } else if (current && static_cast<int64_t>(requestCount) < target->portRequests) {
    requests.push_back(*current);
    current.reset();
  }
  if (inputs.granted) {
    underWay += !requests.front().write;
    requests.pop_front();
  }
  underWay -= arrives;
  return outputs;
}

} // namespace cnn::neuflow
