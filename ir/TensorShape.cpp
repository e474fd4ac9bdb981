// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "ir/TensorShape.h"

#include "mlir/IR/Diagnostics.h"
#include "llvm/ADT/Sequence.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace cnn {

bool hasBatch(RankedTensorType type) { return type.getRank() > 0 && type.isDynamicDim(0); }

std::optional<int64_t> valueCount(ArrayRef<int64_t> shape) {
  constexpr int64_t limit = int64_t(1) << 60;
  int64_t count = 1;
  for (int64_t dim : shape) {
    if (ShapedType::isDynamic(dim))
      continue;
    if (dim < 0 || llvm::MulOverflow(count, dim, count) || count > limit)
      return std::nullopt;
  }
  return count;
}

bool isModelShape(RankedTensorType type) {
  ArrayRef<int64_t> shape = type.getShape();
  ArrayRef<int64_t> sample = hasBatch(type) ? shape.drop_front() : shape;
  return llvm::all_of(sample, [](int64_t dim) { return dim >= 1; }) && valueCount(sample) && !type.getEncoding();
}

std::string shapeText(ArrayRef<int64_t> shape) {
  if (!shape.empty() && ShapedType::isDynamic(shape.front()))
    shape = shape.drop_front();
  return "[" + llvm::join(llvm::map_range(shape, [](int64_t dim) { return std::to_string(dim); }), ", ") + "]";
}

std::string shapeText(RankedTensorType type) { return shapeText(type.getShape()); }

FailureOr<RankedTensorType> inferTensorType(std::optional<Location> location, ArrayRef<int64_t> shape,
                                            Type elementType) {
  ArrayRef<int64_t> sample = !shape.empty() && ShapedType::isDynamic(shape.front()) ? shape.drop_front() : shape;
  for (int64_t dim : sample)
    if (dim < 1)
      return emitOptionalError(location, "expected dimensions of at least 1, but got a result of shape ",
                               shapeText(shape));
  if (!valueCount(sample))
    return emitOptionalError(location, "expected at most 2^60 values in a tensor, but got a result of shape ",
                             shapeText(shape));
  return RankedTensorType::get(shape, elementType);
}

bool areRisingAxes(ArrayRef<int64_t> axes, int64_t rank) {
  int64_t previous = -1;
  for (int64_t axis : axes) {
    if (axis <= previous || axis >= rank)
      return false;
    previous = axis;
  }
  return true;
}

SmallVector<int64_t> allAxes(int64_t rank) { return llvm::to_vector(llvm::seq<int64_t>(0, rank)); }

} // namespace cnn
