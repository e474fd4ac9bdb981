// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The program's one pool of threads, behind `cnn_parallel_for`.
//
// The pool serves one call at a time. A call that finds it busy, be it from another thread or from inside a kernel,
// does its work itself: it neither waits nor deadlocks. This is the one place with global state: a program has one set
// of processors, whatever the number of models in it.
#include "cnn/runtime.h"
#include "runtime/cpu/ProcessorQuota.h"
#include "runtime/cpu/WorkerPool.h"

#include <atomic>
#include <cstdlib>
#include <sched.h>

using cnn::runtime::WorkerPool;

namespace {

constexpr int64_t kMaxThreads = 1024;

struct Pool {
  std::atomic<bool> busy{false};
  int64_t threads = 0; // 0: not decided yet; read and written by whoever holds `busy`
  bool pinned = false;
  WorkerPool *workers = nullptr; // of that many threads, if that is more than one; its threads may outlive main

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
  int64_t count = CPU_COUNT(&processors), quota = cnn::runtime::processorQuota("/proc/self/cgroup", "/sys/fs/cgroup");
  if (quota > 0 && quota < count)
    count = quota;
  return count < 1 ? 1 : count < kMaxThreads ? count : kMaxThreads;
}

// Puts the workers on the processors that the calling thread may use.
bool placeWorkers(bool isPinned) {
  cpu_set_t processors;
  if (sched_getaffinity(0, sizeof processors, &processors) != 0)
    return !isPinned;
  return !pool.workers || pool.workers->place(processors, isPinned);
}

// Makes the pool if it has not been tried yet; without a pool everything runs on the calling thread.
void decideThreads() {
  if (pool.threads)
    return;
  pool.threads = defaultThreads();
  if (pool.threads > 1)
    pool.workers = WorkerPool::create(pool.threads).release();
  if (!pool.workers)
    pool.threads = 1;
}

} // namespace

void cnn_parallel_for(void *, cnn_kernel_fn kernel, void *arguments, int64_t count) {
  if (count <= 0)
    return;
  if (count == 1 || !pool.tryLock())
    return kernel(arguments, 0, count);
  decideThreads();
  if (pool.workers)
    pool.workers->run(kernel, arguments, count);
  else
    kernel(arguments, 0, count);
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
    std::unique_ptr<WorkerPool> made = count > 1 ? WorkerPool::create(count) : nullptr;
    if (count > 1 && !made) {
      status = CNN_NO_MEMORY;
    } else {
      delete pool.workers;
      pool.workers = made.release();
      pool.threads = count;
      if (pool.pinned)
        placeWorkers(true);
    }
  }
  pool.unlock();
  return status;
}

cnn_status cnn_pin_threads(int pin) {
  pool.lock();
  decideThreads();
  cnn_status status = placeWorkers(pin != 0) ? CNN_OK : CNN_BAD_ARGUMENT;
  if (status == CNN_OK)
    pool.pinned = pin != 0;
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
