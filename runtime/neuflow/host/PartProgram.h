// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A part of a model, checked: what goes into the machine's memory before it runs, and where its tensors lie there.
#ifndef CNN_RUNTIME_NEUFLOW_HOST_PARTPROGRAM_H
#define CNN_RUNTIME_NEUFLOW_HOST_PARTPROGRAM_H

#include "cnn/runtime.h"
#include "runtime/neuflow/device/ProgramTensors.h"

namespace cnn::neuflow {

struct PartTensor {
  ProgramTensor place;
  int32_t dtype; // cnn_dtype, of the numbers outside
  std::vector<MemoryRun> runs;

  int64_t elements() const { return int64_t(place.planes) * place.height * place.width; }
  int32_t fraction() const { return static_cast<int32_t>(place.fractionBits); }
};

struct PartProgram {
  std::string name;
  Target target;
  std::vector<MemoryImage> images;
  uint64_t entry = 0;                      // bytes
  std::vector<PartTensor> inputs, outputs; // in the order of the model's table
  RunLimit limit;                          // far beyond what the program takes
};

// Reads and checks the program of a part against the part's table, which is sound. CNN_BAD_FILE, CNN_INCOMPATIBLE.
cnn_status readPart(const cnn_device_part_desc &desc, PartProgram &part, cnn_error *error);

// The bytes of a tensor's runs as the machine has them, one after the other, of a sample of numbers; and back.
void toWords(const PartTensor &tensor, const void *numbers, std::string &bytes);
void toNumbers(const PartTensor &tensor, std::string_view bytes, float *numbers);

} // namespace cnn::neuflow
#endif
