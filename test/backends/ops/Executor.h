// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Ways to run functions of cnn ops as compiled code.

#ifndef CNN_TEST_BACKENDS_OPS_EXECUTOR_H
#define CNN_TEST_BACKENDS_OPS_EXECUTOR_H

#include "ir/reference/Tensor.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/OwningOpRef.h"
#include <memory>
#include <string>

namespace cnn::test {

/// A function that was compiled, for any batch.
class CompiledFunction {
public:
  virtual ~CompiledFunction() = default;
  /// Runs it. A failure has been reported.
  virtual mlir::FailureOr<llvm::SmallVector<reference::Tensor>> run(llvm::ArrayRef<reference::Tensor> inputs) = 0;
};

/// Null after a failure, which has been reported.
using CompiledFunctionPtr = std::unique_ptr<CompiledFunction>;

/// Lowered to linalg by our passes, and from there to machine code by the plainest passes of MLIR. `module` holds the
/// function alone.
CompiledFunctionPtr compileAsLinalg(mlir::OwningOpRef<mlir::ModuleOp> module);

/// By all of the CPU back end, to an object file for `triple` and `cpu` (empty: the host's). Arguments without a batch
/// become parameters, and a result that is tied to one (cnn.tied) its new value. Each run is done serially and with the
/// work of every kernel cut into pieces; it fails if that makes a difference, or if memory outside the buffers is
/// touched.
CompiledFunctionPtr compileForCpu(mlir::OwningOpRef<mlir::ModuleOp> module, llvm::StringRef triple,
                                  llvm::StringRef cpu);

/// Why this machine cannot run what is compiled for them, itself or by emulation; empty if it can.
std::string findObstacle(llvm::StringRef triple, llvm::StringRef cpu);

/// A context with all dialects and models that the above need.
std::unique_ptr<mlir::MLIRContext> makeCompilerContext();

/// The values as they are in memory: f32, u8, i32 or i64.
size_t byteSize(reference::ElementKind kind);
std::vector<char> toBytes(const reference::Tensor &tensor);
reference::Tensor fromBytes(llvm::ArrayRef<int64_t> shape, reference::ElementKind kind, const char *bytes);

} // namespace cnn::test

#endif
