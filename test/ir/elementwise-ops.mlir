// RUN: cnn-opt %s | cnn-opt | FileCheck %s
// RUN: cnn-opt %s --mlir-print-op-generic | cnn-opt | FileCheck %s

// CHECK-LABEL: @constant
func.func @constant() {
  // CHECK: cnn.constant dense<1.000000e+00> : tensor<f32>
  %0 = cnn.constant dense<1.000000e+00> : tensor<f32>
  // CHECK: cnn.constant dense<[1, 2]> : tensor<2xi64>
  %1 = cnn.constant dense<[1, 2]> : tensor<2xi64>
  return
}

// CHECK-LABEL: @unary
func.func @unary(%x: tensor<?x6x28x28xf32>, %dy: tensor<?x6x28x28xf32>) {
  // CHECK: cnn.unary <relu> %{{.*}} : (tensor<?x6x28x28xf32>) -> tensor<?x6x28x28xf32>
  %relu = cnn.unary <relu> %x : (tensor<?x6x28x28xf32>) -> tensor<?x6x28x28xf32>
  // CHECK: cnn.unary <leaky_relu> %{{.*}} : (tensor<?x6x28x28xf32>) -> tensor<?x6x28x28xf32>
  %leaky_relu = cnn.unary <leaky_relu> %x : (tensor<?x6x28x28xf32>) -> tensor<?x6x28x28xf32>
  // CHECK: cnn.unary <tanh> %{{.*}} : (tensor<?x6x28x28xf32>) -> tensor<?x6x28x28xf32>
  %tanh = cnn.unary <tanh> %x : (tensor<?x6x28x28xf32>) -> tensor<?x6x28x28xf32>
  // CHECK: %{{.*}} = cnn.unary <scaled_tanh> %{{.*}} : (tensor<?x6x28x28xf32>) -> tensor<?x6x28x28xf32>
  %scaled_tanh = cnn.unary <scaled_tanh> %x : (tensor<?x6x28x28xf32>) -> tensor<?x6x28x28xf32>
  // CHECK: cnn.unary <sigmoid> %{{.*}} : (tensor<?x6x28x28xf32>) -> tensor<?x6x28x28xf32>
  %sigmoid = cnn.unary <sigmoid> %x : (tensor<?x6x28x28xf32>) -> tensor<?x6x28x28xf32>
  // CHECK: cnn.unary <hardtanh> %{{.*}} : (tensor<?x6x28x28xf32>) -> tensor<?x6x28x28xf32>
  %hardtanh = cnn.unary <hardtanh> %x : (tensor<?x6x28x28xf32>) -> tensor<?x6x28x28xf32>
  // CHECK: cnn.unary <softplus> %{{.*}} : (tensor<?x6x28x28xf32>) -> tensor<?x6x28x28xf32>
  %softplus = cnn.unary <softplus> %x : (tensor<?x6x28x28xf32>) -> tensor<?x6x28x28xf32>
  // CHECK: cnn.unary <abs> %{{.*}} : (tensor<?x6x28x28xf32>) -> tensor<?x6x28x28xf32>
  %abs = cnn.unary <abs> %x : (tensor<?x6x28x28xf32>) -> tensor<?x6x28x28xf32>
  // CHECK: cnn.unary <sqrt> %{{.*}} : (tensor<?x6x28x28xf32>) -> tensor<?x6x28x28xf32>
  %sqrt = cnn.unary <sqrt> %x : (tensor<?x6x28x28xf32>) -> tensor<?x6x28x28xf32>
  // CHECK: cnn.unary <square> %{{.*}} : (tensor<?x6x28x28xf32>) -> tensor<?x6x28x28xf32>
  %square = cnn.unary <square> %x : (tensor<?x6x28x28xf32>) -> tensor<?x6x28x28xf32>
  // CHECK: cnn.unary <exp> %{{.*}} : (tensor<?x6x28x28xf32>) -> tensor<?x6x28x28xf32>
  %exp = cnn.unary <exp> %x : (tensor<?x6x28x28xf32>) -> tensor<?x6x28x28xf32>
  // CHECK: cnn.unary <log> %{{.*}} : (tensor<?x6x28x28xf32>) -> tensor<?x6x28x28xf32>
  %log = cnn.unary <log> %x : (tensor<?x6x28x28xf32>) -> tensor<?x6x28x28xf32>
  // CHECK: cnn.unary <neg> %{{.*}} : (tensor<?x6x28x28xf32>) -> tensor<?x6x28x28xf32>
  %neg = cnn.unary <neg> %x : (tensor<?x6x28x28xf32>) -> tensor<?x6x28x28xf32>
  // CHECK: %{{.*}} = cnn.unary <reciprocal> %{{.*}} : (tensor<?x6x28x28xf32>) -> tensor<?x6x28x28xf32>
  %reciprocal = cnn.unary <reciprocal> %x : (tensor<?x6x28x28xf32>) -> tensor<?x6x28x28xf32>
  // CHECK: cnn.unary <leaky_relu> %{{.*}} {alpha = 2.000000e-01 : f64} : (tensor<?x6x28x28xf32>) -> tensor<?x6x28x28xf32>
  %slope = cnn.unary <leaky_relu> %x {alpha = 2.000000e-01 : f64} : (tensor<?x6x28x28xf32>) -> tensor<?x6x28x28xf32>
  // CHECK: cnn.unary_grad <relu> %{{.*}}, %{{.*}} : (tensor<?x6x28x28xf32>, tensor<?x6x28x28xf32>) -> tensor<?x6x28x28xf32>
  %relu_grad = cnn.unary_grad <relu> %x, %dy : (tensor<?x6x28x28xf32>, tensor<?x6x28x28xf32>) -> tensor<?x6x28x28xf32>
  // CHECK: cnn.unary_grad <leaky_relu> %{{.*}}, %{{.*}} : (tensor<?x6x28x28xf32>, tensor<?x6x28x28xf32>) -> tensor<?x6x28x28xf32>
  %leaky_relu_grad = cnn.unary_grad <leaky_relu> %x, %dy : (tensor<?x6x28x28xf32>, tensor<?x6x28x28xf32>) -> tensor<?x6x28x28xf32>
  // CHECK: cnn.unary_grad <tanh> %{{.*}}, %{{.*}} : (tensor<?x6x28x28xf32>, tensor<?x6x28x28xf32>) -> tensor<?x6x28x28xf32>
  %tanh_grad = cnn.unary_grad <tanh> %x, %dy : (tensor<?x6x28x28xf32>, tensor<?x6x28x28xf32>) -> tensor<?x6x28x28xf32>
  // CHECK: %{{.*}} = cnn.unary_grad <scaled_tanh> %{{.*}}, %{{.*}} : (tensor<?x6x28x28xf32>, tensor<?x6x28x28xf32>) -> tensor<?x6x28x28xf32>
  %scaled_tanh_grad = cnn.unary_grad <scaled_tanh> %x, %dy : (tensor<?x6x28x28xf32>, tensor<?x6x28x28xf32>) -> tensor<?x6x28x28xf32>
  // CHECK: cnn.unary_grad <sigmoid> %{{.*}}, %{{.*}} : (tensor<?x6x28x28xf32>, tensor<?x6x28x28xf32>) -> tensor<?x6x28x28xf32>
  %sigmoid_grad = cnn.unary_grad <sigmoid> %x, %dy : (tensor<?x6x28x28xf32>, tensor<?x6x28x28xf32>) -> tensor<?x6x28x28xf32>
  // CHECK: cnn.unary_grad <hardtanh> %{{.*}}, %{{.*}} : (tensor<?x6x28x28xf32>, tensor<?x6x28x28xf32>) -> tensor<?x6x28x28xf32>
  %hardtanh_grad = cnn.unary_grad <hardtanh> %x, %dy : (tensor<?x6x28x28xf32>, tensor<?x6x28x28xf32>) -> tensor<?x6x28x28xf32>
  // CHECK: cnn.unary_grad <softplus> %{{.*}}, %{{.*}} : (tensor<?x6x28x28xf32>, tensor<?x6x28x28xf32>) -> tensor<?x6x28x28xf32>
  %softplus_grad = cnn.unary_grad <softplus> %x, %dy : (tensor<?x6x28x28xf32>, tensor<?x6x28x28xf32>) -> tensor<?x6x28x28xf32>
  // CHECK: cnn.unary_grad <abs> %{{.*}}, %{{.*}} : (tensor<?x6x28x28xf32>, tensor<?x6x28x28xf32>) -> tensor<?x6x28x28xf32>
  %abs_grad = cnn.unary_grad <abs> %x, %dy : (tensor<?x6x28x28xf32>, tensor<?x6x28x28xf32>) -> tensor<?x6x28x28xf32>
  // CHECK: cnn.unary_grad <sqrt> %{{.*}}, %{{.*}} : (tensor<?x6x28x28xf32>, tensor<?x6x28x28xf32>) -> tensor<?x6x28x28xf32>
  %sqrt_grad = cnn.unary_grad <sqrt> %x, %dy : (tensor<?x6x28x28xf32>, tensor<?x6x28x28xf32>) -> tensor<?x6x28x28xf32>
  // CHECK: cnn.unary_grad <square> %{{.*}}, %{{.*}} : (tensor<?x6x28x28xf32>, tensor<?x6x28x28xf32>) -> tensor<?x6x28x28xf32>
  %square_grad = cnn.unary_grad <square> %x, %dy : (tensor<?x6x28x28xf32>, tensor<?x6x28x28xf32>) -> tensor<?x6x28x28xf32>
  // CHECK: cnn.unary_grad <exp> %{{.*}}, %{{.*}} : (tensor<?x6x28x28xf32>, tensor<?x6x28x28xf32>) -> tensor<?x6x28x28xf32>
  %exp_grad = cnn.unary_grad <exp> %x, %dy : (tensor<?x6x28x28xf32>, tensor<?x6x28x28xf32>) -> tensor<?x6x28x28xf32>
  // CHECK: cnn.unary_grad <log> %{{.*}}, %{{.*}} : (tensor<?x6x28x28xf32>, tensor<?x6x28x28xf32>) -> tensor<?x6x28x28xf32>
  %log_grad = cnn.unary_grad <log> %x, %dy : (tensor<?x6x28x28xf32>, tensor<?x6x28x28xf32>) -> tensor<?x6x28x28xf32>
  // CHECK: cnn.unary_grad <neg> %{{.*}}, %{{.*}} : (tensor<?x6x28x28xf32>, tensor<?x6x28x28xf32>) -> tensor<?x6x28x28xf32>
  %neg_grad = cnn.unary_grad <neg> %x, %dy : (tensor<?x6x28x28xf32>, tensor<?x6x28x28xf32>) -> tensor<?x6x28x28xf32>
  // CHECK: %{{.*}} = cnn.unary_grad <reciprocal> %{{.*}}, %{{.*}} : (tensor<?x6x28x28xf32>, tensor<?x6x28x28xf32>) -> tensor<?x6x28x28xf32>
  %reciprocal_grad = cnn.unary_grad <reciprocal> %x, %dy : (tensor<?x6x28x28xf32>, tensor<?x6x28x28xf32>) -> tensor<?x6x28x28xf32>
  return
}

// CHECK-LABEL: @binary
func.func @binary(%x: tensor<?x6x28x28xf32>, %c: tensor<6xf32>, %s: tensor<f32>, %b: tensor<?xf32>, %p: tensor<28x28xf32>) {
  // CHECK: cnn.binary <add> %{{.*}}, %{{.*}} {axes = array<i64: 1>} : (tensor<?x6x28x28xf32>, tensor<6xf32>) -> tensor<?x6x28x28xf32>
  %0 = cnn.binary <add> %x, %c {axes = array<i64: 1>} : (tensor<?x6x28x28xf32>, tensor<6xf32>) -> tensor<?x6x28x28xf32>
  // CHECK: cnn.binary <sub> %{{.*}}, %{{.*}} {axes = array<i64>} : (tensor<?x6x28x28xf32>, tensor<f32>) -> tensor<?x6x28x28xf32>
  %1 = cnn.binary <sub> %x, %s {axes = array<i64>} : (tensor<?x6x28x28xf32>, tensor<f32>) -> tensor<?x6x28x28xf32>
  // CHECK: cnn.binary <mul> %{{.*}}, %{{.*}} {axes = array<i64: 0>} : (tensor<?x6x28x28xf32>, tensor<?xf32>) -> tensor<?x6x28x28xf32>
  %2 = cnn.binary <mul> %x, %b {axes = array<i64: 0>} : (tensor<?x6x28x28xf32>, tensor<?xf32>) -> tensor<?x6x28x28xf32>
  // CHECK: cnn.binary <div> %{{.*}}, %{{.*}} {axes = array<i64: 0, 1, 2, 3>} : (tensor<?x6x28x28xf32>, tensor<?x6x28x28xf32>) -> tensor<?x6x28x28xf32>
  %3 = cnn.binary <div> %x, %x {axes = array<i64: 0, 1, 2, 3>} : (tensor<?x6x28x28xf32>, tensor<?x6x28x28xf32>) -> tensor<?x6x28x28xf32>
  // CHECK: cnn.binary <max> %{{.*}}, %{{.*}} {axes = array<i64: 2, 3>} : (tensor<?x6x28x28xf32>, tensor<28x28xf32>) -> tensor<?x6x28x28xf32>
  %4 = cnn.binary <max> %x, %p {axes = array<i64: 2, 3>} : (tensor<?x6x28x28xf32>, tensor<28x28xf32>) -> tensor<?x6x28x28xf32>
  // CHECK: cnn.binary <min> %{{.*}}, %{{.*}} {axes = array<i64>} : (tensor<f32>, tensor<f32>) -> tensor<f32>
  %5 = cnn.binary <min> %s, %s {axes = array<i64>} : (tensor<f32>, tensor<f32>) -> tensor<f32>
  return
}

// CHECK-LABEL: @broadcast
func.func @broadcast(%x: tensor<?x6x28x28xf32>, %c: tensor<6xf64>, %i: tensor<?x6xi32>) {
  // CHECK: cnn.broadcast %{{.*}}, %{{.*}} {axes = array<i64: 1>} : (tensor<6xf64>, tensor<?x6x28x28xf32>) -> tensor<?x6x28x28xf64>
  %0 = cnn.broadcast %c, %x {axes = array<i64: 1>} : (tensor<6xf64>, tensor<?x6x28x28xf32>) -> tensor<?x6x28x28xf64>
  // CHECK: cnn.broadcast %{{.*}}, %{{.*}} {axes = array<i64: 1>} : (tensor<6xf64>, tensor<?x6xi32>) -> tensor<?x6xf64>
  %1 = cnn.broadcast %c, %i {axes = array<i64: 1>} : (tensor<6xf64>, tensor<?x6xi32>) -> tensor<?x6xf64>
  return
}

// CHECK-LABEL: @reduce
func.func @reduce(%x: tensor<?x6x28x28xf32>) {
  // CHECK: cnn.reduce <sum> %{{.*}} {keep = array<i64: 1>} : (tensor<?x6x28x28xf32>) -> tensor<6xf32>
  %0 = cnn.reduce <sum> %x {keep = array<i64: 1>} : (tensor<?x6x28x28xf32>) -> tensor<6xf32>
  // CHECK: cnn.reduce <mean> %{{.*}} {keep = array<i64>} : (tensor<?x6x28x28xf32>) -> tensor<f32>
  %1 = cnn.reduce <mean> %x {keep = array<i64>} : (tensor<?x6x28x28xf32>) -> tensor<f32>
  // CHECK: cnn.reduce <max> %{{.*}} {keep = array<i64: 0, 2>} : (tensor<?x6x28x28xf32>) -> tensor<?x28xf32>
  %2 = cnn.reduce <max> %x {keep = array<i64: 0, 2>} : (tensor<?x6x28x28xf32>) -> tensor<?x28xf32>
  return
}

// CHECK-LABEL: @cast
func.func @cast(%x: tensor<?x6x28x28xf32>, %i: tensor<?x3xui8>, %s: tensor<i64>) {
  // CHECK: cnn.cast %{{.*}} : (tensor<?x6x28x28xf32>) -> tensor<?x6x28x28xbf16>
  %0 = cnn.cast %x : (tensor<?x6x28x28xf32>) -> tensor<?x6x28x28xbf16>
  // CHECK: cnn.cast %{{.*}} : (tensor<?x3xui8>) -> tensor<?x3xf32>
  %1 = cnn.cast %i : (tensor<?x3xui8>) -> tensor<?x3xf32>
  // CHECK: cnn.cast %{{.*}} : (tensor<i64>) -> tensor<i32>
  %2 = cnn.cast %s : (tensor<i64>) -> tensor<i32>
  return
}

// CHECK-LABEL: @softmax
func.func @softmax(%x: tensor<?x10xf32>, %dy: tensor<?x10xf32>) {
  // CHECK: cnn.softmax %{{.*}} : (tensor<?x10xf32>) -> tensor<?x10xf32>
  %0 = cnn.softmax %x : (tensor<?x10xf32>) -> tensor<?x10xf32>
  // CHECK: cnn.softmax_grad %{{.*}}, %{{.*}} : (tensor<?x10xf32>, tensor<?x10xf32>) -> tensor<?x10xf32>
  %1 = cnn.softmax_grad %x, %dy : (tensor<?x10xf32>, tensor<?x10xf32>) -> tensor<?x10xf32>
  // CHECK: cnn.log_softmax %{{.*}} : (tensor<?x10xf32>) -> tensor<?x10xf32>
  %2 = cnn.log_softmax %x : (tensor<?x10xf32>) -> tensor<?x10xf32>
  // CHECK: cnn.log_softmax_grad %{{.*}}, %{{.*}} : (tensor<?x10xf32>, tensor<?x10xf32>) -> tensor<?x10xf32>
  %3 = cnn.log_softmax_grad %x, %dy : (tensor<?x10xf32>, tensor<?x10xf32>) -> tensor<?x10xf32>
  return
}
