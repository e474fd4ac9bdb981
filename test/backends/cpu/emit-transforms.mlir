// RUN: cnn-opt %s -cnn-cpu-emit-transforms | FileCheck %s

// The output transform of F(4x4, 3x3): 6 sums and differences of each pair of columns, and so on. Both dimensions take
// 10 vector operations for each of 6 and 4 lists: 100, instead of 1,152 multiply-adds.

#source = affine_map<(p, q, n, i, j) -> (i, j, n)>
#left = affine_map<(p, q, n, i, j) -> (p, i)>
#right = affine_map<(p, q, n, i, j) -> (q, j)>
#result = affine_map<(p, q, n, i, j) -> (p, q, n)>

// CHECK-LABEL: func.func private @output
// CHECK-COUNT-36: vector.transfer_read
// CHECK-NOT: vector.transfer_read
// CHECK-NOT: linalg.generic
// CHECK-COUNT-16: vector.insert
// CHECK: vector.transfer_write {{.*}} : vector<4x4x16xf32>, tensor<4x4x16xf32>
func.func private @output(%x: tensor<6x6x16xf32>) -> tensor<4x4x16xf32> attributes {cnn.kernel} {
  %zero = arith.constant 0.0 : f32
  %m = arith.constant dense<[[1.0, 1.0, 1.0, 1.0, 1.0, 0.0], [0.0, 1.0, -1.0, 2.0, -2.0, 0.0],
                             [0.0, 1.0, 1.0, 4.0, 4.0, 0.0], [0.0, 1.0, -1.0, 8.0, -8.0, 1.0]]> : tensor<4x6xf32>
  %empty = tensor.empty() : tensor<4x4x16xf32>
  %start = linalg.fill ins(%zero : f32) outs(%empty : tensor<4x4x16xf32>) -> tensor<4x4x16xf32>
  %y = linalg.generic {indexing_maps = [#source, #left, #right, #result],
                       iterator_types = ["parallel", "parallel", "parallel", "reduction", "reduction"]}
      ins(%x, %m, %m : tensor<6x6x16xf32>, tensor<4x6xf32>, tensor<4x6xf32>) outs(%start : tensor<4x4x16xf32>)
      attrs = {cnn.transform} {
    ^bb0(%a: f32, %l: f32, %r: f32, %s: f32):
      %f = arith.mulf %l, %r : f32
      %t = arith.mulf %a, %f : f32
      %u = arith.addf %s, %t : f32
      linalg.yield %u : f32
  } -> tensor<4x4x16xf32>
  return %y : tensor<4x4x16xf32>
}

// A sum that starts from something else stays as it is.
// CHECK-LABEL: func.func private @negative_start
// CHECK: linalg.generic
func.func private @negative_start(%x: tensor<6x6x16xf32>, %start: tensor<4x4x16xf32>) -> tensor<4x4x16xf32> attributes {cnn.kernel} {
  %m = arith.constant dense<1.0> : tensor<4x6xf32>
  %y = linalg.generic {indexing_maps = [#source, #left, #right, #result],
                       iterator_types = ["parallel", "parallel", "parallel", "reduction", "reduction"]}
      ins(%x, %m, %m : tensor<6x6x16xf32>, tensor<4x6xf32>, tensor<4x6xf32>) outs(%start : tensor<4x4x16xf32>)
      attrs = {cnn.transform} {
    ^bb0(%a: f32, %l: f32, %r: f32, %s: f32):
      %f = arith.mulf %l, %r : f32
      %t = arith.mulf %a, %f : f32
      %u = arith.addf %s, %t : f32
      linalg.yield %u : f32
  } -> tensor<4x4x16xf32>
  return %y : tensor<4x4x16xf32>
}
