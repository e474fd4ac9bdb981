// RUN: cnn-opt %s -cnn-linalg -cnn-derive-weights -split-input-file | FileCheck %s

// The transform of a weight that does not change becomes an argument.
// CHECK-LABEL: func.func @Net(
// CHECK-SAME: %arg1: tensor<2x3x3x8x32xf32>
// CHECK-SAME: %arg2: tensor<36x2x8x32xf32> {cnn.derived = #cnn.winograd<4, 3>, cnn.name = "w", cnn.role = #cnn.role<derived>}
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
// CHECK: cnn.derived = #cnn.winograd<2, 3>
func.func @negative_input(%x: tensor<?x8x8x8xf32> {cnn.name = "x", cnn.role = #cnn.role<input>}, %w: tensor<64x8x3x3xf32> {cnn.name = "w", cnn.role = #cnn.role<input>})
    -> (tensor<?x64x8x8xf32> {cnn.name = "y", cnn.role = #cnn.role<output>}) attributes {cnn.kind = #cnn.function_kind<infer>} {
  %y = cnn.conv %x, %w {algorithm = #cnn.conv_algorithm<winograd2>, window = #cnn.window<kernel = [3, 3], stride = [1, 1], dilation = [1, 1], pad_low = [1, 1], pad_high = [1, 1]>} : (tensor<?x8x8x8xf32>, tensor<64x8x3x3xf32>) -> tensor<?x64x8x8xf32>
  return %y : tensor<?x64x8x8xf32>
}

// -----

// Of 5x5, with the points of winograd4 for 3x3.
// CHECK-LABEL: func.func @Five(
// CHECK-SAME: %arg2: tensor<36x8x6xf32> {cnn.derived = #cnn.winograd<2, 5>, cnn.name = "w", cnn.role = #cnn.role<derived>}
// CHECK: arith.constant dense<{{\[\[}}1.000000e+00, 1.000000e+00, 1.000000e+00, 1.000000e+00, 1.000000e+00, 0.000000e+00], [0.000000e+00, 1.000000e+00, -1.000000e+00, 2.000000e+00, -2.000000e+00, 1.000000e+00]]> : tensor<2x6xf32>
// CHECK: outs(%{{.*}} : tensor<?x6x6x4x3x6xf32>)
func.func @Five(%x: tensor<?x8x8x5xf32> {cnn.name = "x", cnn.role = #cnn.role<input>}, %w: tensor<6x8x5x5xf32> {cnn.name = "w", cnn.role = #cnn.role<parameter>, cnn.init = #cnn.init<constant, 0.0, 0.0>})
    -> (tensor<?x6x8x5xf32> {cnn.name = "y", cnn.role = #cnn.role<output>}) attributes {cnn.kind = #cnn.function_kind<infer>} {
  %y = cnn.conv %x, %w {algorithm = #cnn.conv_algorithm<winograd2>, window = #cnn.window<kernel = [5, 5], stride = [1, 1], dilation = [1, 1], pad_low = [2, 2], pad_high = [2, 2]>} : (tensor<?x8x8x5xf32>, tensor<6x8x5x5xf32>) -> tensor<?x6x8x5xf32>
  return %y : tensor<?x6x8x5xf32>
}

// -----

// Of a volume: the slices of a filter are in front of its channels, and summed up with them.
// CHECK: #[[SLICES:.*]] = affine_map<(d0, d1, d2, d3, d4, d5, d6, d7, d8) -> (d0, d1, d2, d3 * 2 + d7, d4, d5, d8)>
// CHECK: #[[FILTERS:.*]] = affine_map<(d0, d1, d2, d3, d4, d5, d6, d7, d8) -> (d1, d2, d6 floordiv 32, d7, d8, d6 mod 32)>
// CHECK-LABEL: func.func @Volume(
// CHECK-SAME: %arg2: tensor<36x2x3x8x32xf32> {cnn.derived = #cnn.winograd<4, 3>, cnn.name = "w", cnn.role = #cnn.role<derived>}
// CHECK: tensor.expand_shape %arg2 {{\[\[}}0, 1], [2], [3], [4], [5]] {{.*}} into tensor<6x6x2x3x8x32xf32>
// CHECK: indexing_maps = [#[[SLICES]], #[[FILTERS]], #{{.*}}]
// CHECK-SAME: ins(%{{.*}}, %{{.*}} : tensor<?x6x6x7x2x2x8xf32>, tensor<6x6x2x3x8x32xf32>) outs(%{{.*}} : tensor<?x6x6x3x2x2x64xf32>)
// CHECK-SAME: cnn.extent = array<i64: 3, 8, 7>
func.func @Volume(%x: tensor<?x8x6x8x7xf32> {cnn.name = "x", cnn.role = #cnn.role<input>}, %w: tensor<64x8x3x3x3xf32> {cnn.name = "w", cnn.role = #cnn.role<parameter>, cnn.init = #cnn.init<constant, 0.0, 0.0>})
    -> (tensor<?x64x3x8x7xf32> {cnn.name = "y", cnn.role = #cnn.role<output>}) attributes {cnn.kind = #cnn.function_kind<infer>} {
  %y = cnn.conv %x, %w {algorithm = #cnn.conv_algorithm<winograd4>, window = #cnn.window<kernel = [3, 3, 3], stride = [2, 1, 1], dilation = [1, 1, 1], pad_low = [1, 1, 1], pad_high = [1, 1, 1]>} : (tensor<?x8x6x8x7xf32>, tensor<64x8x3x3x3xf32>) -> tensor<?x64x3x8x7xf32>
  return %y : tensor<?x64x3x8x7xf32>
}

// -----

// Winograd's filters in pairs of bf16: rounded once, when they are transformed.
// CHECK-LABEL: func.func @WinogradPairs(
// CHECK-SAME: %arg2: tensor<16x2x4x32x2xbf16> {cnn.derived = #cnn.winograd<2, 3, 2>, cnn.name = "w", cnn.role = #cnn.role<derived>}
// CHECK: arith.truncf %{{.*}} : f32 to bf16
// CHECK: tensor.expand_shape %arg2 {{\[\[}}0, 1], [2], [3], [4], [5]] {{.*}} into tensor<4x4x2x4x32x2xbf16>
// CHECK: ins(%{{.*}}, %{{.*}} : tensor<?x4x4x4x4x8xbf16>, tensor<4x4x2x4x32x2xbf16>)
// CHECK: } -> tensor<?x4x4x4x4x64xf32>
// CHECK-NOT: %arg1
func.func @WinogradPairs(%x: tensor<?x8x8x8xf32> {cnn.name = "x", cnn.role = #cnn.role<input>}, %w: tensor<64x8x3x3xf32> {cnn.name = "w", cnn.role = #cnn.role<parameter>, cnn.init = #cnn.init<constant, 0.0, 0.0>})
    -> (tensor<?x64x8x8xf32> {cnn.name = "y", cnn.role = #cnn.role<output>}) attributes {cnn.kind = #cnn.function_kind<infer>} {
  %x1 = cnn.cast %x : (tensor<?x8x8x8xf32>) -> tensor<?x8x8x8xbf16>
  %x2 = cnn.cast %x1 : (tensor<?x8x8x8xbf16>) -> tensor<?x8x8x8xf32>
  %w1 = cnn.cast %w : (tensor<64x8x3x3xf32>) -> tensor<64x8x3x3xbf16>
  %w2 = cnn.cast %w1 : (tensor<64x8x3x3xbf16>) -> tensor<64x8x3x3xf32>
  %y = cnn.conv %x2, %w2 {algorithm = #cnn.conv_algorithm<winograd2>, window = #cnn.window<kernel = [3, 3], stride = [1, 1], dilation = [1, 1], pad_low = [1, 1], pad_high = [1, 1]>} : (tensor<?x8x8x8xf32>, tensor<64x8x3x3xf32>) -> tensor<?x64x8x8xf32>
  return %y : tensor<?x64x8x8xf32>
}

// -----

// A weight in pairs of bf16, which is computed from the weight as it is set.
// CHECK-LABEL: func.func @Pairs(
// CHECK-SAME: %arg1: tensor<64x3x3x3xf32> {cnn.init = {{[^}]*}}cnn.name = "w", cnn.role = #cnn.role<parameter>}
// CHECK-SAME: %arg2: tensor<2x3x3x2x32x2xbf16> {cnn.derived = #cnn.packed<bf16, 2>, cnn.name = "w", cnn.role = #cnn.role<derived>}
// CHECK-NOT: tensor.extract %arg1
// CHECK: linalg.generic {{.*}} ins(%{{.*}}, %arg2 : tensor<?x8x8x4xbf16>, tensor<2x3x3x2x32x2xbf16>) {{.*}} attrs = {cnn.contraction}
func.func @Pairs(%x: tensor<?x3x8x8xf32> {cnn.name = "x", cnn.role = #cnn.role<input>}, %w: tensor<64x3x3x3xf32> {cnn.name = "w", cnn.role = #cnn.role<parameter>, cnn.init = #cnn.init<constant, 0.0, 0.0>})
    -> (tensor<?x64x6x6xf32> {cnn.name = "y", cnn.role = #cnn.role<output>}) attributes {cnn.kind = #cnn.function_kind<infer>} {
  %x1 = cnn.cast %x : (tensor<?x3x8x8xf32>) -> tensor<?x3x8x8xbf16>
  %x2 = cnn.cast %x1 : (tensor<?x3x8x8xbf16>) -> tensor<?x3x8x8xf32>
  %w1 = cnn.cast %w : (tensor<64x3x3x3xf32>) -> tensor<64x3x3x3xbf16>
  %w2 = cnn.cast %w1 : (tensor<64x3x3x3xbf16>) -> tensor<64x3x3x3xf32>
  %y = cnn.conv %x2, %w2 {window = #cnn.window<kernel = [3, 3], stride = [1, 1], dilation = [1, 1], pad_low = [0, 0], pad_high = [0, 0]>} : (tensor<?x3x8x8xf32>, tensor<64x3x3x3xf32>) -> tensor<?x64x6x6xf32>
  return %y : tensor<?x64x6x6xf32>
}
