// RUN: cnn-opt %s --split-input-file --cnn-differentiate --verify-diagnostics | FileCheck %s

#dense = #cnn.window<kernel = [], stride = [], dilation = [], pad_low = [], pad_high = []>
#sgd = #cnn.optimizer<sgd, momentum = 0.5, nesterov = true, beta1 = 0.9, beta2 = 0.999, epsilon = 1.0e-8, decay = 0.25, no_decay = ["*.bias"]>
#rate = #cnn.rate<constant, base = 0.1, every = 1.0, factor = 1.0, power = 1.0, warmup = 0.0>

cnn.data @Data {}
cnn.train @Net on @Data {batch = 1 : i64, epochs = 1 : i64, optimizer = #sgd, rate = #rate, seed = 1 : i64}

// The rate follows the key, slots follow the weights; the bias does not decay; the input gets no gradient.

// CHECK-LABEL: func.func @Net.train_step(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<?x3xf32> {cnn.name = "x", cnn.role = #cnn.role<input>},
// CHECK-SAME:    %[[LABEL:[a-z0-9]+]]: tensor<?xi32> {cnn.name = "label", cnn.role = #cnn.role<input>},
// CHECK-SAME:    %[[KEY:[a-z0-9]+]]: tensor<2xi64> {{{.*}}cnn.role = #cnn.role<key>},
// CHECK-SAME:    %[[RATE:[a-z0-9]+]]: tensor<f32> {{{.*}}cnn.role = #cnn.role<rate>},
// CHECK-SAME:    %[[W:[a-z0-9]+]]: tensor<2x3xf32> {cnn.init = #cnn.init<gaussian, 0.000000e+00, 5.000000e-01>, cnn.name = "fc.weight", cnn.role = #cnn.role<parameter>},
// CHECK-SAME:    %[[B:[a-z0-9]+]]: tensor<2xf32> {cnn.name = "fc.bias", cnn.role = #cnn.role<parameter>},
// CHECK-SAME:    %[[VW:[a-z0-9]+]]: tensor<2x3xf32> {cnn.name = "fc.weight:momentum", cnn.role = #cnn.role<slot>},
// CHECK-SAME:    %[[VB:[a-z0-9]+]]: tensor<2xf32> {cnn.name = "fc.bias:momentum", cnn.role = #cnn.role<slot>})
// CHECK-SAME:    -> (tensor<f32> {cnn.name = "loss", cnn.role = #cnn.role<loss>},
// CHECK-SAME:        tensor<f32> {cnn.name = "accuracy", cnn.role = #cnn.role<metric>},
// CHECK-SAME:        tensor<2x3xf32> {cnn.name = "fc.weight", cnn.role = #cnn.role<parameter>, cnn.tied = 4 : i64},
// CHECK-SAME:        tensor<2xf32> {cnn.name = "fc.bias", cnn.role = #cnn.role<parameter>, cnn.tied = 5 : i64},
// CHECK-SAME:        tensor<2x3xf32> {cnn.name = "fc.weight:momentum", cnn.role = #cnn.role<slot>, cnn.tied = 6 : i64},
// CHECK-SAME:        tensor<2xf32> {cnn.name = "fc.bias:momentum", cnn.role = #cnn.role<slot>, cnn.tied = 7 : i64})
// CHECK-SAME:    attributes {cnn.kind = #cnn.function_kind<train_step>}
// CHECK:         %[[Y:.+]] = cnn.binary <add>
// CHECK:         %[[LOSS:.+]] = cnn.cross_entropy %[[Y]], %[[LABEL]]
// CHECK:         %[[HIT:.+]] = cnn.top_k_hit
// CHECK:         %[[MEAN:.+]] = cnn.reduce <mean> %[[LOSS]] {keep = array<i64>}
// CHECK-NOT:     cnn.conv_input_grad
// CHECK:         %[[DY:.+]] = cnn.cross_entropy_grad %[[Y]], %[[LABEL]]
// CHECK:         %[[DB:.+]] = cnn.reduce <sum> %[[DY]] {keep = array<i64: 1>}
// CHECK:         %[[DW:.+]] = cnn.conv_weight_grad %[[X]], %[[DY]]
// CHECK:         %[[ACCURACY:.+]] = cnn.reduce <mean> %[[HIT]]
// CHECK:         %[[W2:.+]], %[[VW2:.+]] = cnn.sgd_update %[[W]], %[[DW]], %[[VW]], %[[RATE]] {decay = 2.500000e-01 : f64, momentum = 5.000000e-01 : f64, nesterov = true}
// CHECK:         %[[B2:.+]], %[[VB2:.+]] = cnn.sgd_update %[[B]], %[[DB]], %[[VB]], %[[RATE]] {decay = 0.000000e+00 : f64
// CHECK:         return %[[MEAN]], %[[ACCURACY]], %[[W2]], %[[B2]], %[[VW2]], %[[VB2]]
func.func @Net.loss(
    %x: tensor<?x3xf32> {cnn.name = "x", cnn.role = #cnn.role<input>},
    %label: tensor<?xi32> {cnn.name = "label", cnn.role = #cnn.role<input>},
    %key: tensor<2xi64> {cnn.role = #cnn.role<key>},
    %w: tensor<2x3xf32> {cnn.name = "fc.weight", cnn.role = #cnn.role<parameter>, cnn.init = #cnn.init<gaussian, 0.0, 0.5>},
    %b: tensor<2xf32> {cnn.name = "fc.bias", cnn.role = #cnn.role<parameter>})
    -> (tensor<?xf32> {cnn.role = #cnn.role<loss>}, tensor<?xf32> {cnn.name = "accuracy", cnn.role = #cnn.role<metric>})
    attributes {cnn.kind = #cnn.function_kind<loss>} {
  %0 = cnn.conv %x, %w {window = #dense} : (tensor<?x3xf32>, tensor<2x3xf32>) -> tensor<?x2xf32>
  %1 = cnn.binary <add> %0, %b {axes = array<i64: 1>} : (tensor<?x2xf32>, tensor<2xf32>) -> tensor<?x2xf32>
  %2 = cnn.cross_entropy %1, %label : (tensor<?x2xf32>, tensor<?xi32>) -> tensor<?xf32>
  %3 = cnn.top_k_hit %1, %label {k = 1 : i64} : (tensor<?x2xf32>, tensor<?xi32>) -> tensor<?xf32>
  return %2, %3 : tensor<?xf32>, tensor<?xf32>
}

// -----

#adam = #cnn.optimizer<adam, momentum = 0.0, nesterov = false, beta1 = 0.5, beta2 = 0.75, epsilon = 0.125, decay = 0.0>
#rate = #cnn.rate<constant, base = 0.1, every = 1.0, factor = 1.0, power = 1.0, warmup = 0.0>

cnn.data @Data {}
cnn.train @Shared on @Data {batch = 1 : i64, epochs = 1 : i64, optimizer = #adam, rate = #rate, seed = 1 : i64}

// A weight that is used twice gets the sum of both gradients; Adam has two slots per parameter.

// CHECK-LABEL: func.func @Shared.train_step(
// CHECK-SAME:    %[[W:[a-z0-9]+]]: tensor<3xf32> {cnn.name = "w", cnn.role = #cnn.role<parameter>},
// CHECK-SAME:    %[[M:[a-z0-9]+]]: tensor<3xf32> {cnn.name = "w:first_moment", cnn.role = #cnn.role<slot>},
// CHECK-SAME:    %[[V:[a-z0-9]+]]: tensor<3xf32> {cnn.name = "w:second_moment", cnn.role = #cnn.role<slot>})
// CHECK:         %[[SECOND:.+]] = cnn.reduce <sum> {{.*}} {keep = array<i64: 1>}
// CHECK:         %[[FIRST:.+]] = cnn.reduce <sum> {{.*}} {keep = array<i64: 1>}
// CHECK:         %[[SUM:.+]] = cnn.binary <add> %[[SECOND]], %[[FIRST]] {axes = array<i64: 0>}
// CHECK:         %[[W2:.+]], %[[M2:.+]], %[[V2:.+]] = cnn.adam_update %[[W]], %[[SUM]], %[[M]], %[[V]], %{{.*}}, %{{.*}} {beta1 = 5.000000e-01 : f64, beta2 = 7.500000e-01 : f64, decay = 0.000000e+00 : f64, epsilon = 1.250000e-01 : f64}
// CHECK:         return %{{.*}}, %[[W2]], %[[M2]], %[[V2]]
func.func @Shared.loss(
    %x: tensor<?x3xf32> {cnn.name = "x", cnn.role = #cnn.role<input>},
    %key: tensor<2xi64> {cnn.role = #cnn.role<key>},
    %w: tensor<3xf32> {cnn.name = "w", cnn.role = #cnn.role<parameter>})
    -> (tensor<?xf32> {cnn.role = #cnn.role<loss>}) attributes {cnn.kind = #cnn.function_kind<loss>} {
  %0 = cnn.binary <mul> %x, %w {axes = array<i64: 1>} : (tensor<?x3xf32>, tensor<3xf32>) -> tensor<?x3xf32>
  %1 = cnn.unary <tanh> %0 : (tensor<?x3xf32>) -> tensor<?x3xf32>
  %2 = cnn.binary <mul> %1, %w {axes = array<i64: 1>} : (tensor<?x3xf32>, tensor<3xf32>) -> tensor<?x3xf32>
  %3 = cnn.reduce <sum> %2 {keep = array<i64: 0>} : (tensor<?x3xf32>) -> tensor<?xf32>
  return %3 : tensor<?xf32>
}

// -----

#sgd = #cnn.optimizer<sgd, momentum = 0.0, nesterov = false, beta1 = 0.9, beta2 = 0.999, epsilon = 1.0e-8, decay = 0.0>
#rate = #cnn.rate<constant, base = 0.1, every = 1.0, factor = 1.0, power = 1.0, warmup = 0.0>

cnn.data @Data {}
cnn.train @Dropout on @Data {batch = 1 : i64, epochs = 1 : i64, optimizer = #sgd, rate = #rate, seed = 1 : i64}

// The gradient of a dropout drops the same elements: same key, same site.

// CHECK-LABEL: func.func @Dropout.train_step(
// CHECK-SAME:    %[[KEY:[a-z0-9]+]]: tensor<2xi64>
// CHECK:         cnn.dropout %{{.*}}, %[[KEY]] {rate = 5.000000e-01 : f64, site = 7 : i64}
// CHECK:         cnn.dropout %{{.*}}, %[[KEY]] {rate = 5.000000e-01 : f64, site = 7 : i64}
func.func @Dropout.loss(
    %x: tensor<?x3xf32> {cnn.name = "x", cnn.role = #cnn.role<input>},
    %key: tensor<2xi64> {cnn.role = #cnn.role<key>},
    %w: tensor<3xf32> {cnn.name = "w", cnn.role = #cnn.role<parameter>})
    -> (tensor<?xf32> {cnn.role = #cnn.role<loss>}) attributes {cnn.kind = #cnn.function_kind<loss>} {
  %0 = cnn.binary <mul> %x, %w {axes = array<i64: 1>} : (tensor<?x3xf32>, tensor<3xf32>) -> tensor<?x3xf32>
  %1 = cnn.dropout %0, %key {rate = 0.5 : f64, site = 7 : i64} : (tensor<?x3xf32>, tensor<2xi64>) -> tensor<?x3xf32>
  %2 = cnn.reduce <sum> %1 {keep = array<i64: 0>} : (tensor<?x3xf32>) -> tensor<?xf32>
  return %2 : tensor<?xf32>
}

// -----

#sgd = #cnn.optimizer<sgd, momentum = 0.0, nesterov = false, beta1 = 0.9, beta2 = 0.999, epsilon = 1.0e-8, decay = 0.0>
#rate = #cnn.rate<constant, base = 0.1, every = 1.0, factor = 1.0, power = 1.0, warmup = 0.0>

cnn.data @Data {}
cnn.train @Unused on @Data {batch = 1 : i64, epochs = 1 : i64, optimizer = #sgd, rate = #rate, seed = 1 : i64}

// A parameter without gradient has no result, and without momentum there are no slots. The key is added where the loss
// has none.

// CHECK-LABEL: func.func @Unused.train_step(
// CHECK-SAME:    tensor<2xi64> {cnn.name = "key", cnn.role = #cnn.role<key>}
// CHECK-SAME:    {cnn.name = "unused", cnn.role = #cnn.role<parameter>}
// CHECK-SAME:    {cnn.name = "w", cnn.role = #cnn.role<parameter>})
// CHECK-SAME:    -> (tensor<f32> {{{.*}}}, tensor<3xf32> {cnn.name = "w",{{.*}} cnn.tied = 4 : i64}){{ *}}attributes
// CHECK:         cnn.sgd_update %{{.*}}, %{{.*}}, %{{.*}} {{{.*}}} : (tensor<3xf32>, tensor<3xf32>, tensor<f32>) -> tensor<3xf32>
func.func @Unused.loss(
    %x: tensor<?x3xf32> {cnn.name = "x", cnn.role = #cnn.role<input>},
    // expected-warning @below {{the loss of 'Unused' does not depend on 'unused', so training leaves it as it is}}
    %unused: tensor<3xf32> {cnn.name = "unused", cnn.role = #cnn.role<parameter>},
    %w: tensor<3xf32> {cnn.name = "w", cnn.role = #cnn.role<parameter>})
    -> (tensor<?xf32> {cnn.role = #cnn.role<loss>}) attributes {cnn.kind = #cnn.function_kind<loss>} {
  %0 = cnn.binary <mul> %x, %w {axes = array<i64: 1>} : (tensor<?x3xf32>, tensor<3xf32>) -> tensor<?x3xf32>
  %1 = cnn.reduce <sum> %0 {keep = array<i64: 0>} : (tensor<?x3xf32>) -> tensor<?xf32>
  return %1 : tensor<?xf32>
}
