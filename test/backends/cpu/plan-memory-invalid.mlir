// RUN: cnn-opt %s -split-input-file -verify-diagnostics -cnn-plan-memory

// Sizes in bytes that 64 bits do not hold, and sums of them.

func.func @one(%batch: index, %x: memref<?x16xf32>) attributes {cnn.kind = #cnn.function_kind<infer>} {
  // expected-error @below {{expected at most 2^60 bytes for a tensor, but got 'memref<?x1152921504606846976xf32>'}}
  %0 = memref.alloc(%batch) : memref<?x1152921504606846976xf32>
  call @widen(%x, %0) : (memref<?x16xf32>, memref<?x1152921504606846976xf32>) -> ()
  return
}
func.func private @widen(memref<?x16xf32>, memref<?x1152921504606846976xf32>) attributes {cnn.kernel}

// -----

// expected-error @below {{expected at most 2^60 bytes for the tensors of a sample, but it needs more}}
func.func @sum(%batch: index, %x: memref<?x16xf32>) attributes {cnn.kind = #cnn.function_kind<infer>} {
  %0 = memref.alloc(%batch) : memref<?x288230376151711744xf32>
  %1 = memref.alloc(%batch) : memref<?x288230376151711744xf32>
  call @both(%x, %0, %1) : (memref<?x16xf32>, memref<?x288230376151711744xf32>, memref<?x288230376151711744xf32>) -> ()
  return
}
func.func private @both(memref<?x16xf32>, memref<?x288230376151711744xf32>, memref<?x288230376151711744xf32>) attributes {cnn.kernel}

// -----

// expected-error @below {{expected at most 2^60 bytes for the tensors of a network, but it needs more}}
func.func @fixed(%batch: index, %x: memref<?x16xf32>) attributes {cnn.kind = #cnn.function_kind<infer>} {
  %0 = memref.alloc() : memref<288230376151711744xf32>
  %1 = memref.alloc() : memref<288230376151711744xf32>
  call @both(%x, %0, %1) : (memref<?x16xf32>, memref<288230376151711744xf32>, memref<288230376151711744xf32>) -> ()
  return
}
func.func private @both(memref<?x16xf32>, memref<288230376151711744xf32>, memref<288230376151711744xf32>) attributes {cnn.kernel}
