// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/files/Idx.h"

#include <cstring>

using namespace cnn::runtime;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  auto reader = openMemory("input", data, size, /*maybeGzip=*/true);
  cnn_error error;
  ArrayHeader header;
  Bytes numbers, converted;
  if (readIdxHeader(*reader, header, &error) != CNN_OK || readArrayData(*reader, header, numbers, &error) != CNN_OK)
    return 0;
  for (int32_t dtype : {CNN_F32, CNN_U8, CNN_I32, CNN_I64}) {
    Bytes copy;
    if (!copy.allocate(numbers.size()))
      return 0;
    std::memcpy(copy.data(), numbers.data(), numbers.size());
    convertNumbers("input", header, std::move(copy), dtype, converted, &error);
  }
  return 0;
}
