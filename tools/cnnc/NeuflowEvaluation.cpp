// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A sample goes three ways: through the reals, through the oracle of words, and, part by part, through the programs as
// they stand in their files. Samples do not depend on each other, so each processor takes the next one; what is added
// up are numbers of samples, so that the report is the same for any number of processors. A machine's memory stays
// from sample to sample, as it would on hardware: what an earlier one left there must not matter.
#include "tools/cnnc/NeuflowEvaluation.h"
#include "backends/neuflow/lower/Passes.h"
#include "backends/neuflow/lower/ProgramOps.h"
#include "backends/neuflow/reference/NetEvaluator.h"
#include "mlir/IR/Threading.h"
#include "mlir/Pass/PassManager.h"
#include "runtime/neuflow/device/ProgramTensors.h"
#include "tools/cnnc/BugReport.h"
#include "llvm/Support/Format.h"
#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>

namespace cnn::tools {

namespace {

using Programs = std::map<std::string, neuflow::Program>; // by the name of the part

/// What is known of some samples.
struct Score {
  int64_t right = 0, rightWords = 0, same = 0; // samples
  int64_t saturated = 0;                       // words, as the oracle counts them
  int64_t compared = 0;                        // words that programs left
  int64_t flagged = 0;                         // samples in which a tile showed its flag
  void operator+=(const Score &other) {
    right += other.right;
    rightWords += other.rightWords;
    same += other.same;
    saturated += other.saturated;
    compared += other.compared;
    flagged += other.flagged;
  }
};

/// A line on a terminal that says how far it is, from the second second on.
class ProgressLine {
public:
  ProgressLine(int64_t count, DiagnosticsFormat format)
      : count(count), isShown(format == DiagnosticsFormat::Text && llvm::errs().is_displayed()) {}
  ~ProgressLine() {
    if (isDrawn)
      llvm::errs() << "\r\x1b[K";
  }

  void finishedOne() {
    std::lock_guard<std::mutex> guard(mutex);
    ++done;
    Clock::time_point now = Clock::now();
    if (!isShown || now - start < std::chrono::seconds(1) || now - drawn < std::chrono::milliseconds(100))
      return;
    double perSecond = done / std::chrono::duration<double>(now - start).count();
    llvm::errs() << "\r\x1b[Ktest samples "
                 << llvm::format("%lld/%lld  %.0f samples/s  %.0f s left", static_cast<long long>(done),
                                 static_cast<long long>(count), perSecond, (count - done) / perSecond);
    drawn = now;
    isDrawn = true;
  }

private:
  using Clock = std::chrono::steady_clock;
  int64_t count, done = 0;
  bool isShown, isDrawn = false;
  Clock::time_point start = Clock::now(), drawn{};
  std::mutex mutex;
};

/// Programs, each on a machine of its own.
class ProgramRunner {
public:
  explicit ProgramRunner(const Programs &programs) : programs(programs) {}

  /// Why it cannot run; "" if it can.
  std::string open() {
    for (const auto &[part, program] : programs) {
      auto device = neuflow::openDevice(program.target, neuflow::DeviceKind::functional);
      if (!device)
        return device.message();
      if (auto loaded = neuflow::load(**device, program); !loaded)
        return loaded.message();
      devices[part] = std::move(*device);
    }
    return "";
  }

  /// Runs a part, and compares what it leaves. How it differs; "" if it does not.
  std::string run(llvm::StringRef part, llvm::ArrayRef<neuflow::Words> operands,
                  llvm::ArrayRef<neuflow::Words> expected, Score &score) {
    auto found = programs.find(part.str());
    if (found == programs.end())
      return "there is no program for '" + part.str() + "'";
    const neuflow::Program &program = found->second;
    neuflow::Device &device = *devices[part.str()];
    for (const neuflow::ProgramTensor &tensor : program.tensors)
      if (!tensor.output) {
        if (operands.empty() || !neuflow::writeTensor(device, tensor, operands.front().values))
          return "input '" + tensor.name + "' of '" + part.str() + "' has another shape";
        operands = operands.drop_front();
      }
    const neuflow::RunReport &report = device.run(program.entry);
    if (report.trap)
      return "'" + part.str() + "' stops at word " + std::to_string(report.pc) + ": " + report.trap->text;
    isFlagged |= llvm::is_contained(report.saturated, true);
    std::vector<neuflow::Word> words;
    for (const neuflow::ProgramTensor &tensor : program.tensors)
      if (tensor.output) {
        if (expected.empty() || !neuflow::readTensor(device, tensor, words) ||
            words.size() != expected.front().values.size())
          return "output '" + tensor.name + "' of '" + part.str() + "' has another shape";
        const std::vector<neuflow::Word> &wanted = expected.front().values;
        for (size_t i = 0; i < words.size(); ++i)
          if (words[i] != wanted[i])
            return "word " + std::to_string(i) + " of '" + tensor.name + "' of '" + part.str() + "': expected " +
                   std::to_string(wanted[i]) + ", but the program leaves " + std::to_string(words[i]);
        score.compared += static_cast<int64_t>(words.size());
        expected = expected.drop_front();
      }
    return operands.empty() && expected.empty() ? "" : "'" + part.str() + "' has other inputs and outputs";
  }

  /// Whether a tile has shown its flag since this was asked.
  bool takeFlag() { return std::exchange(isFlagged, false); }

private:
  const Programs &programs;
  std::map<std::string, std::unique_ptr<neuflow::Device>> devices;
  bool isFlagged = false;
};

/// The context of cnnc is for one thread; here several read the module.
struct SeveralThreads {
  explicit SeveralThreads(mlir::MLIRContext &context) : context(context) { context.enableMultithreading(); }
  ~SeveralThreads() { context.disableMultithreading(); }
  mlir::MLIRContext &context;
};

/// The samples that one processor takes.
class Evaluation {
public:
  Evaluation(mlir::func::FuncOp reals, mlir::func::FuncOp words, const Programs &programs, const LabelledSamples &test)
      : realNet(reals), wordNet(words), runner(programs), test(test) {}

  std::string open() { return runner.open(); }

  /// What went wrong; "" if nothing. Ops that cannot be evaluated have reported so.
  std::string evaluate(size_t sample) {
    std::string problem;
    auto exact = realNet.run(test.samples[sample]);
    auto result = wordNet.run(
        test.samples[sample],
        [&](const neuflow::Observation<neuflow::Word> &seen) { score.saturated += seen.saturated; },
        [&](llvm::StringRef part, llvm::ArrayRef<neuflow::Words> operands, llvm::ArrayRef<neuflow::Words> results) {
          if (problem.empty())
            problem = runner.run(part, operands, results, score);
        });
    if (mlir::failed(exact) || mlir::failed(result))
      return "it cannot be evaluated";
    int64_t answer = classOf(*exact), wordAnswer = classOf(*result);
    score.same += answer == wordAnswer;
    score.flagged += runner.takeFlag();
    if (!test.labels.empty()) {
      score.right += answer == test.labels[sample];
      score.rightWords += wordAnswer == test.labels[sample];
    }
    return problem;
  }

  Score score;

private:
  /// The number of the largest value of the first result.
  static int64_t classOf(const std::vector<reference::Tensor> &results) {
    const std::vector<double> &scores = results.front().floats;
    return std::max_element(scores.begin(), scores.end()) - scores.begin();
  }

  neuflow::NetEvaluator<double> realNet;
  neuflow::NetEvaluator<neuflow::Word> wordNet;
  ProgramRunner runner;
  const LabelledSamples &test;
};

} // namespace

/// The programs of a net of words, as their files hold them.
static ExitCode compilePrograms(Compilation &compilation, const NeuflowOptions &options, Programs &programs) {
  mlir::OwningOpRef<mlir::ModuleOp> copy = compilation.module().clone();
  ExitCode code = runPasses(
      compilation, *copy, [&](mlir::OpPassManager &manager) { neuflow::buildLowerPipeline(manager, options.machine); });
  if (code != ExitCode::Success)
    return code;
  for (neuflow::ProgramOp op : copy->getOps<neuflow::ProgramOp>()) {
    mlir::FailureOr<neuflow::Program> program = neuflow::readProgram(op);
    if (mlir::failed(program))
      return ExitCode::WrongModel;
    neuflow::Result<neuflow::Program> file = neuflow::readContainer(neuflow::writeContainer(*program));
    if (!file) {
      reportBug("the program of '" + op.getSymName().str() + "' cannot be read again: " + file.message());
      return ExitCode::CompilerBug;
    }
    programs[partOf(op).str()] = std::move(*file);
  }
  return ExitCode::Success;
}

static void print(const Score &score, const LabelledSamples &test, const Programs &programs, llvm::raw_ostream &os) {
  double count = static_cast<double>(test.samples.size());
  os << "\n" << test.samples.size() << " test samples";
  if (!test.labels.empty())
    os << llvm::format(": accuracy %.4f in f32, %.4f in words", static_cast<double>(score.right) / count,
                       static_cast<double>(score.rightWords) / count);
  os << llvm::format("; the same answer for %.2f %%; %.2f words saturated a sample\n",
                     static_cast<double>(score.same) * 100 / count, static_cast<double>(score.saturated) / count);
  if (!programs.empty())
    os << (programs.size() == 1 ? "the program, " : "the programs, ") << "on the functional simulator: all "
       << score.compared << " words of outputs are those of the oracle; a tile's saturated flag is up in "
       << score.flagged << " samples\n";
}

ExitCode evaluatePrograms(Compilation &compilation, const NeuflowOptions &options, mlir::func::FuncOp reals,
                          const LabelledSamples &test) {
  Programs programs;
  if (ExitCode code = compilePrograms(compilation, options, programs); code != ExitCode::Success)
    return code;
  auto words = compilation.module().lookupSymbol<mlir::func::FuncOp>(options.net);
  mlir::MLIRContext &context = compilation.context;
  SeveralThreads threads(context);
  size_t workers = std::clamp<size_t>(context.getNumThreads(), 1, std::max<size_t>(test.samples.size(), 1));
  std::vector<std::unique_ptr<Evaluation>> evaluations;
  for (size_t i = 0; i < workers; ++i) {
    evaluations.push_back(std::make_unique<Evaluation>(reals, words, programs, test));
    if (std::string problem = evaluations.back()->open(); !problem.empty())
      return compilation.error(problem);
  }

  std::atomic<size_t> next = 0;
  std::mutex mutex;
  size_t wrongSample = test.samples.size();
  std::string wrong;
  {
    ProgressLine progress(static_cast<int64_t>(test.samples.size()), compilation.format);
    mlir::parallelFor(&context, 0, workers, [&](size_t worker) {
      for (size_t sample = next++; sample < test.samples.size(); sample = next++) {
        std::string problem = evaluations[worker]->evaluate(sample);
        progress.finishedOne();
        if (problem.empty())
          continue;
        // Samples after it need not be looked at; those before it are still, so that the first is named.
        std::lock_guard<std::mutex> guard(mutex);
        next = test.samples.size();
        if (sample < wrongSample) {
          wrongSample = sample;
          wrong = problem;
        }
      }
    });
  }
  if (!wrong.empty()) {
    reportBug("test sample " + std::to_string(wrongSample) + ": " + wrong);
    return ExitCode::CompilerBug;
  }
  Score all;
  for (const std::unique_ptr<Evaluation> &evaluation : evaluations)
    all += evaluation->score;
  print(all, test, programs, llvm::errs());
  return ExitCode::Success;
}

} // namespace cnn::tools
