/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* What the compiler carries with it for libraries of models whose device is a NeuFlow machine. */
#ifndef CNN_BACKENDS_NEUFLOW_EMBEDDEDRUNTIME_H
#define CNN_BACKENDS_NEUFLOW_EMBEDDEDRUNTIME_H

#ifdef __cplusplus
extern "C" {
#endif

/* An object for this machine that defines CNN_NEUFLOW_DEVICE_SOURCE, and needs libc and libm. */
extern const unsigned char cnnNeuflowRuntime[];
extern const unsigned long cnnNeuflowRuntimeBytes;

#define CNN_NEUFLOW_DEVICE_SOURCE "cnn_neuflow_device_source"

#ifdef __cplusplus
}
#endif

#endif /* CNN_BACKENDS_NEUFLOW_EMBEDDEDRUNTIME_H */
