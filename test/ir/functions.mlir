// RUN: cnn-opt %s | cnn-opt | FileCheck %s
// RUN: cnn-opt %s --mlir-print-op-generic | cnn-opt | FileCheck %s

// One function of each kind of a model with a parameter, a running statistic, dropout and momentum.

// CHECK: func.func private @Net(tensor<?x3xf32> {cnn.name = "x", cnn.role = #cnn.role<input>}, tensor<3xf32> {cnn.init = #cnn.init<uniform, -5.000000e-01, 5.000000e-01>, cnn.name = "a.weight", cnn.role = #cnn.role<parameter>}, tensor<3xf32> {cnn.init = #cnn.init<constant, 1.000000e+00, 0.000000e+00>, cnn.name = "a.mean", cnn.role = #cnn.role<state>}) -> (tensor<?x3xf32> {cnn.name = "y"}) attributes {cnn.kind = #cnn.function_kind<infer>}
func.func private @Net(
    tensor<?x3xf32> {cnn.name = "x", cnn.role = #cnn.role<input>},
    tensor<3xf32> {cnn.name = "a.weight", cnn.role = #cnn.role<parameter>, cnn.init = #cnn.init<uniform, -0.5, 0.5>},
    tensor<3xf32> {cnn.name = "a.mean", cnn.role = #cnn.role<state>, cnn.init = #cnn.init<constant, 1.0, 0.0>})
  -> (tensor<?x3xf32> {cnn.name = "y"}) attributes {cnn.kind = #cnn.function_kind<infer>}

// CHECK: @Net.loss(tensor<?x3xf32> {{{.*}}}, tensor<?xi32> {cnn.classes = 3 : i64, cnn.name = "label", cnn.role = #cnn.role<input>}
func.func private @Net.loss(
    tensor<?x3xf32> {cnn.name = "x", cnn.role = #cnn.role<input>},
    tensor<?xi32> {cnn.name = "label", cnn.role = #cnn.role<input>, cnn.classes = 3 : i64},
    tensor<2xi64> {cnn.role = #cnn.role<key>},
    tensor<3xf32> {cnn.name = "a.weight", cnn.role = #cnn.role<parameter>},
    tensor<3xf32> {cnn.name = "a.mean", cnn.role = #cnn.role<state>})
  -> (tensor<?xf32> {cnn.role = #cnn.role<loss>}, tensor<?xf32> {cnn.role = #cnn.role<metric>, cnn.name = "accuracy"},
      tensor<3xf32> {cnn.role = #cnn.role<state>, cnn.tied = 4 : i64})
  attributes {cnn.kind = #cnn.function_kind<loss>}

// CHECK: @Net.evaluate
func.func private @Net.evaluate(
    tensor<?x3xf32> {cnn.name = "x", cnn.role = #cnn.role<input>},
    tensor<3xf32> {cnn.name = "a.weight", cnn.role = #cnn.role<parameter>},
    tensor<3xf32> {cnn.name = "a.mean", cnn.role = #cnn.role<state>})
  -> (tensor<f32> {cnn.role = #cnn.role<loss>}, tensor<f32> {cnn.role = #cnn.role<metric>, cnn.name = "accuracy"})
  attributes {cnn.kind = #cnn.function_kind<evaluate>}

// CHECK: @Net.train_step
func.func private @Net.train_step(
    tensor<?x3xf32> {cnn.name = "x", cnn.role = #cnn.role<input>},
    tensor<2xi64> {cnn.role = #cnn.role<key>},
    tensor<f32> {cnn.role = #cnn.role<rate>},
    tensor<3xf32> {cnn.name = "a.weight", cnn.role = #cnn.role<parameter>},
    tensor<3xf32> {cnn.name = "a.mean", cnn.role = #cnn.role<state>},
    tensor<3xf32> {cnn.name = "a.weight:momentum", cnn.role = #cnn.role<slot>})
  -> (tensor<f32> {cnn.role = #cnn.role<loss>}, tensor<3xf32> {cnn.role = #cnn.role<parameter>, cnn.tied = 3 : i64},
      tensor<3xf32> {cnn.role = #cnn.role<state>, cnn.tied = 4 : i64},
      tensor<3xf32> {cnn.role = #cnn.role<slot>, cnn.tied = 5 : i64})
  attributes {cnn.kind = #cnn.function_kind<train_step>}

// Of one weight there may be several kinds of derived values, in front of it or behind it.
// CHECK: @Derived
// CHECK-SAME: cnn.derived = #cnn.winograd<4, 3>, cnn.name = "w", cnn.role = #cnn.role<derived>
// CHECK-SAME: cnn.derived = #cnn.winograd<2, 3>
// CHECK-SAME: cnn.derived = #cnn.winograd<2, 3, 2>
// CHECK-SAME: cnn.derived = #cnn.packed<bf16, 2>
func.func private @Derived(
    tensor<36x2x4x16xf32> {cnn.name = "w", cnn.role = #cnn.role<derived>, cnn.derived = #cnn.winograd<4, 3>},
    tensor<2x3x3x4x16xf32> {cnn.name = "w", cnn.role = #cnn.role<parameter>},
    tensor<16x4x32xf32> {cnn.name = "w", cnn.role = #cnn.role<derived>, cnn.derived = #cnn.winograd<2, 3>},
    tensor<16x2x32x2xbf16> {cnn.name = "w", cnn.role = #cnn.role<derived>, cnn.derived = #cnn.winograd<2, 3, 2>},
    tensor<2x3x3x2x16x2xbf16> {cnn.name = "w", cnn.role = #cnn.role<derived>, cnn.derived = #cnn.packed<bf16, 2>})
  attributes {cnn.kind = #cnn.function_kind<infer>}

// A lowered function keeps its kind; only functions of tensors are checked as a whole.
// CHECK: @Lowered
func.func private @Lowered(index, memref<?x3xf32>) attributes {cnn.kind = #cnn.function_kind<infer>}

// Back ends may put attributes of their own on functions.
// CHECK: @kernel
func.func private @kernel(memref<?x3xf32>) attributes {cnn.kernel}
