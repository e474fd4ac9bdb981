// RUN: cnn-opt %s -verify-diagnostics=only-expected -split-input-file

// Where the shape of a result does not follow, MLIR adds "failed to infer returned types"; it is not repeated here.

func.func @sgd_update_c1_gradient(%p: tensor<6x5x5xf32>, %g: tensor<6x5xf32>, %v: tensor<6x5x5xf32>, %rate: tensor<f32>) {
  // expected-error@+1 {{expected a gradient and slots of type 'tensor<6x5x5xf32>', as the parameter is, but got 'tensor<6x5xf32>'}}
  %0:2 = cnn.sgd_update %p, %g, %v, %rate {decay = 0.0 : f64, momentum = 0.9 : f64, nesterov = false} : (tensor<6x5x5xf32>, tensor<6x5xf32>, tensor<6x5x5xf32>, tensor<f32>) -> (tensor<6x5x5xf32>, tensor<6x5x5xf32>)
  return
}

// -----

func.func @sgd_update_c1_velocity(%p: tensor<6x5x5xf32>, %g: tensor<6x5x5xf32>, %v: tensor<6x5xf32>, %rate: tensor<f32>) {
  // expected-error@+1 {{expected a gradient and slots of type 'tensor<6x5x5xf32>', as the parameter is, but got 'tensor<6x5xf32>'}}
  %0:2 = cnn.sgd_update %p, %g, %v, %rate {decay = 0.0 : f64, momentum = 0.9 : f64, nesterov = false} : (tensor<6x5x5xf32>, tensor<6x5x5xf32>, tensor<6x5xf32>, tensor<f32>) -> (tensor<6x5x5xf32>, tensor<6x5x5xf32>)
  return
}

// -----

func.func @sgd_update_c2(%p: tensor<6x5x5xf32>, %g: tensor<6x5x5xf32>, %rate: tensor<f32>) {
  // expected-error@+1 {{expected a velocity, since the momentum is not 0}}
  %0 = cnn.sgd_update %p, %g, %rate {decay = 0.0 : f64, momentum = 0.9 : f64, nesterov = false} : (tensor<6x5x5xf32>, tensor<6x5x5xf32>, tensor<f32>) -> tensor<6x5x5xf32>
  return
}

// -----

func.func @sgd_update_rate(%p: tensor<6x5x5xf32>, %g: tensor<6x5x5xf32>, %v: tensor<6x5x5xf32>, %rate: tensor<1xf32>) {
  // expected-error@+1 {{'cnn.sgd_update' op operand #3 must be 0-d tensor of floating-point values, but got 'tensor<1xf32>'}}
  %0:2 = cnn.sgd_update %p, %g, %v, %rate {decay = 0.0 : f64, momentum = 0.9 : f64, nesterov = false} : (tensor<6x5x5xf32>, tensor<6x5x5xf32>, tensor<6x5x5xf32>, tensor<1xf32>) -> (tensor<6x5x5xf32>, tensor<6x5x5xf32>)
  return
}

// -----

func.func @adam_update_c1_gradient(%p: tensor<6x5x5xf32>, %g: tensor<6x5xf32>, %m: tensor<6x5x5xf32>, %v: tensor<6x5x5xf32>, %rate: tensor<f32>, %key: tensor<2xi64>) {
  // expected-error@+1 {{expected a gradient and slots of type 'tensor<6x5x5xf32>', as the parameter is, but got 'tensor<6x5xf32>'}}
  %0:3 = cnn.adam_update %p, %g, %m, %v, %rate, %key {beta1 = 0.9 : f64, beta2 = 0.999 : f64, decay = 0.0 : f64, epsilon = 1.0e-8 : f64} : (tensor<6x5x5xf32>, tensor<6x5xf32>, tensor<6x5x5xf32>, tensor<6x5x5xf32>, tensor<f32>, tensor<2xi64>) -> (tensor<6x5x5xf32>, tensor<6x5x5xf32>, tensor<6x5x5xf32>)
  return
}

// -----

func.func @adam_update_c1_moment(%p: tensor<6x5x5xf32>, %g: tensor<6x5x5xf32>, %m: tensor<6x5x5xf32>, %v: tensor<6x5xf32>, %rate: tensor<f32>, %key: tensor<2xi64>) {
  // expected-error@+1 {{expected a gradient and slots of type 'tensor<6x5x5xf32>', as the parameter is, but got 'tensor<6x5xf32>'}}
  %0:3 = cnn.adam_update %p, %g, %m, %v, %rate, %key {beta1 = 0.9 : f64, beta2 = 0.999 : f64, decay = 0.0 : f64, epsilon = 1.0e-8 : f64} : (tensor<6x5x5xf32>, tensor<6x5x5xf32>, tensor<6x5x5xf32>, tensor<6x5xf32>, tensor<f32>, tensor<2xi64>) -> (tensor<6x5x5xf32>, tensor<6x5x5xf32>, tensor<6x5x5xf32>)
  return
}
