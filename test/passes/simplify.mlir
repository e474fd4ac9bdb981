// RUN: cnn-opt %s --cnn-simplify | FileCheck %s
// RUN: cnn-opt %s --cnn-training | FileCheck %s --check-prefix=TRAINING

#sgd = #cnn.optimizer<sgd, momentum = 0.0, nesterov = false, beta1 = 0.9, beta2 = 0.999, epsilon = 1.0e-8, decay = 0.0>
#rate = #cnn.rate<constant, base = 0.1, every = 1.0, factor = 1.0, power = 1.0, warmup = 0.0>
cnn.data @Data {}
cnn.train @Net on @Data {batch = 1 : i64, epochs = 1 : i64, optimizer = #sgd, rate = #rate, seed = 1 : i64}

// What is computed twice is computed once; what nobody reads goes. After differentiation the loss goes as well.

// CHECK-LABEL: func.func @Net.loss
// CHECK-NEXT:    %[[Y:.+]] = cnn.unary <tanh>
// CHECK-NEXT:    %[[SUM:.+]] = cnn.binary <add> %[[Y]], %[[Y]]
// CHECK-NEXT:    return %[[SUM]]

// TRAINING-NOT:   @Net.loss
// TRAINING-LABEL: func.func @Net.train_step
// TRAINING:         cnn.unary <tanh>
// TRAINING-NOT:     cnn.unary <tanh>
func.func @Net.loss(%w: tensor<f32> {cnn.name = "w", cnn.role = #cnn.role<parameter>})
    -> (tensor<f32> {cnn.role = #cnn.role<loss>}) attributes {cnn.kind = #cnn.function_kind<loss>} {
  %0 = cnn.unary <tanh> %w : (tensor<f32>) -> tensor<f32>
  %1 = cnn.unary <tanh> %w : (tensor<f32>) -> tensor<f32>
  %2 = cnn.unary <exp> %w : (tensor<f32>) -> tensor<f32>
  %3 = cnn.binary <add> %0, %1 {axes = array<i64>} : (tensor<f32>, tensor<f32>) -> tensor<f32>
  return %3 : tensor<f32>
}
