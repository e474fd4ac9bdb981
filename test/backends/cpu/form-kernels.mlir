// RUN: cnn-opt %s -split-input-file -cnn-form-kernels | FileCheck %s

// A bias and an activation join the contraction; the two layers are one kernel.

#id = affine_map<(b, c) -> (b, c)>
#bias = affine_map<(b, c) -> (c)>

// CHECK: #[[WORK:.*]] = affine_map<(d0) -> (d0 * 32)>
// CHECK-LABEL: func.func @Net(
// CHECK-SAME: %[[BATCH:[a-z0-9]+]]: index, %[[X:[a-z0-9]+]]: memref<?x4xf32>
// CHECK-SAME: %[[W:[a-z0-9]+]]: memref<4x4xf32>
// CHECK-SAME: %[[BIAS:[a-z0-9]+]]: memref<4xf32>
// CHECK-SAME: %[[Y:[a-z0-9]+]]: memref<?x4xf32> {cnn.name = "y", cnn.role = #cnn.role<output>}
// CHECK-NEXT: %[[H:.*]] = memref.alloc(%[[BATCH]]) : memref<?x4xf32>
// CHECK-NEXT: call @[[K:kernel_0]](%[[X]], %[[W]], %[[BIAS]], %[[H]])
// CHECK-NEXT: call @[[K]](%[[H]], %[[W]], %[[BIAS]], %[[Y]])
// CHECK-NEXT: return
// CHECK: func.func private @[[K]](%{{.*}}: memref<?x4xf32>, %{{.*}}: memref<4x4xf32>, %{{.*}}: memref<4xf32>, %[[OUT:.*]]: memref<?x4xf32>)
// CHECK-SAME: attributes {cnn.kernel, cnn.work = #[[WORK]]}
// CHECK: linalg.fill
// CHECK: linalg.matmul
// CHECK: linalg.generic
// CHECK: bufferization.materialize_in_destination %{{.*}} in restrict writable %[[OUT]]
// CHECK-NOT: func.func
func.func @Net(%x: tensor<?x4xf32> {cnn.name = "x", cnn.role = #cnn.role<input>},
               %w: tensor<4x4xf32> {cnn.name = "w", cnn.role = #cnn.role<parameter>},
               %bias: tensor<4xf32> {cnn.name = "b", cnn.role = #cnn.role<parameter>})
    -> (tensor<?x4xf32> {cnn.name = "y", cnn.role = #cnn.role<output>}) attributes {cnn.kind = #cnn.function_kind<infer>} {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %batch = tensor.dim %x, %c0 : tensor<?x4xf32>
  %empty = tensor.empty(%batch) : tensor<?x4xf32>
  %fill = linalg.fill ins(%zero : f32) outs(%empty : tensor<?x4xf32>) -> tensor<?x4xf32>
  %0 = linalg.matmul ins(%x, %w : tensor<?x4xf32>, tensor<4x4xf32>) outs(%fill : tensor<?x4xf32>) -> tensor<?x4xf32>
  %1 = linalg.generic {indexing_maps = [#id, #bias, #id], iterator_types = ["parallel", "parallel"]}
      ins(%0, %bias : tensor<?x4xf32>, tensor<4xf32>) outs(%empty : tensor<?x4xf32>) {
    ^bb0(%a: f32, %b: f32, %o: f32):
      %s = arith.addf %a, %b : f32
      %r = arith.maximumf %s, %zero : f32
      linalg.yield %r : f32
  } -> tensor<?x4xf32>
  %2 = linalg.matmul ins(%1, %w : tensor<?x4xf32>, tensor<4x4xf32>) outs(%fill : tensor<?x4xf32>) -> tensor<?x4xf32>
  %3 = linalg.generic {indexing_maps = [#id, #bias, #id], iterator_types = ["parallel", "parallel"]}
      ins(%2, %bias : tensor<?x4xf32>, tensor<4xf32>) outs(%empty : tensor<?x4xf32>) {
    ^bb0(%a: f32, %b: f32, %o: f32):
      %s = arith.addf %a, %b : f32
      %r = arith.maximumf %s, %zero : f32
      linalg.yield %r : f32
  } -> tensor<?x4xf32>
  return %3 : tensor<?x4xf32>
}

// -----

// An operand that is read twice keeps its own kernel; a reshape is a view in the caller, also of what is returned.

// CHECK-LABEL: func.func @negative_two_readers(
// CHECK-SAME: %[[BATCH:[a-z0-9]+]]: index, %[[X:[a-z0-9]+]]: memref<?x2x2xf32>
// CHECK-SAME: %[[Y:[a-z0-9]+]]: memref<?x4xf32> {cnn.name = "y"
// CHECK-SAME: %[[Z:[a-z0-9]+]]: memref<?x2x2xf32> {cnn.name = "z"
// CHECK: %[[Z2:.*]] = memref.collapse_shape %[[Z]] {{\[}}[0], [1, 2]] : memref<?x2x2xf32> into memref<?x4xf32>
// CHECK: %[[X2:.*]] = memref.collapse_shape %[[X]] {{\[}}[0], [1, 2]] : memref<?x2x2xf32> into memref<?x4xf32>
// CHECK: call @kernel_0(%[[X2]], %[[Y]])
// CHECK: call @kernel_0(%[[Y]], %[[Z2]])
func.func @negative_two_readers(%x: tensor<?x2x2xf32> {cnn.name = "x", cnn.role = #cnn.role<input>})
    -> (tensor<?x4xf32> {cnn.name = "y", cnn.role = #cnn.role<output>},
        tensor<?x2x2xf32> {cnn.name = "z", cnn.role = #cnn.role<output>}) attributes {cnn.kind = #cnn.function_kind<infer>} {
  %c0 = arith.constant 0 : index
  %batch = tensor.dim %x, %c0 : tensor<?x2x2xf32>
  %flat = tensor.collapse_shape %x [[0], [1, 2]] : tensor<?x2x2xf32> into tensor<?x4xf32>
  %empty = tensor.empty(%batch) : tensor<?x4xf32>
  %0 = linalg.exp ins(%flat : tensor<?x4xf32>) outs(%empty : tensor<?x4xf32>) -> tensor<?x4xf32>
  %1 = linalg.exp ins(%0 : tensor<?x4xf32>) outs(%empty : tensor<?x4xf32>) -> tensor<?x4xf32>
  %2 = tensor.expand_shape %1 [[0], [1, 2]] output_shape [%batch, 2, 2] : tensor<?x4xf32> into tensor<?x2x2xf32>
  return %0, %2 : tensor<?x4xf32>, tensor<?x2x2xf32>
}

// -----

// A new weight is written in place, after the last reader of the old one.

// CHECK-LABEL: func.func @update(
// CHECK-SAME: %{{.*}}: index, %[[P:[a-z0-9]+]]: memref<f32> {cnn.name = "p", cnn.role = #cnn.role<parameter>}, %[[G:[a-z0-9]+]]: memref<f32>
// CHECK-SAME: %[[Q:[a-z0-9]+]]: memref<f32> {cnn.role = #cnn.role<loss>
// CHECK-NEXT: call @[[EXP:.*]](%[[P]], %[[Q]])
// CHECK-NEXT: call @[[SUB:.*]](%[[P]], %[[G]], %[[P]])
// CHECK-NEXT: return
// CHECK: func.func private @[[EXP]]
// CHECK: func.func private @[[SUB]]({{.*}} attributes {cnn.aliased = array<i64: 0, 2>, cnn.in_place = array<i64: 0, 2, 1, 2>, cnn.kernel
func.func @update(%p: tensor<f32> {cnn.name = "p", cnn.role = #cnn.role<parameter>},
                  %g: tensor<f32> {cnn.name = "g", cnn.role = #cnn.role<input>})
    -> (tensor<f32> {cnn.name = "p", cnn.role = #cnn.role<parameter>, cnn.tied = 0 : i64},
        tensor<f32> {cnn.role = #cnn.role<loss>}) attributes {cnn.kind = #cnn.function_kind<train_step>} {
  %empty = tensor.empty() : tensor<f32>
  %0 = linalg.sub ins(%p, %g : tensor<f32>, tensor<f32>) outs(%empty : tensor<f32>) -> tensor<f32>
  %1 = linalg.exp ins(%p : tensor<f32>) outs(%empty : tensor<f32>) -> tensor<f32>
  return %0, %1 : tensor<f32>, tensor<f32>
}

// -----

// Both new values need both old ones: one goes through a buffer of its own.

// CHECK-LABEL: func.func @swap(
// CHECK-SAME: %{{.*}}: index, %[[P:[a-z0-9]+]]: memref<4xf32> {{.*}}, %[[Q:[a-z0-9]+]]: memref<4xf32>
// CHECK: %[[T:.*]] = memref.alloc() : memref<4xf32>
// CHECK-NEXT: call @[[COPY:.*]](%[[Q]], %[[T]])
// CHECK-NEXT: call @[[COPY]](%[[P]], %[[Q]])
// CHECK-NEXT: call @[[COPY]](%[[T]], %[[P]])
func.func @swap(%p: tensor<4xf32> {cnn.name = "p", cnn.role = #cnn.role<parameter>},
                %q: tensor<4xf32> {cnn.name = "q", cnn.role = #cnn.role<parameter>})
    -> (tensor<4xf32> {cnn.name = "p", cnn.role = #cnn.role<parameter>, cnn.tied = 0 : i64},
        tensor<4xf32> {cnn.name = "q", cnn.role = #cnn.role<parameter>, cnn.tied = 1 : i64})
    attributes {cnn.kind = #cnn.function_kind<train_step>} {
  return %q, %p : tensor<4xf32>, tensor<4xf32>
}

// -----

// An update with two results, of which the first cannot be made in place (p is read at one place, for all), and the other
// has to wait: u, the new t, needs the old s. Each gets one buffer of its own and one copy.

#id = affine_map<(d0) -> (d0)>
#zero = affine_map<(d0) -> (0)>

// CHECK-LABEL: func.func @late(
// CHECK-SAME: %[[P:[a-z0-9]+]]: memref<4xf32> {cnn.name = "p", {{.*}}}, %[[S:[a-z0-9]+]]: memref<4xf32> {cnn.name = "s", {{.*}}}, %[[T:[a-z0-9]+]]: memref<4xf32> {cnn.name = "t"
// CHECK: %[[P2:.*]] = memref.alloc() : memref<4xf32>
// CHECK-NEXT: %[[S2:.*]] = memref.alloc() : memref<4xf32>
// CHECK-NEXT: call @{{.*}}(%[[P]], %[[S]], %[[T]], %[[P2]], %[[S2]])
// CHECK-NEXT: call @{{.*}}(%[[T]], %[[S]], %[[T]])
// CHECK-NEXT: call @[[COPY:.*]](%[[P2]], %[[P]])
// CHECK-NEXT: call @[[COPY]](%[[S2]], %[[S]])
// CHECK-NEXT: return
func.func @late(%p: tensor<4xf32> {cnn.name = "p", cnn.role = #cnn.role<parameter>},
                %s: tensor<4xf32> {cnn.name = "s", cnn.role = #cnn.role<state>},
                %t: tensor<4xf32> {cnn.name = "t", cnn.role = #cnn.role<state>})
    -> (tensor<4xf32> {cnn.role = #cnn.role<parameter>, cnn.tied = 0 : i64},
        tensor<4xf32> {cnn.role = #cnn.role<state>, cnn.tied = 1 : i64},
        tensor<4xf32> {cnn.role = #cnn.role<state>, cnn.tied = 2 : i64})
    attributes {cnn.kind = #cnn.function_kind<train_step>} {
  %e = tensor.empty() : tensor<4xf32>
  %r:2 = linalg.generic {indexing_maps = [#zero, #id, #id, #id, #id], iterator_types = ["parallel"]}
      ins(%p, %s, %t : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) outs(%e, %e : tensor<4xf32>, tensor<4xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32, %o: f32, %o2: f32):
    %1 = arith.addf %a, %c : f32
    %2 = arith.addf %b, %c : f32
    linalg.yield %1, %2 : f32, f32
  } -> (tensor<4xf32>, tensor<4xf32>)
  %u = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel"]}
      ins(%t, %s : tensor<4xf32>, tensor<4xf32>) outs(%e : tensor<4xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %1 = arith.mulf %a, %b : f32
    linalg.yield %1 : f32
  } -> tensor<4xf32>
  return %r#0, %r#1, %u : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
}

// -----

// An op that reads the neighbours of what it reads (a normalization across channels) does not join what makes them. The
// slices that it reads are its kernel's.

#id = affine_map<(b, c) -> (b, c)>
#next = affine_map<(b, c) -> (b, c + 1)>

// CHECK-LABEL: func.func @negative_neighbours(
// CHECK: call @kernel_0
// CHECK: call @kernel_1
// CHECK: func.func private @kernel_1
// CHECK: tensor.extract_slice %{{.*}}[0, 0] [%{{.*}}, 4] [1, 1] : tensor<?x5xf32> to tensor<?x4xf32>
func.func @negative_neighbours(%x: tensor<?x5xf32> {cnn.name = "x", cnn.role = #cnn.role<input>})
    -> (tensor<?x4xf32> {cnn.name = "y"}) attributes {cnn.kind = #cnn.function_kind<infer>} {
  %c0 = arith.constant 0 : index
  %batch = tensor.dim %x, %c0 : tensor<?x5xf32>
  %e5 = tensor.empty(%batch) : tensor<?x5xf32>
  %e4 = tensor.empty(%batch) : tensor<?x4xf32>
  %0 = linalg.exp ins(%x : tensor<?x5xf32>) outs(%e5 : tensor<?x5xf32>) -> tensor<?x5xf32>
  %slice = tensor.extract_slice %0[0, 0] [%batch, 4] [1, 1] : tensor<?x5xf32> to tensor<?x4xf32>
  %1 = linalg.generic {indexing_maps = [#id, #next, #id], iterator_types = ["parallel", "parallel"]}
      ins(%slice, %0 : tensor<?x4xf32>, tensor<?x5xf32>) outs(%e4 : tensor<?x4xf32>) {
    ^bb0(%a: f32, %b: f32, %o: f32):
      %s = arith.addf %a, %b : f32
      linalg.yield %s : f32
  } -> tensor<?x4xf32>
  return %1 : tensor<?x4xf32>
}

// -----

// An op that reads what is in its result's buffer before cannot work in place: the buffer is filled first.

#same = affine_map<(b, c) -> (b, c)>

// CHECK-LABEL: func.func @negative_reads_its_result(
// CHECK: func.func private @kernel_0({{.*}}) attributes {cnn.kernel, cnn.work = #{{[a-z0-9]+}}} {
// CHECK: linalg.fill
func.func @negative_reads_its_result(%x: tensor<?x4xf32> {cnn.name = "x", cnn.role = #cnn.role<input>})
    -> (tensor<?x4xf32> {cnn.name = "y"}) attributes {cnn.kind = #cnn.function_kind<infer>} {
  %c0 = arith.constant 0 : index
  %one = arith.constant 1.0 : f32
  %batch = tensor.dim %x, %c0 : tensor<?x4xf32>
  %empty = tensor.empty(%batch) : tensor<?x4xf32>
  %fill = linalg.fill ins(%one : f32) outs(%empty : tensor<?x4xf32>) -> tensor<?x4xf32>
  %0 = linalg.generic {indexing_maps = [#same, #same], iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<?x4xf32>) outs(%fill : tensor<?x4xf32>) {
    ^bb0(%a: f32, %o: f32):
      %s = arith.maximumf %a, %o : f32
      linalg.yield %s : f32
  } -> tensor<?x4xf32>
  return %0 : tensor<?x4xf32>
}

// -----

// What is concatenated is written into its place, and so is what is padded, whose border is filled. A tensor that is read
// elsewhere, too, is copied, and so are those it stands with.

#same = affine_map<(b, c) -> (b, c)>

// CHECK-LABEL: func.func @parts(
// CHECK-SAME: %[[BATCH:[a-z0-9]+]]: index, %[[X:[a-z0-9]+]]: memref<?x4xf32>
// CHECK-SAME: %[[BOTH:[a-z0-9]+]]: memref<?x8xf32> {cnn.name = "both"
// CHECK-SAME: %[[PADDED:[a-z0-9]+]]: memref<?x7xf32> {cnn.name = "padded"
// CHECK-SAME: %[[AGAIN:[a-z0-9]+]]: memref<?x8xf32> {cnn.name = "again"
// CHECK-SAME: %[[SEVENTH:[a-z0-9]+]]: memref<?x4xf32> {cnn.name = "seventh"
// CHECK-NEXT: call @[[FRONT:.*]](%[[X]], %[[BOTH]])
// CHECK-NEXT: call @[[BACK:.*]](%[[X]], %[[BOTH]])
// CHECK-NEXT: call @[[INSIDE:.*]](%[[X]], %[[PADDED]])
// CHECK-NEXT: call @[[BORDER:.*]](%[[PADDED]])
// CHECK-NEXT: %[[SIXTH:.*]] = memref.alloc
// CHECK-NEXT: call @{{.*}}(%[[X]], %[[SIXTH]])
// CHECK-NEXT: call @{{.*}}(%[[X]], %[[SEVENTH]])
// CHECK-NEXT: call @{{.*}}(%[[SIXTH]], %[[SEVENTH]], %[[AGAIN]])
// CHECK-NEXT: return
// CHECK: func.func private @[[FRONT]](
// CHECK: memref.subview %{{.*}}[0, 0] [%{{.*}}, 4] [1, 1] : memref<?x8xf32>
// CHECK: func.func private @[[BACK]](
// CHECK: memref.subview %{{.*}}[0, 4] [%{{.*}}, 4] [1, 1] : memref<?x8xf32>
// CHECK: func.func private @[[INSIDE]](
// CHECK: memref.subview %{{.*}}[0, 1] [%{{.*}}, 4] [1, 1] : memref<?x7xf32>
// CHECK: func.func private @[[BORDER]](%[[P:.*]]: memref<?x7xf32>)
// CHECK: %[[BELOW:.*]] = memref.subview %[[P]][0, 0] [%{{.*}}, 1] [1, 1]
// CHECK: linalg.fill ins(%{{.*}} : f32) outs(%[[BELOW]]
// CHECK: %[[ABOVE:.*]] = memref.subview %[[P]][0, 5] [%{{.*}}, 2] [1, 1]
// CHECK: linalg.fill ins(%{{.*}} : f32) outs(%[[ABOVE]]
func.func @parts(%x: tensor<?x4xf32> {cnn.name = "x", cnn.role = #cnn.role<input>})
    -> (tensor<?x8xf32> {cnn.name = "both"}, tensor<?x7xf32> {cnn.name = "padded"}, tensor<?x8xf32> {cnn.name = "again"},
        tensor<?x4xf32> {cnn.name = "seventh"}) attributes {cnn.kind = #cnn.function_kind<infer>} {
  %c0 = arith.constant 0 : index
  %batch = tensor.dim %x, %c0 : tensor<?x4xf32>
  %empty = tensor.empty(%batch) : tensor<?x4xf32>
  %wide = tensor.empty(%batch) : tensor<?x8xf32>
  %0 = linalg.exp ins(%x : tensor<?x4xf32>) outs(%empty : tensor<?x4xf32>) -> tensor<?x4xf32>
  %1 = linalg.abs ins(%x : tensor<?x4xf32>) outs(%empty : tensor<?x4xf32>) -> tensor<?x4xf32>
  %2 = tensor.insert_slice %0 into %wide[0, 0] [%batch, 4] [1, 1] : tensor<?x4xf32> into tensor<?x8xf32>
  %3 = tensor.insert_slice %1 into %2[0, 4] [%batch, 4] [1, 1] : tensor<?x4xf32> into tensor<?x8xf32>
  %4 = linalg.ceil ins(%x : tensor<?x4xf32>) outs(%empty : tensor<?x4xf32>) -> tensor<?x4xf32>
  %padded = tensor.empty(%batch) : tensor<?x7xf32>
  %zero = arith.constant 0.0 : f32
  %5 = linalg.generic {indexing_maps = [#same], iterator_types = ["parallel", "parallel"], cnn.pad,
                       cnn.halo = {low = array<i64: 0, 1>, value = 0.0 : f32}} outs(%padded : tensor<?x7xf32>) {
    ^bb0(%o: f32):
      %b = linalg.index 0 : index
      %i = linalg.index 1 : index
      %c1 = arith.constant 1 : index
      %c3 = arith.constant 3 : index
      %at = arith.subi %i, %c1 : index
      %low = arith.maxsi %at, %c0 : index
      %clamped = arith.minsi %low, %c3 : index
      %isInside = arith.cmpi eq, %at, %clamped : index
      %v = tensor.extract %4[%b, %clamped] : tensor<?x4xf32>
      %r = arith.select %isInside, %v, %zero : f32
      linalg.yield %r : f32
  } -> tensor<?x7xf32>
  %6 = linalg.floor ins(%x : tensor<?x4xf32>) outs(%empty : tensor<?x4xf32>) -> tensor<?x4xf32>
  %7 = linalg.negf ins(%x : tensor<?x4xf32>) outs(%empty : tensor<?x4xf32>) -> tensor<?x4xf32>
  %8 = tensor.insert_slice %6 into %wide[0, 0] [%batch, 4] [1, 1] : tensor<?x4xf32> into tensor<?x8xf32>
  %9 = tensor.insert_slice %7 into %8[0, 4] [%batch, 4] [1, 1] : tensor<?x4xf32> into tensor<?x8xf32>
  return %3, %5, %9, %7 : tensor<?x8xf32>, tensor<?x7xf32>, tensor<?x8xf32>, tensor<?x4xf32>
}

// -----

// A call of a device's part stays one, on dense buffers. What each kernel would compute for itself it is given a copy
// of, and its result is not written into a place inside of another tensor.

// CHECK-LABEL: func.func @Device(
// CHECK-SAME: %[[BATCH:[a-z0-9]+]]: index, %[[X:[a-z0-9]+]]: memref<?x8xf32>
// CHECK-SAME: %[[Y:[a-z0-9]+]]: memref<?x8xf32>
// CHECK-NEXT: %[[COPY:.*]] = memref.alloc(%[[BATCH]]) : memref<?x4xf32>
// CHECK-NEXT: call @kernel_0(%[[X]], %[[COPY]])
// CHECK-NEXT: %[[P:.*]] = memref.alloc(%[[BATCH]]) : memref<?x4xf32>
// CHECK-NEXT: %[[Q:.*]] = memref.alloc(%[[BATCH]]) : memref<?x4xf32>
// CHECK-NEXT: call @Device.part0(%[[COPY]], %[[P]], %[[Q]]) : (memref<?x4xf32>, memref<?x4xf32>, memref<?x4xf32>) -> ()
// CHECK-NEXT: call @{{.*}}(%[[P]], %[[Q]], %[[Y]])
// CHECK-NEXT: return
// CHECK: func.func private @Device.part0(memref<?x4xf32> {cnn.name = "x"}, memref<?x4xf32> {cnn.name = "p"}, memref<?x4xf32> {cnn.name = "q"})
// CHECK-SAME: attributes {cnn.device_inputs = 1 : i64, cnn.device_part = 0 : i64}
func.func @Device(%x: tensor<?x8xf32> {cnn.name = "x", cnn.role = #cnn.role<input>})
    -> (tensor<?x8xf32> {cnn.name = "y", cnn.role = #cnn.role<output>})
    attributes {cnn.kind = #cnn.function_kind<infer>} {
  %c0 = arith.constant 0 : index
  %batch = tensor.dim %x, %c0 : tensor<?x8xf32>
  %0 = tensor.extract_slice %x[0, 2] [%batch, 4] [1, 1] : tensor<?x8xf32> to tensor<?x4xf32>
  %1:2 = call @Device.part0(%0) : (tensor<?x4xf32>) -> (tensor<?x4xf32>, tensor<?x4xf32>)
  %2 = tensor.empty(%batch) : tensor<?x8xf32>
  %3 = tensor.insert_slice %1#0 into %2[0, 0] [%batch, 4] [1, 1] : tensor<?x4xf32> into tensor<?x8xf32>
  %4 = tensor.insert_slice %1#1 into %3[0, 4] [%batch, 4] [1, 1] : tensor<?x4xf32> into tensor<?x8xf32>
  return %4 : tensor<?x8xf32>
}
func.func private @Device.part0(tensor<?x4xf32> {cnn.name = "x"}) -> (tensor<?x4xf32> {cnn.name = "p"}, tensor<?x4xf32> {cnn.name = "q"})
    attributes {cnn.device_part = 0 : i64}

// -----

// A small tensor that is read with padding, and without: the contraction pads it.

#padded = affine_map<(b, w, c) -> (b, w, c)>
#x = affine_map<(b, w, o, j, c) -> (b, w + j, c)>
#weight = affine_map<(b, w, o, j, c) -> (j, c, o)>
#y = affine_map<(b, w, o, j, c) -> (b, w, o)>

// CHECK-LABEL: func.func @PadsInItems(
// CHECK: call @[[CONV:kernel_[0-9]+]](%{{.*}}, %{{.*}}, %{{.*}}) : (memref<?x4x2xf32>, memref<3x2x6xf32>, memref<?x4x6xf32>)
// CHECK-NEXT: call @[[OTHER:kernel_[0-9]+]](
// CHECK-NEXT: return
// CHECK: func.func private @[[CONV]](
// CHECK: linalg.generic {{.*}} outs(%{{.*}} : tensor<?x6x2xf32>) attrs = {cnn.halo = {{.*}}, cnn.pad}
// CHECK: cnn.contraction
// CHECK: func.func private @[[OTHER]](
// CHECK-NOT: cnn.pad
// CHECK: return
func.func @PadsInItems(%x: tensor<?x4x2xf32> {cnn.name = "x", cnn.role = #cnn.role<input>},
                       %w: tensor<3x2x6xf32> {cnn.name = "w", cnn.role = #cnn.role<parameter>})
    -> (tensor<?x4x6xf32> {cnn.name = "y", cnn.role = #cnn.role<output>},
        tensor<?x4x2xf32> {cnn.name = "z", cnn.role = #cnn.role<output>})
    attributes {cnn.kind = #cnn.function_kind<infer>} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c3 = arith.constant 3 : index
  %c4 = arith.constant 4 : index
  %zero = arith.constant 0.0 : f32
  %batch = tensor.dim %x, %c0 : tensor<?x4x2xf32>
  %space = tensor.empty(%batch) : tensor<?x6x2xf32>
  %0 = linalg.generic {indexing_maps = [#padded], iterator_types = ["parallel", "parallel", "parallel"]}
      outs(%space : tensor<?x6x2xf32>)
      attrs = {cnn.pad, cnn.halo = {low = array<i64: 0, 1, 0>, value = 0.0 : f32}} {
    ^bb0(%out: f32):
      %b = linalg.index 0 : index
      %i = linalg.index 1 : index
      %c = linalg.index 2 : index
      %before = arith.subi %i, %c1 : index
      %isInside = arith.cmpi ult, %before, %c4 : index
      %low = arith.maxsi %before, %c0 : index
      %at = arith.minsi %low, %c3 : index
      %value = tensor.extract %x[%b, %at, %c] : tensor<?x4x2xf32>
      %padded = arith.select %isInside, %value, %zero : f32
      linalg.yield %padded : f32
  } -> tensor<?x6x2xf32>
  %empty = tensor.empty(%batch) : tensor<?x4x6xf32>
  %fill = linalg.fill ins(%zero : f32) outs(%empty : tensor<?x4x6xf32>) -> tensor<?x4x6xf32>
  %1 = linalg.generic {indexing_maps = [#x, #weight, #y],
      iterator_types = ["parallel", "parallel", "parallel", "reduction", "reduction"]}
      ins(%0, %w : tensor<?x6x2xf32>, tensor<3x2x6xf32>) outs(%fill : tensor<?x4x6xf32>) attrs = {cnn.contraction} {
    ^bb0(%a: f32, %b: f32, %s: f32):
      %p = arith.mulf %a, %b : f32
      %t = arith.addf %s, %p : f32
      linalg.yield %t : f32
  } -> tensor<?x4x6xf32>
  %same = tensor.empty(%batch) : tensor<?x4x2xf32>
  %2 = linalg.generic {indexing_maps = [#padded, #padded], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%x : tensor<?x4x2xf32>) outs(%same : tensor<?x4x2xf32>) {
    ^bb0(%a: f32, %o: f32):
      %n = arith.negf %a : f32
      linalg.yield %n : f32
  } -> tensor<?x4x2xf32>
  return %1, %2 : tensor<?x4x6xf32>, tensor<?x4x2xf32>
}
