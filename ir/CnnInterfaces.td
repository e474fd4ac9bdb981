// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef CNN_IR_CNNINTERFACES_TD
#define CNN_IR_CNNINTERFACES_TD

include "mlir/IR/OpBase.td"

def DifferentiableOpInterface : OpInterface<"DifferentiableOpInterface"> {
  let cppNamespace = "::cnn";
  let description = [{
    An op that can say how the gradient of a scalar flows from its results to its operands (reverse mode).
  }];
  let methods = [
    InterfaceMethod<[{
        Emits the ops that compute the gradient of each operand.

        `resultGradients[i]` has the type of result i, or is null if nothing depends on that result (at least one is
        not null). Returns one value for each operand, of the operand's type; null where the gradient is zero or not
        defined (integer operands). Emit freely: what is not used is removed as dead code.
      }],
      "::llvm::SmallVector<::mlir::Value>", "buildGradients",
      (ins "::mlir::OpBuilder &":$builder, "::llvm::ArrayRef<::mlir::Value>":$resultGradients)>,
  ];
}

#endif
