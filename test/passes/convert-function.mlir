// RUN: cnn-opt --convert-cnn-to-linalg %s | FileCheck %s

// Inputs and outputs keep the order of the dialect; the weight is stored as the contraction reads it, here and in the
// other functions of the model. With one channel, channels-last is a view.
// CHECK-LABEL: func.func @Net(
// CHECK-SAME: %[[X:.*]]: tensor<?x1x28x28xf32>
// CHECK-SAME: %[[W:.*]]: tensor<5x5x1x6xf32> {{.*}}cnn.storage = array<i64: 2, 3, 1, 0>
// CHECK-SAME: -> (tensor<?x6x24x24xf32>
// CHECK: tensor.expand_shape {{.*}} into tensor<?x28x28x1xf32>
// CHECK: linalg.generic {{.*}}iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction", "reduction"]
// CHECK-SAME: {cnn.contraction}
// CHECK: linalg.transpose {{.*}} permutation = [0, 3, 1, 2]
// CHECK-NOT: = cnn.
func.func @Net(
    %x: tensor<?x1x28x28xf32> {cnn.name = "x", cnn.role = #cnn.role<input>},
    %w: tensor<6x1x5x5xf32> {cnn.name = "w", cnn.role = #cnn.role<parameter>})
    -> (tensor<?x6x24x24xf32> {cnn.name = "y", cnn.role = #cnn.role<output>})
    attributes {cnn.kind = #cnn.function_kind<infer>} {
  %y = cnn.conv %x, %w {groups = 1 : i64, window = #cnn.window<kernel = [5, 5], stride = [1, 1], dilation = [1, 1],
      pad_low = [0, 0], pad_high = [0, 0]>} : (tensor<?x1x28x28xf32>, tensor<6x1x5x5xf32>) -> tensor<?x6x24x24xf32>
  return %y : tensor<?x6x24x24xf32>
}

// A permutation is another storage layout, not a copy: an interleaved image is channels-last already.
// CHECK-LABEL: func.func @interleaved(
// CHECK-NOT: linalg.transpose
// CHECK: cnn.contraction
func.func @interleaved(%x: tensor<?x8x8x3xf32>, %w: tensor<4x3x8x8xf32> {cnn.name = "w", cnn.role = #cnn.role<parameter>}) -> tensor<?x4x1x1xf32> {
  %0 = cnn.permute %x {perm = array<i64: 0, 3, 1, 2>} : (tensor<?x8x8x3xf32>) -> tensor<?x3x8x8xf32>
  %y = cnn.conv %0, %w {groups = 1 : i64, window = #cnn.window<kernel = [8, 8], stride = [1, 1], dilation = [1, 1],
      pad_low = [0, 0], pad_high = [0, 0]>} : (tensor<?x3x8x8xf32>, tensor<4x3x8x8xf32>) -> tensor<?x4x1x1xf32>
  return %y : tensor<?x4x1x1xf32>
}

// Many output channels are stored in blocks, as they are read; the slot of the weight, too. Its gradient is not.
// CHECK-LABEL: func.func @Wide.train_step(
// CHECK-SAME: %[[W:[^:]*]]: tensor<3x3x3x8x32xf32> {{[^}]*}}cnn.storage = array<i64: 0, 2, 3, 1, 0>
// CHECK-SAME: tensor<3x3x3x8x32xf32> {{[^}]*}}cnn.storage = array<i64: 0, 2, 3, 1, 0>
// CHECK: linalg.generic {{.*}} ins({{.*}}, %[[W]] : {{.*}}, tensor<3x3x3x8x32xf32>)
func.func @Wide.train_step(
    %x: tensor<?x8x9x9xf32> {cnn.name = "x", cnn.role = #cnn.role<input>},
    %dw: tensor<96x8x3x3xf32> {cnn.name = "dw", cnn.role = #cnn.role<input>},
    %w: tensor<96x8x3x3xf32> {cnn.name = "w", cnn.role = #cnn.role<parameter>},
    %v: tensor<96x8x3x3xf32> {cnn.name = "v", cnn.role = #cnn.role<slot>},
    %rate: tensor<f32> {cnn.role = #cnn.role<rate>})
    -> (tensor<?x96x7x7xf32>, tensor<96x8x3x3xf32> {cnn.tied = 2 : i64}, tensor<96x8x3x3xf32> {cnn.tied = 3 : i64}) {
  %y = cnn.conv %x, %w {groups = 1 : i64, window = #cnn.window<kernel = [3, 3], stride = [1, 1], dilation = [1, 1],
      pad_low = [0, 0], pad_high = [0, 0]>} : (tensor<?x8x9x9xf32>, tensor<96x8x3x3xf32>) -> tensor<?x96x7x7xf32>
  %w1, %v1 = cnn.sgd_update %w, %dw, %v, %rate {decay = 0.0 : f64, momentum = 0.9 : f64, nesterov = false}
      : (tensor<96x8x3x3xf32>, tensor<96x8x3x3xf32>, tensor<96x8x3x3xf32>, tensor<f32>)
      -> (tensor<96x8x3x3xf32>, tensor<96x8x3x3xf32>)
  return %y, %w1, %v1 : tensor<?x96x7x7xf32>, tensor<96x8x3x3xf32>, tensor<96x8x3x3xf32>
}

// A thousand classes are no multiple of a vector: blocks of two and a half.
// CHECK-LABEL: func.func @classes(
// CHECK-SAME: tensor<25x16x40xf32> {{[^}]*}}cnn.storage = array<i64: 0, 1, 0>
func.func @classes(%x: tensor<?x16xf32> {cnn.name = "x", cnn.role = #cnn.role<input>},
                   %w: tensor<1000x16xf32> {cnn.name = "w", cnn.role = #cnn.role<parameter>}) -> tensor<?x1000xf32> {
  %y = cnn.conv %x, %w {groups = 1 : i64, window = #cnn.window<kernel = [], stride = [], dilation = [], pad_low = [],
      pad_high = []>} : (tensor<?x16xf32>, tensor<1000x16xf32>) -> tensor<?x1000xf32>
  return %y : tensor<?x1000xf32>
}

// Of what is normalized, only the form with zeros around the channels is read, so that it can be made there.
// CHECK-LABEL: func.func @normalized(
// CHECK: %[[X:.*]] = linalg.transpose {{.*}} permutation = [0, 2, 3, 1]
// CHECK: %[[PADDED:.*]] = linalg.generic {{.*}}cnn.pad
// CHECK: tensor.extract %[[X]]
// CHECK-NOT: %[[X]]{{[^_]}}
// CHECK: return
func.func @normalized(%x: tensor<?x16x8x8xf32> {cnn.name = "x", cnn.role = #cnn.role<input>}) -> tensor<?x16x8x8xf32> {
  %y = cnn.lrn %x {size = 5 : i64, alpha = 1.0e-4 : f64, beta = 0.75 : f64, k = 1.0 : f64}
      : (tensor<?x16x8x8xf32>) -> tensor<?x16x8x8xf32>
  return %y : tensor<?x16x8x8xf32>
}
