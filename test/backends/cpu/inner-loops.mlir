// The innermost loop of each kind of contraction, for each instruction set: enough multiply-adds of whole vectors to hide
// their latency, sums that stay in registers, as few loads as the register tile promises, and no calls. What a smaller
// tile or a spilled register costs cannot be measured in a test, but it can be seen. Inputs/inner_loops.py says what is
// counted; inner-loops-checker.test, that it fails where it should.

// RUN: cnn-opt %s -cnn-linalg -o %t.mlir

// RUN: build-artifact %t.mlir %t --triple=x86_64-linux-gnu --cpu=x86-64-v3 --emit=kernels > %t.v3.kernels
// RUN: build-artifact %t.mlir %t --triple=x86_64-linux-gnu --cpu=x86-64-v3 --emit=asm > %t.v3.s
// RUN: %python -B %S/Inputs/inner_loops.py %t.v3.s %t.v3.kernels 4x2 4x2 4x2 vectors=2x2 4x2 6x2 4x2 4x2

// RUN: build-artifact %t.mlir %t --triple=x86_64-linux-gnu --cpu=x86-64-v4 --emit=kernels > %t.v4.kernels
// RUN: build-artifact %t.mlir %t --triple=x86_64-linux-gnu --cpu=x86-64-v4 --emit=asm > %t.v4.s
// RUN: %python -B %S/Inputs/inner_loops.py %t.v4.s %t.v4.kernels 14x2 14x2 14x2 vectors=7x2 8x2 14x2 8x2 14x2

// RUN: build-artifact %t.mlir %t --triple=x86_64-linux-gnu --cpu=znver4 --emit=kernels > %t.zen.kernels
// RUN: build-artifact %t.mlir %t --triple=x86_64-linux-gnu --cpu=znver4 --emit=asm > %t.zen.s
// RUN: %python -B %S/Inputs/inner_loops.py %t.zen.s %t.zen.kernels 14x2 14x2 14x2 vectors=7x2 8x2 14x2 8x2 14x2

// Products of vectors with an element of one.
// RUN: build-artifact %t.mlir %t --triple=aarch64-linux-gnu --emit=kernels > %t.arm.kernels
// RUN: build-artifact %t.mlir %t --triple=aarch64-linux-gnu --emit=asm > %t.arm.s
// RUN: %python -B %S/Inputs/inner_loops.py %t.arm.s %t.arm.kernels 8x2 8x2 8x2 vectors=4x2 8x2 7x2 8x2 7x2
// RUN: build-artifact %t.mlir %t --triple=aarch64-linux-gnu --cpu=neoverse-n1 --emit=asm > %t.n1.s
// RUN: %python -B %S/Inputs/inner_loops.py %t.n1.s %t.arm.kernels 8x2 8x2 8x2 vectors=4x2 8x2 7x2 8x2 7x2

#pad1 = #cnn.window<kernel = [3, 3], stride = [1, 1], dilation = [1, 1], pad_low = [1, 1], pad_high = [1, 1]>
#point = #cnn.window<kernel = [1, 1], stride = [1, 1], dilation = [1, 1], pad_low = [0, 0], pad_high = [0, 0]>
#stem = #cnn.window<kernel = [7, 7], stride = [2, 2], dilation = [1, 1], pad_low = [3, 3], pad_high = [3, 3]>
#dense = #cnn.window<kernel = [], stride = [], dilation = [], pad_low = [], pad_high = []>
func.func @Net(%x: tensor<?x64x56x56xf32> {cnn.name = "x", cnn.role = #cnn.role<input>},
               %wide: tensor<?x256x56x56xf32> {cnn.name = "wide", cnn.role = #cnn.role<input>},
               %photo: tensor<?x3x224x224xf32> {cnn.name = "photo", cnn.role = #cnn.role<input>},
               %v: tensor<?x2048xf32> {cnn.name = "v", cnn.role = #cnn.role<input>},
               %w3: tensor<64x64x3x3xf32> {cnn.name = "w3", cnn.role = #cnn.role<parameter>},
               %w1: tensor<64x256x1x1xf32> {cnn.name = "w1", cnn.role = #cnn.role<parameter>},
               %w7: tensor<64x3x7x7xf32> {cnn.name = "w7", cnn.role = #cnn.role<parameter>},
               %wd: tensor<64x1x3x3xf32> {cnn.name = "wd", cnn.role = #cnn.role<parameter>},
               %wv: tensor<1024x2048xf32> {cnn.name = "wv", cnn.role = #cnn.role<parameter>},
               %ww: tensor<64x64x3x3xf32> {cnn.name = "ww", cnn.role = #cnn.role<parameter>},
               %wg: tensor<128x64x3x3xf32> {cnn.name = "wg", cnn.role = #cnn.role<parameter>},
               %dy: tensor<?x128x28x28xf32> {cnn.name = "dy", cnn.role = #cnn.role<input>})
    -> (tensor<?x64x56x56xf32> {cnn.name = "y3"}, tensor<?x64x56x56xf32> {cnn.name = "y1"},
        tensor<?x64x112x112xf32> {cnn.name = "y7"}, tensor<?x64x56x56xf32> {cnn.name = "yd"},
        tensor<?x1024xf32> {cnn.name = "yv"}, tensor<?x64x56x56xf32> {cnn.name = "yw"},
        tensor<64x64x3x3xf32> {cnn.name = "dw"}, tensor<?x64x28x28xf32> {cnn.name = "dx"})
    attributes {cnn.kind = #cnn.function_kind<infer>} {
  %y3 = cnn.conv %x, %w3 {window = #pad1} : (tensor<?x64x56x56xf32>, tensor<64x64x3x3xf32>) -> tensor<?x64x56x56xf32>
  %y1 = cnn.conv %wide, %w1 {window = #point} : (tensor<?x256x56x56xf32>, tensor<64x256x1x1xf32>) -> tensor<?x64x56x56xf32>
  %y7 = cnn.conv %photo, %w7 {window = #stem} : (tensor<?x3x224x224xf32>, tensor<64x3x7x7xf32>) -> tensor<?x64x112x112xf32>
  %yd = cnn.conv %x, %wd {groups = 64, window = #pad1} : (tensor<?x64x56x56xf32>, tensor<64x1x3x3xf32>) -> tensor<?x64x56x56xf32>
  %yv = cnn.conv %v, %wv {window = #dense} : (tensor<?x2048xf32>, tensor<1024x2048xf32>) -> tensor<?x1024xf32>
  %yw = cnn.conv %x, %ww {algorithm = #cnn.conv_algorithm<winograd4>, window = #pad1} : (tensor<?x64x56x56xf32>, tensor<64x64x3x3xf32>) -> tensor<?x64x56x56xf32>
  %dw = cnn.conv_weight_grad %x, %y3 {window = #pad1} : (tensor<?x64x56x56xf32>, tensor<?x64x56x56xf32>) -> tensor<64x64x3x3xf32>
  %dx = cnn.conv_input_grad %dy, %wg {window = #pad1} : (tensor<?x128x28x28xf32>, tensor<128x64x3x3xf32>) -> tensor<?x64x28x28xf32>
  return %y3, %y1, %y7, %yd, %yv, %yw, %dw, %dx :
      tensor<?x64x56x56xf32>, tensor<?x64x56x56xf32>, tensor<?x64x112x112xf32>, tensor<?x64x56x56xf32>,
      tensor<?x1024xf32>, tensor<?x64x56x56xf32>, tensor<64x64x3x3xf32>, tensor<?x64x28x28xf32>
}
