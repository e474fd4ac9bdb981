// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/files/ModelFiles.h"

#include "cnn/training.h"
#include "runtime/files/Idx.h"
#include "runtime/files/Npy.h"

#include <algorithm>
#include <cstdlib>
#include <string_view>

namespace cnn::runtime {

cnn_status collectWeights(const cnn_model *model, std::vector<SafetensorsTensor> &tensors, Bytes &storage,
                          cnn_error *error) {
  const cnn_model_desc *desc = cnn_model_description(model);
  uint64_t total = 0;
  for (int64_t i = 0; i < desc->weight_count; ++i)
    total += cnn_weight_bytes(&desc->weights[i]);
  if (!storage.allocate(total))
    return fail(error, CNN_NO_MEMORY, "no memory for the weights of %s", desc->name);
  uint8_t *to = storage.data();
  for (int64_t i = 0; i < desc->weight_count; ++i) {
    const cnn_weight_desc &weight = desc->weights[i];
    uint64_t bytes = cnn_weight_bytes(&weight);
    if (cnn_status status = cnn_model_get_weight_at(model, i, to, bytes); status != CNN_OK)
      return fail(error, status, "weight '%s': %s", weight.path, cnn_status_text(status));
    tensors.push_back(
        {weight.path, safetensorsType(weight.dtype), {weight.shape, weight.shape + weight.rank}, to, bytes});
    to += bytes;
  }
  return CNN_OK;
}

// Letters to insert, remove or replace.
static size_t editDistance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j)
    row[j] = j;
  for (size_t i = 0; i < a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i + 1;
    for (size_t j = 0; j < b.size(); ++j) {
      size_t replaced = diagonal + (a[i] != b[j]);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, diagonal + 1, row[j] + 1});
    }
  }
  return row[b.size()];
}

// ", QUESTION 'conv1.weight'?", or nothing if no candidate is near. Ties go to the first.
static std::string suggest(std::string_view name, const std::vector<std::string_view> &candidates,
                           const char *question) {
  // A name in a file may be of any length.
  constexpr size_t longest = 200;
  std::string_view best;
  size_t bestDistance = (name.size() + 2) / 3 + 1;
  for (std::string_view candidate : candidates) {
    if (name.size() > longest || candidate.size() > longest)
      continue;
    size_t distance = editDistance(name, candidate);
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best.empty() ? "" : std::string(", ") + question + " '" + std::string(best) + "'?";
}

static cnn_status checkEntries(const cnn_model_desc *desc, const char *name, const SafetensorsFile &file,
                               const char *extra, cnn_error *error) {
  std::vector<std::string_view> paths, unknown;
  for (int64_t i = 0; i < desc->weight_count; ++i)
    paths.push_back(desc->weights[i].path);
  for (const SafetensorsEntry &entry : file.entries)
    if (std::find(paths.begin(), paths.end(), entry.name) == paths.end() && (!extra || entry.name != extra))
      unknown.push_back(entry.name);
  for (int64_t i = 0; i < desc->weight_count; ++i) {
    const cnn_weight_desc &weight = desc->weights[i];
    std::string expected = safetensorsType(weight.dtype) + shapeText(weight.shape, weight.rank);
    const SafetensorsEntry *entry = file.find(weight.path);
    if (!entry)
      return fail(error, CNN_BAD_FILE, "%s: no weight '%s': expected %s%s", name, weight.path, expected.c_str(),
                  suggest(weight.path, unknown, "is it what the file calls").c_str());
    if (entry->typeText() != expected)
      return fail(error, CNN_BAD_FILE, "%s: weight '%s': expected %s, found %s", name, weight.path, expected.c_str(),
                  entry->typeText().c_str());
  }
  if (unknown.empty())
    return CNN_OK;
  const SafetensorsEntry *entry = file.find(unknown.front());
  return fail(error, CNN_BAD_FILE, "%s: the model %s has no weight '%s', found %s%s", name, desc->name,
              entry->name.c_str(), entry->typeText().c_str(), suggest(entry->name, paths, "did you mean").c_str());
}

cnn_status applyWeights(cnn_model *model, const char *name, const SafetensorsFile &file, const char *extra,
                        cnn_error *error) {
  const cnn_model_desc *desc = cnn_model_description(model);
  if (cnn_status status = checkEntries(desc, name, file, extra, error); status != CNN_OK)
    return status;
  for (int64_t i = 0; i < desc->weight_count; ++i) {
    const SafetensorsEntry *entry = file.find(desc->weights[i].path);
    cnn_status status = cnn_model_set_weight_at(model, i, file.data.data() + entry->begin, entry->end - entry->begin);
    if (status != CNN_OK)
      return fail(error, status, "%s: weight '%s': %s", name, entry->name.c_str(), cnn_status_text(status));
  }
  return CNN_OK;
}

} // namespace cnn::runtime

using namespace cnn::runtime;

cnn_status cnn_load_weights(cnn_model *model, const char *path, cnn_error *error) {
  if (!model || !path)
    return fail(error, CNN_BAD_ARGUMENT, "no model or no path");
  std::unique_ptr<ByteReader> reader;
  SafetensorsFile file;
  cnn_status status = openFile(path, reader, error);
  if (status == CNN_OK)
    status = readSafetensors(*reader, file, error);
  return status == CNN_OK ? applyWeights(model, path, file, nullptr, error) : status;
}

cnn_status cnn_save_weights(const cnn_model *model, const char *path, cnn_error *error) {
  if (!model || !path)
    return fail(error, CNN_BAD_ARGUMENT, "no model or no path");
  std::vector<SafetensorsTensor> tensors;
  Bytes storage;
  if (cnn_status status = collectWeights(model, tensors, storage, error); status != CNN_OK)
    return status;
  return writeSafetensors(path, tensors, {{"model", cnn_model_description(model)->name}}, error);
}

cnn_status cnn_read_samples(const char *path, const cnn_tensor_desc *tensor, void **samples, int64_t *count,
                            cnn_error *error) {
  if (!path || !tensor || !samples || !count)
    return fail(error, CNN_BAD_ARGUMENT, "no path, tensor or result");
  std::unique_ptr<ByteReader> reader;
  if (cnn_status status = openMaybeGzip(path, reader, error); status != CNN_OK)
    return status;
  // The first byte tells the two formats apart; the file is then read from its start again.
  uint8_t first = 0;
  if (cnn_status status = reader->read(&first, 1, error); status != CNN_OK)
    return status;
  ArrayHeader header;
  Bytes data, converted;
  cnn_status status = openMaybeGzip(path, reader, error);
  if (status == CNN_OK)
    status = first == 0 ? readIdxHeader(*reader, header, error) : readNpyHeader(*reader, header, error);
  if (status == CNN_OK)
    status = checkSamples(path, header, *tensor, /*singleToo=*/true, count, error);
  if (status == CNN_OK)
    status = readArrayData(*reader, header, data, error);
  if (status == CNN_OK)
    status = convertNumbers(path, header, std::move(data), tensor->dtype, converted, error);
  if (status == CNN_OK)
    status = checkLabels(path, tensor->class_count, converted, error);
  if (status == CNN_OK)
    *samples = converted.release();
  return status;
}

void cnn_free_samples(void *samples) { std::free(samples); }

cnn_status cnn_write_samples(const char *path, const cnn_tensor_desc *tensor, const void *samples, int64_t count,
                             cnn_error *error) {
  if (!path || !tensor || !samples || count < 0)
    return fail(error, CNN_BAD_ARGUMENT, "no path, tensor or samples");
  std::vector<int64_t> shape = {count};
  shape.insert(shape.end(), tensor->shape, tensor->shape + tensor->rank);
  return writeNpy(path, tensor->dtype, shape, samples, error);
}
