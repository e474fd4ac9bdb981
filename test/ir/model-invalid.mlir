// RUN: cnn-opt %s -verify-diagnostics -split-input-file

cnn.data @data_c1_other_op {
  // expected-error@+1 {{expected fields alone in a data block, but got 'cnn.constant'}}
  %0 = cnn.constant dense<1.0> : tensor<f32>
}

// -----

cnn.data @data_c2_twice {
  // expected-note@+1 {{first declared here}}
  cnn.field "x" "train" <idx> "x" : tensor<f32>
  cnn.field "x" "test" <idx> "x" : tensor<f32>
  // expected-error@+1 {{expected fields of different names in a part, but got 'x' twice in 'train'}}
  cnn.field "x" "train" <idx> "x" : tensor<f32>
}

// -----

module @field_outside_data {
  // expected-error@+1 {{'cnn.field' op expects parent op 'cnn.data'}}
  cnn.field "x" "train" <idx> "x" : tensor<f32>
}

// -----

cnn.data @field_c1_dynamic {
  // expected-error@+1 {{'cnn.field' op expected the static tensor type of one sample, but got 'tensor<?xf32>'}}
  cnn.field "x" "train" <idx> "x" : tensor<?xf32>
}

// -----

cnn.data @field_c1_no_tensor {
  // expected-error@+1 {{'cnn.field' op expected the static tensor type of one sample, but got 'f32'}}
  cnn.field "x" "train" <idx> "x" : f32
}

// -----

cnn.data @field_c2_type {
  // expected-error@+1 {{'cnn.field' op expected a field with classes to be a tensor<i32>, but got 'tensor<1xi32>' with 3 classes}}
  cnn.field "x" "train" <idx> "x" : tensor<1xi32> {classes = 3 : i64}
}

// -----

cnn.data @field_c2_negative {
  // expected-error@+1 {{'cnn.field' op expected a field with classes to be a tensor<i32>, but got 'tensor<i32>' with -3 classes}}
  cnn.field "x" "train" <idx> "x" : tensor<i32> {classes = -3 : i64}
}

// -----

cnn.data @field_c3_flip {
  // expected-error@+1 {{'cnn.field' op expected a probability of a flip from 0 to 1, but got 1.500000e+00}}
  cnn.field "x" "train" <idx> "x" : tensor<f32> {flip = 1.5 : f64}
}

// -----

cnn.data @field_c4_shift {
  // expected-error@+1 {{'cnn.field' op expected a shift of at least 0 pixels, but got -1}}
  cnn.field "x" "train" <idx> "x" : tensor<f32> {shift = -1 : i64}
}

// -----

module @train_c1_batch {
  cnn.data @D {}
  func.func @Net() { return }
  // expected-error@+1 {{'cnn.train' op expected a batch of at least 1 sample, but got 0}}
  cnn.train @Net on @D {batch = 0 : i64, epochs = 1 : i64, optimizer = #cnn.optimizer<adam, momentum = 0.0, nesterov = false, beta1 = 0.5, beta2 = 0.5, epsilon = 0.0, decay = 0.0>, rate = #cnn.rate<cosine, base = 1.0, every = 0.0, factor = 1.0, power = 1.0, warmup = 0.0>, seed = 0 : i64}
}

// -----

module @train_c2_epochs {
  cnn.data @D {}
  func.func @Net() { return }
  // expected-error@+1 {{'cnn.train' op expected at least 1 epoch, but got -1}}
  cnn.train @Net on @D {batch = 1 : i64, epochs = -1 : i64, optimizer = #cnn.optimizer<adam, momentum = 0.0, nesterov = false, beta1 = 0.5, beta2 = 0.5, epsilon = 0.0, decay = 0.0>, rate = #cnn.rate<cosine, base = 1.0, every = 0.0, factor = 1.0, power = 1.0, warmup = 0.0>, seed = 0 : i64}
}

// -----

module @train_c3_net {
  cnn.data @D {}
  func.func @Net() { return }
  // expected-error@+1 {{'cnn.train' op expected 'D' to be a net}}
  cnn.train @D on @D {batch = 1 : i64, epochs = 1 : i64, optimizer = #cnn.optimizer<adam, momentum = 0.0, nesterov = false, beta1 = 0.5, beta2 = 0.5, epsilon = 0.0, decay = 0.0>, rate = #cnn.rate<cosine, base = 1.0, every = 0.0, factor = 1.0, power = 1.0, warmup = 0.0>, seed = 0 : i64}
}

// -----

module @train_c4_data {
  cnn.data @D {}
  func.func @Net() { return }
  // expected-error@+1 {{'cnn.train' op expected 'Net' to be a data block}}
  cnn.train @Net on @Net {batch = 1 : i64, epochs = 1 : i64, optimizer = #cnn.optimizer<adam, momentum = 0.0, nesterov = false, beta1 = 0.5, beta2 = 0.5, epsilon = 0.0, decay = 0.0>, rate = #cnn.rate<cosine, base = 1.0, every = 0.0, factor = 1.0, power = 1.0, warmup = 0.0>, seed = 0 : i64}
}

// -----

module @train_c4_no_data {
  cnn.data @D {}
  func.func @Net() { return }
  // expected-error@+1 {{'cnn.train' op expected 'Other' to be a data block, but there is none}}
  cnn.train @Net on @Other {batch = 1 : i64, epochs = 1 : i64, optimizer = #cnn.optimizer<adam, momentum = 0.0, nesterov = false, beta1 = 0.5, beta2 = 0.5, epsilon = 0.0, decay = 0.0>, rate = #cnn.rate<cosine, base = 1.0, every = 0.0, factor = 1.0, power = 1.0, warmup = 0.0>, seed = 0 : i64}
}
