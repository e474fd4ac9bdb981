// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef CNN_IR_CNNATTRIBUTES_TD
#define CNN_IR_CNNATTRIBUTES_TD

include "ir/CnnDialect.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"

class CnnAttr<string name, string attrMnemonic, list<Trait> traits = []> : AttrDef<CnnDialect, name, traits> {
  let mnemonic = attrMnemonic;
}

class CnnEnum<string name, string summary, list<I32EnumAttrCase> cases>
    : I32EnumAttr<name, summary, cases> {
  let cppNamespace = "::cnn";
  let genSpecializedAttr = 0;
}
class CnnEnumAttr<EnumAttrInfo info, string attrMnemonic> : EnumAttr<CnnDialect, info, attrMnemonic> {
  let assemblyFormat = "`<` $value `>`";
}

//===-- Windows ---------------------------------------------------------------------------------------------------===//

def Cnn_WindowAttr : CnnAttr<"Window", "window"> {
  let summary = "the window of a convolution or pooling, one entry per spatial dimension";
  let description = [{
    The meaning of every field, and all arithmetic on it, is in ir/WindowMath.h. Padding may be negative (a crop).

    ```mlir
    #cnn.window<kernel = [3, 3], stride = [2, 2], dilation = [1, 1], pad_low = [1, 1], pad_high = [1, 1]>
    #cnn.window<kernel = [3, 3], stride = [2, 2], dilation = [1, 1], pad_low = [0, 0], pad_high = [0, 0], ceil>
    ```
  }];
  let parameters = (ins ArrayRefParameter<"int64_t">:$kernel, ArrayRefParameter<"int64_t">:$stride,
                        ArrayRefParameter<"int64_t">:$dilation, ArrayRefParameter<"int64_t">:$padLow,
                        ArrayRefParameter<"int64_t">:$padHigh, "bool":$ceil);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    int64_t getRank() const { return getKernel().size(); }
    /// The empty window of a dense layer.
    static WindowAttr getEmpty(::mlir::MLIRContext *context);
    /// Spatial dimension i of the window, for WindowMath.
    ::cnn::WindowDim getDim(int64_t i) const;
  }];
}

//===-- Kinds -----------------------------------------------------------------------------------------------------===//

def Cnn_UnaryKind : CnnEnum<"UnaryKind", "an elementwise function of one value", [
  I32EnumAttrCase<"Relu", 0, "relu">,               // max(x, 0)
  I32EnumAttrCase<"LeakyRelu", 1, "leaky_relu">,    // x > 0 ? x : alpha x
  I32EnumAttrCase<"Tanh", 2, "tanh">,
  I32EnumAttrCase<"ScaledTanh", 3, "scaled_tanh">,  // 1.7159 tanh(2x/3), LeCun et al. 1998, appendix A
  I32EnumAttrCase<"Sigmoid", 4, "sigmoid">,         // 1 / (1 + exp(-x))
  I32EnumAttrCase<"Hardtanh", 5, "hardtanh">,       // min(max(x, -1), 1)
  I32EnumAttrCase<"Softplus", 6, "softplus">,       // log(1 + exp(x))
  I32EnumAttrCase<"Abs", 7, "abs">,
  I32EnumAttrCase<"Sqrt", 8, "sqrt">,
  I32EnumAttrCase<"Square", 9, "square">,
  I32EnumAttrCase<"Exp", 10, "exp">,
  I32EnumAttrCase<"Log", 11, "log">,
  I32EnumAttrCase<"Neg", 12, "neg">,
  I32EnumAttrCase<"Reciprocal", 13, "reciprocal">]>;
def Cnn_BinaryKind : CnnEnum<"BinaryKind", "an elementwise function of two values", [
  I32EnumAttrCase<"Add", 0, "add">, I32EnumAttrCase<"Sub", 1, "sub">, I32EnumAttrCase<"Mul", 2, "mul">,
  I32EnumAttrCase<"Div", 3, "div">, I32EnumAttrCase<"Max", 4, "max">, I32EnumAttrCase<"Min", 5, "min">]>;
def Cnn_ReduceKind : CnnEnum<"ReduceKind", "how values are combined", [
  I32EnumAttrCase<"Sum", 0, "sum">, I32EnumAttrCase<"Mean", 1, "mean">, I32EnumAttrCase<"Max", 2, "max">]>;
def Cnn_PadMode : CnnEnum<"PadMode", "what stands outside the tensor", [
  I32EnumAttrCase<"Constant", 0, "constant">,
  I32EnumAttrCase<"Mirror", 1, "mirror">]>;         // without the edge: c b | a b c | b a

def Cnn_ConvAlgorithm : CnnEnum<"ConvAlgorithm", "how a convolution is computed", [
  I32EnumAttrCase<"Direct", 0, "direct">,           // as it is written: a sum of products
  I32EnumAttrCase<"Winograd2", 1, "winograd2">,     // F(2x2, 3x3) and F(2x2, 5x5) of Lavin and Gray 2015
  I32EnumAttrCase<"Winograd4", 2, "winograd4">]>;   // F(4x4, 3x3): 36 products for 16 values

def Cnn_ConvAlgorithmAttr : CnnEnumAttr<Cnn_ConvAlgorithm, "conv_algorithm">;
def Cnn_UnaryKindAttr : CnnEnumAttr<Cnn_UnaryKind, "unary_kind">;
def Cnn_BinaryKindAttr : CnnEnumAttr<Cnn_BinaryKind, "binary_kind">;
def Cnn_ReduceKindAttr : CnnEnumAttr<Cnn_ReduceKind, "reduce_kind">;
def Cnn_PadModeAttr : CnnEnumAttr<Cnn_PadMode, "pad_mode">;

//===-- Functions and their arguments -----------------------------------------------------------------------------===//

def Cnn_FunctionKind : CnnEnum<"FunctionKind", "what a function of a model is for", [
  I32EnumAttrCase<"Infer", 0, "infer">,             // inputs, weights -> outputs
  I32EnumAttrCase<"Loss", 1, "loss">,               // training mode; what the gradient is made from
  I32EnumAttrCase<"Evaluate", 2, "evaluate">,       // inference mode: mean loss and metrics of a batch
  I32EnumAttrCase<"TrainStep", 3, "train_step">]>;  // made by cnn-differentiate
def Cnn_Role : CnnEnum<"Role", "what an argument or result of a model's function is", [
  I32EnumAttrCase<"Input", 0, "input">,
  I32EnumAttrCase<"Output", 1, "output">,
  I32EnumAttrCase<"Parameter", 2, "parameter">,     // trained
  I32EnumAttrCase<"State", 3, "state">,             // running statistic: updated by training, not differentiated
  I32EnumAttrCase<"Slot", 4, "slot">,               // optimizer state; its name is the parameter's path + ":" + slot
  I32EnumAttrCase<"Key", 5, "key">,                 // tensor<2xi64>: seed, step
  I32EnumAttrCase<"Rate", 6, "rate">,               // tensor<f32>: learning rate
  I32EnumAttrCase<"Loss", 7, "loss">,
  I32EnumAttrCase<"Metric", 8, "metric">,
  // Values computed from the parameter of the same name when it changes, as `cnn.derived` says: of inference, in linalg
  // form.
  I32EnumAttrCase<"Derived", 9, "derived">]>;
def Cnn_InitKind : CnnEnum<"InitKind", "the distribution a parameter starts from", [
  I32EnumAttrCase<"Constant", 0, "constant">,       // a
  I32EnumAttrCase<"Uniform", 1, "uniform">,         // [a, b)
  I32EnumAttrCase<"Gaussian", 2, "gaussian">]>;     // mean a, standard deviation b

def Cnn_FunctionKindAttr : CnnEnumAttr<Cnn_FunctionKind, "function_kind">;
def Cnn_RoleAttr : CnnEnumAttr<Cnn_Role, "role">;

def Cnn_InitAttr : CnnAttr<"Init", "init"> {
  let summary = "how a parameter starts; fan-in and fan-out are already worked into the numbers";
  let parameters = (ins EnumParameter<Cnn_InitKind>:$kind, "::cnn::Real":$a, "::cnn::Real":$b);
  let assemblyFormat = "`<` $kind `,` $a `,` $b `>`";
  let genVerifyDecl = 1;
}

def Cnn_WinogradAttr : CnnAttr<"Winograd", "winograd"> {
  let summary = "filters as Winograd's F(m x m, r x r) takes them: of a tile m and a kernel r";
  let description = [{
    Of a weight w[o, c, k.., r, r], which may have another kernel dimension k in front: U = G w[o, c, k] G^T, n by n
    where n is m + r - 1 (Lavin and Gray 2015, sections 4.1 and 4.3: points 0, +-1, (+-2), infinity). m and r are 2
    and 3, 4 and 3, or 2 and 5. The tensor is [n * n, o / block, k.., c, block], or [n * n, k.., c, o] without blocks.
    With a count of 2, they are rounded to bf16, and two input channels lie side by side:
    [n * n, o / block, k.., c / 2, block, 2].

    ```mlir
    #cnn.winograd<4, 3>
    #cnn.winograd<2, 5>
    #cnn.winograd<2, 3, 2>
    ```
  }];
  let parameters = (ins "int64_t":$tile, "int64_t":$kernel, DefaultValuedParameter<"int64_t", "1">:$count);
  let assemblyFormat = "`<` $tile `,` $kernel (`,` $count^)? `>`";
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    /// n * n.
    int64_t getPoints() const { return (getTile() + getKernel() - 1) * (getTile() + getKernel() - 1); }
  }];
}

def Cnn_PackedAttr : CnnAttr<"Packed", "packed"> {
  let summary = "filters rounded to a narrower type, some input channels side by side";
  let description = [{
    For instructions that multiply so many pairs of values and add up the products. Of a weight w[o, c, k..] the tensor
    is [o / block, k.., c / count, block, count], or [k.., c / count, o, count] without blocks; behind the last channel
    there are zeros.

    ```mlir
    #cnn.packed<bf16, 2>
    ```
  }];
  let parameters = (ins "::mlir::Type":$type, "int64_t":$count);
  let assemblyFormat = "`<` $type `,` $count `>`";
  let genVerifyDecl = 1;
}

//===-- Training --------------------------------------------------------------------------------------------------===//

def Cnn_OptimizerKind : CnnEnum<"OptimizerKind", "the update rule", [
  I32EnumAttrCase<"Sgd", 0, "sgd">, I32EnumAttrCase<"Adam", 1, "adam">]>;
def Cnn_RateKind : CnnEnum<"RateKind", "how the learning rate changes", [
  I32EnumAttrCase<"Constant", 0, "constant">,       // base
  I32EnumAttrCase<"Step", 1, "step">,               // base * factor^floor(epoch / every)
  I32EnumAttrCase<"Poly", 2, "poly">,               // base * (1 - t/T)^power, t in steps, T all steps
  I32EnumAttrCase<"Cosine", 3, "cosine">]>;         // base * (1 + cos(pi t/T)) / 2
def Cnn_DataFormat : CnnEnum<"DataFormat", "where a data field is read from", [
  I32EnumAttrCase<"Idx", 0, "idx">,
  I32EnumAttrCase<"Npy", 1, "npy">,
  I32EnumAttrCase<"Folder", 2, "folder">,           // the images of class/name.png|jpg
  I32EnumAttrCase<"FolderClass", 3, "folder_class">]>; // their classes

def Cnn_DataFormatAttr : CnnEnumAttr<Cnn_DataFormat, "data_format">;

def Cnn_OptimizerAttr : CnnAttr<"Optimizer", "optimizer"> {
  let summary = "the update rule and its constants";
  let description = [{
    `decay` adds `decay * p` to the gradient of p (as SGD and Adam of PyTorch do), except for the weights whose path
    matches one of the patterns of `noDecay` (`*` stands for any text).
    sgd: v <- momentum v + g; p <- p - rate (nesterov ? g + momentum v : v).
    adam: Kingma and Ba 2014, algorithm 1, with bias correction.
  }];
  let parameters = (ins EnumParameter<Cnn_OptimizerKind>:$kind, "::cnn::Real":$momentum, "bool":$nesterov,
                        "::cnn::Real":$beta1, "::cnn::Real":$beta2, "::cnn::Real":$epsilon, "::cnn::Real":$decay,
                        OptionalArrayRefParameter<"::mlir::StringAttr">:$noDecay);
  let assemblyFormat = [{
    `<` $kind `,` struct($momentum, $nesterov, $beta1, $beta2, $epsilon, $decay) `` custom<NoDecay>($noDecay) `>`
  }];
  let genVerifyDecl = 1;
}
def Cnn_RateAttr : CnnAttr<"Rate", "rate"> {
  let summary = "the learning rate as a function of time; `warmup` epochs rise linearly from 0";
  let parameters = (ins EnumParameter<Cnn_RateKind>:$kind, "::cnn::Real":$base, "::cnn::Real":$every,
                        "::cnn::Real":$factor, "::cnn::Real":$power, "::cnn::Real":$warmup);
  let assemblyFormat = "`<` $kind `,` struct($base, $every, $factor, $power, $warmup) `>`";
  let genVerifyDecl = 1;
}

#endif
