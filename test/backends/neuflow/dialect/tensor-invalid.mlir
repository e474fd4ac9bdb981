// RUN: cnn-opt %s -verify-diagnostics=only-expected -split-input-file

func.func @conv_c1_three(%x: tensor<2x7x8xi16>, %k: tensor<2x3x3xi16>, %b: tensor<1xi16>) {
  // expected-error@+1 {{attribute 'strides' failed to satisfy constraint: i64 dense array attribute with exactly 2 elements}}
  %y = neuflow.conv %x, %k, %b {strides = array<i64: 1, 1, 1>} : (tensor<2x7x8xi16>, tensor<2x3x3xi16>, tensor<1xi16>) -> tensor<1x5x6xi16>
  return
}

// -----

func.func @conv_c1_zero(%x: tensor<2x7x8xi16>, %k: tensor<2x3x3xi16>, %b: tensor<1xi16>) {
  // expected-error@+1 {{expected strides of at least 1, but got 0}}
  %y = neuflow.conv %x, %k, %b {strides = array<i64: 1, 0>} : (tensor<2x7x8xi16>, tensor<2x3x3xi16>, tensor<1xi16>) -> tensor<1x5x6xi16>
  return
}

// -----

func.func @conv_c2_rows(%x: tensor<2x7x8xi16>, %k: tensor<2x3x3xi16>, %b: tensor<1xi16>) {
  // expected-error@+1 {{expected connections of type tensor<2x2xi64>, one row per kernel, but got 'tensor<1x2xi64>'}}
  %y = neuflow.conv %x, %k, %b {connections = dense<[[0, 0]]> : tensor<1x2xi64>, strides = array<i64: 1, 1>} : (tensor<2x7x8xi16>, tensor<2x3x3xi16>, tensor<1xi16>) -> tensor<1x5x6xi16>
  return
}

// -----

func.func @conv_c2_output(%x: tensor<2x7x8xi16>, %k: tensor<2x3x3xi16>, %b: tensor<1xi16>) {
  // expected-error@+1 {{expected connections to outputs 0 to 0, but got 1}}
  %y = neuflow.conv %x, %k, %b {connections = dense<[[0, 0], [1, 0]]> : tensor<2x2xi64>, strides = array<i64: 1, 1>} : (tensor<2x7x8xi16>, tensor<2x3x3xi16>, tensor<1xi16>) -> tensor<1x5x6xi16>
  return
}

// -----

func.func @conv_c2_input(%x: tensor<2x7x8xi16>, %k: tensor<2x3x3xi16>, %b: tensor<1xi16>) {
  // expected-error@+1 {{expected connections from inputs 0 to 1, but got -1}}
  %y = neuflow.conv %x, %k, %b {connections = dense<[[0, 0], [0, -1]]> : tensor<2x2xi64>, strides = array<i64: 1, 1>} : (tensor<2x7x8xi16>, tensor<2x3x3xi16>, tensor<1xi16>) -> tensor<1x5x6xi16>
  return
}

// -----

func.func @conv_c3(%x: tensor<2x7x8xi16>, %k: tensor<2x3x3xi16>, %b: tensor<2xi16>) {
  // expected-error@+1 {{expected a connection for each output, but got none for 1}}
  %y = neuflow.conv %x, %k, %b {connections = dense<[[0, 0], [0, 1]]> : tensor<2x2xi64>, strides = array<i64: 1, 1>} : (tensor<2x7x8xi16>, tensor<2x3x3xi16>, tensor<2xi16>) -> tensor<2x5x6xi16>
  return
}

// -----

func.func @conv_c4(%x: tensor<2x7x8xi16>, %k: tensor<3x3x3xi16>, %b: tensor<2xi16>) {
  // expected-error@+1 {{expected a kernel for each of 2 outputs and 2 inputs, but got 3}}
  %y = neuflow.conv %x, %k, %b {strides = array<i64: 1, 1>} : (tensor<2x7x8xi16>, tensor<3x3x3xi16>, tensor<2xi16>) -> tensor<2x5x6xi16>
  return
}

// -----

func.func @conv_c5_rows(%x: tensor<2x7x8xi16>, %k: tensor<2x8x3xi16>, %b: tensor<1xi16>) {
  // expected-error@+1 {{expected planes of at least 8 rows, as the kernel has, but got 7}}
  %y = neuflow.conv %x, %k, %b {strides = array<i64: 1, 1>} : (tensor<2x7x8xi16>, tensor<2x8x3xi16>, tensor<1xi16>) -> tensor<1x1x6xi16>
  return
}

// -----

func.func @conv_c5_columns(%x: tensor<2x7x8xi16>, %k: tensor<2x3x9xi16>, %b: tensor<1xi16>) {
  // expected-error@+1 {{expected planes of at least 9 columns, as the kernel has, but got 8}}
  %y = neuflow.conv %x, %k, %b {strides = array<i64: 1, 1>} : (tensor<2x7x8xi16>, tensor<2x3x9xi16>, tensor<1xi16>) -> tensor<1x5x1xi16>
  return
}

// -----

func.func @conv_c6_valid(%x: tensor<2x7x8xi16>, %k: tensor<2x3x3xi16>, %b: tensor<1xi16>) {
  // expected-error@+1 {{expected a result of type 'tensor<1x3x6xi16>', but got 'tensor<1x4x6xi16>'}}
  %y = neuflow.conv %x, %k, %b {strides = array<i64: 2, 1>} : (tensor<2x7x8xi16>, tensor<2x3x3xi16>, tensor<1xi16>) -> tensor<1x4x6xi16>
  return
}

// -----

func.func @conv_c6_same(%x: tensor<2x7x8xi16>, %k: tensor<2x3x3xi16>, %b: tensor<1xi16>) {
  // expected-error@+1 {{expected a result of type 'tensor<1x4x8xi16>', but got 'tensor<1x4x6xi16>'}}
  %y = neuflow.conv %x, %k, %b {same_size, strides = array<i64: 2, 1>} : (tensor<2x7x8xi16>, tensor<2x3x3xi16>, tensor<1xi16>) -> tensor<1x4x6xi16>
  return
}

// -----

func.func @map_c1(%x: tensor<3x1x1xi16>) {
  // expected-error@+1 {{expected one table, or one for each of 3 planes, but got 2}}
  %y = neuflow.map %x {tables = [#neuflow.mapper<none, [[0, 0, 0]]>, #neuflow.mapper<none, [[0, 0, 0]]>]} : (tensor<3x1x1xi16>) -> tensor<3x1x1xi16>
  return
}

// -----

func.func @map_types(%x: tensor<3x1x1xi16>) {
  // expected-error@+1 {{failed to verify that all of {input, output} have same type}}
  %y = neuflow.map %x {tables = [#neuflow.mapper<none, [[0, 0, 0]]>]} : (tensor<3x1x1xi16>) -> tensor<3x1x2xi16>
  return
}

// -----

// expected-error@+1 {{expected at least one segment of 3 numbers each, but got 0 numbers}}
func.func private @mapper_c1() attributes {a = #neuflow.mapper<none, []>}

// -----

// expected-error@+1 {{expected a word, -32768 to 32767, but got 32768}}
func.func private @mapper_c2() attributes {a = #neuflow.mapper<none, [[32768, 0, 0]]>}

// -----

// expected-error@+1 {{expected least to fall from each segment to the next, but got 5 after 5}}
func.func private @mapper_c3() attributes {a = #neuflow.mapper<none, [[1, 0, 5], [2, 0, 5]]>}

// -----

func.func @add_types(%a: tensor<1x2x3xi16>, %b: tensor<1x2x4xi16>) {
  // expected-error@+1 {{failed to verify that all of {lhs, rhs, output} have same type}}
  %y = neuflow.add %a, %b : (tensor<1x2x3xi16>, tensor<1x2x4xi16>) -> tensor<1x2x3xi16>
  return
}

// -----

func.func @not_words(%a: tensor<1x2x3xi8>) {
  // expected-error@+1 {{must be static tensor of planes, rows and columns of 16-bit signless integer or 32-bit float values}}
  %y = neuflow.square %a : (tensor<1x2x3xi8>) -> tensor<1x2x3xi8>
  return
}

// -----

func.func @not_planes(%a: tensor<2x3xi16>) {
  // expected-error@+1 {{must be static tensor of planes, rows and columns of 16-bit signless integer or 32-bit float values}}
  %y = neuflow.square %a : (tensor<2x3xi16>) -> tensor<2x3xi16>
  return
}

// -----

func.func @not_static(%a: tensor<?x2x3xi16>) {
  // expected-error@+1 {{must be static tensor of planes, rows and columns of 16-bit signless integer or 32-bit float values}}
  %y = neuflow.square %a : (tensor<?x2x3xi16>) -> tensor<?x2x3xi16>
  return
}

// -----

func.func @window_c1_offset(%x: tensor<2x5x6xi16>) {
  // expected-error@+1 {{expected an offset of at least 0, but got -1}}
  %y = neuflow.window %x {offset = array<i64: 0, -1>, strides = array<i64: 1, 1>} : (tensor<2x5x6xi16>) -> tensor<2x1x1xi16>
  return
}

// -----

func.func @window_c1_stride(%x: tensor<2x5x6xi16>) {
  // expected-error@+1 {{expected strides of at least 1, but got 0}}
  %y = neuflow.window %x {offset = array<i64: 0, 0>, strides = array<i64: 0, 1>} : (tensor<2x5x6xi16>) -> tensor<2x1x1xi16>
  return
}

// -----

func.func @window_c2_rows(%x: tensor<2x5x6xi16>) {
  // expected-error@+1 {{expected a window inside of 5 rows, but got 3 from 1 with a stride of 2}}
  %y = neuflow.window %x {offset = array<i64: 1, 0>, strides = array<i64: 2, 1>} : (tensor<2x5x6xi16>) -> tensor<2x3x1xi16>
  return
}

// -----

func.func @window_c2_columns(%x: tensor<2x5x6xi16>) {
  // expected-error@+1 {{expected a window inside of 6 columns, but got 1 from 6 with a stride of 1}}
  %y = neuflow.window %x {offset = array<i64: 0, 6>, strides = array<i64: 1, 1>} : (tensor<2x5x6xi16>) -> tensor<2x1x1xi16>
  return
}

// -----

func.func @window_c3(%x: tensor<2x5x6xi16>) {
  // expected-error@+1 {{expected a result of type 'tensor<2x1x1xi16>', but got 'tensor<1x1x1xi16>'}}
  %y = neuflow.window %x {offset = array<i64: 0, 0>, strides = array<i64: 1, 1>} : (tensor<2x5x6xi16>) -> tensor<1x1x1xi16>
  return
}

// -----

func.func @pad_c1_low(%x: tensor<2x5x6xi16>) {
  // expected-error@+1 {{expected low of at least 0, but got -1}}
  %y = neuflow.pad %x {low = array<i64: -1, 0>, high = array<i64: 0, 0>} : (tensor<2x5x6xi16>) -> tensor<2x4x6xi16>
  return
}

// -----

func.func @pad_c1_high(%x: tensor<2x5x6xi16>) {
  // expected-error@+1 {{expected high of at least 0, but got -2}}
  %y = neuflow.pad %x {low = array<i64: 0, 0>, high = array<i64: 0, -2>} : (tensor<2x5x6xi16>) -> tensor<2x5x4xi16>
  return
}

// -----

func.func @pad_c2(%x: tensor<2x5x6xi16>) {
  // expected-error@+1 {{expected a result of type 'tensor<2x6x8xi16>', but got 'tensor<2x6x7xi16>'}}
  %y = neuflow.pad %x {low = array<i64: 1, 0>, high = array<i64: 0, 2>} : (tensor<2x5x6xi16>) -> tensor<2x6x7xi16>
  return
}

// -----

func.func @pad_c2_overflow(%x: tensor<2x5x6xi16>) {
  // expected-error@+1 {{expected a result that memory can hold}}
  %y = neuflow.pad %x {low = array<i64: 9223372036854775807, 0>, high = array<i64: 0, 0>} : (tensor<2x5x6xi16>) -> tensor<2x6x7xi16>
  return
}

// -----

func.func @select_c1(%x: tensor<2x5x6xi16>) {
  // expected-error@+1 {{expected planes 0 to 1, but got 2}}
  %y = neuflow.select %x {planes = array<i64: 2>} : (tensor<2x5x6xi16>) -> tensor<1x5x6xi16>
  return
}

// -----

func.func @select_c2(%x: tensor<2x5x6xi16>) {
  // expected-error@+1 {{expected a result of type 'tensor<2x5x6xi16>', but got 'tensor<1x5x6xi16>'}}
  %y = neuflow.select %x {planes = array<i64: 1, 0>} : (tensor<2x5x6xi16>) -> tensor<1x5x6xi16>
  return
}

// -----

func.func @concat_c1() {
  // expected-error@+1 {{expected at least one input}}
  %y = neuflow.concat : () -> tensor<1x5x6xi16>
  return
}

// -----

func.func @concat_c2_size(%x: tensor<2x5x6xi16>, %z: tensor<1x6x5xi16>) {
  // expected-error@+1 {{expected planes of 5x6 and 'i16', as the result has, but got 'tensor<1x6x5xi16>'}}
  %y = neuflow.concat %x, %z : (tensor<2x5x6xi16>, tensor<1x6x5xi16>) -> tensor<3x5x6xi16>
  return
}

// -----

func.func @concat_c2_planes(%x: tensor<2x5x6xi16>) {
  // expected-error@+1 {{expected a result of type 'tensor<4x5x6xi16>', but got 'tensor<3x5x6xi16>'}}
  %y = neuflow.concat %x, %x : (tensor<2x5x6xi16>, tensor<2x5x6xi16>) -> tensor<3x5x6xi16>
  return
}

// -----

func.func @reshape_c1(%x: tensor<2x5x6xi16>) {
  // expected-error@+1 {{expected a result of 60 values, as the input has, but got 59}}
  %y = neuflow.reshape %x : (tensor<2x5x6xi16>) -> tensor<59x1x1xi16>
  return
}

// -----

func.func @quantize_c1(%x: tensor<1x10xf32>) {
  // expected-error@+1 {{expected a result of 10 values, as the input has, but got 11}}
  %y = neuflow.quantize %x {fraction = 8 : i64} : (tensor<1x10xf32>) -> tensor<11x1x1xi16>
  return
}

// -----

func.func @quantize_c2(%x: tensor<1x10xf32>) {
  // expected-error@+1 {{expected a fraction of -16 to 31 bits, but got 32}}
  %y = neuflow.quantize %x {fraction = 32 : i64} : (tensor<1x10xf32>) -> tensor<10x1x1xi16>
  return
}

// -----

func.func @dequantize_c1(%x: tensor<10x1x1xi16>) {
  // expected-error@+1 {{expected a result of 10 values, as the input has, but got 12}}
  %y = neuflow.dequantize %x {fraction = 8 : i64} : (tensor<10x1x1xi16>) -> tensor<1x12xf32>
  return
}

// -----

func.func @dequantize_c2(%x: tensor<10x1x1xi16>) {
  // expected-error@+1 {{expected a fraction of -16 to 31 bits, but got -17}}
  %y = neuflow.dequantize %x {fraction = -17 : i64} : (tensor<10x1x1xi16>) -> tensor<1x10xf32>
  return
}

// -----

func.func @conv_c7(%x: tensor<1x7x8xf32>, %k: tensor<1x3x3xi16>, %b: tensor<1xf32>) {
  // expected-error@+1 {{expected kernels and bias of 'f32', as the input is, but got 'i16'}}
  %y = neuflow.conv %x, %k, %b {strides = array<i64: 1, 1>} : (tensor<1x7x8xf32>, tensor<1x3x3xi16>, tensor<1xf32>) -> tensor<1x5x6xf32>
  return
}

// -----

func.func @affine_c1(%x: tensor<2x1x1xf32>, %s: tensor<1xf32>) {
  // expected-error@+1 {{expected a scale and a shift for each of 2 planes, but got 1}}
  %y = neuflow.affine %x, %s, %s : (tensor<2x1x1xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<2x1x1xf32>
  return
}

// -----

func.func @function_words(%x: tensor<2x1x1xi16>) {
  // expected-error@+1 {{must be static tensor of planes, rows and columns of 32-bit float values}}
  %y = neuflow.function %x {kind = #cnn.unary_kind<tanh>} : (tensor<2x1x1xi16>) -> tensor<2x1x1xi16>
  return
}

// -----

func.func @map_reals(%x: tensor<2x1x1xf32>) {
  // expected-error@+1 {{must be static tensor of planes, rows and columns of 16-bit signless integer values}}
  %y = neuflow.map %x {tables = [#neuflow.mapper<none, [[0, 0, 0]]>]} : (tensor<2x1x1xf32>) -> tensor<2x1x1xf32>
  return
}

// -----

func.func @pad_c3(%x: tensor<2x1x1xf32>) {
  // expected-error@+1 {{expected 0 or -32768 around reals, but got 1}}
  %y = neuflow.pad %x {low = array<i64: 1, 0>, high = array<i64: 0, 0>, value = 1 : i16} : (tensor<2x1x1xf32>) -> tensor<2x2x1xf32>
  return
}

// -----

func.func @reshape_type(%x: tensor<2x1x1xf32>) {
  // expected-error@+1 {{expected a result of 'f32', but got 'tensor<2x1x1xi16>'}}
  %y = neuflow.reshape %x : (tensor<2x1x1xf32>) -> tensor<2x1x1xi16>
  return
}
