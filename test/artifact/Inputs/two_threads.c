/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* Two threads run one model at once, each with a run state of its own; then two threads train two models.
 *
 *     two_threads          prints "ok"; built with -fsanitize=thread, together with the compiled code, there is no
 * report two_threads --share  both threads use one run state, which LeNet5.h forbids: there must be a report
 */
#include "LeNet5.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PIXELS = 28 * 28, CLASSES = 10, SAMPLES = 8, ROUNDS = 3 };

static uint8_t images[SAMPLES * PIXELS];
static int32_t labels[SAMPLES];

static void check(int condition, const char *text) {
  if (condition)
    return;
  printf("not so: %s\n", text);
  exit(1);
}
#define CHECK(condition) check(condition, #condition)

typedef struct Inference {
  LeNet5_run *run;
  float scores[SAMPLES * CLASSES];
} Inference;

static void *infer(void *argument) {
  Inference *inference = argument;
  for (int i = 0; i < ROUNDS; ++i)
    CHECK(LeNet5_infer(inference->run, SAMPLES, images, inference->scores) == CNN_OK);
  return NULL;
}

static void *train(void *argument) {
  LeNet5_trainer *trainer = argument;
  float loss, accuracy;
  for (int i = 0; i < ROUNDS; ++i)
    CHECK(LeNet5_train_step(trainer, SAMPLES, images, labels, 0.1f, &loss, &accuracy) == CNN_OK);
  CHECK(LeNet5_evaluate(trainer, SAMPLES, images, labels, &loss, &accuracy) == CNN_OK);
  return NULL;
}

static void runTwo(void *(*function)(void *), void *first, void *second) {
  pthread_t threads[2];
  CHECK(pthread_create(&threads[0], NULL, function, first) == 0);
  CHECK(pthread_create(&threads[1], NULL, function, second) == 0);
  pthread_join(threads[0], NULL);
  pthread_join(threads[1], NULL);
}

int main(int count, char **words) {
  int share = count == 2 && strcmp(words[1], "--share") == 0;
  for (size_t i = 0; i < sizeof images; ++i)
    images[i] = (uint8_t)(i * 7 % 251);
  for (int i = 0; i < SAMPLES; ++i)
    labels[i] = i;
  LeNet5_model *models[2];
  static Inference inferences[2], alone;
  for (int i = 0; i < 2; ++i) {
    CHECK(LeNet5_create(&models[i]) == CNN_OK);
    CHECK(LeNet5_initialize(models[i], 1) == CNN_OK);
  }
  CHECK(LeNet5_run_create(models[0], SAMPLES, &alone.run) == CNN_OK);
  infer(&alone);
  for (int i = 0; i < 2; ++i)
    CHECK(LeNet5_run_create(models[0], SAMPLES, &inferences[i].run) == CNN_OK);
  if (share) {
    Inference other = inferences[0];
    runTwo(infer, &inferences[0], &other);
  } else {
    runTwo(infer, &inferences[0], &inferences[1]);
    for (int i = 0; i < 2; ++i)
      CHECK(memcmp(inferences[i].scores, alone.scores, sizeof alone.scores) == 0);
    LeNet5_trainer *trainers[2];
    for (int i = 0; i < 2; ++i)
      CHECK(LeNet5_trainer_create(models[i], SAMPLES, 1, &trainers[i]) == CNN_OK);
    runTwo(train, trainers[0], trainers[1]);
    CHECK(memcmp(LeNet5_parameters(models[0]), LeNet5_parameters(models[1]), LeNet5_PARAMETER_BYTES) == 0);
    for (int i = 0; i < 2; ++i)
      LeNet5_trainer_destroy(trainers[i]);
  }
  LeNet5_run_destroy(alone.run);
  for (int i = 0; i < 2; ++i) {
    LeNet5_run_destroy(inferences[i].run);
    LeNet5_destroy(models[i]);
  }
  puts("ok");
  return 0;
}
