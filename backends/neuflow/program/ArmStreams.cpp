// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A port is told two counts and two distances, so one stream can be what many steps read or write. A dense layer of 84
// outputs, whose 84 steps load a kernel each:
//
//     read 60 words at 0; write 1 word at 200         read 84 rows of 60 words at 0, which lie 0 apart
//     read 60 words at 0; write 1 word at 201    ->   write 84 rows of 1 word at 200, which lie 1 apart
//     ...
//
// The words that come by are the same ones in the same order. A frame ends where the convolver has counted it, so a
// port that reads on only waits for the next frame with words in hand.
#include "backends/neuflow/program/ArmStreams.h"

namespace cnn::neuflow {

namespace {

// As one row, where it can be.
Stream flattened(Stream stream) {
  if (stream.h > 1 && stream.pitch == stream.w * stream.element && stream.w * stream.h <= Stream::kMost) {
    stream.w *= stream.h;
    stream.h = 1;
  }
  if (stream.h == 1)
    stream.pitch = stream.w;
  return stream;
}

// Whether `to` and then `next` are one stream, which `to` is then.
bool append(Stream &to, const Stream &next) {
  if (to.buffer != next.buffer || to.w != next.w || to.element != next.element || to.h + next.h > Stream::kMost)
    return false;
  int64_t distance = next.offset - to.offset, pitch = to.h > 1 ? to.pitch : distance;
  if (distance != to.h * pitch || (next.h > 1 && next.pitch != pitch))
    return false;
  to.h += next.h;
  to.pitch = pitch;
  return true;
}

} // namespace

std::vector<ArmedStreams> armStreams(const std::vector<Step> &steps) {
  std::vector<ArmedStreams> armed(steps.size());
  auto arm = [&](std::vector<Stream> Step::*of, std::vector<Stream> ArmedStreams::*to) {
    for (size_t port = 0; !steps.empty() && port < (steps[0].*of).size(); ++port) {
      Stream *last = nullptr;
      for (size_t step = 0; step < steps.size(); ++step) {
        Stream stream = flattened((steps[step].*of)[port]), &told = (armed[step].*to).emplace_back();
        if (stream.rests() || (last && append(*last, stream)))
          continue;
        told = stream;
        last = &told;
      }
    }
  };
  arm(&Step::reads, &ArmedStreams::reads);
  arm(&Step::writes, &ArmedStreams::writes);
  return armed;
}

} // namespace cnn::neuflow
