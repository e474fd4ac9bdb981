// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The neuflow dialect: include this to use its ops and attributes.

#ifndef CNN_BACKENDS_NEUFLOW_DIALECT_NEUFLOWDIALECT_H
#define CNN_BACKENDS_NEUFLOW_DIALECT_NEUFLOWDIALECT_H

#include "ir/CnnDialect.h"
#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/RegionKindInterface.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "runtime/neuflow/machine/ConfigWords.h"
#include "runtime/neuflow/machine/Result.h"

namespace cnn::neuflow {

/// An output plane of a convolution reads an input plane.
struct Connection {
  int64_t output, input;
  friend bool operator==(const Connection &, const Connection &) = default;
};

/// Whether a shape is static, not empty, and of at most 2^40 values.
bool isWordShape(mlir::RankedTensorType type);

/// Names of the discardable attributes on functions, their arguments and results.
inline constexpr llvm::StringLiteral partAttrName = "neuflow.part";         // PartKind, on a function
inline constexpr llvm::StringLiteral fractionAttrName = "neuflow.fraction"; // i64: fraction bits of a word
// On an op or argument on reals: array<f64: the largest magnitude, partial sums included; root of the mean square>.
inline constexpr llvm::StringLiteral rangeAttrName = "neuflow.range";
// i64, on an op on reals and the one on words that is made of it: the same number.
inline constexpr llvm::StringLiteral indexAttrName = "neuflow.index";

} // namespace cnn::neuflow

#include "backends/neuflow/dialect/NeuflowDialect.h.inc"
#include "backends/neuflow/dialect/NeuflowEnums.h.inc"
#define GET_ATTRDEF_CLASSES
#include "backends/neuflow/dialect/NeuflowAttributes.h.inc"
#define GET_TYPEDEF_CLASSES
#include "backends/neuflow/dialect/NeuflowTypes.h.inc"
#define GET_OP_CLASSES
#include "backends/neuflow/dialect/DeviceOps.h.inc"
#define GET_OP_CLASSES
#include "backends/neuflow/dialect/MachineOps.h.inc"
#define GET_OP_CLASSES
#include "backends/neuflow/dialect/TensorOps.h.inc"

#endif
