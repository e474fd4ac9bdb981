/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* keep_weights FILE: writes the first weights of the model MODEL to a file, and reads them into another model. */
#include "cnn/training.h"

#include <stdio.h>
#include <string.h>

extern const cnn_model_desc MODEL;

static int fail(const char *text) {
  fprintf(stderr, "keep_weights: %s\n", text);
  return 1;
}

int main(int argc, char **argv) {
  if (argc != 2)
    return fail("usage: keep_weights FILE");
  cnn_model *first, *second;
  cnn_error error;
  if (cnn_model_create(&MODEL, &first) != CNN_OK || cnn_model_create(&MODEL, &second) != CNN_OK ||
      cnn_model_initialize(first, 1) != CNN_OK)
    return fail("cannot make the models");
  if (cnn_save_weights(first, argv[1], &error) != CNN_OK || cnn_load_weights(second, argv[1], &error) != CNN_OK)
    return fail(error.text);
  if (memcmp(cnn_model_parameters(first), cnn_model_parameters(second), MODEL.parameter_bytes) != 0)
    return fail("the weights differ");
  puts("the same weights");
  cnn_model_destroy(second);
  cnn_model_destroy(first);
  return 0;
}
