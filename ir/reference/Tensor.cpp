// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "ir/reference/Tensor.h"

#include "llvm/ADT/APFloat.h"

#include <cassert>

using namespace cnn::reference;
using llvm::ArrayRef;

bool cnn::reference::isFloatKind(ElementKind kind) {
  return kind == ElementKind::F64 || kind == ElementKind::F32 || kind == ElementKind::BF16 || kind == ElementKind::F16;
}

llvm::StringRef cnn::reference::stringifyElementKind(ElementKind kind) {
  switch (kind) {
  case ElementKind::F64:
    return "f64";
  case ElementKind::F32:
    return "f32";
  case ElementKind::BF16:
    return "bf16";
  case ElementKind::F16:
    return "f16";
  case ElementKind::U8:
    return "u8";
  case ElementKind::I32:
    return "i32";
  case ElementKind::I64:
    return "i64";
  }
  return "";
}

double cnn::reference::roundToKind(double value, ElementKind kind) {
  if (kind == ElementKind::F64)
    return value;
  if (kind == ElementKind::F32)
    return static_cast<float>(value);
  llvm::APFloat rounded(value);
  bool losesInfo = false;
  rounded.convert(kind == ElementKind::BF16 ? llvm::APFloat::BFloat() : llvm::APFloat::IEEEhalf(),
                  llvm::APFloat::rmNearestTiesToEven, &losesInfo);
  rounded.convert(llvm::APFloat::IEEEdouble(), llvm::APFloat::rmNearestTiesToEven, &losesInfo);
  return rounded.convertToDouble();
}

Tensor Tensor::zeros(ArrayRef<int64_t> shape, ElementKind kind) {
  Tensor tensor;
  tensor.shape.assign(shape.begin(), shape.end());
  tensor.kind = kind;
  if (isFloatKind(kind))
    tensor.floats.resize(countElements(shape));
  else
    tensor.integers.resize(countElements(shape));
  return tensor;
}

Tensor Tensor::ofFloats(ArrayRef<int64_t> shape, std::vector<double> values, ElementKind kind) {
  assert(isFloatKind(kind) && static_cast<int64_t>(values.size()) == countElements(shape));
  Tensor tensor;
  tensor.shape.assign(shape.begin(), shape.end());
  tensor.kind = kind;
  tensor.floats = std::move(values);
  return tensor;
}

Tensor Tensor::ofIntegers(ArrayRef<int64_t> shape, std::vector<int64_t> values, ElementKind kind) {
  assert(!isFloatKind(kind) && static_cast<int64_t>(values.size()) == countElements(shape));
  Tensor tensor;
  tensor.shape.assign(shape.begin(), shape.end());
  tensor.kind = kind;
  tensor.integers = std::move(values);
  return tensor;
}

int64_t Tensor::getNumElements() const { return countElements(shape); }

int64_t cnn::reference::countElements(ArrayRef<int64_t> shape) {
  int64_t count = 1;
  for (int64_t size : shape)
    count *= size;
  return count;
}

int64_t cnn::reference::linearize(ArrayRef<int64_t> index, ArrayRef<int64_t> shape) {
  assert(index.size() == shape.size());
  int64_t offset = 0;
  for (size_t i = 0; i < shape.size(); ++i)
    offset = offset * shape[i] + index[i];
  return offset;
}

void cnn::reference::forEachIndex(ArrayRef<int64_t> shape, llvm::function_ref<void(ArrayRef<int64_t>)> visit) {
  llvm::SmallVector<int64_t> index(shape.size(), 0);
  int64_t count = countElements(shape);
  for (int64_t i = 0; i < count; ++i) {
    visit(index);
    // Count up, like an odometer.
    for (int64_t dim = static_cast<int64_t>(shape.size()) - 1; dim >= 0; --dim) {
      if (++index[dim] < shape[dim])
        break;
      index[dim] = 0;
    }
  }
}
