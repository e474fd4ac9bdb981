// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the machine cannot do is said at the op, in the model's words.
// RUN: cnn-opt --neuflow-lower=target=neuflow-tiny --split-input-file --verify-diagnostics %s

func.func @kernel_too_large(%x: tensor<1x8x8xi16>) -> tensor<1x4x8xi16> {
  %k = arith.constant dense<1> : tensor<1x5x1xi16>
  %b = arith.constant dense<0> : tensor<1xi16>
  // expected-error @below {{expected kernels of at most 3x3 on neuflow-tiny, but got 5x1}}
  %0 = neuflow.conv %x, %k, %b {strides = array<i64: 1, 1>} : (tensor<1x8x8xi16>, tensor<1x5x1xi16>, tensor<1xi16>) -> tensor<1x4x8xi16>
  return %0 : tensor<1x4x8xi16>
}

// -----

func.func @other_rounding(%x: tensor<1x8x8xi16>) -> tensor<1x8x8xi16> {
  // expected-error @below {{expected #neuflow.arithmetic<round = half_away, overflow = saturate>, as the machine does, but got #neuflow.arithmetic<round = half_away, overflow = wrap>}}
  %0 = neuflow.add %x, %x {arithmetic = #neuflow.arithmetic<round = half_away, overflow = wrap>} : (tensor<1x8x8xi16>, tensor<1x8x8xi16>) -> tensor<1x8x8xi16>
  return %0 : tensor<1x8x8xi16>
}

// -----

func.func @reals(%x: tensor<1x8x8xf32>) -> tensor<1x8x8xf32> { // expected-error {{expected planes of words, tensor<CxHxWxi16>, but got 'tensor<1x8x8xf32>'}}
  return %x : tensor<1x8x8xf32>
}

// -----

// expected-error @below {{the model needs 1200000 bytes for planes, but neuflow-tiny has 1048576}}
func.func @too_much(%x: tensor<3x200x500xi16>) -> tensor<3x200x500xi16> {
  %0 = neuflow.square %x : (tensor<3x200x500xi16>) -> tensor<3x200x500xi16>
  return %0 : tensor<3x200x500xi16>
}

// -----

// expected-error @below {{copy: a step would not end: read 1 has 22 words left; line 1 from its port holds 2}}
neuflow.program @stands target "neuflow-tiny" {
  neuflow.buffer @x input 64
  neuflow.buffer @y output 64
  neuflow.pass "copy" {
    %0 = neuflow.read port 0
    neuflow.write %0 port 3
    neuflow.step {
      reads = [#neuflow.stream<buffer = @x, offset = 0, height = 1, width = 64, pitch = 64, element = 1>],
      writes = [#neuflow.stream<buffer = @y, offset = 0, height = 1, width = 30, pitch = 30, element = 1>],
      kernels = []}
  }
}

// -----

// Selects that were written by hand are checked, not made again.
neuflow.program @wrong_selects target "neuflow-tiny" {
  // expected-error @below {{no selects lead from read 1 to write 1}}
  neuflow.pass "copy" {
    %0 = neuflow.read port 0
    neuflow.write %0 port 3
    neuflow.lines "C1" [0, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15]
  }
}
