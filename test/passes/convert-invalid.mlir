// RUN: cnn-opt --convert-cnn-to-linalg --split-input-file --verify-diagnostics %s

func.func @foreign(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  // expected-error @below {{expected ops of the cnn dialect alone}}
  %y = arith.negf %x : tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// -----

// expected-error @below {{expected arguments and results that are tensors, but got 'f32'}}
func.func @scalar(%x: f32) -> f32 {
  return %x : f32
}
