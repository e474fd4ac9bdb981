// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/cpu/WorkerPool.h"

#include <algorithm>
#include <chrono>
#include <new>

namespace cnn::runtime {

namespace {

constexpr uint32_t insideMask = (1u << 11) - 1;
constexpr uint32_t openBit = 1u << 11;
constexpr uint32_t endBit = 1u << 12;
constexpr uint32_t firstJob = 1u << 13;

/// So many pieces are cut from each part: enough to share an uneven load, few enough not to be felt.
constexpr int64_t piecesPerPart = 4;
/// How long a thread looks at the state before it sleeps, and how often between two looks at the clock.
constexpr std::chrono::microseconds patience{150};
constexpr int looks = 64;

uint32_t jobOf(uint32_t state) { return state / firstJob; }

void pause() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

/// The first state that `isGood`; it is waited for.
template <typename Predicate> uint32_t awaitState(const std::atomic<uint32_t> &state, Predicate isGood) {
  uint32_t seen = state.load(std::memory_order_acquire);
  if (isGood(seen))
    return seen;
  std::chrono::steady_clock::time_point end = std::chrono::steady_clock::now() + patience;
  do
    for (int i = 0; i < looks && !isGood(seen); ++i) {
      pause();
      seen = state.load(std::memory_order_acquire);
    }
  while (!isGood(seen) && std::chrono::steady_clock::now() < end);
  while (!isGood(seen)) {
    state.wait(seen, std::memory_order_acquire);
    seen = state.load(std::memory_order_acquire);
  }
  return seen;
}

} // namespace

WorkerPool::WorkerPool(int64_t threads)
    : threads(threads), parts(new (std::nothrow) Part[static_cast<size_t>(threads)]),
      workers(new (std::nothrow) Worker[static_cast<size_t>(threads)]) {}

std::unique_ptr<WorkerPool> WorkerPool::create(int64_t threads) {
  static_assert(insideMask >= 1024, "cnn_set_threads allows so many");
  std::unique_ptr<WorkerPool> pool(new (std::nothrow) WorkerPool(threads));
  if (!pool || !pool->parts || !pool->workers)
    return nullptr;
  for (; pool->started < threads - 1; ++pool->started) {
    Worker &worker = pool->workers[static_cast<size_t>(pool->started)];
    worker.pool = pool.get();
    worker.index = pool->started + 1;
    if (pthread_create(&worker.thread, nullptr, main, &worker) != 0)
      return nullptr;
  }
  return pool;
}

WorkerPool::~WorkerPool() {
  state.fetch_or(endBit, std::memory_order_release);
  state.notify_all();
  for (int64_t i = 0; i < started; ++i)
    pthread_join(workers[static_cast<size_t>(i)].thread, nullptr);
}

bool WorkerPool::place(const cpu_set_t &processors, bool isPinned) {
  if (isPinned && CPU_COUNT(&processors) < threads)
    return false;
  int next = -1;
  auto advance = [&] {
    do
      ++next;
    while (!CPU_ISSET(next, &processors));
  };
  if (isPinned)
    advance();
  for (int64_t i = 0; i < started; ++i) {
    cpu_set_t own = processors;
    if (isPinned) {
      advance();
      CPU_ZERO(&own);
      CPU_SET(next, &own);
    }
    pthread_setaffinity_np(workers[static_cast<size_t>(i)].thread, sizeof own, &own);
  }
  return true;
}

void *WorkerPool::main(void *worker) {
  Worker &self = *static_cast<Worker *>(worker);
  self.pool->serve(self.index);
  return nullptr;
}

void WorkerPool::serve(int64_t index) {
  uint32_t last = 0;
  while (true) {
    uint32_t seen =
        awaitState(state, [&](uint32_t now) { return (now & endBit) || ((now & openBit) && jobOf(now) != last); });
    if (seen & endBit)
      return;
    // Whoever goes in while it is open is waited for. Another worker may come between; then look again.
    if (!state.compare_exchange_weak(seen, seen + 1, std::memory_order_acquire, std::memory_order_relaxed))
      continue;
    last = jobOf(seen);
    work(index);
    uint32_t before = state.fetch_sub(1, std::memory_order_release);
    if (!(before & openBit) && (before & insideMask) == 1)
      state.notify_all();
  }
}

void WorkerPool::work(int64_t index) {
  for (int64_t i = 0; i < threads; ++i) {
    Part &part = parts[static_cast<size_t>((index + i) % threads)];
    // A look first: adding to what is used up would make its cache line travel.
    while (part.next.load(std::memory_order_relaxed) < part.end) {
      int64_t begin = part.next.fetch_add(piece, std::memory_order_relaxed);
      if (begin < part.end)
        kernel(arguments, begin, std::min(begin + piece, part.end));
    }
  }
}

void WorkerPool::run(cnn_kernel_fn newKernel, void *newArguments, int64_t count) {
  kernel = newKernel;
  arguments = newArguments;
  piece = std::max<int64_t>(1, count / (threads * piecesPerPart));
  int64_t share = count / threads, rest = count % threads, begin = 0;
  for (int64_t i = 0; i < threads; ++i) {
    Part &part = parts[static_cast<size_t>(i)];
    part.next.store(begin, std::memory_order_relaxed);
    part.end = begin += share + (i < rest);
  }
  // Nobody is inside, so nobody else changes the state.
  uint32_t job = jobOf(state.load(std::memory_order_relaxed)) + 1;
  state.store(job * firstJob | openBit, std::memory_order_release);
  state.notify_all();
  work(0);
  uint32_t before = state.fetch_and(~openBit, std::memory_order_acquire);
  if (before & insideMask)
    awaitState(state, [](uint32_t now) { return (now & insideMask) == 0; });
}

} // namespace cnn::runtime
