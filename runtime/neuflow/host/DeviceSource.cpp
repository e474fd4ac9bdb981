// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The machine of a run state that is given none: what the description of a model points to. It is in the libraries of
// models alone, and there the one symbol that is not local.
#include "cnn/neuflow.h"

static cnn_status openDefault(const cnn_model_desc *desc, const cnn_device **device) {
  cnn_neuflow *machine;
  cnn_status status = cnn_neuflow_open(desc, CNN_NEUFLOW_FUNCTIONAL, &machine, nullptr);
  if (status == CNN_OK)
    *device = cnn_neuflow_device(machine);
  return status;
}

static void closeDefault(const cnn_device *device) { cnn_neuflow_close(static_cast<cnn_neuflow *>(device->context)); }

extern "C" const cnn_device_source cnn_neuflow_device_source;
const cnn_device_source cnn_neuflow_device_source = {openDefault, closeDefault};
