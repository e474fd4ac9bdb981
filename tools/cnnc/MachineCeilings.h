// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What this machine can do at most, measured now: the roofline that a profile is drawn under (Williams, Waterman,
// Patterson, "Roofline: an insightful visual performance model for multicore architectures", CACM 2009).
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace cnn::tools {

struct MachineCeilings {
  /// A cache, or memory behind the last one.
  struct Level {
    const char *name; // "L2", "L3", "memory"
    uint64_t bytes;   // that it holds, for all threads
    double bandwidth; // bytes per second, read
  };

  double flops;              // f32 operations per second; a multiply-add is two
  std::vector<Level> levels; // from the smallest

  struct Least {
    double seconds;
    const char *bound; // "compute", or the name of a level
  };
  /// About how long work takes at least that is so many operations on so many bytes, and what keeps it from being
  /// faster. All bytes are taken to be in the smallest level that holds them, so the estimate is too high for those
  /// that a smaller one still has from the launch before.
  Least least(uint64_t operations, uint64_t bytes) const;
};

/// On the runtime's threads; takes about half a second. Nothing if there is no memory for it.
std::optional<MachineCeilings> measureCeilings();

} // namespace cnn::tools
