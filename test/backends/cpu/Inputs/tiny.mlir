// A network of every kind of kernel: u8[1, 4, 4] -> convolution 3x3 (2 channels), bias, relu -> dense (3).
// Its training step is p' = p - rate * mean(x), by which the test can see that a step happens.
#in = affine_map<(b, y, x, o, ky, kx, c) -> (b, y + ky, x + kx, c)>
#w = affine_map<(b, y, x, o, ky, kx, c) -> (ky, kx, c, o)>
#out = affine_map<(b, y, x, o, ky, kx, c) -> (b, y, x, o)>
#id4 = affine_map<(b, y, x, o) -> (b, y, x, o)>
#o4 = affine_map<(b, y, x, o) -> (o)>
#m_a = affine_map<(b, o, i) -> (b, i)>
#m_b = affine_map<(b, o, i) -> (i, o)>
#m_c = affine_map<(b, o, i) -> (b, o)>
#id2 = affine_map<(b, o) -> (b, o)>
#o2 = affine_map<(b, o) -> (o)>
#all1 = affine_map<(b, o) -> ()>
#id1 = affine_map<(i) -> (i)>
#s1 = affine_map<(i) -> ()>
func.func @Tiny(
    %image: tensor<?x1x4x4xi8> {cnn.name = "image", cnn.role = #cnn.role<input>},
    %conv: tensor<3x3x1x2xf32> {cnn.name = "conv.weight", cnn.role = #cnn.role<parameter>,
                                cnn.init = #cnn.init<uniform, -1.0, 1.0>, cnn.storage = array<i64: 2, 3, 1, 0>},
    %bias: tensor<2xf32> {cnn.name = "conv.bias", cnn.role = #cnn.role<parameter>, cnn.init = #cnn.init<constant, 0.5, 0.0>},
    %dense: tensor<8x3xf32> {cnn.name = "dense.weight", cnn.role = #cnn.role<parameter>,
                             cnn.init = #cnn.init<uniform, -1.0, 1.0>, cnn.storage = array<i64: 1, 0>})
    -> (tensor<?x3xf32> {cnn.name = "score"}) attributes {cnn.kind = #cnn.function_kind<infer>} {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %batch = tensor.dim %image, %c0 : tensor<?x1x4x4xi8>
  %last = tensor.expand_shape %image [[0], [1], [2], [3, 4]] output_shape [%batch, 1, 4, 4, 1]
      : tensor<?x1x4x4xi8> into tensor<?x1x4x4x1xi8>
  %view = tensor.collapse_shape %last [[0, 1], [2], [3], [4]] : tensor<?x1x4x4x1xi8> into tensor<?x4x4x1xi8>
  %e0 = tensor.empty(%batch) : tensor<?x4x4x1xf32>
  %x = linalg.generic {indexing_maps = [#id4, #id4], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%view : tensor<?x4x4x1xi8>) outs(%e0 : tensor<?x4x4x1xf32>) {
    ^bb0(%a: i8, %o: f32):
      %f = arith.uitofp %a : i8 to f32
      linalg.yield %f : f32
  } -> tensor<?x4x4x1xf32>
  %e1 = tensor.empty(%batch) : tensor<?x2x2x2xf32>
  %f1 = linalg.fill ins(%zero : f32) outs(%e1 : tensor<?x2x2x2xf32>) -> tensor<?x2x2x2xf32>
  %c = linalg.generic {indexing_maps = [#in, #w, #out],
                       iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction", "reduction"]}
      ins(%x, %conv : tensor<?x4x4x1xf32>, tensor<3x3x1x2xf32>) outs(%f1 : tensor<?x2x2x2xf32>) attrs = {cnn.contraction} {
    ^bb0(%a: f32, %b: f32, %o: f32):
      %p = arith.mulf %a, %b : f32
      %s = arith.addf %o, %p : f32
      linalg.yield %s : f32
  } -> tensor<?x2x2x2xf32>
  %r = linalg.generic {indexing_maps = [#id4, #o4, #id4], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%c, %bias : tensor<?x2x2x2xf32>, tensor<2xf32>) outs(%e1 : tensor<?x2x2x2xf32>) {
    ^bb0(%a: f32, %b: f32, %o: f32):
      %s = arith.addf %a, %b : f32
      %m = arith.maximumf %s, %zero : f32
      linalg.yield %m : f32
  } -> tensor<?x2x2x2xf32>
  %flat = tensor.collapse_shape %r [[0], [1, 2, 3]] : tensor<?x2x2x2xf32> into tensor<?x8xf32>
  %e2 = tensor.empty(%batch) : tensor<?x3xf32>
  %f2 = linalg.fill ins(%zero : f32) outs(%e2 : tensor<?x3xf32>) -> tensor<?x3xf32>
  %d = linalg.generic {indexing_maps = [#m_a, #m_b, #m_c], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%flat, %dense : tensor<?x8xf32>, tensor<8x3xf32>) outs(%f2 : tensor<?x3xf32>) attrs = {cnn.contraction} {
    ^bb0(%a: f32, %b: f32, %o: f32):
      %p = arith.mulf %a, %b : f32
      %s = arith.addf %o, %p : f32
      linalg.yield %s : f32
  } -> tensor<?x3xf32>
  return %d : tensor<?x3xf32>
}
func.func @Tiny.train_step(
    %value: tensor<?xf32> {cnn.name = "value", cnn.role = #cnn.role<input>},
    %key: tensor<2xi64> {cnn.role = #cnn.role<key>},
    %rate: tensor<f32> {cnn.role = #cnn.role<rate>},
    %bias: tensor<2xf32> {cnn.name = "conv.bias", cnn.role = #cnn.role<parameter>, cnn.init = #cnn.init<constant, 0.5, 0.0>},
    %velocity: tensor<2xf32> {cnn.name = "conv.bias:velocity", cnn.role = #cnn.role<slot>})
    -> (tensor<f32> {cnn.role = #cnn.role<loss>},
        tensor<2xf32> {cnn.role = #cnn.role<parameter>, cnn.tied = 3 : i64},
        tensor<2xf32> {cnn.role = #cnn.role<slot>, cnn.tied = 4 : i64}) attributes {cnn.kind = #cnn.function_kind<train_step>} {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %batch = tensor.dim %value, %c0 : tensor<?xf32>
  %e = tensor.empty() : tensor<f32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<f32>) -> tensor<f32>
  %sum = linalg.generic {indexing_maps = [#id1, #s1], iterator_types = ["reduction"]}
      ins(%value : tensor<?xf32>) outs(%f : tensor<f32>) {
    ^bb0(%a: f32, %o: f32):
      %s = arith.addf %a, %o : f32
      linalg.yield %s : f32
  } -> tensor<f32>
  %n = arith.index_cast %batch : index to i64
  %nf = arith.sitofp %n : i64 to f32
  %mean = linalg.generic {indexing_maps = [affine_map<() -> ()>, affine_map<() -> ()>], iterator_types = []}
      ins(%sum : tensor<f32>) outs(%e : tensor<f32>) {
    ^bb0(%a: f32, %o: f32):
      %q = arith.divf %a, %nf : f32
      linalg.yield %q : f32
  } -> tensor<f32>
  %e2 = tensor.empty() : tensor<2xf32>
  %new:2 = linalg.generic {indexing_maps = [#id1, #id1, #s1, #s1, #id1, #id1], iterator_types = ["parallel"]}
      ins(%bias, %velocity, %mean, %rate : tensor<2xf32>, tensor<2xf32>, tensor<f32>, tensor<f32>)
      outs(%e2, %e2 : tensor<2xf32>, tensor<2xf32>) {
    ^bb0(%p: f32, %v: f32, %m: f32, %l: f32, %o0: f32, %o1: f32):
      %v2 = arith.addf %v, %m : f32
      %d = arith.mulf %v2, %l : f32
      %p2 = arith.subf %p, %d : f32
      linalg.yield %p2, %v2 : f32, f32
  } -> (tensor<2xf32>, tensor<2xf32>)
  return %mean, %new#0, %new#1 : tensor<f32>, tensor<2xf32>, tensor<2xf32>
}
