// RUN: cnn-opt %s | cnn-opt | FileCheck %s
// RUN: cnn-opt %s --mlir-print-op-generic | cnn-opt | FileCheck %s

// CHECK-LABEL: @cross_entropy
func.func @cross_entropy(%s: tensor<?x10xf32>, %l: tensor<?xi32>, %d: tensor<?xf32>) {
  // CHECK: cnn.cross_entropy %{{.*}}, %{{.*}} : (tensor<?x10xf32>, tensor<?xi32>) -> tensor<?xf32>
  %0 = cnn.cross_entropy %s, %l : (tensor<?x10xf32>, tensor<?xi32>) -> tensor<?xf32>
  // CHECK: cnn.cross_entropy_grad %{{.*}}, %{{.*}}, %{{.*}} : (tensor<?x10xf32>, tensor<?xi32>, tensor<?xf32>) -> tensor<?x10xf32>
  %1 = cnn.cross_entropy_grad %s, %l, %d : (tensor<?x10xf32>, tensor<?xi32>, tensor<?xf32>) -> tensor<?x10xf32>
  return
}

// CHECK-LABEL: @top_k_hit
func.func @top_k_hit(%s: tensor<?x10xf32>, %l: tensor<?xi32>) {
  // CHECK: cnn.top_k_hit %{{.*}}, %{{.*}} {k = 5 : i64} : (tensor<?x10xf32>, tensor<?xi32>) -> tensor<?xf32>
  %0 = cnn.top_k_hit %s, %l {k = 5 : i64} : (tensor<?x10xf32>, tensor<?xi32>) -> tensor<?xf32>
  return
}
