// RUN: cnn-opt %s -verify-diagnostics=only-expected -split-input-file

// Where the shape of a result does not follow, MLIR adds "failed to infer returned types"; it is not repeated here.

func.func @conv_c1_no_channels(%x: tensor<?xf32>, %w: tensor<6x1xf32>) {
  // expected-error@+1 {{expected an input with channels and at most 3 spatial dimensions, but got []}}
  %y = cnn.conv %x, %w {window = #cnn.window<kernel = [], stride = [], dilation = [], pad_low = [], pad_high = []>} : (tensor<?xf32>, tensor<6x1xf32>) -> tensor<?x6xf32>
  return
}

// -----

func.func @conv_c1_too_many_dimensions(%x: tensor<?x1x2x2x2x2xf32>, %w: tensor<6x1x1x1x1x1xf32>) {
  // expected-error@+1 {{expected an input with channels and at most 3 spatial dimensions, but got [1, 2, 2, 2, 2]}}
  %y = cnn.conv %x, %w {window = #cnn.window<kernel = [], stride = [], dilation = [], pad_low = [], pad_high = []>} : (tensor<?x1x2x2x2x2xf32>, tensor<6x1x1x1x1x1xf32>) -> tensor<?x6xf32>
  return
}

// -----

func.func @conv_c1_weight_rank(%x: tensor<?x1x9x9xf32>, %w: tensor<6x1x3xf32>) {
  // expected-error@+1 {{expected a weight with 2 spatial dimensions, as the input has, but got [6, 1, 3]}}
  %y = cnn.conv %x, %w {window = #cnn.window<kernel = [3], stride = [1], dilation = [1], pad_low = [0], pad_high = [0]>} : (tensor<?x1x9x9xf32>, tensor<6x1x3xf32>) -> tensor<?x6x7x7xf32>
  return
}

// -----

func.func @conv_c1_dynamic_weight(%x: tensor<?x1xf32>, %w: tensor<?x1xf32>) {
  // expected-error@+1 {{expected a weight without a batch, but got 'tensor<?x1xf32>'}}
  %y = cnn.conv %x, %w {window = #cnn.window<kernel = [], stride = [], dilation = [], pad_low = [], pad_high = []>} : (tensor<?x1xf32>, tensor<?x1xf32>) -> tensor<?x6xf32>
  return
}

// -----

func.func @conv_c2_input_channels(%x: tensor<?x4x9xf32>, %w: tensor<6x3x3xf32>) {
  // expected-error@+1 {{expected 3 input channels, but got 4}}
  %y = cnn.conv %x, %w {window = #cnn.window<kernel = [3], stride = [1], dilation = [1], pad_low = [0], pad_high = [0]>} : (tensor<?x4x9xf32>, tensor<6x3x3xf32>) -> tensor<?x6x7xf32>
  return
}

// -----

func.func @conv_c2_input_channels_of_groups(%x: tensor<?x4x9xf32>, %w: tensor<6x3x3xf32>) {
  // expected-error@+1 {{expected 3 input channels in each of 2 groups, but got 4 in all}}
  %y = cnn.conv %x, %w {groups = 2 : i64, window = #cnn.window<kernel = [3], stride = [1], dilation = [1], pad_low = [0], pad_high = [0]>} : (tensor<?x4x9xf32>, tensor<6x3x3xf32>) -> tensor<?x6x7xf32>
  return
}

// -----

// The product of groups and channels overflows 64 bits.
func.func @conv_c2_overflow(%x: tensor<?x4xf32>, %w: tensor<1073741824x1073741824xf32>) {
  // expected-error@+1 {{expected 1073741824 input channels in each of 1073741824 groups, but got 4 in all}}
  %y = cnn.conv %x, %w {groups = 1073741824 : i64, window = #cnn.window<kernel = [], stride = [], dilation = [], pad_low = [], pad_high = []>} : (tensor<?x4xf32>, tensor<1073741824x1073741824xf32>) -> tensor<?x6xf32>
  return
}

// -----

func.func @conv_c2_groups_divide(%x: tensor<?x6xf32>, %w: tensor<8x2xf32>) {
  // expected-error@+1 {{expected a number of output channels that 3 groups divide, but got 8}}
  %y = cnn.conv %x, %w {groups = 3 : i64, window = #cnn.window<kernel = [], stride = [], dilation = [], pad_low = [], pad_high = []>} : (tensor<?x6xf32>, tensor<8x2xf32>) -> tensor<?x8xf32>
  return
}

// -----

func.func @conv_c2_no_groups(%x: tensor<?x6xf32>, %w: tensor<8x2xf32>) {
  // expected-error@+1 {{expected at least 1 group, but got 0}}
  %y = cnn.conv %x, %w {groups = 0 : i64, window = #cnn.window<kernel = [], stride = [], dilation = [], pad_low = [], pad_high = []>} : (tensor<?x6xf32>, tensor<8x2xf32>) -> tensor<?x8xf32>
  return
}

// -----

func.func @conv_c2_negative_groups(%x: tensor<?x6xf32>, %w: tensor<8x2xf32>) {
  // expected-error@+1 {{expected at least 1 group, but got -9223372036854775808}}
  %y = cnn.conv %x, %w {groups = -9223372036854775808 : i64, window = #cnn.window<kernel = [], stride = [], dilation = [], pad_low = [], pad_high = []>} : (tensor<?x6xf32>, tensor<8x2xf32>) -> tensor<?x8xf32>
  return
}

// -----

func.func @conv_c3_kernel(%x: tensor<?x1x9x9xf32>, %w: tensor<6x1x5x5xf32>) {
  // expected-error@+1 {{expected a weight for a window of [3, 3], but got [5, 5]}}
  %y = cnn.conv %x, %w {window = #cnn.window<kernel = [3, 3], stride = [1, 1], dilation = [1, 1], pad_low = [0, 0], pad_high = [0, 0]>} : (tensor<?x1x9x9xf32>, tensor<6x1x5x5xf32>) -> tensor<?x6x7x7xf32>
  return
}

// -----

func.func @conv_c4_window_rank(%x: tensor<?x1x9x9xf32>, %w: tensor<6x1x3x3xf32>) {
  // expected-error@+1 {{expected a window with 2 dimensions, as the input has, but got 1}}
  %y = cnn.conv %x, %w {window = #cnn.window<kernel = [3], stride = [1], dilation = [1], pad_low = [0], pad_high = [0]>} : (tensor<?x1x9x9xf32>, tensor<6x1x3x3xf32>) -> tensor<?x6x7x7xf32>
  return
}

// -----

func.func @conv_c4_no_output(%x: tensor<?x1x9x4xf32>, %w: tensor<6x1x3x3xf32>) {
  // expected-error@+1 {{expected a window that fits into the input, but got a window of 7 over 4 positions, padded by 1 and 1, in spatial dimension 1}}
  %y = cnn.conv %x, %w {window = #cnn.window<kernel = [3, 3], stride = [1, 1], dilation = [3, 3], pad_low = [1, 1], pad_high = [1, 1]>} : (tensor<?x1x9x4xf32>, tensor<6x1x3x3xf32>) -> tensor<?x6x1x1xf32>
  return
}

// -----

// Sizes that overflow 64 bits have no output either.
func.func @conv_c4_overflow(%x: tensor<?x1x9xf32>, %w: tensor<1x1x3xf32>) {
  // expected-error@+1 {{expected a window that fits into the input, but got a window of 3 over 9 positions, padded by 9223372036854775807 and 9223372036854775807, in spatial dimension 0}}
  %y = cnn.conv %x, %w {window = #cnn.window<kernel = [3], stride = [1], dilation = [1], pad_low = [9223372036854775807], pad_high = [9223372036854775807]>} : (tensor<?x1x9xf32>, tensor<1x1x3xf32>) -> tensor<?x1x1xf32>
  return
}

// -----

func.func @conv_c4_negative_padding(%x: tensor<?x1x9xf32>, %w: tensor<1x1x3xf32>) {
  // expected-error@+1 {{padded by -9223372036854775808 and -9223372036854775808, in spatial dimension 0}}
  %y = cnn.conv %x, %w {window = #cnn.window<kernel = [3], stride = [1], dilation = [9223372036854775807], pad_low = [-9223372036854775808], pad_high = [-9223372036854775808]>} : (tensor<?x1x9xf32>, tensor<1x1x3xf32>) -> tensor<?x1x1xf32>
  return
}

// -----

func.func @conv_c5_element_type(%x: tensor<?x1x9xf32>, %w: tensor<1x1x3xf64>) {
  // expected-error@+1 {{expected a weight of 'f32', as the input is, but got 'f64'}}
  %y = cnn.conv %x, %w {window = #cnn.window<kernel = [3], stride = [1], dilation = [1], pad_low = [0], pad_high = [0]>} : (tensor<?x1x9xf32>, tensor<1x1x3xf64>) -> tensor<?x1x7xf32>
  return
}

// -----

func.func @conv_too_many_values(%x: tensor<?x1x1073741824x1073741824xf32>, %w: tensor<2x1x1x1xf32>) {
  // expected-error@+1 {{expected at most 2^60 values in a tensor, but got a result of shape [2, 1073741824, 1073741824]}}
  %y = cnn.conv %x, %w {window = #cnn.window<kernel = [1, 1], stride = [1, 1], dilation = [1, 1], pad_low = [0, 0], pad_high = [0, 0]>} : (tensor<?x1x1073741824x1073741824xf32>, tensor<2x1x1x1xf32>) -> tensor<?x1xf32>
  return
}

// -----

func.func @conv_result(%x: tensor<?x1x9xf32>, %w: tensor<1x1x3xf32>) {
  // expected-error@+2 {{failed to infer returned types}}
  // expected-error@+1 {{'cnn.conv' op inferred type(s) 'tensor<?x1x7xf32>' are incompatible with return type(s) of operation 'tensor<?x1x8xf32>'}}
  %y = cnn.conv %x, %w {window = #cnn.window<kernel = [3], stride = [1], dilation = [1], pad_low = [0], pad_high = [0]>} : (tensor<?x1x9xf32>, tensor<1x1x3xf32>) -> tensor<?x1x8xf32>
  return
}

// -----

func.func @conv_dynamic_channels(%x: tensor<?x?x9xf32>, %w: tensor<1x1x3xf32>) {
  // expected-error@+1 {{'cnn.conv' op operand #0 must be tensor (static but for its batch) of floating-point values, but got 'tensor<?x?x9xf32>'}}
  %y = cnn.conv %x, %w {window = #cnn.window<kernel = [3], stride = [1], dilation = [1], pad_low = [0], pad_high = [0]>} : (tensor<?x?x9xf32>, tensor<1x1x3xf32>) -> tensor<?x1x8xf32>
  return
}

// -----

func.func @conv_unranked(%x: tensor<*xf32>, %w: tensor<1x1x3xf32>) {
  // expected-error@+1 {{'cnn.conv' op operand #0 must be tensor (static but for its batch) of floating-point values, but got 'tensor<*xf32>'}}
  %y = cnn.conv %x, %w {window = #cnn.window<kernel = [3], stride = [1], dilation = [1], pad_low = [0], pad_high = [0]>} : (tensor<*xf32>, tensor<1x1x3xf32>) -> tensor<?x1x8xf32>
  return
}

// -----

func.func @conv_not_a_tensor(%x: f32, %w: tensor<1x1x3xf32>) {
  // expected-error@+1 {{'cnn.conv' op operand #0 must be tensor (static but for its batch) of floating-point values, but got 'f32'}}
  %y = cnn.conv %x, %w {window = #cnn.window<kernel = [3], stride = [1], dilation = [1], pad_low = [0], pad_high = [0]>} : (f32, tensor<1x1x3xf32>) -> tensor<?x1x8xf32>
  return
}

// -----

func.func @conv_empty_dimension(%x: tensor<?x1x0xf32>, %w: tensor<1x1x3xf32>) {
  // expected-error@+1 {{'cnn.conv' op operand #0 must be tensor (static but for its batch) of floating-point values, but got 'tensor<?x1x0xf32>'}}
  %y = cnn.conv %x, %w {window = #cnn.window<kernel = [3], stride = [1], dilation = [1], pad_low = [2], pad_high = [2]>} : (tensor<?x1x0xf32>, tensor<1x1x3xf32>) -> tensor<?x1x8xf32>
  return
}

// -----

func.func @conv_without_window(%x: tensor<?x1x9xf32>, %w: tensor<1x1x3xf32>) {
  // expected-error@+1 {{'cnn.conv' op requires attribute 'window'}}
  %y = cnn.conv %x, %w : (tensor<?x1x9xf32>, tensor<1x1x3xf32>) -> tensor<?x1x7xf32>
  return
}

// -----

func.func @conv_input_grad_c1_size(%dy: tensor<?x6x5xf32>, %w: tensor<6x2x3xf32>) {
  // expected-error@+1 {{'cnn.conv_input_grad' op expected an output gradient of type 'tensor<?x6x4xf32>', but got 'tensor<?x6x5xf32>'}}
  %dx = cnn.conv_input_grad %dy, %w {window = #cnn.window<kernel = [3], stride = [2], dilation = [1], pad_low = [0], pad_high = [0]>} : (tensor<?x6x5xf32>, tensor<6x2x3xf32>) -> tensor<?x2x9xf32>
  return
}

// -----

func.func @conv_input_grad_c1_channels(%dy: tensor<?x6x4xf32>, %w: tensor<6x2x3xf32>) {
  // expected-error@+1 {{expected 2 input channels, but got 3}}
  %dx = cnn.conv_input_grad %dy, %w {window = #cnn.window<kernel = [3], stride = [2], dilation = [1], pad_low = [0], pad_high = [0]>} : (tensor<?x6x4xf32>, tensor<6x2x3xf32>) -> tensor<?x3x9xf32>
  return
}

// -----

func.func @conv_weight_grad_c1_size(%x: tensor<?x2x9xf32>, %dy: tensor<?x6x5xf32>) {
  // expected-error@+1 {{'cnn.conv_weight_grad' op expected an output gradient of type 'tensor<?x6x4xf32>', but got 'tensor<?x6x5xf32>'}}
  %dw = cnn.conv_weight_grad %x, %dy {window = #cnn.window<kernel = [3], stride = [2], dilation = [1], pad_low = [0], pad_high = [0]>} : (tensor<?x2x9xf32>, tensor<?x6x5xf32>) -> tensor<6x2x3xf32>
  return
}

// -----

func.func @conv_weight_grad_c1_kernel(%x: tensor<?x2x9xf32>, %dy: tensor<?x6x4xf32>) {
  // expected-error@+1 {{expected a weight for a window of [3], but got [4]}}
  %dw = cnn.conv_weight_grad %x, %dy {window = #cnn.window<kernel = [3], stride = [2], dilation = [1], pad_low = [0], pad_high = [0]>} : (tensor<?x2x9xf32>, tensor<?x6x4xf32>) -> tensor<6x2x4xf32>
  return
}

// -----

func.func @conv_c6_stride(%x: tensor<?x2x9x9xf32>, %w: tensor<6x2x3x3xf32>) {
  // expected-error@+1 {{expected a kernel of 3x3 with stride and dilation 1 in one group for winograd4}}
  %y = cnn.conv %x, %w {algorithm = #cnn.conv_algorithm<winograd4>, window = #cnn.window<kernel = [3, 3], stride = [2, 1], dilation = [1, 1], pad_low = [0, 0], pad_high = [0, 0]>} : (tensor<?x2x9x9xf32>, tensor<6x2x3x3xf32>) -> tensor<?x6x4x7xf32>
  return
}

// -----

func.func @conv_c6_kernel(%x: tensor<?x2x9xf32>, %w: tensor<6x2x3xf32>) {
  // expected-error@+1 {{expected a kernel of 3x3 or 5x5 with stride and dilation 1 in one group for winograd2}}
  %y = cnn.conv %x, %w {algorithm = #cnn.conv_algorithm<winograd2>, window = #cnn.window<kernel = [3], stride = [1], dilation = [1], pad_low = [0], pad_high = [0]>} : (tensor<?x2x9xf32>, tensor<6x2x3xf32>) -> tensor<?x6x7xf32>
  return
}

// -----

func.func @conv_c6_stride_of_volume(%x: tensor<?x2x9x9x9xf32>, %w: tensor<6x2x3x3x3xf32>) {
  // expected-error@+1 {{expected a kernel of 3x3 with stride and dilation 1 in one group for winograd4}}
  %y = cnn.conv %x, %w {algorithm = #cnn.conv_algorithm<winograd4>, window = #cnn.window<kernel = [3, 3, 3], stride = [1, 1, 2], dilation = [1, 1, 1], pad_low = [0, 0, 0], pad_high = [0, 0, 0]>} : (tensor<?x2x9x9x9xf32>, tensor<6x2x3x3x3xf32>) -> tensor<?x6x7x7x4xf32>
  return
}

// -----

func.func @conv_c6_kernel_of_winograd4(%x: tensor<?x2x9x9xf32>, %w: tensor<6x2x5x5xf32>) {
  // expected-error@+1 {{expected a kernel of 3x3 with stride and dilation 1 in one group for winograd4}}
  %y = cnn.conv %x, %w {algorithm = #cnn.conv_algorithm<winograd4>, window = #cnn.window<kernel = [5, 5], stride = [1, 1], dilation = [1, 1], pad_low = [0, 0], pad_high = [0, 0]>} : (tensor<?x2x9x9xf32>, tensor<6x2x5x5xf32>) -> tensor<?x6x5x5xf32>
  return
}

// -----

func.func @conv_c6_not_square(%x: tensor<?x2x9x9xf32>, %w: tensor<6x2x3x5xf32>) {
  // expected-error@+1 {{expected a kernel of 3x3 or 5x5 with stride and dilation 1 in one group for winograd2}}
  %y = cnn.conv %x, %w {algorithm = #cnn.conv_algorithm<winograd2>, window = #cnn.window<kernel = [3, 5], stride = [1, 1], dilation = [1, 1], pad_low = [0, 0], pad_high = [0, 0]>} : (tensor<?x2x9x9xf32>, tensor<6x2x3x5xf32>) -> tensor<?x6x7x5xf32>
  return
}
