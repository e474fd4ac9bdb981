// What the kernel generator makes of convolutions whose operands are bf16: dot products of pairs with AVX-512 BF16; without,
// multiply-adds of f32. The accumulators stay in registers, and nothing is computed value by value, or by a function.

// RUN: cnn-opt %s -cnn-narrow-storage -cnn-linalg -o %t.mlir
// RUN: build-artifact %t.mlir %t --triple=x86_64-linux-gnu --cpu=znver4 --emit=asm > %t.znver4.s
// RUN: build-artifact %t.mlir %t --triple=x86_64-linux-gnu --cpu=znver4 --emit=kernels > %t.kernels
// RUN: %python -B %S/Inputs/inner_loops.py %t.znver4.s %t.kernels 14x2 14x2 14x2 8x2
// RUN: sed -n '/^kernel_4:/,/retq/p' %t.znver4.s | FileCheck %s --check-prefix=DOT --implicit-check-not=truncsfbf --implicit-check-not="{{zmm.*rsp}}" --implicit-check-not="vpextr"
// RUN: build-artifact %t.mlir %t --triple=x86_64-linux-gnu --cpu=sapphirerapids --emit=asm > %t.sapphire.s
// RUN: FileCheck %s --check-prefix=DOT --input-file=%t.sapphire.s
// RUN: %python -B %S/Inputs/inner_loops.py %t.sapphire.s %t.kernels 14x2 14x2 14x2 8x2
// RUN: build-artifact %t.mlir %t --triple=x86_64-linux-gnu --cpu=x86-64-v3 --emit=asm | FileCheck %s --check-prefix=WIDE --implicit-check-not=truncsfbf --implicit-check-not=vfmadd{{.*}}ss --implicit-check-not=vdpbf16
// RUN: build-artifact %t.mlir %t --triple=aarch64-linux-gnu --emit=asm | FileCheck %s --check-prefix=ARM --implicit-check-not=truncsfbf

// 14 pixels by two vectors of channels; each product is of two pairs. Rounded a vector at a time.
// DOT-LABEL: {{^}}kernel_4:
// DOT-COUNT-28: vdpbf16ps {{.*}}zmm
// DOT-COUNT-28: vcvtneps2bf16 {{.*}}zmm
// DOT: retq

// WIDE-LABEL: {{^}}kernel_4:
// WIDE-COUNT-24: vfmadd231ps {{.*}}ymm
// WIDE: retq

// ARM-LABEL: {{^}}kernel_4:
// ARM-COUNT-24: fmla v{{[0-9]+}}.4s
// ARM: ret

#point = #cnn.window<kernel = [1, 1], stride = [1, 1], dilation = [1, 1], pad_low = [0, 0], pad_high = [0, 0]>
#down = #cnn.window<kernel = [3, 3], stride = [2, 2], dilation = [1, 1], pad_low = [1, 1], pad_high = [1, 1]>
#stem = #cnn.window<kernel = [7, 7], stride = [2, 2], dilation = [1, 1], pad_low = [3, 3], pad_high = [3, 3]>
#dense = #cnn.window<kernel = [], stride = [], dilation = [], pad_low = [], pad_high = []>
#pool = #cnn.window<kernel = [2, 2], stride = [1, 1], dilation = [1, 1], pad_low = [1, 0], pad_high = [0, 1]>
func.func @Net(%x: tensor<?x64x28x28xf32> {cnn.name = "x", cnn.role = #cnn.role<input>},
               %photo: tensor<?x3x224x224xf32> {cnn.name = "photo", cnn.role = #cnn.role<input>},
               %v: tensor<?x2047xf32> {cnn.name = "v", cnn.role = #cnn.role<input>},
               %w: tensor<64x64x1x1xf32> {cnn.name = "w", cnn.role = #cnn.role<parameter>, cnn.init = #cnn.init<constant, 0.0, 0.0>},
               %w3: tensor<128x64x3x3xf32> {cnn.name = "w3", cnn.role = #cnn.role<parameter>, cnn.init = #cnn.init<constant, 0.0, 0.0>},
               %w7: tensor<64x3x7x7xf32> {cnn.name = "w7", cnn.role = #cnn.role<parameter>, cnn.init = #cnn.init<constant, 0.0, 0.0>},
               %wv: tensor<1024x2047xf32> {cnn.name = "wv", cnn.role = #cnn.role<parameter>, cnn.init = #cnn.init<constant, 0.0, 0.0>})
    -> (tensor<?x128x14x14xf32> {cnn.name = "y", cnn.role = #cnn.role<output>}, tensor<?x64x112x112xf32> {cnn.name = "y7", cnn.role = #cnn.role<output>},
        tensor<?x1024xf32> {cnn.name = "yv", cnn.role = #cnn.role<output>})
    attributes {cnn.kind = #cnn.function_kind<infer>} {
  %y = cnn.conv %x, %w {window = #point} : (tensor<?x64x28x28xf32>, tensor<64x64x1x1xf32>) -> tensor<?x64x28x28xf32>
  %r = cnn.unary <relu> %y : (tensor<?x64x28x28xf32>) -> tensor<?x64x28x28xf32>
  %p = cnn.max_pool %r {window = #pool} : (tensor<?x64x28x28xf32>) -> tensor<?x64x28x28xf32>
  %y3 = cnn.conv %p, %w3 {window = #down} : (tensor<?x64x28x28xf32>, tensor<128x64x3x3xf32>) -> tensor<?x128x14x14xf32>
  %y7 = cnn.conv %photo, %w7 {window = #stem} : (tensor<?x3x224x224xf32>, tensor<64x3x7x7xf32>) -> tensor<?x64x112x112xf32>
  %yv = cnn.conv %v, %wv {window = #dense} : (tensor<?x2047xf32>, tensor<1024x2047xf32>) -> tensor<?x1024xf32>
  return %y3, %y7, %yv : tensor<?x128x14x14xf32>, tensor<?x64x112x112xf32>, tensor<?x1024xf32>
}
