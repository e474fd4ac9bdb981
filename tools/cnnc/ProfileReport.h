// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What `cnnc profile` has measured, as a table, as JSON, and as a page with a picture.
#pragma once

#include "tools/cnnc/MachineCeilings.h"
#include "llvm/Support/raw_ostream.h"
#include <string>
#include <vector>

namespace cnn::tools {

/// One launch of a kernel, in the order in which they run.
struct LaunchProfile {
  std::string layers, ops, algorithm, tile;
  double minimum, median; // seconds, of all runs
  uint64_t flops, bytes;  // as cnn_launch_desc has them, of the batch
  MachineCeilings::Least least;
};

struct Profile {
  std::string net, function, producer;
  int64_t batch, threads, runs;
  bool isHot; // each launch is the second of two in succession
  MachineCeilings ceilings;
  double minimum, median; // seconds of a whole run: the sum of its launches
  std::vector<LaunchProfile> launches;

  uint64_t flops() const;
  double least() const; // seconds: the sum of the launches'
};

void printProfile(const Profile &profile, llvm::raw_ostream &os);
/// One object; seconds, operations, bytes.
void printProfileJson(const Profile &profile, llvm::raw_ostream &os);
/// A page that needs nothing but itself.
void printProfileHtml(const Profile &profile, llvm::raw_ostream &os);

} // namespace cnn::tools
