// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/neuflow/simulator/MemoryModel.h"

#include <algorithm>

namespace cnn::neuflow {

void MemoryModel::disturb(const Disturbance &how) {
  random.seed(how.seed);
  disturbance = how;
}

bool MemoryModel::ready() const {
  int64_t slot = now / target.memoryBeatCycles;
  return now % target.memoryBeatCycles == 0 && slot % target.memoryOfBeats < target.memoryUsableBeats && !refuses;
}

bool MemoryModel::accept(const MemoryRequest &request) {
  assert(ready() && "the memory is not ready");
  if (request.beat >= static_cast<uint64_t>(target.memoryBytes / kBeatBytes))
    return false;
  ++accepted;
  uint32_t address = request.beat * static_cast<uint32_t>(kWordsPerBeat);
  if (request.write) {
    for (uint32_t i = 0; i < kWordsPerBeat; ++i)
      if (request.mask >> i & 1)
        memory.setWord(address + i, request.data[i]);
    return true;
  }
  int64_t delay = disturbance.delay;
  int64_t late = delay ? static_cast<int64_t>(random() % static_cast<uint64_t>(delay + 1)) : 0;
  lastDue = std::max(now + target.memoryLatency + late, lastDue + 1);
  Pending answer{lastDue, {request.tag, {}}};
  for (uint32_t i = 0; i < kWordsPerBeat; ++i)
    answer.response.data[i] = memory.word(address + i);
  pending.push_back(answer);
  return true;
}

const MemoryResponse *MemoryModel::response() const {
  return !pending.empty() && pending.front().due == now ? &pending.front().response : nullptr;
}

void MemoryModel::tick() {
  if (response())
    pending.pop_front();
  ++now;
  refuses = disturbance.refusals && random() % 100 < static_cast<uint64_t>(disturbance.refusals);
}

int64_t Arbiter::choose(std::span<const bool> requests) const {
  int64_t count = static_cast<int64_t>(timeouts.size());
  assert(static_cast<int64_t>(requests.size()) == count && "one request each");
  if (requests[holder] && had < timeouts[holder])
    return holder;
  for (int64_t i = 1; i <= count; ++i)
    if (requests[(holder + i) % count])
      return (holder + i) % count;
  return -1;
}

void Arbiter::granted(int64_t requester) {
  bool goesOn = requester == holder && had < timeouts[holder];
  holder = requester;
  had = goesOn ? had + 1 : 1;
}

} // namespace cnn::neuflow
