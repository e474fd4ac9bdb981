// RUN: cnn-opt %s --neuflow-quantize --split-input-file | FileCheck %s

// fraction(output) = fraction(input) + fraction(kernel) - 8. The values reach 1.5 and 3: 14 and 13 bits fit. The kernel
// is exact with any, so that the input keeps 14; with 13 - 14 + 8 = 7 bits it is 64, and a bias of 1 is 2^13.
// CHECK-LABEL: func.func @net
// CHECK: neuflow.quantize %{{.*}} {fraction = 14 : i64} : (tensor<1x1x2x2xf32>) -> tensor<1x2x2xi16>
// CHECK: call @net.part0(%{{.*}}) : (tensor<1x2x2xi16>) -> tensor<1x2x2xi16>
// CHECK: neuflow.dequantize %{{.*}} {fraction = [[F:.*]] : i64}
// CHECK-LABEL: func.func private @net.part0
// CHECK-SAME: (%[[X:.*]]: tensor<1x2x2xi16> {neuflow.fraction = 14 : i64}) -> (tensor<1x2x2xi16> {neuflow.fraction = [[F]] : i64})
// CHECK-DAG: %[[K:.*]] = arith.constant dense<64> : tensor<1x1x1xi16>
// CHECK-DAG: %[[B:.*]] = arith.constant dense<8192> : tensor<1xi16>
// CHECK: %[[C:.*]] = neuflow.conv %[[X]], %[[K]], %[[B]] {neuflow.fraction = 13 : i64, strides = array<i64: 1, 1>}
// relu is exact: 14 bits of 13 are a slope of 2, up to where words end.
// CHECK: neuflow.map %[[C]] {neuflow.fraction = [[F]] : i64, tables = [#neuflow.mapper<none, {{\[\[}}0, 32767, 16384], [512, 0, 1], [0, 0, -32768]]>]}
func.func @net(%x: tensor<1x1x2x2xf32>) -> tensor<1x1x2x2xf32> {
  %0 = neuflow.quantize %x {fraction = 8 : i64} : (tensor<1x1x2x2xf32>) -> tensor<1x2x2xf32>
  %1 = call @net.part0(%0) : (tensor<1x2x2xf32>) -> tensor<1x2x2xf32>
  %2 = neuflow.dequantize %1 {fraction = 8 : i64} : (tensor<1x2x2xf32>) -> tensor<1x1x2x2xf32>
  return %2 : tensor<1x1x2x2xf32>
}
func.func private @net.part0(%x: tensor<1x2x2xf32> {neuflow.range = array<f64: 1.5, 0.7>}) -> tensor<1x2x2xf32> attributes {neuflow.part = #neuflow.part<grid>} {
  %k = arith.constant dense<0.5> : tensor<1x1x1xf32>
  %b = arith.constant dense<1.0> : tensor<1xf32>
  %0 = neuflow.conv %x, %k, %b {neuflow.range = array<f64: 3.0, 1.0>, strides = array<i64: 1, 1>} : (tensor<1x2x2xf32>, tensor<1x1x1xf32>, tensor<1xf32>) -> tensor<1x2x2xf32>
  %1 = neuflow.function %0 {kind = #cnn.unary_kind<relu>, neuflow.range = array<f64: 1.7, 1.0>} : (tensor<1x2x2xf32>) -> tensor<1x2x2xf32>
  return %1 : tensor<1x2x2xf32>
}

// -----

// What is added has one fraction, that of the largest: 7.9 leaves 11 bits with room to spare (8 is 2^3).
// CHECK-LABEL: @ties
// CHECK-SAME: (%{{.*}}: tensor<1x1x1xi16> {neuflow.fraction = 11 : i64}, %{{.*}}: tensor<1x1x1xi16> {neuflow.fraction = 11 : i64}) -> (tensor<1x1x1xi16> {neuflow.fraction = 11 : i64})
func.func private @ties(%x: tensor<1x1x1xf32> {neuflow.range = array<f64: 0.1, 0.1>}, %y: tensor<1x1x1xf32> {neuflow.range = array<f64: 7.9, 2.0>}) -> tensor<1x1x1xf32> attributes {neuflow.part = #neuflow.part<grid>} {
  // CHECK: neuflow.add %{{.*}} {neuflow.fraction = 11 : i64}
  %0 = neuflow.add %x, %y {neuflow.range = array<f64: 8.0, 2.0>} : (tensor<1x1x1xf32>, tensor<1x1x1xf32>) -> tensor<1x1x1xf32>
  return %0 : tensor<1x1x1xf32>
}

// -----

// A product has the fractions of both, less 8; what is added to its operand asks for another one.
// CHECK-LABEL: @product
func.func private @product(%x: tensor<1x1x1xf32> {neuflow.range = array<f64: 0.9, 0.5>}) -> tensor<1x1x1xf32> attributes {neuflow.part = #neuflow.part<grid>} {
  // CHECK: %[[S:.*]] = neuflow.square %[[X:.*]] {neuflow.fraction = [[R:.*]] : i64}
  // CHECK: %[[T:.*]] = neuflow.map %[[S]] {neuflow.fraction = [[F:.*]] : i64, tables
  // CHECK: neuflow.add %[[X]], %[[T]] {neuflow.fraction = [[F]] : i64}
  %0 = neuflow.square %x {neuflow.range = array<f64: 0.81, 0.3>} : (tensor<1x1x1xf32>) -> tensor<1x1x1xf32>
  %1 = neuflow.add %x, %0 {neuflow.range = array<f64: 1.71, 0.8>} : (tensor<1x1x1xf32>, tensor<1x1x1xf32>) -> tensor<1x1x1xf32>
  return %1 : tensor<1x1x1xf32>
}

// -----

// One table for each plane that differs; bytes stay bytes.
// CHECK-LABEL: @affine
// CHECK-SAME: {neuflow.fraction = 0 : i64}
func.func private @affine(%x: tensor<2x1x1xf32> {neuflow.fraction = 0 : i64, neuflow.range = array<f64: 255.0, 100.0>}) -> tensor<2x1x1xf32> attributes {neuflow.part = #neuflow.part<grid>} {
  %s = arith.constant dense<[1.0, 0.5]> : tensor<2xf32>
  %t = arith.constant dense<[0.0, -2.0]> : tensor<2xf32>
  // CHECK: neuflow.map %{{.*}} {{{.*}}tables = [#neuflow.mapper<{{.*}}>, #neuflow.mapper<{{.*}}>]} : (tensor<2x1x1xi16>) -> tensor<2x1x1xi16>
  %0 = neuflow.affine %x, %s, %t {neuflow.range = array<f64: 255.0, 90.0>} : (tensor<2x1x1xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<2x1x1xf32>
  return %0 : tensor<2x1x1xf32>
}
