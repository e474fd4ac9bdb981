/* Runs the library of wide.mlir, whose kernel has scratch memory, on more threads than there are slots. */
#define _GNU_SOURCE
#include "Wide.h"
#include "check.h"
#include <pthread.h>
#include <stdlib.h>

enum { batch = 40, rows = 100, columns = 300, threads = 20 };

typedef struct {
  void (*kernel)(void *arguments, int64_t begin, int64_t end);
  void *arguments;
  int64_t begin, end;
} Part;

static void *runPart(void *pointer) {
  Part *part = pointer;
  for (int64_t item = part->begin; item < part->end; ++item)
    part->kernel(part->arguments, item, item + 1);
  return NULL;
}

static void runOnManyThreads(void *context, void (*kernel)(void *arguments, int64_t begin, int64_t end),
                             void *arguments, int64_t count) {
  pthread_t made[threads];
  Part parts[threads];
  *(int *)context += 1;
  for (int i = 0; i < threads; ++i) {
    parts[i] = (Part){kernel, arguments, count * i / threads, count * (i + 1) / threads};
    if (pthread_create(&made[i], NULL, runPart, &parts[i]) != 0)
      abort();
  }
  for (int i = 0; i < threads; ++i)
    pthread_join(made[i], NULL);
}

static float x[batch][rows][columns], y[batch][rows][columns];

static int isRight(void) {
  for (int b = 0; b < batch; ++b)
    for (int i = 0; i < rows; ++i)
      for (int j = 0; j < columns; ++j)
        if (y[b][i][j] != x[b][i][j] - x[b][rows - 1 - i][j])
          return 0;
  return 1;
}

int main(void) {
  unsigned state = 1;
  for (int i = 0; i < batch * rows * columns; ++i) {
    state = state * 1664525u + 1013904223u;
    (&x[0][0][0])[i] = (float)(state >> 20);
  }
  Wide_model *model;
  Wide_run *run;
  CHECK(Wide_create(&model) == CNN_OK);
  CHECK(Wide_run_bytes(batch) > 16 * 120000);
  CHECK(Wide_run_create(model, batch, &run) == CNN_OK);
  CHECK(Wide_infer(run, batch, &x[0][0][0], &y[0][0][0]) == CNN_OK && isRight());
  y[7][7][7] = 0.5f;
  int calls = 0;
  Wide_run_set_parallel_for(run, runOnManyThreads, &calls);
  for (int i = 0; i < 5; ++i)
    CHECK(Wide_infer(run, batch, &x[0][0][0], &y[0][0][0]) == CNN_OK && isRight());
  CHECK(calls == 5);
  Wide_run_destroy(run);
  Wide_destroy(model);
  puts("ok");
  return 0;
}
