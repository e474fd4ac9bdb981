// RUN: cnn-opt %s -split-input-file -cnn-plan-memory | FileCheck %s

// Three activations, of which two live at the same time; the third gets the place of the first. The sum has no batch
// and lies in front; then comes the second activation, which is needed with each of the others.

// CHECK: #[[FIRST:.*]] = affine_map<(d0) -> (d0 * 64 + 64)>
// CHECK-LABEL: func.func @chain(
// CHECK-SAME: %[[BATCH:.*]]: index, %{{.*}}: memref<?x16xf32>, %[[ARENA:.*]]: memref<?xi8>)
// CHECK-SAME: cnn.arena = {fixed_bound = 64 : i64, fixed_bytes = 64 : i64, sample_bound = 192 : i64, sample_bytes = 192 : i64}
// CHECK: %[[A:.*]] = affine.apply #[[FIRST]](%[[BATCH]])
// CHECK: memref.view %[[ARENA]][%[[A]]][%[[BATCH]]] : memref<?xi8> to memref<?x32xf32>
// CHECK: memref.view %[[ARENA]][%{{.*}}][%[[BATCH]]] : memref<?xi8> to memref<?x16xf32>
// CHECK: %[[C:.*]] = affine.apply #[[FIRST]](%[[BATCH]])
// CHECK: memref.view %[[ARENA]][%[[C]]][%[[BATCH]]] : memref<?xi8> to memref<?x32xf32>
// CHECK: memref.view %[[ARENA]][%{{.*}}][] : memref<?xi8> to memref<3xf32>
func.func @chain(%batch: index, %x: memref<?x16xf32>) attributes {cnn.kind = #cnn.function_kind<infer>} {
  %0 = memref.alloc(%batch) : memref<?x32xf32>
  call @widen(%x, %0) : (memref<?x16xf32>, memref<?x32xf32>) -> ()
  %1 = memref.alloc(%batch) : memref<?x16xf32>
  call @narrow(%0, %1) : (memref<?x32xf32>, memref<?x16xf32>) -> ()
  %2 = memref.alloc(%batch) : memref<?x32xf32>
  call @widen(%1, %2) : (memref<?x16xf32>, memref<?x32xf32>) -> ()
  %3 = memref.alloc() : memref<3xf32>
  call @sum(%2, %3) : (memref<?x32xf32>, memref<3xf32>) -> ()
  return
}
func.func private @widen(memref<?x16xf32>, memref<?x32xf32>) attributes {cnn.kernel}
func.func private @narrow(memref<?x32xf32>, memref<?x16xf32>) attributes {cnn.kernel}
func.func private @sum(memref<?x32xf32>, memref<3xf32>) attributes {cnn.kernel}

// -----

// The second kernel may work in place on what it reads last; the first may not, its operand is an argument.

// CHECK-LABEL: func.func @in_place(
// CHECK-SAME: sample_bound = 64 : i64, sample_bytes = 64 : i64
// CHECK: call @exp(
// CHECK: call @exp_in_place_0_1(
// CHECK: func.func private @exp_in_place_0_1({{.*}} attributes {cnn.aliased = array<i64: 0, 1>
func.func @in_place(%batch: index, %x: memref<?x16xf32>, %y: memref<?x16xf32>)
    attributes {cnn.kind = #cnn.function_kind<infer>} {
  %0 = memref.alloc(%batch) : memref<?x16xf32>
  call @exp(%x, %0) : (memref<?x16xf32>, memref<?x16xf32>) -> ()
  %1 = memref.alloc(%batch) : memref<?x16xf32>
  call @exp(%0, %1) : (memref<?x16xf32>, memref<?x16xf32>) -> ()
  call @reverse(%1, %y) : (memref<?x16xf32>, memref<?x16xf32>) -> ()
  return
}
func.func private @exp(memref<?x16xf32>, memref<?x16xf32>) attributes {cnn.kernel, cnn.in_place = array<i64: 0, 1>}
func.func private @reverse(memref<?x16xf32>, memref<?x16xf32>) attributes {cnn.kernel}

// -----

// Two views of one buffer in one call: not in place.

// CHECK-LABEL: func.func @negative_two_views(
// CHECK-SAME: sample_bytes = 128 : i64
// CHECK: call @add(
func.func @negative_two_views(%batch: index, %x: memref<?x16xf32>, %y: memref<?x16xf32>)
    attributes {cnn.kind = #cnn.function_kind<infer>} {
  %0 = memref.alloc(%batch) : memref<?x16xf32>
  call @reverse(%x, %0) : (memref<?x16xf32>, memref<?x16xf32>) -> ()
  %1 = memref.alloc(%batch) : memref<?x16xf32>
  %2 = memref.expand_shape %0 [[0], [1, 2]] output_shape [%batch, 4, 4] : memref<?x16xf32> into memref<?x4x4xf32>
  call @add(%0, %2, %1) : (memref<?x16xf32>, memref<?x4x4xf32>, memref<?x16xf32>) -> ()
  call @reverse(%1, %y) : (memref<?x16xf32>, memref<?x16xf32>) -> ()
  return
}
func.func private @add(memref<?x16xf32>, memref<?x4x4xf32>, memref<?x16xf32>)
    attributes {cnn.kernel, cnn.in_place = array<i64: 0, 2>}
func.func private @reverse(memref<?x16xf32>, memref<?x16xf32>) attributes {cnn.kernel}

// -----

// The first buffer is of the slice alone: it has room for two samples and no more, among the fixed ones. The second one
// is read behind the slice. What the slice reads in its first call it reads again for the next samples: the table keeps
// its place to the end of the slice, and shares no bytes with the first buffer.

// CHECK: #[[TABLE:.*]] = affine_map<(d0) -> (0)>
// CHECK-LABEL: func.func @slices(
// CHECK-SAME: cnn.arena = {fixed_bound = 192 : i64, fixed_bytes = 192 : i64, sample_bound = 64 : i64, sample_bytes = 64 : i64}
// CHECK: %[[SHIFT:.*]] = affine.apply #[[TABLE]](
// CHECK: memref.view %{{.*}}[%[[SHIFT]]][] : memref<?xi8> to memref<16xf32>
// CHECK: memref.view {{.*}} {cnn.slice = 0 : i64} : memref<?xi8> to memref<?x16xf32>
// CHECK: memref.view {{[^{]*}} : memref<?xi8> to memref<?x16xf32>
func.func @slices(%batch: index, %x: memref<?x16xf32>, %y: memref<?x16xf32>)
    attributes {cnn.kind = #cnn.function_kind<infer>, cnn.slice_samples = array<i64: 2>} {
  %0 = memref.alloc() : memref<16xf32>
  call @table(%0) : (memref<16xf32>) -> ()
  %1 = memref.alloc(%batch) : memref<?x16xf32>
  call @add(%x, %0, %1) {cnn.slice = 0 : i64} : (memref<?x16xf32>, memref<16xf32>, memref<?x16xf32>) -> ()
  %2 = memref.alloc(%batch) : memref<?x16xf32>
  call @reverse(%1, %2) {cnn.slice = 0 : i64} : (memref<?x16xf32>, memref<?x16xf32>) -> ()
  call @reverse(%2, %y) : (memref<?x16xf32>, memref<?x16xf32>) -> ()
  return
}
func.func private @table(memref<16xf32>) attributes {cnn.kernel}
func.func private @add(memref<?x16xf32>, memref<16xf32>, memref<?x16xf32>) attributes {cnn.kernel}
func.func private @reverse(memref<?x16xf32>, memref<?x16xf32>) attributes {cnn.kernel}
