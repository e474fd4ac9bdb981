// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A tile in time: its queues, its operator, and what the configuration bus says to it. The model of nf_tile in the RTL.
// Words between queues are moved by the grid, which knows who is linked to whom (CycleGrid.h).
#ifndef CNN_RUNTIME_NEUFLOW_SIMULATOR_CYCLETILE_H
#define CNN_RUNTIME_NEUFLOW_SIMULATOR_CYCLETILE_H

#include "runtime/neuflow/simulator/BusAnswer.h"
#include "runtime/neuflow/simulator/CycleArithmetic.h"
#include "runtime/neuflow/simulator/CycleConvolver.h"

namespace cnn::neuflow {

class CycleTile {
public:
  CycleTile(const Target &target, int64_t index);

  // The queues of what comes in, and the selects.
  std::vector<Channel> lineIn;
  Channel localIn[3], localOut[3], sideIn[4], operatorIn[3];
  RouterConfig router;
  LinesConfig lines;

  // One cycle of the operator: plan() looks at the state at its beginning, apply() makes that of the next one.
  void plan(const bool (&ready)[3]);
  // Answers whether a FIFO tile has taken a word.
  bool apply();
  // What is at the operator's outputs: which one, or -1.
  int output() const;
  Word word() const;

  // The configuration bus, as in CycleStreamer. takeData() answers whether selects may have changed.
  BusAnswer answer(uint8_t subModule, Command command, uint32_t word) const;
  // Between plan() and apply() of the cycle in which a word is taken: what has to know of it.
  void announce(uint8_t subModule, bool isData, bool toShadow, Command command);
  void take(uint8_t subModule, Command command);
  std::optional<Trap> answerData(uint8_t subModule, bool toShadow, uint32_t word) const;
  bool takeData(uint8_t subModule, bool toShadow, uint32_t word);
  Status status() const;
  bool saturated() const { return conv.saturated || arithmetic.saturated; }
  const CycleConvolver &convolver() const { return conv; }
  std::string waitsFor() const;

private:
  bool isConv() const { return tile->kind == TileKind::conv; }
  bool isFifo() const { return tile->kind == TileKind::fifo; }
  bool configured() const;
  // Puts a set of words, or the last of them, in force.
  void use(uint8_t subModule, const std::vector<uint32_t> &words, bool all);

  const Target *target;
  int64_t index;
  const Tile *tile;
  CycleConvolver conv;
  CycleArithmetic arithmetic;
  // Of a FIFO tile.
  int64_t capacity = 0; // 0: not configured
  Channel fifo;
  std::optional<Word> fifoOut;
  bool fifoTakes = false, fifoFetches = false, fifoReady = false;

  struct Set {
    std::vector<uint32_t> words;
    bool armed = false;
  };
  std::vector<uint32_t> direct[4];
  Set shadow[4];
};

} // namespace cnn::neuflow
#endif
