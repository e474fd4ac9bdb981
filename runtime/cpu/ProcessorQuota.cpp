// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/cpu/ProcessorQuota.h"

#include <fstream>

namespace cnn::runtime {

// cpu.max holds "QUOTA PERIOD" in microseconds, or "max PERIOD".
static int64_t quotaOf(const std::string &group) {
  std::ifstream file(group + "/cpu.max");
  int64_t quota = 0, period = 0;
  if (!(file >> quota >> period) || quota < 1 || period < 1)
    return 0;
  return quota / period + (quota % period != 0);
}

int64_t processorQuota(const std::string &list, const std::string &root) {
  std::ifstream groups(list);
  std::string line, group;
  while (std::getline(groups, line))
    if (line.starts_with("0::/")) // the line of version 2
      group = line.substr(3);
  int64_t least = 0;
  // A group has no more than those around it. Inside a container "/" is its own.
  while (!group.empty()) {
    if (group == "/")
      group.clear();
    int64_t quota = quotaOf(root + group);
    if (quota > 0 && (least == 0 || quota < least))
      least = quota;
    size_t slash = group.rfind('/');
    if (slash == std::string::npos)
      break;
    group = slash == 0 ? "/" : group.substr(0, slash);
  }
  return least;
}

} // namespace cnn::runtime
