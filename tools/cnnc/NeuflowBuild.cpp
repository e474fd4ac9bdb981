// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/cnnc/NeuflowBuild.h"
#include "backends/neuflow/Calibrate.h"
#include "backends/neuflow/NeuflowPipeline.h"
#include "backends/neuflow/dialect/NeuflowDialect.h"
#include "ir/CnnDialect.h"
#include "mlir/Pass/PassManager.h"
#include "runtime/neuflow/machine/Target.h"
#include "tools/cnnc/NeuflowEvaluation.h"
#include "tools/cnnc/NeuflowSamples.h"
#include "tools/cnnc/TextTable.h"
#include "llvm/Support/Format.h"
#include <cmath>

namespace cnn::tools {

bool NeuflowOptions::readTarget(llvm::StringRef target, Arguments &arguments) {
  auto [family, name] = target.split(':');
  if (family != "neuflow") {
    arguments.error("unknown target '" + target + "': expected cpu or neuflow[:NAME]");
    return false;
  }
  if (!name.empty())
    machine = name.str();
  neuflow::Result<neuflow::Target> preset = neuflow::presetTarget(machine);
  if (!preset)
    arguments.error(preset.message());
  return true;
}

void NeuflowOptions::read(Arguments &arguments) {
  dataFolder = arguments.value("--data").value_or("").str();
  samples = arguments.values("--calibrate");
  calibrationSamples = arguments.integer("--calibration-samples", 1).value_or(calibrationSamples);
  evaluationSamples = arguments.integer("--evaluation-samples", 1);
  evaluates = arguments.flag("--evaluate") || evaluationSamples;
  explains = arguments.flag("--explain");
  draws = arguments.flag("--pictures");
}

void NeuflowOptions::check(Arguments &arguments) const {
  if (dataFolder.empty() && samples.empty())
    arguments.error(
        "words are chosen for the values that a net has: give samples by --data FOLDER or --calibrate FILE");
  if (evaluates && dataFolder.empty())
    arguments.error("--evaluate needs the test samples: --data FOLDER");
}

llvm::StringRef partOf(neuflow::ProgramOp program) {
  llvm::StringRef name = program.getSymName();
  name.consume_back(".program");
  return name;
}

std::string layerOf(mlir::Location location) {
  while (auto call = mlir::dyn_cast<mlir::CallSiteLoc>(location))
    location = call.getCallee();
  if (auto fused = mlir::dyn_cast<mlir::FusedLoc>(location))
    return layerOf(fused.getLocations().front());
  auto name = mlir::dyn_cast<mlir::NameLoc>(location);
  return name ? name.getName().str() : "";
}

static std::string text(const char *format, double number) {
  std::string result;
  llvm::raw_string_ostream(result) << llvm::format(format, number);
  return result;
}

static void printLosses(llvm::ArrayRef<neuflow::LayerLoss> losses, llvm::raw_ostream &os) {
  TextTable table({"layer", "op", "fraction", "error %", "greatest error", "saturated"}, /*textColumns=*/2);
  for (const neuflow::LayerLoss &loss : losses) {
    // What only moves words has nothing to tell.
    if (llvm::is_contained({"window", "pad", "select", "concat", "reshape"}, loss.op))
      continue;
    double part = loss.signal > 0 ? std::sqrt(loss.noise / loss.signal) * 100 : 0;
    table.add({layerOf(loss.location), loss.op, std::to_string(loss.fraction), text("%.2f", part),
               text("%.4g", loss.greatestError), text("%.2f", loss.saturated)});
  }
  table.print(os);
}

ExitCode runPasses(Compilation &compilation, mlir::ModuleOp on, llvm::function_ref<void(mlir::OpPassManager &)> build) {
  mlir::PassManager manager(&compilation.context);
  build(manager);
  return compilation.runPasses(manager, on);
}

ExitCode lowerToWords(Compilation &compilation, const NeuflowOptions &options) {
  mlir::ModuleOp module = compilation.module();
  auto net = module.lookupSymbol<mlir::func::FuncOp>(options.net);
  LabelledSamples calibration, test;
  ExitCode code =
      options.samples.empty()
          ? readDataBlock(compilation, net, options.dataFolder, "train", options.calibrationSamples, calibration)
          : readSampleFiles(compilation, net, options.samples, options.calibrationSamples, calibration);
  if (code == ExitCode::Success && options.evaluates)
    code = readDataBlock(compilation, net, options.dataFolder, "test", options.evaluationSamples, test);
  if (code != ExitCode::Success)
    return code;
  if (calibration.samples.empty())
    return compilation.error("there are no samples to take ranges of values from");
  uint64_t seed = 0;
  for (auto train : module.getOps<TrainOp>())
    if (train.getNet() == options.net)
      seed = static_cast<uint64_t>(train.getSeed());
  if (code = bindWeights(compilation, net, options.weightsFile, seed); code != ExitCode::Success)
    return code;
  // Other nets of the file stay without weights.
  for (auto other : llvm::make_early_inc_range(module.getOps<mlir::func::FuncOp>()))
    if (other != net)
      other.erase();

  code = runPasses(compilation, module,
                   [&](mlir::OpPassManager &manager) { neuflow::buildLegalizePipeline(manager, options.machine); });
  if (code != ExitCode::Success)
    return code;
  net = module.lookupSymbol<mlir::func::FuncOp>(options.net);
  if (mlir::failed(neuflow::calibrate(net, calibration.samples)))
    return ExitCode::CompilerBug;
  mlir::OwningOpRef<mlir::ModuleOp> reals = module.clone();
  code = runPasses(compilation, module,
                   [&](mlir::OpPassManager &manager) { neuflow::buildQuantizePipeline(manager, options.machine); });
  if (code != ExitCode::Success)
    return code;

  auto realNet = reals->lookupSymbol<mlir::func::FuncOp>(options.net);
  net = module.lookupSymbol<mlir::func::FuncOp>(options.net);
  mlir::FailureOr<std::vector<neuflow::LayerLoss>> losses = neuflow::measureLoss(realNet, net, calibration.samples);
  if (mlir::failed(losses))
    return ExitCode::CompilerBug;
  printLosses(*losses, llvm::errs());
  module.walk([](mlir::Operation *op) { op->removeAttr(neuflow::indexAttrName); });
  return options.evaluates ? evaluatePrograms(compilation, options, realNet, test) : ExitCode::Success;
}

} // namespace cnn::tools
