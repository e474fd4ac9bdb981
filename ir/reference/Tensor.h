// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The values that the reference evaluator computes with: dense, row-major, batch included.

#ifndef CNN_IR_REFERENCE_TENSOR_H
#define CNN_IR_REFERENCE_TENSOR_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"

#include <cstdint>
#include <vector>

namespace cnn::reference {

enum class ElementKind { F64, F32, BF16, F16, U8, I32, I64 };

bool isFloatKind(ElementKind kind);
llvm::StringRef stringifyElementKind(ElementKind kind);

/// `value` rounded to the nearest one that `kind`, a floating-point kind, can represent (ties to even).
double roundToKind(double value, ElementKind kind);

/// A tensor. Only one of the two arrays is used: the one its kind says. Floating-point values of every kind are held as
/// double, which represents all of them exactly.
struct Tensor {
  llvm::SmallVector<int64_t> shape;
  ElementKind kind = ElementKind::F64;
  std::vector<double> floats;
  std::vector<int64_t> integers;

  /// A tensor of zeros.
  static Tensor zeros(llvm::ArrayRef<int64_t> shape, ElementKind kind);
  static Tensor ofFloats(llvm::ArrayRef<int64_t> shape, std::vector<double> values,
                         ElementKind kind = ElementKind::F64);
  static Tensor ofIntegers(llvm::ArrayRef<int64_t> shape, std::vector<int64_t> values, ElementKind kind);

  bool isFloat() const { return isFloatKind(kind); }
  int64_t getRank() const { return static_cast<int64_t>(shape.size()); }
  int64_t getDim(int64_t dim) const { return shape[dim]; }
  int64_t getNumElements() const;

  /// Element `offset`, as a number.
  double getNumber(int64_t offset) const { return isFloat() ? floats[offset] : static_cast<double>(integers[offset]); }
};

/// The number of elements of a shape.
int64_t countElements(llvm::ArrayRef<int64_t> shape);

/// The row-major position of an index.
int64_t linearize(llvm::ArrayRef<int64_t> index, llvm::ArrayRef<int64_t> shape);

/// Calls `visit` with each index of a shape, in row-major order. The shape without dimensions has one index.
void forEachIndex(llvm::ArrayRef<int64_t> shape, llvm::function_ref<void(llvm::ArrayRef<int64_t>)> visit);

} // namespace cnn::reference

#endif
