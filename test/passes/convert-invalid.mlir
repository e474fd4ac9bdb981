// RUN: cnn-opt --convert-cnn-to-linalg --split-input-file --verify-diagnostics %s

func.func @foreign(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  // expected-error @below {{expected ops of the cnn dialect alone}}
  %y = arith.negf %x : tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// -----

// expected-error @below {{expected arguments and results that are tensors, but got 'f32'}}
func.func @scalar(%x: f32) -> f32 {
  return %x : f32
}

// -----

// Only the result of an op is known to have at most 2^60 values; what the lowering puts around and between values is not.

func.func @padded_input(%x: tensor<?x1x8x8xf32>, %w: tensor<1x1x1x1xf32>) -> tensor<?x1x3x3xf32> {
  // expected-error @below {{expected at most 2^60 values in a tensor, but the tensor with its padding has more}}
  %y = cnn.conv %x, %w {window = #cnn.window<kernel = [1, 1], stride = [1000000000, 1000000000], dilation = [1, 1], pad_low = [1000000000, 1000000000], pad_high = [1000000000, 1000000000]>} : (tensor<?x1x8x8xf32>, tensor<1x1x1x1xf32>) -> tensor<?x1x3x3xf32>
  return %y : tensor<?x1x3x3xf32>
}

// -----

func.func @padded_pool(%x: tensor<?x1x8x8xf32>) -> tensor<?x1x8x8xf32> {
  // expected-error @below {{expected at most 2^60 values in a tensor, but the tensor with its padding has more}}
  %y = cnn.max_pool %x {window = #cnn.window<kernel = [2000000000, 2000000000], stride = [1, 1], dilation = [1, 1], pad_low = [1999999999, 1999999999], pad_high = [0, 0]>} : (tensor<?x1x8x8xf32>) -> tensor<?x1x8x8xf32>
  return %y : tensor<?x1x8x8xf32>
}

// -----

func.func @spread_gradient(%dy: tensor<?x1x1x1xf32>, %w: tensor<1x1x2x2xf32>) -> tensor<?x1x8x8xf32> {
  // expected-error @below {{expected at most 2^60 values in a tensor, but the gradient of the output, spread over the input, has more}}
  %dx = cnn.conv_input_grad %dy, %w {window = #cnn.window<kernel = [2, 2], stride = [2000000000, 2000000000], dilation = [2000000000, 2000000000], pad_low = [0, 0], pad_high = [2000000000, 2000000000]>} : (tensor<?x1x1x1xf32>, tensor<1x1x2x2xf32>) -> tensor<?x1x8x8xf32>
  return %dx : tensor<?x1x8x8xf32>
}
