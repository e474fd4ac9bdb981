// RUN: cnn-opt %s -verify-diagnostics -split-input-file

// The attributes of a model's functions, one mistake each.

// expected-error@+1 {{'func.func' op expected 'cnn.kind' to be a #cnn.function_kind, but got "infer"}}
func.func private @kind_type() attributes {cnn.kind = "infer"}

// -----

// expected-error@+1 {{'builtin.module' op expected 'cnn.kind' on a function alone}}
module attributes {cnn.kind = #cnn.function_kind<infer>} {}

// -----

// expected-error@+1 {{expected 'cnn.name' to be a text that is not empty, but got 1 : i64}}
func.func private @name_type(tensor<?x3xf32> {cnn.name = 1 : i64})

// -----

// expected-error@+1 {{expected 'cnn.name' to be a text that is not empty, but got ""}}
func.func private @name_empty(tensor<?x3xf32> {cnn.name = ""})

// -----

// expected-error@+1 {{expected 'cnn.name' to be a text that is not empty, but got unit}}
func.func private @name_type_of_result() -> (tensor<?x3xf32> {cnn.name})

// -----

// expected-error@+1 {{expected 'cnn.role' to be a #cnn.role, but got "input"}}
func.func private @role_type(tensor<?x3xf32> {cnn.role = "input"})

// -----

// expected-error@+1 {{expected 'cnn.init' to be a #cnn.init, but got 0}}
func.func private @init_type(tensor<?x3xf32> {cnn.init = 0.0 : f32})

// -----

// expected-error@+1 {{expected 'cnn.init' on an argument, but got it on a result}}
func.func private @init_of_result() -> (tensor<?x3xf32> {cnn.init = #cnn.init<constant, 0.0, 0.0>})

// -----

// expected-error@+1 {{expected 'cnn.classes' to be a number of classes (i64), but got 0 : i64}}
func.func private @classes_none(tensor<?xi32> {cnn.classes = 0 : i64})

// -----

// expected-error@+1 {{expected 'cnn.classes' to be a number of classes (i64), but got 3 : i32}}
func.func private @classes_type(tensor<?xi32> {cnn.classes = 3 : i32})

// -----

// expected-error@+1 {{expected 'cnn.classes' on an argument, but got it on a result}}
func.func private @classes_of_result() -> (tensor<?xi32> {cnn.classes = 3 : i64})

// -----

// expected-error@+1 {{expected 'cnn.classes' on an input of one i32 per sample, but got it on argument 0 with the role 'input' and the type 'tensor<?x3xf32>'}}
func.func private @classes_of_image(tensor<?x3xf32> {cnn.name = "x", cnn.role = #cnn.role<input>, cnn.classes = 3 : i64})
  attributes {cnn.kind = #cnn.function_kind<infer>}

// -----

// expected-error@+1 {{expected 'cnn.tied' on a result, but got it on an argument}}
func.func private @tied_argument(tensor<?x3xf32> {cnn.tied = 0 : i64})

// -----

// expected-error@+1 {{expected 'cnn.tied' to be the number of an argument (i64), but got 0 : i32}}
func.func private @tied_type(tensor<?x3xf32>) -> (tensor<?x3xf32> {cnn.tied = 0 : i32})

// -----

// expected-error@+1 {{expected 'cnn.role' on argument 0 of a function of kind 'infer'}}
func.func private @argument_without_role(tensor<?x3xf32> {cnn.name = "x"}) attributes {cnn.kind = #cnn.function_kind<infer>}

// -----

// expected-error@+1 {{expected a role that an argument of a function of kind 'infer' can have, but got 'key' on argument 1}}
func.func private @argument_role(tensor<?x3xf32> {cnn.name = "x", cnn.role = #cnn.role<input>}, tensor<2xi64> {cnn.role = #cnn.role<key>}) attributes {cnn.kind = #cnn.function_kind<infer>}

// -----

// expected-error@+1 {{expected a role that an argument of a function of kind 'loss' can have, but got 'rate' on argument 0}}
func.func private @rate_of_loss(tensor<f32> {cnn.role = #cnn.role<rate>}) attributes {cnn.kind = #cnn.function_kind<loss>}

// -----

// expected-error@+1 {{expected a key of type 'tensor<2xi64>', but got 'tensor<3xi64>'}}
func.func private @key_type(tensor<3xi64> {cnn.role = #cnn.role<key>}) attributes {cnn.kind = #cnn.function_kind<loss>}

// -----

// expected-error@+1 {{expected a learning rate of type 'tensor<f32>', but got 'tensor<f64>'}}
func.func private @rate_type(tensor<f64> {cnn.role = #cnn.role<rate>}) attributes {cnn.kind = #cnn.function_kind<train_step>}

// -----

// expected-error@+1 {{expected 'cnn.init' on a parameter or state alone, but got it on argument 0 with the role 'input'}}
func.func private @init_of_input(tensor<?x3xf32> {cnn.name = "x", cnn.role = #cnn.role<input>, cnn.init = #cnn.init<constant, 0.0, 0.0>}) attributes {cnn.kind = #cnn.function_kind<infer>}

// -----

// expected-error@+1 {{expected 'cnn.name' on argument 0}}
func.func private @argument_without_name(tensor<?x3xf32> {cnn.role = #cnn.role<input>}) attributes {cnn.kind = #cnn.function_kind<infer>}

// -----

// expected-error@+1 {{expected arguments of different names, but got 'w' twice}}
func.func private @same_name_twice(tensor<3xf32> {cnn.name = "w", cnn.role = #cnn.role<parameter>}, tensor<4xf32> {cnn.name = "w", cnn.role = #cnn.role<parameter>}) attributes {cnn.kind = #cnn.function_kind<infer>}

// -----

// expected-error@+1 {{expected 'cnn.role' on result 0 of a function of kind 'evaluate'}}
func.func private @result_without_role(tensor<?x3xf32> {cnn.name = "x", cnn.role = #cnn.role<input>}) -> (tensor<f32> {cnn.name = "loss"}) attributes {cnn.kind = #cnn.function_kind<evaluate>}

// -----

// expected-error@+1 {{expected a role that a result of a function of kind 'infer' can have, but got 'loss' on result 0}}
func.func private @result_role(tensor<?x3xf32> {cnn.name = "x", cnn.role = #cnn.role<input>}) -> (tensor<?xf32> {cnn.role = #cnn.role<loss>}) attributes {cnn.kind = #cnn.function_kind<infer>}

// -----

// expected-error@+1 {{expected 'cnn.name' on result 0}}
func.func private @output_without_name(tensor<?x3xf32> {cnn.name = "x", cnn.role = #cnn.role<input>}) -> (tensor<?x3xf32>) attributes {cnn.kind = #cnn.function_kind<infer>}

// -----

// expected-error@+1 {{expected a loss of one number per sample, but got 'tensor<?x3xf32>'}}
func.func private @loss_rank(tensor<?x3xf32> {cnn.name = "x", cnn.role = #cnn.role<input>}) -> (tensor<?x3xf32> {cnn.role = #cnn.role<loss>}) attributes {cnn.kind = #cnn.function_kind<loss>}

// -----

// expected-error@+1 {{expected a metric of one number, but got 'tensor<?xf32>'}}
func.func private @metric_rank(tensor<?x3xf32> {cnn.name = "x", cnn.role = #cnn.role<input>}) -> (tensor<?xf32> {cnn.role = #cnn.role<metric>}) attributes {cnn.kind = #cnn.function_kind<evaluate>}

// -----

// expected-error@+1 {{expected a loss of one number, but got 'tensor<i64>'}}
func.func private @loss_type(tensor<?x3xf32> {cnn.name = "x", cnn.role = #cnn.role<input>}) -> (tensor<i64> {cnn.role = #cnn.role<loss>}) attributes {cnn.kind = #cnn.function_kind<train_step>}

// -----

// expected-error@+1 {{expected 'cnn.tied' on the results that replace a weight and on no others, but result 0 with the role 'state' has none}}
func.func private @state_not_tied(tensor<3xf32> {cnn.name = "s", cnn.role = #cnn.role<state>}) -> (tensor<3xf32> {cnn.role = #cnn.role<state>}) attributes {cnn.kind = #cnn.function_kind<loss>}

// -----

// expected-error@+1 {{expected 'cnn.tied' on the results that replace a weight and on no others, but result 0 with the role 'loss' has it}}
func.func private @loss_tied(tensor<f32> {cnn.name = "s", cnn.role = #cnn.role<state>}) -> (tensor<f32> {cnn.role = #cnn.role<loss>, cnn.tied = 0 : i64}) attributes {cnn.kind = #cnn.function_kind<loss>}

// -----

// expected-error@+1 {{expected result 0 to be tied to one of the 1 arguments, but got -1 : i64}}
func.func private @tied_outside(tensor<3xf32> {cnn.name = "s", cnn.role = #cnn.role<state>}) -> (tensor<3xf32> {cnn.role = #cnn.role<state>, cnn.tied = -1 : i64}) attributes {cnn.kind = #cnn.function_kind<loss>}

// -----

// expected-error@+1 {{expected result 0, a state of type 'tensor<3xf32>', to be tied to an argument like it, but argument 0 is a parameter of type 'tensor<3xf32>'}}
func.func private @tied_to_another_role(tensor<3xf32> {cnn.name = "w", cnn.role = #cnn.role<parameter>}) -> (tensor<3xf32> {cnn.role = #cnn.role<state>, cnn.tied = 0 : i64}) attributes {cnn.kind = #cnn.function_kind<loss>}

// -----

// expected-error@+1 {{expected result 0, a state of type 'tensor<4xf32>', to be tied to an argument like it, but argument 0 is a state of type 'tensor<3xf32>'}}
func.func private @tied_to_another_type(tensor<3xf32> {cnn.name = "s", cnn.role = #cnn.role<state>}) -> (tensor<4xf32> {cnn.role = #cnn.role<state>, cnn.tied = 0 : i64}) attributes {cnn.kind = #cnn.function_kind<loss>}

// -----

// expected-error@+1 {{expected one result per tied argument, but got two for argument 0}}
func.func private @tied_twice(tensor<3xf32> {cnn.name = "s", cnn.role = #cnn.role<state>}) -> (tensor<3xf32> {cnn.role = #cnn.role<state>, cnn.tied = 0 : i64}, tensor<3xf32> {cnn.role = #cnn.role<state>, cnn.tied = 0 : i64}) attributes {cnn.kind = #cnn.function_kind<loss>}

// -----

// expected-error@+1 {{expected 'cnn.derived' to be a #cnn.winograd or a #cnn.packed, but got 4 : i64}}
func.func private @derived_type(tensor<36x4x16xf32> {cnn.derived = 4 : i64})

// -----

// expected-error@+1 {{expected 'cnn.derived' on an argument, but got it on a result}}
func.func private @derived_on_result() -> (tensor<36x4x16xf32> {cnn.derived = #cnn.winograd<4, 3>})

// -----

// expected-error@+1 {{expected a role that an argument of a function of kind 'evaluate' can have, but got 'derived' on argument 1}}
func.func private @derived_in_training(tensor<16x4x3x3xf32> {cnn.name = "w", cnn.role = #cnn.role<parameter>}, tensor<36x4x16xf32> {cnn.name = "w", cnn.role = #cnn.role<derived>, cnn.derived = #cnn.winograd<4, 3>}) attributes {cnn.kind = #cnn.function_kind<evaluate>}

// -----

// expected-error@+1 {{expected 'cnn.derived' on derived values and on nothing else, but argument 0 with the role 'derived' has none}}
func.func private @derived_without_what(tensor<36x4x16xf32> {cnn.name = "w", cnn.role = #cnn.role<derived>}, tensor<16x4x3x3xf32> {cnn.name = "w", cnn.role = #cnn.role<parameter>}) attributes {cnn.kind = #cnn.function_kind<infer>}

// -----

// expected-error@+1 {{expected 'cnn.derived' on derived values and on nothing else, but argument 0 with the role 'parameter' has it}}
func.func private @what_without_derived(tensor<16x4x3x3xf32> {cnn.name = "w", cnn.role = #cnn.role<parameter>, cnn.derived = #cnn.winograd<2, 3>}) attributes {cnn.kind = #cnn.function_kind<infer>}

// -----

// expected-error@+1 {{expected derived values of type tensor<36 x kernel x inputs x outputs x f32>, the outputs perhaps in blocks, but got 'tensor<16x4x16xf32>' on argument 1}}
func.func private @derived_points(tensor<16x4x3x3xf32> {cnn.name = "w", cnn.role = #cnn.role<parameter>}, tensor<16x4x16xf32> {cnn.name = "w", cnn.role = #cnn.role<derived>, cnn.derived = #cnn.winograd<4, 3>}) attributes {cnn.kind = #cnn.function_kind<infer>}

// -----

// expected-error@+1 {{expected derived values of type tensor<36 x kernel x inputs x outputs x f32>, the outputs perhaps in blocks, but got 'tensor<36x64xf32>' on argument 1}}
func.func private @derived_rank(tensor<16x4x3x3xf32> {cnn.name = "w", cnn.role = #cnn.role<parameter>}, tensor<36x64xf32> {cnn.name = "w", cnn.role = #cnn.role<derived>, cnn.derived = #cnn.winograd<4, 3>}) attributes {cnn.kind = #cnn.function_kind<infer>}

// -----

// expected-error@+1 {{expected derived values of type tensor<36 x kernel x inputs x outputs x f32>, the outputs perhaps in blocks, but got 'tensor<36x4x16xi32>' on argument 1}}
func.func private @derived_element(tensor<16x4x3x3xf32> {cnn.name = "w", cnn.role = #cnn.role<parameter>}, tensor<36x4x16xi32> {cnn.name = "w", cnn.role = #cnn.role<derived>, cnn.derived = #cnn.winograd<4, 3>}) attributes {cnn.kind = #cnn.function_kind<infer>}

// -----

// expected-error@+1 {{expected derived values of type tensor<16 x kernel x inputs x outputs x 2 x bf16>, the outputs perhaps in blocks, but got 'tensor<16x4x16xf32>' on argument 1}}
func.func private @derived_pairs(tensor<16x4x3x3xf32> {cnn.name = "w", cnn.role = #cnn.role<parameter>}, tensor<16x4x16xf32> {cnn.name = "w", cnn.role = #cnn.role<derived>, cnn.derived = #cnn.winograd<2, 3, 2>}) attributes {cnn.kind = #cnn.function_kind<infer>}

// -----

// expected-error@+1 {{expected the derived values 'tensor<36x2x4x16xf32>' of a weight of as many filters, but 'w' is 'tensor<16x4x3x3xf32>'}}
func.func private @derived_size(tensor<16x4x3x3xf32> {cnn.name = "w", cnn.role = #cnn.role<parameter>}, tensor<36x2x4x16xf32> {cnn.name = "w", cnn.role = #cnn.role<derived>, cnn.derived = #cnn.winograd<4, 3>}) attributes {cnn.kind = #cnn.function_kind<infer>}

// -----

// expected-error@+1 {{expected derived values of type tensor<kernel x inputs x outputs x 2 x bf16>, the outputs perhaps in blocks, but got 'tensor<3x3x3x16x2xf32>' on argument 1}}
func.func private @packed_element(tensor<16x5x3x3xf32> {cnn.name = "w", cnn.role = #cnn.role<parameter>}, tensor<3x3x3x16x2xf32> {cnn.name = "w", cnn.role = #cnn.role<derived>, cnn.derived = #cnn.packed<bf16, 2>}) attributes {cnn.kind = #cnn.function_kind<infer>}

// -----

// expected-error@+1 {{expected derived values of type tensor<kernel x inputs x outputs x 2 x bf16>, the outputs perhaps in blocks, but got 'tensor<3x3x3x16x4xbf16>' on argument 1}}
func.func private @packed_count(tensor<16x5x3x3xf32> {cnn.name = "w", cnn.role = #cnn.role<parameter>}, tensor<3x3x3x16x4xbf16> {cnn.name = "w", cnn.role = #cnn.role<derived>, cnn.derived = #cnn.packed<bf16, 2>}) attributes {cnn.kind = #cnn.function_kind<infer>}

// -----

// expected-error@+1 {{expected derived values of type tensor<kernel x inputs x outputs x 2 x bf16>, the outputs perhaps in blocks, but got 'tensor<432x2xbf16>' on argument 1}}
func.func private @packed_rank(tensor<16x5x3x3xf32> {cnn.name = "w", cnn.role = #cnn.role<parameter>}, tensor<432x2xbf16> {cnn.name = "w", cnn.role = #cnn.role<derived>, cnn.derived = #cnn.packed<bf16, 2>}) attributes {cnn.kind = #cnn.function_kind<infer>}

// -----

// expected-error@+1 {{expected the derived values 'tensor<3x3x2x16x2xbf16>' of a weight of as many filters, but 'w' is 'tensor<16x5x3x3xf32>'}}
func.func private @packed_too_few(tensor<16x5x3x3xf32> {cnn.name = "w", cnn.role = #cnn.role<parameter>}, tensor<3x3x2x16x2xbf16> {cnn.name = "w", cnn.role = #cnn.role<derived>, cnn.derived = #cnn.packed<bf16, 2>}) attributes {cnn.kind = #cnn.function_kind<infer>}

// -----

// expected-error@+1 {{expected the derived values 'tensor<3x3x6x16x2xbf16>' of a weight of as many filters, but 'w' is 'tensor<16x5x3x3xf32>'}}
func.func private @packed_too_many(tensor<16x5x3x3xf32> {cnn.name = "w", cnn.role = #cnn.role<parameter>}, tensor<3x3x6x16x2xbf16> {cnn.name = "w", cnn.role = #cnn.role<derived>, cnn.derived = #cnn.packed<bf16, 2>}) attributes {cnn.kind = #cnn.function_kind<infer>}

// -----

// expected-error@+1 {{expected a parameter 'v' from which argument 1 is derived}}
func.func private @derived_from_nothing(tensor<16x4x3x3xf32> {cnn.name = "w", cnn.role = #cnn.role<parameter>}, tensor<36x4x16xf32> {cnn.name = "v", cnn.role = #cnn.role<derived>, cnn.derived = #cnn.winograd<4, 3>}) attributes {cnn.kind = #cnn.function_kind<infer>}

// -----

// expected-error@+1 {{expected a parameter 'w' from which argument 1 is derived}}
func.func private @derived_from_state(tensor<16x4x3x3xf32> {cnn.name = "w", cnn.role = #cnn.role<state>}, tensor<36x4x16xf32> {cnn.name = "w", cnn.role = #cnn.role<derived>, cnn.derived = #cnn.winograd<4, 3>}) attributes {cnn.kind = #cnn.function_kind<infer>}

// -----

// expected-error@+1 {{expected different derived values, but got 'w' twice}}
func.func private @derived_twice(tensor<16x4x3x3xf32> {cnn.name = "w", cnn.role = #cnn.role<parameter>}, tensor<36x4x16xf32> {cnn.name = "w", cnn.role = #cnn.role<derived>, cnn.derived = #cnn.winograd<4, 3>}, tensor<36x4x16xf32> {cnn.name = "w", cnn.role = #cnn.role<derived>, cnn.derived = #cnn.winograd<4, 3>}) attributes {cnn.kind = #cnn.function_kind<infer>}

// -----

// The function is not well-formed itself: that is what is reported.
// expected-error@+1 {{expects argument attribute array to have the same number of elements as the number of function arguments, got 1, but expected 2}}
"func.func"() <{sym_name = "short_attributes", sym_visibility = "private", function_type = (tensor<f32>, tensor<f32>) -> (), arg_attrs = [{cnn.role = #cnn.role<rate>}]}> ({}) {cnn.kind = #cnn.function_kind<train_step>} : () -> ()
