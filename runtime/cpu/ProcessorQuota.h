// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How many processors' worth of time a container may use: with more threads than that, all of them are put to sleep
// for the rest of each period.
#ifndef CNN_RUNTIME_CPU_PROCESSORQUOTA_H
#define CNN_RUNTIME_CPU_PROCESSORQUOTA_H

#include <cstdint>
#include <string>

namespace cnn::runtime {

// The smallest quota of this process's control group and of those around it, rounded up; 0 if there is none. Version 2
// of control groups: `list` is /proc/self/cgroup, `root` is where the groups are mounted.
int64_t processorQuota(const std::string &list, const std::string &root);

} // namespace cnn::runtime
#endif
