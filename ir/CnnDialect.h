// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The cnn dialect: include this to use its ops, attributes and interfaces.

#ifndef CNN_IR_CNNDIALECT_H
#define CNN_IR_CNNDIALECT_H

#include "ir/Real.h"
#include "ir/TensorShape.h"
#include "ir/WindowMath.h"
#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "ir/CnnDialect.h.inc"
#include "ir/CnnEnums.h.inc"
#define GET_ATTRDEF_CLASSES
#include "ir/CnnAttributes.h.inc"
#include "ir/CnnInterfaces.h.inc"
#define GET_OP_CLASSES
#include "ir/ConvOps.h.inc"
#define GET_OP_CLASSES
#include "ir/ElementwiseOps.h.inc"
#define GET_OP_CLASSES
#include "ir/LossOps.h.inc"
#define GET_OP_CLASSES
#include "ir/ModelOps.h.inc"
#define GET_OP_CLASSES
#include "ir/NormOps.h.inc"
#define GET_OP_CLASSES
#include "ir/OptimizerOps.h.inc"
#define GET_OP_CLASSES
#include "ir/PoolOps.h.inc"
#define GET_OP_CLASSES
#include "ir/ShapeOps.h.inc"

namespace cnn {

/// Names of the discardable attributes on a model's functions, their arguments and results.
inline constexpr llvm::StringLiteral kindAttrName = "cnn.kind"; // FunctionKind, on the function
inline constexpr llvm::StringLiteral nameAttrName = "cnn.name"; // string: the name in the language, or a weight's path
inline constexpr llvm::StringLiteral roleAttrName = "cnn.role"; // Role
inline constexpr llvm::StringLiteral initAttrName = "cnn.init"; // Init, on parameters
inline constexpr llvm::StringLiteral tiedAttrName = "cnn.tied"; // i64, on a result: the argument it replaces
// i64, on an input that is a class number: how many classes there are
inline constexpr llvm::StringLiteral classesAttrName = "cnn.classes";
inline constexpr llvm::StringLiteral derivedAttrName = "cnn.derived"; // Winograd or Packed, on derived arguments

/// On a function without a body: a device carries it out, as its part of a model of which it has this number (i64). Its
/// tensors have the batch outermost. Each of its arguments and results has a name, and for the device
inline constexpr llvm::StringLiteral devicePartAttrName = "cnn.device_part";
inline constexpr llvm::StringLiteral devicePlanesAttrName = "cnn.device_planes"; // array<i64: planes, rows, columns>
inline constexpr llvm::StringLiteral deviceFractionAttrName =
    "cnn.device_fraction"; // i64: of words; w is w / 2^fraction

/// Whether unary_grad of this kind reads the forward op's output (true) or its input (false).
bool gradReadsOutput(UnaryKind kind);

} // namespace cnn

#endif
