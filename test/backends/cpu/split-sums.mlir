// RUN: cnn-opt %s -cnn-cpu-split-sums | FileCheck %s

#x = affine_map<(i, j, c, o, b, h, w) -> (b, i + h, j + w, c)>
#dy = affine_map<(i, j, c, o, b, h, w) -> (b, h, w, o)>
#dw = affine_map<(i, j, c, o, b, h, w) -> (i, j, c, o)>

// CHECK-DAG: [[X:#.*]] = affine_map<(d0, d1, d2, d3, d4, d5, d6, d7) -> (d5, d1 + d0 * 7 + d6, d2 + d7, d3)>
// CHECK-DAG: [[DY:#.*]] = affine_map<(d0, d1, d2, d3, d4, d5, d6, d7) -> (d5, d0, d6, d7, d4)>
// CHECK-DAG: [[SUMS:#.*]] = affine_map<(d0, d1, d2, d3, d4, d5, d6, d7) -> (d0, d1, d2, d3, d4)>

// 25 elements of 6 columns are one register tile: 4 groups of 7 rows have sums of their own.
// CHECK-LABEL: func.func @few
// CHECK: tensor.expand_shape %arg1 {{.*}} : tensor<?x28x28x6xf32> into tensor<?x4x7x28x6xf32>
// CHECK: linalg.generic {indexing_maps = {{\[}}[[X]], [[DY]], [[SUMS]]]
// CHECK-SAME: outs({{.*}} : tensor<4x5x5x1x6xf32>) attrs = {{.*}}{cnn.contraction}
// CHECK: linalg.generic {{.*}} iterator_types = ["reduction", "parallel", "parallel", "parallel", "parallel"]
// CHECK-SAME: tensor<4x5x5x1x6xf32>
func.func @few(%x: tensor<?x32x32x1xf32>, %dy: tensor<?x28x28x6xf32>) -> tensor<5x5x1x6xf32> {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<5x5x1x6xf32>
  %start = linalg.fill ins(%zero : f32) outs(%empty : tensor<5x5x1x6xf32>) -> tensor<5x5x1x6xf32>
  %dw = linalg.generic {indexing_maps = [#x, #dy, #dw],
      iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction", "reduction"]}
      ins(%x, %dy : tensor<?x32x32x1xf32>, tensor<?x28x28x6xf32>) outs(%start : tensor<5x5x1x6xf32>)
      attrs = {cnn.contraction} {
    ^bb0(%a: f32, %b: f32, %s: f32):
      %p = arith.mulf %a, %b : f32
      %t = arith.addf %s, %p : f32
      linalg.yield %t : f32
  } -> tensor<5x5x1x6xf32>
  return %dw : tensor<5x5x1x6xf32>
}

// Enough tiles without.
// CHECK-LABEL: func.func @negative_many
// CHECK-NOT: tensor.expand_shape
func.func @negative_many(%x: tensor<?x32x32x16xf32>, %dy: tensor<?x28x28x32xf32>) -> tensor<5x5x16x32xf32> {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<5x5x16x32xf32>
  %start = linalg.fill ins(%zero : f32) outs(%empty : tensor<5x5x16x32xf32>) -> tensor<5x5x16x32xf32>
  %dw = linalg.generic {indexing_maps = [#x, #dy, #dw],
      iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction", "reduction"]}
      ins(%x, %dy : tensor<?x32x32x16xf32>, tensor<?x28x28x32xf32>) outs(%start : tensor<5x5x16x32xf32>)
      attrs = {cnn.contraction} {
    ^bb0(%a: f32, %b: f32, %s: f32):
      %p = arith.mulf %a, %b : f32
      %t = arith.addf %s, %p : f32
      linalg.yield %t : f32
  } -> tensor<5x5x16x32xf32>
  return %dw : tensor<5x5x16x32xf32>
}

// Too little work: 5 x 5 positions.
// CHECK-LABEL: func.func @negative_small
// CHECK-NOT: tensor.expand_shape
func.func @negative_small(%x: tensor<?x9x9x1xf32>, %dy: tensor<?x5x5x6xf32>) -> tensor<5x5x1x6xf32> {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<5x5x1x6xf32>
  %start = linalg.fill ins(%zero : f32) outs(%empty : tensor<5x5x1x6xf32>) -> tensor<5x5x1x6xf32>
  %dw = linalg.generic {indexing_maps = [#x, #dy, #dw],
      iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction", "reduction"]}
      ins(%x, %dy : tensor<?x9x9x1xf32>, tensor<?x5x5x6xf32>) outs(%start : tensor<5x5x1x6xf32>)
      attrs = {cnn.contraction} {
    ^bb0(%a: f32, %b: f32, %s: f32):
      %p = arith.mulf %a, %b : f32
      %t = arith.addf %s, %p : f32
      linalg.yield %t : f32
  } -> tensor<5x5x1x6xf32>
  return %dw : tensor<5x5x1x6xf32>
}
