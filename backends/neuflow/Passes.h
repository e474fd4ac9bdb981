// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The passes of the NeuFlow back end. What each one does, needs and leaves is written in Passes.td.

#ifndef CNN_BACKENDS_NEUFLOW_PASSES_H
#define CNN_BACKENDS_NEUFLOW_PASSES_H

#include "backends/neuflow/dialect/NeuflowDialect.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace cnn::neuflow {

#define GEN_PASS_DECL
#include "backends/neuflow/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "backends/neuflow/Passes.h.inc"

} // namespace cnn::neuflow

#endif
