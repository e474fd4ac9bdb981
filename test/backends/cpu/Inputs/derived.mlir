// A network that reads what is derived from its weight [16, 4, 3, 3], and not the weight: u = x * U, v = x * V, where U are
// the filters of F(4 x 4, 3 x 3) in blocks of 8 outputs, and V those of F(2 x 2, 3 x 3) without blocks.
func.func @Derived(
    %x: tensor<?xf32> {cnn.name = "x", cnn.role = #cnn.role<input>},
    %u: tensor<36x2x4x8xf32> {cnn.name = "w", cnn.role = #cnn.role<derived>, cnn.derived = #cnn.winograd<4, 3>},
    %w: tensor<2x3x3x4x8xf32> {cnn.name = "w", cnn.role = #cnn.role<parameter>, cnn.init = #cnn.init<uniform, -1.0, 1.0>,
                               cnn.storage = array<i64: 0, 2, 3, 1, 0>},
    %v: tensor<16x4x16xf32> {cnn.name = "w", cnn.role = #cnn.role<derived>, cnn.derived = #cnn.winograd<2, 3>})
    -> (tensor<?x36x2x4x8xf32> {cnn.name = "u"}, tensor<?x16x4x16xf32> {cnn.name = "v"})
    attributes {cnn.kind = #cnn.function_kind<infer>} {
  %c0 = arith.constant 0 : index
  %batch = tensor.dim %x, %c0 : tensor<?xf32>
  %e0 = tensor.empty(%batch) : tensor<?x36x2x4x8xf32>
  %e1 = tensor.empty(%batch) : tensor<?x16x4x16xf32>
  %0 = linalg.generic {indexing_maps = [affine_map<(b, k, p, c, o) -> (b)>, affine_map<(b, k, p, c, o) -> (k, p, c, o)>,
                                        affine_map<(b, k, p, c, o) -> (b, k, p, c, o)>],
                       iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel"]}
      ins(%x, %u : tensor<?xf32>, tensor<36x2x4x8xf32>) outs(%e0 : tensor<?x36x2x4x8xf32>) {
    ^bb0(%a: f32, %b: f32, %o: f32):
      %p = arith.mulf %a, %b : f32
      linalg.yield %p : f32
  } -> tensor<?x36x2x4x8xf32>
  %1 = linalg.generic {indexing_maps = [affine_map<(b, k, c, o) -> (b)>, affine_map<(b, k, c, o) -> (k, c, o)>,
                                        affine_map<(b, k, c, o) -> (b, k, c, o)>],
                       iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%x, %v : tensor<?xf32>, tensor<16x4x16xf32>) outs(%e1 : tensor<?x16x4x16xf32>) {
    ^bb0(%a: f32, %b: f32, %o: f32):
      %p = arith.mulf %a, %b : f32
      linalg.yield %p : f32
  } -> tensor<?x16x4x16xf32>
  return %0, %1 : tensor<?x36x2x4x8xf32>, tensor<?x16x4x16xf32>
}
