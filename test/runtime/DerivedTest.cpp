// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Values derived from weights: what they are, and when they are computed.
#include "cnn/runtime.h"

#include <cmath>
#include <cstring>
#include <gtest/gtest.h>
#include <random>
#include <vector>

namespace {

using Matrix = std::vector<std::vector<long double>>;

// Lavin and Gray 2015, "Fast algorithms for convolutional neural networks", section 4; for 5, the same points.
Matrix matrixG(int tile, int64_t kernel) {
  if (kernel == 5)
    return {{1 / 4.L, 0, 0, 0, 0},
            {-1 / 6.L, -1 / 6.L, -1 / 6.L, -1 / 6.L, -1 / 6.L},
            {-1 / 6.L, 1 / 6.L, -1 / 6.L, 1 / 6.L, -1 / 6.L},
            {1 / 24.L, 1 / 12.L, 1 / 6.L, 1 / 3.L, 2 / 3.L},
            {1 / 24.L, -1 / 12.L, 1 / 6.L, -1 / 3.L, 2 / 3.L},
            {0, 0, 0, 0, 1}};
  if (tile == 2)
    return {{1, 0, 0}, {.5L, .5L, .5L}, {.5L, -.5L, .5L}, {0, 0, 1}};
  return {{1 / 4.L, 0, 0},
          {-1 / 6.L, -1 / 6.L, -1 / 6.L},
          {-1 / 6.L, 1 / 6.L, -1 / 6.L},
          {1 / 24.L, 1 / 12.L, 1 / 6.L},
          {1 / 24.L, -1 / 12.L, 1 / 6.L},
          {0, 0, 1}};
}

// U = G g G^T of every filter of [outputs, inputs, depth, kernel, kernel], as a sum over the numbers of g, and what
// those come to.
std::vector<float> winograd(int tile, int64_t block, int64_t outputs, int64_t inputs, int64_t depth,
                            const std::vector<float> &weight, int64_t kernel = 3) {
  Matrix g = matrixG(tile, kernel);
  int64_t n = tile + kernel - 1, width = block ? block : outputs;
  std::vector<float> result(n * n * outputs * inputs * depth);
  for (int64_t o = 0; o < outputs; ++o)
    for (int64_t c = 0; c < inputs; ++c)
      for (int64_t d = 0; d < depth; ++d)
        for (int64_t i = 0; i < n; ++i)
          for (int64_t j = 0; j < n; ++j) {
            const float *filter = &weight[((o * inputs + c) * depth + d) * kernel * kernel];
            long double sum = 0;
            for (int64_t y = 0; y < kernel; ++y)
              for (int64_t x = 0; x < kernel; ++x)
                sum += g[i][y] * filter[y * kernel + x] * g[j][x];
            int64_t panel = ((i * n + j) * (outputs / width) + o / width) * depth + d;
            result[(panel * inputs + c) * width + o % width] = float(sum);
          }
  return result;
}

std::vector<float> randomNumbers(size_t count) {
  std::mt19937 random(7);
  std::uniform_real_distribution<float> uniform(-1, 1);
  std::vector<float> values(count);
  for (float &value : values)
    value = uniform(random);
  return values;
}

void expectNear(const std::vector<float> &found, const std::vector<float> &wanted) {
  ASSERT_EQ(found.size(), wanted.size());
  for (size_t i = 0; i < found.size(); ++i)
    ASSERT_NEAR(found[i], wanted[i], std::fabs(wanted[i]) * 0x1p-23 + 1e-12) << i;
}

// Outputs and inputs that fill a vector, that do not, and that take several; filters of one slice and of several.
TEST(DerivedValues, AreWinogradsTransform) {
  struct Case {
    int64_t outputs, inputs, block, depth = 1;
  };
  const std::pair<int, int64_t> sizes[] = {{2, 3}, {4, 3}, {2, 5}};
  for (auto [tile, kernel] : sizes)
    for (auto [outputs, inputs, block, depth] :
         {Case{1, 1, 0}, Case{5, 3, 0}, Case{70, 3, 0}, Case{64, 2, 0}, Case{32, 5, 16}, Case{96, 9, 48},
          Case{16, 7, 8}, Case{12, 33, 3}, Case{256, 3, 128}, Case{130, 2, 65}, Case{3, 4, 1}, Case{5, 3, 0, 2},
          Case{70, 3, 0, 3}, Case{32, 5, 16, 3}, Case{12, 33, 3, 2}, Case{256, 3, 128, 3}}) {
      SCOPED_TRACE(testing::Message() << tile << ": " << outputs << " " << inputs << " " << block << " " << depth << " "
                                      << kernel);
      const int64_t image[] = {outputs, inputs, kernel, kernel}, volume[] = {outputs, inputs, depth, kernel, kernel};
      std::vector<float> values = randomNumbers(outputs * inputs * depth * kernel * kernel);
      cnn_weight_desc weight = {};
      weight.rank = depth > 1 ? 5 : 4;
      weight.shape = depth > 1 ? volume : image;
      cnn_derived_desc derived = {0, CNN_DERIVED_WINOGRAD, tile, block, 0};
      std::vector<float> wanted = winograd(tile, block, outputs, inputs, depth, values, kernel);
      std::vector<float> found(wanted.size() + 1, -5);
      EXPECT_EQ(cnn_derived_bytes(&derived, &weight), wanted.size() * sizeof(float));
      cnn_derive_weight(&derived, &weight, values.data(), found.data());
      EXPECT_EQ(found.back(), -5); // not touched
      found.pop_back();
      expectNear(found, wanted);
    }
}

/// The upper half of a float, rounded to nearest, ties to even: by comparing the two candidates.
uint16_t nearestBF16(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  auto widen = [](uint32_t half) {
    uint32_t whole = half << 16;
    float result;
    std::memcpy(&result, &whole, sizeof result);
    return result;
  };
  uint32_t towardsZero = bits >> 16, away = towardsZero + 1;
  double below = std::fabs(double(value) - widen(towardsZero));
  double above = std::fabs((std::isinf(widen(away)) ? std::copysign(0x1p128, value) : double(widen(away))) - value);
  if (below == above)
    return towardsZero % 2 == 0 ? towardsZero : away;
  return below < above ? towardsZero : away;
}

// Filters of any rank, with outputs in blocks and without, and numbers of inputs that are odd.
TEST(DerivedValues, ArePairsOfBF16) {
  struct Case {
    std::vector<int64_t> shape;
    int64_t block;
  };
  for (const Case &item : {Case{{1, 1}, 0}, Case{{10, 33}, 0}, Case{{130, 4, 2}, 0}, Case{{96, 3, 3, 5}, 48},
                           Case{{64, 7, 3, 1}, 32}, Case{{6, 5, 2, 3, 2}, 3}}) {
    int64_t outputs = item.shape[0], inputs = item.shape[1], taps = 1;
    for (size_t i = 2; i < item.shape.size(); ++i)
      taps *= item.shape[i];
    std::vector<float> values = randomNumbers(outputs * inputs * taps);
    if (values.size() > 5) { // ties, and what rounds to infinity
      values[1] = 0x1.01p0f;
      values[2] = -0x1.03p0f;
      values[3] = 0x1.fffffep127f;
      values[4] = 0x1.008001p-3f;
    }
    cnn_weight_desc weight = {};
    weight.rank = int32_t(item.shape.size());
    weight.shape = item.shape.data();
    cnn_derived_desc derived = {0, CNN_DERIVED_PACKED_BF16, 2, item.block, 0};
    int64_t width = item.block ? item.block : outputs, pairs = (inputs + 1) / 2;
    std::vector<uint16_t> wanted(outputs * taps * pairs * 2, 0), found(wanted.size() + 1, 77);
    for (int64_t o = 0; o < outputs; ++o)
      for (int64_t c = 0; c < inputs; ++c)
        for (int64_t tap = 0; tap < taps; ++tap)
          wanted[((((o / width) * taps + tap) * pairs + c / 2) * width + o % width) * 2 + c % 2] =
              nearestBF16(values[(o * inputs + c) * taps + tap]);
    EXPECT_EQ(cnn_derived_bytes(&derived, &weight), wanted.size() * sizeof(uint16_t));
    cnn_derive_weight(&derived, &weight, values.data(), found.data());
    EXPECT_EQ(found.back(), 77); // not touched
    found.pop_back();
    EXPECT_EQ(found, wanted) << outputs << " x " << inputs;
  }
  float nan = std::nanf("");
  const int64_t shape[] = {1, 1};
  cnn_weight_desc weight = {};
  weight.rank = 2;
  weight.shape = shape;
  cnn_derived_desc derived = {0, CNN_DERIVED_PACKED_BF16, 2, 0, 0};
  uint16_t found[2];
  cnn_derive_weight(&derived, &weight, &nan, found);
  EXPECT_EQ(found[0] & 0x7fc0, 0x7fc0);
}

// Winograd's filters in pairs of bf16: outputs that fill a vector, that do not, and that take several; filters of one
// slice and of several.
TEST(DerivedValues, AreWinogradsTransformInPairs) {
  struct Case {
    int64_t outputs, inputs, block, depth = 1;
  };
  for (int tile : {2, 4})
    for (auto [outputs, inputs, block, depth] :
         {Case{1, 2, 0}, Case{5, 4, 0}, Case{70, 2, 0}, Case{32, 6, 16}, Case{96, 10, 48}, Case{12, 34, 3},
          Case{256, 4, 128}, Case{3, 4, 1}, Case{70, 2, 0, 3}, Case{32, 6, 16, 2}, Case{12, 34, 3, 3}}) {
      SCOPED_TRACE(testing::Message() << tile << ": " << outputs << " " << inputs << " " << block << " " << depth);
      const int64_t image[] = {outputs, inputs, 3, 3}, volume[] = {outputs, inputs, depth, 3, 3};
      std::vector<float> values = randomNumbers(outputs * inputs * depth * 9);
      cnn_weight_desc weight = {};
      weight.rank = depth > 1 ? 5 : 4;
      weight.shape = depth > 1 ? volume : image;
      int64_t width = block ? block : outputs, points = (tile + 2) * (tile + 2), plane = outputs * depth * inputs;
      std::vector<float> exact(points * plane);
      cnn_derived_desc inFloat = {0, CNN_DERIVED_WINOGRAD, tile, block, 0};
      cnn_derive_weight(&inFloat, &weight, values.data(), exact.data());
      std::vector<uint16_t> wanted(exact.size()), found(exact.size() + 1, 77);
      for (int64_t panel = 0; panel < points * plane / (width * inputs); ++panel)
        for (int64_t c = 0; c < inputs; ++c)
          for (int64_t o = 0; o < width; ++o)
            wanted[((panel * (inputs / 2) + c / 2) * width + o) * 2 + c % 2] =
                nearestBF16(exact[(panel * inputs + c) * width + o]);
      cnn_derived_desc derived = {0, CNN_DERIVED_WINOGRAD_BF16, tile, block, 0};
      EXPECT_EQ(cnn_derived_bytes(&derived, &weight), wanted.size() * sizeof(uint16_t));
      cnn_derive_weight(&derived, &weight, values.data(), found.data());
      EXPECT_EQ(found.back(), 77); // not touched
      found.pop_back();
      EXPECT_EQ(found, wanted);
    }
}

// A model of one weight [32, 5, 3, 3], of which F(4 x 4) in blocks and F(2 x 2) without are derived, and a bias. Its
// inference answers the whole derived block.
constexpr int64_t outputs = 32, inputs = 5, weightCount = outputs * inputs * 9;
constexpr int64_t wideCount = 36 * outputs * inputs, narrowCount = 16 * outputs * inputs;
constexpr int64_t derivedCount = wideCount + narrowCount;

void infer(const cnn_call *call) {
  for (int64_t n = 0; n < call->batch; ++n)
    std::memcpy(static_cast<float *>(call->outputs[0]) + n * derivedCount, call->derived, derivedCount * sizeof(float));
}

struct DerivedTest : testing::Test {
  const int64_t weightShape[4] = {outputs, inputs, 3, 3}, biasShape[1] = {outputs}, outputShape[1] = {derivedCount};
  const int32_t blocked[5] = {0, 2, 3, 1, 0}, identity[4] = {0, 1, 2, 3};
  cnn_weight_desc weights[2] = {
      {"w", CNN_PARAMETER, CNN_F32, 4, CNN_INIT_UNIFORM, -1, 1, weightShape, blocked, 0, 16},
      {"b", CNN_PARAMETER, CNN_F32, 1, CNN_INIT_CONSTANT, 0, 0, biasShape, identity, weightCount * 4, 0}};
  cnn_derived_desc derived[2] = {{0, CNN_DERIVED_WINOGRAD, 4, 16, 0}, {0, CNN_DERIVED_WINOGRAD, 2, 0, wideCount * 4}};
  cnn_tensor_desc input = {"x", CNN_F32, 0, nullptr, 0}, output = {"y", CNN_F32, 1, outputShape, 0};
  cnn_model_desc desc = {};
  std::vector<char> memory; // outlives the model
  cnn_model *model = nullptr;

  DerivedTest() {
    desc.abi_version = CNN_ABI_VERSION;
    desc.desc_bytes = sizeof(desc);
    desc.name = desc.producer = "derived";
    desc.parameter_bytes = (weightCount + outputs) * 4;
    desc.derived_bytes = derivedCount * 4;
    desc.weight_count = desc.derived_count = 2;
    desc.weights = weights;
    desc.derived = derived;
    desc.infer.entry = infer;
    desc.infer.input_count = desc.infer.output_count = 1;
    desc.infer.inputs = &input;
    desc.infer.outputs = &output;
  }
  void TearDown() override { cnn_model_destroy(model); }

  std::vector<float> read() {
    cnn_run *run;
    EXPECT_EQ(cnn_run_create(model, 1, &run), CNN_OK);
    std::vector<float> values(derivedCount);
    float nothing = 0;
    const void *from[] = {&nothing};
    void *to[] = {values.data()};
    EXPECT_EQ(cnn_run_infer(run, 1, from, to), CNN_OK);
    cnn_run_destroy(run);
    return values;
  }
  static std::vector<float> expected(const std::vector<float> &weight) {
    std::vector<float> wanted = winograd(4, 16, outputs, inputs, 1, weight);
    std::vector<float> narrow = winograd(2, 0, outputs, inputs, 1, weight);
    wanted.insert(wanted.end(), narrow.begin(), narrow.end());
    return wanted;
  }
  std::vector<float> getWeight() {
    std::vector<float> values(weightCount);
    EXPECT_EQ(cnn_model_get_weight(model, "w", values.data(), weightCount * 4), CNN_OK);
    return values;
  }
};

TEST_F(DerivedTest, AreThoseOfAWeightThatIsSet) {
  ASSERT_EQ(cnn_check_model(&desc, nullptr), CNN_OK);
  ASSERT_EQ(cnn_model_create(&desc, &model), CNN_OK);
  EXPECT_EQ(read(), std::vector<float>(derivedCount, 0.0f)); // of zeros
  std::vector<float> values = randomNumbers(weightCount);
  ASSERT_EQ(cnn_model_set_weight(model, "w", values.data(), weightCount * 4), CNN_OK);
  expectNear(read(), expected(values));
  EXPECT_EQ(getWeight(), values);
  ASSERT_EQ(cnn_model_initialize(model, 3), CNN_OK);
  EXPECT_NE(getWeight(), values);
  expectNear(read(), expected(getWeight()));
}

// The bytes are those of the function that the compiler embeds values with, whatever the order the weight is stored in.
TEST_F(DerivedTest, DoNotDependOnTheStorage) {
  std::vector<float> values = randomNumbers(weightCount), wanted(derivedCount);
  for (const cnn_derived_desc &each : derived)
    cnn_derive_weight(&each, &weights[0], values.data(), wanted.data() + each.offset / 4);
  const int32_t channelsLast[] = {2, 3, 1, 0}, splitInputs[] = {1, 3, 0, 2, 1};
  for (auto [storage, block] : {std::pair(blocked, 16), std::pair(blocked, 4), std::pair(identity, 0),
                                std::pair(channelsLast, 0), std::pair(splitInputs, 5), std::pair(splitInputs, 1)}) {
    weights[0].storage = storage;
    weights[0].block = block;
    ASSERT_EQ(cnn_check_model(&desc, nullptr), CNN_OK);
    cnn_model_destroy(model);
    ASSERT_EQ(cnn_model_create(&desc, &model), CNN_OK);
    ASSERT_EQ(cnn_model_set_weight_at(model, 0, values.data(), weightCount * 4), CNN_OK);
    EXPECT_EQ(read(), wanted);
  }
}

TEST_F(DerivedTest, AreRefreshedAfterWritesToTheBlock) {
  ASSERT_EQ(cnn_model_create(&desc, &model), CNN_OK);
  auto *parameters = static_cast<float *>(cnn_model_parameters(model));
  std::vector<float> values = randomNumbers(weightCount);
  std::copy(values.begin(), values.end(), parameters);
  EXPECT_EQ(read(), std::vector<float>(derivedCount, 0.0f));
  cnn_model_refresh(model);
  expectNear(read(), expected(getWeight()));
}

// Numbers that no weight gives, to see that they are read; then the weights change.
TEST_F(DerivedTest, AreReadInPlaceWhenTheyAreEmbedded) {
  std::vector<float> parameters = randomNumbers(weightCount + outputs), sevens(derivedCount, 7.0f);
  desc.embedded_parameters = parameters.data();
  desc.embedded_derived = sevens.data();
  ASSERT_EQ(cnn_model_create(&desc, &model), CNN_OK);
  EXPECT_EQ(read(), sevens);
  cnn_model_refresh(model); // there is nothing to do, and they are constant
  EXPECT_EQ(read(), sevens);
  std::vector<float> bias(outputs, 1.0f), values(weightCount, 0.5f);
  ASSERT_EQ(cnn_model_set_weight(model, "b", bias.data(), outputs * 4), CNN_OK);
  EXPECT_EQ(read(), sevens); // nothing is derived from the bias
  cnn_model_refresh(model);
  expectNear(read(), expected(getWeight()));
  ASSERT_EQ(cnn_model_set_weight(model, "w", values.data(), weightCount * 4), CNN_OK);
  expectNear(read(), expected(values));
}

TEST_F(DerivedTest, AreCopiedIntoCallerMemory) {
  std::vector<float> parameters = randomNumbers(weightCount + outputs), sevens(derivedCount, 7.0f);
  desc.embedded_parameters = parameters.data();
  desc.embedded_derived = sevens.data();
  EXPECT_GE(cnn_model_bytes(&desc), desc.parameter_bytes + desc.derived_bytes);
  memory.resize(cnn_model_bytes(&desc) + 1);
  ASSERT_EQ(cnn_model_create_in(&desc, memory.data() + 1, memory.size() - 1, &model), CNN_OK);
  EXPECT_EQ(read(), sevens);
  // Weights alone are embedded: the rest is computed from them.
  desc.embedded_derived = nullptr;
  ASSERT_EQ(cnn_model_create_in(&desc, memory.data() + 1, memory.size() - 1, &model), CNN_OK);
  expectNear(read(), expected(getWeight()));
  desc.derived_bytes = UINT64_MAX - 100;
  EXPECT_EQ(cnn_model_bytes(&desc), 0u);
}

TEST_F(DerivedTest, UnsoundTablesAreRefused) {
  auto refused = [&](auto change, const char *text) {
    cnn_model_desc soundDesc = desc;
    cnn_derived_desc soundDerived = derived[1];
    cnn_weight_desc soundWeight = weights[0];
    change();
    cnn_error error;
    EXPECT_EQ(cnn_check_model(&desc, &error), CNN_INCOMPATIBLE);
    EXPECT_STREQ(error.text, text);
    desc = soundDesc;
    derived[1] = soundDerived;
    weights[0] = soundWeight;
  };
  refused([&] { derived[1].weight = 2; }, "values are derived from weight 2, but there are 2");
  refused([&] { derived[1].weight = -1; }, "values are derived from weight -1, but there are 2");
  refused([&] { derived[1].kind = 3; }, "what is derived from weight 'w' is of an unknown kind");
  refused([&] { derived[1].kind = CNN_DERIVED_WINOGRAD_BF16; },
          "weight 'w', of which values are derived in pairs, has 5 channels");
  refused(
      [&] {
        derived[1].kind = CNN_DERIVED_PACKED_BF16;
        derived[1].tile = 4;
      },
      "what is derived from weight 'w' is of an unknown kind");
  refused(
      [&] {
        derived[1].kind = CNN_DERIVED_PACKED_BF16;
        derived[1].weight = 1;
      },
      "weight 'b', from which values are derived, has no filters");
  refused([&] { derived[1].tile = 6; }, "what is derived from weight 'w' is of an unknown kind");
  refused([&] { derived[1].weight = 1; },
          "weight 'b', from which values are derived, has no filters of 3 x 3 or 5 x 5");
  const int64_t wide[] = {outputs, inputs, 1, 9};
  refused([&] { weights[0].shape = wide; }, "weight 'w', from which values are derived, has no filters of 3 x 3");
  refused([&] { weights[0].dtype = CNN_I32; }, "weight 'w', from which values are derived, has no filters of 3 x 3");
  const int64_t flat[] = {outputs * inputs, 3, 3};
  refused(
      [&] {
        weights[0].rank = 3;
        weights[0].shape = flat;
        weights[0].block = 0;
        weights[0].storage = identity;
        derived[1].weight = 0;
      },
      "weight 'w', from which values are derived, has no filters of 3 x 3");
  refused([&] { derived[1].block = 5; }, "the blocks of what is derived from weight 'w' are not sound");
  refused([&] { derived[1].block = -16; }, "the blocks of what is derived from weight 'w' are not sound");
  refused([&] { derived[1].offset += 64; }, "what is derived from weight 'w' lies outside its block");
  refused([&] { derived[1].offset -= 4; }, "what is derived from weight 'w' lies outside its block");
  refused([&] { desc.derived = nullptr; }, "2 derived values without a table");
  refused([&] { desc.derived_count = -1; }, "-1 derived values without a table");
  refused([&] { desc.train_step = desc.infer; }, "a model that is trained has derived values");
  EXPECT_EQ(cnn_check_model(&desc, nullptr), CNN_OK);
}

} // namespace
