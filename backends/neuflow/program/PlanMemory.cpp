// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Constants, then inputs and outputs, which stay, then everything else, then the text:
//
//     data | persistent | managed | text
//
// What is only needed from one pass to another shares the managed words: the largest buffers are placed first, each
// into the smallest gap that is free all of its life. Buffers begin at a beat.
#include "backends/neuflow/program/PlanMemory.h"

#include <algorithm>
#include <limits>
#include <numeric>

namespace cnn::neuflow {

namespace {

int64_t aligned(int64_t words) { return (words + kWordsPerBeat - 1) / kWordsPerBeat * kWordsPerBeat; }

} // namespace

int64_t planWords(std::vector<LivingWords> &buffers) {
  std::vector<size_t> order(buffers.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return buffers[a].words != buffers[b].words ? buffers[a].words > buffers[b].words : a < b;
  });
  std::vector<size_t> placed;
  int64_t all = 0;
  for (size_t index : order) {
    LivingWords &buffer = buffers[index];
    // What is in the way, from the bottom up.
    std::vector<std::pair<int64_t, int64_t>> taken;
    for (size_t other : placed)
      if (buffers[other].first <= buffer.last && buffer.first <= buffers[other].last)
        taken.push_back({buffers[other].base, buffers[other].base + aligned(buffers[other].words)});
    std::sort(taken.begin(), taken.end());
    int64_t need = aligned(buffer.words), end = 0, bestGap = std::numeric_limits<int64_t>::max(), best = -1;
    for (auto [from, to] : taken) {
      int64_t gap = from - end;
      if (gap >= need && gap < bestGap) {
        bestGap = gap;
        best = end;
      }
      end = std::max(end, to);
    }
    buffer.base = best >= 0 ? best : end;
    all = std::max(all, buffer.base + need);
    placed.push_back(index);
  }
  return all;
}

Result<MemoryLayout> planMemory(PassProgram &program, const Target &target) {
  // From the first pass that touches a buffer to the last one.
  std::vector<LivingWords> lives(program.buffers.size(), {0, -1, -1, 0});
  for (size_t p = 0; p < program.passes.size(); ++p)
    for (const Step &step : program.passes[p].steps)
      for (const std::vector<Stream> *streams : {&step.reads, &step.writes})
        for (const Stream &stream : *streams) {
          if (stream.rests() || stream.buffer < 0)
            continue;
          LivingWords &life = lives[stream.buffer];
          if (life.first < 0)
            life.first = static_cast<int64_t>(p);
          life.last = static_cast<int64_t>(p);
        }
  MemoryLayout layout;
  int64_t at = 0;
  auto segment = [&](SegmentKind kind, int64_t from) {
    if (at > from)
      layout.segments.push_back({kind, 2 * static_cast<uint64_t>(from), 2 * static_cast<uint64_t>(at - from)});
  };
  auto putAll = [&](auto wanted) {
    int64_t from = at;
    for (Buffer &buffer : program.buffers)
      if (wanted(buffer.kind)) {
        buffer.base = at;
        at += aligned(buffer.words);
      }
    return from;
  };
  segment(SegmentKind::data, putAll([](BufferKind kind) { return kind == BufferKind::constant; }));
  segment(SegmentKind::persistent,
          putAll([](BufferKind kind) { return kind == BufferKind::input || kind == BufferKind::output; }));
  std::vector<LivingWords> managed;
  std::vector<Buffer *> owners;
  for (size_t i = 0; i < program.buffers.size(); ++i)
    if (program.buffers[i].kind == BufferKind::temporary && lives[i].first >= 0) {
      managed.push_back(lives[i]);
      managed.back().words = program.buffers[i].words;
      owners.push_back(&program.buffers[i]);
    }
  int64_t from = at;
  at += planWords(managed);
  for (size_t i = 0; i < managed.size(); ++i)
    owners[i]->base = from + managed[i].base;
  segment(SegmentKind::managed, from);
  // The text begins at a beat, as everything else does.
  layout.textBase = 2 * static_cast<uint64_t>(at);
  if (2 * at >= target.memoryBytes)
    return Error{"the model needs " + std::to_string(2 * at) + " bytes for planes, but " + target.name + " has " +
                 std::to_string(target.memoryBytes)};
  return layout;
}

} // namespace cnn::neuflow
