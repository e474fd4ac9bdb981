// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Random programs on all machines, with memories that stall: the same memory, flags and, where there is time, cycles.
#include "test/runtime/neuflow/RandomPrograms.h"

#include <cstdlib>

using namespace cnn::neuflow;

namespace {

// NF_RANDOM_PROGRAMS=FIRST:COUNT runs others, or more of them, than the few of the test.
void runPrograms(const char *machine, uint64_t count) {
  uint64_t first = 1;
  if (const char *range = std::getenv("NF_RANDOM_PROGRAMS"))
    std::sscanf(range, "%lu:%lu", &first, &count);
  for (uint64_t seed = first; seed < first + count; ++seed) {
    Bench bench(machine);
    RandomProgram(bench, seed).write();
    std::optional<Disturbance> disturbance;
    if (seed % 2)
      disturbance = Disturbance{seed, static_cast<int>(seed % 70), static_cast<int64_t>(seed % 40)};
    EXPECT_EQ(bench.run(Bench::Timed::agree, disturbance), "");
    ASSERT_FALSE(testing::Test::HasFailure()) << "program " << seed << " on " << machine;
  }
}

TEST(RandomPrograms, Tiny) { runPrograms("neuflow-tiny", 300); }
TEST(RandomPrograms, Version6) { runPrograms("neuflow-v6", 40); }
TEST(RandomPrograms, Profile1) { runPrograms("neuflow-ml605", 40); }
TEST(RandomPrograms, Version4) { runPrograms("neuflow-v4", 40); }
TEST(RandomPrograms, Asic) { runPrograms("neuflow-asic", 40); }

} // namespace
