// RUN: cnn-opt %s --neuflow-fold-affine | FileCheck %s

// CHECK-LABEL: @after
func.func @after(%x: tensor<1x3x3xf32>) -> tensor<2x3x3xf32> attributes {neuflow.part = #neuflow.part<grid>} {
  %k = arith.constant dense<[[[2.0]], [[3.0]]]> : tensor<2x1x1xf32>
  %b = arith.constant dense<[1.0, -1.0]> : tensor<2xf32>
  %s = arith.constant dense<[10.0, 100.0]> : tensor<2xf32>
  %t = arith.constant dense<[0.5, 0.25]> : tensor<2xf32>
  // CHECK-DAG: %[[K:.*]] = arith.constant dense<{{\[\[\[}}2.000000e+01]], {{\[\[}}3.000000e+02]]]>
  // CHECK-DAG: %[[B:.*]] = arith.constant dense<[1.050000e+01, -9.975000e+01]>
  // CHECK: %[[Y:.*]] = neuflow.conv %{{.*}}, %[[K]], %[[B]]
  // CHECK-NEXT: return %[[Y]]
  %0 = neuflow.conv %x, %k, %b {strides = array<i64: 1, 1>} : (tensor<1x3x3xf32>, tensor<2x1x1xf32>, tensor<2xf32>) -> tensor<2x3x3xf32>
  %1 = neuflow.affine %0, %s, %t : (tensor<2x3x3xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<2x3x3xf32>
  return %1 : tensor<2x3x3xf32>
}

// Two in front of a table of connections: 4 x + 2.
// CHECK-LABEL: @before
func.func @before(%x: tensor<2x3x3xf32>) -> tensor<1x3x3xf32> attributes {neuflow.part = #neuflow.part<grid>} {
  %k = arith.constant dense<3.0> : tensor<1x1x1xf32>
  %b = arith.constant dense<1.0> : tensor<1xf32>
  %s = arith.constant dense<2.0> : tensor<2xf32>
  %t = arith.constant dense<[5.0, 1.0]> : tensor<2xf32>
  %z = arith.constant dense<0.0> : tensor<2xf32>
  // CHECK-DAG: %[[K:.*]] = arith.constant dense<1.200000e+01> : tensor<1x1x1xf32>
  // CHECK-DAG: %[[B:.*]] = arith.constant dense<7.000000e+00> : tensor<1xf32>
  // CHECK-NOT: neuflow.affine
  // CHECK: neuflow.conv %arg0, %[[K]], %[[B]]
  %0 = neuflow.affine %x, %s, %t : (tensor<2x3x3xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<2x3x3xf32>
  %1 = neuflow.affine %0, %s, %z : (tensor<2x3x3xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<2x3x3xf32>
  %2 = neuflow.conv %1, %k, %b {connections = dense<[[0, 1]]> : tensor<1x2xi64>, strides = array<i64: 1, 1>} : (tensor<2x3x3xf32>, tensor<1x1x1xf32>, tensor<1xf32>) -> tensor<1x3x3xf32>
  return %2 : tensor<1x3x3xf32>
}

// CHECK-LABEL: @negative_same_size
func.func @negative_same_size(%x: tensor<1x3x3xf32>) -> tensor<1x3x3xf32> attributes {neuflow.part = #neuflow.part<grid>} {
  %k = arith.constant dense<3.0> : tensor<1x3x3xf32>
  %b = arith.constant dense<1.0> : tensor<1xf32>
  // CHECK: neuflow.affine
  %0 = neuflow.affine %x, %b, %b : (tensor<1x3x3xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x3x3xf32>
  %1 = neuflow.conv %0, %k, %b {same_size, strides = array<i64: 1, 1>} : (tensor<1x3x3xf32>, tensor<1x3x3xf32>, tensor<1xf32>) -> tensor<1x3x3xf32>
  return %1 : tensor<1x3x3xf32>
}

// CHECK-LABEL: @negative_two_readers
func.func @negative_two_readers(%x: tensor<1x3x3xf32>) -> (tensor<1x3x3xf32>, tensor<1x3x3xf32>) attributes {neuflow.part = #neuflow.part<grid>} {
  %k = arith.constant dense<3.0> : tensor<1x1x1xf32>
  %b = arith.constant dense<1.0> : tensor<1xf32>
  %0 = neuflow.conv %x, %k, %b {strides = array<i64: 1, 1>} : (tensor<1x3x3xf32>, tensor<1x1x1xf32>, tensor<1xf32>) -> tensor<1x3x3xf32>
  // CHECK: neuflow.affine
  %1 = neuflow.affine %0, %b, %b : (tensor<1x3x3xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x3x3xf32>
  return %0, %1 : tensor<1x3x3xf32>, tensor<1x3x3xf32>
}

// CHECK-LABEL: @negative_host
func.func @negative_host(%x: tensor<1x3x3xf32>) -> tensor<1x3x3xf32> {
  %s = arith.constant dense<1.0> : tensor<1xf32>
  %t = arith.constant dense<0.0> : tensor<1xf32>
  // CHECK: neuflow.affine
  %0 = neuflow.affine %x, %s, %t : (tensor<1x3x3xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x3x3xf32>
  return %0 : tensor<1x3x3xf32>
}
