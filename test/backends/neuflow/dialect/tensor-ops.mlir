// RUN: cnn-opt %s | cnn-opt | FileCheck %s
// RUN: cnn-opt %s --mlir-print-op-generic | cnn-opt | FileCheck %s

// CHECK-LABEL: @conv_full
func.func @conv_full(%x: tensor<2x28x28xi16>, %k: tensor<6x5x5xi16>, %b: tensor<3xi16>) -> tensor<3x24x24xi16> {
  // What the machine does is not printed.
  // CHECK: neuflow.conv %{{.*}}, %{{.*}}, %{{.*}} {strides = array<i64: 1, 1>} : (tensor<2x28x28xi16>, tensor<6x5x5xi16>, tensor<3xi16>) -> tensor<3x24x24xi16>
  %y = neuflow.conv %x, %k, %b {strides = array<i64: 1, 1>, arithmetic = #neuflow.arithmetic<round = half_away, overflow = saturate>} : (tensor<2x28x28xi16>, tensor<6x5x5xi16>, tensor<3xi16>) -> tensor<3x24x24xi16>
  return %y : tensor<3x24x24xi16>
}

// Same size, a stride that differs, a table of connections: ceil(7 / 2) = 4 rows, ceil(8 / 3) = 3 columns.
// CHECK-LABEL: @conv_connected
func.func @conv_connected(%x: tensor<2x7x8xi16>, %k: tensor<3x4x3xi16>, %b: tensor<2xi16>) -> tensor<2x4x3xi16> {
  // CHECK: neuflow.conv %{{.*}} {arithmetic = #neuflow.arithmetic<round = half_up, overflow = wrap>, connections = dense<{{\[\[}}0, 1], [1, 0], [0, 0]]> : tensor<3x2xi64>, same_size, strides = array<i64: 2, 3>}
  %y = neuflow.conv %x, %k, %b {connections = dense<[[0, 1], [1, 0], [0, 0]]> : tensor<3x2xi64>, same_size, strides = array<i64: 2, 3>, arithmetic = #neuflow.arithmetic<round = half_up, overflow = wrap>} : (tensor<2x7x8xi16>, tensor<3x4x3xi16>, tensor<2xi16>) -> tensor<2x4x3xi16>
  return %y : tensor<2x4x3xi16>
}

// CHECK-LABEL: @map
func.func @map(%x: tensor<2x1x1xi16>) -> tensor<2x1x1xi16> {
  // CHECK: neuflow.map %{{.*}} {tables = [#neuflow.mapper<none, {{\[\[}}256, 0, 0], [0, 0, -32768]]>, #neuflow.mapper<odd, {{\[\[}}1, -2, 3]]>]}
  %y = neuflow.map %x {tables = [#neuflow.mapper<none, [[256, 0, 0], [0, 0, -32768]]>, #neuflow.mapper<odd, [[1, -2, 3]]>]} : (tensor<2x1x1xi16>) -> tensor<2x1x1xi16>
  return %y : tensor<2x1x1xi16>
}

// CHECK-LABEL: @elementwise
func.func @elementwise(%a: tensor<1x2x3xi16>, %b: tensor<1x2x3xi16>) -> tensor<1x2x3xi16> {
  // CHECK: neuflow.add
  // CHECK: neuflow.sub
  // CHECK: neuflow.mul
  // CHECK: neuflow.div
  // CHECK: neuflow.max
  // CHECK: neuflow.square
  // CHECK: neuflow.mac
  %0 = neuflow.add %a, %b : (tensor<1x2x3xi16>, tensor<1x2x3xi16>) -> tensor<1x2x3xi16>
  %1 = neuflow.sub %0, %b : (tensor<1x2x3xi16>, tensor<1x2x3xi16>) -> tensor<1x2x3xi16>
  %2 = neuflow.mul %1, %b : (tensor<1x2x3xi16>, tensor<1x2x3xi16>) -> tensor<1x2x3xi16>
  %3 = neuflow.div %2, %b : (tensor<1x2x3xi16>, tensor<1x2x3xi16>) -> tensor<1x2x3xi16>
  %4 = neuflow.max %3, %b : (tensor<1x2x3xi16>, tensor<1x2x3xi16>) -> tensor<1x2x3xi16>
  %5 = neuflow.square %4 : (tensor<1x2x3xi16>) -> tensor<1x2x3xi16>
  %6 = neuflow.mac %5, %a, %b : (tensor<1x2x3xi16>, tensor<1x2x3xi16>, tensor<1x2x3xi16>) -> tensor<1x2x3xi16>
  return %6 : tensor<1x2x3xi16>
}

// CHECK-LABEL: @planes
func.func @planes(%x: tensor<2x5x6xi16>) -> tensor<3x2x3xi16> {
  // CHECK: neuflow.window %{{.*}} {offset = array<i64: 1, 0>, strides = array<i64: 3, 2>} : (tensor<2x5x6xi16>) -> tensor<2x2x3xi16>
  %0 = neuflow.window %x {offset = array<i64: 1, 0>, strides = array<i64: 3, 2>} : (tensor<2x5x6xi16>) -> tensor<2x2x3xi16>
  // CHECK: neuflow.select %{{.*}} {planes = array<i64: 1>}
  %1 = neuflow.select %0 {planes = array<i64: 1>} : (tensor<2x2x3xi16>) -> tensor<1x2x3xi16>
  // CHECK: neuflow.concat %{{.*}}, %{{.*}} : (tensor<2x2x3xi16>, tensor<1x2x3xi16>) -> tensor<3x2x3xi16>
  %2 = neuflow.concat %0, %1 : (tensor<2x2x3xi16>, tensor<1x2x3xi16>) -> tensor<3x2x3xi16>
  // CHECK: neuflow.pad %{{.*}} {high = array<i64: 0, 2>, low = array<i64: 1, 0>, value = -32768 : i16}
  %3 = neuflow.pad %2 {low = array<i64: 1, 0>, high = array<i64: 0, 2>, value = -32768 : i16} : (tensor<3x2x3xi16>) -> tensor<3x3x5xi16>
  // CHECK: neuflow.reshape %{{.*}} : (tensor<3x3x5xi16>) -> tensor<45x1x1xi16>
  %4 = neuflow.reshape %3 : (tensor<3x3x5xi16>) -> tensor<45x1x1xi16>
  return %2 : tensor<3x2x3xi16>
}

// CHECK-LABEL: @host
func.func @host(%x: tensor<1x10xf32>) -> tensor<1x10xf32> {
  // CHECK: neuflow.quantize %{{.*}} {fraction = 8 : i64} : (tensor<1x10xf32>) -> tensor<10x1x1xi16>
  %0 = neuflow.quantize %x {fraction = 8 : i64} : (tensor<1x10xf32>) -> tensor<10x1x1xi16>
  // CHECK: neuflow.dequantize %{{.*}} {fraction = 8 : i64} : (tensor<10x1x1xi16>) -> tensor<1x10xf32>
  %1 = neuflow.dequantize %0 {fraction = 8 : i64} : (tensor<10x1x1xi16>) -> tensor<1x10xf32>
  return %1 : tensor<1x10xf32>
}

// Before words are chosen.
// CHECK-LABEL: @reals
// CHECK-SAME: neuflow.part = #neuflow.part<grid>
func.func @reals(%x: tensor<2x3x4xf32>, %s: tensor<2xf32>) -> tensor<2x3x4xf32> attributes {neuflow.part = #neuflow.part<grid>} {
  // CHECK: neuflow.affine %{{.*}}, %{{.*}}, %{{.*}} : (tensor<2x3x4xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<2x3x4xf32>
  %0 = neuflow.affine %x, %s, %s : (tensor<2x3x4xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<2x3x4xf32>
  // CHECK: neuflow.function %{{.*}} {kind = #cnn.unary_kind<tanh>} : (tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  %1 = neuflow.function %0 {kind = #cnn.unary_kind<tanh>} : (tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  return %1 : tensor<2x3x4xf32>
}
