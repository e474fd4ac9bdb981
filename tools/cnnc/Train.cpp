// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// cnnc train: compiles the model to a shared library, loads it, and runs the training loop of the runtime on it.
#include "ir/CnnDialect.h"
#include "tools/cnnc/BugReport.h"
#include "tools/cnnc/LoadedModel.h"
#include "tools/cnnc/Signals.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"
#include <csignal>
#include <deque>

namespace cnn::tools {

namespace {
/// The data block as the runtime wants it; keeps the texts alive.
class DataFields {
public:
  /// False if an input of the training step is not in the data, which the front end excludes.
  bool fill(DataOp data, const cnn_function_desc &step, llvm::StringRef folder);
  std::vector<cnn_field> fields;

private:
  const char *keep(llvm::StringRef path, llvm::StringRef folder);
  std::deque<std::string> texts;
};
} // namespace

const char *DataFields::keep(llvm::StringRef path, llvm::StringRef folder) {
  llvm::SmallString<128> full;
  if (!llvm::sys::path::is_absolute(path))
    full = folder;
  llvm::sys::path::append(full, path);
  return texts.emplace_back(full.str()).c_str();
}

static cnn_field_format formatOf(FieldOp field) {
  switch (field.getFormat()) {
  case DataFormat::Idx:
    return CNN_FIELD_IDX;
  case DataFormat::Npy:
    return CNN_FIELD_NPY;
  case DataFormat::Folder:
  case DataFormat::FolderClass:
    return CNN_FIELD_FOLDER;
  }
  llvm_unreachable("all formats are listed");
}

bool DataFields::fill(DataOp data, const cnn_function_desc &step, llvm::StringRef folder) {
  for (int64_t i = 0; i < step.input_count; ++i) {
    cnn_field field = {};
    field.name = step.inputs[i].name;
    for (FieldOp op : data.getBody().front().getOps<FieldOp>()) {
      if (op.getName() != field.name)
        continue;
      const char *path = keep(op.getPath(), folder);
      if (op.getPart() != "train") {
        field.test_path = path;
        field.test_format = formatOf(op);
        continue;
      }
      field.path = path;
      field.format = formatOf(op);
      field.class_count = op.getClasses();
      field.flip_probability = op.getFlip().convertToDouble();
      field.shift = op.getShift();
      field.fill = op.getFill().convertToDouble();
    }
    if (!field.path)
      return false;
    fields.push_back(field);
  }
  return true;
}

static cnn_rate rateOf(RateAttr attr) {
  cnn_rate rate = {};
  switch (attr.getKind()) {
  case RateKind::Constant:
    rate.kind = CNN_RATE_CONSTANT;
    break;
  case RateKind::Step:
    rate.kind = CNN_RATE_STEP;
    break;
  case RateKind::Poly:
    rate.kind = CNN_RATE_POLY;
    break;
  case RateKind::Cosine:
    rate.kind = CNN_RATE_COSINE;
    break;
  }
  rate.base = attr.getBase();
  rate.warmup = attr.getWarmup();
  rate.every = attr.getEvery();
  rate.factor = attr.getFactor();
  rate.power = attr.getPower();
  return rate;
}

/// cnn_train checks it, too; here it comes before the compilation, in the words of the command line.
static ExitCode checkStart(const std::string &checkpoint, const std::string &weights, bool resume, bool restart,
                           DiagnosticsFormat format) {
  bool isThere = llvm::sys::fs::exists(checkpoint);
  if (isThere == resume || restart)
    return ExitCode::Success;
  if (isThere)
    showError("'" + checkpoint +
                  "' is there from a run that was stopped: go on with --resume, or start over with --restart",
              format);
  else
    showError("--resume needs the checkpoint '" + checkpoint + "', which is not there" +
                  (llvm::sys::fs::exists(weights) ? "; training is finished: its result is '" + weights + "'" : ""),
              format);
  return ExitCode::WrongModel;
}

static ExitCode runTrain(Arguments &arguments) {
  DiagnosticsFormat format = diagnosticsFormat(arguments);
  TargetOptions target;
  target.read(arguments);
  std::string data = arguments.value("--data").value_or("").str();
  std::string output = arguments.value("-o").value_or("").str();
  std::string metrics = arguments.value("--metrics").value_or("").str();
  std::string weights = arguments.value("--weights").value_or("").str();
  std::optional<int64_t> epochs = arguments.integer("--epochs", 1);
  std::optional<int64_t> threads = arguments.integer("--threads", 1);
  bool resume = arguments.flag("--resume"), restart = arguments.flag("--restart");
  bool quiet = arguments.flag("--quiet");
  llvm::StringRef path = arguments.file("a model, such as lenet5.cnn");
  if (resume && restart)
    arguments.error("--resume goes on and --restart starts over: choose one");
  if (!arguments.finish())
    return ExitCode::WrongCommandLine;
  if (output.empty()) {
    arguments.error("say where the trained weights go: -o NAME.safetensors");
    return ExitCode::WrongCommandLine;
  }

  std::string checkpoint = output + ".checkpoint";
  if (ExitCode code = checkStart(checkpoint, output, resume, restart, format); code != ExitCode::Success)
    return code;
  Compilation compilation(format);
  ExitCode code = compilation.readModel(path);
  if (code != ExitCode::Success)
    return code;
  TrainOp train;
  for (auto op : compilation.module().getOps<TrainOp>()) {
    if (!target.net.empty() && op.getNet() != target.net)
      continue;
    if (train)
      return compilation.error("'" + path + "' has several train blocks, choose a net with --net",
                               ExitCode::WrongCommandLine);
    train = op;
  }
  if (!train)
    return compilation.error("'" + path + "' has no train block" +
                             (target.net.empty() ? "" : " for '" + target.net + "'"));
  // The back end uses the module up, so what is needed of the blocks is taken first.
  std::string net = train.getNet().str();
  cnn_train_config config = {};
  config.batch = train.getBatch();
  config.epochs = epochs.value_or(train.getEpochs());
  config.seed = static_cast<uint64_t>(train.getSeed());
  config.rate = rateOf(train.getRate());
  mlir::OwningOpRef<mlir::Operation *> dataCopy(compilation.module().lookupSymbol<DataOp>(train.getData())->clone());

  LoadedModel loaded;
  cpu::ArtifactOptions compiled;
  compiled.net = net;
  compiled.cpu = target.cpu;
  code = loaded.load(compilation, compiled, /*withTraining=*/true);
  if (code == ExitCode::Success)
    code = setThreads(compilation, threads);
  if (code != ExitCode::Success)
    return code;
  DataFields fields;
  if (!fields.fill(llvm::cast<DataOp>(*dataCopy), loaded.description().train_step, data.empty() ? "." : data)) {
    reportBug("the data do not fit the training step");
    return ExitCode::CompilerBug;
  }
  cnn_error error = {};
  if (!weights.empty() && cnn_load_weights(loaded.model(), weights.c_str(), &error) != CNN_OK)
    return compilation.error(error.text);
  config.model = loaded.model();
  config.field_count = static_cast<int64_t>(fields.fields.size());
  config.fields = fields.fields.data();
  config.shuffle = llvm::cast<DataOp>(*dataCopy).getShuffle() ? 1 : 0;
  config.keep_weights = weights.empty() ? 0 : 1;
  config.weights_path = output.c_str();
  config.checkpoint_path = checkpoint.c_str();
  config.start = resume ? CNN_START_RESUME : restart ? CNN_START_RESTART : CNN_START_NEW;
  config.metrics_path = metrics.empty() ? nullptr : metrics.c_str();
  config.progress = quiet ? -1 : 2;
  StopOnSignal stop;
  config.stop = stop.flag();
  // A reader of the progress that has gone, as of `cnnc train ... 2>&1 | head`, does not end the training.
  signal(SIGPIPE, SIG_IGN);
  cnn_status status = cnn_train(&config, &error);
  if (status == CNN_OK)
    return ExitCode::Success;
  if (status == CNN_STOPPED) {
    llvm::errs() << "cnnc: stopped; go on with --resume\n";
    return ExitCode::WrongModel;
  }
  compilation.error(error.text);
  bool isAboutCheckpoint = llvm::StringRef(error.text).starts_with(checkpoint + ": ");
  if (resume && isAboutCheckpoint && llvm::sys::fs::exists(checkpoint) && format == DiagnosticsFormat::Text)
    llvm::errs() << "cnnc: the checkpoint is left as it is; --restart starts over\n";
  return ExitCode::WrongModel;
}

const Command trainCommand = {"train", "MODEL --data FOLDER -o WEIGHTS [options]",
                              "Train a net as its train block says.",
                              "  --data FOLDER            where the files of the data block are (default: here)\n"
                              "  -o FILE                  where the trained weights go (safetensors)\n"
                              "  --epochs N               train so many epochs instead\n"
                              "  --resume                 go on from the checkpoint of a run that was stopped\n"
                              "  --restart                start over, although there is such a checkpoint\n"
                              "  --weights FILE           start from these weights\n"
                              "  --metrics FILE           write one JSON object per epoch\n"
                              "  --threads N              use so many threads (default: all)\n"
                              "  --quiet                  show no progress\n"
                              "  --net NAME               the net, if the file trains several\n"
                              "  --cpu NAME               the processor (default: the host's)\n"
                              "  --diagnostics=text|json  show errors as text, or as one JSON object per line\n",
                              runTrain};

} // namespace cnn::tools
