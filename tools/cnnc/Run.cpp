// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// cnnc run: compiles the model to a shared library, loads it, and runs inference on samples from files.
#include "cnn/runtime.h"
#include "tools/cnnc/Compilation.h"
#include "llvm/Support/raw_ostream.h"

namespace cnn::tools {

static size_t sampleBytes(const cnn_tensor_desc &tensor) {
  size_t bytes = tensor.dtype == CNN_U8 ? 1 : tensor.dtype == CNN_I64 ? 8 : 4;
  for (int32_t i = 0; i < tensor.rank; ++i)
    bytes *= static_cast<size_t>(tensor.shape[i]);
  return bytes;
}

/// Splits `NAME=FILE`; a file alone goes to the next tensor in order.
static std::vector<std::string> assign(const Compilation &compilation, const std::vector<llvm::StringRef> &given,
                                       const cnn_tensor_desc *tensors, int64_t count, llvm::StringRef option) {
  std::vector<std::string> files(count);
  int64_t next = 0;
  for (llvm::StringRef text : given) {
    auto [name, file] = text.split('=');
    int64_t index = -1;
    for (int64_t i = 0; i < count && !file.empty(); ++i)
      if (name == tensors[i].name)
        index = i;
    if (index < 0) {
      file = text;
      index = next++;
    }
    if (index >= count) {
      compilation.error("the net has only " + llvm::Twine(count) + " of what '" + option + "' names");
      return {};
    }
    files[index] = file.str();
  }
  return files;
}

static ExitCode infer(const Compilation &compilation, const cnn_model *model,
                      const std::vector<std::string> &inputFiles, const std::vector<std::string> &outputFiles,
                      int64_t batch) {
  const cnn_function_desc &function = cnn_model_description(model)->infer;
  cnn_error error = {};
  std::vector<void *> inputs(function.input_count, nullptr);
  int64_t count = -1;
  ExitCode code = ExitCode::Success;
  for (int64_t i = 0; i < function.input_count && code == ExitCode::Success; ++i) {
    int64_t samples = 0;
    if (cnn_read_samples(inputFiles[i].c_str(), &function.inputs[i], &inputs[i], &samples, &error) != CNN_OK) {
      code = compilation.error(error.text);
    } else if (count >= 0 && samples != count) {
      code = compilation.error("'" + inputFiles[i] + "' has " + llvm::Twine(samples) + " samples, but '" +
                               inputFiles[0] + "' has " + llvm::Twine(count));
    } else {
      count = samples;
    }
  }
  std::vector<std::vector<char>> outputs(function.output_count);
  cnn_run *run = nullptr;
  if (code == ExitCode::Success) {
    for (int64_t i = 0; i < function.output_count; ++i)
      outputs[i].resize(sampleBytes(function.outputs[i]) * static_cast<size_t>(count));
    cnn_status status = cnn_run_create(model, std::min(batch, std::max<int64_t>(count, 1)), &run);
    for (int64_t begin = 0; status == CNN_OK && begin < count; begin += batch) {
      std::vector<const void *> from;
      std::vector<void *> to;
      for (int64_t i = 0; i < function.input_count; ++i)
        from.push_back(static_cast<char *>(inputs[i]) + begin * sampleBytes(function.inputs[i]));
      for (int64_t i = 0; i < function.output_count; ++i)
        to.push_back(outputs[i].data() + begin * sampleBytes(function.outputs[i]));
      status = cnn_run_infer(run, std::min(batch, count - begin), from.data(), to.data());
    }
    if (status != CNN_OK)
      code = compilation.error(cnn_status_text(status));
  }
  for (int64_t i = 0; i < function.output_count && code == ExitCode::Success; ++i)
    if (!outputFiles[i].empty() &&
        cnn_write_samples(outputFiles[i].c_str(), &function.outputs[i], outputs[i].data(), count, &error) != CNN_OK)
      code = compilation.error(error.text);
  cnn_run_destroy(run);
  for (void *samples : inputs)
    cnn_free_samples(samples);
  return code;
}

static ExitCode runRun(Arguments &arguments) {
  DiagnosticsFormat format = diagnosticsFormat(arguments);
  TargetOptions target;
  target.read(arguments);
  std::vector<llvm::StringRef> inputs = arguments.values("--input"), outputs = arguments.values("-o");
  std::string weights = arguments.value("--weights").value_or("").str();
  int64_t batch = arguments.integer("--batch", 1).value_or(64);
  std::optional<int64_t> threads = arguments.integer("--threads", 1);
  llvm::StringRef path = arguments.file("a model, such as lenet5.cnn");
  if (!arguments.finish())
    return ExitCode::WrongCommandLine;

  Compilation compilation(format);
  ExitCode code = compilation.readModel(path);
  if (code != ExitCode::Success)
    return code;
  cpu::ArtifactOptions options;
  options.net = compilation.chooseNet(target.net);
  TemporaryFolder folder(format);
  if (options.net.empty() || folder.path.empty())
    return ExitCode::WrongCommandLine;
  options.folder = folder.path;
  options.cpu = target.cpu;
  options.producer = producerName();
  options.emitStaticLibrary = options.emitHeader = false;
  code = compilation.lowerToLinalg(/*withTraining=*/false);
  if (code == ExitCode::Success)
    code = compilation.build(options);
  if (code != ExitCode::Success)
    return code;

  cnn_error error = {};
  cnn_library *library = nullptr;
  cnn_model *model = nullptr;
  std::string libraryPath = folder.path + "/lib" + options.net + ".so";
  if (cnn_library_open(libraryPath.c_str(), &library, &error) != CNN_OK)
    return compilation.error(error.text);
  if (cnn_status status = cnn_model_create(cnn_library_model(library), &model); status != CNN_OK)
    return compilation.error(cnn_status_text(status));
  const cnn_function_desc &function = cnn_library_model(library)->infer;
  if (weights.empty())
    cnn_model_initialize(model, 0);
  else if (cnn_load_weights(model, weights.c_str(), &error) != CNN_OK)
    return compilation.error(error.text);
  if (threads)
    cnn_set_threads(*threads);
  std::vector<std::string> inputFiles = assign(compilation, inputs, function.inputs, function.input_count, "--input");
  std::vector<std::string> outputFiles = assign(compilation, outputs, function.outputs, function.output_count, "-o");
  code = ExitCode::WrongCommandLine;
  bool isComplete = static_cast<int64_t>(inputFiles.size()) == function.input_count &&
                    static_cast<int64_t>(outputFiles.size()) == function.output_count;
  for (int64_t i = 0; isComplete && i < function.input_count; ++i)
    if (inputFiles[i].empty()) {
      compilation.error(llvm::Twine("the net needs the input '") + function.inputs[i].name + "': --input " +
                        function.inputs[i].name + "=FILE");
      isComplete = false;
    }
  if (isComplete)
    code = infer(compilation, model, inputFiles, outputFiles, batch);
  cnn_model_destroy(model);
  cnn_library_close(library);
  return code;
}

const Command runCommand = {
    "run", "MODEL --weights WEIGHTS --input FILE -o FILE [options]", "Run a net on samples from files.",
    "  --weights FILE           trained weights (safetensors); without, those that training would start from\n"
    "  --input [NAME=]FILE      samples (.npy or IDX), once for each input\n"
    "  -o [NAME=]FILE           where a result goes (.npy)\n"
    "  --batch N                so many samples at a time (default: 64)\n"
    "  --threads N              use so many threads (default: all)\n"
    "  --net NAME               the net, if the file has several\n"
    "  --cpu NAME               the processor (default: the host's)\n"
    "  --diagnostics=text|json  show errors as text, or as one JSON object per line\n",
    runRun};

} // namespace cnn::tools
