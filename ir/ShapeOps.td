// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef CNN_IR_SHAPEOPS_TD
#define CNN_IR_SHAPEOPS_TD

include "ir/CnnOps.td"

def Cnn_ReshapeOp : CnnTypedOp<"reshape", [Cnn_Differentiable]> {
  let summary = "the same values in row-major order under another shape";
  let description = [{
    C1. the number of values is the same; a dynamic batch stays the first dimension. C2. so is the element type.

    ```mlir
    %y = cnn.reshape %x : (tensor<?x6x4x8xf32>) -> tensor<?x192xf32>
    ```
  }];
  let arguments = (ins Cnn_Tensor:$input);
  let results = (outs Cnn_Tensor:$output);
  let hasFolder = 1;
}
def Cnn_PermuteOp : CnnInferredOp<"permute", [Cnn_Differentiable]> {
  let summary = "dimension i of the result is dimension perm[i] of the input";
  let description = [{
    C1. perm is a permutation. C2. of a tensor with a batch, perm[0] = 0.

    ```mlir
    %y = cnn.permute %x {perm = array<i64: 0, 3, 1, 2>} : (tensor<?x224x224x3xf32>) -> tensor<?x3x224x224xf32>
    ```
  }];
  let arguments = (ins Cnn_Tensor:$input, DenseI64ArrayAttr:$perm);
  let results = (outs Cnn_Tensor:$output);
  let hasFolder = 1;
}
def Cnn_PadOp : CnnInferredOp<"pad", [Cnn_Differentiable]> {
  let summary = "surrounds a tensor with a constant or with its mirror image";
  let description = [{
    C1. low and high have one entry >= 0 per dimension; 0 for the batch. C2. a mirror is smaller than the dimension.

    ```mlir
    %y = cnn.pad %x {low = array<i64: 0, 0, 1>, high = array<i64: 0, 0, 2>, mode = #cnn.pad_mode<constant>,
        value = -1.0 : f64}
        : (tensor<?x6x8xf32>) -> tensor<?x6x11xf32>
    ```
  }];
  let arguments = (ins Cnn_Float:$input, DenseI64ArrayAttr:$low, DenseI64ArrayAttr:$high, Cnn_PadModeAttr:$mode,
                       DefaultValuedAttr<F64Attr, "0.0">:$value);
  let results = (outs Cnn_Float:$output);
  let hasFolder = 1;
}
def Cnn_PadGradOp : CnnInferredOp<"pad_grad"> {
  let summary = "gradient of pad: each border value's gradient goes to the value it mirrors (constants drop theirs)";
  let description = [{
    C1. low and high have one entry >= 0 per dimension; 0 for the batch. C2. a mirror is smaller than the dimension of
    the result. C3. the result is not empty.

    ```mlir
    %dx = cnn.pad_grad %dy {low = array<i64: 0, 0, 1>, high = array<i64: 0, 0, 2>, mode = #cnn.pad_mode<mirror>}
        : (tensor<?x6x11xf32>) -> tensor<?x6x8xf32>
    ```
  }];
  let arguments = (ins Cnn_Float:$outputGrad, DenseI64ArrayAttr:$low, DenseI64ArrayAttr:$high, Cnn_PadModeAttr:$mode);
  let results = (outs Cnn_Float:$inputGrad);
}
def Cnn_SliceOp : CnnInferredOp<"slice", [Cnn_Differentiable]> {
  let summary = "a box of a tensor";
  let description = [{
    C1. offsets and sizes have one entry per dimension; of a dynamic batch: offset 0, size -1 (all). C2. the box lies
    inside.

    ```mlir
    %y = cnn.slice %x {offsets = array<i64: 0, 2, 0>, sizes = array<i64: -1, 3, 8>}
        : (tensor<?x6x8xf32>) -> tensor<?x3x8xf32>
    ```
  }];
  let arguments = (ins Cnn_Tensor:$input, DenseI64ArrayAttr:$offsets, DenseI64ArrayAttr:$sizes);
  let results = (outs Cnn_Tensor:$output);
  let hasFolder = 1;
}
def Cnn_ConcatOp : CnnInferredOp<"concat", [Cnn_Differentiable]> {
  let summary = "tensors one after the other along `axis`";
  let description = [{
    C1. at least one input. C2. axis is a dimension, not the batch. C3. all other dimensions, and the element
    types, agree.

    ```mlir
    %y = cnn.concat %a, %b {axis = 1 : i64} : (tensor<?x6x8xf32>, tensor<?x2x8xf32>) -> tensor<?x8x8xf32>
    ```
  }];
  let arguments = (ins Variadic<Cnn_Tensor>:$inputs, I64Attr:$axis);
  let results = (outs Cnn_Tensor:$output);
  let hasFolder = 1;
}
def Cnn_UpsampleOp : CnnInferredOp<"upsample", [Cnn_Differentiable]> {
  let summary = "nearest-neighbour enlargement: each value factors[0] x factors[1] x ... times";
  let description = [{
    C1. the input has channels and 1 to 3 spatial dimensions. C2. one factor >= 1 for each of these.

    ```mlir
    %y = cnn.upsample %x {factors = array<i64: 2, 2>} : (tensor<?x6x4x8xf32>) -> tensor<?x6x8x16xf32>
    ```
  }];
  let arguments = (ins Cnn_Float:$input, DenseI64ArrayAttr:$factors);
  let results = (outs Cnn_Float:$output);
}

#endif
