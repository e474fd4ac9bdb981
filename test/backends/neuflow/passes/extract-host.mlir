// RUN: cnn-opt %s --neuflow-extract-host -split-input-file -verify-diagnostics | FileCheck %s
// RUN: cnn-opt %s --neuflow-extract-host --cnn-linalg -split-input-file -verify-diagnostics | FileCheck %s --check-prefix=LINALG

// The batch comes back, slices take all of it, and constants stay as they are. A part says what its words are.

// CHECK-LABEL: func.func @net
// CHECK-SAME: (%[[X:.*]]: tensor<?x1x4x4xui8> {{.*}}) -> (tensor<?x4xf32> {cnn.name = "y", {{.*}}}, tensor<?x6xf32> {cnn.name = "z",
// CHECK-NEXT: %[[A:.*]] = call @net.part0(%[[X]]) : (tensor<?x1x4x4xui8>) -> tensor<?x6xf32>
// CHECK-NEXT: %[[W:.*]] = cnn.constant dense<5.000000e-01> : tensor<4xf32>
// CHECK-NEXT: %[[B:.*]] = cnn.slice %[[A]] {offsets = array<i64: 0, 1>, sizes = array<i64: -1, 4>
// CHECK-SAME: -> tensor<?x4xf32>
// CHECK-NEXT: %[[C:.*]] = cnn.softmax %[[B]] : (tensor<?x4xf32>) -> tensor<?x4xf32>
// CHECK-NEXT: %[[D:.*]] = cnn.binary <max> %[[C]], %[[W]] {{.*}} -> tensor<?x4xf32>
// CHECK-NEXT: return %[[D]], %[[A]]
// CHECK: func.func private @net.part0(tensor<?x1x4x4xui8> {cnn.device_fraction = 0 : i64, cnn.device_planes = array<i64: 1, 4, 4>, cnn.name = "image"})
// CHECK-SAME: -> (tensor<?x6xf32> {cnn.device_fraction = 10 : i64, cnn.device_planes = array<i64: 6, 1, 1>, cnn.name = "z"})
// CHECK-SAME: attributes {cnn.device_part = 0 : i64}
// CHECK-NOT: func.func

// Linalg has no signs.
// LINALG-LABEL: func.func @net
// LINALG: call @net.part0(%{{.*}}) : (tensor<?x1x4x4xi8>) -> tensor<?x6xf32>
// LINALG: func.func private @net.part0(tensor<?x1x4x4xi8>
func.func @net(%x: tensor<1x1x4x4xui8> {cnn.name = "image", cnn.role = #cnn.role<input>})
    -> (tensor<1x4xf32> {cnn.name = "y", cnn.role = #cnn.role<output>},
        tensor<1x6xf32> {cnn.name = "z", cnn.role = #cnn.role<output>})
    attributes {cnn.kind = #cnn.function_kind<infer>} {
  %0 = neuflow.quantize %x {fraction = 0 : i64} : (tensor<1x1x4x4xui8>) -> tensor<1x4x4xi16>
  %1 = call @net.part0(%0) : (tensor<1x4x4xi16>) -> tensor<6x1x1xi16>
  %2 = neuflow.dequantize %1 {fraction = 10 : i64} : (tensor<6x1x1xi16>) -> tensor<1x6xf32>
  %3 = call @net.part1(%2) : (tensor<1x6xf32>) -> tensor<1x4xf32>
  return %3, %2 : tensor<1x4xf32>, tensor<1x6xf32>
}
func.func private @net.part0(%x: tensor<1x4x4xi16> {cnn.name = "image", neuflow.fraction = 0 : i64})
    -> (tensor<6x1x1xi16> {cnn.name = "z", neuflow.fraction = 10 : i64})
    attributes {neuflow.part = #neuflow.part<grid>} {
  %k = arith.constant dense<1> : tensor<6x4x4xi16>
  %b = arith.constant dense<0> : tensor<6xi16>
  %0 = neuflow.conv %x, %k, %b {strides = array<i64: 1, 1>} : (tensor<1x4x4xi16>, tensor<6x4x4xi16>, tensor<6xi16>) -> tensor<6x1x1xi16>
  return %0 : tensor<6x1x1xi16>
}
func.func private @net.part1(%x: tensor<1x6xf32> {cnn.name = "input0"}) -> (tensor<1x4xf32> {cnn.name = "y"})
    attributes {neuflow.part = #neuflow.part<host>} {
  %w = cnn.constant dense<5.000000e-01> : tensor<4xf32>
  %0 = cnn.slice %x {offsets = array<i64: 0, 1>, sizes = array<i64: 1, 4>} : (tensor<1x6xf32>) -> tensor<1x4xf32>
  %1 = cnn.softmax %0 : (tensor<1x4xf32>) -> tensor<1x4xf32>
  %2 = cnn.binary <max> %1, %w {axes = array<i64: 1>} : (tensor<1x4xf32>, tensor<4xf32>) -> tensor<1x4xf32>
  return %2 : tensor<1x4xf32>
}

// -----

func.func @unnamed(%x: tensor<1x4xf32> {cnn.name = "x", cnn.role = #cnn.role<input>})
    -> (tensor<1x4xf32> {cnn.name = "y", cnn.role = #cnn.role<output>})
    attributes {cnn.kind = #cnn.function_kind<infer>} {
  %0 = neuflow.quantize %x {fraction = 8 : i64} : (tensor<1x4xf32>) -> tensor<4x1x1xi16>
  %1 = call @unnamed.part0(%0) : (tensor<4x1x1xi16>) -> tensor<4x1x1xi16>
  %2 = neuflow.dequantize %1 {fraction = 8 : i64} : (tensor<4x1x1xi16>) -> tensor<1x4xf32>
  return %2 : tensor<1x4xf32>
}
// expected-error@+1 {{expected the name and the fraction of each argument and result}}
func.func private @unnamed.part0(%x: tensor<4x1x1xi16> {cnn.name = "x", neuflow.fraction = 8 : i64}) -> tensor<4x1x1xi16>
    attributes {neuflow.part = #neuflow.part<grid>} {
  return %x : tensor<4x1x1xi16>
}
