/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* The support code of compiled models (runtime/abi/support.c) as LLVM bitcode, for the compiler to link into each. */
const unsigned char cnnSupportBitcode[] = {
#embed CNN_SUPPORT_BITCODE
};
const unsigned long cnnSupportBitcodeBytes = sizeof cnnSupportBitcode;
