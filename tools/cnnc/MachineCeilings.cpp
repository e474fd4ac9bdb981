// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Each loop is compiled for several widths of vectors, and the widest that the processor has is run. The best of
// several rounds counts: whatever else happens on the machine only makes a round slower.
#include "tools/cnnc/MachineCeilings.h"
#include "cnn/runtime.h"
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <fstream>
#include <memory>
#include <new>
#include <string>
#include <sys/mman.h>
#include <unistd.h>
#include <vector>

namespace cnn::tools {

MachineCeilings::Least MachineCeilings::least(uint64_t operations, uint64_t bytes) const {
  const Level *level = &levels.front();
  while (level != &levels.back() && bytes > level->bytes)
    ++level;
  double computing = static_cast<double>(operations) / flops;
  double moving = static_cast<double>(bytes) / level->bandwidth;
  return computing >= moving ? Least{computing, "compute"} : Least{moving, level->name};
}

namespace {

/// Independent chains of multiply-adds: enough to hide their latency (2 units of 4 to 5 cycles), few enough for 16
/// registers.
constexpr int64_t chains = 12; // a to l
constexpr int64_t steps = 200000;
constexpr int rounds = 20;

template <int bytes> using Floats __attribute__((vector_size(bytes))) = float;
template <int bytes> using Words __attribute__((vector_size(bytes))) = uint64_t;

struct Loops {
  int64_t lanes;
  float (*multiplyAdd)();
  uint64_t (*read)(const char *data, size_t bytes);
};

// A function for each target, because a template cannot have an attribute that depends on its parameters; and a
// variable for each chain, so that it is in a register however little this file is optimized.
#define CNN_LOOPS(NAME, TARGET, BYTES)                                                                                 \
  TARGET float multiplyAdd##NAME() {                                                                                   \
    _Pragma("clang fp contract(fast)") using Vector = Floats<BYTES>;                                                   \
    Vector factor = Vector{} + 0.999f, term = factor * 1e-4f;                                                          \
    Vector a = term, b = a + term, c = b + term, d = c + term, e = d + term, f = e + term;                             \
    Vector g = f + term, h = g + term, i = h + term, j = i + term, k = j + term, l = k + term;                         \
    for (int64_t step = 0; step < steps; ++step) {                                                                     \
      a = a * factor + term, b = b * factor + term, c = c * factor + term, d = d * factor + term;                      \
      e = e * factor + term, f = f * factor + term, g = g * factor + term, h = h * factor + term;                      \
      i = i * factor + term, j = j * factor + term, k = k * factor + term, l = l * factor + term;                      \
    }                                                                                                                  \
    return (a + b + c + d + e + f + g + h + i + j + k + l)[0];                                                         \
  }                                                                                                                    \
  TARGET uint64_t read##NAME(const char *data, size_t bytes) {                                                         \
    using Vector = Words<BYTES>;                                                                                       \
    const auto *at = reinterpret_cast<const Vector *>(data);                                                           \
    Vector a = {}, b = {}, c = {}, d = {};                                                                             \
    size_t count = bytes / (BYTES);                                                                                    \
    for (size_t i = 0; i + 4 <= count; i += 4)                                                                         \
      a += at[i], b += at[i + 1], c += at[i + 2], d += at[i + 3];                                                      \
    return (a + b + c + d)[0];                                                                                         \
  }                                                                                                                    \
  constexpr Loops loops##NAME = {(BYTES) / sizeof(float), multiplyAdd##NAME, read##NAME};

CNN_LOOPS(Baseline, , 16)
#ifdef __x86_64__
CNN_LOOPS(Avx2, __attribute__((target("avx2,fma"))), 32)
CNN_LOOPS(Avx512, __attribute__((target("avx512f"), min_vector_width(512))), 64)
#endif

Loops chooseLoops() {
#ifdef __x86_64__
  if (__builtin_cpu_supports("avx512f"))
    return loopsAvx512;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
    return loopsAvx2;
#endif
  return loopsBaseline;
}

struct Work {
  Loops loops;
  char *data = nullptr;
  size_t bytesPerThread = 0;
  int64_t repeats = 1;
};

/// So that what computes a value is not dropped.
template <typename T> void use(T value) { asm volatile("" : : "r,m"(value) : "memory"); }

void multiplyAdd(void *arguments, int64_t begin, int64_t end) {
  const Work &work = *static_cast<const Work *>(arguments);
  for (int64_t i = begin; i < end; ++i)
    use(work.loops.multiplyAdd());
}

void read(void *arguments, int64_t begin, int64_t end) {
  const Work &work = *static_cast<const Work *>(arguments);
  for (int64_t i = begin; i < end; ++i)
    for (int64_t repeat = 0; repeat < work.repeats; ++repeat)
      use(work.loops.read(work.data + i * work.bytesPerThread, work.bytesPerThread));
}

void fill(void *arguments, int64_t begin, int64_t end) {
  const Work &work = *static_cast<const Work *>(arguments);
  std::memset(work.data + begin * work.bytesPerThread, 1, (end - begin) * work.bytesPerThread);
}

/// Of one cache of this level, which some cores may share; 0 if it is not known. What Linux says comes first: of some
/// processors glibc multiplies it by the number of cores.
size_t cacheBytes(int level, int name) {
  for (int i = 0; i < 8; ++i) {
    std::string folder = "/sys/devices/system/cpu/cpu0/cache/index" + std::to_string(i) + "/";
    int itsLevel = 0;
    size_t kilobytes = 0;
    std::string type;
    std::ifstream(folder + "level") >> itsLevel;
    std::ifstream(folder + "type") >> type;
    if (itsLevel == level && type != "Instruction" && std::ifstream(folder + "size") >> kilobytes)
      return kilobytes << 10;
  }
  return static_cast<size_t>(std::max(0L, sysconf(name)));
}

/// The least seconds of some rounds of one item for each thread.
double measure(cnn_kernel_fn loop, Work &work, int64_t threads) {
  using Clock = std::chrono::steady_clock;
  double least = 1e9;
  for (int round = 0; round < rounds; ++round) {
    Clock::time_point begin = Clock::now();
    cnn_parallel_for(nullptr, loop, &work, threads);
    least = std::min(least, std::chrono::duration<double>(Clock::now() - begin).count());
  }
  return least;
}

} // namespace

std::optional<MachineCeilings> measureCeilings() {
  int64_t threads = cnn_get_threads();
  Work work = {chooseLoops()};
  MachineCeilings ceilings = {};
  ceilings.flops =
      2.0 * static_cast<double>(work.loops.lanes * chains * steps * threads) / measure(multiplyAdd, work, threads);

  size_t second = cacheBytes(2, _SC_LEVEL2_CACHE_SIZE), third = cacheBytes(3, _SC_LEVEL3_CACHE_SIZE);
  if (second == 0)
    second = size_t(256) << 10;
  // What is read from memory is several times what the last cache holds, as far as there is memory; what is read from a
  // cache, half of it at most.
  size_t memoryBytes = std::clamp(4 * third, size_t(64) << 20, size_t(1) << 30) / threads;
  // In huge pages, as the memory of models is.
  constexpr std::align_val_t alignment{size_t(2) << 20};
  std::unique_ptr<char[], void (*)(char *)> data(
      static_cast<char *>(::operator new(memoryBytes * threads, alignment, std::nothrow)),
      [](char *memory) { ::operator delete(memory, alignment); });
  if (!data)
    return std::nullopt;
  madvise(data.get(), memoryBytes * threads, MADV_HUGEPAGE);
  // Each thread has what it has written near.
  work.bytesPerThread = memoryBytes;
  work.data = data.get();
  cnn_parallel_for(nullptr, fill, &work, threads);
  auto bandwidth = [&](size_t bytesPerThread) {
    // So many threads as are asked for may have less than a cache would hold.
    bytesPerThread = std::min(bytesPerThread, memoryBytes);
    work.bytesPerThread = bytesPerThread / 256 * 256;
    work.repeats = std::max<int64_t>(1, memoryBytes / 4 / bytesPerThread);
    return static_cast<double>(work.bytesPerThread * work.repeats * threads) / measure(read, work, threads);
  };
  ceilings.levels.push_back({"L2", second * threads, bandwidth(second / 2)});
  if (third / threads > 4 * second)
    ceilings.levels.push_back({"L3", third, bandwidth(std::min(2 * second, memoryBytes / 4))});
  ceilings.levels.push_back({"memory", UINT64_MAX, bandwidth(memoryBytes)});
  return ceilings;
}

} // namespace cnn::tools
