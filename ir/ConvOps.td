// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef CNN_IR_CONVOPS_TD
#define CNN_IR_CONVOPS_TD

include "ir/CnnOps.td"

def Cnn_ConvOp : CnnInferredOp<"conv", [Cnn_Differentiable]> {
  let summary = "convolution (cross-correlation) in 0 to 3 dimensions";
  let description = [{
    y[b, o, p] = sum over c, k of x[b, g*C/groups + c, p*stride + k*dilation - pad_low] * w[o, c, k], where
    g = o / (O/groups) and x is zero outside its bounds. Without spatial dimensions it is a dense layer: y = x w^T.

    C1. x is [B, C, S...], w is [O, C/groups, K...], with the same number (0 to 3) of spatial dimensions; w is static.
    C2. C = groups * dim(w, 1), and groups divides O.
    C3. window.kernel = K.
    C4. window has as many dimensions as there are spatial ones, and its output is not empty.
    C5. x and w have the same element type.
    C6. algorithm is what a back end has chosen (direct until then); another one than direct needs a kernel of 3x3,
    or 5x5 for winograd2, with stride and dilation 1, in the last two of two or three spatial dimensions, and one group.

    ```mlir
    %y = cnn.conv %x, %w {groups = 1 : i64, window = #cnn.window<kernel = [5, 5], stride = [1, 1], dilation = [1, 1],
        pad_low = [2, 2], pad_high = [2, 2]>} : (tensor<?x1x28x28xf32>, tensor<6x1x5x5xf32>) -> tensor<?x6x28x28xf32>
    ```
  }];
  let arguments = (ins Cnn_Float:$input, Cnn_Float:$weight, Cnn_WindowAttr:$window,
                       DefaultValuedAttr<I64Attr, "1">:$groups,
                       DefaultValuedAttr<Cnn_ConvAlgorithmAttr, "::cnn::ConvAlgorithm::Direct">:$algorithm);
  let results = (outs Cnn_Float:$output);
  let extraClassDeclaration = [{
    /// Whether C6 allows the algorithm.
    static bool allows(::cnn::ConvAlgorithm algorithm, ::cnn::WindowAttr window, int64_t groups);
    /// Outputs that the algorithm computes together, in each of the last two dimensions: the m of F(m x m, r x r).
    static int64_t tileOf(::cnn::ConvAlgorithm algorithm);
  }];
}

def Cnn_ConvInputGradOp : CnnTypedOp<"conv_input_grad", [Cnn_Differentiable]> {
  let summary = "gradient of a convolution with respect to its input; also transposed convolution";
  let description = [{
    dx[b, c, s] = the sum of dy[b, o, p] * w[o, c, k] over all o, p, k with s = p*stride + k*dilation - pad_low.

    C1. conv(result, weight) with this window and groups has the type of output_grad.

    ```mlir
    %dx = cnn.conv_input_grad %dy, %w {window = #cnn.window<kernel = [3, 3], stride = [2, 2], dilation = [1, 1],
        pad_low = [1, 1], pad_high = [1, 1]>}
        : (tensor<?x64x56x56xf32>, tensor<64x64x3x3xf32>) -> tensor<?x64x112x112xf32>
    ```
  }];
  let arguments = (ins Cnn_Float:$outputGrad, Cnn_Float:$weight, Cnn_WindowAttr:$window,
                       DefaultValuedAttr<I64Attr, "1">:$groups);
  let results = (outs Cnn_Float:$inputGrad);
}

def Cnn_ConvWeightGradOp : CnnTypedOp<"conv_weight_grad"> {
  let summary = "gradient of a convolution with respect to its weight";
  let description = [{
    dw[o, c, k] = sum over b, p of dy[b, o, p] * x[b, g*C/groups + c, p*stride + k*dilation - pad_low].

    C1. conv(input, result) with this window and groups has the type of output_grad.

    ```mlir
    %dw = cnn.conv_weight_grad %x, %dy {window = #cnn.window<kernel = [3, 3], stride = [2, 2], dilation = [1, 1],
        pad_low = [1, 1], pad_high = [1, 1]>}
        : (tensor<?x64x112x112xf32>, tensor<?x64x56x56xf32>) -> tensor<64x64x3x3xf32>
    ```
  }];
  let arguments = (ins Cnn_Float:$input, Cnn_Float:$outputGrad, Cnn_WindowAttr:$window,
                       DefaultValuedAttr<I64Attr, "1">:$groups);
  let results = (outs Cnn_Float:$weightGrad);
}

#endif
