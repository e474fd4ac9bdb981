// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The training loop.
//
// A run is a function of model, data and configuration: the order of an epoch and the variation of a sample come from a
// counter-based generator, dropout from the step's number, and kernels give the same result on any number of threads.
// So a position (epoch, samples done) with weights and slots is all that a checkpoint needs, and a resumed run ends in
// the same bytes.
#include "runtime/files/AtomicFile.h"
#include "runtime/train/Batches.h"
#include "runtime/train/Checkpoint.h"
#include "runtime/train/Loader.h"
#include "runtime/train/Metrics.h"
#include "runtime/train/Rate.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <sys/stat.h>
#include <unistd.h>

using namespace cnn::runtime;

namespace {

using Clock = std::chrono::steady_clock;

double secondsSince(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

struct DestroyTrainer {
  void operator()(cnn_trainer *trainer) const { cnn_trainer_destroy(trainer); }
};
using TrainerPointer = std::unique_ptr<cnn_trainer, DestroyTrainer>;

bool hasTestPart(const cnn_train_config &config) {
  return std::any_of(config.fields, config.fields + config.field_count,
                     [](const cnn_field &field) { return field.test_path != nullptr; });
}

cnn_status makeTrainer(const cnn_train_config &config, TrainerPointer &trainer, cnn_error *error) {
  cnn_trainer *made = nullptr;
  cnn_status status = cnn_trainer_create(config.model, config.batch, config.seed, &made);
  if (status != CNN_OK)
    return fail(error, status, "cannot make a trainer for batches of %lld: %s", static_cast<long long>(config.batch),
                cnn_status_text(status));
  trainer.reset(made);
  // Named, so that a program linked with the static runtime has it.
  cnn_trainer_set_parallel_for(made, cnn_parallel_for, nullptr);
  return CNN_OK;
}

cnn_status checkModelAndFields(const cnn_train_config *config, cnn_error *error) {
  if (!config || !config->model || !config->fields || config->batch < 1)
    return fail(error, CNN_BAD_ARGUMENT, "expected a model, fields and a batch of at least 1");
  const cnn_model_desc *desc = cnn_model_description(config->model);
  if (!desc->train_step.entry || !desc->evaluate.entry)
    return fail(error, CNN_NO_FUNCTION, "%s was built without a train block", desc->name);
  if (config->field_count != desc->train_step.input_count || config->field_count != desc->evaluate.input_count)
    return fail(error, CNN_BAD_ARGUMENT, "expected %lld fields of data, found %lld",
                static_cast<long long>(desc->train_step.input_count), static_cast<long long>(config->field_count));
  return CNN_OK;
}

bool isThere(const char *path) {
  struct stat info;
  return path && stat(path, &info) == 0;
}

// The checkpoint to resume must be there, and one that would be lost must not.
cnn_status checkStart(const cnn_train_config &config, cnn_error *error) {
  const char *path = config.checkpoint_path, *weights = config.weights_path;
  switch (config.start) {
  case CNN_START_NEW:
    return isThere(path)
               ? fail(error, CNN_CANNOT_WRITE, "%s: is there from a run that was stopped: resume it, or restart", path)
               : CNN_OK;
  case CNN_START_RESUME:
    if (!path)
      return fail(error, CNN_BAD_ARGUMENT, "expected the path of the checkpoint to resume");
    if (isThere(path))
      return CNN_OK;
    if (isThere(weights))
      return fail(error, CNN_CANNOT_READ, "%s: no checkpoint to resume: training is finished, its result is %s", path,
                  weights);
    return fail(error, CNN_CANNOT_READ, "%s: no checkpoint to resume", path);
  case CNN_START_RESTART:
    return CNN_OK;
  }
  return fail(error, CNN_BAD_ARGUMENT, "expected a cnn_start, found %d", config.start);
}

cnn_status checkConfig(const cnn_train_config *config, cnn_error *error) {
  if (cnn_status status = checkModelAndFields(config, error); status != CNN_OK)
    return status;
  if (config->epochs < 1)
    return fail(error, CNN_BAD_ARGUMENT, "expected at least 1 epoch, found %lld",
                static_cast<long long>(config->epochs));
  if (cnn_status status = checkRate(config->rate, error); status != CNN_OK)
    return status;
  if (cnn_status status = checkStart(*config, error); status != CNN_OK)
    return status;
  // Better now than after ten epochs.
  for (const char *path : {config->weights_path, config->checkpoint_path, config->metrics_path})
    if (path)
      if (cnn_status status = checkWritable(path, error); status != CNN_OK)
        return status;
  return CNN_OK;
}

// What decides the result, but for the number of epochs where the schedule does not need it: more may be asked for.
Identity identityOf(const cnn_train_config &config, const Dataset &data) {
  const cnn_model_desc *desc = cnn_model_description(config.model);
  auto number = [](double value) {
    char text[64];
    std::snprintf(text, sizeof text, "%.17g", value);
    return std::string(text);
  };
  Identity identity = {{"model", desc->name},
                       {"producer", desc->producer},
                       {"hash of net, loss and optimizer", std::to_string(desc->code_hash)},
                       {"batch", std::to_string(config.batch)},
                       {"seed", std::to_string(config.seed)},
                       {"shuffle", config.shuffle ? "on" : "off"},
                       {"samples", std::to_string(data.count)}};
  for (int64_t i = 0; i < config.field_count; ++i) {
    const cnn_field &field = config.fields[i];
    identity.emplace_back(std::string("field ") + field.name,
                          std::to_string(data.fields[static_cast<size_t>(i)]->fingerprint()) + " flip " +
                              number(field.flip_probability) + " shift " + std::to_string(field.shift) + " fill " +
                              number(field.fill));
  }
  const cnn_rate &rate = config.rate;
  bool needsTotal = rate.kind == CNN_RATE_POLY || rate.kind == CNN_RATE_COSINE;
  double total = !needsTotal ? 0 : rate.total > 0 ? rate.total : static_cast<double>(config.epochs);
  identity.emplace_back("rate", std::to_string(rate.kind) + " base " + number(rate.base) + " warmup " +
                                    number(rate.warmup) + " every " + number(rate.every) + " factor " +
                                    number(rate.factor) + " power " + number(rate.power) + " epochs " + number(total));
  return identity;
}

// The means over all samples of a data set, each batch weighted by its size. CNN_STOPPED, without a message, if `stop`
// was set in between.
cnn_status evaluateAll(cnn_trainer *trainer, const cnn_function_desc &function, const Dataset &data, Batch &batch,
                       int64_t batchSize, const volatile sig_atomic_t *stop, std::vector<double> &means,
                       cnn_error *error) {
  size_t count = static_cast<size_t>(function.output_count);
  means.assign(count, 0);
  std::vector<float> values(count);
  std::vector<float *> results;
  for (float &value : values)
    results.push_back(&value);
  std::vector<int64_t> order = epochOrder(data.count, /*shuffle=*/false, 0, 0);
  for (int64_t begin = 0; begin < data.count; begin += batchSize) {
    if (stop && *stop)
      return CNN_STOPPED;
    int64_t size = std::min(batchSize, data.count - begin);
    batch.begin(order.data() + begin, size, /*vary=*/false, 0, 0);
    cnn_status status = batch.finish(error);
    if (status != CNN_OK)
      return status;
    status = cnn_trainer_evaluate(trainer, size, batch.inputs(), results.data());
    if (status != CNN_OK)
      return fail(error, status, "evaluate: %s", cnn_status_text(status));
    for (size_t i = 0; i < count; ++i)
      means[i] += static_cast<double>(values[i]) * static_cast<double>(size);
  }
  for (double &mean : means)
    mean /= static_cast<double>(data.count);
  return CNN_OK;
}

class Training {
public:
  Training(const cnn_train_config &config, cnn_error *error)
      : config(config), error(error), desc(*cnn_model_description(config.model)),
        checkpointSeconds(config.checkpoint_seconds > 0 ? config.checkpoint_seconds : 30) {}

  cnn_status run() {
    if (cnn_status status = prepare(); status != CNN_OK)
      return status;
    Progress progress(config.progress, desc.train_step, config.epochs, train.count);
    while (position.epoch < config.epochs) {
      cnn_status status = trainEpoch(progress);
      if (status == CNN_OK)
        status = finishEpoch(progress);
      if (status != CNN_OK) {
        progress.clear();
        return status;
      }
    }
    if (config.weights_path)
      if (cnn_status status = cnn_save_weights(config.model, config.weights_path, error); status != CNN_OK)
        return status;
    if (config.checkpoint_path)
      unlink(config.checkpoint_path);
    return CNN_OK;
  }

private:
  cnn_status prepare() {
    cnn_status status = openDataset(config, desc.train_step, /*test=*/false, train, error);
    if (status == CNN_OK && hasTestPart(config))
      status = openDataset(config, desc.evaluate, /*test=*/true, test, error);
    if (status == CNN_OK)
      status = batches[0].prepare(train, config.fields, config.batch, error);
    if (status == CNN_OK && !train.isInMemory())
      status = batches[1].prepare(train, config.fields, config.batch, error);
    if (status == CNN_OK && test.count)
      status = testBatch.prepare(test, config.fields, config.batch, error);
    if (status != CNN_OK)
      return status;
    if (!config.keep_weights)
      if (status = cnn_model_initialize(config.model, config.seed); status != CNN_OK)
        return fail(error, status, "cannot initialize the weights: %s", cnn_status_text(status));
    if (status = makeTrainer(config, trainer, error); status != CNN_OK)
      return status;
    values.resize(static_cast<size_t>(desc.train_step.output_count));
    for (float &value : values)
      results.push_back(&value);
    position.sums.resize(values.size());
    stepsPerEpoch = (train.count + config.batch - 1) / config.batch;
    return resume();
  }

  cnn_status resume() {
    if (config.checkpoint_path)
      identity = identityOf(config, train);
    if (config.start == CNN_START_RESUME) {
      cnn_status status =
          loadCheckpoint(config.checkpoint_path, config.model, trainer.get(), identity, position, error);
      if (status != CNN_OK)
        return status;
      // All samples are done while the test part is left.
      bool wholeBatches =
          position.samples <= train.count && (position.samples % config.batch == 0 || position.samples == train.count);
      int64_t steps = position.epoch * stepsPerEpoch + (position.samples + config.batch - 1) / config.batch;
      if (!wholeBatches || cnn_trainer_get_step(trainer.get()) != static_cast<uint64_t>(steps))
        return fail(error, CNN_BAD_FILE, "%s: expected step %lld for epoch %lld and %lld samples, found %llu",
                    config.checkpoint_path, static_cast<long long>(steps), static_cast<long long>(position.epoch),
                    static_cast<long long>(position.samples),
                    static_cast<unsigned long long>(cnn_trainer_get_step(trainer.get())));
    }
    lastCheckpoint = Clock::now();
    return config.metrics_path ? keepMetrics(config.metrics_path, position.epoch, error) : CNN_OK;
  }

  // One step can spoil weights whose loss was finite before it. They are not to replace good ones.
  cnn_status checkFinite() {
    for (int64_t i = 0; i < desc.weight_count; ++i) {
      const cnn_weight_desc &weight = desc.weights[i];
      if (weight.dtype != CNN_F32)
        continue;
      auto *block = static_cast<const char *>(weight.kind == CNN_STATE ? cnn_model_states(config.model)
                                                                       : cnn_model_parameters(config.model));
      auto *values = reinterpret_cast<const float *>(block + weight.offset);
      if (!std::all_of(values, values + cnn_weight_elements(&weight), [](float value) { return std::isfinite(value); }))
        return fail(error, CNN_DIVERGED,
                    "the weight '%s' is not finite in epoch %lld, step %lld; a lower rate may help", weight.path,
                    static_cast<long long>(position.epoch + 1),
                    static_cast<long long>((position.samples + config.batch - 1) / config.batch));
    }
    return CNN_OK;
  }

  cnn_status save() {
    lastCheckpoint = Clock::now();
    if (cnn_status status = checkFinite(); status != CNN_OK)
      return status;
    if (!config.checkpoint_path)
      return CNN_OK;
    return saveCheckpoint(config.checkpoint_path, config.model, trainer.get(), identity, position, error);
  }

  double rateOfStep(uint64_t number) const {
    return rateAt(config.rate, static_cast<int64_t>(number), stepsPerEpoch, static_cast<double>(config.epochs));
  }

  int64_t sizeOfBatch(int64_t first) const { return std::min(config.batch, train.count - first); }

  void begin(Batch &batch, int64_t first) {
    loader.wait();
    batch.begin(order.data() + first, sizeOfBatch(first), /*vary=*/true, config.seed, position.epoch);
  }

  // The samples of the next step. Those of the one behind it are read meanwhile, if that is more than copying.
  cnn_status readBatch(const Batch *&ready) {
    Batch &batch = batches[current];
    if (!hasBegun)
      begin(batch, position.samples);
    if (cnn_status status = batch.finish(error); status != CNN_OK)
      return status;
    ready = &batch;
    int64_t following = position.samples + sizeOfBatch(position.samples);
    hasBegun = !train.isInMemory() && following < train.count;
    if (hasBegun) {
      current = 1 - current;
      begin(batches[current], following);
      loader.start(batches[current]);
    }
    return CNN_OK;
  }

  cnn_status step() {
    int64_t size = sizeOfBatch(position.samples);
    const Batch *batch = nullptr;
    cnn_status status = readBatch(batch);
    if (status != CNN_OK)
      return status;
    double rate = rateOfStep(cnn_trainer_get_step(trainer.get()));
    status = cnn_trainer_step(trainer.get(), size, batch->inputs(), static_cast<float>(rate), results.data());
    if (status != CNN_OK)
      return fail(error, status, "train_step: %s", cnn_status_text(status));
    if (!std::isfinite(values[0]))
      return fail(error, CNN_DIVERGED, "the loss is %g in epoch %lld, step %lld; a lower rate may help", values[0],
                  static_cast<long long>(position.epoch + 1),
                  static_cast<long long>(position.samples / config.batch + 1));
    for (size_t i = 0; i < values.size(); ++i)
      position.sums[i] += static_cast<double>(values[i]) * static_cast<double>(size);
    position.samples += size;
    return CNN_OK;
  }

  std::vector<double> means() const {
    std::vector<double> result;
    for (double sum : position.sums)
      result.push_back(sum / static_cast<double>(position.samples));
    return result;
  }

  cnn_status trainEpoch(Progress &progress) {
    order = epochOrder(train.count, config.shuffle != 0, config.seed, position.epoch);
    Clock::time_point mark = Clock::now();
    auto addTime = [&] {
      position.seconds += secondsSince(mark);
      mark = Clock::now();
    };
    while (position.samples < train.count) {
      int64_t before = position.samples;
      if (cnn_status status = step(); status != CNN_OK)
        return status;
      addTime();
      progress.step(position.epoch + 1, position.samples, position.samples - before, means());
      if (isToStop() && (position.samples < train.count || test.count))
        return stopped();
      // The end of an epoch has a checkpoint anyway, but testing may take long before.
      if ((position.samples < train.count || test.count) && secondsSince(lastCheckpoint) >= checkpointSeconds) {
        if (cnn_status status = save(); status != CNN_OK)
          return status;
        mark = Clock::now();
      }
    }
    return CNN_OK;
  }

  bool isToStop() const { return config.stop && *config.stop; }

  cnn_status stopped() {
    if (cnn_status status = save(); status != CNN_OK)
      return status;
    return reportStop();
  }

  cnn_status reportStop() {
    return fail(error, CNN_STOPPED, "stopped in epoch %lld of %lld after %lld of %lld samples%s%s",
                static_cast<long long>(std::min(position.epoch + 1, config.epochs)),
                static_cast<long long>(config.epochs), static_cast<long long>(position.samples),
                static_cast<long long>(train.count), config.checkpoint_path ? "; the position is saved in " : "",
                config.checkpoint_path ? config.checkpoint_path : "");
  }

  cnn_status finishEpoch(Progress &progress) {
    double rate = rateOfStep(cnn_trainer_get_step(trainer.get()) - 1);
    EpochRecord record{position.epoch + 1, means(), {}, rate, train.count, position.seconds, 0};
    if (cnn_status status = checkFinite(); status != CNN_OK)
      return status;
    if (test.count) {
      progress.evaluating(record.epoch);
      Clock::time_point start = Clock::now();
      cnn_status status =
          evaluateAll(trainer.get(), desc.evaluate, test, testBatch, config.batch, config.stop, record.test, error);
      if (status != CNN_OK)
        return status == CNN_STOPPED ? stopped() : status;
      if (!std::isfinite(record.test[0]))
        return fail(error, CNN_DIVERGED, "the loss of the test part is %g in epoch %lld; a lower rate may help",
                    record.test[0], static_cast<long long>(record.epoch));
      record.testSeconds = secondsSince(start);
    }
    progress.finish(record);
    if (config.metrics_path) {
      cnn_status status = appendMetrics(config.metrics_path, metricsLine(record, desc.train_step), error);
      if (status != CNN_OK)
        return status;
    }
    position = Position{position.epoch + 1, 0, std::vector<double>(values.size()), 0};
    if (cnn_status status = save(); status != CNN_OK)
      return status;
    return isToStop() && position.epoch < config.epochs ? reportStop() : CNN_OK;
  }

  const cnn_train_config &config;
  cnn_error *error;
  const cnn_model_desc &desc;
  double checkpointSeconds;
  Dataset train, test;
  std::vector<int64_t> order; // of this epoch
  Batch batches[2], testBatch;
  size_t current = 0;    // the one for the next step
  bool hasBegun = false; // it
  TrainerPointer trainer;
  Identity identity;
  Position position;
  std::vector<float> values;
  std::vector<float *> results;
  int64_t stepsPerEpoch = 0;
  Clock::time_point lastCheckpoint;
  Loader loader; // ends before what it reads into
};

} // namespace

cnn_status cnn_train(const cnn_train_config *config, cnn_error *error) {
  if (cnn_status status = checkConfig(config, error); status != CNN_OK)
    return status;
  return Training(*config, error).run();
}

cnn_status cnn_evaluate(const cnn_train_config *config, double *results, cnn_error *error) {
  if (cnn_status status = checkModelAndFields(config, error); status != CNN_OK)
    return status;
  const cnn_function_desc &function = cnn_model_description(config->model)->evaluate;
  Dataset data;
  Batch batch;
  TrainerPointer trainer;
  std::vector<double> means;
  cnn_status status = openDataset(*config, function, /*test=*/true, data, error);
  if (status == CNN_OK)
    status = batch.prepare(data, config->fields, config->batch, error);
  if (status == CNN_OK)
    status = makeTrainer(*config, trainer, error);
  if (status == CNN_OK)
    status = evaluateAll(trainer.get(), function, data, batch, config->batch, /*stop=*/nullptr, means, error);
  if (status == CNN_OK)
    std::copy(means.begin(), means.end(), results);
  return status;
}
