// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The passes of the compiler. What each one does, needs and leaves is written in Passes.td.

#ifndef CNN_PASSES_PASSES_H
#define CNN_PASSES_PASSES_H

#include "ir/CnnDialect.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace cnn {

#define GEN_PASS_DECL
#include "passes/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "passes/Passes.h.inc"

} // namespace cnn

#endif
