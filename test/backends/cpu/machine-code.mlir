// What the kernel generator makes of a convolution with its bias and activation, of both gradients, and of pooling:
// vector code with the accumulators in registers. No element is gathered, and no product is computed alone.

// RUN: cnn-opt %s -cnn-linalg -o %t.mlir
// RUN: build-artifact %t.mlir %t --triple=x86_64-linux-gnu --cpu=x86-64-v3 --emit=kernels | FileCheck --check-prefix=KERNELS %s
// RUN: build-artifact %t.mlir %t --triple=x86_64-linux-gnu --cpu=x86-64-v3 --emit=asm > %t.s
// RUN: FileCheck --input-file=%t.s %s --implicit-check-not=gather --implicit-check-not=scatter --implicit-check-not=vfmadd{{.*}}ss
// RUN: build-artifact %t.mlir %t --triple=aarch64-linux-gnu --emit=asm | FileCheck --check-prefix=ARM %s

// The bias and the activation are part of the convolution's kernel.
// KERNELS: func.func private @kernel_2(
// KERNELS: linalg.fill
// KERNELS: iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction", "reduction"]
// KERNELS: iterator_types = ["parallel", "parallel", "parallel", "parallel"]
// KERNELS: arith.addf
// KERNELS: arith.maximumf
// KERNELS: materialize_in_destination

// Twelve accumulators of eight channels; three registers hold the operands.
// CHECK-LABEL: kernel_2:
// CHECK-COUNT-12: vfmadd231ps {{.*}}ymm
// CHECK: vaddps {{.*}}ymm
// CHECK: retq

// CHECK-LABEL: kernel_3:
// CHECK-COUNT-3: vmaxps {{.*}}ymm
// CHECK: retq

// The gradient of the input.
// CHECK-LABEL: kernel_7:
// CHECK-COUNT-12: vfmadd231ps {{.*}}ymm
// CHECK: retq

// The gradient of the weights.
// CHECK-LABEL: kernel_8:
// CHECK-COUNT-12: vfmadd231ps {{.*}}ymm
// CHECK: retq

// ARM-LABEL: kernel_2:
// ARM-COUNT-12: fmla v{{[0-9]+}}.4s
#pad1 = #cnn.window<kernel = [3, 3], stride = [1, 1], dilation = [1, 1], pad_low = [1, 1], pad_high = [1, 1]>
#half = #cnn.window<kernel = [2, 2], stride = [2, 2], dilation = [1, 1], pad_low = [0, 0], pad_high = [0, 0]>
func.func @Net(%x: tensor<?x16x14x28xf32> {cnn.name = "x", cnn.role = #cnn.role<input>},
               %w: tensor<32x16x3x3xf32> {cnn.name = "w", cnn.role = #cnn.role<parameter>},
               %b: tensor<32xf32> {cnn.name = "b", cnn.role = #cnn.role<parameter>},
               %dy: tensor<?x32x14x28xf32> {cnn.name = "dy", cnn.role = #cnn.role<input>})
    -> (tensor<?x32x7x14xf32> {cnn.name = "y"}, tensor<?x16x14x28xf32> {cnn.name = "dx"},
        tensor<32x16x3x3xf32> {cnn.name = "dw"})
    attributes {cnn.kind = #cnn.function_kind<infer>} {
  %0 = cnn.conv %x, %w {window = #pad1} : (tensor<?x16x14x28xf32>, tensor<32x16x3x3xf32>) -> tensor<?x32x14x28xf32>
  %1 = cnn.binary <add> %0, %b {axes = array<i64: 1>} : (tensor<?x32x14x28xf32>, tensor<32xf32>) -> tensor<?x32x14x28xf32>
  %2 = cnn.unary <relu> %1 : (tensor<?x32x14x28xf32>) -> tensor<?x32x14x28xf32>
  %3 = cnn.max_pool %2 {window = #half} : (tensor<?x32x14x28xf32>) -> tensor<?x32x7x14xf32>
  %dx = cnn.conv_input_grad %dy, %w {window = #pad1} : (tensor<?x32x14x28xf32>, tensor<32x16x3x3xf32>) -> tensor<?x16x14x28xf32>
  %dw = cnn.conv_weight_grad %x, %dy {window = #pad1} : (tensor<?x16x14x28xf32>, tensor<?x32x14x28xf32>) -> tensor<32x16x3x3xf32>
  return %3, %dx, %dw : tensor<?x32x7x14xf32>, tensor<?x16x14x28xf32>, tensor<32x16x3x3xf32>
}
