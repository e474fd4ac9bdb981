// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the dialect asks of the shape of a tensor, and how a shape is said to a user.

#ifndef CNN_IR_TENSORSHAPE_H
#define CNN_IR_TENSORSHAPE_H

#include "mlir/IR/BuiltinTypes.h"
#include <optional>
#include <string>

namespace cnn {

/// Whether the first dimension is a batch, that is dynamic.
bool hasBatch(mlir::RankedTensorType type);

/// The number of values of one sample (of a tensor with a batch) or of the tensor; nullopt if it exceeds 2^60, so that
/// sizes in bytes always fit 64 bits.
std::optional<int64_t> valueCount(llvm::ArrayRef<int64_t> shape);

/// Whether all dimensions but the first are static, none is empty, and valueCount exists.
bool isModelShape(mlir::RankedTensorType type);

/// The shape as the user writes it: without the batch, as in "[64, 7, 7]".
std::string shapeText(llvm::ArrayRef<int64_t> shape);
std::string shapeText(mlir::RankedTensorType type);

/// The tensor type, or an error at `location` if no tensor can have this shape.
mlir::FailureOr<mlir::RankedTensorType> inferTensorType(std::optional<mlir::Location> location,
                                                        llvm::ArrayRef<int64_t> shape, mlir::Type elementType);

/// Whether `axes` are rising and each is at least 0 and below `rank`.
bool areRisingAxes(llvm::ArrayRef<int64_t> axes, int64_t rank);

/// The numbers 0 .. rank-1.
llvm::SmallVector<int64_t> allAxes(int64_t rank);

} // namespace cnn

#endif
