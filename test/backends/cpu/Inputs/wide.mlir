// A kernel whose items need more than a stack has: y[b, i, j] = x[b, i, j] - x[b, 99 - i, j], by way of a transposed copy of
// 120 kB.
func.func @Wide(%x: tensor<?x100x300xf32> {cnn.name = "x", cnn.role = #cnn.role<input>})
    -> (tensor<?x100x300xf32> {cnn.name = "y"}) attributes {cnn.kind = #cnn.function_kind<infer>} {
  %c0 = arith.constant 0 : index
  %batch = tensor.dim %x, %c0 : tensor<?x100x300xf32>
  %e = tensor.empty(%batch) : tensor<?x100x300xf32>
  %y = scf.forall (%b) in (%batch) shared_outs(%o = %e) -> tensor<?x100x300xf32> {
    %in = tensor.extract_slice %x[%b, 0, 0] [1, 100, 300] [1, 1, 1] : tensor<?x100x300xf32> to tensor<100x300xf32>
    %t = tensor.empty() : tensor<300x100xf32>
    %u = linalg.transpose ins(%in : tensor<100x300xf32>) outs(%t : tensor<300x100xf32>) permutation = [1, 0]
    %out = tensor.extract_slice %o[%b, 0, 0] [1, 100, 300] [1, 1, 1] : tensor<?x100x300xf32> to tensor<100x300xf32>
    %v = linalg.generic {indexing_maps = [affine_map<(i, j) -> (j, i)>, affine_map<(i, j) -> (99 - i, j)>,
                                          affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]}
        ins(%u, %in : tensor<300x100xf32>, tensor<100x300xf32>) outs(%out : tensor<100x300xf32>) {
      ^bb0(%p: f32, %q: f32, %d: f32):
        %s = arith.subf %p, %q : f32
        linalg.yield %s : f32
    } -> tensor<100x300xf32>
    scf.forall.in_parallel {
      tensor.parallel_insert_slice %v into %o[%b, 0, 0] [1, 100, 300] [1, 1, 1]
          : tensor<100x300xf32> into tensor<?x100x300xf32>
    }
  }
  return %y : tensor<?x100x300xf32>
}
