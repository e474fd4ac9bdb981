/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* What LeNet5.h promises, function by function: results, status codes, memory, independence of batches and of who runs
 * the kernels. Linked with libLeNet5.a -lm alone, and with malloc, calloc and free wrapped, to count and to refuse:
 *
 *     gcc -Wl,--wrap=malloc,--wrap=calloc,--wrap=free [-DHAS_WEIGHTS] interface.c libLeNet5.a -lm
 *
 * HAS_WEIGHTS: the library was built with weights. Prints "ok"; stops at the first broken promise.
 */
#include "LeNet5.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(condition) check(condition, #condition, __LINE__)
#define EXPECT(status, call) CHECK((call) == (status))

enum { PIXELS = 28 * 28, CLASSES = 10, SAMPLES = 23 };

static void check(int condition, const char *text, int line) {
  if (condition)
    return;
  printf("interface.c:%d: not so: %s\n", line, text);
  exit(1);
}

/* ---- Memory that is counted, and refused on request ---- */

static int allocations, refuse, refusals;
void *__real_malloc(size_t bytes);
void __real_free(void *memory);
void *__wrap_malloc(size_t bytes);
void *__wrap_calloc(size_t count, size_t bytes); /* what compilers make of malloc and memset */
void __wrap_free(void *memory);

void *__wrap_malloc(size_t bytes) {
  if (refuse) {
    ++refusals;
    return NULL;
  }
  ++allocations;
  return __real_malloc(bytes);
}

void *__wrap_calloc(size_t count, size_t bytes) {
  void *memory = __wrap_malloc(count * bytes);
  return memory ? memset(memory, 0, count * bytes) : NULL;
}

void __wrap_free(void *memory) {
  allocations -= memory != NULL;
  __real_free(memory);
}

/* Memory whose address is odd, to be given to *_create_in; its last byte is the last one that may be written. */
typedef struct Block {
  unsigned char *start, *memory;
  size_t bytes;
} Block;

static Block makeBlock(size_t bytes) {
  Block block;
  CHECK(bytes > 0);
  block.bytes = bytes;
  block.start = __real_malloc(bytes + 65);
  CHECK(block.start != NULL);
  memset(block.start, 0xA5, bytes + 65);
  block.memory = block.start + 1;
  return block;
}

static void freeBlock(Block block) {
  CHECK(block.start[0] == 0xA5);
  for (size_t i = 0; i < 64; ++i)
    CHECK(block.memory[block.bytes + i] == 0xA5);
  __real_free(block.start);
}

/* ---- Samples ---- */

static uint8_t images[SAMPLES * PIXELS];
static int32_t labels[SAMPLES];

static void makeSamples(void) {
  uint32_t state = 1;
  for (size_t i = 0; i < SAMPLES; ++i) {
    labels[i] = (int32_t)(i % CLASSES);
    for (size_t pixel = 0; pixel < PIXELS; ++pixel) {
      state = state * 1664525u + 1013904223u;
      images[i * PIXELS + pixel] = (uint8_t)(20 * (pixel / 28 % (i % CLASSES + 2)) + (state >> 28));
    }
  }
}

/* Work in ragged pieces, the last one first. */
static void inPieces(void *context, void (*kernel)(void *arguments, int64_t begin, int64_t end), void *arguments,
                     int64_t count) {
  ++*(int *)context;
  for (int64_t end = count, size = 1; end > 0; end -= size, size = size % 5 + 1)
    kernel(arguments, end > size ? end - size : 0, end);
}

static void seeLaunch(void *context, int64_t launch) {
  int *seen = context;
  CHECK(launch == *seen);
  ++*seen;
}

static void infer(LeNet5_model *model, int64_t maxBatch, float *scores) {
  LeNet5_run *run;
  EXPECT(CNN_OK, LeNet5_run_create(model, maxBatch, &run));
  EXPECT(CNN_OK, LeNet5_infer(run, SAMPLES, images, scores));
  LeNet5_run_destroy(run);
}

/* ---- The promises ---- */

static void testStatusTexts(void) {
  for (int status = CNN_OK; status <= CNN_DIVERGED; ++status) {
    CHECK(strlen(LeNet5_status_text((cnn_status)status)) > 1);
    for (int other = CNN_OK; other < status; ++other)
      CHECK(strcmp(LeNet5_status_text((cnn_status)status), LeNet5_status_text((cnn_status)other)) != 0);
  }
  CHECK(LeNet5_status_text((cnn_status)99) != NULL);
}

static void testBatches(LeNet5_model *model) {
  float together[SAMPLES * CLASSES], scores[SAMPLES * CLASSES + 1];
  infer(model, SAMPLES, together);
  for (size_t i = 0; i < SAMPLES * CLASSES; ++i)
    CHECK(isfinite(together[i]));
  /* Any batch on one state, below, at and above the largest one: the same bytes, and not one more. */
  LeNet5_run *run;
  EXPECT(CNN_OK, LeNet5_run_create(model, 5, &run));
  static const size_t batches[] = {1, 2, 3, 5, 7, 16, SAMPLES};
  for (size_t k = 0; k < sizeof batches / sizeof *batches; ++k)
    for (size_t first = 0; first + batches[k] <= SAMPLES; ++first) {
      memset(scores, 0x5A, sizeof scores);
      EXPECT(CNN_OK, LeNet5_infer(run, (int64_t)batches[k], images + first * PIXELS, scores));
      CHECK(memcmp(scores, together + first * CLASSES, batches[k] * CLASSES * sizeof(float)) == 0);
      unsigned char next[sizeof(float)];
      memcpy(next, &scores[batches[k] * CLASSES], sizeof next);
      CHECK(next[0] == 0x5A && next[3] == 0x5A);
    }
  /* Nor does it matter who runs the kernels. */
  int calls = 0;
  LeNet5_run_set_parallel_for(run, inPieces, &calls);
  EXPECT(CNN_OK, LeNet5_infer(run, SAMPLES, images, scores));
  CHECK(calls > 0 && memcmp(scores, together, sizeof together) == 0);
  LeNet5_run_set_parallel_for(run, NULL, NULL);
  int callsBefore = calls;
  EXPECT(CNN_OK, LeNet5_infer(run, SAMPLES, images, scores));
  CHECK(calls == callsBefore && memcmp(scores, together, sizeof together) == 0);

  /* An observer sees every launch in turn, and the end. */
  LeNet5_run_set_observer(run, seeLaunch, &calls);
  calls = 0;
  EXPECT(CNN_OK, LeNet5_infer(run, 1, images, scores));
  CHECK(calls == 10);
  LeNet5_run_set_observer(run, NULL, NULL);
  EXPECT(CNN_OK, LeNet5_infer(run, 1, images, scores));
  CHECK(calls == 10);

  EXPECT(CNN_BAD_ARGUMENT, LeNet5_infer(NULL, 1, images, scores));
  EXPECT(CNN_BAD_ARGUMENT, LeNet5_infer(run, 0, images, scores));
  EXPECT(CNN_BAD_ARGUMENT, LeNet5_infer(run, -1, images, scores));
  EXPECT(CNN_BAD_ARGUMENT, LeNet5_infer(run, 1, NULL, scores));
  EXPECT(CNN_BAD_ARGUMENT, LeNet5_infer(run, 1, images, NULL));
  LeNet5_run_destroy(run);
}

static void testWeights(LeNet5_model *model) {
  enum { FILTERS = 6 * 5 * 5 };
  float before[FILTERS], values[FILTERS], after[FILTERS];
  EXPECT(CNN_OK, LeNet5_get_weight(model, "conv1.weight", before, sizeof before));
  float scores[SAMPLES * CLASSES], otherScores[SAMPLES * CLASSES];
  infer(model, SAMPLES, scores);
  for (int i = 0; i < FILTERS; ++i)
    values[i] = (float)i / FILTERS - 0.5f;
  EXPECT(CNN_OK, LeNet5_set_weight(model, "conv1.weight", values, sizeof values));
  EXPECT(CNN_OK, LeNet5_get_weight(model, "conv1.weight", after, sizeof after));
  CHECK(memcmp(values, after, sizeof values) == 0);
  infer(model, SAMPLES, otherScores);
  CHECK(memcmp(scores, otherScores, sizeof scores) != 0);
  EXPECT(CNN_OK, LeNet5_set_weight(model, "conv1.weight", before, sizeof before));
  infer(model, SAMPLES, otherScores);
  CHECK(memcmp(scores, otherScores, sizeof scores) == 0);

  /* Another model of the same library does not see the change. */
  LeNet5_model *other;
  EXPECT(CNN_OK, LeNet5_create(&other));
  EXPECT(CNN_OK, LeNet5_get_weight(other, "conv1.weight", before, sizeof before));
  EXPECT(CNN_OK, LeNet5_set_weight(model, "conv1.weight", values, sizeof values));
  EXPECT(CNN_OK, LeNet5_get_weight(other, "conv1.weight", after, sizeof after));
  CHECK(memcmp(before, after, sizeof before) == 0);
  LeNet5_destroy(other);

  EXPECT(CNN_NO_WEIGHT, LeNet5_get_weight(model, "conv9.weight", after, sizeof after));
  EXPECT(CNN_NO_WEIGHT, LeNet5_set_weight(model, "", values, sizeof values));
  EXPECT(CNN_WRONG_SIZE, LeNet5_get_weight(model, "conv1.weight", after, sizeof after - 1));
  EXPECT(CNN_WRONG_SIZE, LeNet5_set_weight(model, "conv1.weight", values, 0));
  EXPECT(CNN_BAD_ARGUMENT, LeNet5_get_weight(NULL, "conv1.weight", after, sizeof after));
  EXPECT(CNN_BAD_ARGUMENT, LeNet5_get_weight(model, NULL, after, sizeof after));
  EXPECT(CNN_BAD_ARGUMENT, LeNet5_get_weight(model, "conv1.weight", NULL, sizeof after));
  EXPECT(CNN_BAD_ARGUMENT, LeNet5_set_weight(NULL, "conv1.weight", values, sizeof values));
  EXPECT(CNN_BAD_ARGUMENT, LeNet5_set_weight(model, NULL, values, sizeof values));
  EXPECT(CNN_BAD_ARGUMENT, LeNet5_set_weight(model, "conv1.weight", NULL, sizeof values));

  /* First values depend on the seed alone. */
  EXPECT(CNN_OK, LeNet5_initialize(model, 7));
  EXPECT(CNN_OK, LeNet5_get_weight(model, "conv1.weight", before, sizeof before));
  EXPECT(CNN_OK, LeNet5_initialize(model, 8));
  EXPECT(CNN_OK, LeNet5_get_weight(model, "conv1.weight", after, sizeof after));
  CHECK(memcmp(before, after, sizeof before) != 0);
  EXPECT(CNN_OK, LeNet5_initialize(model, 7));
  EXPECT(CNN_OK, LeNet5_get_weight(model, "conv1.weight", after, sizeof after));
  CHECK(memcmp(before, after, sizeof before) == 0);
  EXPECT(CNN_BAD_ARGUMENT, LeNet5_initialize(NULL, 7));
}

/* The loss after `steps` steps from the first values of seed 3; the weights are left in the model. */
static float train(LeNet5_trainer *trainer, int steps) {
  float loss = 0, accuracy = 0;
  for (int i = 0; i < steps; ++i)
    EXPECT(CNN_OK, LeNet5_train_step(trainer, SAMPLES, images, labels, 0.1f, &loss, &accuracy));
  EXPECT(CNN_OK, LeNet5_evaluate(trainer, SAMPLES, images, labels, &loss, &accuracy));
  CHECK(accuracy >= 0 && accuracy <= 1);
  return loss;
}

static void testTraining(LeNet5_model *model) {
  LeNet5_trainer *trainer;
  EXPECT(CNN_OK, LeNet5_initialize(model, 3));
  EXPECT(CNN_OK, LeNet5_trainer_create(model, SAMPLES, 5, &trainer));
  float first = train(trainer, 0), trained = train(trainer, 30);
  CHECK(isfinite(first) && trained < first / 2);
  CHECK(LeNet5_trainer_get_step(trainer) == 30);

  /* A position is the step, the slots and the weights; from there, training goes on to the same bytes, in one piece or
   * in many. */
  CHECK(LeNet5_PARAMETER_BYTES >= 61706 * sizeof(float) && LeNet5_STATE_BYTES == 0);
  Block weights = makeBlock(LeNet5_PARAMETER_BYTES), result = makeBlock(LeNet5_PARAMETER_BYTES);
  Block slots = makeBlock(LeNet5_SLOT_BYTES);
  memcpy(weights.memory, LeNet5_parameters(model), LeNet5_PARAMETER_BYTES);
  memcpy(slots.memory, LeNet5_trainer_slots(trainer), LeNet5_SLOT_BYTES);
  float later = train(trainer, 3);
  memcpy(result.memory, LeNet5_parameters(model), LeNet5_PARAMETER_BYTES);
  memcpy(LeNet5_parameters(model), weights.memory, LeNet5_PARAMETER_BYTES);
  memcpy(LeNet5_trainer_slots(trainer), slots.memory, LeNet5_SLOT_BYTES);
  LeNet5_trainer_set_step(trainer, 30);
  int calls = 0;
  LeNet5_trainer_set_parallel_for(trainer, inPieces, &calls);
  float again = train(trainer, 3);
  CHECK(calls > 0 && again == later);
  CHECK(memcmp(LeNet5_parameters(model), result.memory, LeNet5_PARAMETER_BYTES) == 0);
  CHECK(LeNet5_trainer_get_step(trainer) == 33);

  float loss = -1, accuracy = -1;
  EXPECT(CNN_OK, LeNet5_train_step(trainer, 1, images, labels, 0, NULL, NULL));
  EXPECT(CNN_OK, LeNet5_evaluate(trainer, 1, images, labels, NULL, NULL));
  EXPECT(CNN_BATCH_TOO_LARGE, LeNet5_train_step(trainer, SAMPLES + 1, images, labels, 0, &loss, &accuracy));
  EXPECT(CNN_BAD_ARGUMENT, LeNet5_train_step(trainer, 0, images, labels, 0, &loss, &accuracy));
  EXPECT(CNN_BAD_ARGUMENT, LeNet5_train_step(NULL, 1, images, labels, 0, &loss, &accuracy));
  EXPECT(CNN_BAD_ARGUMENT, LeNet5_train_step(trainer, 1, NULL, labels, 0, &loss, &accuracy));
  EXPECT(CNN_BAD_ARGUMENT, LeNet5_train_step(trainer, 1, images, NULL, 0, &loss, &accuracy));
  EXPECT(CNN_BAD_ARGUMENT, LeNet5_evaluate(trainer, -3, images, labels, &loss, &accuracy));
  EXPECT(CNN_BAD_ARGUMENT, LeNet5_evaluate(NULL, 1, images, labels, &loss, &accuracy));
  EXPECT(CNN_BAD_ARGUMENT, LeNet5_evaluate(trainer, 1, images, NULL, &loss, &accuracy));
  CHECK(loss == -1 && accuracy == -1 && LeNet5_trainer_get_step(trainer) == 34);
  LeNet5_trainer_destroy(trainer);

  /* Evaluation takes any number of samples: in pieces, the same mean but for rounding. */
  EXPECT(CNN_OK, LeNet5_trainer_create(model, 4, 5, &trainer));
  float inPiecesOf4 = train(trainer, 0);
  LeNet5_trainer_destroy(trainer);
  EXPECT(CNN_OK, LeNet5_trainer_create(model, SAMPLES, 5, &trainer));
  CHECK(fabsf(train(trainer, 0) - inPiecesOf4) < 1e-5f);

  /* A number that is no class, be it the last of the batch, is refused before anything is changed. */
  memcpy(weights.memory, LeNet5_parameters(model), LeNet5_PARAMETER_BYTES);
  memcpy(slots.memory, LeNet5_trainer_slots(trainer), LeNet5_SLOT_BYTES);
  static const int32_t wrong[] = {CLASSES, -1, INT32_MAX, INT32_MIN};
  static const size_t places[] = {0, 11, SAMPLES - 1};
  loss = accuracy = -1;
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; ++i)
    for (size_t k = 0; k < sizeof places / sizeof *places; ++k) {
      int32_t right = labels[places[k]];
      labels[places[k]] = wrong[i];
      EXPECT(CNN_BAD_ARGUMENT, LeNet5_train_step(trainer, SAMPLES, images, labels, 0.1f, &loss, &accuracy));
      EXPECT(CNN_BAD_ARGUMENT, LeNet5_evaluate(trainer, SAMPLES, images, labels, &loss, &accuracy));
      labels[places[k]] = right;
    }
  CHECK(loss == -1 && accuracy == -1 && LeNet5_trainer_get_step(trainer) == 0);
  CHECK(memcmp(LeNet5_parameters(model), weights.memory, LeNet5_PARAMETER_BYTES) == 0);
  CHECK(memcmp(LeNet5_trainer_slots(trainer), slots.memory, LeNet5_SLOT_BYTES) == 0);
  EXPECT(CNN_OK, LeNet5_train_step(trainer, SAMPLES, images, labels, 0.1f, &loss, &accuracy));
  LeNet5_trainer_destroy(trainer);
  freeBlock(weights);
  freeBlock(slots);
  freeBlock(result);
}

/* Everything in the caller's memory, of odd addresses: no allocation, and nothing written outside. */
static void testCallerMemory(const float *expected) {
  refuse = 1;
  refusals = 0;
  Block ofModel = makeBlock(LeNet5_bytes()), ofRun = makeBlock(LeNet5_run_bytes(3));
  Block ofTrainer = makeBlock(LeNet5_trainer_bytes(SAMPLES));
  LeNet5_model *model = NULL;
  LeNet5_run *run = NULL;
  LeNet5_trainer *trainer = NULL;
  EXPECT(CNN_WRONG_SIZE, LeNet5_create_in(ofModel.memory, ofModel.bytes - 1, &model));
  EXPECT(CNN_BAD_ARGUMENT, LeNet5_create_in(NULL, ofModel.bytes, &model));
  EXPECT(CNN_BAD_ARGUMENT, LeNet5_create_in(ofModel.memory, ofModel.bytes, NULL));
  CHECK(model == NULL);
  EXPECT(CNN_OK, LeNet5_create_in(ofModel.memory, ofModel.bytes, &model));
#ifndef HAS_WEIGHTS
  EXPECT(CNN_OK, LeNet5_initialize(model, 3));
#endif
  EXPECT(CNN_WRONG_SIZE, LeNet5_run_create_in(model, 3, ofRun.memory, ofRun.bytes - 1, &run));
  EXPECT(CNN_WRONG_SIZE, LeNet5_run_create_in(model, 4, ofRun.memory, ofRun.bytes, &run));
  EXPECT(CNN_BAD_ARGUMENT, LeNet5_run_create_in(NULL, 3, ofRun.memory, ofRun.bytes, &run));
  EXPECT(CNN_BAD_ARGUMENT, LeNet5_run_create_in(model, 0, ofRun.memory, ofRun.bytes, &run));
  EXPECT(CNN_BAD_ARGUMENT, LeNet5_run_create_in(model, 3, NULL, ofRun.bytes, &run));
  EXPECT(CNN_BAD_ARGUMENT, LeNet5_run_create_in(model, 3, ofRun.memory, ofRun.bytes, NULL));
  CHECK(run == NULL);
  EXPECT(CNN_OK, LeNet5_run_create_in(model, 3, ofRun.memory, ofRun.bytes, &run));
  EXPECT(CNN_WRONG_SIZE, LeNet5_trainer_create_in(model, SAMPLES, 5, ofTrainer.memory, ofTrainer.bytes - 1, &trainer));
  EXPECT(CNN_BAD_ARGUMENT, LeNet5_trainer_create_in(model, 0, 5, ofTrainer.memory, ofTrainer.bytes, &trainer));
  EXPECT(CNN_BAD_ARGUMENT, LeNet5_trainer_create_in(NULL, 1, 5, ofTrainer.memory, ofTrainer.bytes, &trainer));
  CHECK(trainer == NULL);
  EXPECT(CNN_OK, LeNet5_trainer_create_in(model, SAMPLES, 5, ofTrainer.memory, ofTrainer.bytes, &trainer));
  float scores[SAMPLES * CLASSES];
  EXPECT(CNN_OK, LeNet5_infer(run, SAMPLES, images, scores));
  CHECK(memcmp(scores, expected, sizeof scores) == 0);
  CHECK(train(trainer, 2) > 0);
  LeNet5_trainer_destroy(trainer);
  LeNet5_run_destroy(run);
  LeNet5_destroy(model);
  CHECK(refusals == 0); /* nobody asked */
  refuse = 0;
  freeBlock(ofModel);
  freeBlock(ofRun);
  freeBlock(ofTrainer);
}

static void testNoMemory(LeNet5_model *model) {
  LeNet5_model *made = NULL;
  LeNet5_run *run = NULL;
  LeNet5_trainer *trainer = NULL;
  int before = allocations;
  refuse = 1;
  EXPECT(CNN_NO_MEMORY, LeNet5_create(&made));
  EXPECT(CNN_NO_MEMORY, LeNet5_run_create(model, 3, &run));
  EXPECT(CNN_NO_MEMORY, LeNet5_trainer_create(model, 3, 5, &trainer));
  refuse = 0;
  EXPECT(CNN_NO_MEMORY, LeNet5_run_create(model, INT64_MAX, &run));
  EXPECT(CNN_NO_MEMORY, LeNet5_trainer_create(model, INT64_MAX, 5, &trainer));
  CHECK(LeNet5_run_bytes(INT64_MAX) == 0 && LeNet5_run_bytes(0) == 0 && LeNet5_run_bytes(-1) == 0);
  CHECK(LeNet5_trainer_bytes(INT64_MAX) == 0 && LeNet5_trainer_bytes(0) == 0 && LeNet5_trainer_bytes(-1) == 0);
  EXPECT(CNN_BAD_ARGUMENT, LeNet5_create(NULL));
  EXPECT(CNN_BAD_ARGUMENT, LeNet5_run_create(NULL, 1, &run));
  EXPECT(CNN_BAD_ARGUMENT, LeNet5_run_create(model, 0, &run));
  EXPECT(CNN_BAD_ARGUMENT, LeNet5_run_create(model, 1, NULL));
  EXPECT(CNN_BAD_ARGUMENT, LeNet5_trainer_create(NULL, 1, 5, &trainer));
  EXPECT(CNN_BAD_ARGUMENT, LeNet5_trainer_create(model, 0, 5, &trainer));
  EXPECT(CNN_BAD_ARGUMENT, LeNet5_trainer_create(model, 1, 5, NULL));
  CHECK(!made && !run && !trainer && allocations == before);

#ifdef HAS_WEIGHTS
  /* Embedded weights are read in place; changing one needs memory, and changes nothing if there is none. */
  float value[6], unchanged[6];
  EXPECT(CNN_OK, LeNet5_create(&made));
  EXPECT(CNN_OK, LeNet5_get_weight(made, "conv1.bias", value, sizeof value));
  refuse = 1;
  EXPECT(CNN_NO_MEMORY, LeNet5_set_weight(made, "conv1.bias", value, sizeof value));
  EXPECT(CNN_NO_MEMORY, LeNet5_initialize(made, 1));
  CHECK(LeNet5_parameters(made) == NULL);
  refuse = 0;
  EXPECT(CNN_OK, LeNet5_get_weight(made, "conv1.bias", unchanged, sizeof unchanged));
  CHECK(memcmp(value, unchanged, sizeof value) == 0);
  LeNet5_destroy(made);
#endif
  LeNet5_destroy(NULL);
  LeNet5_run_destroy(NULL);
  LeNet5_trainer_destroy(NULL);
}

int main(void) {
  makeSamples();
  LeNet5_model *model;
  EXPECT(CNN_OK, LeNet5_create(&model));
  float scores[SAMPLES * CLASSES];
#ifndef HAS_WEIGHTS
  infer(model, SAMPLES, scores);
  for (size_t i = 0; i < SAMPLES * CLASSES; ++i)
    CHECK(scores[i] == 0); /* of weights that are zeros */
  EXPECT(CNN_OK, LeNet5_initialize(model, 3));
#endif
  infer(model, SAMPLES, scores);
  testStatusTexts();
  testBatches(model);
  testCallerMemory(scores);
  testNoMemory(model);
  testTraining(model);
  testWeights(model);
  LeNet5_destroy(model);
  CHECK(allocations == 0);
  puts("ok");
  return 0;
}
