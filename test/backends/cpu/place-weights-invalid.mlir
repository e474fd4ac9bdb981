// RUN: cnn-opt %s -split-input-file -verify-diagnostics -cnn-place-weights

// More bytes than 64 bits hold, in one weight and in all of them.

func.func @one(%batch: index,
    // expected-error @below {{expected at most 2^60 bytes of weights, but with "w" there are more}}
    %w: memref<1152921504606846976xf32> {cnn.name = "w", cnn.role = #cnn.role<parameter>})
    attributes {cnn.kind = #cnn.function_kind<infer>} {
  return
}

// -----

func.func @sum(%batch: index,
    %v: memref<288230376151711744xf32> {cnn.name = "v", cnn.role = #cnn.role<parameter>},
    // expected-error @below {{expected at most 2^60 bytes of weights, but with "w" there are more}}
    %w: memref<1xf32> {cnn.name = "w", cnn.role = #cnn.role<parameter>})
    attributes {cnn.kind = #cnn.function_kind<infer>} {
  return
}
