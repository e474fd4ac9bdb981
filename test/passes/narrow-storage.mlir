// RUN: cnn-opt %s -cnn-narrow-storage -split-input-file | FileCheck %s
// RUN: cnn-opt %s -cnn-narrow-storage=least-weight-bytes=1728 -split-input-file | FileCheck %s --check-prefix=LARGE
// RUN: cnn-opt %s -cnn-narrow-storage=dot-products -split-input-file | FileCheck %s --check-prefix=DOT
// RUN: cnn-opt %s -cnn-narrow-storage -cnn-linalg -split-input-file | FileCheck %s --check-prefix=LINALG

// What a convolution reads is rounded where it is stored: behind what is fused to the one that makes it. The result of
// the function is not, nor is the bias.
// CHECK-LABEL: func.func @chain
// CHECK-SAME: %[[X:.*]]: tensor<?x3x8x8xf32>, %[[W:.*]]: tensor<16x3x3x3xf32>, %[[B:.*]]: tensor<16xf32>, %[[V:.*]]: tensor<5x16x1x1xf32>
// CHECK-DAG: %[[W1:.*]] = cnn.cast %[[W]] : (tensor<16x3x3x3xf32>) -> tensor<16x3x3x3xbf16>
// CHECK-DAG: %[[W2:.*]] = cnn.cast %[[W1]] : (tensor<16x3x3x3xbf16>) -> tensor<16x3x3x3xf32>
// CHECK-DAG: %[[X1:.*]] = cnn.cast %[[X]] : (tensor<?x3x8x8xf32>) -> tensor<?x3x8x8xbf16>
// CHECK-DAG: %[[X2:.*]] = cnn.cast %[[X1]] : (tensor<?x3x8x8xbf16>) -> tensor<?x3x8x8xf32>
// CHECK-DAG: cnn.cast %[[V]]
// CHECK: %[[Y:.*]] = cnn.conv %[[X2]], %[[W2]]
// CHECK-NEXT: %[[Z:.*]] = cnn.binary <add> %[[Y]], %[[B]]
// CHECK-NEXT: %[[R:.*]] = cnn.unary <relu> %[[Z]]
// CHECK-NEXT: %[[R1:.*]] = cnn.cast %[[R]] : (tensor<?x16x6x6xf32>) -> tensor<?x16x6x6xbf16>
// CHECK-NEXT: %[[R2:.*]] = cnn.cast %[[R1]]
// CHECK-NEXT: %[[O:.*]] = cnn.conv %[[R2]]
// CHECK-NEXT: return %[[O]]
// Of the weights, only the one of 1728 bytes is as large as was asked for.
// LARGE-LABEL: func.func @chain
// LARGE-SAME: %[[X:.*]]: tensor<?x3x8x8xf32>, %[[W:.*]]: tensor<16x3x3x3xf32>, %[[B:.*]]: tensor<16xf32>, %[[V:.*]]: tensor<5x16x1x1xf32>
// LARGE: cnn.cast %[[W]] : (tensor<16x3x3x3xf32>) -> tensor<16x3x3x3xbf16>
// LARGE-NOT: cnn.cast %[[V]]
// LARGE: cnn.conv %{{.*}}, %[[V]]
// In memory, the three channels have a fourth beside them, and the weight is in pairs of channels.
// LINALG-LABEL: func.func @chain
// LINALG: linalg.generic {{.*}}cnn.pad}
// LINALG: -> tensor<?x8x8x4xbf16>
// LINALG: linalg.generic {{.*}} attrs = {cnn.derived = #cnn.packed<bf16, 2>}
// LINALG: -> tensor<3x3x2x16x2xbf16>
// LINALG: linalg.generic {{.*}} ins({{.*}} : tensor<?x8x8x4xbf16>, tensor<3x3x2x16x2xbf16>) outs({{.*}} : tensor<?x6x6x16xf32>) attrs = {cnn.contraction}
// LINALG: linalg.generic {{.*}} ins({{.*}} : tensor<?x6x6x16xf32>, tensor<16xf32>) outs({{.*}} : tensor<?x6x6x16xbf16>)
// LINALG: arith.addf
// LINALG: arith.truncf
func.func @chain(%x: tensor<?x3x8x8xf32>, %w: tensor<16x3x3x3xf32>, %b: tensor<16xf32>, %v: tensor<5x16x1x1xf32>) -> tensor<?x5x6x6xf32> {
  %y = cnn.conv %x, %w {window = #cnn.window<kernel = [3, 3], stride = [1, 1], dilation = [1, 1], pad_low = [0, 0], pad_high = [0, 0]>} : (tensor<?x3x8x8xf32>, tensor<16x3x3x3xf32>) -> tensor<?x16x6x6xf32>
  %z = cnn.binary <add> %y, %b {axes = array<i64: 1>} : (tensor<?x16x6x6xf32>, tensor<16xf32>) -> tensor<?x16x6x6xf32>
  %r = cnn.unary <relu> %z : (tensor<?x16x6x6xf32>) -> tensor<?x16x6x6xf32>
  %o = cnn.conv %r, %v {window = #cnn.window<kernel = [1, 1], stride = [1, 1], dilation = [1, 1], pad_low = [0, 0], pad_high = [0, 0]>} : (tensor<?x16x6x6xf32>, tensor<5x16x1x1xf32>) -> tensor<?x5x6x6xf32>
  return %o : tensor<?x5x6x6xf32>
}

// -----

// Of two operands of a sum that are computed for it, the earlier one has to be stored; what moves values moves rounded
// ones.
// CHECK-LABEL: func.func @sum
// CHECK: %[[A:.*]] = cnn.max_pool
// CHECK-NEXT: %[[A1:.*]] = cnn.cast %[[A]] : {{.*}}xbf16>
// CHECK-NEXT: %[[A2:.*]] = cnn.cast %[[A1]]
// CHECK-NEXT: %[[B:.*]] = cnn.avg_pool
// CHECK-NEXT: %[[S:.*]] = cnn.binary <add> %[[A2]], %[[B]]
// CHECK-NEXT: %[[S1:.*]] = cnn.cast %[[S]]
// CHECK-NEXT: %[[S2:.*]] = cnn.cast %[[S1]]
// CHECK-NEXT: %[[C:.*]] = cnn.concat %[[S2]], %[[S2]]
// CHECK-NEXT: %[[O:.*]] = cnn.max_pool %[[C]]
// CHECK-NEXT: return %[[O]]
// LINALG-LABEL: func.func @sum
// LINALG: tensor.insert_slice {{.*}} into tensor<?x8x8x4xbf16>
func.func @sum(%x: tensor<?x2x8x8xf32>) -> tensor<?x4x8x8xf32> {
  %a = cnn.max_pool %x {window = #cnn.window<kernel = [3, 3], stride = [1, 1], dilation = [1, 1], pad_low = [1, 1], pad_high = [1, 1]>} : (tensor<?x2x8x8xf32>) -> tensor<?x2x8x8xf32>
  %b = cnn.avg_pool %x {window = #cnn.window<kernel = [3, 3], stride = [1, 1], dilation = [1, 1], pad_low = [1, 1], pad_high = [1, 1]>} : (tensor<?x2x8x8xf32>) -> tensor<?x2x8x8xf32>
  %s = cnn.binary <add> %a, %b {axes = array<i64: 0, 1, 2, 3>} : (tensor<?x2x8x8xf32>, tensor<?x2x8x8xf32>) -> tensor<?x2x8x8xf32>
  %c = cnn.concat %s, %s {axis = 1 : i64} : (tensor<?x2x8x8xf32>, tensor<?x2x8x8xf32>) -> tensor<?x4x8x8xf32>
  %o = cnn.max_pool %c {window = #cnn.window<kernel = [1, 1], stride = [1, 1], dilation = [1, 1], pad_low = [0, 0], pad_high = [0, 0]>} : (tensor<?x4x8x8xf32>) -> tensor<?x4x8x8xf32>
  return %o : tensor<?x4x8x8xf32>
}

// -----

// What softmax reads keeps its bits, and so do the filters of a depthwise convolution and of Winograd's algorithms; but
// for F(2x2, 3x3) where pairs of bf16 are multiplied.
// DOT-LABEL: func.func @negative_exact
// DOT-NOT: tensor<4x1x3x3xbf16>
// DOT: cnn.cast %{{.*}} : (tensor<4x4x3x3xf32>) -> tensor<4x4x3x3xbf16>
// CHECK-LABEL: func.func @negative_exact
// CHECK-NOT: tensor<4x1x3x3xbf16>
// CHECK-NOT: tensor<4x4x3x3xbf16>
// CHECK: %[[Y:.*]] = cnn.conv {{.*}}algorithm
// CHECK-NEXT: %[[F:.*]] = cnn.reshape %[[Y]]
// CHECK-NEXT: cnn.softmax %[[F]]
func.func @negative_exact(%x: tensor<?x4x6x6xf32>, %w: tensor<4x1x3x3xf32>, %v: tensor<4x4x3x3xf32>) -> tensor<?x144xf32> {
  %d = cnn.conv %x, %w {groups = 4 : i64, window = #cnn.window<kernel = [3, 3], stride = [1, 1], dilation = [1, 1], pad_low = [1, 1], pad_high = [1, 1]>} : (tensor<?x4x6x6xf32>, tensor<4x1x3x3xf32>) -> tensor<?x4x6x6xf32>
  %y = cnn.conv %d, %v {algorithm = #cnn.conv_algorithm<winograd2>, window = #cnn.window<kernel = [3, 3], stride = [1, 1], dilation = [1, 1], pad_low = [1, 1], pad_high = [1, 1]>} : (tensor<?x4x6x6xf32>, tensor<4x4x3x3xf32>) -> tensor<?x4x6x6xf32>
  %f = cnn.reshape %y : (tensor<?x4x6x6xf32>) -> tensor<?x144xf32>
  %s = cnn.softmax %f : (tensor<?x144xf32>) -> tensor<?x144xf32>
  return %s : tensor<?x144xf32>
}

// -----

// Nor is anything of training touched.
// CHECK-LABEL: func.func @negative_loss
// CHECK-NOT: bf16
func.func @negative_loss(%x: tensor<?x4xf32> {cnn.name = "x", cnn.role = #cnn.role<input>}, %w: tensor<3x4xf32> {cnn.name = "w", cnn.role = #cnn.role<parameter>, cnn.init = #cnn.init<constant, 0.0, 0.0>}, %l: tensor<?xi32> {cnn.name = "l", cnn.role = #cnn.role<input>})
    -> (tensor<?xf32> {cnn.name = "loss", cnn.role = #cnn.role<loss>}) attributes {cnn.kind = #cnn.function_kind<loss>} {
  %y = cnn.conv %x, %w {window = #cnn.window<kernel = [], stride = [], dilation = [], pad_low = [], pad_high = []>} : (tensor<?x4xf32>, tensor<3x4xf32>) -> tensor<?x3xf32>
  %loss = cnn.cross_entropy %y, %l : (tensor<?x3xf32>, tensor<?xi32>) -> tensor<?xf32>
  return %loss : tensor<?xf32>
}
