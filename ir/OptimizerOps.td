// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef CNN_IR_OPTIMIZEROPS_TD
#define CNN_IR_OPTIMIZEROPS_TD

include "ir/CnnOps.td"

def Cnn_SgdUpdateOp : CnnInferredOp<"sgd_update"> {
  let summary = "one step of stochastic gradient descent with momentum";
  let description = [{
    g' = g + decay * p; v' = momentum * v + g'; p' = p - rate * (nesterov ? g' + momentum * v' : v').
    C1. parameter, gradient and velocity have one type. C2. without momentum there may be no velocity, v and v' above;
    with it there is one.

    ```mlir
    %p2, %v2 = cnn.sgd_update %p, %g, %v, %rate {momentum = 0.9 : f64, nesterov = false, decay = 5.0e-4 : f64}
        : (tensor<84xf32>, tensor<84xf32>, tensor<84xf32>, tensor<f32>) -> (tensor<84xf32>, tensor<84xf32>)
    ```
  }];
  let arguments = (ins Cnn_Float:$parameter, Cnn_Float:$gradient, Optional<Cnn_Float>:$velocity, Cnn_Scalar:$rate,
                       F64Attr:$momentum, BoolAttr:$nesterov, F64Attr:$decay);
  let results = (outs Cnn_Float:$newParameter, Optional<Cnn_Float>:$newVelocity);
}
def Cnn_AdamUpdateOp : CnnInferredOp<"adam_update"> {
  let summary = "one step of Adam";
  let description = [{
    Kingma and Ba 2014, algorithm 1: g' = g + decay * p; m' = beta1 m + (1 - beta1) g'; v' = beta2 v + (1 - beta2) g'^2;
    p' = p - rate * (m' / (1 - beta1^t)) / (sqrt(v' / (1 - beta2^t)) + epsilon), with t = key[1] + 1.
    C1. parameter, gradient and moments have one type.

    ```mlir
    %p2, %m2, %v2 = cnn.adam_update %p, %g, %m, %v, %rate, %key
        {beta1 = 0.9 : f64, beta2 = 0.999 : f64, epsilon = 1.0e-8 : f64, decay = 0.0 : f64}
        : (tensor<84xf32>, tensor<84xf32>, tensor<84xf32>, tensor<84xf32>, tensor<f32>, tensor<2xi64>)
        -> (tensor<84xf32>, tensor<84xf32>, tensor<84xf32>)
    ```
  }];
  let arguments = (ins Cnn_Float:$parameter, Cnn_Float:$gradient, Cnn_Float:$firstMoment, Cnn_Float:$secondMoment,
                       Cnn_Scalar:$rate, Cnn_Key:$key, F64Attr:$beta1, F64Attr:$beta2, F64Attr:$epsilon,
                       F64Attr:$decay);
  let results = (outs Cnn_Float:$newParameter, Cnn_Float:$newFirstMoment, Cnn_Float:$newSecondMoment);
}

#endif
