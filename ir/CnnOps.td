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

def Cnn_ModelShapePred : CPred<"::cnn::isModelShape(::llvm::cast<::mlir::RankedTensorType>($_self))">;
def Cnn_StaticPred : CPred<"::llvm::cast<::mlir::RankedTensorType>($_self).hasStaticShape()">;
class Cnn_RankPred<int rank>
    : CPred<"::llvm::cast<::mlir::RankedTensorType>($_self).getRank() == " # rank>;

/// A tensor whose first dimension alone may be dynamic, without empty dimensions, of at most 2^60 values.
class Cnn_TensorOf<list<Type> elements, list<Pred> preds = [], string summary = "tensor (static but for its batch)">
    : RankedTensorOf<elements, !listconcat([Cnn_ModelShapePred], preds), summary>;

def Cnn_Tensor : Cnn_TensorOf<[AnyFloat, UI8, I<32>, I<64>]>;
def Cnn_Float : Cnn_TensorOf<[AnyFloat]>;
def Cnn_Scalar : Cnn_TensorOf<[AnyFloat], [Cnn_RankPred<0>], "0-d tensor">;
def Cnn_Vector : Cnn_TensorOf<[AnyFloat], [Cnn_RankPred<1>, Cnn_StaticPred], "static 1-d tensor">;
def Cnn_PerSample : Cnn_TensorOf<[AnyFloat], [Cnn_RankPred<1>], "1-d tensor">;
def Cnn_Label : Cnn_TensorOf<[I<32>], [Cnn_RankPred<1>], "1-d tensor">; // [batch], class numbers from 0
def Cnn_KeyShapePred : CPred<"::llvm::cast<::mlir::RankedTensorType>($_self).getDimSize(0) == 2">;
def Cnn_Key : Cnn_TensorOf<[I<64>], [Cnn_RankPred<1>, Cnn_KeyShapePred],
                           "tensor of a seed and a step (tensor<2xi64>)">;

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
