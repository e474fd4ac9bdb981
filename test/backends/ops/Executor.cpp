// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "test/backends/ops/Executor.h"

#include <cstring>

using namespace mlir;
using namespace cnn::reference;

size_t cnn::test::byteSize(ElementKind kind) {
  switch (kind) {
  case ElementKind::U8:
    return 1;
  case ElementKind::I64:
    return 8;
  default:
    return 4;
  }
}

std::vector<char> cnn::test::toBytes(const Tensor &tensor) {
  size_t size = byteSize(tensor.kind), count = tensor.getNumElements();
  std::vector<char> bytes(count * size);
  for (size_t i = 0; i < count; ++i) {
    char *to = bytes.data() + i * size;
    if (tensor.isFloat()) {
      float value = static_cast<float>(tensor.floats[i]);
      std::memcpy(to, &value, size);
    } else {
      std::memcpy(to, &tensor.integers[i], size); // little-endian
    }
  }
  return bytes;
}

Tensor cnn::test::fromBytes(ArrayRef<int64_t> shape, ElementKind kind, const char *bytes) {
  Tensor tensor = Tensor::zeros(shape, kind);
  size_t size = byteSize(kind), count = tensor.getNumElements();
  for (size_t i = 0; i < count; ++i) {
    if (tensor.isFloat()) {
      float value;
      std::memcpy(&value, bytes + i * size, size);
      tensor.floats[i] = value;
    } else if (kind == ElementKind::U8) {
      tensor.integers[i] = static_cast<unsigned char>(bytes[i]);
    } else {
      int32_t value;
      std::memcpy(&value, bytes + i * size, size);
      tensor.integers[i] = value;
    }
  }
  return tensor;
}
