/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* Files that the compiler carries with it. */
#include "backends/cpu/Embedded.h"
#include "backends/cpu/EmbeddedChecksum.h"

const unsigned char cnnSupportBitcode[] = {
#embed CNN_SUPPORT_BITCODE
};
const unsigned long cnnSupportBitcodeBytes = sizeof cnnSupportBitcode;

const char cnnStatusHeader[] = {
#embed "runtime/abi/status.h"
    , '\0'};
