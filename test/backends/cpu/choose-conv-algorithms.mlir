// RUN: cnn-opt %s -cnn-cpu-choose-conv-algorithms -split-input-file | FileCheck %s
// RUN: cnn-opt %s -cnn-cpu-choose-conv-algorithms=algorithm=winograd2 -split-input-file | FileCheck %s --check-prefix=FORCED
// RUN: cnn-opt %s -cnn-cpu-choose-conv-algorithms=cpu=znver4 -split-input-file | FileCheck %s --check-prefix=ZEN4
// RUN: cnn-opt %s -cnn-cpu-choose-conv-algorithms=algorithm=winograd4 -split-input-file | FileCheck %s --check-prefix=FORCED4
// RUN: cnn-opt %s -cnn-cpu-choose-conv-algorithms=algorithm=direct -split-input-file | FileCheck %s --check-prefix=DIRECT

// Large images pay for the transforms; small ones with many channels, for which the weights would be four times as
// large, do not. Nor do other windows.
// CHECK-LABEL: func.func @large
// CHECK: winograd4
// FORCED-LABEL: func.func @large
// FORCED: winograd2
func.func @large(%x: tensor<?x64x56x56xf32> {cnn.name = "x", cnn.role = #cnn.role<input>}, %w: tensor<64x64x3x3xf32> {cnn.name = "w", cnn.role = #cnn.role<parameter>}) -> (tensor<?x64x56x56xf32> {cnn.name = "y", cnn.role = #cnn.role<output>}) attributes {cnn.kind = #cnn.function_kind<infer>} {
  %y = cnn.conv %x, %w {window = #cnn.window<kernel = [3, 3], stride = [1, 1], dilation = [1, 1], pad_low = [1, 1], pad_high = [1, 1]>} : (tensor<?x64x56x56xf32>, tensor<64x64x3x3xf32>) -> tensor<?x64x56x56xf32>
  return %y : tensor<?x64x56x56xf32>
}
// CHECK-LABEL: func.func @small
// CHECK-NOT: winograd
// A multiply-add takes a whole cycle there, and memory is faster.
// ZEN4-LABEL: func.func @small
// ZEN4: winograd2
// FORCED-LABEL: func.func @small
// FORCED: winograd2
func.func @small(%x: tensor<?x512x7x7xf32> {cnn.name = "x", cnn.role = #cnn.role<input>}, %w: tensor<512x512x3x3xf32> {cnn.name = "w", cnn.role = #cnn.role<parameter>}) -> (tensor<?x512x7x7xf32> {cnn.name = "y", cnn.role = #cnn.role<output>}) attributes {cnn.kind = #cnn.function_kind<infer>} {
  %y = cnn.conv %x, %w {window = #cnn.window<kernel = [3, 3], stride = [1, 1], dilation = [1, 1], pad_low = [1, 1], pad_high = [1, 1]>} : (tensor<?x512x7x7xf32>, tensor<512x512x3x3xf32>) -> tensor<?x512x7x7xf32>
  return %y : tensor<?x512x7x7xf32>
}
// CHECK-LABEL: func.func @strided
// CHECK-NOT: winograd
// FORCED-LABEL: func.func @strided
// FORCED-NOT: winograd
func.func @strided(%x: tensor<?x64x57x57xf32> {cnn.name = "x", cnn.role = #cnn.role<input>}, %w: tensor<64x64x3x3xf32> {cnn.name = "w", cnn.role = #cnn.role<parameter>}) -> (tensor<?x64x28x28xf32> {cnn.name = "y", cnn.role = #cnn.role<output>}) attributes {cnn.kind = #cnn.function_kind<infer>} {
  %y = cnn.conv %x, %w {window = #cnn.window<kernel = [3, 3], stride = [2, 2], dilation = [1, 1], pad_low = [0, 0], pad_high = [0, 0]>} : (tensor<?x64x57x57xf32>, tensor<64x64x3x3xf32>) -> tensor<?x64x28x28xf32>
  return %y : tensor<?x64x28x28xf32>
}

// -----

// Weights that are trained would have to be transformed again and again, which may be for one sample. A whole batch is
// worth it, also for the gradient of an input.
// CHECK-LABEL: func.func @Net(
// CHECK-NOT: winograd
// DIRECT-NOT: winograd
// FORCED-LABEL: func.func @Net(
func.func @Net(%x: tensor<?x64x56x56xf32> {cnn.name = "x", cnn.role = #cnn.role<input>}, %w: tensor<64x64x3x3xf32> {cnn.name = "w", cnn.role = #cnn.role<parameter>}) -> (tensor<?x64x56x56xf32> {cnn.name = "y", cnn.role = #cnn.role<output>}) attributes {cnn.kind = #cnn.function_kind<infer>} {
  %y = cnn.conv %x, %w {window = #cnn.window<kernel = [3, 3], stride = [1, 1], dilation = [1, 1], pad_low = [1, 1], pad_high = [1, 1]>} : (tensor<?x64x56x56xf32>, tensor<64x64x3x3xf32>) -> tensor<?x64x56x56xf32>
  return %y : tensor<?x64x56x56xf32>
}
// CHECK-LABEL: func.func @Net.evaluate(
// CHECK: cnn.conv {{.*}}winograd4
// CHECK: cnn.conv_input_grad {{.*}}cnn.algorithm = #cnn.conv_algorithm<winograd4>
// DIRECT-NOT: winograd
func.func @Net.evaluate(%x: tensor<?x64x56x56xf32> {cnn.name = "x", cnn.role = #cnn.role<input>}, %w: tensor<64x64x3x3xf32> {cnn.name = "w", cnn.role = #cnn.role<parameter>}) -> (tensor<f32> {cnn.name = "loss", cnn.role = #cnn.role<loss>}) attributes {cnn.kind = #cnn.function_kind<evaluate>} {
  %y = cnn.conv %x, %w {window = #cnn.window<kernel = [3, 3], stride = [1, 1], dilation = [1, 1], pad_low = [1, 1], pad_high = [1, 1]>} : (tensor<?x64x56x56xf32>, tensor<64x64x3x3xf32>) -> tensor<?x64x56x56xf32>
  %dx = cnn.conv_input_grad %y, %w {window = #cnn.window<kernel = [3, 3], stride = [1, 1], dilation = [1, 1], pad_low = [1, 1], pad_high = [1, 1]>} : (tensor<?x64x56x56xf32>, tensor<64x64x3x3xf32>) -> tensor<?x64x56x56xf32>
  %s = cnn.reduce <sum> %dx {keep = array<i64>} : (tensor<?x64x56x56xf32>) -> tensor<f32>
  return %s : tensor<f32>
}

// -----

// A transposed convolution flips its weight, which is not transformed ahead.
// CHECK-LABEL: func.func @transposed
// CHECK-NOT: winograd
// FORCED-LABEL: func.func @transposed
// FORCED: winograd2
func.func @transposed(%x: tensor<?x64x56x56xf32> {cnn.name = "x", cnn.role = #cnn.role<input>}, %w: tensor<64x64x3x3xf32> {cnn.name = "w", cnn.role = #cnn.role<parameter>}) -> (tensor<?x64x56x56xf32> {cnn.name = "y", cnn.role = #cnn.role<output>}) attributes {cnn.kind = #cnn.function_kind<infer>} {
  %y = cnn.conv_input_grad %x, %w {window = #cnn.window<kernel = [3, 3], stride = [1, 1], dilation = [1, 1], pad_low = [1, 1], pad_high = [1, 1]>} : (tensor<?x64x56x56xf32>, tensor<64x64x3x3xf32>) -> tensor<?x64x56x56xf32>
  return %y : tensor<?x64x56x56xf32>
}

// -----

// No item holds more than some megabytes, whatever divides the image.
// CHECK-LABEL: func.func @wide
// CHECK: winograd
// FORCED-LABEL: func.func @wide
func.func @wide(%x: tensor<?x512x68x120xf32> {cnn.name = "x", cnn.role = #cnn.role<input>}, %w: tensor<512x512x3x3xf32> {cnn.name = "w", cnn.role = #cnn.role<parameter>}) -> (tensor<?x512x68x120xf32> {cnn.name = "y", cnn.role = #cnn.role<output>}) attributes {cnn.kind = #cnn.function_kind<infer>} {
  %y = cnn.conv %x, %w {window = #cnn.window<kernel = [3, 3], stride = [1, 1], dilation = [1, 1], pad_low = [1, 1], pad_high = [1, 1]>} : (tensor<?x512x68x120xf32>, tensor<512x512x3x3xf32>) -> tensor<?x512x68x120xf32>
  return %y : tensor<?x512x68x120xf32>
}

// -----

// Of volumes, slices are transformed one by one, with any stride over their depth.
// CHECK-LABEL: func.func @volume(
// CHECK: winograd4
// FORCED-LABEL: func.func @volume(
// FORCED: winograd2
func.func @volume(%x: tensor<?x64x16x56x56xf32> {cnn.name = "x", cnn.role = #cnn.role<input>}, %w: tensor<128x64x3x3x3xf32> {cnn.name = "w", cnn.role = #cnn.role<parameter>}) -> (tensor<?x128x16x56x56xf32> {cnn.name = "y", cnn.role = #cnn.role<output>}) attributes {cnn.kind = #cnn.function_kind<infer>} {
  %y = cnn.conv %x, %w {window = #cnn.window<kernel = [3, 3, 3], stride = [1, 1, 1], dilation = [1, 1, 1], pad_low = [1, 1, 1], pad_high = [1, 1, 1]>} : (tensor<?x64x16x56x56xf32>, tensor<128x64x3x3x3xf32>) -> tensor<?x128x16x56x56xf32>
  return %y : tensor<?x128x16x56x56xf32>
}
// CHECK-LABEL: func.func @every_second_slice(
// CHECK: winograd4
// FORCED-LABEL: func.func @every_second_slice(
// FORCED: winograd2
func.func @every_second_slice(%x: tensor<?x64x16x56x56xf32> {cnn.name = "x", cnn.role = #cnn.role<input>}, %w: tensor<128x64x3x3x3xf32> {cnn.name = "w", cnn.role = #cnn.role<parameter>}) -> (tensor<?x128x8x56x56xf32> {cnn.name = "y", cnn.role = #cnn.role<output>}) attributes {cnn.kind = #cnn.function_kind<infer>} {
  %y = cnn.conv %x, %w {window = #cnn.window<kernel = [3, 3, 3], stride = [2, 1, 1], dilation = [1, 1, 1], pad_low = [1, 1, 1], pad_high = [1, 1, 1]>} : (tensor<?x64x16x56x56xf32>, tensor<128x64x3x3x3xf32>) -> tensor<?x128x8x56x56xf32>
  return %y : tensor<?x128x8x56x56xf32>
}
// CHECK-LABEL: func.func @every_second_column(
// CHECK-NOT: winograd
// FORCED-LABEL: func.func @every_second_column(
// FORCED-NOT: winograd
func.func @every_second_column(%x: tensor<?x64x16x56x56xf32> {cnn.name = "x", cnn.role = #cnn.role<input>}, %w: tensor<128x64x3x3x3xf32> {cnn.name = "w", cnn.role = #cnn.role<parameter>}) -> (tensor<?x128x16x56x28xf32> {cnn.name = "y", cnn.role = #cnn.role<output>}) attributes {cnn.kind = #cnn.function_kind<infer>} {
  %y = cnn.conv %x, %w {window = #cnn.window<kernel = [3, 3, 3], stride = [1, 1, 2], dilation = [1, 1, 1], pad_low = [1, 1, 1], pad_high = [1, 1, 1]>} : (tensor<?x64x16x56x56xf32>, tensor<128x64x3x3x3xf32>) -> tensor<?x128x16x56x28xf32>
  return %y : tensor<?x128x16x56x28xf32>
}
// The gradient of every second slice is another convolution.
// FORCED-LABEL: func.func @transposed_volume(
// FORCED: winograd2
func.func @transposed_volume(%x: tensor<?x128x16x56x56xf32> {cnn.name = "x", cnn.role = #cnn.role<input>}, %w: tensor<128x64x3x3x3xf32> {cnn.name = "w", cnn.role = #cnn.role<parameter>}) -> (tensor<?x64x16x56x56xf32> {cnn.name = "y", cnn.role = #cnn.role<output>}) attributes {cnn.kind = #cnn.function_kind<infer>} {
  %y = cnn.conv_input_grad %x, %w {window = #cnn.window<kernel = [3, 3, 3], stride = [1, 1, 1], dilation = [1, 1, 1], pad_low = [1, 1, 1], pad_high = [1, 1, 1]>} : (tensor<?x128x16x56x56xf32>, tensor<128x64x3x3x3xf32>) -> tensor<?x64x16x56x56xf32>
  return %y : tensor<?x64x16x56x56xf32>
}
// FORCED-LABEL: func.func @transposed_every_second_slice(
// FORCED-NOT: winograd
func.func @transposed_every_second_slice(%x: tensor<?x128x8x56x56xf32> {cnn.name = "x", cnn.role = #cnn.role<input>}, %w: tensor<128x64x3x3x3xf32> {cnn.name = "w", cnn.role = #cnn.role<parameter>}) -> (tensor<?x64x16x56x56xf32> {cnn.name = "y", cnn.role = #cnn.role<output>}) attributes {cnn.kind = #cnn.function_kind<infer>} {
  %y = cnn.conv_input_grad %x, %w {window = #cnn.window<kernel = [3, 3, 3], stride = [2, 1, 1], dilation = [1, 1, 1], pad_low = [1, 1, 1], pad_high = [1, 1, 1]>} : (tensor<?x128x8x56x56xf32>, tensor<128x64x3x3x3xf32>) -> tensor<?x64x16x56x56xf32>
  return %y : tensor<?x64x16x56x56xf32>
}

// -----

// Of 5x5 there is winograd2 alone; forced to another one, it is direct.
// CHECK-LABEL: func.func @five(
// CHECK: winograd2
// FORCED-LABEL: func.func @five(
// FORCED: winograd2
// FORCED4-LABEL: func.func @five(
// FORCED4-NOT: winograd
func.func @five(%x: tensor<?x32x28x28xf32> {cnn.name = "x", cnn.role = #cnn.role<input>}, %w: tensor<96x32x5x5xf32> {cnn.name = "w", cnn.role = #cnn.role<parameter>}) -> (tensor<?x96x28x28xf32> {cnn.name = "y", cnn.role = #cnn.role<output>}) attributes {cnn.kind = #cnn.function_kind<infer>} {
  %y = cnn.conv %x, %w {window = #cnn.window<kernel = [5, 5], stride = [1, 1], dilation = [1, 1], pad_low = [2, 2], pad_high = [2, 2]>} : (tensor<?x32x28x28xf32>, tensor<96x32x5x5xf32>) -> tensor<?x96x28x28xf32>
  return %y : tensor<?x96x28x28xf32>
}
