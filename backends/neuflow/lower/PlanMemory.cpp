// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "backends/neuflow/program/PlanMemory.h"

#include "backends/neuflow/lower/Passes.h"
#include "backends/neuflow/lower/ProgramOps.h"
#include "ir/ModelError.h"

using namespace mlir;

namespace cnn::neuflow {

#define GEN_PASS_DEF_PLANMEMORY
#include "backends/neuflow/lower/Passes.h.inc"

namespace {

struct PlanMemoryPass : impl::PlanMemoryBase<PlanMemoryPass> {
  void runOnOperation() override {
    for (ProgramOp program : getOperation().getOps<ProgramOp>()) {
      FailureOr<DeviceLevel> level = readDeviceLevel(program);
      if (failed(level))
        return signalPassFailure();
      Result<MemoryLayout> layout = planMemory(level->program, level->target);
      if (!layout) {
        emitModelError(program.getLoc()) << layout.message();
        return signalPassFailure();
      }
      SmallVector<int64_t> numbers;
      for (const MemorySegment &segment : layout->segments)
        numbers.append({int64_t(segment.kind), int64_t(segment.base), int64_t(segment.size)});
      program.setLayout(numbers);
      for (auto [op, buffer] : llvm::zip(program.getBody().getOps<BufferOp>(), level->program.buffers))
        // What no pass touches has no place.
        if (buffer.base >= 0)
          op.setBase(buffer.base);
    }
  }
};

} // namespace
} // namespace cnn::neuflow
