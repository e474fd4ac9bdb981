// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "ir/CnnDialect.h"
#include "passes/Passes.h"

namespace cnn {
#define GEN_PASS_DEF_DROPTRAINING
#include "passes/Passes.h.inc"
} // namespace cnn

using namespace mlir;
using namespace cnn;

static bool isForTraining(Operation &op) {
  if (isa<TrainOp, DataOp>(op))
    return true;
  auto kind = op.getAttrOfType<FunctionKindAttr>(kindAttrName);
  return kind && kind.getValue() != FunctionKind::Infer;
}

namespace {

struct DropTrainingPass : cnn::impl::DropTrainingBase<DropTrainingPass> {
  void runOnOperation() override {
    for (Operation &op : llvm::make_early_inc_range(*getOperation().getBody()))
      if (isForTraining(op))
        op.erase();
  }
};

} // namespace
