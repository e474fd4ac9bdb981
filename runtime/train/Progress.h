// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef CNN_RUNTIME_TRAIN_PROGRESS_H
#define CNN_RUNTIME_TRAIN_PROGRESS_H

#include "runtime/cpu/Error.h"

#include <chrono>
#include <vector>

namespace cnn::runtime {

// What is known at the end of an epoch. Values: the loss, then the metrics.
struct EpochRecord {
  int64_t epoch;                   // from 1
  std::vector<double> train, test; // test is empty without a test part
  double rate;                     // of the last step
  int64_t samples;                 // of the training part
  double seconds;                  // training, evaluation not included
  double testSeconds;
};

// Draws the state of training on a terminal, and a line for each epoch anywhere. Does nothing for descriptor -1.
class Progress {
public:
  Progress(int descriptor, const cnn_function_desc &function, int64_t epochs, int64_t samplesPerEpoch);
  // After each step; draws at most ten times a second. `values` are means so far.
  void step(int64_t epoch, int64_t samples, int64_t batch, const std::vector<double> &values);
  void evaluating(int64_t epoch);
  void finish(const EpochRecord &record);
  // Removes the live line.
  void clear();

private:
  using Clock = std::chrono::steady_clock;
  void draw(std::string line);
  void put(const std::string &text);

  int descriptor;
  bool live;
  const cnn_function_desc &function;
  int64_t epochs, samplesPerEpoch;
  Clock::time_point start = Clock::now(), lastDrawn{};
  int64_t done = 0; // samples since `start`
};

} // namespace cnn::runtime
#endif
