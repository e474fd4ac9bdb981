// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef CNN_BACKENDS_NEUFLOW_DEVICE_VERIFYROUTES_H
#define CNN_BACKENDS_NEUFLOW_DEVICE_VERIFYROUTES_H

#include "backends/neuflow/device/ConfigReader.h"

namespace cnn::neuflow {

// Whether tiles that are configured so compute the netlist: what is wrong, or "".
std::string verifyRoutes(const Netlist &netlist, const Placement &placement, const GridSelects &selects,
                         const Target &target);

// The same of what a program's words have made of the tiles, with their operators.
std::string verifyConfiguration(const Netlist &netlist, const Placement &placement, const ConfigReader &reader,
                                const Target &target);

} // namespace cnn::neuflow
#endif
