// RUN: cnn-opt %s -cnn-cpu-pack-arguments | FileCheck %s

// The slots: two buffers, then the batch.

// CHECK-LABEL: llvm.func internal @plain(
// CHECK-SAME: %[[SLOTS:.*]]: !llvm.ptr, %[[BEGIN:.*]]: i64, %[[END:.*]]: i64)
// CHECK: %[[X:.*]] = llvm.load
// CHECK: %[[Y:.*]] = llvm.load
// CHECK: llvm.getelementptr %[[SLOTS]][2]
// CHECK: %[[BATCH:.*]] = llvm.load
// CHECK-NEXT: call @plain.body(%[[X]], %[[Y]], %[[BATCH]], %[[BEGIN]], %[[END]])
// CHECK-NEXT: llvm.return
func.func private @plain(%x: memref<?x4xf32>, %y: memref<?x4xf32>, %begin: index, %end: index)
    attributes {cnn.kernel, cnn.work_items = affine_map<(b) -> (b)>} {
  memref.copy %x, %y : memref<?x4xf32> to memref<?x4xf32>
  return
}

// A kernel with scratch memory: behind the batch, the pool and the size of a slot, from which it takes one for the body.

// CHECK-LABEL: llvm.func internal @scratch(
// CHECK-SAME: %[[SLOTS:.*]]: !llvm.ptr, %[[BEGIN:.*]]: i64, %[[END:.*]]: i64)
// CHECK-SAME: cnn.scratch_bytes = 128 : i64
// CHECK: %[[X:.*]] = llvm.load
// CHECK: llvm.getelementptr %[[SLOTS]][1]
// CHECK: %[[BATCH:.*]] = llvm.load {{.*}} -> i64
// CHECK: llvm.getelementptr %[[SLOTS]][2]
// CHECK: %[[POOL:.*]] = llvm.load {{.*}} -> !llvm.ptr
// CHECK: llvm.getelementptr %[[SLOTS]][3]
// CHECK: %[[BYTES:.*]] = llvm.load {{.*}} -> i64
// CHECK-NEXT: %[[SCRATCH:.*]] = llvm.call @cnn_scratch_claim(%[[POOL]], %[[BYTES]])
// CHECK-NEXT: call @scratch.body(%[[X]], %[[SCRATCH]], %[[BATCH]], %[[BEGIN]], %[[END]])
// CHECK-NEXT: llvm.call @cnn_scratch_release(%[[POOL]], %[[BYTES]], %[[SCRATCH]])
// CHECK-NEXT: llvm.return
// CHECK: func.func private @scratch.body(
// CHECK-NOT: cnn.scratch_bytes
func.func private @scratch(%x: memref<?x32xf32>, %scratch: memref<128xi8>, %begin: index, %end: index)
    attributes {cnn.kernel, cnn.work_items = affine_map<(b) -> (b)>, cnn.scratch_bytes = 128 : i64} {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %t = memref.view %scratch[%c0][] : memref<128xi8> to memref<32xf32>
  memref.store %zero, %t[%c0] : memref<32xf32>
  return
}

// CHECK: llvm.func @cnn_scratch_claim(!llvm.ptr, i64) -> !llvm.ptr
// CHECK: llvm.func @cnn_scratch_release(!llvm.ptr, i64, !llvm.ptr)
