// RUN: cnn-opt %s -cnn-form-kernels | FileCheck %s

// Padding is done sample by sample, in the place of the result.

// CHECK: func.func private @kernel_0(%[[IN:.*]]: memref<?x4x4x2xf32>, %[[OUT:.*]]: memref<?x6x6x2xf32>)
// CHECK: %[[BATCH:.*]] = memref.dim %[[IN]]
// CHECK: scf.forall (%{{.*}}) in (%[[BATCH]])
// CHECK: linalg.fill
// CHECK: tensor.insert_slice {{.*}}[0, 1, 1, 0] [1, 4, 4, 2] [1, 1, 1, 1]
// CHECK: tensor.parallel_insert_slice
func.func @Pad(%x: tensor<?x4x4x2xf32> {cnn.name = "x", cnn.role = #cnn.role<input>})
    -> (tensor<?x6x6x2xf32> {cnn.name = "y"}) attributes {cnn.kind = #cnn.function_kind<infer>} {
  %zero = arith.constant 0.0 : f32
  %0 = tensor.pad %x low[0, 1, 1, 0] high[0, 1, 1, 0] {
    ^bb0(%i: index, %j: index, %k: index, %l: index):
      tensor.yield %zero : f32
  } : tensor<?x4x4x2xf32> to tensor<?x6x6x2xf32>
  return %0 : tensor<?x6x6x2xf32>
}
