// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// cnnc profile: runs a net many times on made-up samples, asks the library at every launch of a kernel what time it is,
// and compares each launch with what the machine can do.
//
// How long a kernel takes hardly depends on the values, so the samples are random. Per launch the least time of all
// runs counts: what else happens on a machine makes a launch slower, never faster.
//
// With --hot every launch is repeated at once, and the second time counts: what it reads is then in the caches, as far
// as it fits. The difference to the usual times is what waiting for memory costs; what is missing from the peak then is
// up to the code.
#include "runtime/files/AtomicFile.h"
#include "tools/cnnc/LoadedModel.h"
#include "tools/cnnc/OutputFile.h"
#include "tools/cnnc/ProfileReport.h"
#include <algorithm>
#include <chrono>
#include <cmath>
#include <memory>
#include <random>

namespace cnn::tools {

namespace {

using Clock = std::chrono::steady_clock;

/// Random samples for all tensors of a list.
class MadeUpSamples {
public:
  /// False if there is no memory.
  bool fill(llvm::ArrayRef<cnn_tensor_desc> tensors, int64_t batch) {
    for (const cnn_tensor_desc &tensor : tensors) {
      size_t sampleBytes = cnn_tensor_sample_bytes(&tensor);
      memory.emplace_back(std::calloc(batch, sampleBytes), &std::free);
      addresses.push_back(memory.back().get());
      if (!addresses.back())
        return false;
      fill(tensor, addresses.back(), batch * (sampleBytes / cnn_dtype_bytes(tensor.dtype)));
    }
    return true;
  }
  std::vector<void *> addresses;

private:
  void fill(const cnn_tensor_desc &tensor, void *values, int64_t count) {
    int64_t classes = tensor.class_count > 0 ? tensor.class_count : 256;
    for (int64_t i = 0; i < count; ++i) {
      uint32_t word = random();
      switch (static_cast<cnn_dtype>(tensor.dtype)) {
      case CNN_F32:
        static_cast<float *>(values)[i] = static_cast<float>(word) * 0x1p-32f;
        break;
      case CNN_U8:
        static_cast<uint8_t *>(values)[i] = static_cast<uint8_t>(word);
        break;
      case CNN_I32:
        static_cast<int32_t *>(values)[i] = static_cast<int32_t>(word % classes);
        break;
      case CNN_I64:
        static_cast<int64_t *>(values)[i] = word % classes;
        break;
      }
    }
  }

  std::vector<std::unique_ptr<void, decltype(&std::free)>> memory;
  std::mt19937 random{1};
};

/// How long each launch of a run takes, all its slices together.
class Stopwatch {
public:
  Stopwatch(size_t launches, bool isHot) : isHot(isHot), times(launches), current(launches) {}

  /// Before a run.
  void reset() {
    llvm::fill(times, Clock::duration::zero());
    current = times.size();
  }
  double seconds(size_t launch) const { return std::chrono::duration<double>(times[launch]).count(); }
  /// What the run calls. The last one tells that all launches are over.
  static void observe(void *context, int64_t launch) {
    Stopwatch &self = *static_cast<Stopwatch *>(context);
    Clock::time_point now = Clock::now();
    if (self.current < self.times.size())
      self.times[self.current] += now - self.begin;
    self.current = static_cast<size_t>(launch);
    self.begin = now;
  }
  static void repeat(void *context, cnn_kernel_fn kernel, void *arguments, int64_t count) {
    Stopwatch &self = *static_cast<Stopwatch *>(context);
    cnn_parallel_for(nullptr, kernel, arguments, count);
    self.begin = Clock::now();
    cnn_parallel_for(nullptr, kernel, arguments, count);
  }
  const bool isHot;

private:
  std::vector<Clock::duration> times;
  Clock::time_point begin;
  size_t current; // the launch that runs; their number if none does
};

/// What is measured: inference, or a training step.
class Subject {
public:
  ~Subject() {
    cnn_run_destroy(run);
    cnn_trainer_destroy(trainer);
  }

  cnn_status create(cnn_model *model, int64_t wantedBatch, bool isTraining, Stopwatch &stopwatch) {
    const cnn_model_desc *desc = cnn_model_description(model);
    function = isTraining ? &desc->train_step : &desc->infer;
    batch = wantedBatch;
    cnn_status status =
        isTraining ? cnn_trainer_create(model, batch, /*seed=*/1, &trainer) : cnn_run_create(model, batch, &run);
    if (status != CNN_OK)
      return status;
    if (isTraining)
      cnn_trainer_set_observer(trainer, Stopwatch::observe, &stopwatch);
    else
      cnn_run_set_observer(run, Stopwatch::observe, &stopwatch);
    if (stopwatch.isHot && isTraining)
      cnn_trainer_set_parallel_for(trainer, Stopwatch::repeat, &stopwatch);
    else if (stopwatch.isHot)
      cnn_run_set_parallel_for(run, Stopwatch::repeat, &stopwatch);
    bool isThere = inputs.fill({function->inputs, size_t(function->input_count)}, batch) &&
                   outputs.fill({function->outputs, size_t(function->output_count)}, batch);
    results.assign(function->output_count, nullptr);
    return isThere ? CNN_OK : CNN_NO_MEMORY;
  }
  cnn_status execute() {
    // A rate of zero: the weights stay what they are, however often the step is repeated.
    return trainer ? cnn_trainer_step(trainer, batch, inputs.addresses.data(), /*rate=*/0, results.data())
                   : cnn_run_infer(run, batch, inputs.addresses.data(), outputs.addresses.data());
  }

private:
  const cnn_function_desc *function = nullptr;
  int64_t batch = 0;
  cnn_run *run = nullptr;
  cnn_trainer *trainer = nullptr;
  MadeUpSamples inputs, outputs;
  std::vector<float *> results;
};

double median(std::vector<double> &values) {
  auto middle = values.begin() + values.size() / 2;
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

} // namespace

/// Fills in what running it tells: times, and their relation to the machine's ceilings.
static cnn_status measure(cnn_model *model, bool isTraining, std::optional<int64_t> wantedRuns, Profile &profile) {
  const cnn_model_desc *desc = cnn_model_description(model);
  const cnn_function_desc &function = isTraining ? desc->train_step : desc->infer;
  llvm::ArrayRef<cnn_launch_desc> launches(function.launches, function.launch_count);
  Stopwatch stopwatch(launches.size(), profile.isHot);
  Subject subject;
  if (cnn_status status = subject.create(model, profile.batch, isTraining, stopwatch); status != CNN_OK)
    return status;
  // Pages are touched and threads are started.
  if (cnn_status status = subject.execute(); status != CNN_OK)
    return status;

  constexpr int64_t fewestRuns = 5, mostRuns = 10000;
  constexpr std::chrono::seconds defaultTime{2};
  std::vector<double> whole;
  std::vector<std::vector<double>> each(launches.size());
  Clock::time_point begin = Clock::now();
  auto isDone = [&](int64_t runs) {
    if (wantedRuns)
      return runs >= *wantedRuns;
    return runs >= mostRuns || (runs >= fewestRuns && Clock::now() - begin >= defaultTime);
  };
  for (int64_t run = 0; !isDone(run); ++run) {
    stopwatch.reset();
    if (cnn_status status = subject.execute(); status != CNN_OK)
      return status;
    double sum = 0;
    for (size_t i = 0; i < launches.size(); ++i) {
      each[i].push_back(stopwatch.seconds(i));
      sum += each[i].back();
    }
    whole.push_back(sum);
  }

  profile.net = desc->name;
  profile.producer = desc->producer;
  profile.function = isTraining ? "training step" : "inference";
  profile.runs = static_cast<int64_t>(whole.size());
  profile.minimum = *llvm::min_element(whole);
  profile.median = median(whole);
  uint64_t batch = profile.batch;
  for (auto [desc, times] : llvm::zip_equal(launches, each)) {
    LaunchProfile launch = {};
    launch.layers = desc.layers;
    launch.ops = desc.ops;
    launch.algorithm = desc.algorithm;
    launch.tile = desc.tile;
    launch.minimum = *llvm::min_element(times);
    launch.median = median(times);
    launch.flops = desc.fixed_flops + batch * desc.sample_flops;
    launch.bytes = desc.fixed_bytes + batch * desc.sample_bytes;
    launch.least = profile.ceilings.least(launch.flops, launch.bytes);
    profile.launches.push_back(launch);
  }
  return CNN_OK;
}

static ExitCode runProfile(Arguments &arguments) {
  DiagnosticsFormat format = diagnosticsFormat(arguments);
  cpu::ArtifactOptions target;
  target.net = arguments.value("--net").value_or("").str();
  target.cpu = arguments.value("--cpu").value_or("").str();
  target.convAlgorithm = readConvAlgorithm(arguments);
  target.storesBF16 = readPrecision(arguments);
  target.sliceSamples = readSlice(arguments);
  bool isTraining = arguments.flag("--train"), isHot = arguments.flag("--hot");
  std::optional<int64_t> batch = arguments.integer("--batch", 1), runs = arguments.integer("--runs", 1),
                         threads = arguments.integer("--threads", 1);
  std::optional<llvm::StringRef> json = arguments.value("--json"), html = arguments.value("--html");
  llvm::StringRef path = arguments.file("a model, such as lenet5.cnn, or a library, such as libLeNet5.so");
  LoadedModel::checkOptions(arguments, path, target);
  if (isTraining && target.storesBF16)
    arguments.error("training is in f32: --precision=bf16 is for inference");
  if (html && *html == "-")
    arguments.error("the page goes to a file: --html FILE");
  if (!arguments.finish())
    return ExitCode::WrongCommandLine;

  Compilation compilation(format);
  for (std::optional<llvm::StringRef> file : {json, html}) {
    cnn_error error = {};
    if (file && *file != "-" && runtime::checkWritable(file->str().c_str(), &error) != CNN_OK)
      return compilation.error(error.text);
  }
  LoadedModel loaded;
  Profile profile = {};
  profile.isHot = isHot;
  profile.batch = batch.value_or(isTraining ? 64 : 1);
  ExitCode code = loaded.loadFile(compilation, path, target, isTraining, [&](TrainOp train) {
    if (isTraining && !batch)
      profile.batch = train.getBatch();
  });
  if (code == ExitCode::Success)
    code = setThreads(compilation, threads);
  if (code != ExitCode::Success)
    return code;
  if (isTraining && !loaded.description().train_step.entry)
    return compilation.error("'" + path + "' has no training step");
  if ((isTraining ? loaded.description().train_step : loaded.description().infer).launch_count == 0)
    return compilation.error("'" + path + "' does not say what it runs");
  // The weights of a library may be embedded.
  cnn_status status =
      loaded.description().embedded_parameters ? CNN_OK : cnn_model_initialize(loaded.model(), /*seed=*/1);
  profile.threads = cnn_get_threads();
  std::optional<MachineCeilings> ceilings = measureCeilings();
  if (!ceilings)
    status = CNN_NO_MEMORY;
  if (status == CNN_OK) {
    profile.ceilings = *ceilings;
    status = measure(loaded.model(), isTraining, runs, profile);
  }
  if (status != CNN_OK)
    return compilation.error(cnn_status_text(status));

  auto write = [&](llvm::StringRef file, void (*print)(const Profile &, llvm::raw_ostream &)) {
    std::string text, problem;
    llvm::raw_string_ostream stream(text);
    print(profile, stream);
    if (file == "-")
      llvm::outs() << text;
    else if (!writeWholeFile(file, text, problem))
      code = compilation.error(problem);
  };
  if (json)
    write(*json, printProfileJson);
  if (html)
    write(*html, printProfileHtml);
  if (!json || *json != "-")
    printProfile(profile, llvm::outs());
  return code;
}

const Command profileCommand = {
    "profile", "MODEL|LIBRARY [options]", "Measure how long each layer takes, beside what the machine can do.",
    "  --batch N                so many samples at a time (default: 1; with --train, that of the train block)\n"
    "  --train                  a training step instead of inference\n"
    "  --hot                    run each kernel twice and measure the second time, with what it reads in the caches\n"
    "  --threads N              use so many threads (default: all)\n"
    "  --runs N                 run it so many times (default: for two seconds)\n"
    "  --json FILE              write the numbers; - is standard output, instead of the table\n"
    "  --html FILE              write a page with a picture\n"
    "  --net NAME               the net, if the file has several\n"
    "  --cpu NAME               the processor (default: the host's)\n"
    "  --precision=NAME         f32 (the default), or bf16: what inference stores; it computes in "
    "f32\n" CNN_CONV_ALGORITHM_HELP CNN_SLICE_HELP
    "  --diagnostics=text|json  show errors as text, or as one JSON object per line\n",
    runProfile};

} // namespace cnn::tools
