// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The order and the variation of training samples: functions of the seed, the epoch and the sample, by the
// counter-based generator of runtime/abi/support.h. Nothing here has a state that a checkpoint would have to hold.
#ifndef CNN_RUNTIME_TRAIN_BATCHES_H
#define CNN_RUNTIME_TRAIN_BATCHES_H

#include "runtime/train/Dataset.h"

#include <atomic>

namespace cnn::runtime {

// The order of the samples in an epoch: Fisher and Yates' shuffle, or as they are.
std::vector<int64_t> epochOrder(int64_t count, bool shuffle, uint64_t seed, int64_t epoch);

// How one sample is varied.
struct Variation {
  bool flip = false;
  int64_t down = 0, right = 0; // shift, in elements
};
Variation drawVariation(const cnn_field &field, uint64_t seed, int64_t epoch, int64_t sample);

// Copies one sample of `tensor`, varied; `fill` is one element of what comes in from outside.
void varySample(const cnn_tensor_desc &tensor, const Variation &variation, const uint8_t *fill, const uint8_t *from,
                uint8_t *to);

// The inputs of one batch. What begin() lists, any number of threads may read by readSome(); finish() makes sure that
// all of it is there.
class Batch {
public:
  // Makes room for `capacity` samples of the data set. CNN_NO_MEMORY; CNN_BAD_ARGUMENT for an unusable variation.
  cnn_status prepare(const Dataset &dataset, const cnn_field *fields, int64_t capacity, cnn_error *error);
  // Says which samples, and whether they are varied. `samples` has to stay until finish(). Nobody may be in readSome().
  void begin(const int64_t *samples, int64_t count, bool vary, uint64_t seed, int64_t epoch);
  // Reads samples that nobody has taken yet, until there are none.
  void readSome();
  // Leaves what nobody has taken yet.
  void abandon() { next.store(count); }
  // Reads the rest on all threads of the pool and waits. The first that fails, in their order, is reported.
  cnn_status finish(cnn_error *error);
  const void *const *inputs() const { return pointers.data(); }

private:
  cnn_status readSample(int64_t slot, cnn_error *error);
  void readRange(int64_t begin, int64_t end);
  cnn_status firstFailure(cnn_error *error);

  const Dataset *dataset = nullptr;
  const cnn_field *fields = nullptr;
  std::vector<Bytes> blocks, scratch; // of each field: capacity samples
  std::vector<uint64_t> sampleBytes;
  std::vector<const void *> pointers;
  std::vector<cnn_status> statuses; // of each slot
  // Of the batch that is being read:
  const int64_t *samples = nullptr;
  bool vary = false;
  uint64_t seed = 0;
  int64_t epoch = 0, count = 0;
  std::atomic<int64_t> next{0}, done{0}; // slots
};

} // namespace cnn::runtime
#endif
