// RUN: cnn-opt %s -cnn-cpu-prefetch-operands -split-input-file | FileCheck %s

// A block of 32 columns holds 64 x 32 weights. Six tiles read it, three of each item and two items: each of their 64
// steps asks for 32 / 6 of the next block, and for what it reads itself 32 steps later.

// CHECK-DAG: #[[NEXT:.*]] = affine_map<{{.*}}2048)>
// CHECK-LABEL: func.func private @blocks
// CHECK: scf.forall
// CHECK: scf.for
// CHECK: scf.for
// CHECK: memref.prefetch %arg0[%{{.*}}, %{{.*}}, %{{.*}}], read, locality<3>
// CHECK: %[[FLAT:.*]] = memref.reinterpret_cast %arg0 to offset: [0], sizes: [8192], strides: [1]
// CHECK: %[[PART:.*]] = affine.apply #[[NEXT]]
// CHECK-NEXT: memref.prefetch %[[FLAT]][%[[PART]]], read, locality<2>
// CHECK-NOT: locality<2>
// CHECK: return
func.func private @blocks(%w: memref<4x64x32xf32>, %out: memref<4x6x32xf32>) attributes {cnn.kernel} {
  %zero = arith.constant 0.0 : f32
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c3 = arith.constant 3 : index
  %c64 = arith.constant 64 : index
  %start = arith.constant dense<0.0> : vector<16xf32>
  scf.forall (%block, %half) = (0, 0) to (4, 6) step (1, 3) {
    scf.for %tile = %c0 to %c3 step %c1 {
      %sums:2 = scf.for %k = %c0 to %c64 step %c1 iter_args(%a = %start, %b = %start) -> (vector<16xf32>, vector<16xf32>) {
        %c16 = arith.constant 16 : index
        %left = vector.transfer_read %w[%block, %k, %c0], %zero {in_bounds = [true]} : memref<4x64x32xf32>, vector<16xf32>
        %right = vector.transfer_read %w[%block, %k, %c16], %zero {in_bounds = [true]} : memref<4x64x32xf32>, vector<16xf32>
        %factor = vector.broadcast %zero : f32 to vector<16xf32>
        %x = vector.fma %factor, %left, %a : vector<16xf32>
        %y = vector.fma %factor, %right, %b : vector<16xf32>
        scf.yield %x, %y : vector<16xf32>, vector<16xf32>
      }
      %row = arith.addi %half, %tile : index
      vector.transfer_write %sums#0, %out[%block, %row, %c0] {in_bounds = [true]} : vector<16xf32>, memref<4x6x32xf32>
    }
  }
  return
}

// -----

// In bf16, with pairs of a reduction side by side, which are read one after the other.

// CHECK-DAG: #[[NEXT:.*]] = affine_map<{{.*}}2048)>
// CHECK-LABEL: func.func private @pairs
// CHECK: %[[PAIRS:.*]] = memref.collapse_shape %arg0
// CHECK: scf.forall
// CHECK: memref.prefetch %[[PAIRS]][%{{.*}}, %{{.*}}, %{{.*}}], read, locality<3>
// CHECK: %[[FLAT:.*]] = memref.reinterpret_cast %[[PAIRS]] to offset: [0], sizes: [8192], strides: [1]
// CHECK: %[[PART:.*]] = affine.apply #[[NEXT]]
// CHECK-NEXT: memref.prefetch %[[FLAT]][%[[PART]]], read, locality<2>
// CHECK-NOT: locality<2>
// CHECK: return
func.func private @pairs(%w: memref<4x64x16x2xbf16>, %out: memref<4x6x16xf32>) attributes {cnn.kernel} {
  %zero = arith.constant 0.0 : bf16
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c3 = arith.constant 3 : index
  %c64 = arith.constant 64 : index
  %start = arith.constant dense<0.0> : vector<16xf32>
  %pairs = memref.collapse_shape %w [[0], [1], [2, 3]] : memref<4x64x16x2xbf16> into memref<4x64x32xbf16>
  scf.forall (%block, %half) = (0, 0) to (4, 6) step (1, 3) {
    scf.for %tile = %c0 to %c3 step %c1 {
      %sum = scf.for %k = %c0 to %c64 step %c1 iter_args(%a = %start) -> (vector<16xf32>) {
        %weights = vector.transfer_read %pairs[%block, %k, %c0], %zero {in_bounds = [true]} : memref<4x64x32xbf16>, vector<32xbf16>
        %factors = vector.broadcast %zero : bf16 to vector<32xbf16>
        %x = llvm.call_intrinsic "llvm.x86.avx512bf16.dpbf16ps.512"(%a, %factors, %weights) : (vector<16xf32>, vector<32xbf16>, vector<32xbf16>) -> vector<16xf32>
        scf.yield %x : vector<16xf32>
      }
      %row = arith.addi %half, %tile : index
      vector.transfer_write %sum, %out[%block, %row, %c0] {in_bounds = [true]} : vector<16xf32>, memref<4x6x16xf32>
    }
  }
  return
}

// -----

// What one tile alone reads is on its way already.

// CHECK-LABEL: func.func private @once
// CHECK: memref.prefetch %arg0[%{{.*}}, %{{.*}}, %{{.*}}], read, locality<3>
// CHECK-NOT: locality<2>
// CHECK: return
func.func private @once(%w: memref<4x64x16xf32>, %out: memref<4x16xf32>) attributes {cnn.kernel} {
  %zero = arith.constant 0.0 : f32
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c64 = arith.constant 64 : index
  %start = arith.constant dense<0.0> : vector<16xf32>
  scf.forall (%block) in (4) {
    %sum = scf.for %k = %c0 to %c64 step %c1 iter_args(%a = %start) -> (vector<16xf32>) {
      %left = vector.transfer_read %w[%block, %k, %c0], %zero {in_bounds = [true]} : memref<4x64x16xf32>, vector<16xf32>
      %factor = vector.broadcast %zero : f32 to vector<16xf32>
      %x = vector.fma %factor, %left, %a : vector<16xf32>
      scf.yield %x : vector<16xf32>
    }
    vector.transfer_write %sum, %out[%block, %c0] {in_bounds = [true]} : vector<16xf32>, memref<4x16xf32>
  }
  return
}

// -----

// A short reduction asks for the rows that are read and written behind it: of the 14, the one of its step.

// CHECK-DAG: #[[ROW:.*]] = affine_map<(d0) -> (d0, 13)>
// CHECK-LABEL: func.func private @epilogue
// CHECK: scf.for
// CHECK: %[[ROW_OF_STEP:.*]] = affine.min #[[ROW]](%{{.*}})
// CHECK: memref.prefetch %arg1[%{{.*}}, %{{.*}}, %{{.*}}], read, locality<3>
// CHECK: memref.prefetch %arg1[%{{.*}}, %{{.*}}, %{{.*}}], read, locality<3>
// CHECK: memref.prefetch %arg2[%{{.*}}, %{{.*}}, %{{.*}}], write, locality<3>
// CHECK: memref.prefetch %arg2[%{{.*}}, %{{.*}}, %{{.*}}], write, locality<3>
// CHECK: vector.fma
func.func private @epilogue(%w: memref<64x16xf32>, %other: memref<8x7x32xf32>, %out: memref<8x7x32xf32>) attributes {cnn.kernel} {
  %zero = arith.constant 0.0 : f32
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c64 = arith.constant 64 : index
  %start = arith.constant dense<0.0> : vector<16xf32>
  scf.forall (%row) = (0) to (8) step (2) {
    %sum = scf.for %k = %c0 to %c64 step %c1 iter_args(%a = %start) -> (vector<16xf32>) {
      %left = vector.transfer_read %w[%k, %c0], %zero {in_bounds = [true]} : memref<64x16xf32>, vector<16xf32>
      %factor = vector.broadcast %zero : f32 to vector<16xf32>
      %x = vector.fma %factor, %left, %a : vector<16xf32>
      scf.yield %x : vector<16xf32>
    }
    %more = vector.transfer_read %other[%row, %c0, %c0], %zero {in_bounds = [true, true, true]} : memref<8x7x32xf32>, vector<2x7x32xf32>
    %total = arith.addf %more, %more : vector<2x7x32xf32>
    vector.transfer_write %total, %out[%row, %c0, %c0] {in_bounds = [true, true, true]} : vector<2x7x32xf32>, memref<8x7x32xf32>
  }
  return
}
