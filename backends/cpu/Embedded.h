/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* Files that the compiler carries with it. */
#ifndef CNN_BACKENDS_CPU_EMBEDDED_H
#define CNN_BACKENDS_CPU_EMBEDDED_H

#ifdef __cplusplus
extern "C" {
#endif

/* The support code of compiled models (runtime/abi/support.c) as LLVM bitcode, to be linked into each. */
extern const unsigned char cnnSupportBitcode[];
extern const unsigned long cnnSupportBitcodeBytes;

/* The text of runtime/abi/status.h: headers of several models and of the runtime share its guard. */
extern const char cnnStatusHeader[];

#ifdef __cplusplus
}
#endif

#endif /* CNN_BACKENDS_CPU_EMBEDDED_H */
