// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The training loop on a hand-written model: same bytes whatever happens in between.
#include "cnn/training.h"
#include "runtime/train/Batches.h"
#include "runtime/train/Metrics.h"
#include "runtime/train/Rate.h"
#include "test/runtime/FakeModel.h"
#include "test/runtime/Files.h"
#include "test/runtime/Images.h"

#include <algorithm>
#include <cmath>
#include <csignal>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace cnn::runtime;

namespace {

std::string idx(uint8_t type, std::vector<uint32_t> shape, const std::string &data) {
  std::string file = {0, 0, static_cast<char>(type), static_cast<char>(shape.size())};
  for (uint32_t size : shape)
    for (int shift = 24; shift >= 0; shift -= 8)
      file += static_cast<char>(size >> shift);
  return file + data;
}

// `count` images of noise with one bright pixel, whose place tells the class.
void writeData(const ScratchFolder &folder, const std::string &part, uint32_t count) {
  std::string images, labels;
  uint32_t state = 12345;
  for (uint32_t n = 0; n < count; ++n) {
    std::string image(16, 0);
    for (char &pixel : image)
      pixel = static_cast<char>((state = state * 1664525 + 1013904223) >> 26);
    image[n % 3 * 5] = '\xFF';
    images += image;
    labels += static_cast<char>(n % 3);
  }
  folder.write(part + "-images", idx(8, {count, 4, 4}, images));
  folder.write(part + "-labels", idx(8, {count}, labels));
}

std::string withoutTimes(const std::string &metrics) {
  std::string kept;
  std::istringstream lines(metrics);
  for (std::string line; std::getline(lines, line);)
    kept += line.substr(0, line.find("\"seconds\"")) + "\n";
  return kept;
}

struct TrainTest : testing::Test {
  ScratchFolder folder;
  cnn_model *model = nullptr;
  cnn_field fields[2] = {};
  cnn_train_config config = {};
  cnn_error error = {};
  std::vector<std::string> paths;

  void SetUp() override {
    writeData(folder, "train", 50);
    writeData(folder, "test", 17);
    for (const char *name :
         {"train-images", "test-images", "train-labels", "test-labels", "w", "checkpoint", "metrics"})
      paths.push_back(folder.path(name));
    fields[0].name = "image";
    fields[0].path = paths[0].c_str();
    fields[0].test_path = paths[1].c_str();
    fields[0].flip_probability = 0.3;
    fields[0].shift = 1;
    fields[1].name = "label";
    fields[1].path = paths[2].c_str();
    fields[1].test_path = paths[3].c_str();
    fields[1].class_count = 3;
    ASSERT_EQ(cnn_model_create(&fake_model, &model), CNN_OK);
    config.model = model;
    config.field_count = 2;
    config.fields = fields;
    config.batch = 8;
    config.epochs = 3;
    config.seed = 5;
    config.shuffle = 1;
    config.rate.kind = CNN_RATE_STEP;
    config.rate.base = 0.05;
    config.rate.every = 2;
    config.rate.factor = 0.3;
    config.weights_path = paths[4].c_str();
    config.checkpoint_path = paths[5].c_str();
    config.metrics_path = paths[6].c_str();
    config.progress = -1;
  }
  void TearDown() override { cnn_model_destroy(model); }
  std::string trained() {
    EXPECT_EQ(cnn_train(&config, &error), CNN_OK) << error.text;
    return readWhole(paths[4]);
  }
};

TEST_F(TrainTest, WritesWeightsAndHonestMetrics) {
  EXPECT_FALSE(trained().empty());
  EXPECT_FALSE(std::filesystem::exists(paths[5])); // the checkpoint is gone
  std::istringstream lines(readWhole(paths[6]));
  std::string line;
  nlohmann::json record;
  for (int epoch = 1; epoch <= 3; ++epoch) {
    ASSERT_TRUE(std::getline(lines, line));
    record = nlohmann::json::parse(line, nullptr, false);
    ASSERT_TRUE(record.is_object()) << line;
    EXPECT_EQ(record["epoch"], epoch);
    EXPECT_TRUE(record["loss"].is_number());
    EXPECT_TRUE(record["seconds"].is_number());
  }
  EXPECT_FALSE(std::getline(lines, line));
  // The last record is what the trained weights give, over all 17 samples.
  double results[2];
  ASSERT_EQ(cnn_evaluate(&config, results, &error), CNN_OK) << error.text;
  EXPECT_EQ(record["test"]["loss"], results[0]);
  EXPECT_EQ(record["test"]["accuracy"], results[1]);
  EXPECT_NEAR(results[1] * 17, std::round(results[1] * 17), 1e-5);
  EXPECT_GT(results[1], 0.6);
}

TEST_F(TrainTest, ThreadsDoNotChangeTheBytes) {
  cnn_set_threads(1);
  std::string one = trained();
  cnn_set_threads(2);
  EXPECT_EQ(trained(), one);
}

TEST_F(TrainTest, SeedChangesTheBytes) {
  std::string one = trained();
  config.seed = 6;
  EXPECT_NE(trained(), one);
}

// In the order of the files, from given weights and without variation, nothing is random but what the model makes of
// the seed: here seeds that differ by 13 mean the same.
TEST_F(TrainTest, OrderOfTheFilesDoesNotDependOnTheSeed) {
  fields[0].flip_probability = 0;
  fields[0].shift = 0;
  config.keep_weights = 1;
  auto trainedFrom = [&](uint64_t seed, int32_t shuffle) {
    cnn_model_initialize(model, 1);
    config.seed = seed;
    config.shuffle = shuffle;
    return trained();
  };
  EXPECT_EQ(trainedFrom(5, 0), trainedFrom(18, 0));
  EXPECT_NE(trainedFrom(5, 1), trainedFrom(18, 1));
}

// Stops after the step at which the flag is raised: here every single step, so each resume does one step more.
TEST_F(TrainTest, ResumingAfterEveryStepGivesTheSameBytes) {
  fields[0].test_path = fields[1].test_path = nullptr; // a test that is stopped begins again
  std::string whole = trained(), metrics = readWhole(paths[6]);
  volatile sig_atomic_t stop = 1;
  config.stop = &stop;
  int stops = 0;
  cnn_status status;
  while ((status = cnn_train(&config, &error)) == CNN_STOPPED && stops < 100) {
    ++stops;
    config.start = CNN_START_RESUME;
    cnn_model_initialize(model, 99); // what is in memory is lost
  }
  EXPECT_EQ(status, CNN_OK) << error.text;
  EXPECT_EQ(stops, 3 * 7 - 1);
  EXPECT_EQ(readWhole(paths[4]), whole);
  EXPECT_EQ(withoutTimes(readWhole(paths[6])), withoutTimes(metrics));
}

TEST_F(TrainTest, StopsInTheMiddleOfATest) {
  std::string whole = trained(), metrics = readWhole(paths[6]);
  config.stop = &fake_evaluations;
  for (config.start = CNN_START_NEW; config.start != CNN_START_RESTART; ++config.start) { // then CNN_START_RESUME
    fake_evaluations = 0;
    EXPECT_EQ(cnn_train(&config, &error), CNN_STOPPED);
    EXPECT_EQ(fake_evaluations, 1);
    EXPECT_EQ(error.text, "stopped in epoch 1 of 3 after 50 of 50 samples; the position is saved in " + paths[5]);
    EXPECT_EQ(readWhole(paths[6]), "");
  }
  config.start = CNN_START_RESUME;
  config.stop = nullptr;
  EXPECT_EQ(trained(), whole);
  EXPECT_EQ(withoutTimes(readWhole(paths[6])), withoutTimes(metrics));
}

TEST_F(TrainTest, KilledTrainingResumesToTheSameBytes) {
  cnn_set_threads(1); // a pool does not survive fork()
  std::string whole = trained();
  config.checkpoint_seconds = 1e-9; // after every step
  for (int round = 0; round < 5; ++round) {
    config.start = std::filesystem::exists(paths[5]) ? CNN_START_RESUME : CNN_START_NEW;
    pid_t child = fork();
    if (child == 0) {
      cnn_train(&config, nullptr);
      _exit(0);
    }
    usleep(3000u * static_cast<unsigned>(round + 1));
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
  }
  config.start = std::filesystem::exists(paths[5]) ? CNN_START_RESUME : CNN_START_NEW;
  EXPECT_EQ(trained(), whole);
  cnn_set_threads(0);
}

TEST_F(TrainTest, StopSaysWhere) {
  volatile sig_atomic_t stop = 1;
  config.stop = &stop;
  EXPECT_EQ(cnn_train(&config, &error), CNN_STOPPED);
  EXPECT_EQ(error.text, "stopped in epoch 1 of 3 after 8 of 50 samples; the position is saved in " + paths[5]);
  EXPECT_FALSE(std::filesystem::exists(paths[4]));
}

// Hours of work are neither overwritten nor begun again without a word.
TEST_F(TrainTest, StartsAsItIsTold) {
  volatile sig_atomic_t stop = 1;
  config.start = CNN_START_RESUME;
  EXPECT_EQ(cnn_train(&config, &error), CNN_CANNOT_READ);
  EXPECT_EQ(error.text, paths[5] + ": no checkpoint to resume");
  config.start = CNN_START_NEW;
  std::string whole = trained();
  config.start = CNN_START_RESUME;
  EXPECT_EQ(cnn_train(&config, &error), CNN_CANNOT_READ);
  EXPECT_EQ(error.text, paths[5] + ": no checkpoint to resume: training is finished, its result is " + paths[4]);
  EXPECT_EQ(readWhole(paths[4]), whole);

  config.start = CNN_START_NEW;
  config.stop = &stop;
  ASSERT_EQ(cnn_train(&config, &error), CNN_STOPPED);
  std::string checkpoint = readWhole(paths[5]), metrics = readWhole(paths[6]);
  EXPECT_EQ(cnn_train(&config, &error), CNN_CANNOT_WRITE);
  EXPECT_EQ(error.text, paths[5] + ": is there from a run that was stopped: resume it, or restart");
  EXPECT_EQ(readWhole(paths[5]), checkpoint);
  EXPECT_EQ(readWhole(paths[6]), metrics);
  stop = 0;
  config.start = CNN_START_RESTART;
  config.seed = 6; // a checkpoint of seed 5 cannot be resumed
  EXPECT_NE(trained(), whole);
  EXPECT_FALSE(std::filesystem::exists(paths[5]));
  config.start = 7;
  EXPECT_EQ(cnn_train(&config, &error), CNN_BAD_ARGUMENT);
  EXPECT_STREQ(error.text, "expected a cnn_start, found 7");
}

TEST_F(TrainTest, CheckpointOfAnotherTrainingIsRefused) {
  volatile sig_atomic_t stop = 1;
  config.stop = &stop;
  ASSERT_EQ(cnn_train(&config, &error), CNN_STOPPED);
  config.start = CNN_START_RESUME;
  config.batch = 10;
  EXPECT_EQ(cnn_train(&config, &error), CNN_BAD_FILE);
  EXPECT_EQ(error.text, paths[5] + ": a checkpoint of another training: expected batch 10, found 8");
}

// Of the same name and weights, but with another loss, say.
TEST_F(TrainTest, CheckpointOfAnotherModelIsRefused) {
  volatile sig_atomic_t stop = 1;
  config.stop = &stop;
  ASSERT_EQ(cnn_train(&config, &error), CNN_STOPPED);
  cnn_model_desc other = fake_model;
  other.code_hash = 1;
  cnn_model_destroy(model);
  ASSERT_EQ(cnn_model_create(&other, &model), CNN_OK);
  config.model = model;
  config.start = CNN_START_RESUME;
  EXPECT_EQ(cnn_train(&config, &error), CNN_BAD_FILE);
  EXPECT_EQ(error.text, paths[5] + ": a checkpoint of another training: expected hash of net, loss and optimizer 1, "
                                   "found 0");
}

TEST_F(TrainTest, DamagedCheckpointIsRefused) {
  volatile sig_atomic_t stop = 1;
  config.stop = &stop;
  ASSERT_EQ(cnn_train(&config, &error), CNN_STOPPED);
  config.start = CNN_START_RESUME;
  std::string whole = readWhole(paths[5]);
  for (size_t length = 0; length < whole.size(); length += 11) {
    folder.write("checkpoint", whole.substr(0, length));
    ASSERT_EQ(cnn_train(&config, &error), CNN_BAD_FILE) << length;
    ASSERT_EQ(std::string(error.text).find(paths[5]), 0u) << error.text;
  }
  for (size_t i = 0; i < whole.size(); i += 13) {
    std::string changed = whole;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    folder.write("checkpoint", changed);
    ASSERT_EQ(cnn_train(&config, &error), CNN_BAD_FILE) << i;
  }
}

// Images that are unpacked while the step before computes. The same samples in arrays give the same bytes.
struct ImageTrainTest : TrainTest {
  static constexpr uint32_t classes = 3, perClass = 15;
  std::string imagePath(uint32_t sample) const {
    return folder.path("photos/" + std::to_string(sample / perClass) + "/" + std::to_string(100 + sample) + ".png");
  }
  std::string images;

  void SetUp() override {
    TrainTest::SetUp();
    std::string labels;
    for (uint32_t n = 0; n < classes * perClass; ++n) {
      std::vector<uint8_t> pixels(16);
      for (uint32_t p = 0; p < 16; ++p)
        pixels[p] = static_cast<uint8_t>(p == n / perClass * 5 ? 255 : (n * 31 + p * 17) % 64);
      images.append(pixels.begin(), pixels.end());
      labels += static_cast<char>(n / perClass);
      std::string path = imagePath(n);
      folder.write(path.substr(folder.path("").size()), pngFile(4, 4, PNG_FORMAT_GRAY, pixels));
    }
    folder.write("train-images", idx(8, {classes * perClass, 4, 4}, images));
    folder.write("train-labels", idx(8, {classes * perClass}, labels));
    photos = folder.path("photos");
  }
  void trainOnFolder() {
    for (cnn_field &field : fields) {
      field.format = CNN_FIELD_FOLDER;
      field.path = photos.c_str();
    }
    config.start = CNN_START_RESTART;
  }

private:
  std::string photos;
};

TEST_F(ImageTrainTest, TrainsAsOnArrays) {
  std::string expected = trained();
  trainOnFolder();
  for (int64_t threads : {1, 2, 5}) {
    ASSERT_EQ(cnn_set_threads(threads), CNN_OK);
    EXPECT_EQ(trained(), expected) << threads;
  }
  config.batch = 64; // more than there are
  std::string oneBatch = trained();
  EXPECT_NE(oneBatch, expected);
  cnn_set_threads(0);
}

TEST_F(ImageTrainTest, StopsWhileTheNextBatchIsRead) {
  trainOnFolder();
  std::string expected = trained();
  volatile sig_atomic_t stop = 1;
  config.stop = &stop;
  for (int steps = 0; steps < 9; ++steps) {
    ASSERT_EQ(cnn_train(&config, &error), CNN_STOPPED);
    config.start = CNN_START_RESUME;
  }
  stop = 0;
  EXPECT_EQ(trained(), expected);
}

TEST_F(ImageTrainTest, ReportsTheFirstImageThatCannotBeRead) {
  trainOnFolder();
  config.shuffle = 0;
  for (uint32_t n : {20u, 21u, 40u}) {
    std::string file = readWhole(imagePath(n));
    folder.write(imagePath(n).substr(folder.path("").size()), file.substr(0, file.size() - 20));
  }
  EXPECT_EQ(cnn_train(&config, &error), CNN_BAD_FILE);
  EXPECT_EQ(std::string(error.text).find(imagePath(20)), 0u) << error.text;
}

TEST_F(TrainTest, UnwritableFolderIsFoundBeforeTraining) {
  config.weights_path = "/nowhere/w.safetensors";
  EXPECT_EQ(cnn_train(&config, &error), CNN_CANNOT_WRITE);
  EXPECT_STREQ(error.text, "/nowhere/w.safetensors: cannot write: No such file or directory");
}

TEST_F(TrainTest, FullDiskStopsTheTraining) {
  config.metrics_path = "/dev/full";
  EXPECT_EQ(cnn_train(&config, &error), CNN_CANNOT_WRITE);
  EXPECT_STREQ(error.text, "/dev/full: cannot write: No space left on device");
  EXPECT_FALSE(std::filesystem::exists(paths[4]));
}

// A line of metrics is there as a whole or not at all.
TEST_F(TrainTest, MetricsHaveNoHalfLines) {
  trained();
  std::string line = "{\"epoch\": 4}\n", before = readWhole(paths[6]);
  rlimit saved;
  getrlimit(RLIMIT_FSIZE, &saved);
  rlimit tight = {before.size() + line.size() / 2, saved.rlim_max};
  auto handler = signal(SIGXFSZ, SIG_IGN);
  setrlimit(RLIMIT_FSIZE, &tight);
  cnn_status status = appendMetrics(config.metrics_path, line, &error);
  setrlimit(RLIMIT_FSIZE, &saved);
  signal(SIGXFSZ, handler);
  EXPECT_EQ(status, CNN_CANNOT_WRITE);
  EXPECT_EQ(readWhole(paths[6]), before);
  EXPECT_EQ(appendMetrics(config.metrics_path, line, &error), CNN_OK);
  EXPECT_EQ(readWhole(paths[6]), before + line);
}

TEST_F(TrainTest, WrongDataIsNamed) {
  auto refused = [&](const std::string &name, const std::string &contents, const std::string &text) {
    std::string kept = readWhole(folder.path(name));
    folder.write(name, contents);
    EXPECT_EQ(cnn_train(&config, &error), CNN_BAD_FILE);
    EXPECT_EQ(error.text, folder.path(name) + text);
    folder.write(name, kept);
  };
  refused("train-labels", idx(8, {49}, std::string(49, 0)), ": expected 50 samples as in " + paths[0] + ", found 49");
  refused("train-labels", idx(8, {50}, std::string(49, 0) + "\3"),
          ": expected labels from 0 to 2, found 3 at sample 49");
  refused("train-images", idx(8, {50, 4, 5}, std::string(1000, 0)),
          ": expected u8[n, 1, 4, 4] for 'image', found u8[50, 4, 5]");
  refused("test-images", idx(8, {17, 4, 4}, std::string(271, 0)),
          ": truncated: expected 272 bytes of data, found at most 271");
  refused("test-images", idx(0x0D, {17, 4, 4}, std::string(17 * 64, 0)),
          ": expected u8, or integers that fit it, found f32");
}

TEST_F(TrainTest, DivergenceIsAStatus) {
  config.rate.base = 1e30;
  EXPECT_EQ(cnn_train(&config, &error), CNN_DIVERGED);
}

// The loss is that of before the step, so the last step of a training can spoil what no loss has shown.
TEST_F(TrainTest, DivergedWeightsReplaceNothing) {
  folder.write("w", "good weights");
  folder.write("checkpoint", "good checkpoint");
  config.start = CNN_START_RESTART;
  config.rate.base = 1e39;
  config.batch = 50;
  config.epochs = 1;
  EXPECT_EQ(cnn_train(&config, &error), CNN_DIVERGED);
  EXPECT_STREQ(error.text, "the weight 'linear.weight' is not finite in epoch 1, step 1; a lower rate may help");
  volatile sig_atomic_t stop = 1;
  config.stop = &stop;
  fields[0].test_path = fields[1].test_path = nullptr;
  EXPECT_EQ(cnn_train(&config, &error), CNN_DIVERGED);
  EXPECT_EQ(readWhole(paths[4]), "good weights");
  EXPECT_EQ(readWhole(paths[5]), "good checkpoint");
}

TEST_F(TrainTest, DivergedTestReplacesNothing) {
  folder.write("w", "good weights");
  fake_test_loss_is_nan = 1;
  EXPECT_EQ(cnn_train(&config, &error), CNN_DIVERGED);
  fake_test_loss_is_nan = 0;
  EXPECT_STREQ(error.text, "the loss of the test part is nan in epoch 1; a lower rate may help");
  EXPECT_EQ(readWhole(paths[4]), "good weights");
  EXPECT_FALSE(std::filesystem::exists(paths[5]));
}

TEST_F(TrainTest, ConfigurationIsChecked) {
  config.rate.every = 0;
  EXPECT_EQ(cnn_train(&config, &error), CNN_BAD_ARGUMENT);
  EXPECT_STREQ(error.text, "expected 'every' and 'factor' of a step rate above 0, found 0 and 0.3");
  config.rate.every = 1;
  config.field_count = 1;
  EXPECT_EQ(cnn_train(&config, &error), CNN_BAD_ARGUMENT);
  EXPECT_STREQ(error.text, "expected 2 fields of data, found 1");
}

TEST_F(TrainTest, ProgressIsALinePerEpochWithoutATerminal) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  config.progress = ends[1];
  trained();
  close(ends[1]);
  char text[4096];
  ssize_t length = read(ends[0], text, sizeof text);
  close(ends[0]);
  std::string lines(text, static_cast<size_t>(std::max<ssize_t>(length, 0)));
  EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), 3);
  EXPECT_EQ(lines.find("epoch 1/3  loss "), 0u) << lines;
  EXPECT_NE(lines.find("test accuracy "), std::string::npos);
  EXPECT_EQ(lines.find('\r'), std::string::npos);
}

// cnnc train --metrics /dev/stdout > file
TEST_F(TrainTest, MetricsGoToAnOpenFile) {
  trained();
  std::string metrics = readWhole(paths[6]), path = folder.write("out", "");
  int descriptor = open(path.c_str(), O_WRONLY | O_APPEND);
  ASSERT_GE(descriptor, 0);
  std::string name = "/dev/fd/" + std::to_string(descriptor);
  config.metrics_path = name.c_str();
  trained();
  close(descriptor);
  EXPECT_EQ(withoutTimes(readWhole(path)), withoutTimes(metrics));
}

// cnnc train 2>&1 | head -1
TEST_F(TrainTest, ClosedProgressDoesNotStopTheTraining) {
  std::string whole = trained();
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  close(ends[0]);
  config.progress = ends[1];
  EXPECT_EQ(trained(), whole);
  close(ends[1]);
}

TEST(EpochOrder, IsAPermutationOfItsOwnForEachEpoch) {
  auto first = epochOrder(100, true, 1, 0), second = epochOrder(100, true, 1, 1);
  EXPECT_NE(first, second);
  EXPECT_EQ(first, epochOrder(100, true, 1, 0));
  std::sort(first.begin(), first.end());
  EXPECT_EQ(first, epochOrder(100, false, 1, 0));
}

TEST(Variation, MovesPixels) {
  const int64_t shape[] = {1, 2, 3};
  cnn_tensor_desc tensor = {"image", CNN_U8, 3, shape, 0};
  const uint8_t image[6] = {1, 2, 3, 4, 5, 6}, fill = 9;
  std::vector<uint8_t> to(6);
  auto varied = [&](Variation variation) {
    varySample(tensor, variation, &fill, image, to.data());
    return to;
  };
  EXPECT_EQ(varied({}), (std::vector<uint8_t>{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(varied({true, 0, 0}), (std::vector<uint8_t>{3, 2, 1, 6, 5, 4}));
  EXPECT_EQ(varied({false, 1, 0}), (std::vector<uint8_t>{9, 9, 9, 1, 2, 3}));
  EXPECT_EQ(varied({false, 0, -1}), (std::vector<uint8_t>{2, 3, 9, 5, 6, 9}));
  EXPECT_EQ(varied({true, 0, 1}), (std::vector<uint8_t>{9, 3, 2, 9, 6, 5}));
}

TEST(Variation, DrawsEveryShiftAndAboutHalfTheFlips) {
  cnn_field field = {};
  field.flip_probability = 0.5;
  field.shift = 2;
  int flips = 0, seen[5] = {};
  for (int64_t sample = 0; sample < 1000; ++sample) {
    Variation variation = drawVariation(field, 1, 0, sample);
    flips += variation.flip;
    ++seen[variation.down + 2];
  }
  EXPECT_NEAR(flips, 500, 60);
  for (int count : seen)
    EXPECT_NEAR(count, 200, 50);
}

TEST(Rate, FollowsItsSchedule) {
  cnn_rate rate = {};
  rate.kind = CNN_RATE_STEP;
  rate.base = 0.05;
  rate.every = 4;
  rate.factor = 0.3;
  EXPECT_DOUBLE_EQ(rateAt(rate, 4 * 938 - 1, 938, 10), 0.05);
  EXPECT_DOUBLE_EQ(rateAt(rate, 4 * 938, 938, 10), 0.05 * 0.3);
  rate.kind = CNN_RATE_POLY;
  rate.power = 2;
  EXPECT_DOUBLE_EQ(rateAt(rate, 50, 10, 10), 0.05 * 0.25);
  rate.kind = CNN_RATE_COSINE;
  rate.warmup = 2;
  EXPECT_DOUBLE_EQ(rateAt(rate, 0, 10, 10), 0.05 / 20);
  EXPECT_DOUBLE_EQ(rateAt(rate, 19, 10, 10), 0.05);
  EXPECT_DOUBLE_EQ(rateAt(rate, 60, 10, 10), 0.025);
  EXPECT_NEAR(rateAt(rate, 200, 10, 10), 0, 1e-12);
}

} // namespace
