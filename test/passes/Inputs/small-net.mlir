// A small net that has what makes gradients hard: shared weights (twice), a residual sum, statistics of the batch,
// padding, strided pooling with ties unlikely, dropout, broadcast biases, a metric that has no gradient.

cnn.data @Data {}

cnn.train @Net on @Data {batch = 3 : i64, epochs = 1 : i64, seed = 1 : i64,
  optimizer = #cnn.optimizer<sgd, momentum = 0.9, nesterov = false, beta1 = 0.9, beta2 = 0.999, epsilon = 1.0e-8,
                             decay = 0.25, no_decay = ["*.bias", "norm.*"]>,
  rate = #cnn.rate<constant, base = 0.1, every = 1.0, factor = 1.0, power = 1.0, warmup = 0.0>}

func.func @Net.loss(
    %image: tensor<?x2x6x5xf32> {cnn.name = "image", cnn.role = #cnn.role<input>},
    %label: tensor<?xi32> {cnn.name = "label", cnn.role = #cnn.role<input>},
    %key: tensor<2xi64> {cnn.name = "key", cnn.role = #cnn.role<key>},
    %conv_w: tensor<3x2x3x3xf32> {cnn.name = "conv.weight", cnn.role = #cnn.role<parameter>, cnn.init = #cnn.init<constant, 0.0, 0.0>},
    %scale: tensor<3xf32> {cnn.name = "norm.scale", cnn.role = #cnn.role<parameter>},
    %shift: tensor<3xf32> {cnn.name = "norm.shift", cnn.role = #cnn.role<parameter>},
    %mean: tensor<3xf32> {cnn.name = "norm.mean", cnn.role = #cnn.role<state>},
    %variance: tensor<3xf32> {cnn.name = "norm.variance", cnn.role = #cnn.role<state>},
    %shared_w: tensor<3x3x3x3xf32> {cnn.name = "shared.weight", cnn.role = #cnn.role<parameter>},
    %shared_b: tensor<3xf32> {cnn.name = "shared.bias", cnn.role = #cnn.role<parameter>},
    %dense_w: tensor<4x18xf32> {cnn.name = "dense.weight", cnn.role = #cnn.role<parameter>},
    %dense_b: tensor<4xf32> {cnn.name = "dense.bias", cnn.role = #cnn.role<parameter>})
    -> (tensor<?xf32> {cnn.name = "loss", cnn.role = #cnn.role<loss>},
        tensor<?xf32> {cnn.name = "accuracy", cnn.role = #cnn.role<metric>},
        tensor<3xf32> {cnn.name = "norm.mean", cnn.role = #cnn.role<state>, cnn.tied = 6 : i64},
        tensor<3xf32> {cnn.name = "norm.variance", cnn.role = #cnn.role<state>, cnn.tied = 7 : i64})
    attributes {cnn.kind = #cnn.function_kind<loss>} {
  %0 = cnn.conv %image, %conv_w {groups = 1 : i64, window = #cnn.window<kernel = [3, 3], stride = [1, 1], dilation = [1, 1], pad_low = [1, 1], pad_high = [1, 1]>}
      : (tensor<?x2x6x5xf32>, tensor<3x2x3x3xf32>) -> tensor<?x3x6x5xf32>
  %1:5 = cnn.batch_norm_train %0, %scale, %shift, %mean, %variance {epsilon = 1.0e-3 : f64, momentum = 0.1 : f64}
      : (tensor<?x3x6x5xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>)
        -> (tensor<?x3x6x5xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>)
  %2 = cnn.unary <relu> %1#0 : (tensor<?x3x6x5xf32>) -> tensor<?x3x6x5xf32>
  %3 = cnn.conv %2, %shared_w {groups = 1 : i64, window = #cnn.window<kernel = [3, 3], stride = [1, 1], dilation = [1, 1], pad_low = [1, 1], pad_high = [1, 1]>}
      : (tensor<?x3x6x5xf32>, tensor<3x3x3x3xf32>) -> tensor<?x3x6x5xf32>
  %4 = cnn.binary <add> %3, %shared_b {axes = array<i64: 1>} : (tensor<?x3x6x5xf32>, tensor<3xf32>) -> tensor<?x3x6x5xf32>
  %5 = cnn.unary <tanh> %4 : (tensor<?x3x6x5xf32>) -> tensor<?x3x6x5xf32>
  %6 = cnn.conv %5, %shared_w {groups = 1 : i64, window = #cnn.window<kernel = [3, 3], stride = [1, 1], dilation = [1, 1], pad_low = [1, 1], pad_high = [1, 1]>}
      : (tensor<?x3x6x5xf32>, tensor<3x3x3x3xf32>) -> tensor<?x3x6x5xf32>
  %7 = cnn.binary <add> %6, %shared_b {axes = array<i64: 1>} : (tensor<?x3x6x5xf32>, tensor<3xf32>) -> tensor<?x3x6x5xf32>
  %8 = cnn.binary <add> %7, %2 {axes = array<i64: 0, 1, 2, 3>} : (tensor<?x3x6x5xf32>, tensor<?x3x6x5xf32>) -> tensor<?x3x6x5xf32>
  %9 = cnn.max_pool %8 {window = #cnn.window<kernel = [2, 2], stride = [2, 2], dilation = [1, 1], pad_low = [0, 0], pad_high = [0, 0]>}
      : (tensor<?x3x6x5xf32>) -> tensor<?x3x3x2xf32>
  %10 = cnn.reshape %9 : (tensor<?x3x3x2xf32>) -> tensor<?x18xf32>
  %11 = cnn.dropout %10, %key {rate = 0.25 : f64, site = 0 : i64} : (tensor<?x18xf32>, tensor<2xi64>) -> tensor<?x18xf32>
  %12 = cnn.conv %11, %dense_w {groups = 1 : i64, window = #cnn.window<kernel = [], stride = [], dilation = [], pad_low = [], pad_high = []>}
      : (tensor<?x18xf32>, tensor<4x18xf32>) -> tensor<?x4xf32>
  %13 = cnn.binary <add> %12, %dense_b {axes = array<i64: 1>} : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
  %14 = cnn.cross_entropy %13, %label : (tensor<?x4xf32>, tensor<?xi32>) -> tensor<?xf32>
  %15 = cnn.top_k_hit %13, %label {k = 1 : i64} : (tensor<?x4xf32>, tensor<?xi32>) -> tensor<?xf32>
  return %14, %15, %1#3, %1#4 : tensor<?xf32>, tensor<?xf32>, tensor<3xf32>, tensor<3xf32>
}
