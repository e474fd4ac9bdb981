// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The position of a training run, in one safetensors file: the weights by path, the optimizer's slots as one block, and
// in the metadata the epoch, the step, the sums of the running means, and which training it is.
#ifndef CNN_RUNTIME_TRAIN_CHECKPOINT_H
#define CNN_RUNTIME_TRAIN_CHECKPOINT_H

#include "runtime/files/ByteReader.h"

#include <string>
#include <utility>
#include <vector>

namespace cnn::runtime {

// Where training stands. `epoch` counts finished epochs.
struct Position {
  int64_t epoch = 0;
  int64_t samples = 0;      // done in the current epoch
  std::vector<double> sums; // of loss and metrics, times samples, in the current epoch
  double seconds = 0;       // spent in the current epoch
};

// What a checkpoint must agree on with the training that resumes it: names and values.
using Identity = std::vector<std::pair<std::string, std::string>>;

cnn_status saveCheckpoint(const char *path, const cnn_model *model, cnn_trainer *trainer, const Identity &identity,
                          const Position &position, cnn_error *error);

// CNN_BAD_FILE if the file is damaged, or is of another training, naming the first difference. Nothing is changed then.
cnn_status readCheckpoint(ByteReader &reader, cnn_model *model, cnn_trainer *trainer, const Identity &identity,
                          Position &position, cnn_error *error);

// The same of the file of that name, or CNN_CANNOT_READ.
cnn_status loadCheckpoint(const char *path, cnn_model *model, cnn_trainer *trainer, const Identity &identity,
                          Position &position, cnn_error *error);

} // namespace cnn::runtime
#endif
