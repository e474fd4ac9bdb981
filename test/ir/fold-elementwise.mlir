// RUN: cnn-opt %s --canonicalize | FileCheck %s

// A neutral constant folds away only where every value, signed zeros included, stays the same.

// CHECK-LABEL: @neutral
// CHECK-SAME: (%[[X:.*]]: tensor<?x3xf32>)
func.func @neutral(%x: tensor<?x3xf32>) -> tensor<?x3xf32> {
  %minus_zero = cnn.constant dense<-0.0> : tensor<f32>
  %zero = cnn.constant dense<0.0> : tensor<f32>
  %one = cnn.constant dense<1.0> : tensor<f32>
  %ones = cnn.constant dense<1.0> : tensor<3xf32>
  %infinity = cnn.constant dense<0x7F800000> : tensor<f32>
  %minus_infinity = cnn.constant dense<0xFF800000> : tensor<f32>
  // CHECK: return %[[X]]
  %0 = cnn.binary <add> %x, %minus_zero {axes = array<i64>} : (tensor<?x3xf32>, tensor<f32>) -> tensor<?x3xf32>
  %1 = cnn.binary <sub> %0, %zero {axes = array<i64>} : (tensor<?x3xf32>, tensor<f32>) -> tensor<?x3xf32>
  %2 = cnn.binary <mul> %1, %ones {axes = array<i64: 1>} : (tensor<?x3xf32>, tensor<3xf32>) -> tensor<?x3xf32>
  %3 = cnn.binary <div> %2, %one {axes = array<i64>} : (tensor<?x3xf32>, tensor<f32>) -> tensor<?x3xf32>
  %4 = cnn.binary <min> %3, %infinity {axes = array<i64>} : (tensor<?x3xf32>, tensor<f32>) -> tensor<?x3xf32>
  %5 = cnn.binary <max> %4, %minus_infinity {axes = array<i64>} : (tensor<?x3xf32>, tensor<f32>) -> tensor<?x3xf32>
  return %5 : tensor<?x3xf32>
}

// -0 + 0 and -0 - -0 are +0; 0 * NaN is NaN.
// CHECK-LABEL: @negative_neutral
func.func @negative_neutral(%x: tensor<?x3xf32>) -> (tensor<?x3xf32>, tensor<?x3xf32>, tensor<?x3xf32>) {
  %minus_zero = cnn.constant dense<-0.0> : tensor<f32>
  %zero = cnn.constant dense<0.0> : tensor<f32>
  // CHECK-DAG: cnn.binary <add>
  %0 = cnn.binary <add> %x, %zero {axes = array<i64>} : (tensor<?x3xf32>, tensor<f32>) -> tensor<?x3xf32>
  // CHECK-DAG: cnn.binary <sub>
  %1 = cnn.binary <sub> %x, %minus_zero {axes = array<i64>} : (tensor<?x3xf32>, tensor<f32>) -> tensor<?x3xf32>
  // CHECK-DAG: cnn.binary <mul>
  %2 = cnn.binary <mul> %x, %zero {axes = array<i64>} : (tensor<?x3xf32>, tensor<f32>) -> tensor<?x3xf32>
  return %0, %1, %2 : tensor<?x3xf32>, tensor<?x3xf32>, tensor<?x3xf32>
}

// Arithmetic rounds as the element type does: in f32, 16777216 + 1 is 16777216.
// CHECK-LABEL: @binary_of_constants
func.func @binary_of_constants() -> (tensor<f32>, tensor<f64>, tensor<2xf32>, tensor<f32>) {
  %a = cnn.constant dense<16777216.0> : tensor<f32>
  %b = cnn.constant dense<1.0> : tensor<f32>
  %c = cnn.constant dense<16777216.0> : tensor<f64>
  %d = cnn.constant dense<1.0> : tensor<f64>
  %twos = cnn.constant dense<2.0> : tensor<2xf32>
  %nan = cnn.constant dense<0x7FC00000> : tensor<f32>
  // CHECK-DAG: cnn.constant dense<0x4B800000> : tensor<f32>
  %0 = cnn.binary <add> %a, %b {axes = array<i64>} : (tensor<f32>, tensor<f32>) -> tensor<f32>
  // CHECK-DAG: cnn.constant dense<0x4170000010000000> : tensor<f64>
  %1 = cnn.binary <add> %c, %d {axes = array<i64>} : (tensor<f64>, tensor<f64>) -> tensor<f64>
  // CHECK-DAG: cnn.constant dense<{{.*}}> : tensor<2xf32>
  %2 = cnn.binary <div> %twos, %a {axes = array<i64>} : (tensor<2xf32>, tensor<f32>) -> tensor<2xf32>
  // CHECK-DAG: cnn.constant dense<0x7FC00000> : tensor<f32>
  %3 = cnn.binary <max> %b, %nan {axes = array<i64>} : (tensor<f32>, tensor<f32>) -> tensor<f32>
  // CHECK-NOT: cnn.binary
  return %0, %1, %2, %3 : tensor<f32>, tensor<f64>, tensor<2xf32>, tensor<f32>
}

// CHECK-LABEL: @relu_of_negative_zero
func.func @relu_of_negative_zero() -> tensor<f32> {
  %x = cnn.constant dense<-0.0> : tensor<f32>
  // CHECK: cnn.constant dense<-0.000000e+00>
  // CHECK-NOT: cnn.unary
  %0 = cnn.unary <relu> %x : (tensor<f32>) -> tensor<f32>
  return %0 : tensor<f32>
}

// CHECK-LABEL: @unary_of_constants
func.func @unary_of_constants() -> (tensor<f32>, tensor<f32>, tensor<f32>, tensor<f32>, tensor<f32>, tensor<f32>, tensor<f32>) {
  %x = cnn.constant dense<-3.0> : tensor<f32>
  // CHECK-DAG: cnn.constant dense<0.000000e+00>
  %0 = cnn.unary <relu> %x : (tensor<f32>) -> tensor<f32>
  // CHECK-DAG: cnn.constant dense<-7.500000e-01>
  %1 = cnn.unary <leaky_relu> %x {alpha = 0.25 : f64} : (tensor<f32>) -> tensor<f32>
  // CHECK-DAG: cnn.constant dense<-1.000000e+00>
  %2 = cnn.unary <hardtanh> %x : (tensor<f32>) -> tensor<f32>
  // CHECK-DAG: cnn.constant dense<3.000000e+00>
  %3 = cnn.unary <abs> %x : (tensor<f32>) -> tensor<f32>
  // CHECK-DAG: cnn.constant dense<9.000000e+00>
  %4 = cnn.unary <square> %x : (tensor<f32>) -> tensor<f32>
  // CHECK-DAG: cnn.constant dense<-0.333333343>
  %5 = cnn.unary <reciprocal> %x : (tensor<f32>) -> tensor<f32>
  // CHECK-NOT: cnn.unary
  %6 = cnn.unary <neg> %x : (tensor<f32>) -> tensor<f32>
  return %0, %1, %2, %3, %4, %5, %6 : tensor<f32>, tensor<f32>, tensor<f32>, tensor<f32>, tensor<f32>, tensor<f32>, tensor<f32>
}

// What the generated code approximates is not evaluated by the host.
// CHECK-LABEL: @negative_unary_of_constants
func.func @negative_unary_of_constants() -> tensor<f32> {
  %x = cnn.constant dense<-3.0> : tensor<f32>
  // CHECK: cnn.unary <exp>
  %0 = cnn.unary <exp> %x : (tensor<f32>) -> tensor<f32>
  return %0 : tensor<f32>
}

// CHECK-LABEL: @unary_of_unary
// CHECK-SAME: (%[[X:.*]]: tensor<?x3xf32>)
func.func @unary_of_unary(%x: tensor<?x3xf32>) -> (tensor<?x3xf32>, tensor<?x3xf32>, tensor<?x3xf32>) {
  %0 = cnn.unary <neg> %x : (tensor<?x3xf32>) -> tensor<?x3xf32>
  %1 = cnn.unary <neg> %0 : (tensor<?x3xf32>) -> tensor<?x3xf32>
  // CHECK: %[[RELU:.*]] = cnn.unary <relu> %[[X]]
  %2 = cnn.unary <relu> %x : (tensor<?x3xf32>) -> tensor<?x3xf32>
  %3 = cnn.unary <relu> %2 : (tensor<?x3xf32>) -> tensor<?x3xf32>
  // CHECK: %[[TANH:.*]] = cnn.unary <tanh> %[[RELU]]
  %4 = cnn.unary <tanh> %3 : (tensor<?x3xf32>) -> tensor<?x3xf32>
  // CHECK: %[[TANH2:.*]] = cnn.unary <tanh> %[[TANH]]
  %5 = cnn.unary <tanh> %4 : (tensor<?x3xf32>) -> tensor<?x3xf32>
  // CHECK: return %[[X]], %[[RELU]], %[[TANH2]]
  return %1, %3, %5 : tensor<?x3xf32>, tensor<?x3xf32>, tensor<?x3xf32>
}

// CHECK-LABEL: @identity
// CHECK-SAME: (%[[X:.*]]: tensor<?x3xf32>, %[[KEY:.*]]: tensor<2xi64>)
func.func @identity(%x: tensor<?x3xf32>, %key: tensor<2xi64>) -> tensor<?x3xf32> {
  // CHECK: return %[[X]]
  %0 = cnn.cast %x : (tensor<?x3xf32>) -> tensor<?x3xf32>
  %1 = cnn.reduce <mean> %0 {keep = array<i64: 0, 1>} : (tensor<?x3xf32>) -> tensor<?x3xf32>
  %2 = cnn.broadcast %1, %x {axes = array<i64: 0, 1>} : (tensor<?x3xf32>, tensor<?x3xf32>) -> tensor<?x3xf32>
  %3 = cnn.dropout %2, %key {rate = 0.0 : f64, site = 0 : i64} : (tensor<?x3xf32>, tensor<2xi64>) -> tensor<?x3xf32>
  return %3 : tensor<?x3xf32>
}

// CHECK-LABEL: @broadcast_of_constant
func.func @broadcast_of_constant(%w: tensor<3x4xf32>, %x: tensor<?x4xf32>) -> (tensor<3x4xf32>, tensor<?x4xf32>) {
  %one = cnn.constant dense<1.0> : tensor<f32>
  // CHECK-DAG: cnn.constant dense<1.000000e+00> : tensor<3x4xf32>
  %0 = cnn.broadcast %one, %w {axes = array<i64>} : (tensor<f32>, tensor<3x4xf32>) -> tensor<3x4xf32>
  // The batch is not known: no constant has this shape.
  // CHECK-DAG: cnn.broadcast
  %1 = cnn.broadcast %one, %x {axes = array<i64>} : (tensor<f32>, tensor<?x4xf32>) -> tensor<?x4xf32>
  return %0, %1 : tensor<3x4xf32>, tensor<?x4xf32>
}
