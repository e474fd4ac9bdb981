// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef CNN_IR_ELEMENTWISEOPS_TD
#define CNN_IR_ELEMENTWISEOPS_TD

include "ir/CnnOps.td"

def Cnn_ConstantOp : CnnOp<"constant", [Pure, ConstantLike, AllTypesMatch<["value", "result"]>]> {
  let summary = "a tensor known at compile time";
  let description = [{
    ```mlir
    %c = cnn.constant dense<1.0> : tensor<f32>
    ```
  }];
  let arguments = (ins ElementsAttr:$value);
  let results = (outs Cnn_Tensor:$result);
  let assemblyFormat = "attr-dict $value";
  let hasFolder = 1;
}

def Cnn_UnaryOp : CnnInferredOp<"unary", [Cnn_Differentiable]> {
  let summary = "an elementwise function of one tensor";
  let description = [{
    `alpha` is the slope of leaky_relu below zero; other kinds do not read it.

    ```mlir
    %y = cnn.unary <tanh> %x : (tensor<?x6x28x28xf32>) -> tensor<?x6x28x28xf32>
    ```
  }];
  let arguments = (ins Cnn_UnaryKindAttr:$kind, Cnn_Float:$input, DefaultValuedAttr<F64Attr, "0.01">:$alpha);
  let results = (outs Cnn_Float:$output);
  let builders = [OpBuilder<(ins "::cnn::UnaryKind":$kind, "::mlir::Value":$input), [{
    build($_builder, $_state, kind, input, ::llvm::APFloat(0.01));
  }]>];
  let assemblyFormat = "$kind operands attr-dict `:` functional-type(operands, results)";
  let hasFolder = 1;
}
def Cnn_UnaryGradOp : CnnInferredOp<"unary_grad"> {
  let summary = "gradient of unary: f'(x) * dy";
  let description = [{
    `value` is the forward op's output for relu, tanh, scaled_tanh, sigmoid, hardtanh, sqrt, exp and reciprocal, and
    its input for the others; C++ asks `gradReadsOutput(kind)`. At a corner of f the gradient is 0 (relu and abs at
    0, hardtanh at -1 and 1), for leaky_relu at 0 it is alpha.

    C1. value and output_grad have the same type.

    ```mlir
    %dx = cnn.unary_grad <tanh> %y, %dy : (tensor<?x6xf32>, tensor<?x6xf32>) -> tensor<?x6xf32>
    ```
  }];
  let arguments = (ins Cnn_UnaryKindAttr:$kind, Cnn_Float:$value, Cnn_Float:$outputGrad,
                       DefaultValuedAttr<F64Attr, "0.01">:$alpha);
  let results = (outs Cnn_Float:$inputGrad);
  let builders = [OpBuilder<(ins "::cnn::UnaryKind":$kind, "::mlir::Value":$value, "::mlir::Value":$outputGrad), [{
    build($_builder, $_state, kind, value, outputGrad, ::llvm::APFloat(0.01));
  }]>];
  let assemblyFormat = "$kind operands attr-dict `:` functional-type(operands, results)";
}
def Cnn_BinaryOp : CnnInferredOp<"binary", [Cnn_Differentiable]> {
  let summary = "an elementwise function of two tensors; the second may be broadcast";
  let description = [{
    Dimension i of `rhs` runs along dimension axes[i] of `lhs`; the result has the type of `lhs`. max and min give NaN
    if either value is NaN; which of +0 and -0 they give is left open. Where the two values are equal, each side
    receives half the gradient.

    C1. axes has one entry per dimension of rhs, rising, each a dimension of lhs.
    C2. the dimensions agree.
    C3. the element types are the same.

    ```mlir
    %y = cnn.binary <add> %x, %bias {axes = array<i64: 1>}
        : (tensor<?x6x28x28xf32>, tensor<6xf32>) -> tensor<?x6x28x28xf32>
    ```
  }];
  let arguments = (ins Cnn_BinaryKindAttr:$kind, Cnn_Float:$lhs, Cnn_Float:$rhs, DenseI64ArrayAttr:$axes);
  let results = (outs Cnn_Float:$output);
  let assemblyFormat = "$kind operands attr-dict `:` functional-type(operands, results)";
  let hasFolder = 1;
}
def Cnn_BroadcastOp : CnnOp<"broadcast", [Pure, Cnn_Differentiable]> {
  let summary = "repeats a tensor along the dimensions that are not in `axes`, to the shape of `like`";
  let description = [{
    The inverse of reduce. `like` gives the shape alone; its values are not read.

    C1. axes has one entry per dimension of input, rising, each a dimension of like. C2. the dimensions agree.
    C3. the result has the shape of like and the element type of input.

    ```mlir
    %y = cnn.broadcast %bias, %x {axes = array<i64: 1>}
        : (tensor<6xf32>, tensor<?x6x28x28xf32>) -> tensor<?x6x28x28xf32>
    ```
  }];
  let arguments = (ins Cnn_Float:$input, Cnn_Tensor:$like, DenseI64ArrayAttr:$axes);
  let results = (outs Cnn_Float:$output);
  let assemblyFormat = "operands attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
  let hasFolder = 1;
}
def Cnn_ReduceOp : CnnInferredOp<"reduce", [Cnn_Differentiable]> {
  let summary = "the sum, mean or maximum over all dimensions that are not in `keep`";
  let description = [{
    The values that equal the maximum share its gradient evenly.

    C1. keep is rising, each entry a dimension of the input.

    ```mlir
    %s = cnn.reduce <mean> %x {keep = array<i64: 0>} : (tensor<?x10xf32>) -> tensor<?xf32>
    ```
  }];
  let arguments = (ins Cnn_ReduceKindAttr:$kind, Cnn_Float:$input, DenseI64ArrayAttr:$keep);
  let results = (outs Cnn_Float:$output);
  let assemblyFormat = "$kind operands attr-dict `:` functional-type(operands, results)";
  let hasFolder = 1;
}
def Cnn_CastOp : CnnOp<"cast", [Pure, Cnn_Differentiable, SameOperandsAndResultShape]> {
  let summary = "converts the element type; to an integer: rounds to nearest even and saturates";
  let description = [{
    NaN becomes 0. Between floating-point types the gradient is cast back; to or from an integer there is none.

    ```mlir
    %x = cnn.cast %image : (tensor<?x1x28x28xui8>) -> tensor<?x1x28x28xf32>
    ```
  }];
  let arguments = (ins Cnn_Tensor:$input);
  let results = (outs Cnn_Tensor:$output);
  let assemblyFormat = "$input attr-dict `:` functional-type(operands, results)";
  let hasFolder = 1;
}
def Cnn_SoftmaxOp : CnnInferredOp<"softmax", [Cnn_Differentiable]> {
  let summary = "exp(x) / sum exp(x) over the channels (dimension 1)";
  let description = [{
    C1. the input has channels: at least two dimensions.

    ```mlir
    %y = cnn.softmax %x : (tensor<?x10xf32>) -> tensor<?x10xf32>
    ```
  }];
  let arguments = (ins Cnn_Float:$input);
  let results = (outs Cnn_Float:$output);
}
def Cnn_SoftmaxGradOp : CnnInferredOp<"softmax_grad"> {
  let summary = "y * (dy - sum over channels of dy * y)";
  let description = [{
    C1. output has channels. C2. output and output_grad have the same type.

    ```mlir
    %dx = cnn.softmax_grad %y, %dy : (tensor<?x10xf32>, tensor<?x10xf32>) -> tensor<?x10xf32>
    ```
  }];
  let arguments = (ins Cnn_Float:$output, Cnn_Float:$outputGrad);
  let results = (outs Cnn_Float:$inputGrad);
}
def Cnn_LogSoftmaxOp : CnnInferredOp<"log_softmax", [Cnn_Differentiable]> {
  let summary = "x - log sum exp(x) over the channels (dimension 1)";
  let description = [{
    C1. the input has channels: at least two dimensions.

    ```mlir
    %y = cnn.log_softmax %x : (tensor<?x10xf32>) -> tensor<?x10xf32>
    ```
  }];
  let arguments = (ins Cnn_Float:$input);
  let results = (outs Cnn_Float:$output);
}
def Cnn_LogSoftmaxGradOp : CnnInferredOp<"log_softmax_grad"> {
  let summary = "dy - exp(y) * sum over channels of dy";
  let description = [{
    C1. output has channels. C2. output and output_grad have the same type.

    ```mlir
    %dx = cnn.log_softmax_grad %y, %dy : (tensor<?x10xf32>, tensor<?x10xf32>) -> tensor<?x10xf32>
    ```
  }];
  let arguments = (ins Cnn_Float:$output, Cnn_Float:$outputGrad);
  let results = (outs Cnn_Float:$inputGrad);
}

#endif
