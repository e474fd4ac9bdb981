// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Packing intervals is NP-hard, but each packing that cannot be improved by moving one buffer down is what "first fit"
// makes of some order of the buffers, so orders are what is searched:
//
//   order ─► each buffer to the lowest place where nothing lies that is needed with it ─► bytes of the whole
//
// Networks have a few large activations beside many small ones, so the largest first is a good order, but not the best
// one where buffers are nearly the same: ResNet-50, whose padded activations are a little larger than others, took 9.6
// MB a sample instead of 7.2. So there are other orders to begin with, and what is on the way to the top of the best
// packing is given other turns (hill climbing), until the lower bound is reached or enough has been tried. The search
// depends on the buffers alone: the plan is the same on every machine.
//
// What is needed together with everything else goes below all of that: there it is in nobody's way, and nothing is
// lost.
#include "backends/cpu/MemoryPlan.h"

#include "runtime/abi/model.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/MathExtras.h"
#include <numeric>
#include <random>
#include <tuple>
#include <vector>

namespace cnn::cpu {

int64_t alignBytes(int64_t bytes) { return llvm::alignTo(bytes, CNN_ALIGNMENT); }

static bool isNeededWith(const PlannedBuffer &a, const PlannedBuffer &b) {
  return a.first <= b.last && b.first <= a.last;
}

namespace {

using Order = std::vector<uint32_t>;

class Packer {
public:
  explicit Packer(llvm::ArrayRef<PlannedBuffer> buffers);

  /// Packs in several orders and improves the best of them; nullopt if each is more than largestArena.
  std::optional<int64_t> pack();
  int64_t offsetOf(size_t buffer) const { return offsets[buffer]; }

private:
  /// First fit in this order, into `offsets`. Gives up at `limit` bytes: then nullopt.
  std::optional<int64_t> place(llvm::ArrayRef<uint32_t> order, int64_t limit);
  int64_t climb(Order order, int64_t bound);
  Order findWayToTop(int64_t total) const;

  llvm::ArrayRef<PlannedBuffer> buffers;
  std::vector<int64_t> bytes;
  std::vector<std::vector<uint32_t>> rivals; // what is needed with a buffer, and is not empty
  size_t rivalries = 0;
  std::vector<int64_t> offsets;
};

} // namespace

Packer::Packer(llvm::ArrayRef<PlannedBuffer> buffers) : buffers(buffers), rivals(buffers.size()) {
  for (const PlannedBuffer &buffer : buffers)
    bytes.push_back(alignBytes(buffer.bytes));
  for (uint32_t i = 0; i < buffers.size(); ++i)
    for (uint32_t j = 0; j < i; ++j)
      if (bytes[i] > 0 && bytes[j] > 0 && isNeededWith(buffers[i], buffers[j])) {
        rivals[i].push_back(j);
        rivals[j].push_back(i);
        rivalries += 2;
      }
}

std::optional<int64_t> Packer::place(llvm::ArrayRef<uint32_t> order, int64_t limit) {
  int64_t total = 0;
  offsets.assign(buffers.size(), -1);
  llvm::SmallVector<std::pair<int64_t, int64_t>> taken;
  for (uint32_t buffer : order) {
    taken.clear();
    for (uint32_t rival : rivals[buffer])
      if (offsets[rival] >= 0)
        taken.push_back({offsets[rival], offsets[rival] + bytes[rival]});
    llvm::sort(taken);
    int64_t offset = 0;
    for (auto [begin, end] : taken) {
      if (begin - offset >= bytes[buffer])
        break;
      offset = std::max(offset, end);
    }
    if (offset + bytes[buffer] > limit)
      return std::nullopt;
    offsets[buffer] = offset;
    total = std::max(total, offset + bytes[buffer]);
  }
  return total;
}

/// The buffers at the top, those they stand on, and so on, in the order of their indices.
Order Packer::findWayToTop(int64_t total) const {
  Order way;
  llvm::SmallVector<uint32_t> next;
  std::vector<bool> seen(buffers.size());
  auto visit = [&](uint32_t buffer) {
    if (!seen[buffer])
      next.push_back(buffer);
    seen[buffer] = true;
  };
  for (uint32_t buffer = 0; buffer < buffers.size(); ++buffer)
    if (bytes[buffer] > 0 && offsets[buffer] + bytes[buffer] == total)
      visit(buffer);
  while (!next.empty()) {
    uint32_t buffer = next.pop_back_val();
    way.push_back(buffer);
    for (uint32_t rival : rivals[buffer])
      if (offsets[rival] + bytes[rival] == offsets[buffer])
        visit(rival);
  }
  llvm::sort(way);
  return way;
}

/// Swaps turns of two buffers on the way to the top, or gives one of them an early turn, and keeps what is not worse.
/// Returns the bytes of the best order, whose offsets are in `offsets`.
int64_t Packer::climb(Order order, int64_t bound) {
  // Some ten milliseconds for each order to begin with.
  constexpr size_t mostWork = 4'000'000;
  size_t attempts = mostWork / (10 * buffers.size() + rivalries);
  std::minstd_rand random; // the same everywhere, as std::uniform_int_distribution is not
  auto draw = [&](size_t count) { return random() % count; };
  int64_t total = *place(order, largestArena);
  std::vector<int64_t> best = offsets;
  Order way = findWayToTop(total);
  while (total > bound && attempts-- > 0) {
    Order changed = order;
    auto turn = llvm::find(changed, way[draw(way.size())]);
    if (draw(2) && way.size() > 1)
      std::iter_swap(turn, llvm::find(changed, way[draw(way.size())]));
    else
      std::rotate(changed.begin() + draw(turn - changed.begin() + 1), turn, turn + 1);
    std::optional<int64_t> reached = place(changed, total);
    if (!reached)
      continue;
    total = *reached;
    best = offsets;
    order = std::move(changed);
    way = findWayToTop(total);
  }
  offsets = std::move(best);
  return total;
}

std::optional<int64_t> Packer::pack() {
  auto lifeOf = [&](uint32_t i) { return buffers[i].last - buffers[i].first; };
  // Ties go by position, so that the plan does not depend on the sorting algorithm.
  auto sorted = [&](auto key) {
    Order order(buffers.size());
    std::iota(order.begin(), order.end(), 0);
    llvm::sort(order, [&](uint32_t a, uint32_t b) { return std::pair(key(a), a) < std::pair(key(b), b); });
    return order;
  };
  Order orders[] = {sorted([&](uint32_t i) { return std::tuple(-bytes[i], buffers[i].first, buffers[i].last); }),
                    sorted([&](uint32_t i) { return std::tuple(-lifeOf(i), -bytes[i]); }),
                    sorted([&](uint32_t i) { return std::tuple(buffers[i].first, -bytes[i]); })};
  llvm::SmallVector<std::pair<int64_t, size_t>> fitting; // bytes, and which order
  for (auto [i, order] : llvm::enumerate(orders))
    if (std::optional<int64_t> total = place(order, largestArena))
      fitting.push_back({*total, i});
  if (fitting.empty())
    return std::nullopt;
  llvm::sort(fitting);
  // The way from the best beginning is not always the one that leads down furthest.
  int64_t bound = largestLiveSet(buffers), least = largestArena + 1;
  std::vector<int64_t> best;
  for (auto [start, order] : fitting) {
    int64_t total = climb(std::move(orders[order]), bound);
    if (total < least) {
      least = total;
      best = offsets;
    }
    if (least <= bound)
      break;
  }
  offsets = std::move(best);
  return least;
}

std::optional<int64_t> planOffsets(llvm::MutableArrayRef<PlannedBuffer> buffers) {
  int64_t bottom = 0;
  std::vector<PlannedBuffer> others;
  std::vector<size_t> places;
  for (auto [i, buffer] : llvm::enumerate(buffers))
    if (llvm::all_of(buffers, [&](const PlannedBuffer &other) { return isNeededWith(buffer, other); })) {
      buffer.offset = bottom;
      bottom += alignBytes(buffer.bytes);
      if (bottom > largestArena)
        return std::nullopt;
    } else {
      others.push_back(buffer);
      places.push_back(i);
    }
  if (others.empty())
    return bottom;
  Packer packer(others);
  std::optional<int64_t> total = packer.pack();
  if (!total || *total > largestArena - bottom)
    return std::nullopt;
  for (auto [i, place] : llvm::enumerate(places))
    buffers[place].offset = bottom + packer.offsetOf(i);
  return bottom + *total;
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
