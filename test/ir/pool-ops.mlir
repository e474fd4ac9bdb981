// RUN: cnn-opt %s | cnn-opt | FileCheck %s
// RUN: cnn-opt %s --mlir-print-op-generic | cnn-opt | FileCheck %s

// CHECK-LABEL: @max_pool
func.func @max_pool(%x: tensor<?x64x112x112xf32>, %dy: tensor<?x64x56x56xf32>) {
  // CHECK: cnn.max_pool %{{.*}} {window = #cnn.window<kernel = [3, 3], stride = [2, 2], dilation = [1, 1], pad_low = [1, 1], pad_high = [1, 1]>} : (tensor<?x64x112x112xf32>) -> tensor<?x64x56x56xf32>
  %y = cnn.max_pool %x {window = #cnn.window<kernel = [3, 3], stride = [2, 2], dilation = [1, 1], pad_low = [1, 1], pad_high = [1, 1]>} : (tensor<?x64x112x112xf32>) -> tensor<?x64x56x56xf32>
  // CHECK: cnn.max_pool_grad %{{.*}}, %{{.*}} {window = #cnn.window<kernel = [3, 3], stride = [2, 2], dilation = [1, 1], pad_low = [1, 1], pad_high = [1, 1]>} : (tensor<?x64x112x112xf32>, tensor<?x64x56x56xf32>) -> tensor<?x64x112x112xf32>
  %dx = cnn.max_pool_grad %x, %dy {window = #cnn.window<kernel = [3, 3], stride = [2, 2], dilation = [1, 1], pad_low = [1, 1], pad_high = [1, 1]>} : (tensor<?x64x112x112xf32>, tensor<?x64x56x56xf32>) -> tensor<?x64x112x112xf32>
  return
}

// CHECK-LABEL: @avg_pool
func.func @avg_pool(%x: tensor<?x64x112x112xf32>, %dy: tensor<?x64x56x56xf32>) {
  // CHECK: cnn.avg_pool %{{.*}} {window = #cnn.window<kernel = [3, 3], stride = [2, 2], dilation = [1, 1], pad_low = [1, 1], pad_high = [1, 1]>} : (tensor<?x64x112x112xf32>) -> tensor<?x64x56x56xf32>
  %y = cnn.avg_pool %x {window = #cnn.window<kernel = [3, 3], stride = [2, 2], dilation = [1, 1], pad_low = [1, 1], pad_high = [1, 1]>} : (tensor<?x64x112x112xf32>) -> tensor<?x64x56x56xf32>
  // CHECK: cnn.avg_pool %{{.*}} {count_pad = true, window = #cnn.window<kernel = [3, 3], stride = [2, 2], dilation = [1, 1], pad_low = [1, 1], pad_high = [1, 1]>} : (tensor<?x64x112x112xf32>) -> tensor<?x64x56x56xf32>
  %z = cnn.avg_pool %x {count_pad = true, window = #cnn.window<kernel = [3, 3], stride = [2, 2], dilation = [1, 1], pad_low = [1, 1], pad_high = [1, 1]>} : (tensor<?x64x112x112xf32>) -> tensor<?x64x56x56xf32>
  // CHECK: cnn.avg_pool_grad %{{.*}} {window = #cnn.window<kernel = [3, 3], stride = [2, 2], dilation = [1, 1], pad_low = [1, 1], pad_high = [1, 1]>} : (tensor<?x64x56x56xf32>) -> tensor<?x64x112x112xf32>
  %dx = cnn.avg_pool_grad %dy {window = #cnn.window<kernel = [3, 3], stride = [2, 2], dilation = [1, 1], pad_low = [1, 1], pad_high = [1, 1]>} : (tensor<?x64x56x56xf32>) -> tensor<?x64x112x112xf32>
  // CHECK: cnn.avg_pool_grad %{{.*}} {count_pad = true, window = #cnn.window<kernel = [3, 3], stride = [2, 2], dilation = [1, 1], pad_low = [1, 1], pad_high = [1, 1]>} : (tensor<?x64x56x56xf32>) -> tensor<?x64x112x112xf32>
  %dz = cnn.avg_pool_grad %dy {count_pad = true, window = #cnn.window<kernel = [3, 3], stride = [2, 2], dilation = [1, 1], pad_low = [1, 1], pad_high = [1, 1]>} : (tensor<?x64x56x56xf32>) -> tensor<?x64x112x112xf32>
  return
}

// A last window may hang over the end: it covers positions 6 and 7 of eight, both of two.
// CHECK-LABEL: @ceil
func.func @ceil(%x: tensor<2x3x8xf32>, %z: tensor<2x3x2xf32>) {
  // CHECK: cnn.max_pool %{{.*}} {window = #cnn.window<kernel = [3], stride = [2], dilation = [1], pad_low = [0], pad_high = [0], ceil>} : (tensor<2x3x8xf32>) -> tensor<2x3x4xf32>
  %y = cnn.max_pool %x {window = #cnn.window<kernel = [3], stride = [2], dilation = [1], pad_low = [0], pad_high = [0], ceil>} : (tensor<2x3x8xf32>) -> tensor<2x3x4xf32>
  // CHECK: cnn.avg_pool %{{.*}} {window = #cnn.window<kernel = [3], stride = [2], dilation = [1], pad_low = [0], pad_high = [0], ceil>} : (tensor<2x3x2xf32>) -> tensor<2x3x1xf32>
  %p = cnn.avg_pool %z {window = #cnn.window<kernel = [3], stride = [2], dilation = [1], pad_low = [0], pad_high = [0], ceil>} : (tensor<2x3x2xf32>) -> tensor<2x3x1xf32>
  return
}

// CHECK-LABEL: @three_dimensions
func.func @three_dimensions(%x: tensor<?x1x4x4x4xf32>) {
  // CHECK: cnn.max_pool %{{.*}} {window = #cnn.window<kernel = [2, 2, 2], stride = [2, 2, 2], dilation = [1, 1, 1], pad_low = [0, 0, 0], pad_high = [0, 0, 0]>} : (tensor<?x1x4x4x4xf32>) -> tensor<?x1x2x2x2xf32>
  %y = cnn.max_pool %x {window = #cnn.window<kernel = [2, 2, 2], stride = [2, 2, 2], dilation = [1, 1, 1], pad_low = [0, 0, 0], pad_high = [0, 0, 0]>} : (tensor<?x1x4x4x4xf32>) -> tensor<?x1x2x2x2xf32>
  return
}
