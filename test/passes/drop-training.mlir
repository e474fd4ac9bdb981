// RUN: cnn-opt %s --cnn-drop-training | FileCheck %s
// RUN: cnn-opt %s --cnn-inference | FileCheck %s

#sgd = #cnn.optimizer<sgd, momentum = 0.0, nesterov = false, beta1 = 0.9, beta2 = 0.999, epsilon = 1.0e-8, decay = 0.0>
#rate = #cnn.rate<constant, base = 0.1, every = 1.0, factor = 1.0, power = 1.0, warmup = 0.0>

// CHECK-NOT: cnn.data
cnn.data @Data {}
// CHECK-NOT: cnn.train
cnn.train @Net on @Data {batch = 1 : i64, epochs = 1 : i64, optimizer = #sgd, rate = #rate, seed = 1 : i64}

// CHECK: func.func @Net(
func.func @Net(%w: tensor<f32> {cnn.name = "w", cnn.role = #cnn.role<parameter>})
    -> (tensor<f32> {cnn.name = "y"}) attributes {cnn.kind = #cnn.function_kind<infer>} {
  return %w : tensor<f32>
}
// CHECK-NOT: @Net.loss
func.func @Net.loss(%w: tensor<f32> {cnn.name = "w", cnn.role = #cnn.role<parameter>})
    -> (tensor<f32> {cnn.role = #cnn.role<loss>}) attributes {cnn.kind = #cnn.function_kind<loss>} {
  return %w : tensor<f32>
}
// CHECK: func.func private @helper
func.func private @helper()
