/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#define _GNU_SOURCE
#include "test/backends/ops/CallFunction.h"

#include "runtime/abi/support.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { FRONT_FILL = 0x5a, MAX_VALUES = 1024 };

/* Memory whose last byte lies in front of a page that cannot be touched: reading or writing beyond it ends the test.
 * What lies in front of the first byte is checked. */
typedef struct Guarded {
  unsigned char *start, *data;
  size_t mapped;
} Guarded;

/* All of one call. */
typedef struct Buffers {
  Guarded list[2 * MAX_VALUES];
  int64_t count;
} Buffers;

static void *allocate(Buffers *buffers, size_t bytes, unsigned char fill) {
  size_t page = (size_t)sysconf(_SC_PAGESIZE);
  Guarded *guarded = &buffers->list[buffers->count++];
  guarded->mapped = (bytes + CNN_ALIGNMENT + page - 1) / page * page + page;
  guarded->start = mmap(NULL, guarded->mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (guarded->start == MAP_FAILED || mprotect(guarded->start + guarded->mapped - page, page, PROT_NONE) != 0)
    abort();
  guarded->data = guarded->start + guarded->mapped - page - bytes;
  memset(guarded->start, FRONT_FILL, (size_t)(guarded->data - guarded->start));
  memset(guarded->data, fill, bytes);
  return guarded->data;
}

/* Gives all of them back, and says whether nothing was written in front of one. */
static int releaseAll(Buffers *buffers) {
  int isIntact = 1;
  for (int64_t i = 0; i < buffers->count; ++i) {
    Guarded *guarded = &buffers->list[i];
    for (unsigned char *byte = guarded->start; byte < guarded->data; ++byte)
      isIntact &= *byte == FRONT_FILL;
    munmap(guarded->start, guarded->mapped);
  }
  return isIntact;
}

/* Runs the pieces of a range from the last to the first, in sizes that divide nothing. */
static void runInPieces(void *context, cnn_kernel_fn kernel, void *arguments, int64_t count) {
  static const int64_t sizes[] = {1, 3, 2, 5, 11, 7};
  size_t *next = context;
  for (int64_t end = count; end > 0;) {
    int64_t begin = end - sizes[(*next)++ % 6];
    begin = begin < 0 ? 0 : begin;
    kernel(arguments, begin, end);
    end = begin;
  }
}

static int isWeight(const TestValue *value) { return value->name[0] != 0; }

static const char *setWeights(cnn_model *model, const TestCall *call) {
  for (int64_t i = 0; i < call->inputCount; ++i) {
    const TestValue *value = &call->inputs[i];
    if (isWeight(value) && cnn_weight_index(cnn_model_description(model), value->name) >= 0 &&
        cnn_model_set_weight(model, value->name, value->data, value->bytes) != CNN_OK)
      return "a weight is not of the expected size";
  }
  return NULL;
}

/* What is computed from the weights, in `derived`. */
static const char *deriveWeights(cnn_model *model, unsigned char *derived) {
  const cnn_model_desc *desc = cnn_model_description(model);
  for (int64_t i = 0; i < desc->derived_count; ++i) {
    const cnn_weight_desc *weight = &desc->weights[desc->derived[i].weight];
    size_t bytes = (size_t)cnn_weight_elements(weight) * sizeof(float);
    float *values = malloc(bytes);
    if (!values || cnn_model_get_weight_at(model, desc->derived[i].weight, values, bytes) != CNN_OK)
      return "a weight that others are derived from cannot be read";
    cnn_derive_weight(&desc->derived[i], weight, values, (float *)(derived + desc->derived[i].offset));
    free(values);
  }
  return NULL;
}

static const char *runFunction(cnn_model *model, const TestCall *test, Buffers *buffers) {
  const cnn_model_desc *desc = cnn_model_description(model);
  const cnn_function_desc *function = desc->train_step.entry ? &desc->train_step : &desc->infer;
  const void *inputs[MAX_VALUES];
  void *outputs[MAX_VALUES], *results[MAX_VALUES];
  int64_t inputCount = 0, outputCount = 0;
  if (test->inputCount > MAX_VALUES || test->resultCount > MAX_VALUES - 8)
    return "too many values";
  for (int64_t i = 0; i < test->inputCount; ++i)
    if (!isWeight(&test->inputs[i])) {
      void *data = allocate(buffers, test->inputs[i].bytes, 0);
      memcpy(data, test->inputs[i].data, test->inputs[i].bytes);
      inputs[inputCount++] = data;
    }
  for (int64_t i = 0; i < test->resultCount; ++i)
    if (!isWeight(&test->results[i]))
      outputs[outputCount++] = results[i] = allocate(buffers, test->results[i].bytes, test->fill);
  if (inputCount != function->input_count || outputCount != function->output_count)
    return "the description has another number of inputs or outputs";
  const char *problem = setWeights(model, test);
  if (problem)
    return problem;

  /* Everything is what the description says and not a byte more. */
  size_t arenaBytes = (size_t)(function->arena_fixed_bytes + test->batch * function->arena_sample_bytes);
  size_t scratchBytes = cnn_scratch_pool_bytes(function->scratch_bytes);
  size_t flagBytes = (size_t)CNN_SCRATCH_SLOTS * CNN_ALIGNMENT;
  size_t pieces = 0;
  cnn_call call = {0};
  call.batch = test->batch;
  call.seed = (uint64_t)test->seed;
  call.step = (uint64_t)test->step;
  call.rate = test->rate;
  call.inputs = inputs;
  call.outputs = outputs;
  call.parameters = allocate(buffers, desc->parameter_bytes, test->fill);
  call.derived = allocate(buffers, desc->derived_bytes, test->fill);
  call.arena = allocate(buffers, arenaBytes, test->fill);
  call.scratch = allocate(buffers, scratchBytes, test->fill);
  memset(call.scratch, 0, scratchBytes < flagBytes ? scratchBytes : flagBytes);
  call.parallel_for = test->isSplit ? runInPieces : NULL;
  call.parallel_context = &pieces;
  memcpy(call.parameters, cnn_model_parameters(model), desc->parameter_bytes);
  problem = deriveWeights(model, (unsigned char *)call.derived);
  if (problem)
    return problem;
  function->entry(&call);

  memcpy(cnn_model_parameters(model), call.parameters, desc->parameter_bytes);
  for (int64_t i = 0; i < test->resultCount; ++i) {
    TestValue *result = &test->results[i];
    if (!isWeight(result))
      memcpy(result->data, results[i], result->bytes);
    else if (cnn_model_get_weight(model, result->name, result->data, result->bytes) != CNN_OK)
      return "a new weight is not of the expected size";
  }
  return NULL;
}

const char *testCallFunction(const cnn_model_desc *desc, const TestCall *call) {
  cnn_model *model;
  if (cnn_model_create(desc, &model) != CNN_OK)
    return "the model cannot be created";
  Buffers *buffers = calloc(1, sizeof(Buffers));
  const char *problem = buffers ? runFunction(model, call, buffers) : "out of memory";
  if (buffers && !releaseAll(buffers) && !problem)
    problem = "memory in front of a buffer has been written";
  free(buffers);
  cnn_model_destroy(model);
  return problem;
}
