// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reads the samples of the next batch while a step computes.
//
// Reading waits for disks, and unpacking images has nothing to do with computing. But the threads of a step are as many
// as there are processors, so one more may get little time, and one alone may be slower than a step: whoever needs the
// batch reads the rest of it on all threads (Batch::finish). So it is never slower than reading first.
#ifndef CNN_RUNTIME_TRAIN_LOADER_H
#define CNN_RUNTIME_TRAIN_LOADER_H

#include "runtime/train/Batches.h"

#include <condition_variable>
#include <mutex>
#include <pthread.h>

namespace cnn::runtime {

class Loader {
public:
  Loader() = default;
  Loader(const Loader &) = delete;
  // Leaves what is not read yet.
  ~Loader();

  // Reads a batch that has begun, and does not wait for it. If there can be no thread, nothing is read. The loader must
  // be idle.
  void start(Batch &batch);
  // Until the loader is done with its batch: at once if that is finished.
  void wait();

private:
  static void *main(void *self);
  void serve();

  pthread_t thread = {};
  bool isTried = false, hasThread = false;
  std::mutex mutex;
  std::condition_variable changed;
  Batch *batch = nullptr; // that is being read
  bool isEnding = false;
};

} // namespace cnn::runtime
#endif
