// RUN: cnn-opt %s -verify-diagnostics=only-expected -split-input-file

// Where the shape of a result does not follow, MLIR adds "failed to infer returned types"; it is not repeated here.

func.func @reshape_c1_count(%x: tensor<?x6x4x8xf32>) {
  // expected-error@+1 {{expected a shape of 192 values, as [6, 4, 8] has, but got [191] with 191}}
  %y = cnn.reshape %x : (tensor<?x6x4x8xf32>) -> tensor<?x191xf32>
  return
}

// -----

func.func @reshape_c1_batch(%x: tensor<?x6x4x8xf32>) {
  // expected-error@+1 {{expected a shape of 192 values, as [6, 4, 8] has, but got [192] with 192 and another batch}}
  %y = cnn.reshape %x : (tensor<?x6x4x8xf32>) -> tensor<192xf32>
  return
}

// -----

func.func @reshape_c2_element_type(%x: tensor<?x6x4x8xf32>) {
  // expected-error@+1 {{expected a result of 'f32', but got 'f64'}}
  %y = cnn.reshape %x : (tensor<?x6x4x8xf32>) -> tensor<?x192xf64>
  return
}

// -----

func.func @permute_c1_twice(%x: tensor<?x6x4x8xf32>) {
  // expected-error@+1 {{expected an order of all 4 dimensions, but got [0, 1, 1, 3]}}
  %y = cnn.permute %x {perm = array<i64: 0, 1, 1, 3>} : (tensor<?x6x4x8xf32>) -> tensor<?x6x4x8xf32>
  return
}

// -----

func.func @permute_c1_short(%x: tensor<?x6x4x8xf32>) {
  // expected-error@+1 {{expected an order of all 4 dimensions, but got []}}
  %y = cnn.permute %x {perm = array<i64>} : (tensor<?x6x4x8xf32>) -> tensor<?x6x4x8xf32>
  return
}

// -----

func.func @permute_c1_long(%x: tensor<?x6x4x8xf32>) {
  // expected-error@+1 {{expected an order of all 4 dimensions, but got [0, 1, 2, 3, 4]}}
  %y = cnn.permute %x {perm = array<i64: 0, 1, 2, 3, 4>} : (tensor<?x6x4x8xf32>) -> tensor<?x6x4x8xf32>
  return
}

// -----

func.func @permute_c1_negative(%x: tensor<?x6x4x8xf32>) {
  // expected-error@+1 {{expected an order of all 4 dimensions, but got [-1, 1, 2, 3]}}
  %y = cnn.permute %x {perm = array<i64: -1, 1, 2, 3>} : (tensor<?x6x4x8xf32>) -> tensor<?x6x4x8xf32>
  return
}

// -----

func.func @permute_c2_batch(%x: tensor<?x6x4x8xf32>) {
  // expected-error@+1 {{expected the batch to stay in front, but got dimension 1 there}}
  %y = cnn.permute %x {perm = array<i64: 1, 0, 2, 3>} : (tensor<?x6x4x8xf32>) -> tensor<?x6x4x8xf32>
  return
}

// -----

func.func @pad_c1_short(%x: tensor<?x6x4x8xf32>) {
  // expected-error@+1 {{expected 4 entries in low, one per dimension, but got 1}}
  %y = cnn.pad %x {high = array<i64: 0, 0, 0, 0>, low = array<i64: 0>, mode = #cnn.pad_mode<constant>} : (tensor<?x6x4x8xf32>) -> tensor<?x6x4x8xf32>
  return
}

// -----

func.func @pad_c1_long(%x: tensor<?x6x4x8xf32>) {
  // expected-error@+1 {{expected 4 entries in high, one per dimension, but got 5}}
  %y = cnn.pad %x {high = array<i64: 0, 0, 0, 0, 0>, low = array<i64: 0, 0, 0, 0>, mode = #cnn.pad_mode<constant>} : (tensor<?x6x4x8xf32>) -> tensor<?x6x4x8xf32>
  return
}

// -----

func.func @pad_c1_negative(%x: tensor<?x6x4x8xf32>) {
  // expected-error@+1 {{expected a padding of at least 0, but got -1}}
  %y = cnn.pad %x {high = array<i64: 0, 0, -1, 0>, low = array<i64: 0, 0, 0, 0>, mode = #cnn.pad_mode<constant>} : (tensor<?x6x4x8xf32>) -> tensor<?x6x4x8xf32>
  return
}

// -----

func.func @pad_c1_batch(%x: tensor<?x6x4x8xf32>) {
  // expected-error@+1 {{expected no padding of the batch, but got 1 and 0}}
  %y = cnn.pad %x {high = array<i64: 0, 0, 0, 0>, low = array<i64: 1, 0, 0, 0>, mode = #cnn.pad_mode<constant>} : (tensor<?x6x4x8xf32>) -> tensor<?x6x4x8xf32>
  return
}

// -----

func.func @pad_c2_mirror(%x: tensor<?x6x4x8xf32>) {
  // expected-error@+1 {{expected a mirrored border smaller than the dimension, 4, but got 4}}
  %y = cnn.pad %x {high = array<i64: 0, 0, 0, 0>, low = array<i64: 0, 0, 4, 0>, mode = #cnn.pad_mode<mirror>} : (tensor<?x6x4x8xf32>) -> tensor<?x6x8x8xf32>
  return
}

// -----

func.func @pad_overflow(%x: tensor<?x6x4x8xf32>) {
  // expected-error@+1 {{expected a padding of less than 2^60, but got 1 and 9223372036854775807}}
  %y = cnn.pad %x {high = array<i64: 0, 0, 9223372036854775807, 0>, low = array<i64: 0, 0, 1, 0>, mode = #cnn.pad_mode<constant>} : (tensor<?x6x4x8xf32>) -> tensor<?x6x4x8xf32>
  return
}

// -----

func.func @pad_too_many_values(%x: tensor<?x6x4x8xf32>) {
  // expected-error@+1 {{expected at most 2^60 values in a tensor, but got a result of shape [6, 1152921504606846979, 8]}}
  %y = cnn.pad %x {high = array<i64: 0, 0, 0, 0>, low = array<i64: 0, 0, 1152921504606846975, 0>, mode = #cnn.pad_mode<constant>} : (tensor<?x6x4x8xf32>) -> tensor<?x6x4x8xf32>
  return
}

// -----

func.func @pad_grad_c1_short(%x: tensor<?x6x4x8xf32>) {
  // expected-error@+1 {{expected 4 entries in low, one per dimension, but got 1}}
  %y = cnn.pad_grad %x {high = array<i64: 0, 0, 0, 0>, low = array<i64: 0>, mode = #cnn.pad_mode<constant>} : (tensor<?x6x4x8xf32>) -> tensor<?x6x4x8xf32>
  return
}

// -----

func.func @pad_grad_c1_negative(%x: tensor<?x6x4x8xf32>) {
  // expected-error@+1 {{expected a padding of at least 0, but got -9223372036854775808}}
  %y = cnn.pad_grad %x {high = array<i64: 0, 0, -9223372036854775808, 0>, low = array<i64: 0, 0, 0, 0>, mode = #cnn.pad_mode<constant>} : (tensor<?x6x4x8xf32>) -> tensor<?x6x4x8xf32>
  return
}

// -----

func.func @pad_grad_c1_batch(%x: tensor<?x6x4x8xf32>) {
  // expected-error@+1 {{expected no padding of the batch, but got 0 and 7}}
  %y = cnn.pad_grad %x {high = array<i64: 7, 0, 0, 0>, low = array<i64: 0, 0, 0, 0>, mode = #cnn.pad_mode<constant>} : (tensor<?x6x4x8xf32>) -> tensor<?x6x4x8xf32>
  return
}

// -----

func.func @pad_grad_c2_mirror(%x: tensor<?x6x4x8xf32>) {
  // expected-error@+1 {{expected a mirrored border smaller than the dimension, 2, but got 2}}
  %y = cnn.pad_grad %x {high = array<i64: 0, 0, 0, 0>, low = array<i64: 0, 0, 2, 0>, mode = #cnn.pad_mode<mirror>} : (tensor<?x6x4x8xf32>) -> tensor<?x6x2x8xf32>
  return
}

// -----

func.func @pad_grad_c3_nothing_left(%x: tensor<?x6x4x8xf32>) {
  // expected-error@+1 {{expected a padding of less than 4, but got 2 and 2}}
  %y = cnn.pad_grad %x {high = array<i64: 0, 0, 2, 0>, low = array<i64: 0, 0, 2, 0>, mode = #cnn.pad_mode<constant>} : (tensor<?x6x4x8xf32>) -> tensor<?x6x4x8xf32>
  return
}

// -----

func.func @pad_grad_c3_overflow(%x: tensor<?x6x4x8xf32>) {
  // expected-error@+1 {{expected a padding of less than 4, but got 9223372036854775807 and 9223372036854775807}}
  %y = cnn.pad_grad %x {high = array<i64: 0, 0, 9223372036854775807, 0>, low = array<i64: 0, 0, 9223372036854775807, 0>, mode = #cnn.pad_mode<constant>} : (tensor<?x6x4x8xf32>) -> tensor<?x6x4x8xf32>
  return
}

// -----

func.func @slice_c1_short(%x: tensor<?x6x4x8xf32>) {
  // expected-error@+1 {{expected 4 entries in offsets, one per dimension, but got 1}}
  %y = cnn.slice %x {offsets = array<i64: 0>, sizes = array<i64: -1, 6, 4, 8>} : (tensor<?x6x4x8xf32>) -> tensor<?x6x4x8xf32>
  return
}

// -----

func.func @slice_c1_long(%x: tensor<?x6x4x8xf32>) {
  // expected-error@+1 {{expected 4 entries in sizes, one per dimension, but got 5}}
  %y = cnn.slice %x {offsets = array<i64: 0, 0, 0, 0>, sizes = array<i64: -1, 6, 4, 8, 1>} : (tensor<?x6x4x8xf32>) -> tensor<?x6x4x8xf32>
  return
}

// -----

func.func @slice_c1_batch(%x: tensor<?x6x4x8xf32>) {
  // expected-error@+1 {{expected the whole batch (offset 0, size -1), but got offset 0, size 1}}
  %y = cnn.slice %x {offsets = array<i64: 0, 0, 0, 0>, sizes = array<i64: 1, 6, 4, 8>} : (tensor<?x6x4x8xf32>) -> tensor<?x6x4x8xf32>
  return
}

// -----

func.func @slice_c2_outside(%x: tensor<?x6x4x8xf32>) {
  // expected-error@+1 {{expected a range within the 4 positions of dimension 2, but got 4 from 1}}
  %y = cnn.slice %x {offsets = array<i64: 0, 0, 1, 0>, sizes = array<i64: -1, 6, 4, 8>} : (tensor<?x6x4x8xf32>) -> tensor<?x6x4x8xf32>
  return
}

// -----

func.func @slice_c2_negative_offset(%x: tensor<?x6x4x8xf32>) {
  // expected-error@+1 {{expected a range within the 4 positions of dimension 2, but got 1 from -9223372036854775808}}
  %y = cnn.slice %x {offsets = array<i64: 0, 0, -9223372036854775808, 0>, sizes = array<i64: -1, 6, 1, 8>} : (tensor<?x6x4x8xf32>) -> tensor<?x6x4x8xf32>
  return
}

// -----

func.func @slice_c2_negative_size(%x: tensor<?x6x4x8xf32>) {
  // expected-error@+1 {{expected a range within the 4 positions of dimension 2, but got -1 from 0}}
  %y = cnn.slice %x {offsets = array<i64: 0, 0, 0, 0>, sizes = array<i64: -1, 6, -1, 8>} : (tensor<?x6x4x8xf32>) -> tensor<?x6x4x8xf32>
  return
}

// -----

func.func @slice_c2_empty(%x: tensor<?x6x4x8xf32>) {
  // expected-error@+1 {{expected a range within the 4 positions of dimension 2, but got 0 from 2}}
  %y = cnn.slice %x {offsets = array<i64: 0, 0, 2, 0>, sizes = array<i64: -1, 6, 0, 8>} : (tensor<?x6x4x8xf32>) -> tensor<?x6x4x8xf32>
  return
}

// -----

func.func @slice_c2_overflow(%x: tensor<?x6x4x8xf32>) {
  // expected-error@+1 {{expected a range within the 4 positions of dimension 2, but got 9223372036854775807 from 9223372036854775807}}
  %y = cnn.slice %x {offsets = array<i64: 0, 0, 9223372036854775807, 0>, sizes = array<i64: -1, 6, 9223372036854775807, 8>} : (tensor<?x6x4x8xf32>) -> tensor<?x6x4x8xf32>
  return
}

// -----

func.func @concat_c1_nothing() {
  // expected-error@+1 {{expected at least 1 tensor to concatenate, but got 0}}
  %y = cnn.concat  {axis = 1 : i64} : () -> tensor<?x6x4x8xf32>
  return
}

// -----

func.func @concat_c2_batch(%x: tensor<?x6x4x8xf32>) {
  // expected-error@+1 {{expected an axis from 1 to 3, but got 0}}
  %y = cnn.concat %x {axis = 0 : i64} : (tensor<?x6x4x8xf32>) -> tensor<?x6x4x8xf32>
  return
}

// -----

func.func @concat_c2_too_large(%x: tensor<?x6x4x8xf32>) {
  // expected-error@+1 {{expected an axis from 1 to 3, but got 4}}
  %y = cnn.concat %x {axis = 4 : i64} : (tensor<?x6x4x8xf32>) -> tensor<?x6x4x8xf32>
  return
}

// -----

func.func @concat_c2_negative(%x: tensor<3xf32>) {
  // expected-error@+1 {{expected an axis from 0 to 0, but got -1}}
  %y = cnn.concat %x {axis = -1 : i64} : (tensor<3xf32>) -> tensor<3xf32>
  return
}

// -----

func.func @concat_c3_shapes(%x: tensor<?x6x4x8xf32>, %y: tensor<?x6x5x8xf32>) {
  // expected-error@+1 {{expected tensors that differ in dimension 1 alone, but got [6, 4, 8] of 'f32' and [6, 5, 8] of 'f32'}}
  %z = cnn.concat %x, %y {axis = 1 : i64} : (tensor<?x6x4x8xf32>, tensor<?x6x5x8xf32>) -> tensor<?x6x4x8xf32>
  return
}

// -----

func.func @concat_c3_rank(%x: tensor<?x6x4x8xf32>, %y: tensor<?x6xf32>) {
  // expected-error@+1 {{expected tensors that differ in dimension 1 alone, but got [6, 4, 8] of 'f32' and [6] of 'f32'}}
  %z = cnn.concat %x, %y {axis = 1 : i64} : (tensor<?x6x4x8xf32>, tensor<?x6xf32>) -> tensor<?x6x4x8xf32>
  return
}

// -----

func.func @concat_c3_element_types(%x: tensor<?x6x4x8xf32>, %y: tensor<?x6x4x8xf64>) {
  // expected-error@+1 {{expected tensors that differ in dimension 1 alone, but got [6, 4, 8] of 'f32' and [6, 4, 8] of 'f64'}}
  %z = cnn.concat %x, %y {axis = 1 : i64} : (tensor<?x6x4x8xf32>, tensor<?x6x4x8xf64>) -> tensor<?x6x4x8xf32>
  return
}

// -----

func.func @concat_too_many_values(%x: tensor<?x1152921504606846976xf32>) {
  // expected-error@+1 {{expected at most 2^60 values in a tensor, but got a result of shape [2305843009213693952]}}
  %y = cnn.concat %x, %x {axis = 1 : i64} : (tensor<?x1152921504606846976xf32>, tensor<?x1152921504606846976xf32>) -> tensor<?x6x4x8xf32>
  return
}

// -----

func.func @concat_overflow(%x: tensor<?x1152921504606846976xf32>) {
  // expected-error@+1 {{expected at most 2^60 values in a tensor, but got 8 tensors of shapes like [1152921504606846976]}}
  %y = cnn.concat %x, %x, %x, %x, %x, %x, %x, %x {axis = 1 : i64} : (tensor<?x1152921504606846976xf32>, tensor<?x1152921504606846976xf32>, tensor<?x1152921504606846976xf32>, tensor<?x1152921504606846976xf32>, tensor<?x1152921504606846976xf32>, tensor<?x1152921504606846976xf32>, tensor<?x1152921504606846976xf32>, tensor<?x1152921504606846976xf32>) -> tensor<?x6x4x8xf32>
  return
}

// -----

func.func @upsample_c1_no_spatial_dimensions(%x: tensor<?x6xf32>) {
  // expected-error@+1 {{expected an input with channels and 1 to 3 spatial dimensions, but got [6]}}
  %y = cnn.upsample %x {factors = array<i64: 1>} : (tensor<?x6xf32>) -> tensor<?x6xf32>
  return
}

// -----

func.func @upsample_c2_count(%x: tensor<?x6x4x8xf32>) {
  // expected-error@+1 {{expected 2 factors, one per spatial dimension, but got 1}}
  %y = cnn.upsample %x {factors = array<i64: 2>} : (tensor<?x6x4x8xf32>) -> tensor<?x6x4x8xf32>
  return
}

// -----

func.func @upsample_c2_zero(%x: tensor<?x6x4x8xf32>) {
  // expected-error@+1 {{expected a factor of at least 1, but got 0}}
  %y = cnn.upsample %x {factors = array<i64: 0, 2>} : (tensor<?x6x4x8xf32>) -> tensor<?x6x4x8xf32>
  return
}

// -----

func.func @upsample_overflow(%x: tensor<?x6x4x8xf32>) {
  // expected-error@+1 {{expected at most 2^60 values in a tensor, but got [6, 4, 8] enlarged by 9223372036854775807}}
  %y = cnn.upsample %x {factors = array<i64: 9223372036854775807, 2>} : (tensor<?x6x4x8xf32>) -> tensor<?x6x4x8xf32>
  return
}

// -----

func.func @upsample_too_many_values(%x: tensor<?x6x4x8xf32>) {
  // expected-error@+1 {{expected at most 2^60 values in a tensor, but got a result of shape [6, 4294967296, 8589934592]}}
  %y = cnn.upsample %x {factors = array<i64: 1073741824, 1073741824>} : (tensor<?x6x4x8xf32>) -> tensor<?x6x4x8xf32>
  return
}
