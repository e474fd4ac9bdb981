// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef CNN_BACKENDS_NEUFLOW_DIALECT_NEUFLOWDIALECT_TD
#define CNN_BACKENDS_NEUFLOW_DIALECT_NEUFLOWDIALECT_TD

include "mlir/IR/OpBase.td"

def NeuflowDialect : Dialect {
  let name = "neuflow";
  let cppNamespace = "::cnn::neuflow";
  let summary = "What the NeuFlow machine computes";
  let description = [{
    The *tensor level* says which words a network is, and nothing about tiles: integers in, integers out, every rounding
    in its place. It is one sample at a time. A value is a stack of planes, `tensor<6x28x28xi16>` (planes, rows,
    columns); a vector is planes of 1x1. A word is Q8.8; what it stands for may be scaled by a power of two, which the
    attribute `neuflow.fraction` of an argument or result gives as its number of fraction bits.

    "Numbers" of docs/neuflow.md defines sat, rha and the mapper. Sums that saturate depend on their order, so the order
    is part of each definition.

    Until words are chosen (quantization), the same ops stand on f32: what they compute then is the formula without
    rounding, saturation and shifts.

    A function has a part, `neuflow.part = #neuflow.part<grid>` or `<host>`: what the grid computes, and the ops of the
    cnn dialect that it cannot. The function of the net's own name calls them, with `neuflow.quantize` and
    `neuflow.dequantize` in between.

    The *device level* says where: a `neuflow.program` holds buffers, and passes over the grid. A pass is a graph of
    operators on streams of words, which is done once, and steps, each of which sends planes through it. Once they are
    placed and planned, operators have tiles, streams have ports, and buffers have addresses.

    The *machine level* is the words of the program, one op for each instruction.

    Left out on purpose: batches (the machine has none), pooling (an average is a convolution with equal weights, a
    maximum is max of windows), dense layers (a convolution whose kernel covers the plane), types for fixed point (the
    machine has one format).
  }];
  let useDefaultAttributePrinterParser = 1;
  let useDefaultTypePrinterParser = 1;
  let extraClassDeclaration = [{
    // Each level registers its own ops.
    void addTensorOps();
    void addDeviceOps();
    void addMachineOps();
  }];
}

class NeuflowOp<string mnemonic, list<Trait> traits = []> : Op<NeuflowDialect, mnemonic, traits>;
class Neuflow_InProgram<string mnemonic, list<Trait> traits = []>
    : NeuflowOp<mnemonic, !listconcat([HasParent<"ProgramOp">], traits)>;

#endif
