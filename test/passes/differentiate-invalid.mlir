// RUN: cnn-opt %s --split-input-file --cnn-differentiate --verify-diagnostics

#sgd = #cnn.optimizer<sgd, momentum = 0.0, nesterov = false, beta1 = 0.9, beta2 = 0.999, epsilon = 1.0e-8, decay = 0.0>
#rate = #cnn.rate<constant, base = 0.1, every = 1.0, factor = 1.0, power = 1.0, warmup = 0.0>
cnn.data @Data {}
cnn.train @Net on @Data {batch = 1 : i64, epochs = 1 : i64, optimizer = #sgd, rate = #rate, seed = 1 : i64}

// An op without gradient between a parameter and the loss.
func.func @Net.loss(
    %x: tensor<?x3xf32> {cnn.name = "x", cnn.role = #cnn.role<input>},
    %label: tensor<?xi32> {cnn.name = "label", cnn.role = #cnn.role<input>},
    %w: tensor<3xf32> {cnn.name = "w", cnn.role = #cnn.role<parameter>})
    -> (tensor<?xf32> {cnn.role = #cnn.role<loss>}) attributes {cnn.kind = #cnn.function_kind<loss>} {
  %0 = cnn.binary <mul> %x, %w {axes = array<i64: 1>} : (tensor<?x3xf32>, tensor<3xf32>) -> tensor<?x3xf32>
  // expected-error @below {{cannot differentiate 'accuracy'; it is used by the loss of 'Net'}}
  %1 = cnn.top_k_hit %0, %label {k = 1 : i64} : (tensor<?x3xf32>, tensor<?xi32>) -> tensor<?xf32>
  return %1 : tensor<?xf32>
}

// -----

#sgd = #cnn.optimizer<sgd, momentum = 0.0, nesterov = false, beta1 = 0.9, beta2 = 0.999, epsilon = 1.0e-8, decay = 0.0>
#rate = #cnn.rate<constant, base = 0.1, every = 1.0, factor = 1.0, power = 1.0, warmup = 0.0>
cnn.data @Data {}
cnn.train @Net on @Data {batch = 1 : i64, epochs = 1 : i64, optimizer = #sgd, rate = #rate, seed = 1 : i64}

// A loss of the input alone. (The op has no gradient either; that does not matter.)
func.func @Net.loss(
    %x: tensor<?x3xf32> {cnn.name = "x", cnn.role = #cnn.role<input>},
    %label: tensor<?xi32> {cnn.name = "label", cnn.role = #cnn.role<input>},
    %w: tensor<3xf32> {cnn.name = "w", cnn.role = #cnn.role<parameter>})
    -> (tensor<?xf32> {cnn.role = #cnn.role<loss>}) attributes {cnn.kind = #cnn.function_kind<loss>} {
  // expected-error @below {{the loss of 'Net' does not depend on any parameter, so there is nothing to train}}
  %0 = cnn.top_k_hit %x, %label {k = 1 : i64} : (tensor<?x3xf32>, tensor<?xi32>) -> tensor<?xf32>
  return %0 : tensor<?xf32>
}

// -----

#sgd = #cnn.optimizer<sgd, momentum = 0.0, nesterov = false, beta1 = 0.9, beta2 = 0.999, epsilon = 1.0e-8, decay = 0.1, no_decay = ["*.bias"]>
#rate = #cnn.rate<constant, base = 0.1, every = 1.0, factor = 1.0, power = 1.0, warmup = 0.0>
cnn.data @Data {}
// expected-error @below {{no parameter of 'Net' matches "*.bias", which should be free of weight decay}}
cnn.train @Net on @Data {batch = 1 : i64, epochs = 1 : i64, optimizer = #sgd, rate = #rate, seed = 1 : i64}

func.func @Net.loss(
    %x: tensor<?xf32> {cnn.name = "x", cnn.role = #cnn.role<input>},
    %w: tensor<f32> {cnn.name = "w", cnn.role = #cnn.role<parameter>})
    -> (tensor<?xf32> {cnn.role = #cnn.role<loss>}) attributes {cnn.kind = #cnn.function_kind<loss>} {
  %0 = cnn.binary <mul> %x, %w {axes = array<i64>} : (tensor<?xf32>, tensor<f32>) -> tensor<?xf32>
  return %0 : tensor<?xf32>
}

// -----

// expected-error @below {{'Net' has a loss but no train block}}
func.func @Net.loss(%w: tensor<f32> {cnn.name = "w", cnn.role = #cnn.role<parameter>})
    -> (tensor<f32> {cnn.role = #cnn.role<loss>}) attributes {cnn.kind = #cnn.function_kind<loss>} {
  return %w : tensor<f32>
}

// -----

// expected-error @below {{expected the name of a loss function to end in '.loss', but got 'Net'}}
func.func @Net(%w: tensor<f32> {cnn.name = "w", cnn.role = #cnn.role<parameter>})
    -> (tensor<f32> {cnn.role = #cnn.role<loss>}) attributes {cnn.kind = #cnn.function_kind<loss>} {
  return %w : tensor<f32>
}

// -----

#sgd = #cnn.optimizer<sgd, momentum = 0.0, nesterov = false, beta1 = 0.9, beta2 = 0.999, epsilon = 1.0e-8, decay = 0.0>
#rate = #cnn.rate<constant, base = 0.1, every = 1.0, factor = 1.0, power = 1.0, warmup = 0.0>
cnn.data @Data {}
cnn.train @Net on @Data {batch = 1 : i64, epochs = 1 : i64, optimizer = #sgd, rate = #rate, seed = 1 : i64}

// expected-note @below {{its loss is here}}
func.func @Net.loss(%w: tensor<f32> {cnn.name = "w", cnn.role = #cnn.role<parameter>})
    -> (tensor<f32> {cnn.role = #cnn.role<loss>}) attributes {cnn.kind = #cnn.function_kind<loss>} {
  return %w : tensor<f32>
}
// expected-error @below {{'Net' has a training step already}}
func.func @Net.train_step() { return }
