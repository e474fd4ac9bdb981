// RUN: cnn-opt %s -split-input-file -cnn-slice-batch | FileCheck %s
// RUN: cnn-opt %s -split-input-file -cnn-slice-batch=samples=2 | FileCheck %s --check-prefix=FORCED
// RUN: cnn-opt %s -split-input-file -cnn-slice-batch=samples=-1 | FileCheck %s --check-prefix=NONE --implicit-check-not=cnn.slice

// Activations of a megabyte go sample by sample. The scale is the same for all samples, and goes ahead with its buffer.
// The dense layer reads 4 MB of weights for a million multiply-adds, and has the whole batch.

// CHECK-LABEL: func.func @net(
// CHECK-SAME: cnn.slice_samples = array<i64: 1>
// CHECK: %[[SCALE:.*]] = memref.alloc() : memref<64xf32>
// CHECK: call @scale(%{{.*}}, %[[SCALE]]) : (memref<64xf32>, memref<64xf32>) -> ()
// CHECK: call @conv({{.*}}) {cnn.slice = 0 : i64}
// CHECK: call @norm(%{{.*}}, %[[SCALE]], %{{.*}}) {cnn.slice = 0 : i64}
// CHECK: call @pool({{.*}}) {cnn.slice = 0 : i64}
// CHECK: call @dense({{[^{]*}}) :
// FORCED-LABEL: func.func @net(
// FORCED-SAME: cnn.slice_samples = array<i64: 2>
// FORCED: call @dense({{.*}}) {cnn.slice = 0 : i64}
// NONE: call @conv(
// NONE: call @scale(
// NONE: call @dense(
func.func @net(%batch: index, %x: memref<?x64x64x64xf32>, %w: memref<3x3x64x64xf32>, %variance: memref<64xf32>,
               %v: memref<1024x1024xf32>, %y: memref<?x1024xf32>) attributes {cnn.kind = #cnn.function_kind<infer>} {
  %0 = memref.alloc(%batch) : memref<?x64x64x64xf32>
  call @conv(%x, %w, %0) : (memref<?x64x64x64xf32>, memref<3x3x64x64xf32>, memref<?x64x64x64xf32>) -> ()
  %1 = memref.alloc() : memref<64xf32>
  call @scale(%variance, %1) : (memref<64xf32>, memref<64xf32>) -> ()
  %2 = memref.alloc(%batch) : memref<?x64x64x64xf32>
  call @norm(%0, %1, %2) : (memref<?x64x64x64xf32>, memref<64xf32>, memref<?x64x64x64xf32>) -> ()
  %3 = memref.alloc(%batch) : memref<?x1024xf32>
  call @pool(%2, %3) : (memref<?x64x64x64xf32>, memref<?x1024xf32>) -> ()
  call @dense(%3, %v, %y) : (memref<?x1024xf32>, memref<1024x1024xf32>, memref<?x1024xf32>) -> ()
  return
}
func.func private @conv(memref<?x64x64x64xf32>, memref<3x3x64x64xf32>, memref<?x64x64x64xf32>)
    attributes {cnn.kernel, cnn.work = affine_map<(b) -> (b * 150994944)>}
func.func private @scale(memref<64xf32>, memref<64xf32>) attributes {cnn.kernel, cnn.work = affine_map<(b) -> (256)>}
func.func private @norm(memref<?x64x64x64xf32>, memref<64xf32>, memref<?x64x64x64xf32>)
    attributes {cnn.kernel, cnn.work = affine_map<(b) -> (b * 1048576)>}
func.func private @pool(memref<?x64x64x64xf32>, memref<?x1024xf32>)
    attributes {cnn.kernel, cnn.work = affine_map<(b) -> (b * 262144)>}
func.func private @dense(memref<?x1024xf32>, memref<1024x1024xf32>, memref<?x1024xf32>)
    attributes {cnn.kernel, cnn.work = affine_map<(b) -> (b * 1048576 + 7)>}

// -----

// What depends on the batch no more, but reads what a call of the slice has written, ends it; so does a call that is
// large. Two samples of these activations fit into half of the cache.

// CHECK-LABEL: func.func @broken(
// CHECK-SAME: cnn.slice_samples = array<i64: 2, 2>
// CHECK: call @half({{.*}}) {cnn.slice = 0 : i64}
// CHECK: call @half({{.*}}) {cnn.slice = 0 : i64}
// CHECK: call @large({{[^{]*}}) :
// CHECK: call @half({{.*}}) {cnn.slice = 1 : i64}
// CHECK: call @half({{.*}}) {cnn.slice = 1 : i64}
func.func @broken(%batch: index, %x: memref<?x32768xf32>, %w: memref<32768xf32>, %y: memref<?x32768xf32>)
    attributes {cnn.kind = #cnn.function_kind<infer>} {
  %0 = memref.alloc(%batch) : memref<?x32768xf32>
  call @half(%x, %0) : (memref<?x32768xf32>, memref<?x32768xf32>) -> ()
  %1 = memref.alloc(%batch) : memref<?x32768xf32>
  call @half(%0, %1) : (memref<?x32768xf32>, memref<?x32768xf32>) -> ()
  %2 = memref.alloc() : memref<32768xf32>
  call @large(%w, %2) : (memref<32768xf32>, memref<32768xf32>) -> ()
  %3 = memref.alloc(%batch) : memref<?x32768xf32>
  call @half(%1, %3) : (memref<?x32768xf32>, memref<?x32768xf32>) -> ()
  call @half(%3, %y) : (memref<?x32768xf32>, memref<?x32768xf32>) -> ()
  return
}
func.func private @half(memref<?x32768xf32>, memref<?x32768xf32>)
    attributes {cnn.kernel, cnn.work = affine_map<(b) -> (b * 1000000)>}
func.func private @large(memref<32768xf32>, memref<32768xf32>) attributes {cnn.kernel}

// -----

// Not: small activations, and training.

// CHECK-LABEL: func.func @negative_small(
// CHECK-NOT: cnn.slice
// CHECK: return
func.func @negative_small(%batch: index, %x: memref<?x1024xf32>, %y: memref<?x1024xf32>)
    attributes {cnn.kind = #cnn.function_kind<infer>} {
  %0 = memref.alloc(%batch) : memref<?x1024xf32>
  call @small(%x, %0) : (memref<?x1024xf32>, memref<?x1024xf32>) -> ()
  call @small(%0, %y) : (memref<?x1024xf32>, memref<?x1024xf32>) -> ()
  return
}
func.func private @small(memref<?x1024xf32>, memref<?x1024xf32>)
    attributes {cnn.kernel, cnn.work = affine_map<(b) -> (b * 10000000)>}

// -----

// CHECK-LABEL: func.func @negative_training(
// CHECK-NOT: cnn.slice
// CHECK: return
func.func @negative_training(%batch: index, %x: memref<?x1000000xf32>, %y: memref<?x1000000xf32>)
    attributes {cnn.kind = #cnn.function_kind<train_step>} {
  %0 = memref.alloc(%batch) : memref<?x1000000xf32>
  call @large(%x, %0) : (memref<?x1000000xf32>, memref<?x1000000xf32>) -> ()
  call @large(%0, %y) : (memref<?x1000000xf32>, memref<?x1000000xf32>) -> ()
  return
}
func.func private @large(memref<?x1000000xf32>, memref<?x1000000xf32>)
    attributes {cnn.kernel, cnn.work = affine_map<(b) -> (b * 10000000)>}
