// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Where buffers with known life times go in one piece of memory.

#ifndef CNN_BACKENDS_CPU_MEMORYPLAN_H
#define CNN_BACKENDS_CPU_MEMORYPLAN_H

#include "llvm/ADT/ArrayRef.h"
#include <cstdint>
#include <optional>

namespace cnn::cpu {

/// Bytes that are needed from step `first` to step `last`, both included.
struct PlannedBuffer {
  int64_t bytes;
  int64_t first;
  int64_t last;
  int64_t offset = 0;
};

/// Rounded up to the alignment of every buffer.
int64_t alignBytes(int64_t bytes);

/// No buffer and no plan is larger, so that sums of two never overflow.
inline constexpr int64_t largestArena = int64_t(1) << 60;

/// Sets the offsets: buffers that are needed at the same time do not overlap. Returns the bytes of the whole; nullopt
/// if they are more than largestArena.
std::optional<int64_t> planOffsets(llvm::MutableArrayRef<PlannedBuffer> buffers);

/// What no plan can go below: the most bytes needed at one step. The buffers have been planned.
int64_t largestLiveSet(llvm::ArrayRef<PlannedBuffer> buffers);

} // namespace cnn::cpu

#endif
