// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef CNN_IR_LOSSOPS_TD
#define CNN_IR_LOSSOPS_TD

include "ir/CnnOps.td"

def Cnn_CrossEntropyOp : CnnInferredOp<"cross_entropy", [Cnn_Differentiable]> {
  let summary = "-log softmax(scores)[label], per sample";
  let description = [{
    scores [B, K], label [B] with values in [0, K). A label outside contributes 0 and no gradient.

    C1. scores has two dimensions. C2. there is one label per sample.

    ```mlir
    %loss = cnn.cross_entropy %scores, %label : (tensor<?x10xf32>, tensor<?xi32>) -> tensor<?xf32>
    ```
  }];
  let arguments = (ins Cnn_Float:$scores, Cnn_Label:$label);
  let results = (outs Cnn_PerSample:$loss);
}
def Cnn_CrossEntropyGradOp : CnnInferredOp<"cross_entropy_grad"> {
  let summary = "(softmax(scores) - onehot(label)) * dloss";
  let description = [{
    C1, C2 as of cross_entropy. C3. loss_grad has the type of cross_entropy(scores, label).

    ```mlir
    %dscores = cnn.cross_entropy_grad %scores, %label, %dloss
        : (tensor<?x10xf32>, tensor<?xi32>, tensor<?xf32>) -> tensor<?x10xf32>
    ```
  }];
  let arguments = (ins Cnn_Float:$scores, Cnn_Label:$label, Cnn_PerSample:$lossGrad);
  let results = (outs Cnn_Float:$scoresGrad);
}
def Cnn_TopKHitOp : CnnInferredOp<"top_k_hit"> {
  let summary = "1 if fewer than k scores come before the label's, else 0; per sample";
  let description = [{
    A score comes before the label's if it is larger, or equal and of a smaller class number; so k = 1 is the
    accuracy of argmax. A NaN comes before every number, and every score before a label's that is NaN.
    A label outside [0, K) is no hit.

    C1. scores is [B, K]. C2. there is one label per sample. C3. 1 <= k <= K.

    ```mlir
    %hit = cnn.top_k_hit %scores, %label {k = 5 : i64} : (tensor<?x10xf32>, tensor<?xi32>) -> tensor<?xf32>
    ```
  }];
  let arguments = (ins Cnn_Float:$scores, Cnn_Label:$label, I64Attr:$k);
  let results = (outs Cnn_PerSample:$hit);
}

#endif
