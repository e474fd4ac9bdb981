// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef CNN_IR_POOLOPS_TD
#define CNN_IR_POOLOPS_TD

include "ir/CnnOps.td"

def Cnn_MaxPoolOp : CnnInferredOp<"max_pool", [Cnn_Differentiable]> {
  let summary = "the largest value in each window";
  let description = [{
    Positions outside the input do not take part; NaN wins.

    C1. window has one dimension per spatial dimension of the input (1 to 3), and its output is not empty.
    C2. no window lies wholly outside the input.

    ```mlir
    %y = cnn.max_pool %x {window = #cnn.window<kernel = [3, 3], stride = [2, 2], dilation = [1, 1],
        pad_low = [1, 1], pad_high = [1, 1]>} : (tensor<?x64x112x112xf32>) -> tensor<?x64x56x56xf32>
    ```
  }];
  let arguments = (ins Cnn_Float:$input, Cnn_WindowAttr:$window);
  let results = (outs Cnn_Float:$output);
}
def Cnn_MaxPoolGradOp : CnnInferredOp<"max_pool_grad"> {
  let summary = "gradient of max_pool: each window's gradient goes to its first (row-major) largest input";
  let description = [{
    In a window with NaN the gradient goes to its first NaN.

    C1. max_pool(input) with this window has the type of output_grad.

    ```mlir
    %dx = cnn.max_pool_grad %x, %dy {window = #cnn.window<kernel = [3, 3], stride = [2, 2], dilation = [1, 1],
        pad_low = [1, 1], pad_high = [1, 1]>}
        : (tensor<?x64x112x112xf32>, tensor<?x64x56x56xf32>) -> tensor<?x64x112x112xf32>
    ```
  }];
  let arguments = (ins Cnn_Float:$input, Cnn_Float:$outputGrad, Cnn_WindowAttr:$window);
  let results = (outs Cnn_Float:$inputGrad);
}
def Cnn_AvgPoolOp : CnnInferredOp<"avg_pool", [Cnn_Differentiable]> {
  let summary = "the mean of each window";
  let description = [{
    The sum over positions inside the input, divided by their number; with `count_pad`, by the number of positions
    inside input and padding (positions that only `ceil` adds never count).

    C1, C2 as of max_pool.

    ```mlir
    %y = cnn.avg_pool %x {count_pad = true, window = #cnn.window<kernel = [3, 3], stride = [2, 2], dilation = [1, 1],
        pad_low = [1, 1], pad_high = [1, 1]>} : (tensor<?x64x112x112xf32>) -> tensor<?x64x56x56xf32>
    ```
  }];
  let arguments = (ins Cnn_Float:$input, Cnn_WindowAttr:$window, DefaultValuedAttr<BoolAttr, "false">:$count_pad);
  let results = (outs Cnn_Float:$output);
}
def Cnn_AvgPoolGradOp : CnnTypedOp<"avg_pool_grad"> {
  let summary = "gradient of avg_pool";
  let description = [{
    C1. avg_pool of the result with this window has the type of output_grad.

    ```mlir
    %dx = cnn.avg_pool_grad %dy {count_pad = true,
        window = #cnn.window<kernel = [3, 3], stride = [2, 2], dilation = [1, 1], pad_low = [1, 1], pad_high = [1, 1]>}
        : (tensor<?x64x56x56xf32>) -> tensor<?x64x112x112xf32>
    ```
  }];
  let arguments = (ins Cnn_Float:$outputGrad, Cnn_WindowAttr:$window, DefaultValuedAttr<BoolAttr, "false">:$count_pad);
  let results = (outs Cnn_Float:$inputGrad);
}

#endif
