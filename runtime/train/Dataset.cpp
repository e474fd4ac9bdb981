// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/train/Dataset.h"

#include "runtime/files/Idx.h"
#include "runtime/files/Npy.h"
#include "runtime/train/ImageFolder.h"

#include <cstring>
#include <zlib.h>

namespace cnn::runtime {

namespace {

// Samples that are all in memory.
class ArraySamples final : public FieldSamples {
public:
  ArraySamples(Bytes data, int64_t samples) : data(std::move(data)), samples(samples) {}
  int64_t count() const override { return samples; }
  cnn_status read(int64_t sample, uint8_t *to, cnn_error *) const override {
    uint64_t bytes = data.size() / static_cast<uint64_t>(samples);
    std::memcpy(to, data.data() + static_cast<uint64_t>(sample) * bytes, bytes);
    return CNN_OK;
  }
  uint64_t fingerprint() const override { return crc32_z(0, data.data(), data.size()); }

private:
  Bytes data;
  int64_t samples;
};

cnn_status openArray(const cnn_field &field, int32_t format, const char *path, const cnn_tensor_desc &tensor,
                     std::unique_ptr<FieldSamples> &samples, cnn_error *error) {
  if (field.class_count > 0 && tensor.dtype != CNN_I32)
    return fail(error, CNN_BAD_ARGUMENT, "field '%s' has classes, expected type i32, found %s", field.name,
                cnn_dtype_name(tensor.dtype));
  std::unique_ptr<ByteReader> reader;
  ArrayHeader header;
  Bytes data, converted;
  int64_t count = 0;
  cnn_status status = openMaybeGzip(path, reader, error);
  if (status == CNN_OK)
    status = format == CNN_FIELD_IDX ? readIdxHeader(*reader, header, error) : readNpyHeader(*reader, header, error);
  if (status == CNN_OK)
    status = checkSamples(path, header, tensor, /*singleToo=*/false, &count, error);
  if (status == CNN_OK)
    status = readArrayData(*reader, header, data, error);
  if (status == CNN_OK)
    status = convertNumbers(path, header, std::move(data), tensor.dtype, converted, error);
  if (status == CNN_OK)
    status = checkLabels(path, field.class_count, converted, error);
  if (status == CNN_OK)
    samples = std::make_unique<ArraySamples>(std::move(converted), count);
  return status;
}

} // namespace

cnn_status openField(const cnn_field &field, bool test, const cnn_tensor_desc &tensor,
                     std::unique_ptr<FieldSamples> &samples, cnn_error *error) {
  int32_t format = test ? field.test_format : field.format;
  const char *path = test ? field.test_path : field.path;
  switch (format) {
  case CNN_FIELD_IDX:
  case CNN_FIELD_NPY:
    return openArray(field, format, path, tensor, samples, error);
  case CNN_FIELD_FOLDER:
    return openImageFolder(field, test, tensor, samples, error);
  }
  return fail(error, CNN_BAD_ARGUMENT, "field '%s' has no known format", field.name);
}

cnn_status openDataset(const cnn_train_config &config, const cnn_function_desc &function, bool test, Dataset &dataset,
                       cnn_error *error) {
  for (int64_t i = 0; i < config.field_count; ++i) {
    const cnn_field &field = config.fields[i];
    const char *path = test ? field.test_path : field.path;
    if (!path)
      return fail(error, CNN_BAD_ARGUMENT, "field '%s' has no %s part", field.name, test ? "test" : "training");
    std::unique_ptr<FieldSamples> samples;
    if (cnn_status status = openField(field, test, function.inputs[i], samples, error); status != CNN_OK)
      return status;
    if (i == 0)
      dataset.count = samples->count();
    else if (samples->count() != dataset.count)
      return fail(error, CNN_BAD_FILE, "%s: expected %lld samples as in %s, found %lld", path,
                  static_cast<long long>(dataset.count), test ? config.fields[0].test_path : config.fields[0].path,
                  static_cast<long long>(samples->count()));
    dataset.fields.push_back(std::move(samples));
    dataset.tensors.push_back(function.inputs[i]);
  }
  return CNN_OK;
}

} // namespace cnn::runtime
