// RUN: cnn-opt %s --neuflow-quantize -verify-diagnostics -split-input-file

// expected-error@+1 {{expected a range of the argument, which calibration writes}}
func.func private @argument(%x: tensor<1x1x1xf32>) -> tensor<1x1x1xf32> attributes {neuflow.part = #neuflow.part<grid>} {
  return %x : tensor<1x1x1xf32>
}

// -----

func.func private @result(%x: tensor<1x1x1xf32> {neuflow.range = array<f64: 1.0, 1.0>}) -> tensor<1x1x1xf32> attributes {neuflow.part = #neuflow.part<grid>} {
  // expected-error@+1 {{expected a range of the result, which calibration writes}}
  %0 = neuflow.square %x : (tensor<1x1x1xf32>) -> tensor<1x1x1xf32>
  return %0 : tensor<1x1x1xf32>
}

// -----

func.func private @other(%x: tensor<1x1x1xf32> {neuflow.range = array<f64: 1.0, 1.0>}) -> tensor<1x1x1xf32> attributes {neuflow.part = #neuflow.part<grid>} {
  // expected-error@+1 {{expected an op that neuflow-legalize makes, but got 'arith.addf'}}
  %0 = arith.addf %x, %x : tensor<1x1x1xf32>
  return %0 : tensor<1x1x1xf32>
}

// -----

// Words already.
func.func private @words(%x: tensor<1x1x1xf32> {neuflow.range = array<f64: 1.0, 1.0>}) -> tensor<1x1x1xf32> attributes {neuflow.part = #neuflow.part<grid>} {
  // expected-error@+1 {{expected a constant of reals}}
  %0 = arith.constant dense<1> : tensor<1xi16>
  return %x : tensor<1x1x1xf32>
}
