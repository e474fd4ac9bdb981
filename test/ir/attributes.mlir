// RUN: cnn-opt %s -verify-diagnostics -split-input-file

// The attributes that are not part of an op's own test: each rule of their verifiers.

func.func @window_rank() attributes {
  // expected-error@+1 {{expected a window of at most 3 dimensions, but got 4}}
  w = #cnn.window<kernel = [1, 1, 1, 1], stride = [1, 1, 1, 1], dilation = [1, 1, 1, 1], pad_low = [0, 0, 0, 0], pad_high = [0, 0, 0, 0]>
} { return }

// -----

func.func @window_short_stride() attributes {
  // expected-error@+1 {{expected stride to have one entry per dimension of the kernel, 2, but got 1}}
  w = #cnn.window<kernel = [1, 1], stride = [1], dilation = [1, 1], pad_low = [0, 0], pad_high = [0, 0]>
} { return }

// -----

func.func @window_long_dilation() attributes {
  // expected-error@+1 {{expected dilation to have one entry per dimension of the kernel, 1, but got 2}}
  w = #cnn.window<kernel = [1], stride = [1], dilation = [1, 1], pad_low = [0], pad_high = [0]>
} { return }

// -----

func.func @window_no_low_padding() attributes {
  // expected-error@+1 {{expected pad_low to have one entry per dimension of the kernel, 1, but got 0}}
  w = #cnn.window<kernel = [1], stride = [1], dilation = [1], pad_low = [], pad_high = [0]>
} { return }

// -----

func.func @window_long_high_padding() attributes {
  // expected-error@+1 {{expected pad_high to have one entry per dimension of the kernel, 0, but got 1}}
  w = #cnn.window<kernel = [], stride = [], dilation = [], pad_low = [], pad_high = [0]>
} { return }

// -----

func.func @window_zero_kernel() attributes {
  // expected-error@+1 {{expected kernel to be at least 1, but got 0}}
  w = #cnn.window<kernel = [0], stride = [1], dilation = [1], pad_low = [0], pad_high = [0]>
} { return }

// -----

func.func @window_zero_stride() attributes {
  // expected-error@+1 {{expected stride to be at least 1, but got 0}}
  w = #cnn.window<kernel = [3], stride = [0], dilation = [1], pad_low = [0], pad_high = [0]>
} { return }

// -----

func.func @window_negative_dilation() attributes {
  // expected-error@+1 {{expected dilation to be at least 1, but got -9223372036854775808}}
  w = #cnn.window<kernel = [3], stride = [1], dilation = [-9223372036854775808], pad_low = [0], pad_high = [0]>
} { return }

// -----

func.func @window_unknown_word() attributes {
  // expected-error@+1 {{expected 'ceil'}}
  w = #cnn.window<kernel = [3], stride = [1], dilation = [1], pad_low = [0], pad_high = [0], floor>
} { return }

// -----

func.func @window_missing_list() attributes {
  // expected-error@+1 {{expected 'dilation'}}
  w = #cnn.window<kernel = [3], stride = [1], pad_low = [0], pad_high = [0]>
} { return }

// -----

func.func @init_interval() attributes {
  // expected-error@+1 {{expected an interval, but got [1.000000e+00, -1.000000e+00)}}
  a = #cnn.init<uniform, 1.0, -1.0>
} { return }

// -----

func.func @init_deviation() attributes {
  // expected-error@+1 {{expected a standard deviation of at least 0, but got -1.000000e+00}}
  a = #cnn.init<gaussian, 0.0, -1.0>
} { return }

// -----

func.func @init_infinite() attributes {
  // expected-error@+1 {{expected finite numbers, but got}}
  a = #cnn.init<constant, 0x7FF0000000000000, 0.0>
} { return }

// -----

func.func @optimizer_beta() attributes {
  // expected-error@+1 {{expected beta2 to be at least 0 and below 1, but got 1.000000e+00}}
  a = #cnn.optimizer<adam, momentum = 0.0, nesterov = false, beta1 = 0.9, beta2 = 1.0, epsilon = 1.0e-8, decay = 0.0>
} { return }

// -----

func.func @optimizer_decay() attributes {
  // expected-error@+1 {{expected decay to be finite and at least 0, but got -1.000000e+00}}
  a = #cnn.optimizer<sgd, momentum = 0.9, nesterov = false, beta1 = 0.9, beta2 = 0.999, epsilon = 1.0e-8, decay = -1.0>
} { return }

// -----

func.func @rate_every() attributes {
  // expected-error@+1 {{expected every to be above 0, but got 0.000000e+00}}
  a = #cnn.rate<step, base = 0.05, every = 0.0, factor = 0.3, power = 1.0, warmup = 0.0>
} { return }

// -----

func.func @rate_base() attributes {
  // expected-error@+1 {{expected base to be finite and at least 0, but got}}
  a = #cnn.rate<constant, base = 0x7FF8000000000000, every = 0.0, factor = 0.3, power = 1.0, warmup = 0.0>
} { return }

// -----

func.func @winograd_tile() attributes {
  // expected-error@+1 {{expected a tile of 2 or 4 for a kernel of 3, but got 3}}
  w = #cnn.winograd<3, 3>
} { return }

// -----

func.func @winograd_tile_of_kernel() attributes {
  // expected-error@+1 {{expected a tile of 2 for a kernel of 5, but got 4}}
  w = #cnn.winograd<4, 5>
} { return }

// -----

func.func @winograd_kernel() attributes {
  // expected-error@+1 {{expected a kernel of 3 or 5, but got 4}}
  w = #cnn.winograd<2, 4>
} { return }

// -----

func.func @winograd_count() attributes {
  // expected-error@+1 {{expected channels alone or in pairs, but got 3}}
  w = #cnn.winograd<2, 3, 3>
} { return }

// -----

func.func @packed_type() attributes {
  // expected-error@+1 {{expected bf16 in pairs, but got 'f32' by 2}}
  p = #cnn.packed<f32, 2>
} { return }

// -----

func.func @packed_count() attributes {
  // expected-error@+1 {{expected bf16 in pairs, but got 'bf16' by 4}}
  p = #cnn.packed<bf16, 4>
} { return }
