/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* Does compiled code stay inside its buffers?
 *
 *     guard_pages [--small-arena] libNAME.so      runs every function of the model at odd batch sizes
 *
 * Each buffer of a call has pages to itself, between two guards, memory that cannot be touched: once it ends where the
 * upper guard begins, once it begins where the lower one ends. What a function may not write (inputs; in infer and
 * evaluate also the weights) is read-only. The results must be the same bytes each time, although the arena holds
 * different garbage (zeros, NaNs, large numbers) and the kernels are cut up differently. Prints "ok", or which buffer
 * was left.
 *
 * --small-arena gives half the arena that the description asks for, which must be noticed.
 */
#define _GNU_SOURCE
#include "runtime/abi/model.h"

#include <dlfcn.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { MAX_BUFFERS = 64, PAGE = 4096, GUARD = 1 << 20 };

typedef enum Place { AT_END, AT_BEGIN } Place;

typedef struct Buffer {
  const char *name;
  unsigned char *pages, *data;
  size_t pageBytes, bytes;
} Buffer;

static Buffer buffers[MAX_BUFFERS];
static int bufferCount;
static char situation[256];

static void fail(const char *what) {
  printf("%s: %s\n", situation, what);
  exit(1);
}

/* Says which buffer the address belongs to. A test may print from a signal handler: the program ends here. */
static void onFault(int signal, siginfo_t *info, void *context) {
  (void)signal, (void)context;
  unsigned char *address = info->si_addr;
  for (int i = 0; i < bufferCount; ++i) {
    Buffer *buffer = &buffers[i];
    /* Half of each guard, because the next buffer's may follow. */
    if (address < buffer->pages + GUARD / 2 || address >= buffer->pages + buffer->pageBytes - GUARD / 2)
      continue;
    if (address < buffer->data)
      printf("%s: %ld bytes below %s of %zu bytes\n", situation, (long)(buffer->data - address), buffer->name,
             buffer->bytes);
    else if (address >= buffer->data + buffer->bytes)
      printf("%s: %ld bytes behind the end of %s of %zu bytes\n", situation,
             (long)(address - buffer->data - buffer->bytes), buffer->name, buffer->bytes);
    else
      printf("%s: write to %s, byte %ld of %zu\n", situation, buffer->name, (long)(address - buffer->data),
             buffer->bytes);
    fflush(stdout);
    _exit(1);
  }
  printf("%s: access to %p, which is in no buffer\n", situation, (void *)address);
  fflush(stdout);
  _exit(1);
}

/* A buffer of its own pages, filled with one byte. `alignment` is a power of two. */
static Buffer *makeBuffer(const char *name, size_t bytes, size_t alignment, Place place, int fill) {
  if (bufferCount == MAX_BUFFERS)
    fail("too many buffers");
  Buffer *buffer = &buffers[bufferCount++];
  size_t inner = (bytes + PAGE - 1) / PAGE * PAGE;
  buffer->name = name;
  buffer->bytes = bytes;
  buffer->pageBytes = inner + 2 * GUARD;
  buffer->pages = mmap(NULL, buffer->pageBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (buffer->pages == MAP_FAILED)
    fail("no memory");
  memset(buffer->pages + GUARD, 0xC3, inner);
  buffer->data = buffer->pages + GUARD + (place == AT_END ? (inner - bytes) / alignment * alignment : 0);
  memset(buffer->data, fill, bytes);
  mprotect(buffer->pages, GUARD, PROT_NONE);
  mprotect(buffer->pages + GUARD + inner, GUARD, PROT_NONE);
  return buffer;
}

static void protect(Buffer *buffer) { mprotect(buffer->pages + GUARD, buffer->pageBytes - 2 * GUARD, PROT_READ); }

/* What alignment leaves between the buffer and its guards is looked at afterwards. */
static void freeBuffers(void) {
  for (int i = 0; i < bufferCount; ++i) {
    Buffer *buffer = &buffers[i];
    unsigned char *end = buffer->pages + buffer->pageBytes - GUARD;
    for (unsigned char *byte = buffer->pages + GUARD; byte < end; ++byte)
      if ((byte < buffer->data || byte >= buffer->data + buffer->bytes) && *byte != 0xC3)
        fail("written between a buffer and its guard");
    munmap(buffer->pages, buffer->pageBytes);
  }
  bufferCount = 0;
}

/* ---- Values: sound ones, the same in every call ---- */

static uint32_t state;
static uint32_t nextNumber(void) { return (state = state * 1664525u + 1013904223u) >> 8; }
static float nextReal(void) { return (float)nextNumber() / (1 << 24); }

static void fillTensor(const cnn_tensor_desc *tensor, unsigned char *data, size_t bytes) {
  if (tensor->dtype == CNN_U8)
    for (size_t i = 0; i < bytes; ++i)
      data[i] = (unsigned char)nextNumber();
  else if (tensor->dtype == CNN_I32)
    for (size_t i = 0; i < bytes / 4; ++i) /* labels, some of them wrong */
      ((int32_t *)(void *)data)[i] = (int32_t)(nextNumber() % 12) - 2;
  else if (tensor->dtype == CNN_F32)
    for (size_t i = 0; i < bytes / 4; ++i)
      ((float *)(void *)data)[i] = 2 * nextReal() - 1;
  else
    fail("a type that this test cannot fill");
}

static size_t sampleBytes(const cnn_tensor_desc *tensor) {
  size_t bytes = tensor->dtype == CNN_U8 ? 1 : tensor->dtype == CNN_I64 ? 8 : 4;
  for (int i = 0; i < tensor->rank; ++i)
    bytes *= (size_t)tensor->shape[i];
  return bytes;
}

static void inPieces(void *context, cnn_kernel_fn kernel, void *arguments, int64_t count) {
  (void)context;
  for (int64_t end = count, size = 1; end > 0; end -= size, size = size % 5 + 1)
    kernel(arguments, end > size ? end - size : 0, end);
}

/* ---- One call ---- */

/* Everything the function wrote, appended to `results`; answers the bytes. */
static size_t call(const cnn_model_desc *model, const cnn_function_desc *function, int64_t batch, Place place, int fill,
                   int smallArena, unsigned char *results) {
  int isTraining = function == &model->train_step, isInference = function == &model->infer;
  const void *inputs[MAX_BUFFERS];
  void *outputs[MAX_BUFFERS];
  Buffer *written[MAX_BUFFERS];
  int writtenCount = 0;
  state = 1;
  for (int64_t i = 0; i < function->input_count; ++i) {
    const cnn_tensor_desc *tensor = &function->inputs[i];
    size_t bytes = (size_t)batch * sampleBytes(tensor);
    Buffer *buffer = makeBuffer(tensor->name, bytes, 1, place, 0);
    fillTensor(tensor, buffer->data, bytes);
    protect(buffer);
    inputs[i] = buffer->data;
  }
  for (int64_t i = 0; i < function->output_count; ++i) {
    size_t bytes = isInference ? (size_t)batch * sampleBytes(&function->outputs[i]) : sizeof(float);
    written[writtenCount] = makeBuffer(function->outputs[i].name, bytes, 1, place, 0x11);
    outputs[i] = written[writtenCount++]->data;
  }
  Buffer *parameters = makeBuffer("parameters", model->parameter_bytes, CNN_ALIGNMENT, place, 0);
  for (size_t i = 0; i < model->parameter_bytes / 4; ++i)
    ((float *)(void *)parameters->data)[i] = 0.4f * nextReal() - 0.2f;
  Buffer *states = makeBuffer("states", model->state_bytes, CNN_ALIGNMENT, place, 0);
  for (size_t i = 0; i < model->state_bytes / 4; ++i)
    ((float *)(void *)states->data)[i] = 0.5f + nextReal();
  Buffer *derived = makeBuffer("derived", model->derived_bytes, CNN_ALIGNMENT, place, 0);
  for (size_t i = 0; i < model->derived_bytes / 4; ++i)
    ((float *)(void *)derived->data)[i] = 0.4f * nextReal() - 0.2f;
  protect(derived);
  Buffer *slots = makeBuffer("slots", isTraining ? model->slot_bytes : 0, CNN_ALIGNMENT, place, 0);
  size_t arenaBytes = function->arena_fixed_bytes + (size_t)batch * function->arena_sample_bytes;
  if (smallArena)
    arenaBytes /= 2;
  Buffer *arena = makeBuffer("arena", arenaBytes, CNN_ALIGNMENT, place, fill);
  size_t slotBytes = (function->scratch_bytes + CNN_ALIGNMENT - 1) / CNN_ALIGNMENT * CNN_ALIGNMENT;
  size_t scratchBytes = slotBytes ? CNN_SCRATCH_SLOTS * (CNN_ALIGNMENT + slotBytes) : 0;
  Buffer *scratch = makeBuffer("scratch", scratchBytes, CNN_ALIGNMENT, place, fill);
  if (slotBytes)
    memset(scratch->data, 0, CNN_SCRATCH_SLOTS * CNN_ALIGNMENT);
  if (isTraining) {
    written[writtenCount++] = parameters;
    written[writtenCount++] = states;
    written[writtenCount++] = slots;
  } else {
    protect(parameters);
    protect(states);
  }
  cnn_call arguments;
  memset(&arguments, 0, sizeof arguments);
  arguments.batch = batch;
  arguments.inputs = inputs;
  arguments.outputs = outputs;
  arguments.parameters = parameters->data;
  arguments.states = states->data;
  arguments.derived = derived->data;
  arguments.slots = slots->data;
  arguments.arena = arena->data;
  arguments.scratch = scratch->data;
  arguments.seed = 3;
  arguments.rate = 0.05f;
  arguments.parallel_for = place == AT_END ? inPieces : NULL;
  function->entry(&arguments);
  size_t bytes = 0;
  for (int i = 0; i < writtenCount; ++i) {
    memcpy(results + bytes, written[i]->data, written[i]->bytes);
    bytes += written[i]->bytes;
  }
  for (int64_t i = 0; i < function->output_count; ++i)
    for (size_t k = 0; k < written[i]->bytes / 4; ++k) {
      float value;
      memcpy(&value, written[i]->data + 4 * k, sizeof value);
      if (!(value > -1e30f && value < 1e30f))
        fail("an output is not finite");
    }
  freeBuffers();
  return bytes;
}

static void test(const cnn_model_desc *model, const cnn_function_desc *function, const char *name, int smallArena) {
  static const int64_t batches[] = {1, 2, 3, 5, 7, 13, 17, 33};
  for (size_t i = 0; i < sizeof batches / sizeof *batches; ++i) {
    size_t most = model->parameter_bytes + model->state_bytes + model->slot_bytes;
    for (int64_t k = 0; k < function->output_count; ++k)
      most += (size_t)batches[i] * sampleBytes(&function->outputs[k]) + sizeof(float);
    unsigned char *expected = malloc(most), *results = malloc(most);
    if (!expected || !results)
      fail("no memory");
    static const int fills[] = {0x00, 0xFF, 0x7E};
    for (int k = 0; k < 6; ++k) {
      Place place = k % 2 ? AT_BEGIN : AT_END;
      snprintf(situation, sizeof situation, "%s of %s, batch %d, guard %s, arena of %02x", name, model->name,
               (int)batches[i], place == AT_END ? "behind" : "below", (unsigned)fills[k / 2]);
      size_t bytes = call(model, function, batches[i], place, fills[k / 2], smallArena, k ? results : expected);
      if (k && memcmp(expected, results, bytes) != 0)
        fail("other results than at the first call");
    }
    free(expected);
    free(results);
  }
}

int main(int count, char **words) {
  int smallArena = count == 3 && strcmp(words[1], "--small-arena") == 0;
  if (count != 2 + smallArena || sysconf(_SC_PAGESIZE) != PAGE)
    return 2;
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_sigaction = onFault;
  action.sa_flags = SA_SIGINFO;
  sigaction(SIGSEGV, &action, NULL);
  sigaction(SIGBUS, &action, NULL);
  void *library = dlopen(words[count - 1], RTLD_NOW);
  const cnn_model_desc *model = library ? dlsym(library, CNN_MODEL_SYMBOL) : NULL;
  if (!model) {
    printf("%s\n", dlerror());
    return 1;
  }
  test(model, &model->infer, "infer", smallArena);
  if (model->evaluate.entry)
    test(model, &model->evaluate, "evaluate", smallArena);
  if (model->train_step.entry)
    test(model, &model->train_step, "train_step", smallArena);
  puts("ok");
  return 0;
}
