// RUN: cnn-opt %s -split-input-file -cnn-cpu-vectorize-rows | FileCheck %s

#id = affine_map<(b, h, w, c) -> (b, h, w, c)>
#channel = affine_map<(b, h, w, c) -> (c)>

// A row of 5 positions of 6 channels is 30 elements: a vector of 16 and one of 14. What is read of the sums of pairs of
// positions is picked from vectors that lie side by side; the bias repeats.
#pairs = affine_map<(b, h, w, c) -> (b, h * 2, w * 2, c)>
// CHECK-LABEL: func.func @pairs
// CHECK: scf.for
// CHECK-NOT: scf.for
// CHECK: vector.shuffle
// CHECK: vector.store {{.*}} vector<16xf32>
// CHECK: vector.store {{.*}} vector<14xf32>
// CHECK-NOT: linalg.generic
func.func @pairs(%x: memref<?x8x10x6xf32>, %bias: memref<6xf32>, %y: memref<?x4x5x6xf32>) attributes {cnn.kernel} {
  %first = memref.subview %x[0, 0, 0, 0] [1, 7, 9, 6] [1, 1, 1, 1]
      : memref<?x8x10x6xf32> to memref<1x7x9x6xf32, strided<[480, 60, 6, 1]>>
  %row = memref.subview %y[0, 0, 0, 0] [1, 4, 5, 6] [1, 1, 1, 1]
      : memref<?x4x5x6xf32> to memref<1x4x5x6xf32, strided<[120, 30, 6, 1]>>
  linalg.generic {indexing_maps = [#pairs, #channel, #id],
                  iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%first, %bias : memref<1x7x9x6xf32, strided<[480, 60, 6, 1]>>, memref<6xf32>)
      outs(%row : memref<1x4x5x6xf32, strided<[120, 30, 6, 1]>>) {
    ^bb0(%a: f32, %s: f32, %out: f32):
      %sum = arith.addf %a, %s : f32
      linalg.yield %sum : f32
  }
  return
}

// -----

#window = affine_map<(b, p, q, j, c) -> (b, p, q, c)>
#all = affine_map<(b, p, q, j, c) -> (b, p, q, j, c)>

// A value for each place in a window; the place is known of every lane.
// CHECK-LABEL: func.func @windows
// CHECK: arith.constant dense<[0, 0, 0, 1, 1, 1, 0, 0, 0, 1, 1, 1, 0, 0, 0, 1]> : vector<16xindex>
// CHECK: vector.store {{.*}} vector<16xf32>
func.func @windows(%winner: memref<?x3x2x3xi32>, %dy: memref<?x3x2x3xf32>, %dx: memref<?x3x2x2x3xf32>)
    attributes {cnn.kernel} {
  %zero = arith.constant 0.0 : f32
  linalg.generic {indexing_maps = [#window, #window, #all],
                  iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel"]}
      ins(%winner, %dy : memref<?x3x2x3xi32>, memref<?x3x2x3xf32>) outs(%dx : memref<?x3x2x2x3xf32>) {
    ^bb0(%number: i32, %value: f32, %out: f32):
      %j = linalg.index 3 : index
      %mine = arith.index_cast %j : index to i32
      %wins = arith.cmpi eq, %number, %mine : i32
      %share = arith.select %wins, %value, %zero : f32
      linalg.yield %share : f32
  }
  return
}

// -----

#id = affine_map<(h, w, c) -> (h, w, c)>

// A long row is a loop over blocks of whole vectors: here of 8 positions, 48 elements.
// CHECK-LABEL: func.func @blocks
// CHECK: scf.for {{.*}} to %c{{.*}} step %c8
// CHECK-COUNT-3: vector.store {{.*}} vector<16xf32>
// CHECK-NOT: vector.store {{.*}} vector<16xf32>
// CHECK: vector.store {{.*}} vector<6xf32>
func.func @blocks(%x: memref<2x801x6xf32, strided<[4812, 6, 1]>>, %y: memref<2x801x6xf32, strided<[4812, 6, 1]>>)
    attributes {cnn.kernel} {
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%x : memref<2x801x6xf32, strided<[4812, 6, 1]>>) outs(%y : memref<2x801x6xf32, strided<[4812, 6, 1]>>) {
    ^bb0(%a: f32, %out: f32):
      %b = math.tanh %a : f32
      linalg.yield %b : f32
  }
  return
}

// -----

#id = affine_map<(h, c) -> (h, c)>
#swapped = affine_map<(h, c) -> (c, h)>
#row = affine_map<(h, c) -> (h)>

// CHECK-LABEL: func.func @negative
// CHECK-COUNT-4: linalg.generic
func.func @negative(%x: memref<?x40xf32>, %y: memref<?x40xf32>, %small: memref<64x6xf32>, %other: memref<6x64xf32>,
                    %apart: memref<64x6xf32, strided<[8, 1]>>, %sums: memref<64xf32>) attributes {cnn.kernel} {
  // Long enough for LLVM.
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%x : memref<?x40xf32>) outs(%y : memref<?x40xf32>) {
    ^bb0(%a: f32, %out: f32):
      linalg.yield %a : f32
  }
  // A transposition: what a vector needs lies far apart.
  linalg.generic {indexing_maps = [#swapped, #id], iterator_types = ["parallel", "parallel"]}
      ins(%other : memref<6x64xf32>) outs(%small : memref<64x6xf32>) {
    ^bb0(%a: f32, %out: f32):
      linalg.yield %a : f32
  }
  // Rows that are not contiguous.
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%small : memref<64x6xf32>) outs(%apart : memref<64x6xf32, strided<[8, 1]>>) {
    ^bb0(%a: f32, %out: f32):
      linalg.yield %a : f32
  }
  // A sum.
  linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel", "reduction"]}
      ins(%small : memref<64x6xf32>) outs(%sums : memref<64xf32>) {
    ^bb0(%a: f32, %out: f32):
      %b = arith.addf %a, %out : f32
      linalg.yield %b : f32
  }
  return
}
