// RUN: cnn-opt %s -verify-diagnostics=only-expected -split-input-file

// Where the shape of a result does not follow, MLIR adds "failed to infer returned types"; it is not repeated here.

func.func @batch_norm_c1_no_channels(%x: tensor<?xf32>, %v: tensor<8xf32>) {
  // expected-error@+1 {{expected an input with channels, but got []}}
  %y = cnn.batch_norm %x, %v, %v, %v, %v {epsilon = 1.0e-5 : f64} : (tensor<?xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>) -> tensor<?xf32>
  return
}

// -----

func.func @batch_norm_c2_channels(%x: tensor<?x8x5x5xf32>, %v: tensor<7xf32>) {
  // expected-error@+1 {{expected 7 input channels, but got 8}}
  %y = cnn.batch_norm %x, %v, %v, %v, %v {epsilon = 1.0e-5 : f64} : (tensor<?x8x5x5xf32>, tensor<7xf32>, tensor<7xf32>, tensor<7xf32>, tensor<7xf32>) -> tensor<?x8x5x5xf32>
  return
}

// -----

func.func @batch_norm_c3_element_type(%x: tensor<?x8x5x5xf32>, %v: tensor<8xf64>) {
  // expected-error@+1 {{expected statistics of 'f32', as the input is, but got 'f64'}}
  %y = cnn.batch_norm %x, %v, %v, %v, %v {epsilon = 1.0e-5 : f64} : (tensor<?x8x5x5xf32>, tensor<8xf64>, tensor<8xf64>, tensor<8xf64>, tensor<8xf64>) -> tensor<?x8x5x5xf32>
  return
}

// -----

func.func @batch_norm_dynamic_statistics(%x: tensor<?x8x5x5xf32>, %v: tensor<?xf32>) {
  // expected-error@+1 {{'cnn.batch_norm' op operand #1 must be static 1-d tensor of floating-point values, but got 'tensor<?xf32>'}}
  %y = cnn.batch_norm %x, %v, %v, %v, %v {epsilon = 1.0e-5 : f64} : (tensor<?x8x5x5xf32>, tensor<?xf32>, tensor<?xf32>, tensor<?xf32>, tensor<?xf32>) -> tensor<?x8x5x5xf32>
  return
}

// -----

func.func @batch_norm_train_c1_no_channels(%x: tensor<?xf32>, %v: tensor<8xf32>) {
  // expected-error@+1 {{expected an input with channels, but got []}}
  %y:5 = cnn.batch_norm_train %x, %v, %v, %v, %v {epsilon = 1.0e-5 : f64, momentum = 0.1 : f64} : (tensor<?xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>) -> (tensor<?xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>)
  return
}

// -----

func.func @batch_norm_train_c2_channels(%x: tensor<?x8x5x5xf32>, %v: tensor<7xf32>) {
  // expected-error@+1 {{expected 7 input channels, but got 8}}
  %y:5 = cnn.batch_norm_train %x, %v, %v, %v, %v {epsilon = 1.0e-5 : f64, momentum = 0.1 : f64} : (tensor<?x8x5x5xf32>, tensor<7xf32>, tensor<7xf32>, tensor<7xf32>, tensor<7xf32>) -> (tensor<?x8x5x5xf32>, tensor<7xf32>, tensor<7xf32>, tensor<7xf32>, tensor<7xf32>)
  return
}

// -----

func.func @batch_norm_train_c3_element_type(%x: tensor<?x8x5x5xf32>, %v: tensor<8xf64>) {
  // expected-error@+1 {{expected statistics of 'f32', as the input is, but got 'f64'}}
  %y:5 = cnn.batch_norm_train %x, %v, %v, %v, %v {epsilon = 1.0e-5 : f64, momentum = 0.1 : f64} : (tensor<?x8x5x5xf32>, tensor<8xf64>, tensor<8xf64>, tensor<8xf64>, tensor<8xf64>) -> (tensor<?x8x5x5xf32>, tensor<8xf64>, tensor<8xf64>, tensor<8xf64>, tensor<8xf64>)
  return
}

// -----

func.func @batch_norm_grad_c1_no_channels(%x: tensor<?xf32>, %dy: tensor<?xf32>, %v: tensor<8xf32>) {
  // expected-error@+1 {{expected an input with channels, but got []}}
  %d:3 = cnn.batch_norm_grad %x, %dy, %v, %v, %v : (tensor<?xf32>, tensor<?xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>) -> (tensor<?xf32>, tensor<8xf32>, tensor<8xf32>)
  return
}

// -----

func.func @batch_norm_grad_c2_channels(%x: tensor<?x8x5x5xf32>, %dy: tensor<?x8x5x5xf32>, %v: tensor<7xf32>) {
  // expected-error@+1 {{expected 7 input channels, but got 8}}
  %d:3 = cnn.batch_norm_grad %x, %dy, %v, %v, %v : (tensor<?x8x5x5xf32>, tensor<?x8x5x5xf32>, tensor<7xf32>, tensor<7xf32>, tensor<7xf32>) -> (tensor<?x8x5x5xf32>, tensor<7xf32>, tensor<7xf32>)
  return
}

// -----

func.func @batch_norm_grad_c3_element_type(%x: tensor<?x8x5x5xf32>, %dy: tensor<?x8x5x5xf32>, %v: tensor<8xf64>) {
  // expected-error@+1 {{expected statistics of 'f32', as the input is, but got 'f64'}}
  %d:3 = cnn.batch_norm_grad %x, %dy, %v, %v, %v : (tensor<?x8x5x5xf32>, tensor<?x8x5x5xf32>, tensor<8xf64>, tensor<8xf64>, tensor<8xf64>) -> (tensor<?x8x5x5xf32>, tensor<8xf64>, tensor<8xf64>)
  return
}

// -----

func.func @batch_norm_grad_c4_type(%x: tensor<?x8x5x5xf32>, %dy: tensor<?x8xf32>, %v: tensor<8xf32>) {
  // expected-error@+1 {{expected an output gradient of type 'tensor<?x8x5x5xf32>', but got 'tensor<?x8xf32>'}}
  %d:3 = cnn.batch_norm_grad %x, %dy, %v, %v, %v : (tensor<?x8x5x5xf32>, tensor<?x8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>) -> (tensor<?x8x5x5xf32>, tensor<8xf32>, tensor<8xf32>)
  return
}

// -----

func.func @lrn_c1_no_channels(%x: tensor<?xf32>) {
  // expected-error@+1 {{expected an input with channels, but got []}}
  %y = cnn.lrn %x {alpha = 1.0e-4 : f64, beta = 0.75 : f64, k = 1.0 : f64, size = 5 : i64} : (tensor<?xf32>) -> tensor<?xf32>
  return
}

// -----

func.func @lrn_c2_even(%x: tensor<?x8x5x5xf32>) {
  // expected-error@+1 {{expected an odd and positive number of channels to normalize over, but got 4}}
  %y = cnn.lrn %x {alpha = 1.0e-4 : f64, beta = 0.75 : f64, k = 1.0 : f64, size = 4 : i64} : (tensor<?x8x5x5xf32>) -> tensor<?x8x5x5xf32>
  return
}

// -----

func.func @lrn_c2_negative(%x: tensor<?x8x5x5xf32>) {
  // expected-error@+1 {{expected an odd and positive number of channels to normalize over, but got -5}}
  %y = cnn.lrn %x {alpha = 1.0e-4 : f64, beta = 0.75 : f64, k = 1.0 : f64, size = -5 : i64} : (tensor<?x8x5x5xf32>) -> tensor<?x8x5x5xf32>
  return
}

// -----

func.func @lrn_grad_c1_no_channels(%x: tensor<?xf32>, %dy: tensor<?xf32>) {
  // expected-error@+1 {{expected an input with channels, but got []}}
  %y = cnn.lrn_grad %x, %dy {alpha = 1.0e-4 : f64, beta = 0.75 : f64, k = 1.0 : f64, size = 5 : i64} : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
  return
}

// -----

func.func @lrn_grad_c2_zero(%x: tensor<?x8x5x5xf32>, %dy: tensor<?x8x5x5xf32>) {
  // expected-error@+1 {{expected an odd and positive number of channels to normalize over, but got 0}}
  %y = cnn.lrn_grad %x, %dy {alpha = 1.0e-4 : f64, beta = 0.75 : f64, k = 1.0 : f64, size = 0 : i64} : (tensor<?x8x5x5xf32>, tensor<?x8x5x5xf32>) -> tensor<?x8x5x5xf32>
  return
}

// -----

func.func @lrn_grad_c3_type(%x: tensor<?x8x5x5xf32>, %dy: tensor<?x8xf32>) {
  // expected-error@+1 {{expected an output gradient of type 'tensor<?x8x5x5xf32>', but got 'tensor<?x8xf32>'}}
  %y = cnn.lrn_grad %x, %dy {alpha = 1.0e-4 : f64, beta = 0.75 : f64, k = 1.0 : f64, size = 5 : i64} : (tensor<?x8x5x5xf32>, tensor<?x8xf32>) -> tensor<?x8x5x5xf32>
  return
}

// -----

func.func @dropout_c1_one(%x: tensor<?x8x5x5xf32>, %key: tensor<2xi64>) {
  // expected-error@+1 {{expected a dropout rate of at least 0 and below 1, but got 1.000000e+00}}
  %y = cnn.dropout %x, %key {rate = 1.0 : f64, site = 0 : i64} : (tensor<?x8x5x5xf32>, tensor<2xi64>) -> tensor<?x8x5x5xf32>
  return
}

// -----

func.func @dropout_c1_negative(%x: tensor<?x8x5x5xf32>, %key: tensor<2xi64>) {
  // expected-error@+1 {{expected a dropout rate of at least 0 and below 1, but got -5.000000e-01}}
  %y = cnn.dropout %x, %key {rate = -0.5 : f64, site = 0 : i64} : (tensor<?x8x5x5xf32>, tensor<2xi64>) -> tensor<?x8x5x5xf32>
  return
}

// -----

func.func @dropout_c1_nan(%x: tensor<?x8x5x5xf32>, %key: tensor<2xi64>) {
  // expected-error@+1 {{expected a dropout rate of at least 0 and below 1, but got}}
  %y = cnn.dropout %x, %key {rate = 0x7FF8000000000000 : f64, site = 0 : i64} : (tensor<?x8x5x5xf32>, tensor<2xi64>) -> tensor<?x8x5x5xf32>
  return
}

// -----

func.func @dropout_key(%x: tensor<?x8x5x5xf32>, %key: tensor<3xi64>) {
  // expected-error@+1 {{'cnn.dropout' op operand #1 must be tensor of a seed and a step (tensor<2xi64>) of 64-bit signless integer values, but got 'tensor<3xi64>'}}
  %y = cnn.dropout %x, %key {rate = 0.5 : f64, site = 0 : i64} : (tensor<?x8x5x5xf32>, tensor<3xi64>) -> tensor<?x8x5x5xf32>
  return
}
