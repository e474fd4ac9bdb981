// RUN: cnn-opt %s | cnn-opt | FileCheck %s
// RUN: cnn-opt %s --mlir-print-op-generic | cnn-opt | FileCheck %s

// CHECK-LABEL: @batch_norm
func.func @batch_norm(%x: tensor<?x8x5x5xf32>, %scale: tensor<8xf32>, %shift: tensor<8xf32>, %mean: tensor<8xf32>, %variance: tensor<8xf32>) {
  // CHECK: cnn.batch_norm %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} {epsilon = 1.000000e-05 : f64} : (tensor<?x8x5x5xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>) -> tensor<?x8x5x5xf32>
  %y = cnn.batch_norm %x, %scale, %shift, %mean, %variance {epsilon = 1.000000e-05 : f64} : (tensor<?x8x5x5xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>) -> tensor<?x8x5x5xf32>
  return
}

// CHECK-LABEL: @batch_norm_train
func.func @batch_norm_train(%x: tensor<?x8x5x5xf32>, %scale: tensor<8xf32>, %shift: tensor<8xf32>, %mean: tensor<8xf32>, %variance: tensor<8xf32>, %dy: tensor<?x8x5x5xf32>, %inv_std: tensor<8xf32>) {
  // CHECK: cnn.batch_norm_train %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} {epsilon = 1.000000e-05 : f64, momentum = 1.000000e-01 : f64} : (tensor<?x8x5x5xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>) -> (tensor<?x8x5x5xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>)
  %y:5 = cnn.batch_norm_train %x, %scale, %shift, %mean, %variance {epsilon = 1.000000e-05 : f64, momentum = 1.000000e-01 : f64} : (tensor<?x8x5x5xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>) -> (tensor<?x8x5x5xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>)
  // CHECK: cnn.batch_norm_grad %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} : (tensor<?x8x5x5xf32>, tensor<?x8x5x5xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>) -> (tensor<?x8x5x5xf32>, tensor<8xf32>, tensor<8xf32>)
  %d:3 = cnn.batch_norm_grad %x, %dy, %scale, %mean, %inv_std : (tensor<?x8x5x5xf32>, tensor<?x8x5x5xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>) -> (tensor<?x8x5x5xf32>, tensor<8xf32>, tensor<8xf32>)
  return
}

// CHECK-LABEL: @batch_norm_after_dense
func.func @batch_norm_after_dense(%x: tensor<?x8xf32>, %v: tensor<8xf32>) {
  // CHECK: cnn.batch_norm %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} {epsilon = 1.000000e-05 : f64} : (tensor<?x8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>) -> tensor<?x8xf32>
  %y = cnn.batch_norm %x, %v, %v, %v, %v {epsilon = 1.000000e-05 : f64} : (tensor<?x8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>) -> tensor<?x8xf32>
  return
}

// CHECK-LABEL: @lrn
func.func @lrn(%x: tensor<?x8x5x5xf32>, %dy: tensor<?x8x5x5xf32>) {
  // CHECK: cnn.lrn %{{.*}} {alpha = 1.000000e-04 : f64, beta = 7.500000e-01 : f64, k = 1.000000e+00 : f64, size = 5 : i64} : (tensor<?x8x5x5xf32>) -> tensor<?x8x5x5xf32>
  %y = cnn.lrn %x {alpha = 1.000000e-04 : f64, beta = 7.500000e-01 : f64, k = 1.000000e+00 : f64, size = 5 : i64} : (tensor<?x8x5x5xf32>) -> tensor<?x8x5x5xf32>
  // CHECK: cnn.lrn_grad %{{.*}}, %{{.*}} {alpha = 1.000000e-04 : f64, beta = 7.500000e-01 : f64, k = 1.000000e+00 : f64, size = 5 : i64} : (tensor<?x8x5x5xf32>, tensor<?x8x5x5xf32>) -> tensor<?x8x5x5xf32>
  %dx = cnn.lrn_grad %x, %dy {alpha = 1.000000e-04 : f64, beta = 7.500000e-01 : f64, k = 1.000000e+00 : f64, size = 5 : i64} : (tensor<?x8x5x5xf32>, tensor<?x8x5x5xf32>) -> tensor<?x8x5x5xf32>
  return
}

// CHECK-LABEL: @dropout
func.func @dropout(%x: tensor<?x8x5x5xf32>, %key: tensor<2xi64>) {
  // CHECK: cnn.dropout %{{.*}}, %{{.*}} {rate = 5.000000e-01 : f64, site = 3 : i64} : (tensor<?x8x5x5xf32>, tensor<2xi64>) -> tensor<?x8x5x5xf32>
  %y = cnn.dropout %x, %key {rate = 5.000000e-01 : f64, site = 3 : i64} : (tensor<?x8x5x5xf32>, tensor<2xi64>) -> tensor<?x8x5x5xf32>
  return
}
