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

// What is computed from an argument has the shape in which it is read: the argument is reshaped. Here it is written into
// its place in a padded image then.
// CHECK-LABEL: func.func @of_argument(
// CHECK-SAME: %[[X:.*]]: tensor<?x1x28x28xi8>
// CHECK: %[[FLAT:.*]] = tensor.collapse_shape %[[X]]
// CHECK: %[[LAST:.*]] = tensor.expand_shape %[[FLAT]] {{.*}} into tensor<?x28x28x1xi8>
// CHECK: linalg.generic {{.*}} ins(%[[LAST]] : tensor<?x28x28x1xi8>)
// CHECK-NOT: tensor.expand_shape
// CHECK: cnn.halo
func.func @of_argument(%x: tensor<?x1x28x28xui8>, %w: tensor<6x1x3x3xf32>) -> tensor<?x6x28x28xf32> {
  %0 = cnn.cast %x : (tensor<?x1x28x28xui8>) -> tensor<?x1x28x28xf32>
  %1 = cnn.conv %0, %w {groups = 1 : i64, window = #cnn.window<kernel = [3, 3], stride = [1, 1], dilation = [1, 1], pad_low = [1, 1], pad_high = [1, 1]>}
      : (tensor<?x1x28x28xf32>, tensor<6x1x3x3xf32>) -> tensor<?x6x28x28xf32>
  return %1 : tensor<?x6x28x28xf32>
}

// A value that is read in both shapes is computed once.
// CHECK-LABEL: func.func @negative_both_shapes(
// CHECK: linalg.generic {{.*}} ins(%{{.*}} : tensor<?x1x28x28xi8>)
// CHECK: tensor.expand_shape {{.*}} into tensor<?x28x28x1xf32>
func.func @negative_both_shapes(%x: tensor<?x1x28x28xui8>, %w: tensor<6x1x3x3xf32>) -> (tensor<?x6x28x28xf32>, tensor<?x1x28x28xf32>) {
  %0 = cnn.cast %x : (tensor<?x1x28x28xui8>) -> tensor<?x1x28x28xf32>
  %1 = cnn.conv %0, %w {groups = 1 : i64, window = #cnn.window<kernel = [3, 3], stride = [1, 1], dilation = [1, 1], pad_low = [1, 1], pad_high = [1, 1]>}
      : (tensor<?x1x28x28xf32>, tensor<6x1x3x3xf32>) -> tensor<?x6x28x28xf32>
  return %1, %0 : tensor<?x6x28x28xf32>, tensor<?x1x28x28xf32>
}
