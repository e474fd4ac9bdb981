// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/files/ModelFiles.h"
#include "test/runtime/FakeModel.h"

using namespace cnn::runtime;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  auto reader = openMemory("input", data, size);
  cnn_error error;
  SafetensorsFile file;
  if (readSafetensors(*reader, file, &error) != CNN_OK)
    return 0;
  cnn_model *model;
  if (cnn_model_create(&fake_model, &model) != CNN_OK)
    return 0;
  applyWeights(model, "input", file, "@optimizer", &error);
  cnn_model_destroy(model);
  return 0;
}
