// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "backends/cpu/kernels/VectorTarget.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/Target/TargetMachine.h"

using namespace cnn::cpu;

static VectorTarget findRegisters(const llvm::TargetMachine &machine) {
  const llvm::MCSubtargetInfo &features = *machine.getMCSubtargetInfo();
  // checkFeatures aborts on a feature the target does not have, so each architecture asks for its own.
  switch (machine.getTargetTriple().getArch()) {
  case llvm::Triple::x86_64: {
    bool fma = features.checkFeatures("+fma");
    if (features.checkFeatures("+avx512f,+avx512vl"))
      return {16, 32, fma, features.checkFeatures("+avx512bf16")};
    if (features.checkFeatures("+avx"))
      return {8, 16, fma};
    return {4, 16, fma};
  }
  case llvm::Triple::aarch64:
    // There are 32. Of the operands, the scalars are loaded in pairs, and ahead of where they are used.
    return {4, 28, true};
  default:
    return {};
  }
}

VectorTarget VectorTarget::of(const llvm::TargetMachine &machine) {
  VectorTarget target = findRegisters(machine);
  target.cpu = machine.getTargetCPU().str();
  return target;
}
