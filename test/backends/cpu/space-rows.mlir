// RUN: cnn-opt %s -split-input-file -cnn-form-kernels | FileCheck %s

// The rows of %h, 1,024 channels each, would all fall into one set of the cache for the contraction that reads them: in
// its buffer they are a line longer. What enters and leaves the function is dense.

#x = affine_map<(b, h, w, o, c) -> (b, h, w, c)>
#w = affine_map<(b, h, w, o, c) -> (c, o)>
#y = affine_map<(b, h, w, o, c) -> (b, h, w, o)>

// CHECK-LABEL: func.func @Net(
// CHECK-SAME: %[[X:[a-z0-9]+]]: memref<?x3x5x4xf32>
// CHECK-SAME: %[[Y:[a-z0-9]+]]: memref<?x3x5x8xf32>
// CHECK: %[[H:.*]] = memref.alloc(%{{.*}}) : memref<?x3x5x1040xf32>
// CHECK: call @[[FIRST:kernel_[0-9]+]](%[[X]], %{{.*}}, %[[H]])
// CHECK: call @[[SECOND:kernel_[0-9]+]](%[[H]], %{{.*}}, %[[Y]])
// CHECK: func.func private @[[FIRST]]({{.*}}, %[[OUT:[a-z0-9]+]]: memref<?x3x5x1040xf32>)
// CHECK: %[[PART:.*]] = memref.subview %[[OUT]][0, 0, 0, 0] [%{{.*}}, 3, 5, 1024] [1, 1, 1, 1]
// CHECK: bufferization.materialize_in_destination %{{.*}} in restrict writable %[[PART]]
// CHECK: func.func private @[[SECOND]](%[[IN:[a-z0-9]+]]: memref<?x3x5x1040xf32>
// CHECK: %[[ROWS:.*]] = memref.subview %[[IN]][0, 0, 0, 0] [%{{.*}}, 3, 5, 1024] [1, 1, 1, 1]
// CHECK: bufferization.to_tensor %[[ROWS]] restrict
func.func @Net(%x: tensor<?x3x5x4xf32> {cnn.name = "x", cnn.role = #cnn.role<input>},
               %v: tensor<4x1024xf32> {cnn.name = "v", cnn.role = #cnn.role<parameter>},
               %w: tensor<1024x8xf32> {cnn.name = "w", cnn.role = #cnn.role<parameter>})
    -> (tensor<?x3x5x8xf32> {cnn.name = "y", cnn.role = #cnn.role<output>}) attributes {cnn.kind = #cnn.function_kind<infer>} {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %batch = tensor.dim %x, %c0 : tensor<?x3x5x4xf32>
  %e0 = tensor.empty(%batch) : tensor<?x3x5x1024xf32>
  %f0 = linalg.fill ins(%zero : f32) outs(%e0 : tensor<?x3x5x1024xf32>) -> tensor<?x3x5x1024xf32>
  %h = linalg.generic {indexing_maps = [#x, #w, #y], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction"]}
      ins(%x, %v : tensor<?x3x5x4xf32>, tensor<4x1024xf32>) outs(%f0 : tensor<?x3x5x1024xf32>) attrs = {cnn.contraction} {
    ^bb0(%a: f32, %b: f32, %c: f32):
      %p = arith.mulf %a, %b : f32
      %s = arith.addf %c, %p : f32
      linalg.yield %s : f32
  } -> tensor<?x3x5x1024xf32>
  %e1 = tensor.empty(%batch) : tensor<?x3x5x8xf32>
  %f1 = linalg.fill ins(%zero : f32) outs(%e1 : tensor<?x3x5x8xf32>) -> tensor<?x3x5x8xf32>
  %y = linalg.generic {indexing_maps = [#x, #w, #y], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction"]}
      ins(%h, %w : tensor<?x3x5x1024xf32>, tensor<1024x8xf32>) outs(%f1 : tensor<?x3x5x8xf32>) attrs = {cnn.contraction} {
    ^bb0(%a: f32, %b: f32, %c: f32):
      %p = arith.mulf %a, %b : f32
      %s = arith.addf %c, %p : f32
      linalg.yield %s : f32
  } -> tensor<?x3x5x8xf32>
  return %y : tensor<?x3x5x8xf32>
}

// -----

// Eight positions have a place each, and 512 channels two sets: nothing is gained.

#x = affine_map<(b, h, w, o, c) -> (b, h, w, c)>
#w = affine_map<(b, h, w, o, c) -> (c, o)>
#y = affine_map<(b, h, w, o, c) -> (b, h, w, o)>
#id = affine_map<(b, h, w, c) -> (b, h, w, c)>

// CHECK-LABEL: func.func @negative_few(
// CHECK: memref.alloc(%{{.*}}) : memref<?x2x4x1024xf32>
// CHECK: memref.alloc(%{{.*}}) : memref<?x3x5x512xf32>
func.func @negative_few(%x: tensor<?x2x4x1024xf32> {cnn.name = "x", cnn.role = #cnn.role<input>}, %z: tensor<?x3x5x512xf32> {cnn.name = "z", cnn.role = #cnn.role<input>},
               %w: tensor<1024x8xf32> {cnn.name = "w", cnn.role = #cnn.role<parameter>}, %v: tensor<512x8xf32> {cnn.name = "v", cnn.role = #cnn.role<parameter>})
    -> (tensor<?x2x4x8xf32> {cnn.name = "y", cnn.role = #cnn.role<output>}, tensor<?x3x5x8xf32> {cnn.name = "u", cnn.role = #cnn.role<output>}) attributes {cnn.kind = #cnn.function_kind<infer>} {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %batch = tensor.dim %x, %c0 : tensor<?x2x4x1024xf32>
  %e0 = tensor.empty(%batch) : tensor<?x2x4x1024xf32>
  %h = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%x : tensor<?x2x4x1024xf32>) outs(%e0 : tensor<?x2x4x1024xf32>) {
    ^bb0(%a: f32, %c: f32):
      %r = arith.negf %a : f32
      linalg.yield %r : f32
  } -> tensor<?x2x4x1024xf32>
  %e1 = tensor.empty(%batch) : tensor<?x2x4x8xf32>
  %f1 = linalg.fill ins(%zero : f32) outs(%e1 : tensor<?x2x4x8xf32>) -> tensor<?x2x4x8xf32>
  %y = linalg.generic {indexing_maps = [#x, #w, #y], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction"]}
      ins(%h, %w : tensor<?x2x4x1024xf32>, tensor<1024x8xf32>) outs(%f1 : tensor<?x2x4x8xf32>) attrs = {cnn.contraction} {
    ^bb0(%a: f32, %b: f32, %c: f32):
      %p = arith.mulf %a, %b : f32
      %s = arith.addf %c, %p : f32
      linalg.yield %s : f32
  } -> tensor<?x2x4x8xf32>
  %e2 = tensor.empty(%batch) : tensor<?x3x5x512xf32>
  %g = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%z : tensor<?x3x5x512xf32>) outs(%e2 : tensor<?x3x5x512xf32>) {
    ^bb0(%a: f32, %c: f32):
      %r = arith.negf %a : f32
      linalg.yield %r : f32
  } -> tensor<?x3x5x512xf32>
  %e3 = tensor.empty(%batch) : tensor<?x3x5x8xf32>
  %f3 = linalg.fill ins(%zero : f32) outs(%e3 : tensor<?x3x5x8xf32>) -> tensor<?x3x5x8xf32>
  %u = linalg.generic {indexing_maps = [#x, #w, #y], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction"]}
      ins(%g, %v : tensor<?x3x5x512xf32>, tensor<512x8xf32>) outs(%f3 : tensor<?x3x5x8xf32>) attrs = {cnn.contraction} {
    ^bb0(%a: f32, %b: f32, %c: f32):
      %p = arith.mulf %a, %b : f32
      %s = arith.addf %c, %p : f32
      linalg.yield %s : f32
  } -> tensor<?x3x5x8xf32>
  return %y, %u : tensor<?x2x4x8xf32>, tensor<?x3x5x8xf32>
}

// -----

// Two sets have 16 places, and these are 18 positions, which a tile with one vector of outputs reads at once.

#x = affine_map<(b, h, w, o, c) -> (b, h, w, c)>
#w = affine_map<(b, h, w, o, c) -> (c, o)>
#y = affine_map<(b, h, w, o, c) -> (b, h, w, o)>

// CHECK-LABEL: func.func @TwoSets(
// CHECK: memref.alloc(%{{.*}}) : memref<?x3x6x528xf32>
func.func @TwoSets(%x: tensor<?x3x6x4xf32> {cnn.name = "x", cnn.role = #cnn.role<input>},
               %v: tensor<4x512xf32> {cnn.name = "v", cnn.role = #cnn.role<parameter>},
               %w: tensor<512x8xf32> {cnn.name = "w", cnn.role = #cnn.role<parameter>})
    -> (tensor<?x3x6x8xf32> {cnn.name = "y", cnn.role = #cnn.role<output>}) attributes {cnn.kind = #cnn.function_kind<infer>} {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %batch = tensor.dim %x, %c0 : tensor<?x3x6x4xf32>
  %e0 = tensor.empty(%batch) : tensor<?x3x6x512xf32>
  %f0 = linalg.fill ins(%zero : f32) outs(%e0 : tensor<?x3x6x512xf32>) -> tensor<?x3x6x512xf32>
  %h = linalg.generic {indexing_maps = [#x, #w, #y], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction"]}
      ins(%x, %v : tensor<?x3x6x4xf32>, tensor<4x512xf32>) outs(%f0 : tensor<?x3x6x512xf32>) attrs = {cnn.contraction} {
    ^bb0(%a: f32, %b: f32, %c: f32):
      %p = arith.mulf %a, %b : f32
      %s = arith.addf %c, %p : f32
      linalg.yield %s : f32
  } -> tensor<?x3x6x512xf32>
  %e1 = tensor.empty(%batch) : tensor<?x3x6x8xf32>
  %f1 = linalg.fill ins(%zero : f32) outs(%e1 : tensor<?x3x6x8xf32>) -> tensor<?x3x6x8xf32>
  %y = linalg.generic {indexing_maps = [#x, #w, #y], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction"]}
      ins(%h, %w : tensor<?x3x6x512xf32>, tensor<512x8xf32>) outs(%f1 : tensor<?x3x6x8xf32>) attrs = {cnn.contraction} {
    ^bb0(%a: f32, %b: f32, %c: f32):
      %p = arith.mulf %a, %b : f32
      %s = arith.addf %c, %p : f32
      linalg.yield %s : f32
  } -> tensor<?x3x6x8xf32>
  return %y : tensor<?x3x6x8xf32>
}
