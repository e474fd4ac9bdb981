// RUN: cnn-opt %s --canonicalize | FileCheck %s

// CHECK-LABEL: @identity
// CHECK-SAME: (%[[X:.*]]: tensor<?x3x4xf32>)
func.func @identity(%x: tensor<?x3x4xf32>) -> tensor<?x3x4xf32> {
  // CHECK: return %[[X]]
  %0 = cnn.reshape %x : (tensor<?x3x4xf32>) -> tensor<?x3x4xf32>
  %1 = cnn.permute %0 {perm = array<i64: 0, 1, 2>} : (tensor<?x3x4xf32>) -> tensor<?x3x4xf32>
  %2 = cnn.pad %1 {low = array<i64: 0, 0, 0>, high = array<i64: 0, 0, 0>, mode = #cnn.pad_mode<mirror>} : (tensor<?x3x4xf32>) -> tensor<?x3x4xf32>
  %3 = cnn.slice %2 {offsets = array<i64: 0, 0, 0>, sizes = array<i64: -1, 3, 4>} : (tensor<?x3x4xf32>) -> tensor<?x3x4xf32>
  %4 = cnn.concat %3 {axis = 1 : i64} : (tensor<?x3x4xf32>) -> tensor<?x3x4xf32>
  return %4 : tensor<?x3x4xf32>
}

// CHECK-LABEL: @reshape_of_reshape
// CHECK-SAME: (%[[X:.*]]: tensor<?x3x4xf32>)
func.func @reshape_of_reshape(%x: tensor<?x3x4xf32>) -> (tensor<?x2x6xf32>, tensor<?x3x4xf32>) {
  %0 = cnn.reshape %x : (tensor<?x3x4xf32>) -> tensor<?x12xf32>
  // CHECK: %[[Y:.*]] = cnn.reshape %[[X]] : (tensor<?x3x4xf32>) -> tensor<?x2x6xf32>
  %1 = cnn.reshape %0 : (tensor<?x12xf32>) -> tensor<?x2x6xf32>
  %2 = cnn.reshape %1 : (tensor<?x2x6xf32>) -> tensor<?x3x4xf32>
  // CHECK: return %[[Y]], %[[X]]
  return %1, %2 : tensor<?x2x6xf32>, tensor<?x3x4xf32>
}

// CHECK-LABEL: @reshape_of_constant
func.func @reshape_of_constant() -> tensor<4xf32> {
  %0 = cnn.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  // CHECK: cnn.constant dense<[1.000000e+00, 2.000000e+00, 3.000000e+00, 4.000000e+00]> : tensor<4xf32>
  %1 = cnn.reshape %0 : (tensor<2x2xf32>) -> tensor<4xf32>
  return %1 : tensor<4xf32>
}

// perm[i] = inner[outer[i]].
// CHECK-LABEL: @permute_of_permute
// CHECK-SAME: (%[[X:.*]]: tensor<?x3x4x5xf32>)
func.func @permute_of_permute(%x: tensor<?x3x4x5xf32>) -> (tensor<?x4x3x5xf32>, tensor<?x3x4x5xf32>) {
  %0 = cnn.permute %x {perm = array<i64: 0, 2, 3, 1>} : (tensor<?x3x4x5xf32>) -> tensor<?x4x5x3xf32>
  // CHECK: %[[Y:.*]] = cnn.permute %[[X]] {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x3x4x5xf32>) -> tensor<?x4x3x5xf32>
  %1 = cnn.permute %0 {perm = array<i64: 0, 1, 3, 2>} : (tensor<?x4x5x3xf32>) -> tensor<?x4x3x5xf32>
  %2 = cnn.permute %0 {perm = array<i64: 0, 3, 1, 2>} : (tensor<?x4x5x3xf32>) -> tensor<?x3x4x5xf32>
  // CHECK: return %[[Y]], %[[X]]
  return %1, %2 : tensor<?x4x3x5xf32>, tensor<?x3x4x5xf32>
}

// CHECK-LABEL: @slice_of_slice
// CHECK-SAME: (%[[X:.*]]: tensor<?x10xf32>)
func.func @slice_of_slice(%x: tensor<?x10xf32>) -> tensor<?x3xf32> {
  %0 = cnn.slice %x {offsets = array<i64: 0, 2>, sizes = array<i64: -1, 6>} : (tensor<?x10xf32>) -> tensor<?x6xf32>
  // CHECK: cnn.slice %[[X]] {offsets = array<i64: 0, 5>, sizes = array<i64: -1, 3>} : (tensor<?x10xf32>) -> tensor<?x3xf32>
  %1 = cnn.slice %0 {offsets = array<i64: 0, 3>, sizes = array<i64: -1, 3>} : (tensor<?x6xf32>) -> tensor<?x3xf32>
  return %1 : tensor<?x3xf32>
}
