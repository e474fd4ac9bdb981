// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef CNN_BACKENDS_NEUFLOW_DIALECT_TENSOROPS_TD
#define CNN_BACKENDS_NEUFLOW_DIALECT_TENSOROPS_TD

include "backends/neuflow/dialect/NeuflowAttributes.td"
include "ir/CnnAttributes.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Neuflow_StaticPred : CPred<"::cnn::neuflow::isWordShape(::llvm::cast<::mlir::RankedTensorType>($_self))">;
class Neuflow_RankPred<int rank> : CPred<"::llvm::cast<::mlir::RankedTensorType>($_self).getRank() == " # rank>;
class Neuflow_TensorOf<list<Type> elements, int rank, string summary>
    : RankedTensorOf<elements, [Neuflow_StaticPred, Neuflow_RankPred<rank>], summary>;

// Words, or reals for which words are not chosen yet.
def Neuflow_Planes : Neuflow_TensorOf<[I<16>, F32], 3, "static tensor of planes, rows and columns">;
def Neuflow_Kernels : Neuflow_TensorOf<[I<16>, F32], 3, "static tensor of kernels, rows and columns">;
def Neuflow_Biases : Neuflow_TensorOf<[I<16>, F32], 1, "static vector">;
def Neuflow_Words : Neuflow_TensorOf<[I<16>], 3, "static tensor of planes, rows and columns">;
def Neuflow_Reals : Neuflow_TensorOf<[F32], 3, "static tensor of planes, rows and columns">;
def Neuflow_RealVector : Neuflow_TensorOf<[F32], 1, "static vector">;
// A sample as the host has it.
def Neuflow_Sample : RankedTensorOf<[F32, UI<8>], [Neuflow_StaticPred], "static tensor">;

def Neuflow_PairAttr : ConfinedAttr<DenseI64ArrayAttr, [DenseArrayCount<2>]>;
class Neuflow_Arithmetic<string round>
    : DefaultValuedAttr<Neuflow_ArithmeticAttr,
        "::cnn::neuflow::ArithmeticAttr::get($_builder.getContext(), ::cnn::neuflow::RoundKind::" # round #
        ", ::cnn::neuflow::OverflowKind::Saturate)">;

class NeuflowTensorOp<string mnemonic, list<Trait> traits = []>
    : NeuflowOp<mnemonic, !listconcat([Pure], traits)> {
  let assemblyFormat = "operands attr-dict `:` functional-type(operands, results)";
}

def Neuflow_ConvOp : NeuflowTensorOp<"conv"> {
  let summary = "convolution: each output is a sum over the input planes that it is connected to";
  let description = [{
    Connection n says that output plane o reads input plane i through kernel n. For output o, its connections in the
    order in which they are listed, n1, n2, ...:

        y1 = sat(rha(sum over a, b of kernels[n1, a, b] * x[i1, r*sh + a, c*sw + b] + (bias[o] << 8), 8))
        yk = sat(y(k-1) + sat(rha(sum over a, b of kernels[nk, a, b] * x[ik, r*sh + a, c*sw + b], 8)))

    and output[o, r, c] is the last of them: rounded before each sum, which saturates. The sums over a and b are exact.
    Windows lie inside of the planes; with `same_size`, planes are padded with zeros before, (KH - 1) / 2 rows (rounded
    down) on top, KH - 1 in all, and columns alike.

    Without `connections` each output reads all inputs, in order: kernel o * inputs + i. With them, row n is
    [output, input].

    C1. strides has two entries (rows, columns), at least 1.
    C2. connections is a tensor<Nx2xi64>, N is the number of kernels, and each entry is a plane that there is.
    C3. each output has a connection.
    C4. without connections there are outputs * inputs kernels.
    C5. the (padded) plane is not smaller than the kernel.
    C6. the result has one plane per bias, (rows - KH) / sh + 1 rows (rounded down), and columns alike.
    C7. the element types are the same.

    ```mlir
    %y = neuflow.conv %x, %kernels, %bias {connections = dense<[[0, 0], [0, 1], [1, 1]]> : tensor<3x2xi64>,
        strides = array<i64: 1, 1>} : (tensor<2x28x28xi16>, tensor<3x5x5xi16>, tensor<2xi16>) -> tensor<2x24x24xi16>
    ```
  }];
  let arguments = (ins Neuflow_Planes:$input, Neuflow_Kernels:$kernels, Neuflow_Biases:$bias,
                       OptionalAttr<I64ElementsAttr>:$connections, Neuflow_PairAttr:$strides, UnitAttr:$same_size,
                       Neuflow_Arithmetic<"HalfAway">:$arithmetic);
  let results = (outs Neuflow_Planes:$output);
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// All connections, in the order of the kernels; also those that are not written.
    ::llvm::SmallVector<::cnn::neuflow::Connection> getConnectionList();
  }];
}

def Neuflow_FunctionOp : NeuflowTensorOp<"function", [AllTypesMatch<["input", "output"]>]> {
  let summary = "a function of each real, before it is cut into straight pieces";
  let description = [{
    `alpha` is the slope of leaky_relu below zero, as of `cnn.unary`.

    ```mlir
    %y = neuflow.function %x {kind = #cnn.unary_kind<tanh>} : (tensor<6x24x24xf32>) -> tensor<6x24x24xf32>
    ```
  }];
  let arguments = (ins Neuflow_Reals:$input, Cnn_UnaryKindAttr:$kind, DefaultValuedAttr<F64Attr, "0.01">:$alpha);
  let results = (outs Neuflow_Reals:$output);
}
def Neuflow_AffineOp : NeuflowTensorOp<"affine", [AllTypesMatch<["input", "output"]>]> {
  let summary = "scale and shift of each plane, before they are words";
  let description = [{
    output[p, r, c] = x[p, r, c] * scale[p] + shift[p].

    C1. scale and shift have an entry for each plane.

    ```mlir
    %y = neuflow.affine %x, %scale, %shift
        : (tensor<6x24x24xf32>, tensor<6xf32>, tensor<6xf32>) -> tensor<6x24x24xf32>
    ```
  }];
  let arguments = (ins Neuflow_Reals:$input, Neuflow_RealVector:$scale, Neuflow_RealVector:$shift);
  let results = (outs Neuflow_Reals:$output);
  let hasVerifier = 1;
}
def Neuflow_MapOp : NeuflowTensorOp<"map", [AllTypesMatch<["input", "output"]>]> {
  let summary = "a function in straight pieces, of each word";
  let description = [{
    The mapper of docs/neuflow.md "Numbers". There is one table for all planes, or one for each.

    C1. the number of tables is 1 or that of planes.

    ```mlir
    %y = neuflow.map %x {tables = [#neuflow.mapper<none, [[256, 0, 0], [0, 0, -32768]]>]}
        : (tensor<6x24x24xi16>) -> tensor<6x24x24xi16>
    ```
  }];
  let arguments = (ins Neuflow_Words:$input,
                       TypedArrayAttrBase<Neuflow_MapperAttr, "array of mappers">:$tables,
                       Neuflow_Arithmetic<"Floor">:$arithmetic);
  let results = (outs Neuflow_Words:$output);
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// The table of a plane.
    ::cnn::neuflow::MapperAttr getTable(int64_t plane);
  }];
}

class Neuflow_BinaryOp<string mnemonic, string formula, string round>
    : NeuflowTensorOp<mnemonic, [AllTypesMatch<["lhs", "rhs", "output"]>]> {
  let summary = "of each pair of words: " # formula;
  let description = "For each pair of words a, b: " # formula # ".\n\n```mlir\n%y = neuflow." # mnemonic # [{ %a, %b
    : (tensor<6x24x24xi16>, tensor<6x24x24xi16>) -> tensor<6x24x24xi16>
```}];
  let arguments = !con((ins Neuflow_Planes:$lhs, Neuflow_Planes:$rhs),
                       !if(!empty(round), (ins), (ins Neuflow_Arithmetic<round>:$arithmetic)));
  let results = (outs Neuflow_Planes:$output);
}
def Neuflow_AddOp : Neuflow_BinaryOp<"add", "sat(a + b)", "HalfAway">;
def Neuflow_SubOp : Neuflow_BinaryOp<"sub", "sat(a - b)", "HalfAway">;
def Neuflow_MulOp : Neuflow_BinaryOp<"mul", "sat(rha(a * b, 8))", "HalfAway">;
def Neuflow_DivOp : Neuflow_BinaryOp<
    "div", "sat(trunc((a << 8) / b)), toward zero; of b = 0 the end of the range on the side of a", "Zero">;
def Neuflow_MaxOp : Neuflow_BinaryOp<"max", "max(a, b)", "">;

def Neuflow_SquareOp : NeuflowTensorOp<"square", [AllTypesMatch<["input", "output"]>]> {
  let summary = "of each word: sat(rha(a * a, 8))";
  let description = [{
    ```mlir
    %y = neuflow.square %x : (tensor<6x24x24xi16>) -> tensor<6x24x24xi16>
    ```
  }];
  let arguments = (ins Neuflow_Planes:$input, Neuflow_Arithmetic<"HalfAway">:$arithmetic);
  let results = (outs Neuflow_Planes:$output);
}
def Neuflow_MacOp : NeuflowTensorOp<"mac", [AllTypesMatch<["lhs", "rhs", "addend", "output"]>]> {
  let summary = "of each three words: sat(rha(a * b, 8) + c)";
  let description = [{
    The product is rounded before the sum, and saturates only after it.

    ```mlir
    %y = neuflow.mac %a, %b, %c
        : (tensor<6x24x24xi16>, tensor<6x24x24xi16>, tensor<6x24x24xi16>) -> tensor<6x24x24xi16>
    ```
  }];
  let arguments = (ins Neuflow_Planes:$lhs, Neuflow_Planes:$rhs, Neuflow_Planes:$addend,
                       Neuflow_Arithmetic<"HalfAway">:$arithmetic);
  let results = (outs Neuflow_Planes:$output);
}

def Neuflow_WindowOp : NeuflowTensorOp<"window"> {
  let summary = "some rows and columns of each plane";
  let description = [{
    output[p, r, c] = x[p, offset[0] + r * strides[0], offset[1] + c * strides[1]]. Max pooling is max of windows.

    C1. offset has two entries (rows, columns), at least 0; strides has two, at least 1.
    C2. the last row and column lie inside of the plane. C3. the number of planes and the element type stay.

    ```mlir
    %y = neuflow.window %x {offset = array<i64: 0, 1>, strides = array<i64: 2, 2>}
        : (tensor<6x24x24xi16>) -> tensor<6x12x12xi16>
    ```
  }];
  let arguments = (ins Neuflow_Planes:$input, Neuflow_PairAttr:$offset, Neuflow_PairAttr:$strides);
  let results = (outs Neuflow_Planes:$output);
  let hasVerifier = 1;
}
def Neuflow_PadOp : NeuflowTensorOp<"pad"> {
  let summary = "surrounds each plane with one word";
  let description = [{
    low[0] rows above, high[0] below, low[1] columns on the left, high[1] on the right.

    Around reals, `value` is 0, or -32768, which stands for minus infinity.

    C1. low and high have two entries (rows, columns), at least 0. C2. the result has the type that follows.
    C3. around reals, value is 0 or -32768.

    ```mlir
    %y = neuflow.pad %x {low = array<i64: 1, 1>, high = array<i64: 1, 2>}
        : (tensor<6x24x24xi16>) -> tensor<6x26x27xi16>
    ```
  }];
  let arguments = (ins Neuflow_Planes:$input, Neuflow_PairAttr:$low, Neuflow_PairAttr:$high,
                       DefaultValuedAttr<I16Attr, "0">:$value);
  let results = (outs Neuflow_Planes:$output);
  let hasVerifier = 1;
}
def Neuflow_SelectOp : NeuflowTensorOp<"select"> {
  let summary = "some planes, in any order";
  let description = [{
    output[p] = x[planes[p]]. A plane may be named more than once.

    C1. each entry of planes is a plane that there is. C2. the result has so many planes, of the same type.

    ```mlir
    %y = neuflow.select %x {planes = array<i64: 2, 0>} : (tensor<6x24x24xi16>) -> tensor<2x24x24xi16>
    ```
  }];
  let arguments = (ins Neuflow_Planes:$input, DenseI64ArrayAttr:$planes);
  let results = (outs Neuflow_Planes:$output);
  let hasVerifier = 1;
}
def Neuflow_ConcatOp : NeuflowTensorOp<"concat"> {
  let summary = "the planes of some tensors, one after the other";
  let description = [{
    C1. there is at least one input. C2. all have the size and element type of the result, and its planes together.

    ```mlir
    %y = neuflow.concat %a, %b : (tensor<6x24x24xi16>, tensor<2x24x24xi16>) -> tensor<8x24x24xi16>
    ```
  }];
  let arguments = (ins Variadic<Neuflow_Planes>:$inputs);
  let results = (outs Neuflow_Planes:$output);
  let hasVerifier = 1;
}
def Neuflow_ReshapeOp : NeuflowTensorOp<"reshape"> {
  let summary = "the same words in row-major order, as other planes";
  let description = [{
    C1. the number of words and the element type stay.

    ```mlir
    %y = neuflow.reshape %x : (tensor<120x1x1xi16>) -> tensor<2x6x10xi16>
    ```
  }];
  let arguments = (ins Neuflow_Planes:$input);
  let results = (outs Neuflow_Planes:$output);
  let hasVerifier = 1;
}

def Neuflow_QuantizeOp : NeuflowTensorOp<"quantize"> {
  let summary = "a sample of the host, as words: sat(floor(x * 2^fraction + 0.5))";
  let description = [{
    Not a number becomes 0. Reals are taken as they are; fraction has no meaning then.

    C1. the number of values stays. C2. fraction is from -16 to 31.

    ```mlir
    %y = neuflow.quantize %x {fraction = 8 : i64} : (tensor<1x1x28x28xf32>) -> tensor<1x28x28xi16>
    ```
  }];
  let arguments = (ins Neuflow_Sample:$input, I64Attr:$fraction);
  let results = (outs Neuflow_Planes:$output);
  let hasVerifier = 1;
}
def Neuflow_DequantizeOp : NeuflowTensorOp<"dequantize"> {
  let summary = "words as the host reads them: x / 2^fraction";
  let description = [{
    C1. the number of values stays. C2. fraction is from -16 to 31.

    ```mlir
    %y = neuflow.dequantize %x {fraction = 8 : i64} : (tensor<10x1x1xi16>) -> tensor<1x10xf32>
    ```
  }];
  let arguments = (ins Neuflow_Planes:$input, I64Attr:$fraction);
  let results = (outs Neuflow_Sample:$output);
  let hasVerifier = 1;
}

#endif
