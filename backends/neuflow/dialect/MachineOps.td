// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef CNN_BACKENDS_NEUFLOW_DIALECT_MACHINEOPS_TD
#define CNN_BACKENDS_NEUFLOW_DIALECT_MACHINEOPS_TD

include "backends/neuflow/dialect/NeuflowAttributes.td"
include "mlir/IR/RegionKindInterface.td"

def Neuflow_TextOp : Neuflow_InProgram<"text", [NoTerminator, SingleBlock]> {
  let summary = "the words of a program, from byte `base` of the memory on";
  let description = [{
    One op for each instruction, in order; `neuflow.mark` is none.

    C1. base is a multiple of 8. C2. the body has instructions and marks.

    ```mlir
    neuflow.program @Net target "neuflow-tiny" {
      neuflow.text 64 {
        neuflow.mark "begin" {cycles = 10 : i64, macs = 0 : i64, bytes = 0 : i64}
        neuflow.config_select "tile.1.operator.reset"
        neuflow.config_burst "tile.16.operator.config" [50462724]
        neuflow.config_select "streamer.2.commands.config"
        neuflow.get_status "idle"
        neuflow.instruction "setReg" [0, 5, 0, 10]
        neuflow.instruction "term" [0, 0, 0, 0]
      }
    }
    ```
  }];
  let arguments = (ins I64Attr:$base);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$base attr-dict-with-keyword $body";
  let hasVerifier = 1;
}

class Neuflow_InText<string mnemonic> : NeuflowOp<mnemonic, [HasParent<"TextOp">]>;

def Neuflow_MarkOp : Neuflow_InText<"mark"> {
  let summary = "a part of the text begins here";
  let description = [{
    With numbers it is a pass, of which that much is expected; it ends where the next mark stands.

    C1. cycles, macs and bytes are there together.

    Example: `neuflow.text`.
  }];
  let arguments = (ins StrAttr:$name, OptionalAttr<I64Attr>:$cycles, OptionalAttr<I64Attr>:$macs,
                       OptionalAttr<I64Attr>:$bytes);
  let assemblyFormat = "$name attr-dict";
  let hasVerifier = 1;
}
def Neuflow_ConfigSelectOp : Neuflow_InText<"config_select"> {
  let summary = "writeConfig of a select word";
  let description = [{
    C1. module is one that select words can name, or a number.

    Example: `neuflow.text`.
  }];
  let arguments = (ins StrAttr:$module);
  let assemblyFormat = "$module attr-dict";
  let hasVerifier = 1;
}
def Neuflow_ConfigBurstOp : Neuflow_InText<"config_burst"> {
  let summary = "configBurst of a select word and data words";
  let description = [{
    C1. module is one that select words can name, or a number. C2. there are 1 to 65534 data words.

    Example: `neuflow.text`.
  }];
  let arguments = (ins StrAttr:$module, DenseI32ArrayAttr:$data);
  let assemblyFormat = "$module $data attr-dict";
  let hasVerifier = 1;
}
def Neuflow_GetStatusOp : Neuflow_InText<"get_status"> {
  let summary = "waits until the selected module shows a status";
  let description = [{
    C1. status has a name.

    Example: `neuflow.text`.
  }];
  let arguments = (ins StrAttr:$status, DefaultValuedAttr<I64Attr, "0">:$wait);
  let assemblyFormat = "$status attr-dict";
  let hasVerifier = 1;
}
def Neuflow_InstructionOp : Neuflow_InText<"instruction"> {
  let summary = "any other instruction: its fields a1, a2, a3 and imm";
  let description = [{
    C1. there are four fields, which fit. C2. the target executes it.

    Example: `neuflow.text`.
  }];
  let arguments = (ins StrAttr:$opcode, DenseI64ArrayAttr:$fields);
  let assemblyFormat = "$opcode $fields attr-dict";
}

#endif
