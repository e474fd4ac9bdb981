// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dsl/AstPrinter.h"
#include "dsl/Parser.h"
#include "ir/CnnDialect.h"
#include "tools/cnnc/Compilation.h"
#include "tools/cnnc/LayerTable.h"
#include "llvm/ADT/STLExtras.h"

namespace cnn::tools {

ExitCode printSyntaxTree(llvm::StringRef path, DiagnosticsFormat format, llvm::raw_ostream &stream) {
  dsl::SourceTable sources;
  dsl::DiagnosticEngine diagnostics;
  std::string problem;
  if (const dsl::SourceFile *source = sources.readArgument(path, problem))
    dsl::printAst(*dsl::parse(*source, diagnostics), stream, /*withPlaces=*/true);
  else
    diagnostics.error({}, "cannot read '" + path + "': " + problem);
  showDiagnostics(diagnostics, format);
  return diagnostics.hasErrors() ? ExitCode::WrongModel : ExitCode::Success;
}

/// The algorithms of convolutions, where an inference build for this target would not take the direct one: by net, then
/// by the layer's path. A layer that is applied twice may have two.
static ExitCode findAlgorithms(Compilation &compilation, const cpu::ArtifactOptions &target,
                               llvm::StringMap<llvm::StringMap<std::string>> &algorithms) {
  mlir::OwningOpRef<mlir::ModuleOp> copy = compilation.module().clone();
  ExitCode code = compilation.chooseAlgorithms(target, *copy);
  copy->walk([&](ConvOp op) {
    mlir::Location location = op.getLoc();
    while (auto call = mlir::dyn_cast<mlir::CallSiteLoc>(location))
      location = call.getCallee();
    auto name = mlir::dyn_cast<mlir::NameLoc>(location);
    if (!name || op.getAlgorithm() == ConvAlgorithm::Direct)
      return;
    std::string &known = algorithms[op->getParentOfType<mlir::func::FuncOp>().getName()][name.getName()];
    llvm::StringRef algorithm = stringifyConvAlgorithm(op.getAlgorithm());
    if (!llvm::StringRef(known).contains(algorithm))
      known += (known.empty() ? "" : ", ") + algorithm.str();
  });
  return code;
}

static ExitCode runCheck(Arguments &arguments) {
  DiagnosticsFormat format = diagnosticsFormat(arguments);
  llvm::StringRef emit =
      arguments.choice("--emit", {"table", "none", "ast", "cnn", "linalg", "kernels", "llvm", "asm", "obj"}, "table");
  if (llvm::is_contained({"linalg", "kernels", "llvm", "asm", "obj"}, emit))
    arguments.error("checking ends with the cnn dialect; 'cnnc build --emit=" + emit + "' goes on");
  bool withLocations = arguments.flag("--locations");
  bool withMemory = arguments.flag("--memory"), withKernels = arguments.flag("--kernels");
  TargetOptions options;
  options.read(arguments);
  cpu::ArtifactOptions target;
  target.cpu = options.cpu;
  target.triple = options.triple;
  target.convAlgorithm = readConvAlgorithm(arguments);
  target.storesBF16 = readPrecision(arguments);
  llvm::StringRef path = arguments.file("a model, such as lenet5.cnn");
  if (!arguments.finish())
    return ExitCode::WrongCommandLine;

  if (emit == "ast")
    return printSyntaxTree(path, format, llvm::outs());
  Compilation compilation(format);
  ExitCode code = compilation.readModel(path);
  if (emit == "cnn" && code != ExitCode::WrongModel) {
    mlir::OpPrintingFlags flags;
    compilation.module().print(llvm::outs(), withLocations ? flags.enableDebugInfo() : flags);
  }
  if (code == ExitCode::Success)
    code = compilation.checkTraining();
  if (code != ExitCode::Success)
    return code;
  if (!options.net.empty() && compilation.chooseNet(options.net).empty())
    return ExitCode::WrongCommandLine;
  if (emit == "table") {
    llvm::StringMap<llvm::StringMap<std::string>> algorithms;
    if (code = findAlgorithms(compilation, target, algorithms); code != ExitCode::Success)
      return code;
    for (const dsl::NetSummary &net : compilation.compiled.nets)
      if (options.net.empty() || options.net == net.name) {
        printLayerTable(net, algorithms[net.name], llvm::outs());
        if (!withMemory && !withKernels)
          continue;
        std::vector<cpu::FunctionPlan> functions;
        target.net = net.name;
        if (code = compilation.planFunctions(target, functions); code != ExitCode::Success)
          return code;
        if (withMemory)
          printMemoryTable(functions, llvm::outs());
        for (const cpu::FunctionPlan &function : functions)
          if (withKernels)
            printKernelTable(function, llvm::outs());
      }
  }
  return ExitCode::Success;
}

const Command checkCommand = {
    "check", "MODEL [--emit=table|none|ast|cnn] [--memory] [--kernels] [--diagnostics=text|json]",
    "Check a model, and list its layers with output shapes, parameters and multiply-accumulates; with the algorithms\n"
    "of convolutions, where a build with --inference takes others than the direct one.",
    "  --emit=table             list the layers of each net (the default)\n"
    "  --emit=none              report errors alone\n"
    "  --emit=ast               print the syntax tree, without checking more than the syntax\n"
    "  --emit=cnn               print the model in the cnn dialect\n"
    "  --locations              with --emit=cnn: print places in the file too\n"
    "  --memory                 list, too, the memory that each function of a library needs for values between its\n"
    "                           layers: for each sample of a batch, and besides; with the most that holds values at\n"
    "                           the same time, below which nothing can go\n"
    "  --kernels                list, too, the kernels of each function, and why what one computes is not in the one\n"
    "                           whose results it reads\n"
    "  --net NAME               list this net alone\n"
    "  --cpu NAME               the processor for which algorithms are chosen (default: the host's)\n"
    "  --triple TRIPLE          the target (default: the host)\n"
    "  --precision=NAME         f32 (the default), or bf16: what inference stores; it computes in "
    "f32\n" CNN_CONV_ALGORITHM_HELP "  --diagnostics=text|json  show errors as text, or as one JSON object per line\n",
    runCheck};

} // namespace cnn::tools
