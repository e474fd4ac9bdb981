// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "backends/neuflow/lower/Passes.h"
#include "backends/neuflow/lower/ProgramOps.h"
#include "backends/neuflow/program/PlacePasses.h"
#include "ir/ModelError.h"

using namespace mlir;

namespace cnn::neuflow {

#define GEN_PASS_DEF_PLACEANDROUTE
#include "backends/neuflow/lower/Passes.h.inc"

namespace {

struct PlaceAndRoutePass : impl::PlaceAndRouteBase<PlaceAndRoutePass> {
  void runOnOperation() override {
    for (ProgramOp program : llvm::make_early_inc_range(getOperation().getOps<ProgramOp>())) {
      FailureOr<DeviceLevel> level = readDeviceLevel(program);
      if (failed(level))
        return signalPassFailure();
      ChannelGraph graph(level->target);
      if (std::optional<Error> error = placePasses(level->program, graph)) {
        emitModelError(program.getLoc()) << error->text;
        return signalPassFailure();
      }
      OpBuilder builder(program);
      writeDeviceLevel(*level, program.getSymName(), program.getLoc(), builder);
      program.erase();
    }
  }
};

} // namespace
} // namespace cnn::neuflow
