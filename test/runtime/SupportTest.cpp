// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "cnn/runtime.h"
#include "test/runtime/FakeModel.h"

#include <algorithm>
#include <atomic>
#include <cinttypes>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

namespace {

struct ModelTest : testing::Test {
  cnn_model *model = nullptr;
  void SetUp() override { ASSERT_EQ(cnn_model_create(&fake_model, &model), CNN_OK); }
  void TearDown() override { cnn_model_destroy(model); }

  std::vector<float> weight(const char *path, size_t count) {
    std::vector<float> values(count);
    EXPECT_EQ(cnn_model_get_weight(model, path, values.data(), count * 4), CNN_OK);
    return values;
  }
};

TEST_F(ModelTest, WeightComesBackAsItWasSet) {
  std::vector<float> values(120);
  std::iota(values.begin(), values.end(), 0.0f);
  ASSERT_EQ(cnn_model_set_weight(model, "conv.weight", values.data(), 480), CNN_OK);
  EXPECT_EQ(weight("conv.weight", 120), values);
}

TEST_F(ModelTest, WeightIsStoredInTheDeclaredOrder) {
  std::vector<float> values(120);
  std::iota(values.begin(), values.end(), 0.0f);
  ASSERT_EQ(cnn_model_set_weight(model, "conv.weight", values.data(), 480), CNN_OK);
  const float *stored = static_cast<const float *>(cnn_model_parameters(model)) + 64;
  // Stored [4][5][3][2] of canonical [2][3][4][5].
  for (int o = 0; o < 2; ++o)
    for (int i = 0; i < 3; ++i)
      for (int y = 0; y < 4; ++y)
        for (int x = 0; x < 5; ++x)
          EXPECT_EQ(stored[((y * 5 + x) * 3 + i) * 2 + o], values[((o * 3 + i) * 4 + y) * 5 + x]);
}

TEST_F(ModelTest, WrongWeightsAreRefused) {
  float value[3] = {};
  EXPECT_EQ(cnn_model_get_weight(model, "linear.bios", value, 12), CNN_NO_WEIGHT);
  EXPECT_EQ(cnn_model_get_weight(model, "linear.bias", value, 8), CNN_WRONG_SIZE);
  EXPECT_EQ(cnn_model_set_weight(model, "linear.bias", value, 16), CNN_WRONG_SIZE);
  EXPECT_EQ(cnn_model_set_weight(model, "linear.bias", nullptr, 12), CNN_BAD_ARGUMENT);
  EXPECT_EQ(cnn_model_get_weight_at(model, 4, value, 12), CNN_BAD_ARGUMENT);
}

TEST_F(ModelTest, InitializationDependsOnTheSeed) {
  ASSERT_EQ(cnn_model_initialize(model, 1), CNN_OK);
  auto first = weight("conv.weight", 120);
  ASSERT_EQ(cnn_model_initialize(model, 2), CNN_OK);
  EXPECT_NE(weight("conv.weight", 120), first);
  ASSERT_EQ(cnn_model_initialize(model, 1), CNN_OK);
  EXPECT_EQ(weight("conv.weight", 120), first);
}

// These values are part of the interface: a change of them changes every trained model.
TEST_F(ModelTest, InitialValuesStayWhatTheyAre) {
  ASSERT_EQ(cnn_model_initialize(model, 1), CNN_OK);
  auto uniform = weight("linear.weight", 48), gaussian = weight("conv.weight", 120);
  char text[200];
  std::snprintf(text, sizeof text, "%a %a %a %a", uniform[0], uniform[47], gaussian[0], gaussian[119]);
  EXPECT_STREQ(text, "0x1.be4f7ep-4 -0x1.b392e4p-3 -0x1.3e938ep-2 -0x1.11d182p-2");
  EXPECT_EQ(weight("linear.bias", 3), (std::vector<float>{0, 0, 0}));
  EXPECT_EQ(weight("seen", 16), std::vector<float>(16, 1.0f));
}

// A weight's numbers do not depend on the order it is stored in.
TEST_F(ModelTest, InitializationIgnoresTheStorageOrder) {
  ASSERT_EQ(cnn_model_initialize(model, 1), CNN_OK);
  cnn_model_desc desc = fake_model;
  std::vector<cnn_weight_desc> weights(desc.weights, desc.weights + desc.weight_count);
  desc.weights = weights.data();
  // Of the shape [2, 3, 4, 5]; the last ones have a dimension in blocks.
  const int32_t identity[] = {0, 1, 2, 3}, first[] = {0, 3, 1, 2, 0}, third[] = {2, 3, 0, 1, 2};
  for (auto [storage, block] :
       {std::pair(identity, 0), std::pair(first, 1), std::pair(first, 2), std::pair(third, 2)}) {
    weights[2].storage = storage;
    weights[2].block = block;
    EXPECT_EQ(cnn_check_model(&desc, nullptr), CNN_OK);
    cnn_model *other;
    ASSERT_EQ(cnn_model_create(&desc, &other), CNN_OK);
    ASSERT_EQ(cnn_model_initialize(other, 1), CNN_OK);
    std::vector<float> values(120);
    EXPECT_EQ(cnn_model_get_weight(other, "conv.weight", values.data(), 480), CNN_OK);
    EXPECT_EQ(values, weight("conv.weight", 120));
    cnn_model_destroy(other);
  }
}

// [4, 3] with the first dimension in blocks of two: [2, 3, 2].
TEST(Weights, AreStoredInBlocks) {
  const int64_t shape[] = {4, 3};
  const int32_t storage[] = {0, 1, 0};
  cnn_weight_desc weights[] = {{"w", CNN_PARAMETER, CNN_F32, 2, CNN_INIT_CONSTANT, 0, 0, shape, storage, 0, 2}};
  cnn_model_desc desc = fake_model;
  desc.weights = weights;
  desc.weight_count = 1;
  cnn_model *model;
  ASSERT_EQ(cnn_model_create(&desc, &model), CNN_OK);
  std::vector<float> values = {0, 1, 2, 10, 11, 12, 20, 21, 22, 30, 31, 32}, found(12);
  ASSERT_EQ(cnn_model_set_weight(model, "w", values.data(), 48), CNN_OK);
  const auto *stored = static_cast<const float *>(cnn_model_parameters(model));
  EXPECT_EQ(std::vector<float>(stored, stored + 12), (std::vector<float>{0, 10, 1, 11, 2, 12, 20, 30, 21, 31, 22, 32}));
  ASSERT_EQ(cnn_model_get_weight(model, "w", found.data(), 48), CNN_OK);
  EXPECT_EQ(found, values);
  cnn_model_destroy(model);
}

// One large weight of each kind: moments, range, and agreement of the series with libm through Kolmogorov's distance.
TEST(Initialization, HasTheDistributionAskedFor) {
  constexpr int64_t count = 100000;
  const int64_t shape[] = {count};
  const int32_t storage[] = {0};
  cnn_weight_desc weights[] = {{"u", CNN_PARAMETER, CNN_F32, 1, CNN_INIT_UNIFORM, -1, 3, shape, storage, 0, 0},
                               {"g", CNN_PARAMETER, CNN_F32, 1, CNN_INIT_GAUSSIAN, 1, 2, shape, storage, 400000, 0}};
  cnn_model_desc desc = fake_model;
  desc.weights = weights;
  desc.weight_count = 2;
  desc.parameter_bytes = 800000;
  cnn_model *model;
  ASSERT_EQ(cnn_model_create(&desc, &model), CNN_OK);
  ASSERT_EQ(cnn_model_initialize(model, 7), CNN_OK);
  std::vector<float> values(count);
  auto distance = [&](const char *path, auto cumulative) {
    EXPECT_EQ(cnn_model_get_weight(model, path, values.data(), 400000), CNN_OK);
    std::sort(values.begin(), values.end());
    double worst = 0;
    for (int64_t i = 0; i < count; ++i)
      worst = std::fmax(worst, std::fabs(cumulative(values[i]) - (i + 0.5) / count));
    return worst;
  };
  // 1.36 / sqrt(count) = 0.0043 is the 5 % bound.
  EXPECT_LT(distance("u", [](double x) { return (x + 1) / 4; }), 0.0043);
  EXPECT_GE(values.front(), -1.0f);
  EXPECT_LE(values.back(), 3.0f);
  EXPECT_LT(distance("g", [](double x) { return 0.5 * std::erfc((1 - x) / 2 / std::sqrt(2.0)); }), 0.0043);
  cnn_model_destroy(model);
}

// Known answers of the generator, from the test vectors of its authors (Random123, kat_vectors).
TEST(Philox, GivesTheKnownAnswers) {
  uint32_t words[4], zeros[4] = {}, ones[4] = {~0u, ~0u, ~0u, ~0u};
  cnn_philox4x32(zeros, zeros, words);
  EXPECT_EQ(std::vector<uint32_t>(words, words + 4),
            (std::vector<uint32_t>{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  cnn_philox4x32(ones, ones, words);
  EXPECT_EQ(std::vector<uint32_t>(words, words + 4),
            (std::vector<uint32_t>{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  const uint32_t counter[4] = {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, key[2] = {0xa4093822, 0x299f31d0};
  cnn_philox4x32(counter, key, words);
  EXPECT_EQ(std::vector<uint32_t>(words, words + 4),
            (std::vector<uint32_t>{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(EmbeddedWeights, AreReadInPlaceUntilTheyChange) {
  cnn_model *model, *other;
  ASSERT_EQ(cnn_model_create(&fake_embedded_model, &model), CNN_OK);
  ASSERT_EQ(cnn_model_create(&fake_embedded_model, &other), CNN_OK);
  float bias[3], zeros[3] = {};
  ASSERT_EQ(cnn_model_get_weight(model, "linear.bias", bias, 12), CNN_OK);
  EXPECT_EQ(bias[2], 3.0f);
  ASSERT_EQ(cnn_model_set_weight(model, "linear.bias", zeros, 12), CNN_OK);
  ASSERT_EQ(cnn_model_get_weight(model, "linear.bias", bias, 12), CNN_OK);
  EXPECT_EQ(bias[2], 0.0f);
  ASSERT_EQ(cnn_model_get_weight(other, "linear.bias", bias, 12), CNN_OK);
  EXPECT_EQ(bias[2], 3.0f);
  float seen[16];
  ASSERT_EQ(cnn_model_get_weight(model, "seen", seen, 64), CNN_OK);
  EXPECT_EQ(seen[0], 5.0f);
  cnn_model_destroy(model);
  cnn_model_destroy(other);
}

TEST(CallerMemory, HoldsModelRunAndTrainer) {
  // One byte off, so that the objects have to align themselves.
  std::vector<char> memory(cnn_model_bytes(&fake_embedded_model) + 1), runMemory(cnn_run_bytes(&fake_model, 2) + 1),
      trainerMemory(cnn_trainer_bytes(&fake_model, 2) + 1);
  cnn_model *model;
  cnn_run *run;
  cnn_trainer *trainer;
  ASSERT_EQ(cnn_model_create_in(&fake_embedded_model, memory.data() + 1, memory.size() - 2, &model), CNN_WRONG_SIZE);
  ASSERT_EQ(cnn_model_create_in(&fake_embedded_model, memory.data() + 1, memory.size() - 1, &model), CNN_OK);
  ASSERT_EQ(cnn_run_create_in(model, 2, runMemory.data() + 1, runMemory.size() - 2, &run), CNN_WRONG_SIZE);
  ASSERT_EQ(cnn_run_create_in(model, 2, runMemory.data() + 1, runMemory.size() - 1, &run), CNN_OK);
  ASSERT_EQ(cnn_trainer_create_in(model, 2, 1, trainerMemory.data() + 1, trainerMemory.size() - 2, &trainer),
            CNN_WRONG_SIZE);
  ASSERT_EQ(cnn_trainer_create_in(model, 2, 1, trainerMemory.data() + 1, trainerMemory.size() - 1, &trainer), CNN_OK);
  uint8_t images[32] = {};
  int32_t labels[2] = {0, 1};
  float scores[6], loss;
  const void *inputs[] = {images, labels};
  void *outputs[] = {scores};
  float *results[] = {&loss, nullptr};
  EXPECT_EQ(cnn_run_infer(run, 2, inputs, outputs), CNN_OK);
  EXPECT_EQ(scores[5], 3.0f);
  EXPECT_EQ(cnn_trainer_step(trainer, 2, inputs, 0.1f, results), CNN_OK);
  EXPECT_FLOAT_EQ(loss, ((0.f + 4 + 9) + (1 + 1 + 9)) / 2);
  cnn_trainer_destroy(trainer);
  cnn_run_destroy(run);
  cnn_model_destroy(model);
}

/// Whether a program has asked for huge pages at an address.
bool wantsHugePages(const void *address) {
  std::ifstream maps("/proc/self/smaps");
  bool isThere = false;
  for (std::string line; std::getline(maps, line);) {
    uint64_t begin, end, at = reinterpret_cast<uint64_t>(address);
    if (std::sscanf(line.c_str(), "%" SCNx64 "-%" SCNx64 " ", &begin, &end) == 2)
      isThere = begin <= at && at < end;
    else if (isThere && line.rfind("VmFlags:", 0) == 0)
      return line.find(" hg") != std::string::npos;
  }
  return false;
}

TEST(HugePages, AreAskedForWhereObjectsAreLarge) {
  if (!std::filesystem::exists("/sys/kernel/mm/transparent_hugepage/enabled"))
    GTEST_SKIP() << "this kernel has none";
  constexpr size_t bytes = size_t(16) << 20;
  cnn_model_desc desc = fake_model;
  desc.parameter_bytes = bytes;
  cnn_model *model;
  ASSERT_EQ(cnn_model_create(&desc, &model), CNN_OK);
  EXPECT_TRUE(wantsHugePages(static_cast<char *>(cnn_model_parameters(model)) + bytes / 2));
  cnn_model_destroy(model);
  // What fills none is left as it is.
  ASSERT_EQ(cnn_model_create(&fake_model, &model), CNN_OK);
  EXPECT_FALSE(wantsHugePages(cnn_model_parameters(model)));
  cnn_model_destroy(model);
}

TEST(Sizes, AreCheckedForOverflow) {
  cnn_model_desc desc = fake_model;
  cnn_model *model;
  desc.parameter_bytes = UINT64_MAX - 100;
  EXPECT_EQ(cnn_model_bytes(&desc), 0u);
  EXPECT_EQ(cnn_model_create(&desc, &model), CNN_NO_MEMORY);
  desc = fake_model;
  desc.infer.arena_sample_bytes = 1ull << 40;
  EXPECT_EQ(cnn_run_bytes(&desc, 1ll << 30), 0u);
  EXPECT_NE(cnn_run_bytes(&desc, 2), 0u);
  EXPECT_EQ(cnn_run_bytes(&desc, 0), 0u);
  desc.infer.scratch_bytes = desc.evaluate.scratch_bytes = 1ull << 60;
  EXPECT_EQ(cnn_run_bytes(&desc, 2), 0u);
  EXPECT_EQ(cnn_trainer_bytes(&desc, 2), 0u);
  desc = fake_model;
  desc.train_step.arena_sample_bytes = 1ull << 40;
  EXPECT_EQ(cnn_trainer_bytes(&desc, 1ll << 30), 0u);
  const int64_t shape[] = {1ll << 31, 1ll << 31, 4};
  cnn_tensor_desc tensor = {"x", CNN_F32, 3, shape, 0};
  EXPECT_EQ(cnn_tensor_sample_bytes(&tensor), 0u);
}

TEST(Scratch, PoolHasAFlagAndASlotForEachThread) {
  EXPECT_EQ(cnn_scratch_pool_bytes(0), 0u);
  EXPECT_EQ(cnn_scratch_pool_bytes(1), 16u * (64 + 64));
  EXPECT_EQ(cnn_scratch_pool_bytes(65), 16u * (64 + 128));
  EXPECT_EQ(cnn_scratch_pool_bytes(UINT64_MAX), 0u);
  EXPECT_EQ(cnn_scratch_pool_bytes(UINT64_MAX / 16 - 64), 0u);
  EXPECT_NE(cnn_scratch_pool_bytes(UINT64_MAX / 16 - 256), 0u);
}

struct AlignedPool {
  explicit AlignedPool(uint64_t slotBytes)
      : bytes(cnn_scratch_pool_bytes(slotBytes)), data(static_cast<char *>(std::aligned_alloc(64, bytes))) {
    std::memset(data, 0, 16 * 64);
  }
  ~AlignedPool() { std::free(data); }
  size_t bytes;
  char *data;
};

TEST(Scratch, TheLowestFreeSlotIsTaken) {
  AlignedPool pool(100);
  char *slots = pool.data + 16 * 64;
  for (int i = 0; i < 16; ++i)
    EXPECT_EQ(cnn_scratch_claim(pool.data, 100), slots + i * 128);
  for (int i : {5, 15, 0})
    cnn_scratch_release(pool.data, 100, slots + i * 128);
  for (int i : {0, 5, 15})
    EXPECT_EQ(cnn_scratch_claim(pool.data, 100), slots + i * 128);
  for (int i = 0; i < 16; ++i)
    cnn_scratch_release(pool.data, 100, slots + i * 128);
  EXPECT_EQ(std::count(pool.data, slots, 0), 16 * 64);
}

// More threads than slots: some wait, and no two are in one slot.
TEST(Scratch, ThreadsHaveSlotsToThemselves) {
  AlignedPool pool(sizeof(int));
  std::atomic<int> mixed = 0;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 24; ++thread)
    threads.emplace_back([&, thread] {
      for (int i = 0; i < 200; ++i) {
        auto *slot = static_cast<int *>(cnn_scratch_claim(pool.data, sizeof(int)));
        *slot = thread;
        std::this_thread::yield();
        mixed += *slot != thread;
        cnn_scratch_release(pool.data, sizeof(int), slot);
      }
    });
  for (std::thread &thread : threads)
    thread.join();
  EXPECT_EQ(mixed, 0);
}

TEST(Description, OfAnotherVersionIsRefused) {
  cnn_model_desc desc = fake_model;
  cnn_model *model;
  desc.abi_version = 99;
  EXPECT_EQ(cnn_model_create(&desc, &model), CNN_INCOMPATIBLE);
  EXPECT_EQ(cnn_model_create(nullptr, &model), CNN_BAD_ARGUMENT);
}

// ---- Devices ----

// Counts what is asked of it, and fails in one part.
struct FakeDevice {
  std::vector<int64_t> parts, batches;
  int64_t failing = -1;
  const void *lastInput = nullptr;

  static cnn_status run(void *context, int64_t part, int64_t batch, const void *const *inputs, void *const *) {
    auto *mine = static_cast<FakeDevice *>(context);
    mine->parts.push_back(part);
    mine->batches.push_back(batch);
    mine->lastInput = inputs[0];
    return part == mine->failing ? CNN_DEVICE_FAILED : CNN_OK;
  }
};

// Of the device source.
FakeDevice sourced;
cnn_device sourcedDevice = {FakeDevice::run, &sourced};
int opened, closed;
cnn_status openStatus = CNN_OK;

// Two parts, of which the second is not reached if the first fails.
void inferOnDevice(const cnn_call *call) {
  for (int64_t part : {0, 1})
    if (call->run_part(call->part_context, part, call->batch, call->inputs, call->outputs) != CNN_OK)
      return;
}

class DeviceTest : public testing::Test {
protected:
  DeviceTest() {
    desc.infer.entry = inferOnDevice;
    desc.train_step = desc.evaluate = {};
    desc.device_part_count = 2;
    desc.device_source = &source;
    opened = closed = 0;
    sourced = {};
    openStatus = CNN_OK;
    EXPECT_EQ(cnn_model_create(&desc, &model), CNN_OK);
    EXPECT_EQ(cnn_run_create(model, 2, &run), CNN_OK);
  }
  ~DeviceTest() override {
    cnn_run_destroy(run);
    cnn_model_destroy(model);
    EXPECT_EQ(opened, closed);
  }
  cnn_status infer(int64_t batch) {
    std::vector<uint8_t> images(static_cast<size_t>(batch) * 16);
    std::vector<float> scores(static_cast<size_t>(batch) * 16);
    const void *inputs[] = {images.data()};
    void *outputs[] = {scores.data()};
    return cnn_run_infer(run, batch, inputs, outputs);
  }

  cnn_device_source source = {[](const cnn_model_desc *, const cnn_device **device) {
                                *device = &sourcedDevice;
                                opened += openStatus == CNN_OK;
                                return openStatus;
                              },
                              [](const cnn_device *) { ++closed; }};
  cnn_model_desc desc = fake_model;
  cnn_model *model = nullptr;
  cnn_run *run = nullptr;
};

TEST_F(DeviceTest, IsOpenedWhenItIsNeeded) {
  EXPECT_EQ(opened, 0);
  EXPECT_EQ(infer(3), CNN_OK);
  EXPECT_EQ(infer(1), CNN_OK);
  EXPECT_EQ(opened, 1);
  EXPECT_EQ(sourced.parts, (std::vector<int64_t>{0, 1, 0, 1, 0, 1}));
  EXPECT_EQ(sourced.batches, (std::vector<int64_t>{2, 2, 1, 1, 1, 1}));
}

TEST_F(DeviceTest, OfTheCallerGoesFirst) {
  FakeDevice mine;
  cnn_device device = {FakeDevice::run, &mine};
  cnn_run_set_device(run, &device);
  EXPECT_EQ(infer(2), CNN_OK);
  EXPECT_EQ(opened, 0);
  EXPECT_EQ(mine.parts, (std::vector<int64_t>{0, 1}));
  cnn_run_set_device(run, nullptr);
  EXPECT_EQ(infer(2), CNN_OK);
  EXPECT_EQ(opened, 1);
  EXPECT_EQ(mine.parts.size(), 2u);
}

TEST_F(DeviceTest, EndsTheRunWhenItFails) {
  FakeDevice mine;
  cnn_device device = {FakeDevice::run, &mine};
  cnn_run_set_device(run, &device);
  mine.failing = 0;
  EXPECT_EQ(infer(5), CNN_DEVICE_FAILED);
  EXPECT_EQ(mine.parts, (std::vector<int64_t>{0}));
  mine.failing = 1;
  EXPECT_EQ(infer(5), CNN_DEVICE_FAILED);
  EXPECT_EQ(mine.parts, (std::vector<int64_t>{0, 0, 1}));
  mine.failing = -1;
  EXPECT_EQ(infer(1), CNN_OK);
}

TEST_F(DeviceTest, ThatCannotBeOpenedRunsNothing) {
  openStatus = CNN_BAD_FILE;
  EXPECT_EQ(infer(1), CNN_BAD_FILE);
  EXPECT_TRUE(sourced.parts.empty());
  openStatus = CNN_OK;
  EXPECT_EQ(infer(1), CNN_OK);
}

TEST_F(ModelTest, AnyBatchRunsThroughASmallState) {
  ASSERT_EQ(cnn_model_initialize(model, 3), CNN_OK);
  std::vector<uint8_t> images(7 * 16);
  std::iota(images.begin(), images.end(), 0);
  std::vector<float> pieces(21), whole(21);
  const void *inputs[] = {images.data()};
  for (auto [maxBatch, scores] : {std::pair(3, &pieces), std::pair(7, &whole)}) {
    cnn_run *run;
    ASSERT_EQ(cnn_run_create(model, maxBatch, &run), CNN_OK);
    void *outputs[] = {scores->data()};
    EXPECT_EQ(cnn_run_infer(run, 7, inputs, outputs), CNN_OK);
    EXPECT_EQ(cnn_run_infer(run, 0, inputs, outputs), CNN_BAD_ARGUMENT);
    const void *missing[] = {nullptr};
    EXPECT_EQ(cnn_run_infer(run, 7, missing, outputs), CNN_BAD_ARGUMENT);
    cnn_run_destroy(run);
  }
  EXPECT_EQ(pieces, whole);
}

TEST_F(ModelTest, TwoThreadsShareTheWeights) {
  ASSERT_EQ(cnn_model_initialize(model, 3), CNN_OK);
  std::vector<uint8_t> images(32 * 16, 100);
  std::vector<float> scores[2] = {std::vector<float>(96), std::vector<float>(96)};
  auto work = [&](std::vector<float> &mine) {
    cnn_run *run;
    ASSERT_EQ(cnn_run_create(model, 8, &run), CNN_OK);
    const void *inputs[] = {images.data()};
    void *outputs[] = {mine.data()};
    for (int i = 0; i < 20; ++i)
      EXPECT_EQ(cnn_run_infer(run, 32, inputs, outputs), CNN_OK);
    cnn_run_destroy(run);
  };
  std::thread first(work, std::ref(scores[0])), second(work, std::ref(scores[1]));
  first.join();
  second.join();
  EXPECT_EQ(scores[0], scores[1]);
}

TEST_F(ModelTest, TrainingLowersTheLossAndCountsSteps) {
  cnn_trainer *trainer;
  ASSERT_EQ(cnn_trainer_create(model, 4, 1, &trainer), CNN_OK);
  uint8_t images[64] = {};
  int32_t labels[4] = {0, 1, 2, 0};
  for (int n = 0; n < 4; ++n)
    images[n * 16 + labels[n]] = 255;
  const void *inputs[] = {images, labels};
  float first = 0, last = 0, accuracy = 0;
  float *results[] = {&first, nullptr}, *lastResults[] = {&last, &accuracy};
  ASSERT_EQ(cnn_trainer_step(trainer, 4, inputs, 0.1f, results), CNN_OK);
  for (int i = 0; i < 50; ++i)
    ASSERT_EQ(cnn_trainer_step(trainer, 4, inputs, 0.1f, lastResults), CNN_OK);
  EXPECT_LT(last, first / 4);
  EXPECT_EQ(accuracy, 1.0f);
  EXPECT_EQ(cnn_trainer_get_step(trainer), 51u);
  EXPECT_EQ(cnn_trainer_step(trainer, 5, inputs, 0.1f, results), CNN_BATCH_TOO_LARGE);
  cnn_trainer_destroy(trainer);
}

TEST_F(ModelTest, EvaluationWeighsThePiecesBySize) {
  cnn_trainer *trainer;
  ASSERT_EQ(cnn_trainer_create(model, 3, 1, &trainer), CNN_OK);
  uint8_t images[80] = {};
  int32_t labels[5] = {0, 0, 0, 1, 0}; // all scores are 0, so class 0 wins
  const void *inputs[] = {images, labels};
  float loss, accuracy;
  float *results[] = {&loss, &accuracy};
  ASSERT_EQ(cnn_trainer_evaluate(trainer, 5, inputs, results), CNN_OK);
  EXPECT_FLOAT_EQ(accuracy, 0.8f);
  EXPECT_EQ(cnn_trainer_get_step(trainer), 0u);
  cnn_trainer_destroy(trainer);
}

TEST_F(ModelTest, ALabelThatIsNoClassChangesNothing) {
  cnn_trainer *trainer;
  ASSERT_EQ(cnn_model_initialize(model, 3), CNN_OK);
  ASSERT_EQ(cnn_trainer_create(model, 3, 1, &trainer), CNN_OK);
  uint8_t images[80];
  std::iota(images, images + sizeof images, 0);
  int32_t labels[5] = {0, 1, 2, 1, 0};
  const void *inputs[] = {images, labels};
  float loss = -1, accuracy = -1;
  float *results[] = {&loss, &accuracy};
  auto bytes = [&] {
    auto *parameters = static_cast<const char *>(cnn_model_parameters(model));
    auto *states = static_cast<const char *>(cnn_model_states(model));
    auto *slots = static_cast<const char *>(cnn_trainer_slots(trainer));
    return std::string(parameters, fake_model.parameter_bytes) + std::string(states, fake_model.state_bytes) +
           std::string(slots, fake_model.slot_bytes);
  };
  std::string before = bytes();
  for (int32_t wrong : {3, -1, INT32_MAX, INT32_MIN})
    for (int sample = 0; sample < 5; ++sample) {
      int32_t right = std::exchange(labels[sample], wrong);
      if (sample < 3)
        EXPECT_EQ(cnn_trainer_step(trainer, 3, inputs, 0.1f, results), CNN_BAD_ARGUMENT);
      // In pieces, of which the first ones may be sound.
      EXPECT_EQ(cnn_trainer_evaluate(trainer, 5, inputs, results), CNN_BAD_ARGUMENT);
      labels[sample] = right;
    }
  EXPECT_EQ(loss, -1);
  EXPECT_EQ(accuracy, -1);
  EXPECT_EQ(cnn_trainer_get_step(trainer), 0u);
  EXPECT_EQ(bytes(), before);
  EXPECT_EQ(cnn_trainer_step(trainer, 3, inputs, 0.1f, results), CNN_OK);
  EXPECT_NE(bytes(), before);
  cnn_trainer_destroy(trainer);
}

TEST(Trainer, NeedsATrainBlock) {
  cnn_model_desc desc = fake_model;
  desc.train_step.entry = nullptr;
  desc.evaluate.entry = nullptr;
  cnn_model *model;
  cnn_trainer *trainer;
  ASSERT_EQ(cnn_model_create(&desc, &model), CNN_OK);
  EXPECT_EQ(cnn_trainer_create(model, 4, 1, &trainer), CNN_NO_FUNCTION);
  EXPECT_EQ(cnn_trainer_bytes(&desc, 4), 0u);
  cnn_model_destroy(model);
}

TEST(Status, EachHasAText) {
  for (int status = CNN_OK; status <= CNN_DEVICE_FAILED; ++status)
    EXPECT_STRNE(cnn_status_text(static_cast<cnn_status>(status)), "unknown status");
}

} // namespace
