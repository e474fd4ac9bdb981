// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A convolver in time, docs/neuflow.md "Convolver": the model of nf_conv and nf_tile_conv in the RTL. What a window
// sums up to is computed when its last position is taken; from there results go through the stages of the pipeline.
#ifndef CNN_RUNTIME_NEUFLOW_SIMULATOR_CYCLECONVOLVER_H
#define CNN_RUNTIME_NEUFLOW_SIMULATOR_CYCLECONVOLVER_H

#include "runtime/neuflow/machine/ConfigWords.h"
#include "runtime/neuflow/simulator/Channel.h"

namespace cnn::neuflow {

class CycleConvolver {
public:
  explicit CycleConvolver(const Target &target) : k(target.convKernel), stages(target.convLatency + 1) {}

  // One cycle: plan() looks at the state at its beginning, apply() makes that of the next one. `inputs` are the three
  // queues of the operator; results of the three outputs may move on in this cycle if they are `ready`.
  void plan(const Channel *inputs, const bool (&ready)[3]);
  void apply(Channel *inputs);

  // What is at the outputs: which one, or -1.
  int output() const { return stages.back().output; }
  Word word() const { return stages.back().word; }

  // What the configuration bus asks. Before apply() of the cycle:
  bool configured() const { return everConfigured; }
  bool busy() const;
  // "waits for input 1 in row 2, column 3 of its frame"; "" if it waits for nothing.
  std::string waitsFor(const Channel *inputs) const;
  bool insideFrame() const { return inFrame || steps; }
  bool busLoadReady() const { return place == Place::nothing || movesUp || place == Place::bus; }
  bool registerReady() const { return place == Place::all || place == Place::bus; }
  bool discardReady() const { return kernelActive && !inFrame && !steps; }
  bool nextArmed() const { return armed; }
  // The bus takes such a word in this cycle: nothing else happens to the kernel's place, or to the set.
  void announceBusLoad() { busBegins = true; }
  void announceSet() { setComes = true; }
  // After apply():
  void beginBusLoad();
  void busWord(uint32_t word);
  void registerKernel() { place = Place::waiting; }
  void discardKernel() { kernelActive = false; }
  void configure(const ConvConfig &config); // three words, or four
  void countFrames(uint32_t frames) { left = frames; }
  void arm(const ConvConfig &config);

  bool saturated = false;
  // Since power-on: positions taken, and multiply-accumulates of results.
  int64_t positions = 0, macs = 0;

private:
  struct Stage {
    bool position = false; // in the first two stages
    int output = -1;       // of the result; -1: none
    Word word = 0;
    bool clamped = false, accumulates = false;
  };
  bool onImage() const;
  void takeKernelWord(Word word);
  void takePosition(Channel *inputs, Stage &stage);
  Word windowResult(bool *clamped) const;

  int64_t k;
  std::vector<Stage> stages; // by number, from 1 on
  int64_t inStages = 0;      // stages that hold something

  // Sets of words.
  bool setActive = false, armed = false, everConfigured = false;
  ConvConfig active, next;
  uint32_t left = 0; // frames of the active set; 0: without end

  // Kernels.
  enum class Place { nothing, part, all, bus, waiting };
  Place place = Place::nothing;
  KernelArray loading, used;
  int64_t loaded = 0; // numbers
  bool loadHasBias = false, kernelActive = false;

  // The walk over the frame.
  bool inFrame = false, gap = true;
  int64_t row = 0, column = 0;
  std::vector<Word> rows; // the last `kerH` of them, row % kerH

  // Decided for this cycle.
  bool enable = false, leaves = false, adds = false, steps = false, movesUp = false, kernelComes = false;
  bool busBegins = false, setComes = false;
};

} // namespace cnn::neuflow
#endif
