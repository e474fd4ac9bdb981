// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/cnnc/Compilation.h"
#include "tools/cnnc/NeuflowBuild.h"
#include "tools/cnnc/OutputFile.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/raw_ostream.h"

namespace cnn::tools {

/// Prints what is asked for instead of a library; to stdout if `file` is empty.
static ExitCode writeText(llvm::StringRef text, llvm::StringRef file, DiagnosticsFormat format) {
  if (file.empty() || file == "-") {
    llvm::outs() << text;
    return ExitCode::Success;
  }
  std::string problem;
  if (writeWholeFile(file, text, problem))
    return ExitCode::Success;
  showError(problem, format);
  return ExitCode::WrongModel;
}

static ExitCode emit(Compilation &compilation, const cpu::ArtifactOptions &options, llvm::StringRef stage,
                     llvm::StringRef file) {
  llvm::SmallVector<char> text;
  llvm::raw_svector_ostream stream(text);
  if (stage == "cnn" || stage == "linalg" || stage == "neuflow") {
    compilation.module().print(stream);
    return writeText(stream.str(), file, compilation.format);
  }
  cpu::Stage which = stage == "kernels"  ? cpu::Stage::Kernels
                     : stage == "header" ? cpu::Stage::Header
                     : stage == "llvm"   ? cpu::Stage::LLVM
                     : stage == "asm"    ? cpu::Stage::Assembly
                                         : cpu::Stage::Object;
  if (ExitCode code = compilation.emit(options, which, stream); code != ExitCode::Success)
    return code;
  return writeText(stream.str(), file, compilation.format);
}

static ExitCode makeLibrary(Compilation &compilation, cpu::ArtifactOptions options, bool withTraining,
                            llvm::StringRef output) {
  if (std::error_code code = llvm::sys::fs::create_directories(output, /*IgnoreExisting=*/true, llvm::sys::fs::all_all))
    return compilation.error("cannot make the folder '" + output + "': " + code.message());
  if (!llvm::sys::fs::is_directory(output))
    return compilation.error("'" + output + "' is not a folder");
  TemporaryFolder folder(compilation.format, output);
  if (folder.path.empty())
    return ExitCode::WrongModel;
  options.folder = folder.path;
  ExitCode code = compilation.lowerToLinalg(options, withTraining);
  if (code == ExitCode::Success)
    code = compilation.build(options);
  std::string problem;
  if (code == ExitCode::Success && !moveFiles(folder.path, output, problem))
    return compilation.error(problem);
  return code;
}

/// One line for each phase, for people who wait.
static void showPhase(llvm::StringRef net, llvm::StringRef phase) { llvm::errs() << net << ": " << phase << "\n"; }

static ExitCode runBuild(Arguments &arguments) {
  DiagnosticsFormat format = diagnosticsFormat(arguments);
  TargetOptions target;
  target.read(arguments);
  llvm::StringRef stage = arguments.choice(
      "--emit",
      {"library", "ast", "cnn", "linalg", "kernels", "header", "llvm", "asm", "obj", "neuflow", "passes", "words"},
      "library");
  NeuflowOptions neuflow;
  llvm::StringRef backend = arguments.value("--target").value_or("cpu");
  bool isNeuflow = backend != "cpu" && neuflow.readTarget(backend, arguments);
  if (backend != "cpu") // its options are no mistakes of their own if its name is one
    neuflow.read(arguments);
  if (isNeuflow)
    neuflow.check(arguments);
  bool isNeuflowStage = llvm::is_contained({"neuflow", "passes", "words"}, stage);
  if (isNeuflow && !isNeuflowStage && !llvm::is_contained({"library", "ast", "cnn"}, stage))
    arguments.error("--target=neuflow has no stage '" + stage + "': expected ast, cnn, neuflow, passes or words");
  else if (isNeuflow && !target.triple.empty())
    arguments.error("--target=neuflow compiles what the grid cannot do for the host: it takes no --triple");
  else if (!isNeuflow && isNeuflowStage)
    arguments.error("--emit=" + stage + " needs --target=neuflow");
  llvm::StringRef output = arguments.value("-o").value_or("");
  llvm::StringRef weights = arguments.value("--weights").value_or("");
  bool withoutTraining = arguments.flag("--inference");
  std::string convAlgorithm = readConvAlgorithm(arguments);
  bool storesBF16 = readPrecision(arguments);
  int64_t sliceSamples = readSlice(arguments);
  bool debugInfo = arguments.flag("-g");
  // Not for users, and so not in the help.
  bool goesWrong = arguments.flag("--provoke-bug");
  DumpAfter dumpAfter;
  dumpAfter.read(arguments);
  llvm::StringRef path = arguments.file("a model, such as lenet5.cnn");
  if (!arguments.finish())
    return ExitCode::WrongCommandLine;

  if (stage == "ast") {
    llvm::SmallVector<char> text;
    llvm::raw_svector_ostream stream(text);
    ExitCode code = printSyntaxTree(path, format, stream);
    // What could be read of a wrong file is shown, too.
    if (code == ExitCode::Success || output.empty())
      if (ExitCode written = writeText(stream.str(), output, format); written != ExitCode::Success)
        return written;
    return code;
  }
  Compilation compilation(format);
  compilation.dumpAfter = dumpAfter;
  ExitCode code = compilation.readModel(path);
  if (code != ExitCode::Success)
    return code;
  if (goesWrong)
    return compilation.goWrong();
  cpu::ArtifactOptions options;
  options.net = compilation.chooseNet(target.net);
  if (options.net.empty())
    return ExitCode::WrongCommandLine;
  if (stage == "cnn")
    return emit(compilation, options, stage, output);
  options.cpu = target.cpu;
  options.convAlgorithm = convAlgorithm;
  options.storesBF16 = storesBF16;
  options.sliceSamples = sliceSamples;
  options.triple = target.triple;
  options.producer = producerName();
  options.debugInfo = debugInfo;
  if (dumpAfter.isOn())
    options.watch = [&](mlir::PassManager &manager) { dumpAfter.watch(manager); };
  if (isNeuflow) {
    neuflow.net = options.net;
    neuflow.weightsFile = weights.str();
    code = lowerToWords(compilation, neuflow);
    if (code != ExitCode::Success)
      return code;
    if (stage == "neuflow")
      return emit(compilation, options, stage, output);
    if (stage == "library")
      return writeNeuflowLibrary(compilation, neuflow, options, output.empty() ? "." : output);
    std::string text;
    llvm::raw_string_ostream stream(text);
    code = printNeuflowStage(compilation, neuflow, stage, stream);
    return code == ExitCode::Success ? writeText(text, output, format) : code;
  }
  options.weightsFile = weights.str();
  bool withTraining = compilation.hasTraining(options.net) && !withoutTraining;
  if (storesBF16 && withTraining)
    return compilation.error("training is in f32: --precision=bf16 needs --inference", ExitCode::WrongCommandLine);
  if (stage == "library" && format == DiagnosticsFormat::Text && llvm::errs().is_displayed()) {
    options.progress = [net = options.net](llvm::StringRef phase) { showPhase(net, phase); };
    options.progress("lowering");
  }
  if (stage == "library")
    return makeLibrary(compilation, options, withTraining, output.empty() ? "." : output);
  code = compilation.lowerToLinalg(options, withTraining);
  return code == ExitCode::Success ? emit(compilation, options, stage, output) : code;
}

const Command buildCommand = {
    "build", "MODEL [--weights FILE] [-o FOLDER] [options]",
    "Compile a net to a library: NAME.h, libNAME.a, libNAME.so and NAME.pc.",
    "  -o FOLDER                where the files go (default: here); with --emit, the file\n"
    "  --weights FILE           trained weights (safetensors) to put into the library\n"
    "  --inference              leave out the training step, even if the file has a train block\n"
    "  --emit=STAGE             print ast, cnn, linalg, kernels, header, llvm, asm, obj, or (neuflow) neuflow, "
    "passes,\n"
    "                           words instead\n"
    "  --dump-after=PASS,…      print what a pass leaves, too\n"
    "  -g                       with lines of the model's file, for debuggers\n"
    "  --net NAME               the net, if the file has several\n"
    "  --cpu NAME               the processor (default: the host's)\n"
    "  --triple TRIPLE          the target (default: the host)\n"
    "  --precision=NAME         f32 (the default), or bf16: what inference stores; it computes in "
    "f32\n" CNN_CONV_ALGORITHM_HELP CNN_SLICE_HELP
    "  --diagnostics=text|json  show errors as text, or as one JSON object per line\n"
    "  --target=neuflow[:NAME]  a library whose net the NeuFlow machine NAME computes (default: neuflow-v6), and its\n"
    "                           program, NET.nfb, with\n"
    "  --data FOLDER            the samples of the file's data block, from which ranges of values are taken, or\n"
    "  --calibrate [NAME=]FILE  samples for that (.npy or IDX), once for each input\n"
    "  --calibration-samples N  take so many (default: 128)\n"
    "  --explain                say how each layer is computed: passes, tiles, bytes, cycles\n"
    "  --pictures               write pictures of the grid in each pass, and of when each runs (SVG), beside it\n"
    "  --evaluate               run the program on the test samples of the data block, and say what is lost\n"
    "  --evaluation-samples N   the same on the first N\n",
    runBuild};

} // namespace cnn::tools
