/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* Lists a compiled model and runs it on zeros with two threads: one loaded from the path in the first argument, or,
 * with -DMODEL=NAME_model_desc, one that the program is linked with. */
#include "cnn/runtime.h"

#include <stdio.h>
#include <stdlib.h>

enum { samples = 3 };

#ifdef MODEL
extern const cnn_model_desc MODEL;
#endif

static int fail(const char *text) {
  fprintf(stderr, "load_model: %s\n", text);
  return 1;
}

static void *zeros(const cnn_tensor_desc *tensor) { return calloc(samples, cnn_tensor_sample_bytes(tensor)); }

int main(int argc, char **argv) {
  const cnn_model_desc *desc;
#ifdef MODEL
  (void)argc, (void)argv;
  desc = &MODEL;
#else
  cnn_error error;
  cnn_library *library;
  if (argc != 2)
    return fail("usage: load_model LIBRARY");
  if (cnn_library_open(argv[1], &library, &error) != CNN_OK)
    return fail(error.text);
  desc = cnn_library_model(library);
#endif
  char text[8192];
  if (cnn_describe_model(desc, text, sizeof text) > sizeof text)
    return fail("the listing is too long");
  fputs(text, stdout);

  cnn_model *model;
  cnn_run *run;
  cnn_status status = cnn_set_threads(2);
  if (status == CNN_OK)
    status = cnn_model_create(desc, &model);
  if (status == CNN_OK)
    status = cnn_model_initialize(model, 1);
  if (status == CNN_OK)
    status = cnn_run_create(model, 2, &run);
  if (status != CNN_OK)
    return fail(cnn_status_text(status));
  void *input = zeros(desc->infer.inputs), *output = zeros(desc->infer.outputs);
  status = cnn_run_infer(run, samples, (const void *const[]){input}, (void *const[]){output});
  if (status != CNN_OK)
    return fail(cnn_status_text(status));
  printf("%d samples with %lld threads, first score %g\n", samples, (long long)cnn_get_threads(),
         (double)((float *)output)[0]);
  free(input);
  free(output);
  cnn_run_destroy(run);
  cnn_model_destroy(model);
#ifndef MODEL
  cnn_library_close(library);
#endif
  return 0;
}
