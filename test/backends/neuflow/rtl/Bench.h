// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A test bench for one translated module: a clock, a reset, and valid/ready streams at its ports.
//
//     Bench<Vnf_map> bench;
//     bench.source(bench.top.in_valid, bench.top.in_ready, bench.top.in_word, words);
//     Sink &out = bench.sink(bench.top.out_valid, bench.top.out_ready, bench.top.out_word);
//     bench.stall(0.5);
//     ASSERT_TRUE(bench.runUntil([&] { return out.words.size() == words.size(); }));
//
// All inputs change just after a rising edge, and what has moved is decided just before the next one. A source that has
// offered a word keeps it on offer until it is taken, as links must.
//
// `PROGRAM --vcd=FILE` writes a waveform of the tests that run (the last bench's, if there are several).
#ifndef CNN_TEST_BACKENDS_NEUFLOW_RTL_BENCH_H
#define CNN_TEST_BACKENDS_NEUFLOW_RTL_BENCH_H

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include <verilated.h>
#include <verilated_vcd_c.h>

namespace cnn::neuflow {

/// The file of `--vcd=FILE`, or nothing.
const std::string &waveformFile();

/// Words that a module takes from one of its ports.
struct Source {
  CData &valid;
  const CData &ready;
  std::function<void(uint32_t)> set;
  std::deque<uint32_t> words;
};

/// Words that a module gives at one of its ports.
struct Sink {
  const CData &valid;
  CData &ready;
  std::function<uint32_t()> get;
  std::vector<uint32_t> words;
};

template <class Module> class Bench {
public:
  VerilatedContext context;
  Module top{&context};
  int64_t cycles = 0;

  explicit Bench(uint32_t seed = 1) : random(seed) {
    context.randReset(2);
    context.randSeed(int(seed));
    if (!waveformFile().empty()) {
      context.traceEverOn(true);
      waveform = std::make_unique<VerilatedVcdC>();
      top.trace(waveform.get(), 99);
      waveform->open(waveformFile().c_str());
    }
    top.clk = 0;
    top.reset = 1;
    tick();
    tick();
    top.reset = 0;
  }
  ~Bench() {
    top.final();
    if (waveform)
      waveform->close();
  }

  template <class Word> Source &source(CData &valid, const CData &ready, Word &word, std::deque<uint32_t> words) {
    valid = 0;
    return sources.emplace_back(
        Source{valid, ready, [&word](uint32_t value) { word = Word(value); }, std::move(words)});
  }

  template <class Word> Sink &sink(const CData &valid, CData &ready, const Word &word) {
    ready = 0;
    return sinks.emplace_back(Sink{valid, ready, [&word] { return uint32_t(word); }, {}});
  }

  /// Sources and sinks pause in this share of all cycles from now on.
  void stall(double share) { pause = std::bernoulli_distribution(share); }

  /// For ports that several streams share: `before` runs when all inputs of a cycle are set, `after` when they have
  /// been evaluated.
  void connect(std::function<void()> before, std::function<void()> after) {
    beforeEvaluation = std::move(before);
    afterEvaluation = std::move(after);
  }

  /// One cycle.
  void tick() {
    for (Source &source : sources) {
      bool offered = source.valid && !source.words.empty();
      source.valid = offered || (!source.words.empty() && !pause(random));
      // What is not valid must not matter.
      source.set(source.valid ? source.words.front() : uint32_t(random()));
    }
    for (Sink &sink : sinks)
      sink.ready = !pause(random);
    if (beforeEvaluation)
      beforeEvaluation();
    top.eval();
    dump();
    if (afterEvaluation)
      afterEvaluation();
    for (Source &source : sources)
      if (source.valid && source.ready) {
        source.words.pop_front();
        taken.push_back(&source);
      }
    for (Sink &sink : sinks)
      if (sink.valid && sink.ready)
        sink.words.push_back(sink.get());
    top.clk = 1;
    top.eval();
    dump();
    for (Source *source : taken)
      source->valid = 0;
    taken.clear();
    top.clk = 0;
    ++cycles;
  }

  /// False if `done` does not become true for `limit` cycles.
  bool runUntil(const std::function<bool()> &done, int64_t limit = 1000000) {
    for (int64_t end = cycles + limit; !done(); tick())
      if (cycles == end)
        return false;
    return true;
  }

  void run(int64_t count) {
    for (int64_t end = cycles + count; cycles != end;)
      tick();
  }

private:
  void dump() {
    if (waveform)
      waveform->dump(context.time());
    context.timeInc(1);
  }

  std::mt19937 random;
  std::bernoulli_distribution pause{0};
  std::deque<Source> sources;
  std::deque<Sink> sinks;
  std::vector<Source *> taken;
  std::function<void()> beforeEvaluation;
  std::function<void()> afterEvaluation;
  std::unique_ptr<VerilatedVcdC> waveform;
};

} // namespace cnn::neuflow

#endif
