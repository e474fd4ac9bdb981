// RUN: cnn-opt %s -cnn-cpu-tile-kernel -split-input-file | FileCheck %s

// A sum over samples, rows and columns goes row by row; what a row makes stays small.

#all = affine_map<(b, h, w, c) -> (b, h, w, c)>
#row = affine_map<(b, h, w, c) -> (b, h, c)>

// CHECK-LABEL: func.func private @row_sums
// CHECK: scf.forall (%{{[^,]*}}, %{{[^,]*}}) = (0, 0) to (%{{.*}}, 56) step (1, 2)
// CHECK: linalg.generic {{.*}} ins(%{{.*}} : tensor<1x2x56x64xf32>)
func.func private @row_sums(%in: memref<?x56x56x64xf32>, %out: memref<?x56x64xf32>) attributes {cnn.kernel} {
  %zero = arith.constant 0.0 : f32
  %c0 = arith.constant 0 : index
  %batch = memref.dim %in, %c0 : memref<?x56x56x64xf32>
  %x = bufferization.to_tensor %in restrict : memref<?x56x56x64xf32> to tensor<?x56x56x64xf32>
  %empty = tensor.empty(%batch) : tensor<?x56x64xf32>
  %start = linalg.fill ins(%zero : f32) outs(%empty : tensor<?x56x64xf32>) -> tensor<?x56x64xf32>
  %sum = linalg.generic {indexing_maps = [#all, #row], iterator_types = ["parallel", "parallel", "reduction", "parallel"]}
      ins(%x : tensor<?x56x56x64xf32>) outs(%start : tensor<?x56x64xf32>) {
    ^bb0(%a: f32, %s: f32):
      %t = arith.addf %s, %a : f32
      linalg.yield %t : f32
  } -> tensor<?x56x64xf32>
  bufferization.materialize_in_destination %sum in restrict writable %out : (tensor<?x56x64xf32>, memref<?x56x64xf32>) -> ()
  return
}

// -----

// A reduction and what follows it share a temporary on the stack. A sample of 32,768 elements is too large for one.

#x = affine_map<(b, h, w, c, k) -> (b, h, w + k, c)>
#y = affine_map<(b, h, w, c, k) -> (b, h, w, c)>
#id = affine_map<(b, h, w, c) -> (b, h, w, c)>

// CHECK-LABEL: func.func private @reduction_with_epilogue
// CHECK: scf.forall (%{{[^,]*}}, %{{[^,]*}}) in (%{{.*}}, 16)
// CHECK: linalg.generic {{.*}} outs(%{{.*}} : tensor<1x1x32x64xf32>)
func.func private @reduction_with_epilogue(%in: memref<?x16x34x64xf32>, %out: memref<?x16x32x64xf32>) attributes {cnn.kernel} {
  %zero = arith.constant 0.0 : f32
  %c0 = arith.constant 0 : index
  %batch = memref.dim %in, %c0 : memref<?x16x34x64xf32>
  %t = bufferization.to_tensor %in restrict : memref<?x16x34x64xf32> to tensor<?x16x34x64xf32>
  %taps = tensor.empty() : tensor<3xf32>
  %empty = tensor.empty(%batch) : tensor<?x16x32x64xf32>
  %start = linalg.fill ins(%zero : f32) outs(%empty : tensor<?x16x32x64xf32>) -> tensor<?x16x32x64xf32>
  %sum = linalg.generic {indexing_maps = [#x, affine_map<(b, h, w, c, k) -> (k)>, #y],
                         iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction"]}
      ins(%t, %taps : tensor<?x16x34x64xf32>, tensor<3xf32>) outs(%start : tensor<?x16x32x64xf32>) {
    ^bb0(%a: f32, %k: f32, %s: f32):
      %u = arith.addf %s, %a : f32
      linalg.yield %u : f32
  } -> tensor<?x16x32x64xf32>
  %result = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%sum : tensor<?x16x32x64xf32>) outs(%empty : tensor<?x16x32x64xf32>) {
    ^bb0(%a: f32, %o: f32):
      %u = arith.maximumf %a, %zero : f32
      linalg.yield %u : f32
  } -> tensor<?x16x32x64xf32>
  bufferization.materialize_in_destination %result in restrict writable %out : (tensor<?x16x32x64xf32>, memref<?x16x32x64xf32>) -> ()
  return
}

// -----

// The weight gradient of a 1x1 convolution: eight rows divide 64, so that items are cut along rows as well as columns.

#dy = affine_map<(i, o, n) -> (n, o)>
#xt = affine_map<(i, o, n) -> (n, i)>
#dw = affine_map<(i, o, n) -> (i, o)>

// CHECK-LABEL: func.func private @weight_gradient
// CHECK: scf.forall (%{{.*}}, %{{.*}}) = (0, 0) to (64, 64) step (8, 32)
func.func private @weight_gradient(%x: memref<?x64xf32>, %dy: memref<?x64xf32>, %dw: memref<64x64xf32>) attributes {cnn.kernel} {
  %zero = arith.constant 0.0 : f32
  %tx = bufferization.to_tensor %x restrict : memref<?x64xf32> to tensor<?x64xf32>
  %tdy = bufferization.to_tensor %dy restrict : memref<?x64xf32> to tensor<?x64xf32>
  %empty = tensor.empty() : tensor<64x64xf32>
  %start = linalg.fill ins(%zero : f32) outs(%empty : tensor<64x64xf32>) -> tensor<64x64xf32>
  %sum = linalg.generic {indexing_maps = [#xt, #dy, #dw], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%tx, %tdy : tensor<?x64xf32>, tensor<?x64xf32>) outs(%start : tensor<64x64xf32>) attrs = {cnn.contraction} {
    ^bb0(%a: f32, %b: f32, %s: f32):
      %p = arith.mulf %a, %b : f32
      %t = arith.addf %s, %p : f32
      linalg.yield %t : f32
  } -> tensor<64x64xf32>
  bufferization.materialize_in_destination %sum in restrict writable %dw : (tensor<64x64xf32>, memref<64x64xf32>) -> ()
  return
}

// -----

// The weight gradient of a 3x3 convolution: an item has all positions of the window, for two register tiles of eight
// rows. Its sum is cut: for every sample and every two rows of the image, all register tiles.

#x = affine_map<(i, j, c, o, b, h, w) -> (b, h + i, w + j, c)>
#dy = affine_map<(i, j, c, o, b, h, w) -> (b, h, w, o)>
#dw = affine_map<(i, j, c, o, b, h, w) -> (i, j, c, o)>

// CHECK-LABEL: func.func private @window_gradient
// CHECK:      scf.forall (%{{.*}}, %{{.*}}) = (0, 0) to (64, 64) step (16, 32)
// CHECK:        linalg.fill {{.*}} outs(%{{.*}} : tensor<3x3x16x32xf32>)
// CHECK-NEXT:   scf.for %{{.*}} = %c0 to %{{.*}} step %c1 iter_args(%{{.*}}) -> (tensor<3x3x16x32xf32>)
// CHECK-NEXT:     scf.for %{{.*}} = %c0 to %c56 step %c2 iter_args
// CHECK:            scf.for %{{.*}} = %c0 to %c3 step %c1 iter_args
// CHECK-NEXT:         scf.for %{{.*}} = %c0 to %c3 step %c1 iter_args
// CHECK-NEXT:           scf.for %{{.*}} = %c0 to %c16 step %c8 iter_args
// CHECK:                  linalg.generic {{.*}} ins(%{{.*}}, %{{.*}} : tensor<1x2x56x8xf32>, tensor<1x2x56x32xf32>) outs(%{{.*}} : tensor<1x1x8x32xf32>)
func.func private @window_gradient(%x: memref<?x58x58x64xf32>, %dy: memref<?x56x56x64xf32>, %dw: memref<3x3x64x64xf32>) attributes {cnn.kernel} {
  %zero = arith.constant 0.0 : f32
  %tx = bufferization.to_tensor %x restrict : memref<?x58x58x64xf32> to tensor<?x58x58x64xf32>
  %tdy = bufferization.to_tensor %dy restrict : memref<?x56x56x64xf32> to tensor<?x56x56x64xf32>
  %empty = tensor.empty() : tensor<3x3x64x64xf32>
  %start = linalg.fill ins(%zero : f32) outs(%empty : tensor<3x3x64x64xf32>) -> tensor<3x3x64x64xf32>
  %sum = linalg.generic {indexing_maps = [#x, #dy, #dw],
                         iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction", "reduction"]}
      ins(%tx, %tdy : tensor<?x58x58x64xf32>, tensor<?x56x56x64xf32>) outs(%start : tensor<3x3x64x64xf32>) attrs = {cnn.contraction} {
    ^bb0(%a: f32, %b: f32, %s: f32):
      %p = arith.mulf %a, %b : f32
      %t = arith.addf %s, %p : f32
      linalg.yield %t : f32
  } -> tensor<3x3x64x64xf32>
  bufferization.materialize_in_destination %sum in restrict writable %dw : (tensor<3x3x64x64xf32>, memref<3x3x64x64xf32>) -> ()
  return
}

// -----

// A depthwise convolution: seven pixels of two vectors of channels, because these are vectors of the input, too; an item
// has all channels of a row.

#x = affine_map<(b, h, w, i, j, c) -> (b, h + i, w + j, c)>
#w = affine_map<(b, h, w, i, j, c) -> (i, j, c)>
#y = affine_map<(b, h, w, i, j, c) -> (b, h, w, c)>

// CHECK-LABEL: func.func private @depthwise
// CHECK: scf.forall (%{{[^,]*}}, %{{[^,]*}}) in (%{{.*}}, 28)
// CHECK:   scf.for %{{.*}} = %c0 to %c28 step %c7
// CHECK:     scf.for %{{.*}} = %c0 to %c64 step %c32
// CHECK:       linalg.generic {{.*}} ins(%{{.*}}, %{{.*}} : tensor<1x3x9x32xf32>, tensor<3x3x32xf32>) outs(%{{.*}} : tensor<1x1x7x32xf32>)
func.func private @depthwise(%x: memref<?x30x30x64xf32>, %w: memref<3x3x64xf32>, %y: memref<?x28x28x64xf32>) attributes {cnn.kernel} {
  %zero = arith.constant 0.0 : f32
  %c0 = arith.constant 0 : index
  %batch = memref.dim %x, %c0 : memref<?x30x30x64xf32>
  %tx = bufferization.to_tensor %x restrict : memref<?x30x30x64xf32> to tensor<?x30x30x64xf32>
  %tw = bufferization.to_tensor %w restrict : memref<3x3x64xf32> to tensor<3x3x64xf32>
  %empty = tensor.empty(%batch) : tensor<?x28x28x64xf32>
  %start = linalg.fill ins(%zero : f32) outs(%empty : tensor<?x28x28x64xf32>) -> tensor<?x28x28x64xf32>
  %sum = linalg.generic {indexing_maps = [#x, #w, #y],
                         iterator_types = ["parallel", "parallel", "parallel", "reduction", "reduction", "parallel"]}
      ins(%tx, %tw : tensor<?x30x30x64xf32>, tensor<3x3x64xf32>) outs(%start : tensor<?x28x28x64xf32>) attrs = {cnn.contraction} {
    ^bb0(%a: f32, %b: f32, %s: f32):
      %p = arith.mulf %a, %b : f32
      %t = arith.addf %s, %p : f32
      linalg.yield %t : f32
  } -> tensor<?x28x28x64xf32>
  bufferization.materialize_in_destination %sum in restrict writable %y : (tensor<?x28x28x64xf32>, memref<?x28x28x64xf32>) -> ()
  return
}

// -----

// The gradient of a weight of 5x5 and 6 channels: all positions of a channel are a register tile, and a channel an item.
// 4 x 6 rows would leave 1 x 6 over.

#gx = affine_map<(i, j, c, o, b, h, w) -> (b, i + h, j + w, c)>
#gdy = affine_map<(i, j, c, o, b, h, w) -> (b, h, w, o)>
#gdw = affine_map<(i, j, c, o, b, h, w) -> (i, j, c, o)>

// CHECK-LABEL: func.func private @weight_gradient
// CHECK-SAME: cnn.tile = "25x16"
// CHECK: scf.forall (%{{[^,]*}}) in (6)
// CHECK: outs(%{{.*}} : tensor<5x5x1x16xf32>) attrs = {cnn.contraction}
func.func private @weight_gradient(%xs: memref<?x14x14x6xf32>, %dys: memref<?x10x10x16xf32>, %out: memref<5x5x6x16xf32>) attributes {cnn.kernel} {
  %zero = arith.constant 0.0 : f32
  %x = bufferization.to_tensor %xs restrict : memref<?x14x14x6xf32> to tensor<?x14x14x6xf32>
  %dy = bufferization.to_tensor %dys restrict : memref<?x10x10x16xf32> to tensor<?x10x10x16xf32>
  %empty = tensor.empty() : tensor<5x5x6x16xf32>
  %start = linalg.fill ins(%zero : f32) outs(%empty : tensor<5x5x6x16xf32>) -> tensor<5x5x6x16xf32>
  %dw = linalg.generic {indexing_maps = [#gx, #gdy, #gdw],
      iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction", "reduction"]}
      ins(%x, %dy : tensor<?x14x14x6xf32>, tensor<?x10x10x16xf32>) outs(%start : tensor<5x5x6x16xf32>)
      attrs = {cnn.contraction} {
    ^bb0(%a: f32, %b: f32, %s: f32):
      %p = arith.mulf %a, %b : f32
      %t = arith.addf %s, %p : f32
      linalg.yield %t : f32
  } -> tensor<5x5x6x16xf32>
  bufferization.materialize_in_destination %dw in restrict writable %out : (tensor<5x5x6x16xf32>, memref<5x5x6x16xf32>) -> ()
  return
}

// -----

// A contraction that pads its operand: an item is a sample, which is padded once, in front of its register tiles.

#made = affine_map<(b, w, c) -> (b, w, c)>
#x = affine_map<(b, w, o, j, c) -> (b, w + j, c)>
#weight = affine_map<(b, w, o, j, c) -> (j, c, o)>
#y = affine_map<(b, w, o, j, c) -> (b, w, o)>

// CHECK-LABEL: func.func @pads
// CHECK: scf.forall (%{{.*}}) in (%{{.*}}) shared_outs
// CHECK: [[PADDED:%.*]] = linalg.generic {{.*}} outs(%{{.*}} : tensor<1x66x2xf32>) attrs = {cnn.pad}
// CHECK: scf.for
// CHECK: tensor.extract_slice [[PADDED]]
// CHECK: cnn.contraction
// CHECK-NOT: cnn.pad
// CHECK: return
func.func @pads(%arg0: memref<?x64x2xf32>, %arg1: memref<3x2x6xf32>, %arg2: memref<?x64x6xf32>)
    attributes {cnn.kernel} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c63 = arith.constant 63 : index
  %c64 = arith.constant 64 : index
  %zero = arith.constant 0.0 : f32
  %batch = memref.dim %arg0, %c0 : memref<?x64x2xf32>
  %t = bufferization.to_tensor %arg0 restrict : memref<?x64x2xf32> to tensor<?x64x2xf32>
  %w = bufferization.to_tensor %arg1 restrict : memref<3x2x6xf32> to tensor<3x2x6xf32>
  %space = tensor.empty(%batch) : tensor<?x66x2xf32>
  %0 = linalg.generic {indexing_maps = [#made], iterator_types = ["parallel", "parallel", "parallel"]}
      outs(%space : tensor<?x66x2xf32>) attrs = {cnn.pad} {
    ^bb0(%out: f32):
      %b = linalg.index 0 : index
      %i = linalg.index 1 : index
      %c = linalg.index 2 : index
      %before = arith.subi %i, %c1 : index
      %isInside = arith.cmpi ult, %before, %c64 : index
      %low = arith.maxsi %before, %c0 : index
      %at = arith.minsi %low, %c63 : index
      %value = tensor.extract %t[%b, %at, %c] : tensor<?x64x2xf32>
      %padded = arith.select %isInside, %value, %zero : f32
      linalg.yield %padded : f32
  } -> tensor<?x66x2xf32>
  %empty = tensor.empty(%batch) : tensor<?x64x6xf32>
  %fill = linalg.fill ins(%zero : f32) outs(%empty : tensor<?x64x6xf32>) -> tensor<?x64x6xf32>
  %1 = linalg.generic {indexing_maps = [#x, #weight, #y],
      iterator_types = ["parallel", "parallel", "parallel", "reduction", "reduction"]}
      ins(%0, %w : tensor<?x66x2xf32>, tensor<3x2x6xf32>) outs(%fill : tensor<?x64x6xf32>) attrs = {cnn.contraction} {
    ^bb0(%a: f32, %b: f32, %s: f32):
      %p = arith.mulf %a, %b : f32
      %sum = arith.addf %s, %p : f32
      linalg.yield %sum : f32
  } -> tensor<?x64x6xf32>
  bufferization.materialize_in_destination %1 in restrict writable %arg2 : (tensor<?x64x6xf32>, memref<?x64x6xf32>) -> ()
  return
}
