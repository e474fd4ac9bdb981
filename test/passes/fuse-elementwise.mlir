// RUN: cnn-opt --cnn-linalg %s | FileCheck %s

// A chain is one op.
// CHECK-LABEL: func.func @chain(
// CHECK-COUNT-1: linalg.generic
// CHECK-NOT: linalg.generic
func.func @chain(%x: tensor<?x4xf32>, %b: tensor<4xf32>) -> tensor<?x4xf32> {
  %0 = cnn.binary <add> %x, %b {axes = array<i64: 1>} : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
  %1 = cnn.unary <tanh> %0 : (tensor<?x4xf32>) -> tensor<?x4xf32>
  return %1 : tensor<?x4xf32>
}

// A value with two readers is computed once.
// CHECK-LABEL: func.func @negative_two_readers(
// CHECK-COUNT-1: math.tanh
// CHECK-NOT: math.tanh
func.func @negative_two_readers(%x: tensor<?x4xf32>) -> (tensor<?x4xf32>, tensor<?x4xf32>) {
  %0 = cnn.unary <tanh> %x : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %1 = cnn.unary <square> %0 : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %2 = cnn.unary <abs> %0 : (tensor<?x4xf32>) -> tensor<?x4xf32>
  return %1, %2 : tensor<?x4xf32>, tensor<?x4xf32>
}

// Nothing goes in front of a contraction, which reads its operands many times.
// CHECK-LABEL: func.func @negative_contraction(
// CHECK: math.tanh
// CHECK: linalg.fill
// CHECK: cnn.contraction
func.func @negative_contraction(%x: tensor<?x4xf32>, %w: tensor<3x4xf32>) -> tensor<?x3xf32> {
  %0 = cnn.unary <tanh> %x : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %1 = cnn.conv %0, %w {groups = 1 : i64, window = #cnn.window<kernel = [], stride = [], dilation = [], pad_low = [], pad_high = []>}
      : (tensor<?x4xf32>, tensor<3x4xf32>) -> tensor<?x3xf32>
  return %1 : tensor<?x3xf32>
}
