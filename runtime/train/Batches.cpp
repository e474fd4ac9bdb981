// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/train/Batches.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>

namespace cnn::runtime {

// Each use of the generator has its own last counter word.
enum Stream : uint32_t { kShuffle = 0x53485546, kVary = 0x56415259 };

static void draw(uint64_t seed, int64_t index, int64_t epoch, Stream stream, uint32_t words[4]) {
  const uint32_t counter[4] = {static_cast<uint32_t>(index), static_cast<uint32_t>(index >> 32),
                               static_cast<uint32_t>(epoch), stream};
  const uint32_t key[2] = {static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32)};
  cnn_philox4x32(counter, key, words);
}

std::vector<int64_t> epochOrder(int64_t count, bool shuffle, uint64_t seed, int64_t epoch) {
  std::vector<int64_t> order(static_cast<size_t>(count));
  std::iota(order.begin(), order.end(), 0);
  for (int64_t i = count - 1; shuffle && i > 0; --i) {
    uint32_t words[4];
    draw(seed, i, epoch, kShuffle, words);
    // The high half of a 64-bit word times i + 1 is uniform in [0, i] to within 2^-32 for any practical count.
    unsigned __int128 product =
        static_cast<unsigned __int128>(uint64_t(words[0]) << 32 | words[1]) * static_cast<uint64_t>(i + 1);
    std::swap(order[static_cast<size_t>(i)], order[static_cast<size_t>(product >> 64)]);
  }
  return order;
}

Variation drawVariation(const cnn_field &field, uint64_t seed, int64_t epoch, int64_t sample) {
  uint32_t words[4];
  draw(seed, sample, epoch, kVary, words);
  uint64_t places = 2 * static_cast<uint64_t>(field.shift) + 1;
  Variation variation;
  variation.flip = words[0] * 0x1p-32 < field.flip_probability;
  variation.down = static_cast<int64_t>(words[1] * places >> 32) - field.shift;
  variation.right = static_cast<int64_t>(words[2] * places >> 32) - field.shift;
  return variation;
}

void varySample(const cnn_tensor_desc &tensor, const Variation &variation, const uint8_t *fill, const uint8_t *from,
                uint8_t *to) {
  int64_t width = tensor.shape[tensor.rank - 1];
  int64_t height = tensor.rank >= 3 ? tensor.shape[tensor.rank - 2] : 1;
  int64_t down = tensor.rank >= 3 ? variation.down : 0;
  size_t element = cnn_dtype_bytes(tensor.dtype);
  int64_t planes = static_cast<int64_t>(cnn_tensor_sample_bytes(&tensor) / element) / (width * height);
  for (int64_t p = 0; p < planes; ++p)
    for (int64_t y = 0; y < height; ++y)
      for (int64_t x = 0; x < width; ++x, to += element) {
        int64_t row = y - down, column = x - variation.right;
        bool inside = row >= 0 && row < height && column >= 0 && column < width;
        if (variation.flip)
          column = width - 1 - column;
        std::memcpy(to, inside ? from + static_cast<size_t>((p * height + row) * width + column) * element : fill,
                    element);
      }
}

static bool varies(const cnn_field &field) { return field.flip_probability > 0 || field.shift > 0; }

cnn_status Batch::prepare(const Dataset &data, const cnn_field *dataFields, int64_t capacity, cnn_error *error) {
  dataset = &data;
  fields = dataFields;
  for (size_t i = 0; i < data.tensors.size(); ++i) {
    const cnn_field &field = fields[i];
    if (!(field.flip_probability >= 0 && field.flip_probability <= 1) || field.shift < 0 || field.shift > INT32_MAX)
      return fail(error, CNN_BAD_ARGUMENT, "field '%s': expected a flip probability from 0 to 1 and a shift >= 0",
                  field.name);
    if (varies(field) &&
        (data.tensors[i].rank < 2 || (data.tensors[i].dtype == CNN_U8 && !(field.fill >= 0 && field.fill <= 255))))
      return fail(error, CNN_BAD_ARGUMENT, "field '%s' cannot be flipped or shifted with fill %g", field.name,
                  field.fill);
    uint64_t bytes = cnn_tensor_sample_bytes(&data.tensors[i]), total;
    sampleBytes.push_back(bytes);
    blocks.emplace_back();
    scratch.emplace_back();
    if (__builtin_mul_overflow(bytes, static_cast<uint64_t>(capacity), &total) || !blocks.back().allocate(total) ||
        (varies(field) && !scratch.back().allocate(total)))
      return fail(error, CNN_NO_MEMORY, "no memory for a batch of %lld samples", static_cast<long long>(capacity));
    pointers.push_back(blocks.back().data());
  }
  statuses.resize(static_cast<size_t>(capacity));
  return CNN_OK;
}

cnn_status Batch::readSample(int64_t slot, cnn_error *error) {
  for (size_t i = 0; i < blocks.size(); ++i) {
    uint64_t at = static_cast<uint64_t>(slot) * sampleBytes[i];
    bool varied = vary && varies(fields[i]);
    uint8_t *to = (varied ? scratch[i] : blocks[i]).data() + at;
    if (cnn_status status = dataset->fields[i]->read(samples[slot], to, error); status != CNN_OK)
      return status;
    if (!varied)
      continue;
    uint8_t fill[sizeof(float)] = {static_cast<uint8_t>(dataset->tensors[i].dtype == CNN_U8 ? fields[i].fill : 0)};
    if (dataset->tensors[i].dtype == CNN_F32) {
      float value = static_cast<float>(fields[i].fill);
      std::memcpy(fill, &value, sizeof value);
    }
    varySample(dataset->tensors[i], drawVariation(fields[i], seed, epoch, samples[slot]), fill, to,
               blocks[i].data() + at);
  }
  return CNN_OK;
}

void Batch::begin(const int64_t *batchSamples, int64_t sampleCount, bool varied, uint64_t variationSeed,
                  int64_t variationEpoch) {
  samples = batchSamples;
  vary = varied;
  seed = variationSeed;
  epoch = variationEpoch;
  count = sampleCount;
  done.store(0);
  next.store(0);
}

void Batch::readSome() {
  for (int64_t slot = next.fetch_add(1); slot < count; slot = next.fetch_add(1)) {
    statuses[static_cast<size_t>(slot)] = readSample(slot, nullptr);
    if (done.fetch_add(1) + 1 == count)
      done.notify_all();
  }
}

void Batch::readRange(int64_t begin, int64_t end) {
  for (int64_t slot = begin; slot < end; ++slot)
    statuses[static_cast<size_t>(slot)] = readSample(slot, nullptr);
}

cnn_status Batch::finish(cnn_error *error) {
  // Samples in memory take equally long. Each thread reads those that the first kernel gives it, too.
  if (dataset->isInMemory()) {
    auto copy = [](void *self, int64_t begin, int64_t end) { static_cast<Batch *>(self)->readRange(begin, end); };
    cnn_parallel_for(nullptr, copy, this, count);
    return firstFailure(error);
  }
  // Of files, whatever its share, a thread takes sample after sample, as their sizes differ.
  auto read = [](void *self, int64_t, int64_t) { static_cast<Batch *>(self)->readSome(); };
  if (next.load() < count)
    cnn_parallel_for(nullptr, read, this, std::min(count, cnn_get_threads()));
  for (int64_t now = done.load(); now < count; now = done.load())
    done.wait(now);
  return firstFailure(error);
}

cnn_status Batch::firstFailure(cnn_error *error) {
  for (int64_t slot = 0; slot < count; ++slot)
    if (statuses[static_cast<size_t>(slot)] != CNN_OK)
      return readSample(slot, error); // once more, for its message
  return CNN_OK;
}

} // namespace cnn::runtime
