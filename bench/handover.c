/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* How long a cache line takes from one processor to another, to stand beside measurements on two of them.
 *
 * Two threads write one word in turn, each as soon as it sees what the other has written. Processors with a cache in
 * common take 20 to 50 ns; without, as on two core complexes of an AMD EPYC or in two sockets, 100 and more. A virtual
 * machine may be moved from the one case to the other within seconds.
 *
 *     cc -O2 -pthread handover.c -o handover && ./handover 0 1     # 31
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { TURNS = 50000, ROUNDS = 5 };

static _Alignas(64) atomic_int word;

static void run_on(int processor) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(processor, &set);
  pthread_setaffinity_np(pthread_self(), sizeof set, &set);
}

/* Answers each odd number by the next one. */
static void *answer(void *processor) {
  run_on(*(int *)processor);
  for (int i = 1; i < 2 * TURNS; i += 2) {
    while (atomic_load_explicit(&word, memory_order_acquire) != i)
      ;
    atomic_store_explicit(&word, i + 1, memory_order_release);
  }
  return NULL;
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

int main(int argc, char **argv) {
  if (argc != 3) {
    fprintf(stderr, "usage: handover PROCESSOR PROCESSOR\n");
    return 2;
  }
  int own = atoi(argv[1]), other = atoi(argv[2]);
  run_on(own);
  double least = 1e18;
  for (int round = 0; round < ROUNDS; ++round) {
    atomic_store(&word, 0);
    pthread_t thread;
    if (pthread_create(&thread, NULL, answer, &other)) {
      fprintf(stderr, "handover: cannot start a thread\n");
      return 1;
    }
    /* The first turn waits for the thread to start. */
    double begin = 0;
    for (int i = 1; i < 2 * TURNS; i += 2) {
      atomic_store_explicit(&word, i, memory_order_release);
      while (atomic_load_explicit(&word, memory_order_acquire) != i + 1)
        ;
      if (i == 1)
        begin = now();
    }
    double each = (now() - begin) / (2 * (TURNS - 1));
    least = each < least ? each : least;
    pthread_join(thread, NULL);
  }
  printf("%.0f\n", least);
  return 0;
}
