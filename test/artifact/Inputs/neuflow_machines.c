/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* Two run states of one model at the same time, one on the machine that the library brings along and one on the
 * simulator that knows time; then a machine that cannot be had, for each of the reasons that a user can meet. */
#include "LeNet5.h"
#include "cnn/neuflow.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SAMPLES = 3, PIXELS = 28 * 28, CLASSES = 10 };

typedef struct {
  const LeNet5_model *model;
  const cnn_device *device; /* NULL: the library's own */
  uint8_t image[SAMPLES * PIXELS];
  float score[SAMPLES * CLASSES];
  cnn_status status;
} Work;

static void *work(void *argument) {
  Work *mine = argument;
  LeNet5_run *run;
  mine->status = LeNet5_run_create(mine->model, 2, &run);
  if (mine->status != CNN_OK)
    return NULL;
  LeNet5_run_set_device(run, mine->device);
  mine->status = LeNet5_infer(run, SAMPLES, mine->image, mine->score);
  LeNet5_run_destroy(run);
  return NULL;
}

/* Opens a machine for the model with other parts. */
static void refuse(const cnn_device_part_desc *part, cnn_status expected) {
  cnn_model_desc desc = LeNet5_model_desc;
  desc.device_parts = part;
  cnn_neuflow *machine = NULL;
  cnn_error error;
  cnn_status status = cnn_neuflow_open(&desc, CNN_NEUFLOW_FUNCTIONAL, &machine, &error);
  assert(status == expected && error.status == expected && !machine);
  printf("%s\n", error.text);
}

int main(void) {
  LeNet5_model *model;
  cnn_neuflow *machine;
  cnn_error error;
  cnn_status status = LeNet5_create(&model);
  assert(status == CNN_OK);
  status = cnn_neuflow_open(&LeNet5_model_desc, CNN_NEUFLOW_CYCLES, &machine, &error);
  assert(status == CNN_OK);
  Work one = {.model = model}, two = {.model = model, .device = cnn_neuflow_device(machine)};
  for (int i = 0; i < SAMPLES * PIXELS; ++i)
    one.image[i] = two.image[i] = (uint8_t)(i * 7 % 251);
  pthread_t other;
  if (pthread_create(&other, NULL, work, &one) != 0)
    return 1;
  work(&two);
  pthread_join(other, NULL);
  if (one.status != CNN_OK || two.status != CNN_OK) {
    printf("%s, %s\n", LeNet5_status_text(one.status), cnn_neuflow_error(machine)->text);
    return 1;
  }
  printf("%s\n", memcmp(one.score, two.score, sizeof one.score) == 0 ? "the same scores" : "other scores");
  const cnn_neuflow_report *report = cnn_neuflow_get_report(machine);
  printf("%lld runs in %lld cycles\n", (long long)report->runs, (long long)report->cycles);
  cnn_neuflow_close(machine);
  LeNet5_destroy(model);

  const cnn_device_part_desc *part = LeNet5_model_desc.device_parts;
  char *program = malloc(part->program_bytes);
  if (!program)
    return 1;
  memcpy(program, part->program, part->program_bytes);
  cnn_device_part_desc changed = *part;
  changed.program = program;
  program[part->program_bytes / 2] ^= 1;
  refuse(&changed, CNN_BAD_FILE);
  changed.program_bytes /= 2;
  refuse(&changed, CNN_BAD_FILE);
  changed = *part;
  cnn_device_tensor_desc image = part->inputs[0];
  image.rows = 32;
  changed.inputs = &image;
  refuse(&changed, CNN_INCOMPATIBLE);
  image.name = "photo";
  refuse(&changed, CNN_INCOMPATIBLE);
  free(program);
  return 0;
}
