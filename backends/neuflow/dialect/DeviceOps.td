// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef CNN_BACKENDS_NEUFLOW_DIALECT_DEVICEOPS_TD
#define CNN_BACKENDS_NEUFLOW_DIALECT_DEVICEOPS_TD

include "backends/neuflow/dialect/NeuflowAttributes.td"
include "mlir/IR/RegionKindInterface.td"
include "mlir/IR/SymbolInterfaces.td"

def Neuflow_WordsType : TypeDef<NeuflowDialect, "Words"> {
  let mnemonic = "words";
  let summary = "words that come one after the other";
  let description = "What `neuflow.read` and the operators of a pass make.";
}
def Neuflow_Words_ : DialectType<NeuflowDialect, CPred<"::llvm::isa<::cnn::neuflow::WordsType>($_self)">,
                                 "stream of words", "::cnn::neuflow::WordsType">,
                     BuildableType<"$_builder.getType<::cnn::neuflow::WordsType>()">;

def Neuflow_ProgramOp : NeuflowOp<"program", [IsolatedFromAbove, NoTerminator, SingleBlock, Symbol, SymbolTable]> {
  let summary = "what a machine does for one sample";
  let description = [{
    `target` is the name of a machine, or its canonical text. `layout` has [kind, first byte, bytes] of each segment of
    the memory but the text's, once they are planned.

    C1. target is a machine. C2. the body has buffers, tensors, passes and at most one text. C3. layout has three
    numbers for each segment.

    ```mlir
    neuflow.program @Net target "neuflow-tiny" {
      neuflow.buffer @x input 256
      neuflow.buffer @y output 256
      neuflow.tensor "x" in @x shape [1, 16, 16] fraction 8
      neuflow.tensor "y" out @y shape [1, 16, 16] fraction 8
      neuflow.pass "relu" {
        %x = neuflow.read
        %y = neuflow.mapper %x {table = #neuflow.mapper<none, [[256, 0, 0], [0, 0, -32768]]>}
        neuflow.write %y
        neuflow.step {
          reads = [#neuflow.stream<buffer = @x, offset = 0, height = 1, width = 256, pitch = 256, element = 1>],
          writes = [#neuflow.stream<buffer = @y, offset = 0, height = 1, width = 256, pitch = 256, element = 1>],
          kernels = []}
      }
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, StrAttr:$target, OptionalAttr<DenseI64ArrayAttr>:$layout);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$sym_name `target` $target attr-dict-with-keyword $body";
  let hasVerifier = 1;
  // What depends on the target is verified here, which reads it once.
  let hasRegionVerifier = 1;
}

def Neuflow_BufferOp : Neuflow_InProgram<"buffer", [Symbol]> {
  let summary = "a piece of memory, in words";
  let description = [{
    C1. words is at least 1. C2. a constant, and nothing else, has contents, one number for each word. C3. base, the
    word at which it begins, is not negative.

    Example: `neuflow.program`.
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, Neuflow_BufferUseAttr:$use, I64Attr:$words,
                       OptionalAttr<DenseI16ArrayAttr>:$contents, OptionalAttr<I64Attr>:$base);
  let assemblyFormat = "$sym_name $use $words (`holds` $contents^)? (`at` $base^)? attr-dict";
  let hasVerifier = 1;
}

def Neuflow_TensorOp : Neuflow_InProgram<"tensor"> {
  let summary = "what goes in or out, as the host knows it";
  let description = [{
    C1. shape has planes, rows and columns. C2. the buffer is an input or an output, and has their words.

    Example: `neuflow.program`.
  }];
  let arguments = (ins StrAttr:$name, UnitAttr:$out, FlatSymbolRefAttr:$buffer, DenseI64ArrayAttr:$shape,
                       I64Attr:$fraction);
  let assemblyFormat = "$name (`out` $out^):(`in`)? $buffer `shape` $shape `fraction` $fraction attr-dict";
  let hasVerifier = 1;
}

def Neuflow_PassOp : Neuflow_InProgram<"pass", [NoTerminator, SingleBlock]> {
  let summary = "operators on streams, and the steps that use them";
  let description = [{
    `origin` names the op of the tensor level that it does a part of. The graph has no circles; each stream is used.
    When it is routed, there is a `neuflow.router` and a `neuflow.lines` for each tile that words go through.

    C1. the body has operators, reads, writes, selects and steps. C2. each stream of words is used.
    C3. each step has a stream, or none (`unit`), for each read and write, and a kernel or none for each convolver.

    Example: `neuflow.program`.
  }];
  let arguments = (ins StrAttr:$name, DefaultValuedAttr<StrAttr, "\"\"">:$origin);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$name attr-dict-with-keyword $body";
  let hasVerifier = 1;
}

class Neuflow_InPass<string mnemonic, list<Trait> traits = []>
    : NeuflowOp<mnemonic, !listconcat([HasParent<"PassOp">], traits)>;

def Neuflow_ReadOp : Neuflow_InPass<"read"> {
  let summary = "words from memory, through a port";
  let description = "Example: `neuflow.program`.";
  let arguments = (ins OptionalAttr<I64Attr>:$port);
  let results = (outs Neuflow_Words_:$words);
  let assemblyFormat = "(`port` $port^)? attr-dict";
}
def Neuflow_WriteOp : Neuflow_InPass<"write"> {
  let summary = "words to memory, through a port";
  let description = "Example: `neuflow.program`.";
  let arguments = (ins Neuflow_Words_:$words, OptionalAttr<I64Attr>:$port);
  let assemblyFormat = "$words (`port` $port^)? attr-dict";
}

// An operator of a tile, with its name once it is placed.
class Neuflow_Operator<string mnemonic, list<Trait> traits = []> : Neuflow_InPass<mnemonic, traits> {
  let results = (outs Neuflow_Words_:$output);
}
def Neuflow_ConvolverOp : Neuflow_Operator<"convolver"> {
  let summary = "a convolver";
  let description = [{
    What it makes of a frame of the image is added to `sums`, if there are such. After each frame it takes the next
    kernel of its step.

    C1. image, kernel and strides have two entries (rows, columns), at least 1. C2. the words say something that the
    target's convolvers do.

    ```mlir
    neuflow.program @Net target "neuflow-tiny" {
      neuflow.pass "conv" {
        %x = neuflow.read
        %sums = neuflow.read
        %y = neuflow.convolver %x adds %sums image [28, 28] kernel [3, 3] strides [1, 1]
        neuflow.write %y
      }
    }
    ```
  }];
  let arguments = (ins Neuflow_Words_:$image, Optional<Neuflow_Words_>:$sums, DenseI64ArrayAttr:$image_size,
                       DenseI64ArrayAttr:$kernel_size, DenseI64ArrayAttr:$strides, UnitAttr:$same_size,
                       OptionalAttr<StrAttr>:$tile);
  let assemblyFormat = [{
    $image (`adds` $sums^)? `image` $image_size `kernel` $kernel_size `strides` $strides (`same_size` $same_size^)?
    (`tile` $tile^)? attr-dict
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// As words say it.
    ::cnn::neuflow::ConvConfig getConfig();
  }];
}
def Neuflow_AluOp : Neuflow_Operator<"alu"> {
  let summary = "an ALU: one operator, or a second one behind it";
  let description = [{
    `second(first(a, b), c)`. MAC takes three words, SQUARE one.

    C1. there are as many inputs as it takes. C2. the words say something that the target's ALUs do.

    ```mlir
    neuflow.program @Net target "neuflow-tiny" {
      neuflow.pass "max" {
        %a = neuflow.read
        %b = neuflow.read
        %c = neuflow.read
        %y = neuflow.alu max then max(%a, %b, %c)
        neuflow.write %y
      }
    }
    ```
  }];
  let arguments = (ins Variadic<Neuflow_Words_>:$inputs, Neuflow_AluKindAttr:$first,
                       OptionalAttr<Neuflow_AluKindAttr>:$second, OptionalAttr<StrAttr>:$tile);
  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// As words say it.
    ::cnn::neuflow::AluConfig getConfig();
  }];
}
def Neuflow_MapperOp : Neuflow_Operator<"mapper"> {
  let summary = "a mapper";
  let description = [{
    C1. the target's mappers have as many segments.

    Example: `neuflow.program`.
  }];
  let arguments = (ins Neuflow_Words_:$input, Neuflow_MapperAttr:$table, OptionalAttr<StrAttr>:$tile);
  let assemblyFormat = "$input (`tile` $tile^)? attr-dict";
}
def Neuflow_FifoOp : Neuflow_Operator<"fifo"> {
  let summary = "a FIFO tile, of some capacity";
  let description = [{
    C1. the target's FIFO tiles have as many words.

    ```mlir
    neuflow.program @Net target "neuflow-tiny" {
      neuflow.pass "late" {
        %x = neuflow.read
        %y = neuflow.fifo %x capacity 64
        neuflow.write %y
      }
    }
    ```
  }];
  let arguments = (ins Neuflow_Words_:$input, I64Attr:$capacity, OptionalAttr<StrAttr>:$tile);
  let assemblyFormat = "$input `capacity` $capacity (`tile` $tile^)? attr-dict";
}

def Neuflow_RouterOp : Neuflow_InPass<"router"> {
  let summary = "what a router selects, as the machine's codes";
  let description = [{
    For operator inputs 1 to 3, local outputs 1 to 3, and the sides north, east, south, west.

    C1. the tile is one of the target's. C2. there are ten codes that its router takes.

    ```mlir
    neuflow.program @Net target "neuflow-tiny" {
      neuflow.pass "nothing" {
        neuflow.router "C1" [8, 15, 15, 15, 15, 15, 15, 15, 0, 15]
      }
    }
    ```
  }];
  let arguments = (ins StrAttr:$tile, DenseI64ArrayAttr:$codes);
  let assemblyFormat = "$tile $codes attr-dict";
}
def Neuflow_LinesOp : Neuflow_InPass<"lines"> {
  let summary = "what drives the lines behind a tile, and what its local inputs read, as the machine's codes";
  let description = [{
    For lines 1 to 8 and local inputs 1 to 3.

    C1. the tile is one of the target's. C2. there are eleven codes that its lines take.

    ```mlir
    neuflow.program @Net target "neuflow-tiny" {
      neuflow.pass "nothing" {
        neuflow.lines "C1" [0, 8, 15, 15, 15, 15, 15, 15, 0, 15, 15]
      }
    }
    ```
  }];
  let arguments = (ins StrAttr:$tile, DenseI64ArrayAttr:$codes);
  let assemblyFormat = "$tile $codes attr-dict";
}

def Neuflow_StepOp : Neuflow_InPass<"step"> {
  let summary = "one frame through a pass";
  let description = [{
    A stream for each read and write of the pass, a kernel for each convolver, in their order; `unit` where one rests.

    C1. reads and writes are streams or unit, kernels are kernels or unit. C2. the streams lie inside of their buffers.

    Example: `neuflow.program`.
  }];
  let arguments = (ins ArrayAttr:$reads, ArrayAttr:$writes, ArrayAttr:$kernels);
  let assemblyFormat = "attr-dict";
  let hasVerifier = 1;
}

#endif
