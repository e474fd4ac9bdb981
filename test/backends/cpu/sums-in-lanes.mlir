// RUN: cnn-opt %s -cnn-cpu-tile-kernel="lanes=16 registers=32" -cnn-cpu-emit-microkernels="lanes=16" | FileCheck %s

// An input gradient of 6 channels: 4 positions of 6 columns have a vector each, along the 16 output channels that both
// operands have innermost. In the end two vectors at a time become one.

#dy = affine_map<(b, h, w, c, i, j, o) -> (b, h + i, w + j, o)>
#weight = affine_map<(b, h, w, c, i, j, o) -> (i, j, c, o)>
#dx = affine_map<(b, h, w, c, i, j, o) -> (b, h, w, c)>

// CHECK-LABEL: func.func @gradient
// CHECK: cnn.tile = "4x6"
// CHECK-COUNT-24: vector.fma {{.*}} : vector<16xf32>
// CHECK: vector.shuffle {{.*}} [0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23]
func.func @gradient(%dy: memref<?x18x18x16xf32>, %weight: memref<5x5x6x16xf32>, %dx: memref<?x14x14x6xf32>)
    attributes {cnn.kernel} {
  %zero = arith.constant 0.0 : f32
  %c0 = arith.constant 0 : index
  %0 = bufferization.to_tensor %dy restrict : memref<?x18x18x16xf32> to tensor<?x18x18x16xf32>
  %1 = bufferization.to_tensor %weight restrict : memref<5x5x6x16xf32> to tensor<5x5x6x16xf32>
  %batch = memref.dim %dy, %c0 : memref<?x18x18x16xf32>
  %empty = tensor.empty(%batch) : tensor<?x14x14x6xf32>
  %start = linalg.fill ins(%zero : f32) outs(%empty : tensor<?x14x14x6xf32>) -> tensor<?x14x14x6xf32>
  %2 = linalg.generic {indexing_maps = [#dy, #weight, #dx],
      iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction", "reduction"]}
      ins(%0, %1 : tensor<?x18x18x16xf32>, tensor<5x5x6x16xf32>) outs(%start : tensor<?x14x14x6xf32>)
      attrs = {cnn.contraction} {
    ^bb0(%a: f32, %b: f32, %s: f32):
      %p = arith.mulf %a, %b : f32
      %t = arith.addf %s, %p : f32
      linalg.yield %t : f32
  } -> tensor<?x14x14x6xf32>
  bufferization.materialize_in_destination %2 in restrict writable %dx
      : (tensor<?x14x14x6xf32>, memref<?x14x14x6xf32>) -> ()
  return
}
