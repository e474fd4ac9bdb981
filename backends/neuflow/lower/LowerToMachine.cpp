// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "backends/neuflow/lower/Passes.h"
#include "backends/neuflow/lower/ProgramOps.h"
#include "backends/neuflow/program/CycleModel.h"

using namespace mlir;

namespace cnn::neuflow {

#define GEN_PASS_DEF_LOWERTOMACHINE
#include "backends/neuflow/lower/Passes.h.inc"

namespace {

struct LowerToMachinePass : impl::LowerToMachineBase<LowerToMachinePass> {
  void runOnOperation() override {
    for (ProgramOp program : getOperation().getOps<ProgramOp>()) {
      FailureOr<DeviceLevel> level = readDeviceLevel(program);
      if (failed(level) || failed(lower(program, *level)))
        return signalPassFailure();
    }
  }

  static LogicalResult lower(ProgramOp program, DeviceLevel &level) {
    std::vector<GridPass> &passes = level.program.passes;
    CycleModel model(level.target);
    for (size_t i = 0; i < passes.size(); ++i) {
      if (!passes[i].placed)
        return program.emitOpError("expected pass '") << passes[i].name << "' to be placed and routed";
      passes[i].expected = model.expect(i == 0 ? nullptr : &passes[i - 1], passes[i]);
    }
    for (const GridPass &pass : passes)
      for (const Step &step : pass.steps)
        for (const std::vector<Stream> *streams : {&step.reads, &step.writes})
          for (const Stream &stream : *streams)
            if (!stream.rests() && level.program.buffers[stream.buffer].base < 0)
              return program.emitOpError("expected buffer '")
                     << level.program.buffers[stream.buffer].name << "' to have a place in memory";
    ScheduledText text = schedule(level.program, level.target);
    if (std::string wrong = verifyText(text, level.program, level.target); !wrong.empty())
      return program.emitOpError(wrong);
    writeText(text, level.layout, program);
    return success();
  }
};

} // namespace
} // namespace cnn::neuflow
