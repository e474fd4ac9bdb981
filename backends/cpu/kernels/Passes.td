// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef CNN_BACKENDS_CPU_KERNELS_PASSES_TD
#define CNN_BACKENDS_CPU_KERNELS_PASSES_TD

include "mlir/Pass/PassBase.td"

def TileKernel : Pass<"cnn-cpu-tile-kernel", "mlir::func::FuncOp"> {
  let summary = "Splits a kernel into independent work items, and its contraction into register tiles";
  let description = [{
    Before: a function with the attribute `cnn.kernel` whose tensors are whole. After: one `scf.forall` over the items
    of the result, with everything that produces an item fused into it; in it, a contraction (`cnn.contraction`) is cut
    into register tiles with static parallel sizes, its `linalg.fill` in front and its elementwise epilogue behind.

    A kernel that cannot be split (several results, a shape not understood) is left as it is: it runs as one item.
    Needs destination-passing style with identity output maps. Not for functions without `cnn.kernel`.
  }];
  let options = [
    Option<"lanes", "lanes", "int64_t", "16", "f32 values in a vector register">,
    Option<"registers", "registers", "int64_t", "32", "vector registers">,
    Option<"cpu", "cpu", "std::string", "\"\"", "LLVM's name of the processor, for ConvCost.h">,
  ];
  let dependentDialects = ["mlir::affine::AffineDialect", "mlir::arith::ArithDialect", "mlir::linalg::LinalgDialect",
                           "mlir::scf::SCFDialect", "mlir::tensor::TensorDialect"];
}

def WidenOperands : Pass<"cnn-cpu-widen-operands", "mlir::func::FuncOp"> {
  let summary = "Widens the operand of a contraction that is broadcast from bf16 to f32";
  let description = [{
    For machines without dot products of bf16. Before: a contraction whose left operand, which does not have the
    columns, is bf16. After: that operand is the result of a `linalg.generic` that widens it, and can be computed in
    parts. Runs before the kernel is tiled. Not for functions without `cnn.kernel`.
  }];
  let dependentDialects = ["mlir::arith::ArithDialect", "mlir::linalg::LinalgDialect", "mlir::tensor::TensorDialect"];
}

def EmitMicrokernels : Pass<"cnn-cpu-emit-microkernels", "mlir::func::FuncOp"> {
  let summary = "Turns register tiles into reduction loops with the accumulators in registers";
  let description = [{
    Before: a `linalg.generic` with `cnn.contraction`, all of whose parallel sizes are static and small. After:
    `scf.for` loops over the reductions, carrying one vector per row and column block of the tile. The fill in front and
    the epilogue behind it become vector code too, and fold against it.

    Reads nothing but the indexing maps, so it does not know what a convolution is. Inputs may be bf16; two elements of
    the reduction that lie side by side in both are multiplied together.
  }];
  let options = [
    Option<"lanes", "lanes", "int64_t", "16", "f32 values in a vector register">,
    Option<"fma", "fma", "bool", "true", "use fused multiply-add">,
    Option<"bf16", "bf16", "bool", "false", "use dot products of bf16 (AVX-512)">,
  ];
  let dependentDialects = ["mlir::affine::AffineDialect", "mlir::arith::ArithDialect", "mlir::LLVM::LLVMDialect",
                           "mlir::scf::SCFDialect", "mlir::tensor::TensorDialect", "mlir::vector::VectorDialect"];
}

def FlattenTiles : Pass<"cnn-cpu-flatten-tiles", "mlir::func::FuncOp"> {
  let summary = "Makes full vectors of what follows a contraction of few columns";
  let description = [{
    Before: a `vector.transfer_write` of a tile with fewer columns than a vector has lanes, to memory where it is
    contiguous; what it writes comes from rows by elementwise ops. After: writes of full vectors, one after the other,
    each computed from elements that are picked out of the rows.

    Runs after bufferization, when it is known how a tile lies in memory. Left alone is what comes from anything else.
  }];
  let options = [Option<"lanes", "lanes", "int64_t", "16", "f32 values in a vector register">];
  let dependentDialects = ["mlir::affine::AffineDialect", "mlir::arith::ArithDialect", "mlir::memref::MemRefDialect",
                           "mlir::vector::VectorDialect"];
}

def EmitTransforms : Pass<"cnn-cpu-emit-transforms", "mlir::func::FuncOp"> {
  let summary = "Turns tiles of transforms by constant matrices into straight vector code";
  let description = [{
    Before: a `linalg.generic` with `cnn.transform` that starts from zeros, with static sizes, which are 1 but for those
    of the matrices and for the innermost, whose values become the lanes of a vector. After: vectors added, subtracted
    and multiplied by the matrices' elements, and one write of the tile.
  }];
  let options = [Option<"fma", "fma", "bool", "true", "use fused multiply-add">];
  let dependentDialects = ["mlir::affine::AffineDialect", "mlir::arith::ArithDialect", "mlir::linalg::LinalgDialect",
                           "mlir::tensor::TensorDialect", "mlir::vector::VectorDialect"];
}

def PrefetchOperands : Pass<"cnn-cpu-prefetch-operands", "mlir::func::FuncOp"> {
  let summary = "Asks for the weights of a reduction before they are needed";
  let description = [{
    Before: the reduction loops that cnn-cpu-emit-microkernels makes, on memory. After: each read of a vector of 32
    bytes or more whose place depends on the innermost loop has a `memref.prefetch` of what it reads 32 steps later.
    That may lie behind the end of the buffer, where a prefetch does nothing.

    If several register tiles, of one item or of items that follow each other, read the same block of an argument, each
    of their steps has a prefetch of its part of the next block, for the second-level cache.
  }];
  let dependentDialects = ["mlir::affine::AffineDialect", "mlir::arith::ArithDialect", "mlir::memref::MemRefDialect"];
}

def VectorizeRows : Pass<"cnn-cpu-vectorize-rows", "mlir::func::FuncOp"> {
  let summary = "Makes vectors of loops whose innermost dimension is short";
  let description = [{
    Before: a parallel `linalg.generic` on memory whose innermost dimension is shorter than two vectors, such as 6
    channels. After: loops over rows of several dimensions that are contiguous in the result, with vectors of `lanes`
    elements, whose operands are put together by shuffles. Others are left alone, to become loops that LLVM vectorizes.
    Not for functions without `cnn.kernel`.
  }];
  let options = [Option<"lanes", "lanes", "int64_t", "16", "f32 values in a vector register">];
  let dependentDialects = ["mlir::affine::AffineDialect", "mlir::arith::ArithDialect", "mlir::memref::MemRefDialect",
                           "mlir::scf::SCFDialect", "mlir::vector::VectorDialect"];
}

def LowerCopies : Pass<"cnn-cpu-lower-copies", "mlir::func::FuncOp"> {
  let summary = "Makes copies of buffers into loops";
  let description = [{
    A `memref.copy` of anything but whole buffers would become a call of MLIR's run-time library, which artifacts do not
    have. As a `linalg.generic` it becomes loops, whose contiguous parts LLVM turns into vector code. Runs after
    bufferization.
  }];
  let dependentDialects = ["mlir::linalg::LinalgDialect", "mlir::memref::MemRefDialect"];
}

def UseScratch : Pass<"cnn-cpu-use-scratch", "::mlir::func::FuncOp"> {
  let summary = "Puts temporaries of a kernel that are too large for the stack into the scratch memory of its thread";
  let description = [{
    ```mlir
    func.func private @k(%x: memref<?xf32>) attributes {cnn.kernel} {
      scf.forall .. {  %t = memref.alloc() : memref<64x1024xf32>  .. }
    // becomes
    func.func private @k(%x: memref<?xf32>, %scratch: memref<262144xi8>)
        attributes {cnn.kernel, cnn.scratch_bytes = 262144 : i64} {
      scf.forall .. {  %t = memref.view %scratch[%c0][] : memref<262144xi8> to memref<64x1024xf32>  .. }
    ```

    Every temporary has a place of its own, at a multiple of 64 bytes: all are taken to be needed at the same time.

    Left alone: an allocation of dynamic size, one that outlives the iteration it is made in, and one with which there
    would be more than 64 MB. Runs after the small ones have gone to the stack. Not for functions without `cnn.kernel`.
  }];
  let dependentDialects = ["mlir::arith::ArithDialect", "mlir::memref::MemRefDialect"];
}

def SplitWork : Pass<"cnn-cpu-split-work", "mlir::func::FuncOp"> {
  let summary = "Makes a kernel run any range [begin, end) of its work items";
  let description = [{
    Before: a bufferized kernel with at most one top-level `scf.forall`. After: the function has two more arguments,
    `begin` and `end`, behind the others; the forall is a `scf.for` over them that works out its coordinates. The
    attribute `cnn.work_items` is the number of items as an affine map of the batch. A kernel without a forall is one
    item.
  }];
  let dependentDialects = ["mlir::affine::AffineDialect", "mlir::arith::ArithDialect", "mlir::LLVM::LLVMDialect",
                           "mlir::scf::SCFDialect"];
}

def PackArguments : Pass<"cnn-cpu-pack-arguments", "mlir::ModuleOp"> {
  let summary = "Gives every kernel the signature of the runtime: (arguments, begin, end)";
  let description = [{
    Before: `func.func @k(%a: memref<?x..>, ..., %begin: index, %end: index)`. After: `llvm.func @k(!llvm.ptr, i64,
    i64)`, which reads the buffers' addresses and, behind them, the batch from an array of 8-byte slots, and calls the
    body with `noalias` pointers. For a kernel with `cnn.scratch_bytes`, whose last memref is its scratch memory, two
    more slots hold the pool and the size of a slot in it; the call of the body stands between `cnn_scratch_claim` and
    `cnn_scratch_release`. Runs after the body's ops are lowered to what can take part in the conversion to LLVM.
  }];
  let dependentDialects = ["mlir::LLVM::LLVMDialect"];
}

def ExpandBFloat16 : Pass<"cnn-cpu-expand-bfloat16", "mlir::func::FuncOp"> {
  let summary = "Writes conversions between bf16 and f32 as arithmetic on integers";
  let description = [{
    For machines that have no instruction for them: LLVM would call a function for each value. A bf16 is the upper half
    of a f32; towards it, a value is rounded to nearest, ties to even. Works on scalars and on vectors.

    Where there is an instruction for it, the conversion of a vector is left alone. That of a scalar is not: LLVM makes
    vectors of loops over them, as long as they are integers.
  }];
  let options = [
    Option<"hasInstruction", "has-instruction", "bool", "false", "vectors are converted by an instruction">,
  ];
  let dependentDialects = ["mlir::arith::ArithDialect", "mlir::vector::VectorDialect"];
}

def ApproximateMath : Pass<"cnn-cpu-approximate-math", "mlir::func::FuncOp"> {
  let summary = "Writes exp, log, tanh and the like as arithmetic, so that loops over them become vector code";
  let description = [{
    A call of libm cannot be vectorized. The polynomials are those of MLIR (errors of a few units in the last place of
    f32); functions without one stay calls. Without `fma`, a machine that has no such instruction, its multiply-adds are
    rounded twice: a call for each would take a hundred times as long.
  }];
  let options = [Option<"fma", "fma", "bool", "true", "fused multiply-add is one instruction">];
  let dependentDialects = ["mlir::arith::ArithDialect", "mlir::math::MathDialect", "mlir::vector::VectorDialect"];
}

#endif
