// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What kernel code generation knows of the machine: the shape of its vector registers, and a name for the rest.

#ifndef CNN_BACKENDS_CPU_KERNELS_VECTORTARGET_H
#define CNN_BACKENDS_CPU_KERNELS_VECTORTARGET_H

#include <cstdint>
#include <string>

namespace llvm {
class TargetMachine;
}

namespace cnn::cpu {

struct VectorTarget {
  int64_t lanes = 4;      // f32 values in one register
  int64_t registers = 16; // that can be used at once
  bool fma = false;       // whether a fused multiply-add is one instruction
  bool bf16 = false;      // whether f32 sums of products of two bf16, and conversions, are: AVX-512 BF16
  std::string cpu = "";   // LLVM's name, for ConvCost.h

  /// Accumulators of a register tile: all registers but those for the operands in flight.
  int64_t accumulators() const { return registers - (registers > 16 ? 4 : 3); }

  /// Reads the target's features (AVX-512, AVX, FMA, NEON); anything unknown is treated as 4 lanes without FMA.
  static VectorTarget of(const llvm::TargetMachine &machine);
};

} // namespace cnn::cpu

#endif
