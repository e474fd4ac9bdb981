// RUN: cnn-opt %s | cnn-opt | FileCheck %s
// RUN: cnn-opt %s --mlir-print-op-generic | cnn-opt | FileCheck %s

// CHECK-LABEL: @sgd
func.func @sgd(%p: tensor<6x5x5xf32>, %g: tensor<6x5x5xf32>, %v: tensor<6x5x5xf32>, %rate: tensor<f32>) {
  // CHECK: cnn.sgd_update %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} {decay = 5.000000e-04 : f64, momentum = 9.000000e-01 : f64, nesterov = true} : (tensor<6x5x5xf32>, tensor<6x5x5xf32>, tensor<6x5x5xf32>, tensor<f32>) -> (tensor<6x5x5xf32>, tensor<6x5x5xf32>)
  %0:2 = cnn.sgd_update %p, %g, %v, %rate {decay = 5.000000e-04 : f64, momentum = 9.000000e-01 : f64, nesterov = true} : (tensor<6x5x5xf32>, tensor<6x5x5xf32>, tensor<6x5x5xf32>, tensor<f32>) -> (tensor<6x5x5xf32>, tensor<6x5x5xf32>)
  return
}

// CHECK-LABEL: @sgd_without_momentum
func.func @sgd_without_momentum(%p: tensor<6x5x5xf32>, %g: tensor<6x5x5xf32>, %rate: tensor<f32>) {
  // CHECK: cnn.sgd_update %{{.*}}, %{{.*}}, %{{.*}} {decay = 5.000000e-04 : f64, momentum = 0.000000e+00 : f64, nesterov = false} : (tensor<6x5x5xf32>, tensor<6x5x5xf32>, tensor<f32>) -> tensor<6x5x5xf32>
  %0 = cnn.sgd_update %p, %g, %rate {decay = 5.000000e-04 : f64, momentum = 0.0 : f64, nesterov = false} : (tensor<6x5x5xf32>, tensor<6x5x5xf32>, tensor<f32>) -> tensor<6x5x5xf32>
  return
}

// CHECK-LABEL: @adam
func.func @adam(%p: tensor<6x5x5xf32>, %g: tensor<6x5x5xf32>, %m: tensor<6x5x5xf32>, %v: tensor<6x5x5xf32>, %rate: tensor<f32>, %key: tensor<2xi64>) {
  // CHECK: cnn.adam_update %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} {beta1 = 9.000000e-01 : f64, beta2 = 9.375000e-01 : f64, decay = 0.000000e+00 : f64, epsilon = 1.000000e-08 : f64} : (tensor<6x5x5xf32>, tensor<6x5x5xf32>, tensor<6x5x5xf32>, tensor<6x5x5xf32>, tensor<f32>, tensor<2xi64>) -> (tensor<6x5x5xf32>, tensor<6x5x5xf32>, tensor<6x5x5xf32>)
  %0:3 = cnn.adam_update %p, %g, %m, %v, %rate, %key {beta1 = 9.000000e-01 : f64, beta2 = 9.375000e-01 : f64, decay = 0.000000e+00 : f64, epsilon = 1.000000e-08 : f64} : (tensor<6x5x5xf32>, tensor<6x5x5xf32>, tensor<6x5x5xf32>, tensor<6x5x5xf32>, tensor<f32>, tensor<2xi64>) -> (tensor<6x5x5xf32>, tensor<6x5x5xf32>, tensor<6x5x5xf32>)
  return
}
