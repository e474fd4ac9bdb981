// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// cnnc run: compiles the model to a shared library, loads it, and runs inference on samples from files.
#include "cnn/neuflow.h"
#include "tools/cnnc/LoadedModel.h"
#include <cstdlib>
#include <memory>

namespace cnn::tools {

namespace {
/// The samples of one input; freed with it.
struct Samples {
  Samples() = default;
  Samples(const Samples &) = delete;
  Samples &operator=(const Samples &) = delete;
  ~Samples() { cnn_free_samples(data); }
  void *data = nullptr;
  int64_t count = 0;
};
} // namespace

/// Which file belongs to which tensor. `given` holds [NAME=]FILE; a file without a name goes to the next tensor that
/// no name claims. Empty texts stand for what was not given. `what` is "input" or "output", `option` its option.
static std::optional<std::vector<std::string>> assignFiles(const Compilation &compilation,
                                                           llvm::ArrayRef<llvm::StringRef> given,
                                                           llvm::ArrayRef<cnn_tensor_desc> tensors,
                                                           llvm::StringRef what, llvm::StringRef option) {
  std::string names;
  for (const cnn_tensor_desc &tensor : tensors)
    names += (names.empty() ? "'" : ", '") + std::string(tensor.name) + "'";
  std::vector<std::string> files(tensors.size());
  std::vector<llvm::StringRef> unnamed;
  for (llvm::StringRef text : given) {
    auto [name, file] = text.split('=');
    // A path may hold a '=', too, but hardly before the first '/' or '.'.
    if (file.empty() || name.find_first_of("/.") != llvm::StringRef::npos) {
      unnamed.push_back(text);
      continue;
    }
    auto tensor = llvm::find_if(tensors, [&](const cnn_tensor_desc &tensor) { return name == tensor.name; });
    if (tensor == tensors.end()) {
      compilation.error("the net has no " + what + " '" + name + "', but: " + names);
      return std::nullopt;
    }
    std::string &place = files[tensor - tensors.begin()];
    if (!place.empty()) {
      compilation.error("the " + what + " '" + name + "' is given twice");
      return std::nullopt;
    }
    place = file.str();
  }
  auto place = files.begin();
  for (llvm::StringRef file : unnamed) {
    place = std::find(place, files.end(), "");
    if (place == files.end()) {
      compilation.error("'" + option + " " + file + "' is one " + what + " too many: the net has " + names);
      return std::nullopt;
    }
    *place = file.str();
  }
  return files;
}

/// All inputs have the same number of samples, which is answered; -1 after an error.
static int64_t readInputs(const Compilation &compilation, llvm::ArrayRef<cnn_tensor_desc> tensors,
                          llvm::ArrayRef<std::string> files, std::vector<Samples> &inputs) {
  for (size_t i = 0; i < tensors.size(); ++i) {
    cnn_error error = {};
    if (cnn_read_samples(files[i].c_str(), &tensors[i], &inputs[i].data, &inputs[i].count, &error) != CNN_OK) {
      compilation.error(error.text);
      return -1;
    }
    if (inputs[i].count != inputs[0].count) {
      compilation.error(files[i] + ": the number of samples is " + llvm::Twine(inputs[i].count) + ", but that of " +
                        files[0] + " is " + llvm::Twine(inputs[0].count));
      return -1;
    }
  }
  return inputs[0].count;
}

/// What a machine of NeuFlow has to tell, on standard error.
static void showReport(const cnn_neuflow_report &report) {
  if (report.cycles >= 0)
    llvm::errs() << report.cycles << " cycles in " << report.runs << " runs of programs\n";
  for (int64_t tile = 0; tile < report.tile_count; ++tile)
    if (report.saturated[tile] > 0)
      llvm::errs() << "saturated: " << report.tiles[tile] << ", in " << report.saturated[tile] << " of " << report.runs
                   << " runs\n";
}

/// Gives the samples to the net, which runs on the processor, or on a machine as well.
static ExitCode runSamples(const Compilation &compilation, const LoadedModel &loaded, int64_t count, int64_t maxBatch,
                           bool countsCycles, const std::vector<const void *> &from, const std::vector<void *> &to) {
  cnn_neuflow *machine = nullptr;
  cnn_error error = {};
  bool hasParts = loaded.description().device_part_count > 0;
  if (hasParts && cnn_neuflow_open(&loaded.description(), countsCycles ? CNN_NEUFLOW_CYCLES : CNN_NEUFLOW_FUNCTIONAL,
                                   &machine, &error) != CNN_OK)
    return compilation.error(error.text);
  cnn_run *run = nullptr;
  cnn_status status = cnn_run_create(loaded.model(), std::min(maxBatch, count), &run);
  if (status == CNN_OK && machine)
    cnn_run_set_device(run, cnn_neuflow_device(machine));
  if (status == CNN_OK)
    status = cnn_run_infer(run, count, from.data(), to.data());
  cnn_run_destroy(run);
  std::string problem = status == CNN_OK ? "" : cnn_status_text(status);
  if (machine && status != CNN_OK && cnn_neuflow_error(machine)->status != CNN_OK)
    problem = cnn_neuflow_error(machine)->text;
  if (machine && status == CNN_OK)
    showReport(*cnn_neuflow_get_report(machine));
  cnn_neuflow_close(machine);
  return status == CNN_OK ? ExitCode::Success : compilation.error(problem);
}

static ExitCode infer(const Compilation &compilation, const LoadedModel &loaded, llvm::ArrayRef<std::string> inputFiles,
                      llvm::ArrayRef<std::string> outputFiles, int64_t maxBatch, bool countsCycles) {
  const cnn_function_desc &function = loaded.description().infer;
  llvm::ArrayRef inputTensors(function.inputs, function.input_count);
  llvm::ArrayRef outputTensors(function.outputs, function.output_count);
  std::vector<Samples> inputs(inputTensors.size());
  int64_t count = readInputs(compilation, inputTensors, inputFiles, inputs);
  if (count < 0)
    return ExitCode::WrongModel;

  std::vector<std::unique_ptr<void, decltype(&std::free)>> outputs;
  std::vector<const void *> from;
  std::vector<void *> to;
  for (const Samples &samples : inputs)
    from.push_back(samples.data);
  for (const cnn_tensor_desc &tensor : outputTensors) {
    outputs.emplace_back(std::calloc(count, cnn_tensor_sample_bytes(&tensor)), &std::free);
    to.push_back(outputs.back().get());
    if (!to.back())
      return compilation.error(cnn_status_text(CNN_NO_MEMORY));
  }
  if (ExitCode code = runSamples(compilation, loaded, count, maxBatch, countsCycles, from, to);
      code != ExitCode::Success)
    return code;

  for (size_t i = 0; i < outputTensors.size(); ++i) {
    cnn_error error = {};
    if (!outputFiles[i].empty() &&
        cnn_write_samples(outputFiles[i].c_str(), &outputTensors[i], to[i], count, &error) != CNN_OK)
      return compilation.error(error.text);
  }
  return ExitCode::Success;
}

static ExitCode runRun(Arguments &arguments) {
  DiagnosticsFormat format = diagnosticsFormat(arguments);
  cpu::ArtifactOptions target;
  target.net = arguments.value("--net").value_or("").str();
  target.cpu = arguments.value("--cpu").value_or("").str();
  target.convAlgorithm = readConvAlgorithm(arguments);
  target.storesBF16 = readPrecision(arguments);
  std::vector<llvm::StringRef> inputs = arguments.values("--input"), outputs = arguments.values("-o");
  std::string weights = arguments.value("--weights").value_or("").str();
  int64_t batch = arguments.integer("--batch", 1).value_or(64);
  std::optional<int64_t> threads = arguments.integer("--threads", 1);
  bool countsCycles = arguments.flag("--cycles");
  llvm::StringRef path = arguments.file("a model, such as lenet5.cnn, or a library, such as libLeNet5.so");
  LoadedModel::checkOptions(arguments, path, target);
  if (!arguments.finish())
    return ExitCode::WrongCommandLine;
  if (outputs.empty()) {
    arguments.error("say where the results go: -o FILE.npy");
    return ExitCode::WrongCommandLine;
  }

  Compilation compilation(format);
  LoadedModel loaded;
  // Without weights, those that training would start from.
  uint64_t seed = 0;
  ExitCode code = loaded.loadFile(compilation, path, target, /*withTraining=*/false,
                                  [&](TrainOp train) { seed = static_cast<uint64_t>(train.getSeed()); });
  if (code == ExitCode::Success)
    code = setThreads(compilation, threads);
  if (code != ExitCode::Success)
    return code;

  const cnn_function_desc &function = loaded.description().infer;
  llvm::ArrayRef inputTensors(function.inputs, function.input_count);
  llvm::ArrayRef outputTensors(function.outputs, function.output_count);
  auto inputFiles = assignFiles(compilation, inputs, inputTensors, "input", "--input");
  auto outputFiles = assignFiles(compilation, outputs, outputTensors, "output", "-o");
  if (!inputFiles || !outputFiles)
    return ExitCode::WrongCommandLine;
  for (auto [tensor, file] : llvm::zip(inputTensors, *inputFiles))
    if (file.empty()) {
      return compilation.error(llvm::Twine("the net needs the input '") + tensor.name + "': --input " + tensor.name +
                                   "=FILE",
                               ExitCode::WrongCommandLine);
    }

  if (countsCycles && loaded.description().device_part_count == 0)
    return compilation.error("--cycles is for libraries that --target=neuflow made: '" + path +
                                 "' has no parts for a machine",
                             ExitCode::WrongCommandLine);
  // The weights of a library may be inside.
  bool isLibrary = LoadedModel::isLibrary(path);
  bool hasWeights = loaded.description().embedded_parameters || loaded.description().weight_count == 0;
  if (isLibrary && !hasWeights && weights.empty())
    return compilation.error("'" + path + "' was built without weights: --weights FILE", ExitCode::WrongCommandLine);
  cnn_error error = {};
  if (weights.empty() && !isLibrary) {
    if (cnn_status status = cnn_model_initialize(loaded.model(), seed); status != CNN_OK)
      return compilation.error(cnn_status_text(status));
  } else if (!weights.empty() && cnn_load_weights(loaded.model(), weights.c_str(), &error) != CNN_OK) {
    return compilation.error(error.text);
  }
  return infer(compilation, loaded, *inputFiles, *outputFiles, batch, countsCycles);
}

const Command runCommand = {
    "run", "MODEL|LIBRARY --weights WEIGHTS --input FILE -o FILE [options]",
    "Run a net, or a library that build has made, on samples from files.",
    "  --weights FILE           trained weights (safetensors); without, those that training would start from\n"
    "  --input [NAME=]FILE      samples (.npy or IDX), once for each input\n"
    "  -o [NAME=]FILE           where a result goes (.npy), once for each output that is wanted\n"
    "  --batch N                so many samples at a time (default: 64)\n"
    "  --threads N              use so many threads (default: all)\n"
    "  --net NAME               the net, if the file has several\n"
    "  --cpu NAME               the processor (default: the host's)\n"
    "  --precision=NAME         f32 (the default), or bf16: what inference stores; it computes in "
    "f32\n" CNN_CONV_ALGORITHM_HELP
    "  --cycles                 of a library for NeuFlow: on the simulator that knows time; says how many cycles it "
    "took\n"
    "  --diagnostics=text|json  show errors as text, or as one JSON object per line\n",
    runRun};

} // namespace cnn::tools
