// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// What every op family includes.

#ifndef CNN_IR_CNNOPS_TD
#define CNN_IR_CNNOPS_TD

include "ir/CnnAttributes.td"
include "ir/CnnDialect.td"
include "ir/CnnInterfaces.td"
include "mlir/IR/BuiltinAttributeInterfaces.td"
include "mlir/IR/OpAsmInterface.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Cnn_Tensor : RankedTensorOf<[AnyFloat, UI8, I<32>, I<64>]>;
def Cnn_Float : RankedTensorOf<[AnyFloat]>;
def Cnn_Scalar : 0DTensorOf<[AnyFloat]>;
def Cnn_Vector : 1DTensorOf<[AnyFloat]>;
def Cnn_PerSample : 1DTensorOf<[AnyFloat]>;
def Cnn_Label : 1DTensorOf<[I<32>]>;   // [batch], class numbers from 0
def Cnn_Key : 1DTensorOf<[I<64>]>;     // [2]: seed, step

def Cnn_Differentiable : DeclareOpInterfaceMethods<DifferentiableOpInterface>;

/// An op whose result types follow from its operands and attributes, by the one shape function of the op.
class CnnInferredOp<string mnemonic, list<Trait> traits = []>
    : CnnOp<mnemonic, !listconcat([Pure, InferTypeOpAdaptor], traits)> {
  let assemblyFormat = "operands attr-dict `:` functional-type(operands, results)";
}
/// An op whose result type is written: a gradient with respect to a tensor that the op does not read.
class CnnTypedOp<string mnemonic, list<Trait> traits = []> : CnnOp<mnemonic, !listconcat([Pure], traits)> {
  let assemblyFormat = "operands attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

#endif
