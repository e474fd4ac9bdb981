// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What this machine can do at most, measured now: the roofline that a profile is drawn under (Williams, Waterman,
// Patterson, "Roofline: an insightful visual performance model for multicore architectures", CACM 2009).
#pragma once

#include <cstdint>
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
  /// How long work takes at least that is so many operations on so many bytes, if these are where they fit, and what
  /// keeps it from being faster.
  Least least(uint64_t operations, uint64_t bytes) const;
};

/// On the runtime's threads; takes about half a second.
MachineCeilings measureCeilings();

} // namespace cnn::tools
