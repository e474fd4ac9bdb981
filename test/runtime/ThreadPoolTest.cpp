// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "cnn/runtime.h"
#include "runtime/cpu/ProcessorQuota.h"
#include "runtime/cpu/WorkerPool.h"
#include "test/runtime/Files.h"

#include <atomic>
#include <gtest/gtest.h>
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
