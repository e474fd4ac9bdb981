// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef CNN_IR_NORMOPS_TD
#define CNN_IR_NORMOPS_TD

include "ir/CnnOps.td"

def Cnn_BatchNormOp : CnnInferredOp<"batch_norm", [Cnn_Differentiable]> {
  let summary = "(x - mean) / sqrt(variance + epsilon) * scale + shift, per channel, with given statistics";
  let description = [{
    Ioffe and Szegedy 2015, inference.

    C1. the input is [B, C, S...]. C2. scale, shift, mean and variance are [C]. C3. all have one element type.

    ```mlir
    %y = cnn.batch_norm %x, %scale, %shift, %mean, %variance {epsilon = 1.0e-5 : f64}
        : (tensor<?x6x8x8xf32>, tensor<6xf32>, tensor<6xf32>, tensor<6xf32>, tensor<6xf32>) -> tensor<?x6x8x8xf32>
    ```
  }];
  let arguments = (ins Cnn_Float:$input, Cnn_Vector:$scale, Cnn_Vector:$shift, Cnn_Vector:$mean, Cnn_Vector:$variance,
                       F64Attr:$epsilon);
  let results = (outs Cnn_Float:$output);
}
def Cnn_BatchNormTrainOp : CnnInferredOp<"batch_norm_train", [Cnn_Differentiable]> {
  let summary = "batch normalization with the statistics of the batch";
  let description = [{
    Ioffe and Szegedy 2015, algorithm 1: mean and (biased) variance over the batch and the spatial dimensions.
    inv_std = 1 / sqrt(variance + epsilon). The new running statistics are (1 - momentum) * running + momentum * batch,
    with the unbiased variance (n / (n - 1); biased if n = 1). mean, inv_std
    and the new running statistics carry no gradient: what depends on them does not train what is before them.

    C1. the input is [B, C, S...]. C2. scale, shift and running statistics are [C]. C3. all have one element type.

    ```mlir
    %y, %mean, %inv_std, %new_mean, %new_variance = cnn.batch_norm_train %x, %scale, %shift, %running_mean,
        %running_variance {epsilon = 1.0e-5 : f64, momentum = 0.1 : f64}
        : (tensor<?x6x8x8xf32>, tensor<6xf32>, tensor<6xf32>, tensor<6xf32>, tensor<6xf32>)
        -> (tensor<?x6x8x8xf32>, tensor<6xf32>, tensor<6xf32>, tensor<6xf32>, tensor<6xf32>)
    ```
  }];
  let arguments = (ins Cnn_Float:$input, Cnn_Vector:$scale, Cnn_Vector:$shift, Cnn_Vector:$runningMean,
                       Cnn_Vector:$runningVariance, F64Attr:$epsilon, F64Attr:$momentum);
  let results = (outs Cnn_Float:$output, Cnn_Vector:$mean, Cnn_Vector:$invStd, Cnn_Vector:$newRunningMean,
                      Cnn_Vector:$newRunningVariance);
}
def Cnn_BatchNormGradOp : CnnInferredOp<"batch_norm_grad"> {
  let summary = "gradient of batch_norm_train";
  let description = [{
    With xhat = (x - mean) * inv_std and n the number of values of a channel: dshift = sum dy; dscale = sum dy * xhat;
    dx = scale * inv_std * (dy - dshift / n - xhat * dscale / n).

    C1. the input is [B, C, S...]. C2. scale, mean and inv_std are [C]. C3. all have one element type.
    C4. output_grad has the type of input.

    ```mlir
    %dx, %dscale, %dshift = cnn.batch_norm_grad %x, %dy, %scale, %mean, %inv_std
        : (tensor<?x6x8x8xf32>, tensor<?x6x8x8xf32>, tensor<6xf32>, tensor<6xf32>, tensor<6xf32>)
        -> (tensor<?x6x8x8xf32>, tensor<6xf32>, tensor<6xf32>)
    ```
  }];
  let arguments = (ins Cnn_Float:$input, Cnn_Float:$outputGrad, Cnn_Vector:$scale, Cnn_Vector:$mean,
                       Cnn_Vector:$invStd);
  let results = (outs Cnn_Float:$inputGrad, Cnn_Vector:$scaleGrad, Cnn_Vector:$shiftGrad);
}
def Cnn_LrnOp : CnnInferredOp<"lrn", [Cnn_Differentiable]> {
  let summary = "local response normalization across channels";
  let description = [{
    Krizhevsky et al. 2012, section 3.3, with Caffe's alpha: y[c] = x[c] / (k + alpha/size * sum x[c']^2)^beta, where c'
    runs over the `size` channels around c that exist.

    C1. the input has channels. C2. size is odd and positive.

    ```mlir
    %y = cnn.lrn %x {size = 5 : i64, alpha = 1.0e-4 : f64, beta = 0.75 : f64, k = 1.0 : f64}
        : (tensor<?x6x8x8xf32>) -> tensor<?x6x8x8xf32>
    ```
  }];
  let arguments = (ins Cnn_Float:$input, I64Attr:$size, F64Attr:$alpha, F64Attr:$beta, F64Attr:$k);
  let results = (outs Cnn_Float:$output);
}
def Cnn_LrnGradOp : CnnInferredOp<"lrn_grad"> {
  let summary = "gradient of lrn";
  let description = [{
    With s[c] = k + alpha/size * sum x[c']^2: dx[c] = dy[c] s[c]^-beta - 2 alpha beta / size x[c] * sum over c' of
    dy[c'] x[c'] s[c']^(-beta - 1).

    C1, C2 as of lrn. C3. output_grad has the type of input.

    ```mlir
    %dx = cnn.lrn_grad %x, %dy {size = 5 : i64, alpha = 1.0e-4 : f64, beta = 0.75 : f64, k = 1.0 : f64}
        : (tensor<?x6x8x8xf32>, tensor<?x6x8x8xf32>) -> tensor<?x6x8x8xf32>
    ```
  }];
  let arguments = (ins Cnn_Float:$input, Cnn_Float:$outputGrad, I64Attr:$size, F64Attr:$alpha,
                       F64Attr:$beta, F64Attr:$k);
  let results = (outs Cnn_Float:$inputGrad);
}
def Cnn_DropoutOp : CnnInferredOp<"dropout", [Cnn_Differentiable]> {
  let summary = "zeroes each value with probability `rate` and multiplies the others by 1 / (1 - rate)";
  let description = [{
    Hinton et al. 2012, scaled at training time. Element i (row-major, of the tensor as this dialect orders it, batch
    included) is kept iff Philox4x32-10 (Salmon et al. 2011) with key = key[0] (low word, high word) and counter =
    (i/4 low word, i/4 high word, site, key[1] low word) gives, in lane i mod 4, a number >= floor(rate * 2^32). `site`
    tells dropouts of one function apart.
    The op is linear in x: its gradient is the same op applied to dy.

    C1. 0 <= rate < 1.

    ```mlir
    %y = cnn.dropout %x, %key {rate = 0.5 : f64, site = 0 : i64} : (tensor<?x84xf32>, tensor<2xi64>) -> tensor<?x84xf32>
    ```
  }];
  let arguments = (ins Cnn_Float:$input, Cnn_Key:$key, F64Attr:$rate, I64Attr:$site);
  let results = (outs Cnn_Float:$output);
  let hasFolder = 1;
}

#endif
