// RUN: cnn-opt %s -split-input-file -cnn-cpu-split-work | FileCheck %s

// The loop over a range of items works out their coordinates. Its temporary is one for all items, and no vector is made
// of several of them.

// CHECK: #[[NEVER:.*]] = #llvm.loop_vectorize<disable = true>
// CHECK: #[[ITEMS:.*]] = affine_map<(d0) -> (d0 * 7)>
// CHECK: #[[APART:.*]] = #llvm.loop_annotation<vectorize = #[[NEVER]]>
// CHECK-LABEL: func.func private @kernel(
// CHECK-SAME: %[[X:[a-z0-9]+]]: memref<?x14xf32>, %[[Y:[a-z0-9]+]]: memref<?x14xf32>, %[[BEGIN:[a-z0-9]+]]: index, %[[END:[a-z0-9]+]]: index)
// CHECK-SAME: cnn.work_items = #[[ITEMS]]
// CHECK: memref.alloca() : memref<2xf32>
// CHECK: scf.for %[[ITEM:.*]] = %[[BEGIN]] to %[[END]]
// CHECK: arith.remui %[[ITEM]]
// CHECK-NOT: memref.alloca
// CHECK: } {llvm.loop_annotation = #[[APART]]}
func.func private @kernel(%x: memref<?x14xf32>, %y: memref<?x14xf32>) attributes {cnn.kernel} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %batch = memref.dim %x, %c0 : memref<?x14xf32>
  scf.forall (%b, %i) = (0, 0) to (%batch, 14) step (1, 2) {
    %t = memref.alloca() : memref<2xf32>
    %0 = memref.load %x[%b, %i] : memref<?x14xf32>
    memref.store %0, %t[%c1] : memref<2xf32>
    %1 = memref.load %t[%c1] : memref<2xf32>
    memref.store %1, %y[%b, %i] : memref<?x14xf32>
  }
  return
}

// -----

// What has an effect outside the items would have it in every range.

// CHECK: #[[ONE:.*]] = affine_map<(d0) -> (1)>
// CHECK-LABEL: func.func private @negative_effect_outside(
// CHECK-SAME: cnn.work_items = #[[ONE]]
func.func private @negative_effect_outside(%x: memref<?xf32>) attributes {cnn.kernel} {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %batch = memref.dim %x, %c0 : memref<?xf32>
  memref.store %zero, %x[%c0] : memref<?xf32>
  scf.forall (%b) in (%batch) {
    memref.store %zero, %x[%b] : memref<?xf32>
  }
  return
}
