// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Packing intervals is NP-hard; placing the largest first, each into the smallest gap that holds it, comes close to the
// lower bound on networks, where a few large activations dominate.
#include "backends/cpu/MemoryPlan.h"

#include "runtime/abi/model.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/MathExtras.h"
#include <tuple>

namespace cnn::cpu {

int64_t alignBytes(int64_t bytes) { return llvm::alignTo(bytes, CNN_ALIGNMENT); }

static bool isNeededWith(const PlannedBuffer &a, const PlannedBuffer &b) {
  return a.first <= b.last && b.first <= a.last;
}

std::optional<int64_t> planOffsets(llvm::MutableArrayRef<PlannedBuffer> buffers) {
  llvm::SmallVector<PlannedBuffer *> order;
  for (PlannedBuffer &buffer : buffers)
    order.push_back(&buffer);
  // Ties go by position, so that the plan does not depend on the sorting algorithm.
  llvm::sort(order, [](const PlannedBuffer *a, const PlannedBuffer *b) {
    return std::tuple(-a->bytes, a->first, a->last, a) < std::tuple(-b->bytes, b->first, b->last, b);
  });
  int64_t total = 0;
  llvm::SmallVector<const PlannedBuffer *> placed; // by offset
  for (PlannedBuffer *buffer : order) {
    int64_t bytes = alignBytes(buffer->bytes), end = 0, bestOffset = -1, bestGap = 0;
    for (const PlannedBuffer *other : placed) {
      if (!isNeededWith(*buffer, *other))
        continue;
      int64_t gap = other->offset - end;
      if (gap >= bytes && (bestOffset < 0 || gap < bestGap)) {
        bestOffset = end;
        bestGap = gap;
      }
      end = std::max(end, other->offset + alignBytes(other->bytes));
    }
    buffer->offset = bestOffset < 0 ? end : bestOffset;
    if (buffer->offset + bytes > largestArena)
      return std::nullopt;
    total = std::max(total, buffer->offset + bytes);
    placed.insert(
        llvm::upper_bound(placed, buffer,
                          [](const PlannedBuffer *a, const PlannedBuffer *b) { return a->offset < b->offset; }),
        buffer);
  }
  return total;
}

int64_t largestLiveSet(llvm::ArrayRef<PlannedBuffer> buffers) {
  int64_t largest = 0;
  // The live set grows only where a buffer begins.
  for (const PlannedBuffer &start : buffers) {
    int64_t bytes = 0;
    for (const PlannedBuffer &other : buffers)
      if (other.first <= start.first && start.first <= other.last)
        bytes += alignBytes(other.bytes);
    largest = std::max(largest, bytes);
  }
  return largest;
}

} // namespace cnn::cpu
