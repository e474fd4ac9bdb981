// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/files/Image.h"

using namespace cnn::runtime;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  cnn_error error;
  Bytes pixels;
  decodeImage("input", data, size, 3, 8, 8, pixels, &error);
  decodeImage("input", data, size, 1, 8, 8, pixels, &error);
  return 0;
}
