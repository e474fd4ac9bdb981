// RUN: cnn-opt %s -verify-diagnostics=only-expected -split-input-file

// Where the shape of a result does not follow, MLIR adds "failed to infer returned types"; it is not repeated here.

func.func @constant_vector() {
  // expected-error@+1 {{'cnn.constant' op result #0 must be tensor (static but for its batch)}}
  %0 = cnn.constant dense<1.0> : vector<2xf32>
  return
}

// -----

func.func @unary_grad_c1_type(%y: tensor<?x6x8xf32>, %dy: tensor<?x6x9xf32>) {
  // expected-error@+1 {{expected an output gradient of type 'tensor<?x6x8xf32>', but got 'tensor<?x6x9xf32>'}}
  %0 = cnn.unary_grad <tanh> %y, %dy : (tensor<?x6x8xf32>, tensor<?x6x9xf32>) -> tensor<?x6x8xf32>
  return
}

// -----

func.func @unary_integer(%x: tensor<?xi32>) {
  // expected-error@+1 {{'cnn.unary' op operand #0 must be tensor (static but for its batch) of floating-point values, but got 'tensor<?xi32>'}}
  %0 = cnn.unary <relu> %x : (tensor<?xi32>) -> tensor<?xi32>
  return
}

// -----

func.func @unary_kind(%x: tensor<?x6x8xf32>) {
  // expected-error@+1 {{expected ::cnn::UnaryKind to be one of: relu, leaky_relu}}
  %0 = cnn.unary <gelu> %x : (tensor<?x6x8xf32>) -> tensor<?x6x8xf32>
  return
}

// -----

func.func @binary_c1_count(%x: tensor<?x6x8xf32>, %c: tensor<6xf32>) {
  // expected-error@+1 {{expected 1 axes, one per dimension of 'tensor<6xf32>', but got 2}}
  %0 = cnn.binary <add> %x, %c {axes = array<i64: 1, 2>} : (tensor<?x6x8xf32>, tensor<6xf32>) -> tensor<?x6x8xf32>
  return
}

// -----

func.func @binary_c1_rising(%x: tensor<?x6x8xf32>, %c: tensor<8x6xf32>) {
  // expected-error@+1 {{expected rising axes below 3, but got array<i64: 2, 1>}}
  %0 = cnn.binary <add> %x, %c {axes = array<i64: 2, 1>} : (tensor<?x6x8xf32>, tensor<8x6xf32>) -> tensor<?x6x8xf32>
  return
}

// -----

func.func @binary_c1_twice(%x: tensor<?x6x8xf32>, %c: tensor<6x6xf32>) {
  // expected-error@+1 {{expected rising axes below 3, but got array<i64: 1, 1>}}
  %0 = cnn.binary <add> %x, %c {axes = array<i64: 1, 1>} : (tensor<?x6x8xf32>, tensor<6x6xf32>) -> tensor<?x6x8xf32>
  return
}

// -----

func.func @binary_c1_too_large(%x: tensor<?x6x8xf32>, %c: tensor<6xf32>) {
  // expected-error@+1 {{expected rising axes below 3, but got array<i64: 3>}}
  %0 = cnn.binary <add> %x, %c {axes = array<i64: 3>} : (tensor<?x6x8xf32>, tensor<6xf32>) -> tensor<?x6x8xf32>
  return
}

// -----

func.func @binary_c1_negative(%x: tensor<?x6x8xf32>, %c: tensor<6xf32>) {
  // expected-error@+1 {{expected rising axes below 3, but got array<i64: -1>}}
  %0 = cnn.binary <add> %x, %c {axes = array<i64: -1>} : (tensor<?x6x8xf32>, tensor<6xf32>) -> tensor<?x6x8xf32>
  return
}

// -----

func.func @binary_c1_larger_rhs(%x: tensor<?x6x8xf32>, %c: tensor<6xf32>) {
  // expected-error@+1 {{expected 3 axes, one per dimension of 'tensor<?x6x8xf32>', but got 1}}
  %0 = cnn.binary <add> %c, %x {axes = array<i64: 0>} : (tensor<6xf32>, tensor<?x6x8xf32>) -> tensor<6xf32>
  return
}

// -----

func.func @binary_c2_shapes(%x: tensor<?x256x56x56xf32>, %y: tensor<?x64x56x56xf32>) {
  // expected-error@+1 {{expected tensors of matching shapes, but got [256, 56, 56] and [64, 56, 56]}}
  %0 = cnn.binary <add> %x, %y {axes = array<i64: 0, 1, 2, 3>} : (tensor<?x256x56x56xf32>, tensor<?x64x56x56xf32>) -> tensor<?x256x56x56xf32>
  return
}

// -----

func.func @binary_c2_batch(%x: tensor<?x6x8xf32>, %y: tensor<4x6x8xf32>) {
  // expected-error@+1 {{expected tensors of matching shapes, but got [6, 8] and [4, 6, 8]}}
  %0 = cnn.binary <add> %x, %y {axes = array<i64: 0, 1, 2>} : (tensor<?x6x8xf32>, tensor<4x6x8xf32>) -> tensor<?x6x8xf32>
  return
}

// -----

func.func @binary_c3_element_types(%x: tensor<?x6x8xf32>, %c: tensor<6xbf16>) {
  // expected-error@+1 {{expected tensors of one element type, but got 'f32' and 'bf16'}}
  %0 = cnn.binary <add> %x, %c {axes = array<i64: 1>} : (tensor<?x6x8xf32>, tensor<6xbf16>) -> tensor<?x6x8xf32>
  return
}

// -----

func.func @binary_without_axes(%x: tensor<?x6x8xf32>, %c: tensor<6xf32>) {
  // expected-error@+1 {{'cnn.binary' op requires attribute 'axes'}}
  %0 = cnn.binary <add> %x, %c : (tensor<?x6x8xf32>, tensor<6xf32>) -> tensor<?x6x8xf32>
  return
}

// -----

func.func @broadcast_c1_count(%x: tensor<?x6x8xf32>, %c: tensor<6xf32>) {
  // expected-error@+1 {{expected 1 axes, one per dimension of 'tensor<6xf32>', but got 0}}
  %0 = cnn.broadcast %c, %x {axes = array<i64>} : (tensor<6xf32>, tensor<?x6x8xf32>) -> tensor<?x6x8xf32>
  return
}

// -----

func.func @broadcast_c1_too_large(%x: tensor<?x6x8xf32>, %c: tensor<6xf32>) {
  // expected-error@+1 {{expected rising axes below 3, but got array<i64: 9223372036854775807>}}
  %0 = cnn.broadcast %c, %x {axes = array<i64: 9223372036854775807>} : (tensor<6xf32>, tensor<?x6x8xf32>) -> tensor<?x6x8xf32>
  return
}

// -----

func.func @broadcast_c2_shapes(%x: tensor<?x6x8xf32>, %c: tensor<6xf32>) {
  // expected-error@+1 {{expected tensors of matching shapes, but got [6, 8] and [6]}}
  %0 = cnn.broadcast %c, %x {axes = array<i64: 2>} : (tensor<6xf32>, tensor<?x6x8xf32>) -> tensor<?x6x8xf32>
  return
}

// -----

func.func @broadcast_c3_result(%x: tensor<?x6x8xf32>, %c: tensor<6xbf16>) {
  // expected-error@+1 {{'cnn.broadcast' op expected a result of type 'tensor<?x6x8xbf16>', but got 'tensor<?x6x8xf32>'}}
  %0 = cnn.broadcast %c, %x {axes = array<i64: 1>} : (tensor<6xbf16>, tensor<?x6x8xf32>) -> tensor<?x6x8xf32>
  return
}

// -----

func.func @reduce_c1_rising(%x: tensor<?x6x8xf32>) {
  // expected-error@+1 {{expected rising dimensions to keep, below 3, but got array<i64: 1, 0>}}
  %0 = cnn.reduce <sum> %x {keep = array<i64: 1, 0>} : (tensor<?x6x8xf32>) -> tensor<6xf32>
  return
}

// -----

func.func @reduce_c1_too_large(%x: tensor<?x6x8xf32>) {
  // expected-error@+1 {{expected rising dimensions to keep, below 3, but got array<i64: 3>}}
  %0 = cnn.reduce <sum> %x {keep = array<i64: 3>} : (tensor<?x6x8xf32>) -> tensor<6xf32>
  return
}

// -----

func.func @cast_shape(%x: tensor<?x6x8xf32>) {
  // expected-error@+1 {{op requires the same shape for all operands and results}}
  %0 = cnn.cast %x : (tensor<?x6x8xf32>) -> tensor<?x6x9xbf16>
  return
}

// -----

func.func @softmax_c1_no_channels(%x: tensor<?xf32>) {
  // expected-error@+1 {{expected an input with channels, but got []}}
  %0 = cnn.softmax %x : (tensor<?xf32>) -> tensor<?xf32>
  return
}

// -----

func.func @softmax_grad_c1_no_channels(%x: tensor<?xf32>) {
  // expected-error@+1 {{expected an input with channels, but got []}}
  %0 = cnn.softmax_grad %x, %x : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
  return
}

// -----

func.func @softmax_grad_c2_type(%x: tensor<?x3xf32>, %dy: tensor<?x4xf32>) {
  // expected-error@+1 {{expected an output gradient of type 'tensor<?x3xf32>', but got 'tensor<?x4xf32>'}}
  %0 = cnn.softmax_grad %x, %dy : (tensor<?x3xf32>, tensor<?x4xf32>) -> tensor<?x3xf32>
  return
}

// -----

func.func @log_softmax_c1_no_channels(%x: tensor<?xf32>) {
  // expected-error@+1 {{expected an input with channels, but got []}}
  %0 = cnn.log_softmax %x : (tensor<?xf32>) -> tensor<?xf32>
  return
}

// -----

func.func @log_softmax_grad_c1_no_channels(%x: tensor<f32>) {
  // expected-error@+1 {{expected an input with channels, but got []}}
  %0 = cnn.log_softmax_grad %x, %x : (tensor<f32>, tensor<f32>) -> tensor<f32>
  return
}

// -----

func.func @log_softmax_grad_c2_type(%x: tensor<?x3xf32>, %dy: tensor<?x3xf64>) {
  // expected-error@+1 {{expected an output gradient of type 'tensor<?x3xf32>', but got 'tensor<?x3xf64>'}}
  %0 = cnn.log_softmax_grad %x, %dy : (tensor<?x3xf32>, tensor<?x3xf64>) -> tensor<?x3xf32>
  return
}
