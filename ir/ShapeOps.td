// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef CNN_IR_SHAPEOPS_TD
#define CNN_IR_SHAPEOPS_TD

include "ir/CnnOps.td"

def Cnn_ReshapeOp : CnnTypedOp<"reshape", [Cnn_Differentiable]> {
  let summary = "the same values in row-major order under another shape";
  let description = [{
    C1. the number of values is the same; a dynamic batch stays the first dimension. C2. so is the element type.
  }];
  let arguments = (ins Cnn_Tensor:$input);
  let results = (outs Cnn_Tensor:$output);
  let hasFolder = 1;
}
def Cnn_PermuteOp : CnnInferredOp<"permute", [Cnn_Differentiable]> {
  let summary = "dimension i of the result is dimension perm[i] of the input";
  let description = [{ C1. perm is a permutation. C2. of a tensor with a batch, perm[0] = 0. }];
  let arguments = (ins Cnn_Tensor:$input, DenseI64ArrayAttr:$perm);
  let results = (outs Cnn_Tensor:$output);
  let hasFolder = 1;
}
def Cnn_PadOp : CnnInferredOp<"pad", [Cnn_Differentiable]> {
  let summary = "surrounds a tensor with a constant or with its mirror image";
  let description = [{
    C1. low and high have one entry >= 0 per dimension; 0 for the batch. C2. a mirror is smaller than the dimension.
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
  }];
  let arguments = (ins Cnn_Float:$outputGrad, DenseI64ArrayAttr:$low, DenseI64ArrayAttr:$high, Cnn_PadModeAttr:$mode);
  let results = (outs Cnn_Float:$inputGrad);
}
def Cnn_SliceOp : CnnInferredOp<"slice", [Cnn_Differentiable]> {
  let summary = "a box of a tensor";
  let description = [{
    C1. offsets and sizes have one entry per dimension; of a dynamic batch: offset 0, size -1 (all). C2. the box lies inside.
  }];
  let arguments = (ins Cnn_Tensor:$input, DenseI64ArrayAttr:$offsets, DenseI64ArrayAttr:$sizes);
  let results = (outs Cnn_Tensor:$output);
  let hasFolder = 1;
}
def Cnn_ConcatOp : CnnInferredOp<"concat", [Cnn_Differentiable]> {
  let summary = "tensors one after the other along `axis`";
  let description = [{ C1. at least one input. C2. axis is a dimension, not the batch. C3. all other dimensions, and the element types, agree. }];
  let arguments = (ins Variadic<Cnn_Tensor>:$inputs, I64Attr:$axis);
  let results = (outs Cnn_Tensor:$output);
  let hasFolder = 1;
}
def Cnn_UpsampleOp : CnnInferredOp<"upsample", [Cnn_Differentiable]> {
  let summary = "nearest-neighbour enlargement: each value factors[0] x factors[1] x ... times";
  let description = [{ C1. the input has channels and 1 to 3 spatial dimensions. C2. one factor >= 1 for each of these. }];
  let arguments = (ins Cnn_Float:$input, DenseI64ArrayAttr:$factors);
  let results = (outs Cnn_Float:$output);
}

#endif
