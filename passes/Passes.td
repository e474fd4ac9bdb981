// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef CNN_PASSES_PASSES_TD
#define CNN_PASSES_PASSES_TD

include "mlir/Pass/PassBase.td"

//===-- On the cnn dialect ----------------------------------------------------------------------------------------===//

def Differentiate : Pass<"cnn-differentiate", "::mlir::ModuleOp"> {
  let summary = "make the training step of a network from its loss";
  let description = [{
    For each function `@X.loss` (kind `loss`) adds a function `@X.train_step`: forward, backward, optimizer update.

    ```mlir
    func.func @X.loss(data.., %key, weights..) -> (loss [B], metrics [B].., states..)
    // becomes, with the optimizer of `cnn.train @X`
    func.func @X.train_step(data.., %key, %rate, weights.., slots..)
        -> (mean loss, mean metrics.., new parameters.., new states.., new slots..)
    ```

    What is differentiated is the mean of the loss over the batch. Each result that replaces an argument says so
    (`cnn.tied`), and is computed after the last use of that argument where the argument is a parameter or a slot: an
    update in place is legal.

    A parameter that the loss does not depend on gets neither a result nor a slot, and a warning. It is an error if
    the loss depends on no parameter at all, or through an op that cannot be differentiated.

    Needs: the module as the front end makes it. Run cnn-simplify before it, so that less is differentiated, and after
    it, because gradients are emitted without looking for common parts.
  }];
  let options = [
    Option<"eraseLoss", "erase-loss", "bool", /*default=*/"false",
           "erase @X.loss, which nothing needs after this pass but tests">,
  ];
  let dependentDialects = ["::cnn::CnnDialect", "::mlir::func::FuncDialect"];
}

def DropTraining : Pass<"cnn-drop-training", "::mlir::ModuleOp"> {
  let summary = "keep what inference needs";
  let description = [{
    Erases the functions of the kinds `loss`, `evaluate` and `train_step`, and the blocks `cnn.train` and `cnn.data`.

    Not for a library that trains.
  }];
}

def NarrowStorage : Pass<"cnn-narrow-storage", "::mlir::func::FuncOp"> {
  let summary = "store activations and weights of inference in bf16";
  let description = [{
    Puts a pair of casts, to bf16 and back, where a value is stored: the inputs of ops that are not elementwise, what
    several ops read, and the weights of convolutions that are computed directly or, with dot products and
    kernels of 3x3, by winograd2. All ops stay f32 ops.

    ```mlir
    %y = cnn.conv %x, %w .. : (tensor<?x8x9x9xf32>, tensor<16x8x3x3xf32>) -> tensor<?x16x7x7xf32>
    // becomes
    %x1 = cnn.cast %x : (tensor<?x8x9x9xf32>) -> tensor<?x8x9x9xbf16>
    %x2 = cnn.cast %x1 : (tensor<?x8x9x9xbf16>) -> tensor<?x8x9x9xf32>
    %w1 = cnn.cast %w : (tensor<16x8x3x3xf32>) -> tensor<16x8x3x3xbf16>
    %w2 = cnn.cast %w1 : (tensor<16x8x3x3xbf16>) -> tensor<16x8x3x3xf32>
    %y = cnn.conv %x2, %w2 ..
    ```

    Results of the function, and what softmax and losses read, keep all their bits. Runs after the algorithms of
    convolutions are chosen, and before the lowering to linalg, which keeps the values between the casts in memory. Not
    for functions of training, which it leaves alone.
  }];
  let options = [
    Option<"leastWeightBytes", "least-weight-bytes", "int64_t", "0",
           "weights that are smaller stay f32: where they are in a cache, and there is no instruction for bf16">,
    Option<"dotProducts", "dot-products", "bool", "false", "whether there is one, for pairs of products">,
  ];
  let dependentDialects = ["::cnn::CnnDialect"];
}

//===-- To linalg -------------------------------------------------------------------------------------------------===//

def ConvertToLinalg : Pass<"convert-cnn-to-linalg", "::mlir::ModuleOp"> {
  let summary = "lower functions from cnn ops to linalg on tensors";
  let description = [{
    Every cnn op becomes ops of linalg, tensor, arith and math. Inside, activations are channels-last; inputs and
    outputs keep the order of the dialect. The weights of convolutions are stored as [kernel.., inputs, outputs], which
    the argument says (`cnn.storage`); slots are stored as their parameter is, in all functions of a model. Without
    groups, outputs that are a multiple of 16 above 48 are in blocks (`columnsPerBlock`), which stay together: [blocks,
    kernel.., inputs, outputs of a block], or 0, 2, 3, 1, 0.

    ```mlir
    func.func @Net(%x: tensor<?x1x28x28xf32>, %w: tensor<6x1x5x5xf32> {cnn.role = parameter, ..})
        -> tensor<?x6x24x24xf32>
      %y = cnn.conv %x, %w ..
    // becomes
    func.func @Net(%x: tensor<?x1x28x28xf32>, %w: tensor<5x5x1x6xf32> {cnn.storage = array<i64: 2, 3, 1, 0>, ..})
      %0 = reshape %x to tensor<?x28x28x1xf32>
      %1 = linalg.generic {cnn.contraction} ins(%0, %w) outs(fill 0) // parallel b, h, w, o; reductions kh, kw, c
      %y = linalg.transpose %1 permutation = [0, 3, 1, 2]
    ```

    Needs: functions of one block whose ops are all of the cnn dialect. Leaves none of them in functions.
  }];
  let dependentDialects = ["::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect",
                           "::mlir::linalg::LinalgDialect", "::mlir::math::MathDialect",
                           "::mlir::tensor::TensorDialect"];
}

def DeriveWeights : Pass<"cnn-derive-weights", "::mlir::ModuleOp"> {
  let summary = "take what depends on a weight alone out of inference";
  let description = [{
    ```mlir
    func.func @Net(%x .., %w: tensor<3x3x64x48xf32> {cnn.role = parameter, cnn.name = "w", ..}) {
      %u = linalg.generic {cnn.derived = #cnn.winograd<4, 3>} ins(%w, ..) -> tensor<6x6x64x48xf32>
    // becomes
    func.func @Net(%x .., %w .., %d: tensor<36x64x48xf32> {cnn.role = derived, cnn.name = "w",
                                                           cnn.derived = #cnn.winograd<4, 3>}) {
      %u = tensor.expand_shape %d [[0, 1], [2], [3]]
    ```

    In the same way a weight in pairs of bf16, `cnn.derived = #cnn.packed<bf16, 2>`.

    Whoever sets the weight computes it. Not in a module with a training step, which changes weights itself.

    Needs: linalg on tensors.
  }];
  let dependentDialects = ["::mlir::tensor::TensorDialect"];
}

def FuseElementwise : Pass<"cnn-fuse-elementwise", "::mlir::func::FuncOp"> {
  let summary = "join chains of elementwise linalg ops";
  let description = [{
    A producer goes into its consumer if that is its only reader and reads each of its elements once: nothing is
    computed twice, and nothing goes in front of a contraction, whose operands are read many times. What may follow a
    contraction (its epilogue) is one op then.

    The reshape of a result that is computed from arguments alone is done to these.
  }];
  let dependentDialects = ["::mlir::affine::AffineDialect", "::mlir::linalg::LinalgDialect",
                           "::mlir::tensor::TensorDialect"];
}

#endif
