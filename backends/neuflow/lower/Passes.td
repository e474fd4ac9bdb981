// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef CNN_BACKENDS_NEUFLOW_LOWER_PASSES_TD
#define CNN_BACKENDS_NEUFLOW_LOWER_PASSES_TD

include "mlir/Pass/PassBase.td"

def FormPasses : Pass<"neuflow-form-passes", "::mlir::ModuleOp"> {
  let summary = "from the tensor level to passes over the grid";
  let description = [{
    Each function of the grid (`neuflow.part`, or any function of tensor ops if none has one) gets a `neuflow.program`
    of its name, and becomes a declaration; its constants are in the steps.

    ```mlir
    func.func @f(%x: tensor<1x8x8xi16>) -> tensor<1x8x8xi16> {
      %y = neuflow.map %x ..
    // becomes
    neuflow.program @f.program target "neuflow-tiny" {
      neuflow.buffer @b0 input 64 ..
      neuflow.pass "map: 1 lane" { %0 = neuflow.read  %1 = neuflow.mapper %0 ..  neuflow.write %1  neuflow.step .. }
    ```

    Needs: words (i16) and static shapes; kernels that fit the convolver, which neuflow-legalize sees to.
  }];
  let options = [Option<"target", "target", "std::string", "\"neuflow-v6\"", "name or canonical text of a machine">];
  let dependentDialects = ["::cnn::neuflow::NeuflowDialect"];
}

def PlaceAndRoute : Pass<"neuflow-place-and-route", "::mlir::ModuleOp"> {
  let summary = "give operators tiles, streams ports, and words ways";
  let description = [{
    Fills in what passes do not have: `tile` of operators, `port` of reads and writes, and the selects of all tiles on
    the ways between. A pass that has them is only checked, so they may be written by hand. That each step comes to its
    end is checked, too.
  }];
  let dependentDialects = ["::cnn::neuflow::NeuflowDialect"];
}

def PlanMemory : Pass<"neuflow-plan-memory", "::mlir::ModuleOp"> {
  let summary = "give buffers their places in the machine's memory";
  let description = "Sets `base` of each buffer, and `layout` of the program.";
  let dependentDialects = ["::cnn::neuflow::NeuflowDialect"];
}

def LowerToMachine : Pass<"neuflow-lower-to-machine", "::mlir::ModuleOp"> {
  let summary = "from passes to the words of the program";
  let description = [{
    Passes become one `neuflow.text`; what its words configure is read again and compared with each pass.

    Needs: passes that are placed and routed, buffers that are planned.
  }];
  let dependentDialects = ["::cnn::neuflow::NeuflowDialect"];
}

#endif
