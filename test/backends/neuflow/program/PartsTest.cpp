// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The parts that a program is compiled with, each by itself.
#include "backends/neuflow/program/ArmStreams.h"
#include "backends/neuflow/program/ConvForms.h"
#include "backends/neuflow/program/CropPlanes.h"
#include "backends/neuflow/program/PadPlanes.h"
#include "backends/neuflow/program/PlanMemory.h"
#include "backends/neuflow/program/PlaneViews.h"
#include "test/backends/neuflow/program/RandomTensorProgram.h"
#include "test/backends/neuflow/program/TensorEvaluator.h"

#include <gtest/gtest.h>

#include <map>

namespace cnn::neuflow {
namespace {

TEST(PlanWords, KeepsApartWhatLivesTogether) {
  std::mt19937 random(5);
  for (int round = 0; round < 300; ++round) {
    std::vector<LivingWords> buffers(pick(random, 1, 40));
    for (LivingWords &buffer : buffers) {
      buffer.words = pick(random, 1, 500);
      buffer.first = pick(random, 0, 20);
      buffer.last = buffer.first + pick(random, 0, 6);
    }
    int64_t all = planWords(buffers), least = 0;
    for (int64_t pass = 0; pass <= 26; ++pass) {
      int64_t live = 0;
      for (const LivingWords &buffer : buffers)
        live += pass >= buffer.first && pass <= buffer.last ? (buffer.words + 15) / 16 * 16 : 0;
      least = std::max(least, live);
    }
    ASSERT_GE(all, least);
    // Best fit is not the best, but never far off on such lives.
    ASSERT_LE(all, 2 * least);
    for (size_t a = 0; a < buffers.size(); ++a) {
      ASSERT_EQ(buffers[a].base % kWordsPerBeat, 0);
      ASSERT_LE(buffers[a].base + buffers[a].words, all);
      for (size_t b = 0; b < a; ++b) {
        bool together = buffers[a].first <= buffers[b].last && buffers[b].first <= buffers[a].last;
        bool overlap = buffers[a].base < buffers[b].base + buffers[b].words &&
                       buffers[b].base < buffers[a].base + buffers[a].words;
        ASSERT_FALSE(together && overlap);
      }
    }
  }
}

// All splits, one after the other.
int64_t leastCost(int64_t done, int64_t fanIn, int64_t outputs, int64_t convolvers,
                  const std::function<std::optional<int64_t>(ConvForm)> &cost) {
  if (done == fanIn)
    return 0;
  int64_t best = INT64_MAX / 2;
  for (int64_t inputs = 1; inputs <= convolvers && done + inputs <= fanIn; ++inputs)
    for (int64_t lanes = 1; lanes * inputs <= convolvers && lanes <= outputs; ++lanes)
      if (auto of = cost({inputs, lanes, done == 0, done + inputs == fanIn}))
        best = std::min(best, *of + leastCost(done + inputs, fanIn, outputs, convolvers, cost));
  return best;
}

TEST(ConvForms, AreTheBest) {
  std::mt19937 random(9);
  for (int round = 0; round < 60; ++round) {
    int64_t fanIn = pick(random, 1, 7), outputs = pick(random, 1, 9), convolvers = pick(random, 1, 4);
    std::map<ConvForm, std::optional<int64_t>> costs;
    auto cost = [&](ConvForm form) -> std::optional<int64_t> {
      auto [entry, isNew] = costs.try_emplace(form);
      // One convolver alone is always possible.
      if (isNew && (form.inputs * form.lanes == 1 || random() % 4))
        entry->second = pick(random, 10, 60);
      return entry->second;
    };
    auto forms = chooseConvForms(fanIn, outputs, convolvers, cost);
    ASSERT_TRUE(forms);
    int64_t total = 0, inputs = 0;
    for (size_t i = 0; i < forms->size(); ++i) {
      const ConvForm &form = (*forms)[i];
      EXPECT_EQ(form.first, i == 0);
      EXPECT_EQ(form.last, i + 1 == forms->size());
      total += *cost(form);
      inputs += form.inputs;
    }
    EXPECT_EQ(inputs, fanIn);
    EXPECT_EQ(total, leastCost(0, fanIn, outputs, convolvers, cost));
  }
  EXPECT_FALSE(chooseConvForms(2, 1, 1, [](ConvForm) { return std::nullopt; }));
}

std::vector<int64_t> addressesOf(const Stream &stream) {
  std::vector<int64_t> all;
  for (int64_t j = 0; j < stream.h; ++j)
    for (int64_t i = 0; i < stream.w; ++i)
      all.push_back(stream.buffer * 1000000 + stream.offset + j * stream.pitch + i * stream.element);
  return all;
}

// Whatever steps become one stream, a port goes through the same words, and never ahead of what it was told of.
TEST(ArmStreams, GoThroughTheSameWords) {
  std::mt19937 random(4);
  int64_t told = 0, streams = 0;
  for (int round = 0; round < 2000; ++round) {
    std::vector<Step> steps(pick(random, 1, 8));
    Stream stream{pick(random, 0, 1), 0, pick(random, 1, 3), pick(random, 0, 3), pick(random, 0, 6),
                  pick(random, -1, 2)};
    int64_t distance = pick(random, -3, 9);
    for (Step &step : steps) {
      step.writes = {stream};
      stream.offset += distance;
      if (random() % 6 == 0)
        stream = {pick(random, 0, 1), pick(random, 0, 9), pick(random, 1, 3), pick(random, 0, 2), 3, 1};
    }
    std::vector<ArmedStreams> armed = armStreams(steps);
    ASSERT_EQ(armed.size(), steps.size());
    std::vector<int64_t> words, armedWords;
    for (size_t i = 0; i < steps.size(); ++i) {
      std::vector<int64_t> more = addressesOf(steps[i].writes[0]), armedMore = addressesOf(armed[i].writes[0]);
      words.insert(words.end(), more.begin(), more.end());
      armedWords.insert(armedWords.end(), armedMore.begin(), armedMore.end());
      ASSERT_GE(armedWords.size(), words.size()) << "round " << round << ", step " << i;
      streams += !steps[i].writes[0].rests();
      told += !armed[i].writes[0].rests();
    }
    ASSERT_EQ(armedWords, words) << "round " << round;
  }
  EXPECT_LT(told, streams * 3 / 4);
}

TEST(ArmStreams, OfADenseLayer) {
  std::vector<Step> steps(84);
  for (int64_t i = 0; i < 84; ++i) {
    steps[i].reads = {{0, 0, 10, 6, 10, 1}};
    steps[i].writes = {{1, i, 1, 1, 1, 1}};
  }
  std::vector<ArmedStreams> armed = armStreams(steps);
  EXPECT_EQ(armed[0].reads[0], (Stream{0, 0, 60, 84, 0, 1}));
  EXPECT_EQ(armed[0].writes[0], (Stream{1, 0, 1, 84, 1, 1}));
  EXPECT_TRUE(armed[1].reads[0].rests() && armed[1].writes[0].rests());
  // More rows than a port counts are two streams.
  for (int64_t i = 0; i < 84; ++i)
    steps[i].reads = {{0, 0, 1, 1000, 7, 1}};
  EXPECT_EQ(armStreams(steps)[0].reads[0].h, 1000);
}

// Cropping and padding change what is computed on the way, and not what comes out.
TEST(CropPlanes, LeavesTheOutputs) {
  Target target = *presetTarget("neuflow-tiny");
  TensorProgramBuilder b(target);
  int64_t x = b.input({2, 12, 14}), other = b.input({3, 10, 12});
  int64_t y = b.element(AluCode::add, {b.mapped(b.conv(x, 3, 3, 3, 1, 1, false)), other});
  b.output(b.maxPool(b.mapped(y), 3));
  TensorProgram cropped = cropPlanes(b.program);
  EXPECT_EQ(cropped.values[2], (PlaneShape{3, 9, 12}));
  std::vector<Tensor> inputs;
  for (const TensorBoundary &input : b.program.inputs) {
    inputs.emplace_back();
    for (int64_t i = 0; i < b.program.values[input.value].words(); ++i)
      inputs.back().push_back(b.word());
  }
  int64_t output = b.program.outputs[0].value;
  EXPECT_EQ(evaluate(cropped, inputs)[output], evaluate(b.program, inputs)[output]);
}

TEST(PadPlanes, IsForWhatConvolversRefuse) {
  Target target = *presetTarget("neuflow-tiny");
  for (int64_t width : {2, 3, 62, 63}) {
    TensorProgramBuilder b(target, static_cast<uint32_t>(width));
    b.output(b.conv(b.input({2, 5, width}), 2, 2, 3, 2, 1, true));
    TensorProgram padded = padPlanes(b.program, target);
    bool isPadded = width < 3 || width + 2 > target.convLine;
    EXPECT_EQ(padded.operations.size(), isPadded ? 2u : 1u) << width;
    Tensor input;
    for (int64_t i = 0; i < 2 * 5 * width; ++i)
      input.push_back(b.word());
    EXPECT_EQ(evaluate(padded, {input})[1], evaluate(b.program, {input})[1]);
  }
}

TEST(PlaneViews, ReadTheSameWords) {
  // Every word of a view, in order.
  auto words = [](const std::vector<PlaneView> &views) {
    std::vector<int64_t> addresses;
    for (const PlaneView &view : views)
      for (int64_t r = 0; r < view.h; ++r)
        for (int64_t c = 0; c < view.w; ++c)
          addresses.push_back(view.offset + r * view.pitch + c * view.element);
    return addresses;
  };
  std::vector<PlaneView> dense = denseViews(0, {4, 6, 5});
  auto other = reshaped(dense, {3, 5, 8});
  ASSERT_TRUE(other);
  EXPECT_EQ(words(*other), words(dense));
  std::vector<PlaneView> column;
  for (const PlaneView &view : dense)
    column.push_back(windowOf(view, 0, 2, 1, 1, 6, 1));
  auto vector = reshaped(column, {24, 1, 1});
  ASSERT_TRUE(vector);
  EXPECT_EQ(words(*vector), words(column));
  std::vector<PlaneView> inner;
  for (const PlaneView &view : dense)
    inner.push_back(windowOf(view, 1, 1, 1, 2, 4, 2));
  EXPECT_FALSE(reshaped(inner, {2, 4, 4}));

  auto one = coalesce({dense, column});
  ASSERT_TRUE(one);
  EXPECT_EQ(words({(*one)[0]}), words(dense));
  EXPECT_EQ(words({(*one)[1]}), words(column));
  EXPECT_FALSE(coalesce({dense, inner}));
  EXPECT_FALSE(coalesce({denseViews(0, {2, 300, 300})}));
}

} // namespace
} // namespace cnn::neuflow
