// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Checking and listing the tables of a model's description.
#include "runtime/cpu/Error.h"

#include <cstdarg>
#include <cstdio>
#include <set>
#include <string_view>

using namespace cnn::runtime;

const char *cnn_dtype_name(int32_t dtype) {
  switch (dtype) {
  case CNN_F32:
    return "f32";
  case CNN_U8:
    return "u8";
  case CNN_I32:
    return "i32";
  case CNN_I64:
    return "i64";
  }
  return "?";
}

namespace {

bool soundShape(int32_t dtype, int32_t rank, const int64_t *shape) {
  if (cnn_dtype_bytes(dtype) == 0 || rank < 0 || rank > CNN_MAX_RANK || (rank > 0 && !shape))
    return false;
  int64_t count = static_cast<int64_t>(cnn_dtype_bytes(dtype));
  for (int32_t i = 0; i < rank; ++i)
    if (shape[i] < 1 || __builtin_mul_overflow(count, shape[i], &count))
      return false;
  return true;
}

cnn_status checkTensors(const char *function, const char *role, int64_t count, const cnn_tensor_desc *tensors,
                        cnn_error *error) {
  if (count < 0 || (count > 0 && !tensors))
    return fail(error, CNN_INCOMPATIBLE, "%s has %lld %s without a table", function, static_cast<long long>(count),
                role);
  for (int64_t i = 0; i < count; ++i)
    if (!tensors[i].name || !soundShape(tensors[i].dtype, tensors[i].rank, tensors[i].shape))
      return fail(error, CNN_INCOMPATIBLE, "%s: entry %lld of the %s has no sound name, type or shape", function,
                  static_cast<long long>(i), role);
    else if (int64_t classes = tensors[i].class_count;
             classes < 0 || (classes > 0 && (tensors[i].dtype != CNN_I32 || tensors[i].rank != 0)))
      return fail(error, CNN_INCOMPATIBLE, "%s: '%s' of the %s is no label, but has %lld classes", function,
                  tensors[i].name, role, static_cast<long long>(classes));
  return CNN_OK;
}

cnn_status checkFunction(const char *name, const cnn_function_desc &function, cnn_error *error) {
  if (!function.entry)
    return CNN_OK;
  if (cnn_status status = checkTensors(name, "inputs", function.input_count, function.inputs, error); status != CNN_OK)
    return status;
  if (function.launch_count < 0 || (function.launch_count > 0 && !function.launches))
    return fail(error, CNN_INCOMPATIBLE, "the launches of %s have no table", name);
  for (int64_t i = 0; i < function.launch_count; ++i)
    if (!function.launches[i].layers || !function.launches[i].ops || !function.launches[i].algorithm ||
        !function.launches[i].tile)
      return fail(error, CNN_INCOMPATIBLE, "a launch of %s has no name", name);
  if (function.scratch_bytes > 0 && cnn_scratch_pool_bytes(function.scratch_bytes) == 0)
    return fail(error, CNN_INCOMPATIBLE, "%s has scratch memory of %llu bytes for each thread, which is too much", name,
                static_cast<unsigned long long>(function.scratch_bytes));
  return checkTensors(name, "outputs", function.output_count, function.outputs, error);
}

cnn_status checkWeight(const cnn_model_desc *desc, const cnn_weight_desc &weight, cnn_error *error) {
  if (!weight.path)
    return fail(error, CNN_INCOMPATIBLE, "a weight has no path");
  if (!soundShape(weight.dtype, weight.rank, weight.shape) || (weight.rank > 0 && !weight.storage) ||
      (weight.kind != CNN_PARAMETER && weight.kind != CNN_STATE))
    return fail(error, CNN_INCOMPATIBLE, "weight '%s' has no sound type or shape", weight.path);
  bool isSplit = weight.block != 0;
  if (isSplit && (weight.rank < 1 || weight.block < 0 || weight.storage[0] < 0 || weight.storage[0] >= weight.rank ||
                  weight.storage[0] != weight.storage[weight.rank] || weight.shape[weight.storage[0]] % weight.block))
    return fail(error, CNN_INCOMPATIBLE, "the blocks of weight '%s' are not sound", weight.path);
  unsigned seen = 0;
  for (int32_t i = isSplit; i < weight.rank + isSplit; ++i)
    if (weight.storage[i] >= 0 && weight.storage[i] < weight.rank)
      seen |= 1u << weight.storage[i];
  if (seen != (1u << weight.rank) - 1)
    return fail(error, CNN_INCOMPATIBLE, "the storage order of weight '%s' is not a permutation", weight.path);
  uint64_t block = weight.kind == CNN_STATE ? desc->state_bytes : desc->parameter_bytes;
  uint64_t bytes = cnn_weight_bytes(&weight);
  if (bytes > block || weight.offset > block - bytes || weight.offset % CNN_ALIGNMENT)
    return fail(error, CNN_INCOMPATIBLE, "weight '%s' lies outside its block", weight.path);
  return CNN_OK;
}

cnn_status checkDerived(const cnn_model_desc *desc, const cnn_derived_desc &derived, cnn_error *error) {
  if (derived.weight < 0 || derived.weight >= desc->weight_count)
    return fail(error, CNN_INCOMPATIBLE, "values are derived from weight %lld, but there are %lld",
                static_cast<long long>(derived.weight), static_cast<long long>(desc->weight_count));
  const cnn_weight_desc &weight = desc->weights[derived.weight];
  bool isInPairs = derived.kind == CNN_DERIVED_WINOGRAD_BF16;
  bool isWinograd = (derived.kind == CNN_DERIVED_WINOGRAD || isInPairs) && (derived.tile == 2 || derived.tile == 4);
  bool isPacked = derived.kind == CNN_DERIVED_PACKED_BF16 && derived.tile == 2;
  if (!isWinograd && !isPacked)
    return fail(error, CNN_INCOMPATIBLE, "what is derived from weight '%s' is of an unknown kind", weight.path);
  bool isFilter = weight.kind == CNN_PARAMETER && weight.dtype == CNN_F32 && weight.rank >= 2;
  if (isWinograd) {
    bool isImage = isFilter && (weight.rank == 4 || weight.rank == 5);
    int64_t kernel = isImage ? weight.shape[weight.rank - 1] : 0;
    bool isOfKernel = kernel == 3 || (kernel == 5 && derived.tile == 2);
    if (!isOfKernel || weight.shape[weight.rank - 2] != kernel)
      return fail(error, CNN_INCOMPATIBLE, "weight '%s', from which values are derived, has no filters of 3 x 3%s",
                  weight.path, derived.tile == 2 ? " or 5 x 5" : "");
  }
  if (isInPairs && weight.shape[1] % 2 != 0)
    return fail(error, CNN_INCOMPATIBLE, "weight '%s', of which values are derived in pairs, has %lld channels",
                weight.path, static_cast<long long>(weight.shape[1]));
  if (!isFilter)
    return fail(error, CNN_INCOMPATIBLE, "weight '%s', from which values are derived, has no filters", weight.path);
  if (derived.block < 0 || (derived.block > 0 && weight.shape[0] % derived.block != 0))
    return fail(error, CNN_INCOMPATIBLE, "the blocks of what is derived from weight '%s' are not sound", weight.path);
  uint64_t bytes = cnn_derived_bytes(&derived, &weight);
  if (bytes == 0 || bytes > desc->derived_bytes || derived.offset > desc->derived_bytes - bytes ||
      derived.offset % CNN_ALIGNMENT)
    return fail(error, CNN_INCOMPATIBLE, "what is derived from weight '%s' lies outside its block", weight.path);
  return CNN_OK;
}

cnn_status checkDeviceTensors(const char *part, int64_t count, const cnn_device_tensor_desc *tensors,
                              cnn_error *error) {
  if (count < 0 || (count > 0 && !tensors))
    return fail(error, CNN_INCOMPATIBLE, "%s has no table of its tensors", part);
  for (int64_t i = 0; i < count; ++i) {
    const int64_t shape[] = {tensors[i].planes, tensors[i].rows, tensors[i].columns};
    bool isKnown = tensors[i].dtype == CNN_F32 || tensors[i].dtype == CNN_U8;
    if (!tensors[i].name || !isKnown || !soundShape(tensors[i].dtype, 3, shape))
      return fail(error, CNN_INCOMPATIBLE, "%s: tensor %lld has no sound name, type or shape", part,
                  static_cast<long long>(i));
  }
  return CNN_OK;
}

cnn_status checkDeviceParts(const cnn_model_desc *desc, cnn_error *error) {
  if (desc->device_part_count == 0)
    return CNN_OK;
  if (desc->device_part_count < 0 || !desc->device_parts || !desc->device_source || !desc->device_source->open ||
      !desc->device_source->close || desc->train_step.entry)
    return fail(error, CNN_INCOMPATIBLE, "the parts for a device have no sound table");
  for (int64_t i = 0; i < desc->device_part_count; ++i) {
    const cnn_device_part_desc &part = desc->device_parts[i];
    if (!part.name || !part.program)
      return fail(error, CNN_INCOMPATIBLE, "part %lld for a device has no name or no program",
                  static_cast<long long>(i));
    if (cnn_status status = checkDeviceTensors(part.name, part.input_count, part.inputs, error); status != CNN_OK)
      return status;
    if (cnn_status status = checkDeviceTensors(part.name, part.output_count, part.outputs, error); status != CNN_OK)
      return status;
  }
  return CNN_OK;
}

// Appends to a buffer that may be too small, and counts what all of it would take.
struct Listing {
  char *text;
  size_t capacity;
  size_t used = 0;

  [[gnu::format(printf, 2, 3)]] void add(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    int length = std::vsnprintf(used < capacity ? text + used : nullptr, used < capacity ? capacity - used : 0, format,
                                arguments);
    va_end(arguments);
    used += length > 0 ? static_cast<size_t>(length) : 0;
  }
  void addTensors(const char *role, int64_t count, const cnn_tensor_desc *tensors, const char *batch) {
    for (int64_t i = 0; i < count; ++i) {
      add("  %s %s: %s[%s", role, tensors[i].name, cnn_dtype_name(tensors[i].dtype), batch);
      for (int32_t d = 0; d < tensors[i].rank; ++d)
        add("%s%lld", d || *batch ? ", " : "", static_cast<long long>(tensors[i].shape[d]));
      if (tensors[i].class_count > 0)
        add("], one of %lld classes\n", static_cast<long long>(tensors[i].class_count));
      else
        add("]\n");
    }
  }
  // The results of training functions are single values for the whole batch.
  void addFunction(const char *name, const cnn_function_desc &function, const char *outputBatch) {
    if (!function.entry)
      return;
    add("%s\n", name);
    addTensors("input", function.input_count, function.inputs, "N");
    addTensors("output", function.output_count, function.outputs, outputBatch);
  }
};

} // namespace

cnn_status cnn_check_model(const cnn_model_desc *desc, cnn_error *error) {
  if (desc->abi_version != CNN_ABI_VERSION)
    return fail(error, CNN_INCOMPATIBLE, "expected interface version %u, found %u", CNN_ABI_VERSION, desc->abi_version);
  if (desc->desc_bytes != sizeof(cnn_model_desc))
    return fail(error, CNN_INCOMPATIBLE, "expected a description of %zu bytes, found %u", sizeof(cnn_model_desc),
                desc->desc_bytes);
  if (!desc->name || !desc->producer)
    return fail(error, CNN_INCOMPATIBLE, "the description has no name");
  if (desc->weight_count < 0 || (desc->weight_count > 0 && !desc->weights))
    return fail(error, CNN_INCOMPATIBLE, "%lld weights without a table", static_cast<long long>(desc->weight_count));
  std::set<std::string_view> paths;
  for (int64_t i = 0; i < desc->weight_count; ++i) {
    if (cnn_status status = checkWeight(desc, desc->weights[i], error); status != CNN_OK)
      return status;
    if (!paths.insert(desc->weights[i].path).second)
      return fail(error, CNN_INCOMPATIBLE, "two weights have the path '%s'", desc->weights[i].path);
  }
  if (desc->derived_count < 0 || (desc->derived_count > 0 && !desc->derived))
    return fail(error, CNN_INCOMPATIBLE, "%lld derived values without a table",
                static_cast<long long>(desc->derived_count));
  if (desc->derived_count > 0 && desc->train_step.entry)
    return fail(error, CNN_INCOMPATIBLE, "a model that is trained has derived values");
  for (int64_t i = 0; i < desc->derived_count; ++i)
    if (cnn_status status = checkDerived(desc, desc->derived[i], error); status != CNN_OK)
      return status;
  if (cnn_status status = checkFunction("infer", desc->infer, error); status != CNN_OK)
    return status;
  if (cnn_status status = checkFunction("train_step", desc->train_step, error); status != CNN_OK)
    return status;
  if (cnn_status status = checkFunction("evaluate", desc->evaluate, error); status != CNN_OK)
    return status;
  return checkDeviceParts(desc, error);
}

size_t cnn_describe_model(const cnn_model_desc *desc, char *text, size_t bytes) {
  Listing listing{text, bytes};
  listing.add("model %s (%s)\n", desc->name, desc->producer);
  listing.addFunction("infer", desc->infer, "N");
  listing.addFunction("train_step", desc->train_step, "");
  listing.addFunction("evaluate", desc->evaluate, "");
  if (desc->weight_count > 0)
    listing.add("weights%s\n", desc->embedded_parameters ? " (embedded)" : "");
  for (int64_t i = 0; i < desc->weight_count; ++i) {
    const cnn_weight_desc &weight = desc->weights[i];
    listing.add("  %s %s: %s%s\n", weight.kind == CNN_STATE ? "state" : "parameter", weight.path,
                cnn_dtype_name(weight.dtype), shapeText(weight.shape, weight.rank).c_str());
  }
  return listing.used + 1;
}
