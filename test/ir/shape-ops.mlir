// RUN: cnn-opt %s | cnn-opt | FileCheck %s
// RUN: cnn-opt %s --mlir-print-op-generic | cnn-opt | FileCheck %s

// CHECK-LABEL: @reshape
func.func @reshape(%x: tensor<?x6x4x8xf32>, %w: tensor<6x2xui8>) {
  // CHECK: cnn.reshape %{{.*}} : (tensor<?x6x4x8xf32>) -> tensor<?x192xf32>
  %y = cnn.reshape %x : (tensor<?x6x4x8xf32>) -> tensor<?x192xf32>
  // CHECK: cnn.reshape %{{.*}} : (tensor<6x2xui8>) -> tensor<12xui8>
  %z = cnn.reshape %w : (tensor<6x2xui8>) -> tensor<12xui8>
  return
}

// CHECK-LABEL: @permute
func.func @permute(%x: tensor<?x6x4x8xf32>) {
  // CHECK: cnn.permute %{{.*}} {perm = array<i64: 0, 2, 3, 1>} : (tensor<?x6x4x8xf32>) -> tensor<?x4x8x6xf32>
  %y = cnn.permute %x {perm = array<i64: 0, 2, 3, 1>} : (tensor<?x6x4x8xf32>) -> tensor<?x4x8x6xf32>
  return
}

// CHECK-LABEL: @permute_scalar
func.func @permute_scalar(%x: tensor<f32>) {
  // CHECK: cnn.permute %{{.*}} {perm = array<i64>} : (tensor<f32>) -> tensor<f32>
  %y = cnn.permute %x {perm = array<i64>} : (tensor<f32>) -> tensor<f32>
  return
}

// CHECK-LABEL: @pad
func.func @pad(%x: tensor<?x6x4x8xf32>) {
  // CHECK: cnn.pad %{{.*}} {high = array<i64: 0, 0, 2, 0>, low = array<i64: 0, 0, 1, 0>, mode = #cnn.pad_mode<constant>} : (tensor<?x6x4x8xf32>) -> tensor<?x6x7x8xf32>
  %y = cnn.pad %x {high = array<i64: 0, 0, 2, 0>, low = array<i64: 0, 0, 1, 0>, mode = #cnn.pad_mode<constant>} : (tensor<?x6x4x8xf32>) -> tensor<?x6x7x8xf32>
  // CHECK: cnn.pad %{{.*}} {high = array<i64: 0, 0, 0, 1>, low = array<i64: 0, 0, 3, 2>, mode = #cnn.pad_mode<mirror>} : (tensor<?x6x4x8xf32>) -> tensor<?x6x7x11xf32>
  %z = cnn.pad %x {high = array<i64: 0, 0, 0, 1>, low = array<i64: 0, 0, 3, 2>, mode = #cnn.pad_mode<mirror>} : (tensor<?x6x4x8xf32>) -> tensor<?x6x7x11xf32>
  // CHECK: cnn.pad %{{.*}} {high = array<i64: 0, 0, 1, 1>, low = array<i64: 0, 0, 0, 0>, mode = #cnn.pad_mode<constant>, value = -1.000000e+00 : f64} : (tensor<?x6x4x8xf32>) -> tensor<?x6x5x9xf32>
  %v = cnn.pad %x {high = array<i64: 0, 0, 1, 1>, low = array<i64: 0, 0, 0, 0>, mode = #cnn.pad_mode<constant>, value = -1.000000e+00 : f64} : (tensor<?x6x4x8xf32>) -> tensor<?x6x5x9xf32>
  return
}

// CHECK-LABEL: @pad_grad
func.func @pad_grad(%x: tensor<?x6x7x11xf32>) {
  // CHECK: cnn.pad_grad %{{.*}} {high = array<i64: 0, 0, 0, 1>, low = array<i64: 0, 0, 3, 2>, mode = #cnn.pad_mode<mirror>} : (tensor<?x6x7x11xf32>) -> tensor<?x6x4x8xf32>
  %y = cnn.pad_grad %x {high = array<i64: 0, 0, 0, 1>, low = array<i64: 0, 0, 3, 2>, mode = #cnn.pad_mode<mirror>} : (tensor<?x6x7x11xf32>) -> tensor<?x6x4x8xf32>
  return
}

// CHECK-LABEL: @slice
func.func @slice(%x: tensor<?x6x4x8xf32>, %w: tensor<6x2xi32>) {
  // CHECK: cnn.slice %{{.*}} {offsets = array<i64: 0, 4, 0, 0>, sizes = array<i64: -1, 2, 4, 8>} : (tensor<?x6x4x8xf32>) -> tensor<?x2x4x8xf32>
  %y = cnn.slice %x {offsets = array<i64: 0, 4, 0, 0>, sizes = array<i64: -1, 2, 4, 8>} : (tensor<?x6x4x8xf32>) -> tensor<?x2x4x8xf32>
  // CHECK: cnn.slice %{{.*}} {offsets = array<i64: 3, 1>, sizes = array<i64: 3, 1>} : (tensor<6x2xi32>) -> tensor<3x1xi32>
  %z = cnn.slice %w {offsets = array<i64: 3, 1>, sizes = array<i64: 3, 1>} : (tensor<6x2xi32>) -> tensor<3x1xi32>
  return
}

// CHECK-LABEL: @concat
func.func @concat(%a: tensor<?x6x4x8xf32>, %b: tensor<?x2x4x8xf32>, %w: tensor<3xi32>) {
  // CHECK: cnn.concat %{{.*}}, %{{.*}}, %{{.*}} {axis = 1 : i64} : (tensor<?x6x4x8xf32>, tensor<?x2x4x8xf32>, tensor<?x2x4x8xf32>) -> tensor<?x10x4x8xf32>
  %y = cnn.concat %a, %b, %b {axis = 1 : i64} : (tensor<?x6x4x8xf32>, tensor<?x2x4x8xf32>, tensor<?x2x4x8xf32>) -> tensor<?x10x4x8xf32>
  // CHECK: cnn.concat %{{.*}}, %{{.*}} {axis = 0 : i64} : (tensor<3xi32>, tensor<3xi32>) -> tensor<6xi32>
  %z = cnn.concat %w, %w {axis = 0 : i64} : (tensor<3xi32>, tensor<3xi32>) -> tensor<6xi32>
  return
}

// CHECK-LABEL: @upsample
func.func @upsample(%x: tensor<?x6x4x8xf32>) {
  // CHECK: cnn.upsample %{{.*}} {factors = array<i64: 2, 3>} : (tensor<?x6x4x8xf32>) -> tensor<?x6x8x24xf32>
  %y = cnn.upsample %x {factors = array<i64: 2, 3>} : (tensor<?x6x4x8xf32>) -> tensor<?x6x8x24xf32>
  return
}
