// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// The whole dialect, for its documentation.

include "backends/neuflow/dialect/DeviceOps.td"
include "backends/neuflow/dialect/MachineOps.td"
include "backends/neuflow/dialect/TensorOps.td"
