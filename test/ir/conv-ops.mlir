// RUN: cnn-opt %s | cnn-opt | FileCheck %s
// RUN: cnn-opt %s --mlir-print-op-generic | cnn-opt | FileCheck %s

// CHECK-LABEL: @conv_2d
func.func @conv_2d(%x: tensor<?x1x28x28xf32>, %w: tensor<6x1x5x5xf32>) -> tensor<?x6x28x28xf32> {
  // CHECK: cnn.conv %{{.*}}, %{{.*}} {window = #cnn.window<kernel = [5, 5], stride = [1, 1], dilation = [1, 1], pad_low = [2, 2], pad_high = [2, 2]>} : (tensor<?x1x28x28xf32>, tensor<6x1x5x5xf32>) -> tensor<?x6x28x28xf32>
  %y = cnn.conv %x, %w {groups = 1 : i64, window = #cnn.window<kernel = [5, 5], stride = [1, 1], dilation = [1, 1], pad_low = [2, 2], pad_high = [2, 2]>} : (tensor<?x1x28x28xf32>, tensor<6x1x5x5xf32>) -> tensor<?x6x28x28xf32>
  return %y : tensor<?x6x28x28xf32>
}

// A dense layer.
// CHECK-LABEL: @conv_0d
func.func @conv_0d(%x: tensor<?x120xf32>, %w: tensor<84x120xf32>) -> tensor<?x84xf32> {
  // CHECK: cnn.conv %{{.*}}, %{{.*}} {window = #cnn.window<kernel = [], stride = [], dilation = [], pad_low = [], pad_high = []>}
  %y = cnn.conv %x, %w {window = #cnn.window<kernel = [], stride = [], dilation = [], pad_low = [], pad_high = []>} : (tensor<?x120xf32>, tensor<84x120xf32>) -> tensor<?x84xf32>
  return %y : tensor<?x84xf32>
}

// Stride, dilation, groups, and paddings that differ, one of them negative: (20 + 3 - 1 - 2*2-1) / 2 + 1 = 9.
// CHECK-LABEL: @conv_1d_grouped
func.func @conv_1d_grouped(%x: tensor<4x6x20xf64>, %w: tensor<4x3x3xf64>) -> tensor<4x4x9xf64> {
  // CHECK: cnn.conv %{{.*}}, %{{.*}} {groups = 2 : i64, window = #cnn.window<kernel = [3], stride = [2], dilation = [2], pad_low = [3], pad_high = [-1]>}
  %y = cnn.conv %x, %w {groups = 2 : i64, window = #cnn.window<kernel = [3], stride = [2], dilation = [2], pad_low = [3], pad_high = [-1]>} : (tensor<4x6x20xf64>, tensor<4x3x3xf64>) -> tensor<4x4x9xf64>
  return %y : tensor<4x4x9xf64>
}

// CHECK-LABEL: @conv_3d_ceil
func.func @conv_3d_ceil(%x: tensor<?x2x5x6x7xbf16>, %w: tensor<3x2x2x2x2xbf16>) -> tensor<?x3x3x3x4xbf16> {
  // CHECK: pad_high = [0, 0, 0], ceil>
  %y = cnn.conv %x, %w {window = #cnn.window<kernel = [2, 2, 2], stride = [2, 2, 2], dilation = [1, 1, 1], pad_low = [0, 0, 0], pad_high = [0, 0, 0], ceil>} : (tensor<?x2x5x6x7xbf16>, tensor<3x2x2x2x2xbf16>) -> tensor<?x3x3x3x4xbf16>
  return %y : tensor<?x3x3x3x4xbf16>
}

// CHECK-LABEL: @conv_gradients
func.func @conv_gradients(%x: tensor<?x4x9xf32>, %w: tensor<6x2x3xf32>, %dy: tensor<?x6x4xf32>) -> (tensor<?x4x9xf32>, tensor<6x2x3xf32>) {
  // CHECK: cnn.conv_input_grad %{{.*}}, %{{.*}} {groups = 2 : i64, window = #cnn.window<kernel = [3], stride = [2], dilation = [1], pad_low = [0], pad_high = [0]>} : (tensor<?x6x4xf32>, tensor<6x2x3xf32>) -> tensor<?x4x9xf32>
  %dx = cnn.conv_input_grad %dy, %w {groups = 2 : i64, window = #cnn.window<kernel = [3], stride = [2], dilation = [1], pad_low = [0], pad_high = [0]>} : (tensor<?x6x4xf32>, tensor<6x2x3xf32>) -> tensor<?x4x9xf32>
  // CHECK: cnn.conv_weight_grad %{{.*}}, %{{.*}} {groups = 2 : i64, window = #cnn.window<kernel = [3], stride = [2], dilation = [1], pad_low = [0], pad_high = [0]>} : (tensor<?x4x9xf32>, tensor<?x6x4xf32>) -> tensor<6x2x3xf32>
  %dw = cnn.conv_weight_grad %x, %dy {groups = 2 : i64, window = #cnn.window<kernel = [3], stride = [2], dilation = [1], pad_low = [0], pad_high = [0]>} : (tensor<?x4x9xf32>, tensor<?x6x4xf32>) -> tensor<6x2x3xf32>
  return %dx, %dw : tensor<?x4x9xf32>, tensor<6x2x3xf32>
}

// Of a volume, the first dimension may have any window.
// CHECK-LABEL: @conv_algorithm_of_volume
func.func @conv_algorithm_of_volume(%x: tensor<?x2x9x9x9xf32>, %w: tensor<6x2x4x3x3xf32>) -> tensor<?x6x3x7x7xf32> {
  // CHECK: cnn.conv %{{.*}}, %{{.*}} {algorithm = #cnn.conv_algorithm<winograd4>, window = {{.*}}>}
  %y = cnn.conv %x, %w {algorithm = #cnn.conv_algorithm<winograd4>, window = #cnn.window<kernel = [4, 3, 3], stride = [2, 1, 1], dilation = [1, 1, 1], pad_low = [0, 0, 0], pad_high = [0, 0, 0]>} : (tensor<?x2x9x9x9xf32>, tensor<6x2x4x3x3xf32>) -> tensor<?x6x3x7x7xf32>
  return %y : tensor<?x6x3x7x7xf32>
}

// CHECK-LABEL: @conv_algorithm(
func.func @conv_algorithm(%x: tensor<?x2x9x9xf32>, %w: tensor<6x2x3x3xf32>) -> tensor<?x6x9x7xf32> {
  // CHECK: cnn.conv %{{.*}}, %{{.*}} {algorithm = #cnn.conv_algorithm<winograd2>, window = {{.*}}>}
  %y = cnn.conv %x, %w {algorithm = #cnn.conv_algorithm<winograd2>, window = #cnn.window<kernel = [3, 3], stride = [1, 1], dilation = [1, 1], pad_low = [1, 0], pad_high = [1, 0]>} : (tensor<?x2x9x9xf32>, tensor<6x2x3x3xf32>) -> tensor<?x6x9x7xf32>
  return %y : tensor<?x6x9x7xf32>
}
