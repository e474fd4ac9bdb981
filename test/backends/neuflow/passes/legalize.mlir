// RUN: cnn-opt %s --neuflow-legalize -verify-diagnostics=only-expected -split-input-file | FileCheck %s

// Whether it still computes the same is tested by LegalizeTest.cpp; here is what it looks like.

// CHECK-LABEL: func.func @net
// CHECK-SAME: (%[[X:.*]]: tensor<1x1x28x28xui8> {cnn.name = "image", cnn.role = #cnn.role<input>}) -> (tensor<1x6xf32>
// CHECK-NEXT: %[[Q:.*]] = neuflow.quantize %[[X]] {fraction = 0 : i64} : (tensor<1x1x28x28xui8>) -> tensor<1x28x28xf32>
// CHECK-NEXT: %[[G:.*]] = call @net.part0(%[[Q]]) : (tensor<1x28x28xf32>) -> tensor<6x1x1xf32>
// CHECK-NEXT: %[[D:.*]] = neuflow.dequantize %[[G]] {fraction = 8 : i64} : (tensor<6x1x1xf32>) -> tensor<1x6xf32>
// CHECK-NEXT: %[[H:.*]] = call @net.part1(%[[D]]) : (tensor<1x6xf32>) -> tensor<1x6xf32>
// CHECK-NEXT: return %[[H]]
// CHECK-LABEL: func.func private @net.part0
// Bytes are words as they are.
// CHECK-SAME: (%[[X:.*]]: tensor<1x28x28xf32> {cnn.name = "image", neuflow.fraction = 0 : i64}) -> (tensor<6x1x1xf32> {cnn.name = "output0"})
// CHECK-SAME: neuflow.part = #neuflow.part<grid>
// CHECK: %[[K:.*]] = arith.constant dense<5.000000e-01> : tensor<6x7x7xf32>
// CHECK: neuflow.conv %[[X]], %[[K]], %{{.*}} {strides = array<i64: 4, 4>} : (tensor<1x28x28xf32>, tensor<6x7x7xf32>, tensor<6xf32>) -> tensor<6x6x6xf32>
// CHECK-LABEL: func.func private @net.part1
// CHECK-SAME: -> (tensor<1x6xf32> {cnn.name = "y"}) attributes {neuflow.part = #neuflow.part<host>}
// CHECK: cnn.softmax
func.func @net(%x: tensor<?x1x28x28xui8> {cnn.name = "image", cnn.role = #cnn.role<input>}) -> (tensor<?x6xf32> {cnn.name = "y", cnn.role = #cnn.role<output>}) attributes {cnn.kind = #cnn.function_kind<infer>} {
  %w = cnn.constant dense<0.5> : tensor<6x1x7x7xf32>
  %0 = cnn.cast %x : (tensor<?x1x28x28xui8>) -> tensor<?x1x28x28xf32>
  %1 = cnn.conv %0, %w {window = #cnn.window<kernel = [7, 7], stride = [4, 4], dilation = [1, 1], pad_low = [0, 0], pad_high = [0, 0]>} : (tensor<?x1x28x28xf32>, tensor<6x1x7x7xf32>) -> tensor<?x6x6x6xf32>
  %2 = cnn.reduce <max> %1 {keep = array<i64: 0, 1>} : (tensor<?x6x6x6xf32>) -> tensor<?x6xf32>
  // expected-warning@+1 {{runs on the host: softmax: its exponentials have a range that words of 16 bits do not}}
  %3 = cnn.softmax %2 : (tensor<?x6xf32>) -> tensor<?x6xf32>
  return %3 : tensor<?x6xf32>
}

// -----

// A result that is an input, and one that both grid and net use.
// CHECK-LABEL: func.func @two
// CHECK: %[[G:.*]] = call @two.part0
// CHECK: %[[D:.*]] = neuflow.dequantize %[[G]]
// CHECK: return %{{.*}}, %[[D]] : tensor<1x4xf32>, tensor<1x4xf32>
func.func @two(%x: tensor<?x4xf32> {cnn.name = "x", cnn.role = #cnn.role<input>}) -> (tensor<?x4xf32> {cnn.name = "same", cnn.role = #cnn.role<output>}, tensor<?x4xf32> {cnn.name = "y", cnn.role = #cnn.role<output>}) attributes {cnn.kind = #cnn.function_kind<infer>} {
  %0 = cnn.unary <relu> %x : (tensor<?x4xf32>) -> tensor<?x4xf32>
  return %x, %0 : tensor<?x4xf32>, tensor<?x4xf32>
}

// -----

// Only inference is the machine's.
// CHECK-LABEL: func.func @other(%{{.*}}: tensor<?x4xf32>) -> tensor<?x4xf32>
// CHECK-NEXT: cnn.unary
func.func @other(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %0 = cnn.unary <relu> %x : (tensor<?x4xf32>) -> tensor<?x4xf32>
  return %0 : tensor<?x4xf32>
}
