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

#endif
