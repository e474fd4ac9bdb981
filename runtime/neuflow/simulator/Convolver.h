// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a convolver tile computes, without time: its kernels, its sets of configuration words, and where it is in a
// frame. docs/neuflow.md "Convolver".
#ifndef CNN_RUNTIME_NEUFLOW_SIMULATOR_CONVOLVER_H
#define CNN_RUNTIME_NEUFLOW_SIMULATOR_CONVOLVER_H

#include "runtime/neuflow/machine/ConfigWords.h"
#include "runtime/neuflow/simulator/Channel.h"

namespace cnn::neuflow {

class Convolver {
public:
  explicit Convolver(const Target &target) : k(target.convKernel) {}

  // Configuration. A set of words: the active one, or the one that follows it.
  void configure(const ConvConfig &config);
  bool configured() const { return everConfigured; }
  bool nextIsSet() const { return next.has_value(); }
  void setNext(const ConvConfig &config);
  bool insideFrame() const { return inside; }
  const std::optional<ConvConfig> &config() const { return active; }

  // Kernels over the bus.
  bool busLoadReady() const { return slot != Slot::registered && streamed == 0; }
  void beginBusLoad();
  void busWord(uint32_t word);
  // Kernels from a stream: takes what it can, answers whether it took something.
  bool takeKernel(Channel &input);
  bool registerReady() const;
  void registerKernel();
  bool discardReady() const { return multipliers.has_value() && !inside; }
  void discardKernel();

  // Takes one position, if there is a frame, the word that it needs from `image`, for an accumulated result one from
  // `sums`, and room for the result in `output`. Answers whether it did.
  bool step(Channel &image, Channel &sums, Channel &output, bool *saturated);
  // "waits for input 1", for messages; "" if it waits for nothing.
  std::string waitsFor(const Channel &image, const Channel &sums, const Channel &output) const;
  // A kernel with numbers outside of its width and height was used.
  bool kernelOutside() const { return outside; }

private:
  bool isPadding() const;
  bool completesWindow() const;
  Word windowResult(bool *saturated) const;
  void startFrame();
  void endPosition();
  void moveKernel();
  int64_t streamLength() const { return k * k + (active && active->biased ? 1 : 0); }

  int64_t k;
  std::optional<ConvConfig> active, next;
  bool everConfigured = false;
  uint32_t framesLeft = 0; // of the active set, if it counts

  enum class Slot { empty, bus, stream, registered };
  Slot slot = Slot::empty;
  KernelArray loading;
  int64_t streamed = 0, busNumbers = 0;
  bool loadHasBias = false;
  std::optional<KernelArray> multipliers;

  bool inside = false, outside = false;
  int64_t row = 0, column = 0; // of the (padded) frame
  std::vector<Word> rows;      // the last `kerH` of them, row % kerH
};

} // namespace cnn::neuflow
#endif
