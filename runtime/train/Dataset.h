// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The samples of one part of a data set, ready to be made into batches.
#ifndef CNN_RUNTIME_TRAIN_DATASET_H
#define CNN_RUNTIME_TRAIN_DATASET_H

#include "cnn/training.h"
#include "runtime/files/ByteReader.h"

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

namespace cnn::runtime {

// All samples of one field, as the model takes them.
class FieldSamples {
public:
  virtual ~FieldSamples() = default;
  virtual int64_t count() const = 0;
  // Writes one sample; safe for distinct samples from several threads.
  virtual cnn_status read(int64_t sample, uint8_t *to, cnn_error *error) const = 0;
  // Whether reading is copying.
  virtual bool isInMemory() const { return true; }
  // A number that tells these samples from others, for resuming.
  virtual uint64_t fingerprint() const = 0;
};

// One part, train or test: a field for each input of the function.
struct Dataset {
  std::vector<std::unique_ptr<FieldSamples>> fields;
  std::vector<cnn_tensor_desc> tensors;
  int64_t count = 0;

  bool isInMemory() const {
    return std::all_of(fields.begin(), fields.end(), [](const auto &field) { return field->isInMemory(); });
  }
};

// Opens the part: every field must fit its input, hold the same number of samples, and every label must be in range.
cnn_status openDataset(const cnn_train_config &config, const cnn_function_desc &function, bool test, Dataset &dataset,
                       cnn_error *error);

// Opens one field of the training or the test part from its file or folder.
cnn_status openField(const cnn_field &field, bool test, const cnn_tensor_desc &tensor,
                     std::unique_ptr<FieldSamples> &samples, cnn_error *error);

} // namespace cnn::runtime
#endif
