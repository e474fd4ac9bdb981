// RUN: cnn-opt %s -verify-diagnostics=only-expected -split-input-file

// Where the shape of a result does not follow, MLIR adds "failed to infer returned types"; it is not repeated here.

func.func @cross_entropy_c1_image(%s: tensor<?x10x4xf32>, %l: tensor<?xi32>) {
  // expected-error@+1 {{expected one list of scores per sample, but got [10, 4]}}
  %0 = cnn.cross_entropy %s, %l : (tensor<?x10x4xf32>, tensor<?xi32>) -> tensor<?xf32>
  return
}

// -----

func.func @cross_entropy_c2_batch(%s: tensor<?x10xf32>, %l: tensor<4xi32>) {
  // expected-error@+1 {{expected one label per sample, but got scores of type 'tensor<?x10xf32>' and labels of type 'tensor<4xi32>'}}
  %0 = cnn.cross_entropy %s, %l : (tensor<?x10xf32>, tensor<4xi32>) -> tensor<?xf32>
  return
}

// -----

func.func @cross_entropy_label_type(%s: tensor<?x10xf32>, %l: tensor<?xi64>) {
  // expected-error@+1 {{'cnn.cross_entropy' op operand #1 must be 1-d tensor of 32-bit signless integer values, but got 'tensor<?xi64>'}}
  %0 = cnn.cross_entropy %s, %l : (tensor<?x10xf32>, tensor<?xi64>) -> tensor<?xf32>
  return
}

// -----

func.func @cross_entropy_grad_c1_image(%s: tensor<?x10x4xf32>, %l: tensor<?xi32>, %d: tensor<?xf32>) {
  // expected-error@+1 {{expected one list of scores per sample, but got [10, 4]}}
  %0 = cnn.cross_entropy_grad %s, %l, %d : (tensor<?x10x4xf32>, tensor<?xi32>, tensor<?xf32>) -> tensor<?x10x4xf32>
  return
}

// -----

func.func @cross_entropy_grad_c2_batch(%s: tensor<?x10xf32>, %l: tensor<4xi32>, %d: tensor<?xf32>) {
  // expected-error@+1 {{expected one label per sample, but got scores of type 'tensor<?x10xf32>' and labels of type 'tensor<4xi32>'}}
  %0 = cnn.cross_entropy_grad %s, %l, %d : (tensor<?x10xf32>, tensor<4xi32>, tensor<?xf32>) -> tensor<?x10xf32>
  return
}

// -----

func.func @cross_entropy_grad_c3_type(%s: tensor<?x10xf32>, %l: tensor<?xi32>, %d: tensor<4xf32>) {
  // expected-error@+1 {{expected a gradient of the loss of type 'tensor<?xf32>', but got 'tensor<4xf32>'}}
  %0 = cnn.cross_entropy_grad %s, %l, %d : (tensor<?x10xf32>, tensor<?xi32>, tensor<4xf32>) -> tensor<?x10xf32>
  return
}

// -----

func.func @top_k_hit_c1_image(%s: tensor<?x10x4xf32>, %l: tensor<?xi32>) {
  // expected-error@+1 {{expected one list of scores per sample, but got [10, 4]}}
  %0 = cnn.top_k_hit %s, %l {k = 1 : i64} : (tensor<?x10x4xf32>, tensor<?xi32>) -> tensor<?xf32>
  return
}

// -----

func.func @top_k_hit_c2_batch(%s: tensor<?x10xf32>, %l: tensor<4xi32>) {
  // expected-error@+1 {{expected one label per sample, but got scores of type 'tensor<?x10xf32>' and labels of type 'tensor<4xi32>'}}
  %0 = cnn.top_k_hit %s, %l {k = 1 : i64} : (tensor<?x10xf32>, tensor<4xi32>) -> tensor<?xf32>
  return
}

// -----

func.func @top_k_hit_c3_zero(%s: tensor<?x10xf32>, %l: tensor<?xi32>) {
  // expected-error@+1 {{expected k from 1 to 10, the number of scores, but got 0}}
  %0 = cnn.top_k_hit %s, %l {k = 0 : i64} : (tensor<?x10xf32>, tensor<?xi32>) -> tensor<?xf32>
  return
}

// -----

func.func @top_k_hit_c3_too_many(%s: tensor<?x10xf32>, %l: tensor<?xi32>) {
  // expected-error@+1 {{expected k from 1 to 10, the number of scores, but got 11}}
  %0 = cnn.top_k_hit %s, %l {k = 11 : i64} : (tensor<?x10xf32>, tensor<?xi32>) -> tensor<?xf32>
  return
}
