// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The weights of a model as entries of a safetensors file.
#ifndef CNN_RUNTIME_FILES_MODELFILES_H
#define CNN_RUNTIME_FILES_MODELFILES_H

#include "runtime/files/Safetensors.h"

namespace cnn::runtime {

// Appends all weights to `tensors`, in canonical order, with their values in `storage`. CNN_NO_MEMORY.
cnn_status collectWeights(const cnn_model *model, std::vector<SafetensorsTensor> &tensors, Bytes &storage,
                          cnn_error *error);

// Sets the model's weights from the file's entries after all were checked. An entry that is no weight is refused,
// except `extra`, which may be null.
cnn_status applyWeights(cnn_model *model, const char *name, const SafetensorsFile &file, const char *extra,
                        cnn_error *error);

} // namespace cnn::runtime
#endif
