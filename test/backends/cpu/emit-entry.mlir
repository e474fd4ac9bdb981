// RUN: cnn-opt %s -split-input-file -cnn-place-weights -cnn-emit-entry | FileCheck %s

// The second weight is 64 bytes behind the first; the arena's buffer lies behind 128 fixed bytes.

// CHECK-LABEL: llvm.func @Net.infer(
// CHECK-SAME: %[[CALL:.*]]: !llvm.ptr)
// CHECK: %[[BATCH:.*]] = llvm.load %[[CALL]] : !llvm.ptr -> i64
// CHECK: %[[SLOTS:.*]] = llvm.alloca
// CHECK: %[[KERNEL:.*]] = llvm.mlir.addressof @kernel_0
// CHECK: %[[COUNT:.*]] = llvm.mul %[[BATCH]], %{{.*}} : i64
// CHECK: llvm.call @cnn.launch(%[[CALL]], %[[KERNEL]], %[[SLOTS]], %[[COUNT]], %{{.*}})
// CHECK: llvm.return
// CHECK: llvm.func @kernel_0(!llvm.ptr, i64, i64)
// CHECK: llvm.func internal @cnn.launch
func.func @Net(%batch: index, %x: memref<?x4xf32> {cnn.name = "x", cnn.role = #cnn.role<input>},
               %w: memref<4xf32> {cnn.name = "w", cnn.role = #cnn.role<parameter>},
               %v: memref<4xf32> {cnn.name = "v", cnn.role = #cnn.role<parameter>},
               %y: memref<?x4xf32> {cnn.name = "y", cnn.role = #cnn.role<output>},
               %arena: memref<?xi8>) attributes {cnn.kind = #cnn.function_kind<infer>} {
  %0 = affine.apply affine_map<(b) -> (b * 64 + 128)>(%batch)
  %1 = memref.view %arena[%0][%batch] : memref<?xi8> to memref<?x4xf32>
  call @kernel_0(%x, %w, %1) : (memref<?x4xf32>, memref<4xf32>, memref<?x4xf32>) -> ()
  call @kernel_0(%1, %v, %y) : (memref<?x4xf32>, memref<4xf32>, memref<?x4xf32>) -> ()
  return
}
func.func private @kernel_0(memref<?x4xf32>, memref<4xf32>, memref<?x4xf32>)
    attributes {cnn.kernel, cnn.work_items = affine_map<(b) -> (b * 4)>}

// -----

// Kernels that need scratch memory get the pool and the size of its slots, which is the largest that one of them needs.

// CHECK-LABEL: llvm.func @Wide.infer(
// CHECK-SAME: %[[CALL:.*]]: !llvm.ptr) attributes {cnn.scratch_bytes = 4096 : i64}
// CHECK: %[[FIVE:.*]] = llvm.mlir.constant(5 : i64)
// CHECK: %[[SLOTS:.*]] = llvm.alloca %[[FIVE]] x i64
// CHECK: llvm.call @cnn.observe
// CHECK: llvm.store %{{.*}}, %{{.*}} : i64, !llvm.ptr
// CHECK: %[[FIELD:.*]] = llvm.getelementptr %[[CALL]][%{{.*}}]
// CHECK: %[[POOL:.*]] = llvm.load %[[FIELD]] : !llvm.ptr -> !llvm.ptr
// CHECK: %[[POOL_SLOT:.*]] = llvm.getelementptr %[[SLOTS]]
// CHECK: llvm.store %[[POOL]], %[[POOL_SLOT]]
// CHECK: %[[MOST:.*]] = llvm.mlir.constant(4096 : i64)
// CHECK: %[[SIZE_SLOT:.*]] = llvm.getelementptr %[[SLOTS]]
// CHECK: llvm.store %[[MOST]], %[[SIZE_SLOT]]
// CHECK: llvm.mlir.addressof @wide_0
func.func @Wide(%batch: index, %x: memref<?x4xf32> {cnn.name = "x", cnn.role = #cnn.role<input>},
                %y: memref<?x4xf32> {cnn.name = "y", cnn.role = #cnn.role<output>},
                %arena: memref<?xi8>) attributes {cnn.kind = #cnn.function_kind<infer>} {
  call @wide_0(%x, %y) : (memref<?x4xf32>, memref<?x4xf32>) -> ()
  call @wide_1(%x, %y) : (memref<?x4xf32>, memref<?x4xf32>) -> ()
  return
}
func.func private @wide_0(memref<?x4xf32>, memref<?x4xf32>)
    attributes {cnn.kernel, cnn.work_items = affine_map<(b) -> (b)>, cnn.scratch_bytes = 320 : i64}
func.func private @wide_1(memref<?x4xf32>, memref<?x4xf32>)
    attributes {cnn.kernel, cnn.work_items = affine_map<(b) -> (b)>, cnn.scratch_bytes = 4096 : i64}

// -----

// Derived values have a block of their own; those of one weight that differ have different places there.

// CHECK-LABEL: llvm.func @Derived.infer(
// CHECK-SAME: %[[CALL:.*]]: !llvm.ptr)
// CHECK: %[[FIELD_OFFSET:.*]] = llvm.mlir.constant(40 : i64)
// CHECK: %[[FIELD:.*]] = llvm.getelementptr %[[CALL]][%[[FIELD_OFFSET]]]
// CHECK: %[[BLOCK:.*]] = llvm.load %[[FIELD]]
// CHECK: llvm.getelementptr %[[CALL]]
// CHECK: %[[FIELD2:.*]] = llvm.getelementptr %[[CALL]]
// CHECK: %[[BLOCK2:.*]] = llvm.load %[[FIELD2]]
// CHECK: %[[OFFSET:.*]] = llvm.mlir.constant(2304 : i64)
// CHECK: llvm.getelementptr %[[BLOCK2]][%[[OFFSET]]]
func.func @Derived(%batch: index, %x: memref<?x4xf32> {cnn.name = "x", cnn.role = #cnn.role<input>},
                   %u: memref<36x4x4xf32> {cnn.name = "w", cnn.role = #cnn.role<derived>, cnn.derived = #cnn.winograd<4, 3>},
                   %w: memref<3x3x4x4xf32> {cnn.name = "w", cnn.role = #cnn.role<parameter>},
                   %v: memref<16x4x4xf32> {cnn.name = "w", cnn.role = #cnn.role<derived>, cnn.derived = #cnn.winograd<2, 3>},
                   %y: memref<?x4xf32> {cnn.name = "y", cnn.role = #cnn.role<output>},
                   %arena: memref<?xi8>) attributes {cnn.kind = #cnn.function_kind<infer>} {
  call @kernel_0(%x, %u, %v, %y) : (memref<?x4xf32>, memref<36x4x4xf32>, memref<16x4x4xf32>, memref<?x4xf32>) -> ()
  return
}
func.func private @kernel_0(memref<?x4xf32>, memref<36x4x4xf32>, memref<16x4x4xf32>, memref<?x4xf32>)
    attributes {cnn.kernel, cnn.work_items = affine_map<(b) -> (b)>}

// -----

// A part that a device carries out: what it reads stands in front of what it writes. If it fails, nothing else runs.

// CHECK-LABEL: llvm.func @Device.infer(
// CHECK-SAME: %[[CALL:.*]]: !llvm.ptr)
// CHECK: %[[BATCH:.*]] = llvm.load %[[CALL]] : !llvm.ptr -> i64
// CHECK: %[[SLOTS:.*]] = llvm.alloca
// CHECK: llvm.call @cnn.observe(%[[CALL]], %{{.*}})
// CHECK: %[[FIELD:.*]] = llvm.getelementptr %[[CALL]][%{{.*}}]
// CHECK: %[[HOOK:.*]] = llvm.load %[[FIELD]] : !llvm.ptr -> !llvm.ptr
// CHECK: %[[FIELD2:.*]] = llvm.getelementptr %[[CALL]][%{{.*}}]
// CHECK: %[[CONTEXT:.*]] = llvm.load %[[FIELD2]] : !llvm.ptr -> !llvm.ptr
// CHECK: %[[NUMBER:.*]] = llvm.mlir.constant(1 : i64)
// CHECK: %[[INPUTS:.*]] = llvm.mlir.constant(16 : i64)
// CHECK: %[[OUTPUTS:.*]] = llvm.getelementptr %[[SLOTS]][%[[INPUTS]]]
// CHECK: %[[STATUS:.*]] = llvm.call %[[HOOK]](%[[CONTEXT]], %[[NUMBER]], %[[BATCH]], %[[SLOTS]], %[[OUTPUTS]])
// CHECK: %[[OK:.*]] = llvm.icmp "eq" %[[STATUS]], %{{.*}} : i32
// CHECK: llvm.cond_br %[[OK]], ^[[NEXT:.*]], ^[[END:bb[0-9]+]]
// CHECK: ^[[NEXT]]:
// CHECK: llvm.call @cnn.launch
// CHECK: llvm.br ^[[END]]
// CHECK: ^[[END]]:
// CHECK: llvm.call @cnn.observe
// CHECK: llvm.return
// CHECK-NOT: @Device.part
func.func @Device(%batch: index, %x: memref<?x4xf32> {cnn.name = "x", cnn.role = #cnn.role<input>},
                  %y: memref<?x4xf32> {cnn.name = "y", cnn.role = #cnn.role<output>},
                  %arena: memref<?xi8>) attributes {cnn.kind = #cnn.function_kind<infer>} {
  call @Device.part2(%x, %x, %y) : (memref<?x4xf32>, memref<?x4xf32>, memref<?x4xf32>) -> ()
  call @kernel_0(%y, %y) : (memref<?x4xf32>, memref<?x4xf32>) -> ()
  return
}
func.func private @Device.part2(memref<?x4xf32>, memref<?x4xf32>, memref<?x4xf32>)
    attributes {cnn.device_part = 1 : i64, cnn.device_inputs = 2 : i64}
func.func private @kernel_0(memref<?x4xf32>, memref<?x4xf32>)
    attributes {cnn.kernel, cnn.work_items = affine_map<(b) -> (b)>}

// -----

// Two kernels take three samples at a time. Of the input a slice begins at 16 bytes times its first sample; the buffer
// between them has the slice alone, and begins where it always does; the weight is the same for all.

// CHECK-LABEL: llvm.func @Sliced.infer(
// CHECK-SAME: %[[CALL:.*]]: !llvm.ptr)
// CHECK: %[[BATCH:.*]] = llvm.load %[[CALL]] : !llvm.ptr -> i64
// CHECK: %[[ARENA:.*]] = llvm.getelementptr %{{.*}}[%{{.*}}] : {{.*}}
// CHECK: llvm.br ^[[BODY:.*]](%{{.*}} : i64)
// CHECK: ^[[BODY]](%[[BEGIN:.*]]: i64):
// CHECK: %[[LEFT:.*]] = llvm.sub %[[BATCH]], %[[BEGIN]] : i64
// CHECK: %[[SIZE:.*]] = llvm.intr.smin(%[[LEFT]], %{{.*}})
// CHECK: llvm.call @cnn.observe
// CHECK: %[[SIXTEEN:.*]] = llvm.mlir.constant(16 : i64)
// CHECK: %[[BYTES:.*]] = llvm.mul %[[BEGIN]], %[[SIXTEEN]]
// CHECK: %[[FROM:.*]] = llvm.getelementptr %{{.*}}[%[[BYTES]]]
// CHECK: llvm.store %[[FROM]], %{{.*}} : !llvm.ptr, !llvm.ptr
// CHECK: llvm.store %[[SIZE]], %{{.*}} : i64, !llvm.ptr
// CHECK: %[[COUNT:.*]] = llvm.mul %[[SIZE]], %{{.*}} : i64
// CHECK: llvm.call @cnn.launch(%[[CALL]], %{{.*}}, %{{.*}}, %[[COUNT]], %{{.*}})
// CHECK: llvm.call @cnn.launch
// CHECK: %[[NEXT:.*]] = llvm.add %[[BEGIN]], %{{.*}} : i64
// CHECK: %[[MORE:.*]] = llvm.icmp "slt" %[[NEXT]], %[[BATCH]]
// CHECK: llvm.cond_br %[[MORE]], ^[[BODY]](%[[NEXT]] : i64), ^[[BEHIND:.*]]
// CHECK: ^[[BEHIND]]:
// CHECK: llvm.store %[[BATCH]], %{{.*}} : i64, !llvm.ptr
// CHECK: llvm.call @cnn.launch
// CHECK: llvm.return
func.func @Sliced(%batch: index, %x: memref<?x4xf32> {cnn.name = "x", cnn.role = #cnn.role<input>},
                  %w: memref<4xf32> {cnn.name = "w", cnn.role = #cnn.role<parameter>},
                  %y: memref<?x4xf32> {cnn.name = "y", cnn.role = #cnn.role<output>},
                  %arena: memref<?xi8>)
    attributes {cnn.kind = #cnn.function_kind<infer>, cnn.slice_samples = array<i64: 3>} {
  %0 = affine.apply affine_map<(b) -> (64)>(%batch)
  %1 = memref.view %arena[%0][%batch] {cnn.slice = 0 : i64} : memref<?xi8> to memref<?x4xf32>
  %2 = affine.apply affine_map<(b) -> (b * 64 + 128)>(%batch)
  %3 = memref.view %arena[%2][%batch] : memref<?xi8> to memref<?x4xf32>
  call @kernel_0(%x, %w, %1) {cnn.slice = 0 : i64} : (memref<?x4xf32>, memref<4xf32>, memref<?x4xf32>) -> ()
  call @kernel_0(%1, %w, %3) {cnn.slice = 0 : i64} : (memref<?x4xf32>, memref<4xf32>, memref<?x4xf32>) -> ()
  call @kernel_0(%3, %w, %y) : (memref<?x4xf32>, memref<4xf32>, memref<?x4xf32>) -> ()
  return
}
func.func private @kernel_0(memref<?x4xf32>, memref<4xf32>, memref<?x4xf32>)
    attributes {cnn.kernel, cnn.work_items = affine_map<(b) -> (b * 4)>}
