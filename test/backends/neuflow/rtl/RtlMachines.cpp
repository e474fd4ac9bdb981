// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The Verilated machines of three targets, which join the devices that programs of tests run on.
#include "runtime/neuflow/device/RtlDevice.h"
#include "test/runtime/neuflow/Passes.h"

#include <Vnf_ml605.h>
#include <Vnf_tiny.h>
#include <Vnf_v6.h>

double sc_time_stamp() { return 0; }

namespace cnn::neuflow {

namespace {

std::unique_ptr<Device> openRtl(const Target &target) {
  if (target.name == "neuflow-tiny")
    return RtlDevice<Vnf_tiny>::open(target);
  if (target.name == "neuflow-v6")
    return RtlDevice<Vnf_v6>::open(target);
  if (target.name == "neuflow-ml605")
    return RtlDevice<Vnf_ml605>::open(target);
  return nullptr;
}

[[maybe_unused]] const bool joined = [] {
  timedDevices().push_back(openRtl);
  return true;
}();

} // namespace

} // namespace cnn::neuflow
