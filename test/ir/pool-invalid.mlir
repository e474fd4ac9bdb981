// RUN: cnn-opt %s -verify-diagnostics=only-expected -split-input-file

// Where the shape of a result does not follow, MLIR adds "failed to infer returned types"; it is not repeated here.

func.func @max_pool_c1_no_spatial_dimensions(%x: tensor<?x3xf32>) {
  // expected-error@+1 {{expected an input with channels and 1 to 3 spatial dimensions, but got [3]}}
  %y = cnn.max_pool %x {window = #cnn.window<kernel = [], stride = [], dilation = [], pad_low = [], pad_high = []>} : (tensor<?x3xf32>) -> tensor<?x3xf32>
  return
}

// -----

func.func @max_pool_c1_four_spatial_dimensions(%x: tensor<?x3x2x2x2x2xf32>) {
  // expected-error@+1 {{expected an input with channels and 1 to 3 spatial dimensions, but got [3, 2, 2, 2, 2]}}
  %y = cnn.max_pool %x {window = #cnn.window<kernel = [2, 2, 2], stride = [1, 1, 1], dilation = [1, 1, 1], pad_low = [0, 0, 0], pad_high = [0, 0, 0]>} : (tensor<?x3x2x2x2x2xf32>) -> tensor<?x3xf32>
  return
}

// -----

func.func @max_pool_c1_scalar(%x: tensor<f32>) {
  // expected-error@+1 {{expected an input with channels and 1 to 3 spatial dimensions, but got []}}
  %y = cnn.max_pool %x {window = #cnn.window<kernel = [2], stride = [1], dilation = [1], pad_low = [0], pad_high = [0]>} : (tensor<f32>) -> tensor<?x3xf32>
  return
}

// -----

func.func @max_pool_c1_window_rank(%x: tensor<?x3x8x8xf32>) {
  // expected-error@+1 {{expected a window with 2 dimensions, as the input has, but got 1}}
  %y = cnn.max_pool %x {window = #cnn.window<kernel = [2], stride = [1], dilation = [1], pad_low = [0], pad_high = [0]>} : (tensor<?x3x8x8xf32>) -> tensor<?x3x7x7xf32>
  return
}

// -----

func.func @max_pool_c1_no_output(%x: tensor<?x3x8x2xf32>) {
  // expected-error@+1 {{expected a window that fits into the input, but got a window of 3 over 2 positions, padded by 0 and 0, in spatial dimension 1}}
  %y = cnn.max_pool %x {window = #cnn.window<kernel = [3, 3], stride = [1, 1], dilation = [1, 1], pad_low = [0, 0], pad_high = [0, 0]>} : (tensor<?x3x8x2xf32>) -> tensor<?x3x6x1xf32>
  return
}

// -----

func.func @max_pool_c2_padding_before(%x: tensor<?x3x8xf32>) {
  // expected-error@+1 {{expected every window to touch the input, but got a padding of 2 and 0 for a window of 2 in spatial dimension 0}}
  %y = cnn.max_pool %x {window = #cnn.window<kernel = [2], stride = [1], dilation = [1], pad_low = [2], pad_high = [0]>} : (tensor<?x3x8xf32>) -> tensor<?x3x9xf32>
  return
}

// -----

func.func @max_pool_c2_padding_after(%x: tensor<?x3x8xf32>) {
  // expected-error@+1 {{expected every window to touch the input, but got a padding of 0 and 2 for a window of 2 in spatial dimension 0}}
  %y = cnn.max_pool %x {window = #cnn.window<kernel = [2], stride = [1], dilation = [1], pad_low = [0], pad_high = [2]>} : (tensor<?x3x8xf32>) -> tensor<?x3x9xf32>
  return
}

// -----

// The taps of the first window are 2 before the input and 1 after it.
func.func @max_pool_c2_dilation(%x: tensor<?x3x2xf32>) {
  // expected-error@+1 {{expected every window to touch the input, but got a padding of 2 and 3 for a window of 6 in spatial dimension 0}}
  %y = cnn.max_pool %x {window = #cnn.window<kernel = [2], stride = [1], dilation = [5], pad_low = [2], pad_high = [3]>} : (tensor<?x3x2xf32>) -> tensor<?x3x2xf32>
  return
}

// -----

func.func @avg_pool_c1_no_spatial_dimensions(%x: tensor<?x3xf32>) {
  // expected-error@+1 {{expected an input with channels and 1 to 3 spatial dimensions, but got [3]}}
  %y = cnn.avg_pool %x {window = #cnn.window<kernel = [], stride = [], dilation = [], pad_low = [], pad_high = []>} : (tensor<?x3xf32>) -> tensor<?x3xf32>
  return
}

// -----

func.func @avg_pool_c1_four_spatial_dimensions(%x: tensor<?x3x2x2x2x2xf32>) {
  // expected-error@+1 {{expected an input with channels and 1 to 3 spatial dimensions, but got [3, 2, 2, 2, 2]}}
  %y = cnn.avg_pool %x {window = #cnn.window<kernel = [2, 2, 2], stride = [1, 1, 1], dilation = [1, 1, 1], pad_low = [0, 0, 0], pad_high = [0, 0, 0]>} : (tensor<?x3x2x2x2x2xf32>) -> tensor<?x3xf32>
  return
}

// -----

func.func @avg_pool_c1_scalar(%x: tensor<f32>) {
  // expected-error@+1 {{expected an input with channels and 1 to 3 spatial dimensions, but got []}}
  %y = cnn.avg_pool %x {window = #cnn.window<kernel = [2], stride = [1], dilation = [1], pad_low = [0], pad_high = [0]>} : (tensor<f32>) -> tensor<?x3xf32>
  return
}

// -----

func.func @avg_pool_c1_window_rank(%x: tensor<?x3x8x8xf32>) {
  // expected-error@+1 {{expected a window with 2 dimensions, as the input has, but got 1}}
  %y = cnn.avg_pool %x {window = #cnn.window<kernel = [2], stride = [1], dilation = [1], pad_low = [0], pad_high = [0]>} : (tensor<?x3x8x8xf32>) -> tensor<?x3x7x7xf32>
  return
}

// -----

func.func @avg_pool_c1_no_output(%x: tensor<?x3x8x2xf32>) {
  // expected-error@+1 {{expected a window that fits into the input, but got a window of 3 over 2 positions, padded by 0 and 0, in spatial dimension 1}}
  %y = cnn.avg_pool %x {window = #cnn.window<kernel = [3, 3], stride = [1, 1], dilation = [1, 1], pad_low = [0, 0], pad_high = [0, 0]>} : (tensor<?x3x8x2xf32>) -> tensor<?x3x6x1xf32>
  return
}

// -----

func.func @avg_pool_c2_padding_before(%x: tensor<?x3x8xf32>) {
  // expected-error@+1 {{expected every window to touch the input, but got a padding of 2 and 0 for a window of 2 in spatial dimension 0}}
  %y = cnn.avg_pool %x {window = #cnn.window<kernel = [2], stride = [1], dilation = [1], pad_low = [2], pad_high = [0]>} : (tensor<?x3x8xf32>) -> tensor<?x3x9xf32>
  return
}

// -----

func.func @avg_pool_c2_padding_after(%x: tensor<?x3x8xf32>) {
  // expected-error@+1 {{expected every window to touch the input, but got a padding of 0 and 2 for a window of 2 in spatial dimension 0}}
  %y = cnn.avg_pool %x {window = #cnn.window<kernel = [2], stride = [1], dilation = [1], pad_low = [0], pad_high = [2]>} : (tensor<?x3x8xf32>) -> tensor<?x3x9xf32>
  return
}

// -----

// The taps of the first window are 2 before the input and 1 after it.
func.func @avg_pool_c2_dilation(%x: tensor<?x3x2xf32>) {
  // expected-error@+1 {{expected every window to touch the input, but got a padding of 2 and 3 for a window of 6 in spatial dimension 0}}
  %y = cnn.avg_pool %x {window = #cnn.window<kernel = [2], stride = [1], dilation = [5], pad_low = [2], pad_high = [3]>} : (tensor<?x3x2xf32>) -> tensor<?x3x2xf32>
  return
}

// -----

func.func @max_pool_grad_c1_size(%x: tensor<?x64x112x112xf32>, %dy: tensor<?x64x112x112xf32>) {
  // expected-error@+1 {{expected an output gradient of type 'tensor<?x64x56x56xf32>', but got 'tensor<?x64x112x112xf32>'}}
  %dx = cnn.max_pool_grad %x, %dy {window = #cnn.window<kernel = [3, 3], stride = [2, 2], dilation = [1, 1], pad_low = [1, 1], pad_high = [1, 1]>} : (tensor<?x64x112x112xf32>, tensor<?x64x112x112xf32>) -> tensor<?x64x112x112xf32>
  return
}

// -----

func.func @max_pool_grad_c1_element_type(%x: tensor<?x64x112x112xf32>, %dy: tensor<?x64x56x56xf64>) {
  // expected-error@+1 {{expected an output gradient of type 'tensor<?x64x56x56xf32>', but got 'tensor<?x64x56x56xf64>'}}
  %dx = cnn.max_pool_grad %x, %dy {window = #cnn.window<kernel = [3, 3], stride = [2, 2], dilation = [1, 1], pad_low = [1, 1], pad_high = [1, 1]>} : (tensor<?x64x112x112xf32>, tensor<?x64x56x56xf64>) -> tensor<?x64x112x112xf32>
  return
}

// -----

func.func @avg_pool_grad_c1_size(%dy: tensor<?x64x112x112xf32>) {
  // expected-error@+1 {{expected an output gradient of type 'tensor<?x64x56x56xf32>', but got 'tensor<?x64x112x112xf32>'}}
  %dx = cnn.avg_pool_grad %dy {window = #cnn.window<kernel = [3, 3], stride = [2, 2], dilation = [1, 1], pad_low = [1, 1], pad_high = [1, 1]>} : (tensor<?x64x112x112xf32>) -> tensor<?x64x112x112xf32>
  return
}

// -----

func.func @avg_pool_grad_c1_window(%dy: tensor<?x64x112x112xf32>) {
  // expected-error@+1 {{expected a window that fits into the input, but got a window of 3 over 1 positions, padded by 0 and 0, in spatial dimension 0}}
  %dx = cnn.avg_pool_grad %dy {window = #cnn.window<kernel = [3, 3], stride = [1, 1], dilation = [1, 1], pad_low = [0, 0], pad_high = [0, 0]>} : (tensor<?x64x112x112xf32>) -> tensor<?x64x1x1xf32>
  return
}
