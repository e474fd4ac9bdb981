// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/StorageLayout.h"

#include <algorithm>
#include <numeric>

using llvm::ArrayRef;

namespace cnn {

Layout identityLayout(int64_t rank) {
  Layout layout(rank);
  std::iota(layout.begin(), layout.end(), 0);
  return layout;
}

Layout channelsLast(int64_t rank) {
  Layout layout = identityLayout(rank);
  if (rank > 2)
    std::rotate(layout.begin() + 1, layout.begin() + 2, layout.end());
  return layout;
}

Layout weightLayout(int64_t rank) {
  Layout layout = identityLayout(rank);
  if (rank >= 2) {
    std::rotate(layout.begin(), layout.begin() + 2, layout.end());
    std::swap(layout[rank - 2], layout[rank - 1]);
  }
  return layout;
}

int64_t columnsPerBlock(int64_t outputs) {
  // Two, three, or one of the longest vectors that there are; or some and a half, as for the 1,000 classes of ImageNet.
  // Of shorter vectors, more.
  constexpr int64_t lanes = 16, most = 3 * lanes;
  if (outputs > most)
    for (int64_t columns : {2 * lanes, 3 * lanes, lanes, 2 * lanes + lanes / 2, lanes + lanes / 2})
      if (outputs % columns == 0)
        return columns;
  return 0;
}

Layout blockedWeightLayout(ArrayRef<int64_t> shape) {
  Layout layout = weightLayout(shape.size());
  if (shape.size() >= 2 && columnsPerBlock(shape[0]))
    layout.insert(layout.begin(), 0);
  return layout;
}

bool isSplit(ArrayRef<int64_t> layout) { return layout.size() > 1 && layout.front() == layout.back(); }

Layout withoutSplit(ArrayRef<int64_t> layout) { return Layout(layout.drop_front(isSplit(layout))); }

} // namespace cnn
