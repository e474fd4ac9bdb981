// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "backends/neuflow/program/FormPasses.h"

#include "backends/neuflow/dialect/ProgramTarget.h"
#include "backends/neuflow/lower/Passes.h"
#include "backends/neuflow/lower/ProgramOps.h"
#include "backends/neuflow/lower/ReadTensorLevel.h"

using namespace mlir;

namespace cnn::neuflow {

#define GEN_PASS_DEF_FORMPASSES
#include "backends/neuflow/lower/Passes.h.inc"

namespace {

struct FormPassesPass : impl::FormPassesBase<FormPassesPass> {
  using FormPassesBase::FormPassesBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    Result<Target> machine = programTarget(target);
    if (!machine) {
      module.emitError(machine.message());
      return signalPassFailure();
    }
    // The functions of a whole model say which part they are; those of a test need not.
    SmallVector<func::FuncOp> functions;
    bool hasParts = false;
    for (func::FuncOp function : module.getOps<func::FuncOp>())
      hasParts |= function->hasAttr(partAttrName);
    for (func::FuncOp function : module.getOps<func::FuncOp>()) {
      auto part = function->getAttrOfType<PartKindAttr>(partAttrName);
      if (!function.isExternal() && (hasParts ? part && part.getValue() == PartKind::Grid : true))
        functions.push_back(function);
    }
    for (func::FuncOp function : functions)
      if (failed(form(function, *machine)))
        return signalPassFailure();
  }

  LogicalResult form(func::FuncOp function, const Target &machine) {
    FailureOr<TensorLevel> tensors = readTensorLevel(function);
    if (failed(tensors))
      return failure();
    ChannelGraph graph(machine);
    Result<PassProgram> passes = formPasses(tensors->program, graph);
    if (!passes)
      return emitAtPlace(passes.message(), tensors->places, function.getLoc());
    DeviceLevel level;
    level.target = machine;
    level.program = std::move(*passes);
    for (const GridPass &pass : level.program.passes) {
      // "conv1 conv + relu1 map": the first one's.
      auto place = tensors->places.find(pass.operation.substr(0, pass.operation.find(" + ")));
      level.places.push_back(place == tensors->places.end() ? function.getLoc() : place->second);
    }
    OpBuilder builder(function);
    writeDeviceLevel(level, (function.getName() + ".program").str(), function.getLoc(), builder);
    // What it computes is now said by the program; who calls it still knows its type.
    function.eraseBody();
    function.setPrivate();
    return success();
  }
};

} // namespace
} // namespace cnn::neuflow
