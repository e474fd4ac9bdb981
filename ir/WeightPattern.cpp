// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "ir/WeightPattern.h"

namespace cnn {

bool matchesWeightPattern(llvm::StringRef pattern, llvm::StringRef path) {
  auto [head, tail] = pattern.split('*');
  if (head.size() == pattern.size())
    return pattern == path;
  if (!path.consume_front(head))
    return false;
  // What follows the last '*' must end the path; what stands between two is best found as early as possible.
  while (tail.contains('*')) {
    auto [middle, rest] = tail.split('*');
    size_t at = path.find(middle);
    if (at == llvm::StringRef::npos)
      return false;
    path = path.drop_front(at + middle.size());
    tail = rest;
  }
  return path.ends_with(tail);
}

} // namespace cnn
