// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef CNN_IR_CNNDIALECT_TD
#define CNN_IR_CNNDIALECT_TD

include "mlir/IR/OpBase.td"

def CnnDialect : Dialect {
  let name = "cnn";
  let cppNamespace = "::cnn";
  let summary = "Convolutional networks: what a network means";
  let description = [{
    Ops on dense tensors, as functions without side effects.

    A value that depends on the data has a leading batch dimension, which is dynamic: `tensor<?x64x56x56xf32>`. The
    order is batch, channels, then the spatial dimensions. A weight has no batch: `tensor<64x3x7x7xf32>`. All dimensions
    but the batch are static.

    Left out on purpose: in-place updates (the memory plan decides them), layouts (a lowering decides them), control
    flow (the front end unrolls it), fused ops (a lowering fuses), a dense layer (a convolution without spatial
    dimensions), transposed convolution as an op of its own (it is the input gradient of a convolution).
  }];
  let useDefaultAttributePrinterParser = 1;
  let hasConstantMaterializer = 1;
  let hasOperationAttrVerify = 1;
  let hasRegionArgAttrVerify = 1;
  let hasRegionResultAttrVerify = 1;
  let extraClassDeclaration = [{
    // Each family registers its own ops, so that no file compiles the code of all.
    void addConvOps();
    void addElementwiseOps();
    void addLossOps();
    void addModelOps();
    void addNormOps();
    void addOptimizerOps();
    void addPoolOps();
    void addShapeOps();
  }];
}

class CnnOp<string mnemonic, list<Trait> traits = []> : Op<CnnDialect, mnemonic, traits>;

#endif
