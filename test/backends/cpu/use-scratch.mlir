// RUN: cnn-opt %s -split-input-file -cnn-cpu-use-scratch | FileCheck %s

// Temporaries inside and outside of the items get places one behind the other, at multiples of 64 bytes.

// CHECK-LABEL: func.func private @two_places(
// CHECK-SAME: %[[X:[a-z0-9]+]]: memref<?xf32>, %[[SCRATCH:[a-z0-9]+]]: memref<320128xi8>)
// CHECK-SAME: cnn.scratch_bytes = 320128 : i64
// CHECK: memref.view %[[SCRATCH]][%c0{{.*}}][] : memref<320128xi8> to memref<5x4001xf32>
// CHECK: scf.forall
// CHECK: %[[NEXT:.*]] = arith.constant 80064 : index
// CHECK: memref.view %[[SCRATCH]][%[[NEXT]]][] : memref<320128xi8> to memref<30001xf64>
// CHECK-NOT: memref.alloc
// CHECK-NOT: memref.dealloc
func.func private @two_places(%x: memref<?xf32>) attributes {cnn.kernel} {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %one = arith.constant 1.0 : f64
  %batch = memref.dim %x, %c0 : memref<?xf32>
  %s = memref.alloc() {alignment = 64 : i64} : memref<5x4001xf32>
  scf.forall (%b) in (%batch) {
    %t = memref.alloc() : memref<30001xf64>
    memref.store %one, %t[%b] : memref<30001xf64>
    memref.store %zero, %s[%c0, %b] : memref<5x4001xf32>
    memref.dealloc %t : memref<30001xf64>
  }
  return
}

// -----

// A kernel without items.

// CHECK-LABEL: func.func private @no_items(
// CHECK-SAME: memref<80000xf32>, %[[SCRATCH:[a-z0-9]+]]: memref<320000xi8>)
// CHECK: memref.view %[[SCRATCH]]
func.func private @no_items(%x: memref<80000xf32>) attributes {cnn.kernel} {
  %t = memref.alloc() : memref<80000xf32>
  memref.copy %x, %t : memref<80000xf32> to memref<80000xf32>
  memref.copy %t, %x : memref<80000xf32> to memref<80000xf32>
  return
}

// -----

// Nothing to do.

// CHECK-LABEL: func.func private @negative_no_temporary(
// CHECK-SAME: %{{[a-z0-9]+}}: memref<8xf32>) attributes {cnn.kernel} {
func.func private @negative_no_temporary(%x: memref<8xf32>) attributes {cnn.kernel} {
  %t = memref.alloca() : memref<8xf32>
  memref.copy %x, %t : memref<8xf32> to memref<8xf32>
  return
}

// CHECK-LABEL: func.func private @negative_no_kernel(
// CHECK: memref.alloc
func.func private @negative_no_kernel(%x: memref<8xf32>) {
  %t = memref.alloc() : memref<8xf32>
  memref.copy %x, %t : memref<8xf32> to memref<8xf32>
  return
}

// -----

// CHECK-LABEL: func.func private @negative_dynamic(
// CHECK: memref.alloc(
func.func private @negative_dynamic(%x: memref<?xf32>) attributes {cnn.kernel} {
  %c0 = arith.constant 0 : index
  %batch = memref.dim %x, %c0 : memref<?xf32>
  %t = memref.alloc(%batch) : memref<?xf32>
  memref.copy %x, %t : memref<?xf32> to memref<?xf32>
  return
}

// -----

// What one iteration leaves for the next must not be the memory that the next one writes.

// CHECK-LABEL: func.func private @negative_carried(
// CHECK-SAME: %{{[a-z0-9]+}}: memref<8xf32>) attributes {cnn.kernel} {
// CHECK: memref.alloca
// CHECK: memref.alloc()
func.func private @negative_carried(%x: memref<8xf32>) attributes {cnn.kernel} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  %first = memref.alloca() : memref<8xf32>
  %last = scf.for %i = %c0 to %c8 step %c1 iter_args(%before = %first) -> memref<8xf32> {
    %now = memref.alloc() : memref<8xf32>
    memref.copy %before, %now : memref<8xf32> to memref<8xf32>
    scf.yield %now : memref<8xf32>
  }
  memref.copy %last, %x : memref<8xf32> to memref<8xf32>
  return
}

// -----

// Up to 64 MB: the first temporary has a place, the second one would be beyond.

// CHECK-LABEL: func.func private @negative_too_much(
// CHECK-SAME: %[[SCRATCH:[a-z0-9]+]]: memref<67108864xi8>)
// CHECK: memref.view %[[SCRATCH]]
// CHECK: memref.alloc() : memref<1xf32>
func.func private @negative_too_much(%x: memref<8xf32>) attributes {cnn.kernel} {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %s = memref.alloc() : memref<16777216xf32>
  %t = memref.alloc() : memref<1xf32>
  memref.store %zero, %s[%c0] : memref<16777216xf32>
  memref.store %zero, %t[%c0] : memref<1xf32>
  return
}
