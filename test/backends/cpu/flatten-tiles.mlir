// RUN: cnn-opt %s -cnn-cpu-flatten-tiles="lanes=16" -split-input-file | FileCheck %s

// Four rows of 6 columns with a bias are 24 elements: a vector of 16, and one of 8. A row begins where the one before
// ends.

// CHECK-DAG: [[FLAT:#.*]] = affine_map<()[s0] -> (s0 * 6)>
// CHECK-DAG: [[BEHIND:#.*]] = affine_map<()[s0] -> (s0 * 6 + 16)>
// CHECK-LABEL: func.func @rows
// CHECK-SAME: [[A:%.*]]: vector<6xf32>, [[B:%.*]]: vector<6xf32>, [[C:%.*]]: vector<6xf32>, [[D:%.*]]: vector<6xf32>
// CHECK: [[AB:%.*]] = vector.shuffle {{.*}}, [[B]] [0, 1, 2, 3, 4, 5, 16, 17, 18, 19, 20, 21, -1, -1, -1, -1]
// CHECK: [[ABC:%.*]] = vector.shuffle [[AB]], [[C]] [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 16, 17, 18, 19]
// CHECK: [[ROW:%.*]] = vector.transfer_read {{.*}} : memref<6xf32>, vector<6xf32>
// CHECK: [[BIAS:%.*]] = vector.shuffle [[ROW]], [[ROW]] [0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5, 0, 1, 2, 3]
// CHECK: [[SUM:%.*]] = arith.addf [[ABC]], [[BIAS]] : vector<16xf32>
// CHECK: [[TANH:%.*]] = math.tanh [[SUM]] : vector<16xf32>
// CHECK: [[WHOLE:%.*]] = memref.collapse_shape {{.*}} {{\[\[}}0], [1], [2, 3]] : memref<?x9x8x6xf32> into memref<?x9x48xf32>
// CHECK: [[AT:%.*]] = affine.apply [[FLAT]]
// CHECK: vector.transfer_write [[TANH]], [[WHOLE]][%{{.*}}, %{{.*}}, [[AT]]] {{.*}} : vector<16xf32>
// CHECK: vector.shuffle {{.*}}, [[D]] [0, 1, 8, 9, 10, 11, 12, 13]
// CHECK: affine.apply [[BEHIND]]
// CHECK: vector.transfer_write {{.*}} : vector<8xf32>
// CHECK-NOT: vector.transfer_write
func.func @rows(%a: vector<6xf32>, %b: vector<6xf32>, %c: vector<6xf32>, %d: vector<6xf32>, %bias: memref<6xf32>,
                %y: memref<?x9x8x6xf32>, %n: index, %h: index, %w: index) attributes {cnn.kernel} {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %0:6 = vector.to_elements %a : vector<6xf32>
  %1:6 = vector.to_elements %b : vector<6xf32>
  %2:6 = vector.to_elements %c : vector<6xf32>
  %3:6 = vector.to_elements %d : vector<6xf32>
  %t = vector.from_elements %0#0, %0#1, %0#2, %0#3, %0#4, %0#5, %1#0, %1#1, %1#2, %1#3, %1#4, %1#5,
      %2#0, %2#1, %2#2, %2#3, %2#4, %2#5, %3#0, %3#1, %3#2, %3#3, %3#4, %3#5 : vector<1x1x4x6xf32>
  %r = vector.transfer_read %bias[%c0], %zero
      {in_bounds = [true, true, true, true], permutation_map = affine_map<(d0) -> (0, 0, 0, d0)>}
      : memref<6xf32>, vector<1x1x4x6xf32>
  %s = arith.addf %t, %r : vector<1x1x4x6xf32>
  %u = math.tanh %s : vector<1x1x4x6xf32>
  vector.transfer_write %u, %y[%n, %h, %w, %c0] {in_bounds = [true, true, true, true]}
      : vector<1x1x4x6xf32>, memref<?x9x8x6xf32>
  return
}

// -----

// What is added lies as what is written does; a constant is the same everywhere.

// CHECK-LABEL: func.func @other
// CHECK: [[READ:%.*]] = vector.transfer_read {{.*}} : memref<?x48xf32>, vector<16xf32>
// CHECK: [[SUM:%.*]] = arith.addf {{.*}}, [[READ]] : vector<16xf32>
// CHECK: arith.maximumf [[SUM]], %{{.*}} : vector<16xf32>
func.func @other(%a: vector<8xf32>, %x: memref<?x6x8xf32>, %y: memref<?x6x8xf32>, %n: index) attributes {cnn.kernel} {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %zeros = arith.constant dense<0.0> : vector<1x2x8xf32>
  %0:8 = vector.to_elements %a : vector<8xf32>
  %t = vector.from_elements %0#0, %0#1, %0#2, %0#3, %0#4, %0#5, %0#6, %0#7, %0#7, %0#6, %0#5, %0#4, %0#3, %0#2, %0#1,
      %0#0 : vector<1x2x8xf32>
  %r = vector.transfer_read %x[%n, %c0, %c0], %zero {in_bounds = [true, true, true]}
      : memref<?x6x8xf32>, vector<1x2x8xf32>
  %s = arith.addf %t, %r : vector<1x2x8xf32>
  %u = arith.maximumf %s, %zeros : vector<1x2x8xf32>
  vector.transfer_write %u, %y[%n, %c0, %c0] {in_bounds = [true, true, true]} : vector<1x2x8xf32>, memref<?x6x8xf32>
  return
}

// -----

// Rows that lie apart, a part of each row, and whole vectors stay.

// CHECK-LABEL: func.func @negative
// CHECK: vector.transfer_write %{{.*}} : vector<2x8xf32>, memref<4x9xf32>
// CHECK: vector.transfer_write %{{.*}} : vector<4x1x6xf32>, memref<4x2x6xf32>
// CHECK: vector.transfer_write %{{.*}} : vector<2x16xf32>, memref<4x16xf32>
func.func @negative(%y: memref<4x9xf32>, %z: memref<4x2x6xf32>, %w: memref<4x16xf32>) attributes {cnn.kernel} {
  %c0 = arith.constant 0 : index
  %a = arith.constant dense<1.0> : vector<2x8xf32>
  %b = arith.constant dense<1.0> : vector<4x1x6xf32>
  %c = arith.constant dense<1.0> : vector<2x16xf32>
  vector.transfer_write %a, %y[%c0, %c0] {in_bounds = [true, true]} : vector<2x8xf32>, memref<4x9xf32>
  vector.transfer_write %b, %z[%c0, %c0, %c0] {in_bounds = [true, true, true]} : vector<4x1x6xf32>, memref<4x2x6xf32>
  vector.transfer_write %c, %w[%c0, %c0] {in_bounds = [true, true]} : vector<2x16xf32>, memref<4x16xf32>
  return
}
