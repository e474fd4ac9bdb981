// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef CNN_RUNTIME_TRAIN_METRICS_H
#define CNN_RUNTIME_TRAIN_METRICS_H

#include "runtime/train/Progress.h"

#include <string>

namespace cnn::runtime {

// {"epoch": 1, "loss": 0.61, "accuracy": 0.78, "test": {"loss": 0.45, "accuracy": 0.84}, "rate": 0.05, "seconds": 5.1,
//  "test_seconds": 0.3}, as one line. A number that is not finite is null.
std::string metricsLine(const EpochRecord &record, const cnn_function_desc &function);

// Makes the file hold its lines of the first `epochs` epochs alone: none of a new training, those before the checkpoint
// of a resumed one. CNN_CANNOT_WRITE.
cnn_status keepMetrics(const char *path, int64_t epochs, cnn_error *error);
cnn_status appendMetrics(const char *path, const std::string &line, cnn_error *error);

} // namespace cnn::runtime
#endif
