// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef CNN_TEST_BACKENDS_OPS_EMULATEBFLOAT16_H
#define CNN_TEST_BACKENDS_OPS_EMULATEBFLOAT16_H

#include "llvm/IR/Module.h"

namespace cnn::test {

/// Writes the instructions of AVX-512 BF16 in code for a processor that has them as others, and makes it code for
/// x86-64-v4. The results are the same, but for denormal numbers, for which the instructions take zeros.
void emulateBFloat16(llvm::Module &module);

} // namespace cnn::test

#endif
