// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// ALUs and mappers in time: results go through a pipeline of a fixed latency. The models of nf_alu and nf_map in the
// RTL.
#ifndef CNN_RUNTIME_NEUFLOW_SIMULATOR_CYCLEARITHMETIC_H
#define CNN_RUNTIME_NEUFLOW_SIMULATOR_CYCLEARITHMETIC_H

#include "runtime/neuflow/machine/ConfigWords.h"
#include "runtime/neuflow/simulator/Channel.h"

namespace cnn::neuflow {

class CycleArithmetic {
public:
  explicit CycleArithmetic(const Target &target) : target(&target) {}

  // One is set: the operator is configured.
  void configure(const AluConfig &config);
  void configure(const MapperConfig &config);
  bool configured() const { return alu || mapper; }

  // One cycle, as in CycleConvolver.
  void plan(const Channel *inputs, const bool (&ready)[3]);
  void apply(Channel *inputs);
  int output() const { return !stages.empty() && stages.back().valid ? outputOfAll : -1; }
  Word word() const { return stages.back().word; }
  bool busy() const { return inStages > 0; }
  // "waits for input 2"; "" if it waits for nothing.
  std::string waitsFor(const Channel *inputs) const;

  bool saturated = false;

private:
  struct Stage {
    bool valid = false;
    Word word = 0;
    bool firstClamped = false, secondClamped = false;
  };
  void setLatency(int64_t latency);
  bool takes(int input) const { return mapper ? input == 0 : alu && alu->takes(input); }

  const Target *target;
  std::optional<AluConfig> alu;
  std::optional<MapperConfig> mapper;
  std::vector<Stage> stages; // the first one in front
  int64_t firstLatency = 0;  // of an ALU's first operator
  int64_t inStages = 0;
  int outputOfAll = 0;
  bool enable = false, starts = false;
};

} // namespace cnn::neuflow
#endif
