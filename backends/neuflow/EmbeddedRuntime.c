/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#include "backends/neuflow/EmbeddedRuntime.h"
#include "backends/neuflow/EmbeddedRuntimeChecksum.h"

const unsigned char cnnNeuflowRuntime[] = {
#embed CNN_NEUFLOW_RUNTIME
};
const unsigned long cnnNeuflowRuntimeBytes = sizeof cnnNeuflowRuntime;
