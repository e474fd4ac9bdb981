// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef CNN_BACKENDS_NEUFLOW_PASSES_TD
#define CNN_BACKENDS_NEUFLOW_PASSES_TD

include "mlir/Pass/PassBase.td"

def Legalize : Pass<"neuflow-legalize", "::mlir::ModuleOp"> {
  let summary = "from the cnn dialect to ops of the grid, on reals";
  let description = [{
    Cuts each inference function into parts, in turn of the grid and of the host, and writes the grid's in the neuflow
    dialect. The function itself calls them. What the grid cannot do is named in a warning.

    ```mlir
    func.func @Net(%x: tensor<?x1x28x28xf32>) -> tensor<?x6xf32> {
      %0 = cnn.conv %x, %w ..
      %1 = cnn.softmax %0
    // becomes
    func.func @Net(%x: tensor<1x1x28x28xf32>) -> tensor<1x6xf32> {
      %0 = neuflow.quantize %x {fraction = 8} : .. -> tensor<1x28x28xf32>
      %1 = call @Net.part0(%0) : .. -> tensor<6x1x1xf32>
      %2 = neuflow.dequantize %1 {fraction = 8} : .. -> tensor<1x6xf32>
      %3 = call @Net.part1(%2)
    func.func @Net.part0(..) attributes {neuflow.part = #neuflow.part<grid>}
      %0 = neuflow.conv %x, %kernels, %bias ..
    func.func @Net.part1(..) attributes {neuflow.part = #neuflow.part<host>}
      %0 = cnn.softmax %x
    ```

    Kernels that are larger than the convolver are cut into several, each on a shifted window of the plane; dilated ones
    get zeros; a dense layer becomes kernels that cover planes; averages become convolutions, maxima max of windows;
    connections whose kernel is zero go.

    Needs: functions of one block whose weights are constants. Run cnn-inference before it, and neuflow-fold-affine
    after it.
  }];
  let options = [Option<"target", "target", "std::string", "\"neuflow-v6\"", "the machine">];
  let dependentDialects = ["::cnn::neuflow::NeuflowDialect", "::mlir::arith::ArithDialect",
                           "::mlir::func::FuncDialect"];
}

def FoldAffine : Pass<"neuflow-fold-affine", "::mlir::func::FuncOp"> {
  let summary = "put scales and shifts of planes into the kernels and biases beside them";
  let description = [{
    An affine op behind a convolution that nothing else reads goes into its kernels and biases; so does one in front of
    a convolution, unless zeros of a padding stand in between that it would shift. Two in a row become one.

    Needs: ops on reals, before words are chosen.
  }];
  let dependentDialects = ["::cnn::neuflow::NeuflowDialect", "::mlir::arith::ArithDialect"];
}

def Quantize : Pass<"neuflow-quantize", "::mlir::ModuleOp"> {
  let summary = "from reals to words of 16 bits";
  let description = [{
    Gives each value a number of fraction bits, rounds kernels and biases, and cuts functions into straight pieces that
    a mapper holds (see MapperFit.h). Values have the ranges that `neuflow.range` says, which calibration has written.

    ```mlir
    %1 = neuflow.function %0 {kind = #cnn.unary_kind<tanh>, neuflow.range = [1.0, 0.3]} : .. tensor<6x28x28xf32>
    // becomes
    %1 = neuflow.map %0 {neuflow.fraction = 12, tables = [#neuflow.mapper<odd, [..]>]} : .. tensor<6x28x28xi16>
    ```

    Needs: neuflow-legalize, and ranges.
  }];
  let options = [Option<"target", "target", "std::string", "\"neuflow-v6\"", "the machine">];
  let dependentDialects = ["::cnn::neuflow::NeuflowDialect", "::mlir::arith::ArithDialect"];
}

def ExtractHost : Pass<"neuflow-extract-host", "::mlir::ModuleOp"> {
  let summary = "what is left of a net for a processor, and calls of what a device carries out";
  let description = [{
    ```mlir
    func.func @Net(%x: tensor<1x1x28x28xui8>) -> tensor<1x6xf32> {
      %0 = neuflow.quantize %x {fraction = 0} : .. -> tensor<1x28x28xi16>
      %1 = call @Net.part0(%0)
      %2 = neuflow.dequantize %1 {fraction = 8} : tensor<6x1x1xi16> -> tensor<1x6xf32>
      %3 = call @Net.part1(%2)
    // becomes
    func.func @Net(%x: tensor<?x1x28x28xui8>) -> tensor<?x6xf32> {
      %0 = call @Net.part0(%x)
      %1 = cnn.softmax %0
    func.func private @Net.part0(tensor<?x1x28x28xui8> {cnn.name = "image", cnn.device_planes = array<i64: 1, 28, 28>,
      cnn.device_fraction = 0}) -> (tensor<?x6xf32> {..}) attributes {cnn.device_part = 0}
    ```

    Host parts are put into the net, for any batch. What a part of the grid computes is no longer said here.

    Needs: neuflow-quantize. The result is for the CPU back end.
  }];
  let dependentDialects = ["::cnn::CnnDialect", "::mlir::func::FuncDialect"];
}

#endif
