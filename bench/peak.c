/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* The machine's ceiling, to stand beside every measurement: single-precision fused multiply-adds per second.
 *
 * Each thread keeps 12 vector accumulators in registers and multiplies and adds into them in turn: enough independent
 * chains to hide the latency (2 units x 4-5 cycles), few enough to stay in 16 registers. Nothing is loaded or stored.
 * Printed is the best of several rounds, because everything else that happens on a machine only makes it slower.
 *
 *     cc -O2 -march=native -mprefer-vector-width=512 -pthread peak.c -o peak && ./peak 2     # {"threads": 2, "gflops":
 * 235.1}
 *
 * Without AVX it measures 128-bit vectors; without FMA, separate multiplications and additions.
 */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#if defined(__AVX512F__)
#define VECTOR_BYTES 64
#elif defined(__AVX__)
#define VECTOR_BYTES 32
#else
#define VECTOR_BYTES 16
#endif
enum { LANES = VECTOR_BYTES / sizeof(float), CHAINS = 12, STEPS = 4000000, ROUNDS = 25, MAX_THREADS = 256 };

typedef float vec __attribute__((vector_size(VECTOR_BYTES)));

typedef struct worker {
  pthread_barrier_t *start;
  double begin[ROUNDS], end[ROUNDS];
  float result; /* keeps the work from being optimized away */
} worker;

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void *work(void *argument) {
  worker *self = argument;
  const vec zero = {0}, factor = zero + 0.999f, term = zero + 1e-4f;
  vec a = zero, b = zero + 0.1f, c = zero + 0.2f, d = zero + 0.3f, e = zero + 0.4f, f = zero + 0.5f;
  vec g = zero + 0.6f, h = zero + 0.7f, i = zero + 0.8f, j = zero + 0.9f, k = zero + 1.0f, l = zero + 1.1f;
  for (int round = 0; round < ROUNDS; ++round) {
    pthread_barrier_wait(self->start);
    self->begin[round] = seconds();
    for (long step = 0; step < STEPS; ++step) {
      a = a * factor + term, b = b * factor + term, c = c * factor + term, d = d * factor + term;
      e = e * factor + term, f = f * factor + term, g = g * factor + term, h = h * factor + term;
      i = i * factor + term, j = j * factor + term, k = k * factor + term, l = l * factor + term;
    }
    self->end[round] = seconds();
  }
  vec sum = a + b + c + d + e + f + g + h + i + j + k + l;
  for (int lane = 0; lane < LANES; ++lane)
    self->result += sum[lane];
  return NULL;
}

int main(int argc, char **argv) {
  char *rest = NULL;
  long threads = argc == 2 ? strtol(argv[1], &rest, 10) : 1;
  if (argc > 2 || (rest && *rest) || threads < 1 || threads > MAX_THREADS) {
    fprintf(stderr, "usage: peak [THREADS]\n");
    return 2;
  }
  static worker workers[MAX_THREADS];
  pthread_t handles[MAX_THREADS];
  pthread_barrier_t start;
  pthread_barrier_init(&start, NULL, (unsigned)threads);
  for (long t = 0; t < threads; ++t) {
    workers[t].start = &start;
    if (pthread_create(&handles[t], NULL, work, &workers[t])) {
      fprintf(stderr, "peak: cannot start %ld threads\n", threads);
      return 1;
    }
  }
  for (long t = 0; t < threads; ++t)
    pthread_join(handles[t], NULL);

  double best = 0;
  for (int round = 0; round < ROUNDS; ++round) {
    double begin = workers[0].begin[round], end = workers[0].end[round];
    for (long t = 1; t < threads; ++t) {
      begin = workers[t].begin[round] < begin ? workers[t].begin[round] : begin;
      end = workers[t].end[round] > end ? workers[t].end[round] : end;
    }
    double flops = 2.0 * LANES * CHAINS * (double)STEPS * (double)threads;
    best = flops / (end - begin) > best ? flops / (end - begin) : best;
  }
  float guard = 0;
  for (long t = 0; t < threads; ++t)
    guard += workers[t].result;
  printf("{\"threads\": %ld, \"gflops\": %.1f}\n", threads, guard == guard ? best * 1e-9 : 0.0);
  return 0;
}
