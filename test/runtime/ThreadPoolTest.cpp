// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "cnn/runtime.h"
#include "runtime/cpu/ProcessorQuota.h"
#include "runtime/cpu/WorkerPool.h"
#include "test/runtime/Files.h"

#include <atomic>
#include <chrono>
#include <gtest/gtest.h>
#include <map>
#include <mutex>
#include <sched.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

using namespace cnn::runtime;

namespace {

struct Visits {
  std::vector<std::atomic<int>> counts;
  explicit Visits(int64_t count) : counts(count) {}
  static void visit(void *self, int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i)
      ++static_cast<Visits *>(self)->counts[i];
  }
  bool allOnce() const {
    for (const auto &count : counts)
      if (count != 1)
        return false;
    return true;
  }
};

TEST(ParallelFor, VisitsEveryItemOnce) {
  for (int64_t threads : {1, 2, 3, 7}) {
    ASSERT_EQ(cnn_set_threads(threads), CNN_OK);
    EXPECT_EQ(cnn_get_threads(), threads);
    for (int64_t count : {0, 1, 2, 3, 8, 29, 1000}) {
      Visits visits(count);
      cnn_parallel_for(nullptr, Visits::visit, &visits, count);
      EXPECT_TRUE(visits.allOnce()) << threads << " threads, " << count << " items";
    }
  }
  EXPECT_EQ(cnn_set_threads(0), CNN_OK);
}

TEST(ParallelFor, RunsInsideItself) {
  ASSERT_EQ(cnn_set_threads(2), CNN_OK);
  static Visits visits(64);
  auto outer = [](void *, int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i)
      cnn_parallel_for(
          nullptr,
          [](void *base, int64_t from, int64_t to) {
            int64_t row = *static_cast<int64_t *>(base);
            Visits::visit(&visits, row * 8 + from, row * 8 + to);
          },
          &i, 8);
  };
  cnn_parallel_for(nullptr, outer, nullptr, 8);
  EXPECT_TRUE(visits.allOnce());
}

TEST(ParallelFor, ServesSeveralThreads) {
  ASSERT_EQ(cnn_set_threads(2), CNN_OK);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([] {
      for (int i = 0; i < 50; ++i) {
        Visits visits(100);
        cnn_parallel_for(nullptr, Visits::visit, &visits, 100);
        EXPECT_TRUE(visits.allOnce());
      }
    });
  for (auto &thread : threads)
    thread.join();
}

TEST(WorkerPool, VisitsEveryItemOnceManyTimes) {
  for (int64_t threads : {1, 2, 5}) {
    std::unique_ptr<cnn::runtime::WorkerPool> pool = cnn::runtime::WorkerPool::create(threads);
    ASSERT_NE(pool, nullptr);
    for (int64_t i = 0; i < 3000; ++i) {
      Visits visits(i % 67);
      pool->run(Visits::visit, &visits, i % 67);
      ASSERT_TRUE(visits.allOnce()) << threads << " threads, run " << i;
    }
  }
}

// Threads that have no processor are not waited for. In a child process they are not there at all.
TEST(WorkerPool, FinishesWithoutItsWorkers) {
  std::unique_ptr<cnn::runtime::WorkerPool> pool = cnn::runtime::WorkerPool::create(4);
  ASSERT_NE(pool, nullptr);
  pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    alarm(60);
    Visits visits(1000);
    pool->run(Visits::visit, &visits, 1000);
    _exit(visits.allOnce() ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
}

/// On which processors the threads that share a kernel with this one may run; each of them once.
std::vector<cpu_set_t> placesOfWorkers() {
  struct Places {
    std::mutex mutex;
    std::map<std::thread::id, cpu_set_t> found;
    static void visit(void *self, int64_t, int64_t) {
      cpu_set_t own;
      sched_getaffinity(0, sizeof own, &own);
      {
        std::lock_guard lock(static_cast<Places *>(self)->mutex);
        static_cast<Places *>(self)->found[std::this_thread::get_id()] = own;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(5)); // so that others come, too
    }
  } places;
  for (int round = 0; round < 200 && std::ssize(places.found) < cnn_get_threads(); ++round)
    cnn_parallel_for(nullptr, Places::visit, &places, 4 * cnn_get_threads());
  std::vector<cpu_set_t> sets;
  for (auto &[thread, own] : places.found)
    if (thread != std::this_thread::get_id())
      sets.push_back(own);
  return sets;
}

TEST(Threads, ArePinnedOnRequest) {
  cpu_set_t all;
  ASSERT_EQ(sched_getaffinity(0, sizeof all, &all), 0);
  int processors = CPU_COUNT(&all);
  if (processors < 2)
    GTEST_SKIP() << "needs two processors";
  // One more than there are processors: refused.
  ASSERT_EQ(cnn_set_threads(processors + 1), CNN_OK);
  EXPECT_EQ(cnn_pin_threads(1), CNN_BAD_ARGUMENT);
  for (const cpu_set_t &own : placesOfWorkers())
    EXPECT_TRUE(CPU_EQUAL(&own, &all));
  // A processor each, also for threads that are made later.
  for (int64_t threads : {int64_t(2), int64_t(processors)}) {
    ASSERT_EQ(cnn_set_threads(threads), CNN_OK);
    EXPECT_EQ(cnn_pin_threads(1), CNN_OK);
    cpu_set_t seen;
    CPU_ZERO(&seen);
    std::vector<cpu_set_t> places = placesOfWorkers();
    EXPECT_EQ(std::ssize(places), threads - 1);
    for (const cpu_set_t &own : places) {
      EXPECT_EQ(CPU_COUNT(&own), 1);
      CPU_OR(&seen, &seen, &own);
    }
    EXPECT_EQ(CPU_COUNT(&seen), threads - 1);
    EXPECT_EQ(cnn_set_threads(1), CNN_OK);
    ASSERT_EQ(cnn_set_threads(2), CNN_OK);
    for (const cpu_set_t &own : placesOfWorkers())
      EXPECT_EQ(CPU_COUNT(&own), 1);
  }
  EXPECT_EQ(cnn_pin_threads(0), CNN_OK);
  for (const cpu_set_t &own : placesOfWorkers())
    EXPECT_TRUE(CPU_EQUAL(&own, &all));
  ASSERT_EQ(cnn_set_threads(0), CNN_OK);
}

TEST(Threads, CountIsChecked) {
  EXPECT_EQ(cnn_set_threads(-1), CNN_BAD_ARGUMENT);
  EXPECT_EQ(cnn_set_threads(100000), CNN_BAD_ARGUMENT);
}

TEST(Threads, DefaultComesFromTheEnvironment) {
  setenv("CNN_NUM_THREADS", "3", 1);
  ASSERT_EQ(cnn_set_threads(0), CNN_OK);
  EXPECT_EQ(cnn_get_threads(), 3);
  setenv("CNN_NUM_THREADS", "many", 1);
  ASSERT_EQ(cnn_set_threads(0), CNN_OK);
  EXPECT_GE(cnn_get_threads(), 1);
  unsetenv("CNN_NUM_THREADS");
}

TEST(ProcessorQuota, IsTheSmallestOnTheWay) {
  ScratchFolder folder;
  std::string list = folder.write("cgroup", "1:name=systemd:/x\n0::/outer/inner\n"), root = folder.path("fs");
  EXPECT_EQ(processorQuota(list, root), 0);
  folder.write("fs/outer/inner/cpu.max", "max 100000\n");
  EXPECT_EQ(processorQuota(list, root), 0);
  folder.write("fs/outer/cpu.max", "250000 100000\n");
  EXPECT_EQ(processorQuota(list, root), 3);
  folder.write("fs/cpu.max", "100000 100000\n");
  EXPECT_EQ(processorQuota(list, root), 1);
  folder.write("fs/cpu.max", "nonsense\n");
  EXPECT_EQ(processorQuota(list, root), 3);
  folder.write("cgroup", "0::/\n");
  folder.write("fs/cpu.max", "5000 100000\n");
  EXPECT_EQ(processorQuota(list, root), 1);
  EXPECT_EQ(processorQuota(folder.path("none"), root), 0);
}

} // namespace
