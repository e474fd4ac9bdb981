// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The program's one pool of threads, behind `cnn_parallel_for`.
//
// A kernel's items are cut into about four pieces a thread; pthreadpool gives each thread a run of pieces and lets the
// ones that finish early take from the others. Items are independent, so who runs which piece changes nothing.
//
// The pool serves one call at a time. A call that finds it busy, be it from another thread or from inside a kernel,
// does its work itself: it neither waits nor deadlocks. This is the one place with global state: a program has one set
// of processors, whatever the number of models in it.
#include "cnn/runtime.h"

#include <atomic>
#include <cstdlib>
#include <pthreadpool.h>
#include <sched.h>

// ThreadSanitizer does not see the synchronization inside pthreadpool, which is not built with it; it is told.
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#include <sanitizer/tsan_interface.h>
#define CNN_HANDED_OVER(where) __tsan_release(where)
#define CNN_TAKEN_OVER(where) __tsan_acquire(where)
#endif
#endif
#ifndef CNN_HANDED_OVER
#define CNN_HANDED_OVER(where)
#define CNN_TAKEN_OVER(where)
#endif

namespace {

constexpr int64_t kMaxThreads = 1024;
constexpr int64_t kPiecesPerThread = 4;

struct Pool {
  std::atomic<bool> busy{false};
  int64_t threads = 0; // 0: not decided yet; read and written by whoever holds `busy`
  pthreadpool_t pool = nullptr;

  bool tryLock() { return !busy.exchange(true, std::memory_order_acquire); }
  void lock() {
    while (!tryLock())
      busy.wait(true);
  }
  void unlock() {
    busy.store(false, std::memory_order_release);
    busy.notify_all();
  }
};

constinit Pool pool;

int64_t defaultThreads() {
  if (const char *text = std::getenv("CNN_NUM_THREADS")) {
    char *end = nullptr;
    long long count = std::strtoll(text, &end, 10);
    if (end != text && *end == '\0' && count >= 1)
      return count < kMaxThreads ? count : kMaxThreads;
  }
  cpu_set_t processors;
  if (sched_getaffinity(0, sizeof processors, &processors) != 0)
    return 1;
  int64_t count = CPU_COUNT(&processors);
  return count < 1 ? 1 : count;
}

// Makes the pool if it has not been tried yet; without a pool everything runs on the calling thread.
void decideThreads() {
  if (pool.threads)
    return;
  pool.threads = defaultThreads();
  if (pool.threads > 1)
    pool.pool = pthreadpool_create(static_cast<size_t>(pool.threads));
  if (!pool.pool)
    pool.threads = 1;
}

struct Work {
  cnn_kernel_fn kernel;
  void *arguments;
};

void runPiece(void *context, size_t begin, size_t size) {
  CNN_TAKEN_OVER(&pool.pool);
  const Work &work = *static_cast<const Work *>(context);
  work.kernel(work.arguments, static_cast<int64_t>(begin), static_cast<int64_t>(begin + size));
  CNN_HANDED_OVER(&pool.threads);
}

} // namespace

void cnn_parallel_for(void *, cnn_kernel_fn kernel, void *arguments, int64_t count) {
  if (count <= 0)
    return;
  if (count == 1 || !pool.tryLock())
    return kernel(arguments, 0, count);
  decideThreads();
  if (!pool.pool) {
    pool.unlock();
    return kernel(arguments, 0, count);
  }
  Work work{kernel, arguments};
  int64_t pieces = pool.threads * kPiecesPerThread;
  int64_t piece = count / pieces + (count % pieces != 0);
  CNN_HANDED_OVER(&pool.pool);
  pthreadpool_parallelize_1d_tile_1d(pool.pool, runPiece, &work, static_cast<size_t>(count), static_cast<size_t>(piece),
                                     /*flags=*/0);
  CNN_TAKEN_OVER(&pool.threads);
  pool.unlock();
}

cnn_status cnn_set_threads(int64_t count) {
  if (count < 0 || count > kMaxThreads)
    return CNN_BAD_ARGUMENT;
  if (count == 0)
    count = defaultThreads();
  pool.lock();
  cnn_status status = CNN_OK;
  if (count != pool.threads) {
    pthreadpool_t made = count > 1 ? pthreadpool_create(static_cast<size_t>(count)) : nullptr;
    if (count > 1 && !made) {
      status = CNN_NO_MEMORY;
    } else {
      if (pool.pool)
        pthreadpool_destroy(pool.pool);
      pool.pool = made;
      pool.threads = count;
    }
  }
  pool.unlock();
  return status;
}

int64_t cnn_get_threads(void) {
  pool.lock();
  decideThreads();
  int64_t count = pool.threads;
  pool.unlock();
  return count;
}
