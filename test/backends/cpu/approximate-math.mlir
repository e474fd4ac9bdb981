// RUN: cnn-opt %s -cnn-cpu-approximate-math | FileCheck %s --check-prefixes=BOTH,FMA
// RUN: cnn-opt %s -cnn-cpu-approximate-math=fma=false | FileCheck %s --check-prefixes=BOTH,PLAIN

// No calls, so that a loop over it is vector code; and no fused multiply-add where that would be a call.

// BOTH-LABEL: @smooth
// BOTH-NOT: math.{{exp|tanh|log}}
// FMA: math.fma
// PLAIN-NOT: math.fma
func.func @smooth(%x: f32) -> (f32, f32, f32) {
  %0 = math.exp %x : f32
  %1 = math.tanh %x : f32
  %2 = math.log %x : f32
  return %0, %1, %2 : f32, f32, f32
}
