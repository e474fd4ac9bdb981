// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From a kernel on tensors to an LLVM function: the passes and their order.
//
// A kernel is a `func.func private` with the attribute `cnn.kernel`. Its arguments are identity-layout memrefs, of
// which only dimension 0 may be dynamic, and then it is the batch. It reads them through `bufferization.to_tensor ...
// restrict`, and writes its results by `bufferization.materialize_in_destination`.
//
// Afterwards it is `llvm.func @kernel(%arguments: !llvm.ptr, %begin: i64, %end: i64)`: see runtime/abi/model.h,
// cnn_kernel_fn. `arguments` points to 8-byte slots: the buffers' addresses in order, then the batch. The attribute
// `cnn.work_items = affine_map<(batch) -> (count)>` is the number of items. A kernel that needs more working memory
// than the stack has says so in `cnn.scratch_bytes`, and takes it from the pool that two more slots tell it about.

#ifndef CNN_BACKENDS_CPU_KERNELS_KERNELPIPELINE_H
#define CNN_BACKENDS_CPU_KERNELS_KERNELPIPELINE_H

#include "backends/cpu/kernels/VectorTarget.h"
#include "mlir/Pass/Pass.h"
#include <memory>

namespace mlir {
class DialectRegistry;
class OpPassManager;
} // namespace mlir

namespace cnn::cpu {

inline constexpr llvm::StringLiteral kernelAttrName = "cnn.kernel";
inline constexpr llvm::StringLiteral workItemsAttrName = "cnn.work_items";
/// "14x32": rows and columns of the register tile of the kernel's contraction.
inline constexpr llvm::StringLiteral tileAttrName = "cnn.tile";
/// Pairs of arguments that are one buffer in every call.
inline constexpr llvm::StringLiteral aliasedAttrName = "cnn.aliased";
/// i64, from UseScratch on: the working memory that a thread needs in the kernel. On a caller, after EmitEntry: the
/// most of its kernels, which is the size of a slot in the pool.
inline constexpr llvm::StringLiteral scratchBytesAttrName = "cnn.scratch_bytes";
/// On a function between TileKernel and SplitWork: the dimensions of the forall, the slowest first.
inline constexpr llvm::StringLiteral itemOrderAttrName = "cnn.item_order";

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "backends/cpu/kernels/Passes.h.inc"

/// Kernels on tensors -> kernels with work ranges, in scf, vector and memref. The module may hold other functions,
/// which are left alone.
void buildKernelPipeline(mlir::OpPassManager &manager, const VectorTarget &target);

/// Kernels from there to the LLVM dialect. Lowers everything in the module that is not LLVM yet.
void buildKernelToLLVMPipeline(mlir::OpPassManager &manager, const VectorTarget &target);

/// Registers the two as `cnn-cpu-kernels` and `cnn-cpu-kernels-to-llvm`, with the target's vector registers as options.
void registerKernelPipelines();

/// External models (tiling, bufferization) that the pipeline needs; call before creating the context.
void registerKernelDialects(mlir::DialectRegistry &registry);

} // namespace cnn::cpu

#endif
