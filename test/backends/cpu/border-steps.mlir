// RUN: cnn-opt %s -cnn-cpu-tile-kernel="lanes=16 registers=32" -cnn-cpu-emit-microkernels="lanes=16" | FileCheck %s

// Half of what this input gradient of 14x14 from 10x10 would multiply is border. A row begins with the first row of the
// window that meets a value, and ends with the last; four columns take what one of them needs.

#dy = affine_map<(b, h, w, c, i, j, o) -> (b, h + i, w + j, o)>
#weight = affine_map<(b, h, w, c, i, j, o) -> (i, j, c, o)>
#dx = affine_map<(b, h, w, c, i, j, o) -> (b, h, w, c)>

// CHECK-DAG: [[FIRST_ROW:#.*]] = affine_map<(d0) -> (-d0 + 4, 0)>
// CHECK-DAG: [[END_ROW:#.*]] = affine_map<(d0) -> (-d0 + 14, 5)>
// CHECK-DAG: [[FIRST_COLUMN:#.*]] = affine_map<(d0) -> (-d0 + 1, 0)>

// CHECK-LABEL: func.func @gradient
// CHECK: scf.forall ([[B:%.*]], [[H:%.*]]) in
// CHECK: scf.for [[W:%.*]] = %c0{{.*}} to %c12{{.*}} step %c4
// CHECK: [[LOWER:%.*]] = affine.max [[FIRST_ROW]]([[H]])
// CHECK: [[UPPER:%.*]] = affine.min [[END_ROW]]([[H]])
// CHECK: scf.for {{.*}} = [[LOWER]] to [[UPPER]] step
// CHECK: [[LEFT:%.*]] = affine.max [[FIRST_COLUMN]]([[W]])
// CHECK: [[RIGHT:%.*]] = affine.min [[END_ROW]]([[W]])
// CHECK: scf.for {{.*}} = [[LEFT]] to [[RIGHT]] step
// CHECK-COUNT-24: vector.fma {{.*}} : vector<16xf32>
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
      attrs = {cnn.contraction, cnn.border = array<i64: 0, 0, 4, 4, 4, 4, 0, 0>} {
    ^bb0(%a: f32, %b: f32, %s: f32):
      %p = arith.mulf %a, %b : f32
      %t = arith.addf %s, %p : f32
      linalg.yield %t : f32
  } -> tensor<?x14x14x6xf32>
  bufferization.materialize_in_destination %2 in restrict writable %dx
      : (tensor<?x14x14x6xf32>, memref<?x14x14x6xf32>) -> ()
  return
}

// A border of one beside 28 positions is not worth bounds.

// CHECK-LABEL: func.func @negative_narrow
// CHECK-NOT: affine.max
func.func @negative_narrow(%dy: memref<?x30x30x16xf32>, %weight: memref<3x3x6x16xf32>, %dx: memref<?x28x28x6xf32>)
    attributes {cnn.kernel} {
  %zero = arith.constant 0.0 : f32
  %c0 = arith.constant 0 : index
  %0 = bufferization.to_tensor %dy restrict : memref<?x30x30x16xf32> to tensor<?x30x30x16xf32>
  %1 = bufferization.to_tensor %weight restrict : memref<3x3x6x16xf32> to tensor<3x3x6x16xf32>
  %batch = memref.dim %dy, %c0 : memref<?x30x30x16xf32>
  %empty = tensor.empty(%batch) : tensor<?x28x28x6xf32>
  %start = linalg.fill ins(%zero : f32) outs(%empty : tensor<?x28x28x6xf32>) -> tensor<?x28x28x6xf32>
  %2 = linalg.generic {indexing_maps = [#dy, #weight, #dx],
      iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction", "reduction"]}
      ins(%0, %1 : tensor<?x30x30x16xf32>, tensor<3x3x6x16xf32>) outs(%start : tensor<?x28x28x6xf32>)
      attrs = {cnn.contraction, cnn.border = array<i64: 0, 0, 1, 1, 1, 1, 0, 0>} {
    ^bb0(%a: f32, %b: f32, %s: f32):
      %p = arith.mulf %a, %b : f32
      %t = arith.addf %s, %p : f32
      linalg.yield %t : f32
  } -> tensor<?x28x28x6xf32>
  bufferization.materialize_in_destination %2 in restrict writable %dx
      : (tensor<?x28x28x6xf32>, memref<?x28x28x6xf32>) -> ()
  return
}
