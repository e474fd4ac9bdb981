// RUN: cnn-opt %s -cnn-linalg -cnn-derive-weights -split-input-file | FileCheck %s

// The transform of a weight that does not change becomes an argument.
// CHECK-LABEL: func.func @Net(
// CHECK-SAME: %arg1: tensor<2x3x3x8x32xf32>
// CHECK-SAME: %arg2: tensor<36x2x8x32xf32> {cnn.derived = #cnn.winograd<4>, cnn.name = "w", cnn.role = #cnn.role<derived>}
// CHECK: tensor.expand_shape %{{.*}} {{\[\[}}0, 1], [2], [3], [4]] {{.*}} into tensor<6x6x2x8x32xf32>
// CHECK-NOT: ins({{.*}}: tensor<2x3x3x8x32xf32>
func.func @Net(%x: tensor<?x8x8x8xf32> {cnn.name = "x", cnn.role = #cnn.role<input>}, %w: tensor<64x8x3x3xf32> {cnn.name = "w", cnn.role = #cnn.role<parameter>, cnn.init = #cnn.init<constant, 0.0, 0.0>})
    -> (tensor<?x64x8x8xf32> {cnn.name = "y", cnn.role = #cnn.role<output>}) attributes {cnn.kind = #cnn.function_kind<infer>} {
  %y = cnn.conv %x, %w {algorithm = #cnn.conv_algorithm<winograd4>, window = #cnn.window<kernel = [3, 3], stride = [1, 1], dilation = [1, 1], pad_low = [1, 1], pad_high = [1, 1]>} : (tensor<?x8x8x8xf32>, tensor<64x8x3x3xf32>) -> tensor<?x64x8x8xf32>
  return %y : tensor<?x64x8x8xf32>
}

// -----

// That of an input does not.
// CHECK-LABEL: func.func @negative_input(
// CHECK-NOT: role<derived>
// CHECK: cnn.derived = #cnn.winograd<2>
func.func @negative_input(%x: tensor<?x8x8x8xf32> {cnn.name = "x", cnn.role = #cnn.role<input>}, %w: tensor<64x8x3x3xf32> {cnn.name = "w", cnn.role = #cnn.role<input>})
    -> (tensor<?x64x8x8xf32> {cnn.name = "y", cnn.role = #cnn.role<output>}) attributes {cnn.kind = #cnn.function_kind<infer>} {
  %y = cnn.conv %x, %w {algorithm = #cnn.conv_algorithm<winograd2>, window = #cnn.window<kernel = [3, 3], stride = [1, 1], dilation = [1, 1], pad_low = [1, 1], pad_high = [1, 1]>} : (tensor<?x8x8x8xf32>, tensor<64x8x3x3xf32>) -> tensor<?x64x8x8xf32>
  return %y : tensor<?x64x8x8xf32>
}
