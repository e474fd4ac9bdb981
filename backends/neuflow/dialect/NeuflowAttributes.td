// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef CNN_BACKENDS_NEUFLOW_DIALECT_NEUFLOWATTRIBUTES_TD
#define CNN_BACKENDS_NEUFLOW_DIALECT_NEUFLOWATTRIBUTES_TD

include "backends/neuflow/dialect/NeuflowDialect.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"

class NeuflowAttr<string name, string attrMnemonic, list<Trait> traits = []>
    : AttrDef<NeuflowDialect, name, traits> {
  let mnemonic = attrMnemonic;
}
class NeuflowEnum<string name, string summary, list<I32EnumAttrCase> cases> : I32EnumAttr<name, summary, cases> {
  let cppNamespace = "::cnn::neuflow";
  let genSpecializedAttr = 0;
}

// The numbers are those of runtime/neuflow/machine/Arithmetic.h.
def Neuflow_RoundKind : NeuflowEnum<"RoundKind", "what is done with bits below the last one that stays", [
  I32EnumAttrCase<"HalfAway", 0, "half_away">,      // to the nearest; halves away from zero
  I32EnumAttrCase<"HalfUp", 1, "half_up">,          // to the nearest; halves toward plus infinity
  I32EnumAttrCase<"Floor", 2, "floor">,             // toward minus infinity
  I32EnumAttrCase<"Zero", 3, "zero">]>;             // toward zero
def Neuflow_OverflowKind : NeuflowEnum<"OverflowKind", "what is done with a number that 16 bits cannot hold", [
  I32EnumAttrCase<"Saturate", 0, "saturate">,       // the nearest number that they can
  I32EnumAttrCase<"Wrap", 1, "wrap">]>;             // its low bits
def Neuflow_SymmetryKind : NeuflowEnum<"SymmetryKind", "what a mapper does below 0", [
  I32EnumAttrCase<"None", 0, "none">,               // its segments say it
  I32EnumAttrCase<"Even", 1, "even">,               // f(x) = f(-x)
  I32EnumAttrCase<"Odd", 2, "odd">]>;               // f(x) = -f(-x)

def Neuflow_PartKind : NeuflowEnum<"PartKind", "who computes a function", [
  I32EnumAttrCase<"Grid", 0, "grid">, I32EnumAttrCase<"Host", 1, "host">]>;
def Neuflow_PartKindAttr : EnumAttr<NeuflowDialect, Neuflow_PartKind, "part"> {
  let assemblyFormat = "`<` $value `>`";
}

def Neuflow_ArithmeticAttr : NeuflowAttr<"Arithmetic", "arithmetic"> {
  let summary = "how a result is brought into a word";
  let description = [{
    Each op that rounds has one; its default is what the machine does, and a back end refuses every other. `overflow`
    holds for sums too.

    ```mlir
    #neuflow.arithmetic<round = half_away, overflow = saturate>
    ```
  }];
  let parameters = (ins EnumParameter<Neuflow_RoundKind>:$round, EnumParameter<Neuflow_OverflowKind>:$overflow);
  let assemblyFormat = "`<` struct($round, $overflow) `>`";
  // A default is an expression that makes the attribute.
  let constBuilderCall = "$0";
}

def Neuflow_MapperAttr : NeuflowAttr<"Mapper", "mapper"> {
  let summary = "a function in straight pieces: a symmetry, and [slope, offset, least] of each segment";
  let description = [{
    All numbers are words. The first segment whose least is at most x holds, or else the last one; so the highest comes
    first. With a symmetry the segments say what the function is of |x|.

    C1. there is at least one segment. C2. all numbers are words: -32768 to 32767. C3. least falls from each segment to
    the next.

    ```mlir
    #neuflow.mapper<none, [[256, 0, 0], [0, 0, -32768]]>
    ```
  }];
  let parameters = (ins EnumParameter<Neuflow_SymmetryKind>:$symmetry, ArrayRefParameter<"int64_t">:$numbers);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    static MapperAttr get(::mlir::MLIRContext *context, ::cnn::neuflow::Symmetry symmetry,
                          ::llvm::ArrayRef<::cnn::neuflow::Segment> segments);
    ::llvm::SmallVector<::cnn::neuflow::Segment> getSegments() const;
    ::cnn::neuflow::Symmetry getMachineSymmetry() const;
  }];
}

// The device level.

// The numbers are those of BufferKind.
def Neuflow_BufferUse : NeuflowEnum<"BufferUse", "what a piece of memory is for", [
  I32EnumAttrCase<"Input", 0, "input">,
  I32EnumAttrCase<"Output", 1, "output">,
  I32EnumAttrCase<"Temporary", 2, "temporary">,     // from one pass to a later one
  I32EnumAttrCase<"Constant", 3, "constant">]>;     // part of the program
def Neuflow_BufferUseAttr : EnumAttr<NeuflowDialect, Neuflow_BufferUse, "use">;

// The numbers are those of AluCode.
def Neuflow_AluKind : NeuflowEnum<"AluKind", "what an ALU does", [
  I32EnumAttrCase<"Mac", 1, "mac">,
  I32EnumAttrCase<"Div", 2, "div">,
  I32EnumAttrCase<"Mul", 3, "mul">,
  I32EnumAttrCase<"Add", 4, "add">,
  I32EnumAttrCase<"Sub", 5, "sub">,
  I32EnumAttrCase<"Square", 6, "square">,
  I32EnumAttrCase<"Max", 7, "max">]>;
def Neuflow_AluKindAttr : EnumAttr<NeuflowDialect, Neuflow_AluKind, "alu_kind"> {
  let assemblyFormat = "`<` $value `>`";
}

def Neuflow_StreamAttr : NeuflowAttr<"Stream", "stream"> {
  let summary = "words of a buffer, row after row";
  let description = [{
    Element (row, column) is word `offset + row * pitch + column * element` of the buffer.

    C1. height and width are 1 to 65535.

    ```mlir
    #neuflow.stream<buffer = @x, offset = 64, height = 28, width = 28, pitch = 28, element = 1>
    ```
  }];
  let parameters = (ins "::mlir::FlatSymbolRefAttr":$buffer, "int64_t":$offset, "int64_t":$height, "int64_t":$width,
                        "int64_t":$pitch, "int64_t":$element);
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
}

def Neuflow_KernelAttr : NeuflowAttr<"Kernel", "kernel"> {
  let summary = "what a convolver multiplies with: rows of numbers as they meet the pixels, and a bias";
  let description = [{
    C1. there are height * width numbers.

    ```mlir
    #neuflow.kernel<height = 1, width = 2, bias = 0, numbers = [256, -256]>
    ```
  }];
  let parameters = (ins "int64_t":$height, "int64_t":$width, "int64_t":$bias, "::mlir::DenseI16ArrayAttr":$numbers);
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
}

#endif
