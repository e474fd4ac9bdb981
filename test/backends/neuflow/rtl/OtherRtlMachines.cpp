// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The Verilated machines that are too large for each change, which join the devices that random programs run on.
#include "runtime/neuflow/device/RtlDevice.h"
#include "test/runtime/neuflow/Passes.h"

#include <Vnf_asic.h>
#include <Vnf_v4.h>

double sc_time_stamp() { return 0; }

namespace cnn::neuflow {

namespace {

std::unique_ptr<Device> openRtl(const Target &target) {
  if (target.name == "neuflow-asic")
    return RtlDevice<Vnf_asic>::open(target);
  if (target.name == "neuflow-v4")
    return RtlDevice<Vnf_v4>::open(target);
  return nullptr;
}

[[maybe_unused]] const bool joined = [] {
  timedDevices().push_back(openRtl);
  return true;
}();

// A device that is not there is passed over by the tests.
TEST(OtherMachines, AreThere) {
  for (const char *name : {"neuflow-asic", "neuflow-v4"})
    EXPECT_TRUE(openRtl(*presetTarget(name))) << name;
}

} // namespace

} // namespace cnn::neuflow
