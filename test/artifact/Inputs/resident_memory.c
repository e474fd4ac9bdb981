/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* resident_memory LIBRARY [BATCH]: loads a compiled model, runs it on zeros, and compares the most memory that was ever
 * resident with what the model has to have: its weights, what is derived from them, and the arena. Exit code 1 if there
 * are more than 8 MB beside that. What the program had before, its samples among it, does not count. */
#include "cnn/runtime.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int fail(const char *text) {
  fprintf(stderr, "resident_memory: %s\n", text);
  return 2;
}

/* In bytes; 0 if Linux does not say. */
static double mostResident(void) {
  char line[256];
  long long kilobytes = 0;
  FILE *file = fopen("/proc/self/status", "r");
  while (file && fgets(line, sizeof line, file))
    if (sscanf(line, "VmHWM: %lld", &kilobytes) == 1)
      break;
  if (file)
    fclose(file);
  return (double)kilobytes * 1024;
}

/* Samples whose pages are there: not zeros, which the system would only promise. */
static void *makeSamples(const cnn_tensor_desc *tensor, size_t batch) {
  size_t bytes = batch * cnn_tensor_sample_bytes(tensor);
  char *samples = malloc(bytes);
  if (samples)
    memset(samples, 1, bytes);
  return samples;
}

int main(int argc, char **argv) {
  enum { most = 16 };
  const void *inputs[most];
  void *outputs[most];
  cnn_error error;
  cnn_library *library;
  cnn_model *model;
  cnn_run *run;
  if (argc != 2 && argc != 3)
    return fail("usage: resident_memory LIBRARY [BATCH]");
  int batch = argc == 3 ? atoi(argv[2]) : 1;
  if (cnn_library_open(argv[1], &library, &error) != CNN_OK)
    return fail(error.text);
  const cnn_model_desc *desc = cnn_library_model(library);
  if (batch < 1 || desc->infer.input_count > most || desc->infer.output_count > most)
    return fail("a batch below 1, or too many inputs or outputs");
  for (int64_t i = 0; i < desc->infer.input_count; ++i)
    inputs[i] = makeSamples(&desc->infer.inputs[i], (size_t)batch);
  for (int64_t i = 0; i < desc->infer.output_count; ++i)
    outputs[i] = makeSamples(&desc->infer.outputs[i], (size_t)batch);
  double before = mostResident();

  if (cnn_model_create(desc, &model) != CNN_OK || cnn_run_create(model, batch, &run) != CNN_OK)
    return fail("no memory");
  if (!desc->embedded_parameters && cnn_model_initialize(model, 1) != CNN_OK)
    return fail("cannot initialize");
  for (int i = 0; i < 3; ++i)
    if (cnn_run_infer(run, batch, inputs, outputs) != CNN_OK)
      return fail("cannot run");

  double weights = (double)(desc->parameter_bytes + desc->state_bytes + desc->derived_bytes);
  double arena = (double)desc->infer.arena_fixed_bytes + batch * (double)desc->infer.arena_sample_bytes;
  double more = mostResident() - before - weights - arena, megabyte = 1024 * 1024;
  printf("%s, batch %d, %lld threads: weights %.1f MB, arena %.1f MB, and %.1f MB beside them\n", desc->name, batch,
         (long long)cnn_get_threads(), weights / megabyte, arena / megabyte, more / megabyte);
  return before == 0 || more > 8 * megabyte;
}
