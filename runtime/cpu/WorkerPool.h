// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Threads that share the items of a kernel with the thread that calls.
//
// The problem: a network is some hundred kernels of 10 to 1000 microseconds, one after the other, on a machine that may
// have other things to do. Libraries with a fixed team (OpenMP, pthreadpool) wait after each kernel until every thread
// of the team has been there, so one thread without a processor makes every kernel take a scheduler's time slice,
// though there was nothing left for it to do.
//
// Here nobody is waited for who has not come:
//
//   caller:  open the job  ─► work ─► close it ─► wait for those inside
//   worker:  wait for a job ─► go in, if it is open ─► work ─► go out
//
// To work is to take pieces from one's own part of the items, then from the parts of the others, until none is left. A
// thread that comes late, or never, finds its part done. One that comes in time always has the same part, kernel after
// kernel, whose samples its cache may still hold.
//
// A worker that finds no job looks for one for some 150 microseconds, then sleeps. Between two kernels that threads
// share there may be a dozen that are too small for them, and to be woken takes as long as a kernel.
#pragma once

#include "runtime/abi/model.h"

#include <atomic>
#include <cstdint>
#include <memory>
#include <pthread.h>
#include <sched.h>

namespace cnn::runtime {

/// Not thread-safe: one call at a time.
class WorkerPool {
public:
  /// The caller counts as one of `threads` (>= 1). Null if a thread cannot be made.
  static std::unique_ptr<WorkerPool> create(int64_t threads);
  ~WorkerPool();

  /// Calls kernel(arguments, begin, end) for ranges that cover [0, count) once; returns when all have been done.
  void run(cnn_kernel_fn kernel, void *arguments, int64_t count);
  int64_t size() const { return threads; }

  /// Lets every worker run on any of these processors, or each on one of its own: on all but the first, which is the
  /// caller's. False, and nothing changes, if there are too few for that.
  bool place(const cpu_set_t &processors, bool isPinned);

private:
  /// The items of one thread: [next, end) are not taken yet. On a cache line of its own.
  struct alignas(64) Part {
    std::atomic<int64_t> next{0};
    int64_t end = 0;
  };
  struct Worker {
    WorkerPool *pool = nullptr;
    int64_t index = 0;
    pthread_t thread = {};
  };

  explicit WorkerPool(int64_t threads);
  static void *main(void *worker);
  void serve(int64_t index);
  void work(int64_t index);

  const int64_t threads;
  std::unique_ptr<Part[]> parts;
  std::unique_ptr<Worker[]> workers;
  int64_t started = 0;

  // The job; written while it is closed and nobody is inside.
  cnn_kernel_fn kernel = nullptr;
  void *arguments = nullptr;
  int64_t piece = 1;

  /// Number of the job | is it open | is the pool ending | how many workers are inside.
  alignas(64) std::atomic<uint32_t> state{0};
};

} // namespace cnn::runtime
