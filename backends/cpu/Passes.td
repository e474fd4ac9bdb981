// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef CNN_BACKENDS_CPU_PASSES_TD
#define CNN_BACKENDS_CPU_PASSES_TD

include "mlir/Pass/PassBase.td"

def ChooseConvAlgorithms : Pass<"cnn-cpu-choose-conv-algorithms", "::mlir::ModuleOp"> {
  let summary = "choose the algorithm of every convolution";
  let description = [{
    Sets the attribute `algorithm` of each `cnn.conv`, and `cnn.algorithm` of each `cnn.conv_input_grad`, that can be
    computed in more than one way: the one of the fewest cycles by the model of ConvCost.h, or the one that is asked
    for. Training and evaluation, of batches, transform their weights, which change, each time. Inference does not: if
    weights can change, or for an input gradient, it is direct. `ordered` is direct, too, and has no input gradient sum
    in lanes (`cnn.ordered_sums`).

    Needs: the cnn dialect, simplified.
  }];
  let options = [
    Option<"algorithm", "algorithm", "std::string", "\"auto\"", "auto, direct, ordered, winograd2 or winograd4">,
    Option<"lanes", "lanes", "int64_t", "16", "f32 values in a vector register">,
    Option<"cpu", "cpu", "std::string", "\"\"", "LLVM's name of the processor, for ConvCost.h">,
    Option<"dotProducts", "dot-products", "bool", "false",
           "direct convolutions multiply pairs of bf16: half the instructions, half the bytes">,
  ];
}

def SplitSums : Pass<"cnn-cpu-split-sums", "::mlir::func::FuncOp"> {
  let summary = "cut a contraction over the batch that has few results into partial sums";
  let description = [{
    ```mlir
    %dw = linalg.generic {cnn.contraction} ins(%x, %dy) outs(%zeros : tensor<5x5x1x6xf32>)
    // becomes
    %sums = linalg.generic {cnn.contraction} ins(%x, %dy') outs(.. : tensor<4x5x5x1x6xf32>)
    %dw = linalg.generic ins(%sums) outs(%zeros : tensor<5x5x1x6xf32>)        // the sum over the first dimension
    ```

    Left alone: contractions with enough register tiles for several threads, those of little work, and those that do not
    sum over a dimension of known size beside the batch. Needs: linalg on tensors; runs before kernels are formed.
  }];
  let options = [
    Option<"lanes", "lanes", "int64_t", "16", "f32 values in a vector register">,
    Option<"registers", "registers", "int64_t", "32", "vector registers">,
  ];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
                           "::mlir::tensor::TensorDialect"];
}

def FormKernels : Pass<"cnn-form-kernels", "::mlir::ModuleOp"> {
  let summary = "cut the functions of a model into kernels";
  let description = [{
    Each function of a model (`cnn.kind`) becomes a straight list of calls of kernels on buffers; equal kernels are one.

    ```mlir
    func.func @Net(%x: tensor<?x8xf32> {..}, %w: tensor<8x4xf32> {..}) -> (tensor<?x4xf32> {cnn.name = "y", ..}) {
      %0 = linalg.fill ..   %1 = linalg.matmul ins(%x, %w) outs(%0)   %2 = linalg.generic {relu} ins(%1)
      return %2
    }
    // becomes
    func.func @Net(%batch: index, %x: memref<?x8xf32> {..}, %w: memref<8x4xf32> {..}, %y: memref<?x4xf32> {..}) {
      call @kernel_0(%x, %w, %y)
      return
    }
    func.func private @kernel_0(%x: memref<?x8xf32>, %w: memref<8x4xf32>, %y: memref<?x4xf32>) attributes {cnn.kernel} {
      .. bufferization.to_tensor of %x and %w; the ops; bufferization.materialize_in_destination of the result in %y
    }
    ```

    What a concatenation or a padding alone reads is written by its kernel into the place it has there; of a padding, a
    kernel that fills the border is left. Buffers between kernels are `memref.alloc`s. A result that replaces an
    argument (`cnn.tied`) is written into that argument's buffer, after its last other reader; where that cannot be,
    into a buffer that is copied at the end. On a kernel, `cnn.in_place = [input, output, ..]` lists the pairs of
    arguments that may be one buffer, and `cnn.aliased` those that are one in every call. `cnn.work` is about how many
    steps the kernel takes. `cnn.why_apart`, on a call, says why its first op is not in the kernel of what it reads. A
    call of a part that a device carries out (`cnn.device_part`) becomes a call on buffers, of which the first
    `cnn.device_inputs` are what it reads.

    Needs: linalg, tensor and arith ops on tensors; no control flow; the batch as the only dynamic dimension, in front.
    What an op reads along a loop alone has the loop's extent: of a larger tensor it reads a slice.
  }];
  let options = [
    Option<"lanes", "lanes", "int64_t", "16", "f32 values in a vector register, for ConvCost.h">,
    Option<"cpu", "cpu", "std::string", "\"\"", "LLVM's name of the processor, for ConvCost.h">,
  ];
  let dependentDialects = ["::mlir::bufferization::BufferizationDialect", "::mlir::func::FuncDialect",
                           "::mlir::linalg::LinalgDialect", "::mlir::memref::MemRefDialect",
                           "::mlir::tensor::TensorDialect"];
}

def PlaceWeights : Pass<"cnn-place-weights", "::mlir::ModuleOp"> {
  let summary = "give every weight its place in the parameter, state, slot or derived block";
  let description = [{
    Sets `cnn.offset`, in bytes, on the arguments of the roles parameter, state, slot and derived: the same name has the
    same offset in each function of a model. The order is that of the arguments; every offset is a multiple of 64.
    Derived values have a block of their own; their name is that of the weight, of which there may be several kinds.

    Needs: cnn-form-kernels. Fails if two functions disagree about the type or the storage of a weight.
  }];
}

def SliceBatch : Pass<"cnn-slice-batch", "::mlir::ModuleOp"> {
  let summary = "send a batch through kernels in slices of a few samples";
  let description = [{
    ```mlir
    call @scale(%variance, %scale)             // the same for all samples
    call @conv(%x, %w, %scale, %0)
    call @pool(%0, %1)
    call @dense(%1, %v, %y)
    // becomes
    call @scale(%variance, %scale)
    call @conv(%x, %w, %scale, %0) {cnn.slice = 0}
    call @pool(%0, %1) {cnn.slice = 0}
    call @dense(%1, %v, %y)
    ```

    In functions for inference, whose attribute `cnn.slice_samples` then holds the number of samples of each slice.
    Calls of one slice stand in a row. They are carried out together, with the first few samples of the batch, then with
    the next few, and so on, so that what one kernel writes is in a cache when the next one reads it. What is in no
    slice is done with the whole batch: layers whose weights take longer to come from memory than to be used once,
    networks with so small activations that it does not matter, and parts of devices. What does not depend on the batch
    is moved in front of the slice.

    Needs: cnn-form-kernels.
  }];
  let options = [
    Option<"samples", "samples", "int64_t", "0",
           "of a slice; then everything is sliced. 0: as the model of the processor says. Negative: nothing is sliced">,
    Option<"lanes", "lanes", "int64_t", "16", "f32 values in a vector register, for ConvCost.h">,
    Option<"cpu", "cpu", "std::string", "\"\"", "LLVM's name of the processor, for ConvCost.h">,
  ];
}

def PlanMemory : Pass<"cnn-plan-memory", "::mlir::ModuleOp"> {
  let summary = "place all buffers between kernels in one arena";
  let description = [{
    ```mlir
    func.func @Net(%batch: index, ..) {  %0 = memref.alloc(%batch) : memref<?x8xf32>  .. }
    // becomes
    func.func @Net(%batch: index, .., %arena: memref<?xi8>) attributes {cnn.arena = #fixed and per-sample bytes} {
      %0 = affine.apply affine_map<(b) -> (b * OFFSET + FIXED)>(%batch)
      %1 = memref.view %arena[%0][%batch] : memref<?xi8> to memref<?x8xf32>  .. }
    ```

    The arena is [fixed buffers][batch x per-sample buffers]. Two buffers share bytes if they are never needed at the
    same time, or if a kernel may work in place (`cnn.in_place`) on one that it reads last; such a call gets a kernel
    that knows it (`cnn.aliased`). `cnn.arena` holds `fixed_bytes`, `sample_bytes`, and for comparison `fixed_bound`,
    `sample_bound`: the largest sets of bytes that are needed at the same time.

    A buffer that is used by the calls of one slice alone (`cnn.slice`) has room for the samples of a slice, among the
    fixed buffers; its view is marked. What else a slice uses is needed from its first call to its last.

    Needs: cnn-form-kernels. All offsets are multiples of 64.
  }];
  let dependentDialects = ["::mlir::affine::AffineDialect", "::mlir::memref::MemRefDialect"];
}

def EmitEntry : Pass<"cnn-emit-entry", "::mlir::ModuleOp"> {
  let summary = "make the callers of kernels into functions of the model interface";
  let description = [{
    ```mlir
    func.func @Net(%batch: index, %x: memref<?x8xf32> {input}, %w: memref<8x4xf32> {parameter, cnn.offset = 64}, ..)
        attributes {cnn.kind = #cnn.function_kind<infer>} {
      call @kernel_0(%x, %w, %y)
    }
    func.func private @kernel_0(..) attributes {cnn.kernel, cnn.work_items = affine_map<(b) -> (b * 4)>}
    // becomes
    llvm.func @Net.infer(%call: !llvm.ptr) {   // const cnn_call *
      .. the addresses and the batch go into slots ..
      llvm.call @cnn.observe(%call, 0)         // for who measures
      llvm.call @cnn.launch(%call, @kernel_0, %slots, %count, %work)
    }
    llvm.func @kernel_0(!llvm.ptr, i64, i64)
    ```

    `cnn.launch` runs the kernel through the call's parallel_for; or directly if there is none, or a single item, or so
    little to do (`cnn.work`) that waking other threads would take longer. Kernels with `cnn.scratch_bytes` are given
    the call's scratch pool and the size of a slot in it, which becomes an attribute of the function: the most of its
    kernels. A part of a device is carried out by the call's run_part; if that fails, the function ends. The calls of a
    slice are in a loop over the batch; their batch is that of the slice, and what is of a larger one is read and
    written from there on.

    Needs: cnn-plan-memory, cnn-place-weights; kernels as declarations that know their `cnn.work_items`.
  }];
  let options = [
    Option<"minParallelWork", "min-parallel-work", "int64_t", "128 * 1024",
           "steps of a kernel that are worth waking threads">,
  ];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
}

#endif
