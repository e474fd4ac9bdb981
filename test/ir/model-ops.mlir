// RUN: cnn-opt %s | cnn-opt | FileCheck %s
// RUN: cnn-opt %s --mlir-print-op-generic | cnn-opt | FileCheck %s

// CHECK-LABEL: cnn.data @FashionMNIST {
cnn.data @FashionMNIST {
  // CHECK-NEXT: cnn.field "image" "train" <idx> "train-images-idx3-ubyte.gz" : tensor<1x28x28xui8> {fill = 1.280000e+02 : f64, flip = 5.000000e-01 : f64, shift = 2 : i64}
  cnn.field "image" "train" <idx> "train-images-idx3-ubyte.gz" : tensor<1x28x28xui8> {fill = 128.0 : f64, flip = 0.5 : f64, shift = 2 : i64}
  // CHECK-NEXT: cnn.field "label" "train" <idx> "train-labels-idx1-ubyte.gz" : tensor<i32> {classes = 10 : i64}
  cnn.field "label" "train" <idx> "train-labels-idx1-ubyte.gz" : tensor<i32> {classes = 10 : i64}
  // CHECK-NEXT: cnn.field "image" "test" <npy> "images.npy" : tensor<1x28x28xf32>
  cnn.field "image" "test" <npy> "images.npy" : tensor<1x28x28xf32>
  // CHECK-NEXT: cnn.field "photo" "test" <folder> "photos" : tensor<3x28x28xui8>
  cnn.field "photo" "test" <folder> "photos" : tensor<3x28x28xui8>
  // CHECK-NEXT: cnn.field "label" "test" <folder_class> "photos" : tensor<i32> {classes = 10 : i64}
  cnn.field "label" "test" <folder_class> "photos" : tensor<i32> {classes = 10 : i64}
}

// CHECK: cnn.data @Nothing {
cnn.data @Nothing attributes {shuffle = true} {}

// CHECK: cnn.data @Ordered attributes {shuffle = false} {
cnn.data @Ordered attributes {shuffle = false} {}

func.func @Net() { return }

// CHECK: cnn.train @Net on @FashionMNIST {batch = 64 : i64, epochs = 10 : i64,
// CHECK-SAME: optimizer = #cnn.optimizer<sgd, momentum = 5.000000e-01, nesterov = true, beta1 = 2.500000e-01, beta2 = 9.000000e-01, epsilon = 1.000000e-08, decay = 5.000000e-04, no_decay = ["*.bias", "*.shift"]>,
// CHECK-SAME: rate = #cnn.rate<step, base = 5.000000e-02, every = 4.000000e+00, factor = 3.000000e-01, power = 1.000000e+00, warmup = 5.000000e-01>, seed = -1 : i64}
cnn.train @Net on @FashionMNIST {batch = 64 : i64, epochs = 10 : i64,
  optimizer = #cnn.optimizer<sgd, momentum = 0.5, nesterov = true, beta1 = 0.25, beta2 = 0.9, epsilon = 1.0e-8, decay = 5.0e-4, no_decay = ["*.bias", "*.shift"]>,
  rate = #cnn.rate<step, base = 0.05, every = 4.0, factor = 0.3, power = 1.0, warmup = 0.5>, seed = -1 : i64}

// An empty list of patterns is no list.
// CHECK: optimizer = #cnn.optimizer<adam, momentum = 0.000000e+00, nesterov = false, beta1 = 5.000000e-01, beta2 = 5.000000e-01, epsilon = 0.000000e+00, decay = 0.000000e+00>,
// CHECK-SAME: rate = #cnn.rate<cosine, base = 1.000000e+00, every = 0.000000e+00, factor = 1.000000e+00, power = 1.000000e+00, warmup = 0.000000e+00>
cnn.train @Net on @Nothing {batch = 1 : i64, epochs = 1 : i64,
  optimizer = #cnn.optimizer<adam, momentum = 0.0, nesterov = false, beta1 = 0.5, beta2 = 0.5, epsilon = 0.0, decay = 0.0, no_decay = []>,
  rate = #cnn.rate<cosine, base = 1.0, every = 0.0, factor = 1.0, power = 1.0, warmup = 0.0>, seed = 0 : i64}
