// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The tiles and streamers of a machine in time, and the words that move between their queues. The model of nf_grid in
// the RTL.
#ifndef CNN_RUNTIME_NEUFLOW_SIMULATOR_CYCLEGRID_H
#define CNN_RUNTIME_NEUFLOW_SIMULATOR_CYCLEGRID_H

#include "runtime/neuflow/simulator/CycleStreamer.h"
#include "runtime/neuflow/simulator/CycleTile.h"

namespace cnn::neuflow {

class CycleGrid {
public:
  explicit CycleGrid(const Target &target);

  std::vector<CycleTile> tiles;
  std::vector<CycleStreamer> streamers;

  // One cycle: plan() looks at the state at its beginning, apply() makes that of the next one; bus words act after it.
  void plan();
  // `granted` is the streamer whose request the memory takes, or -1; `response` is for streamer `responded`.
  void apply(int64_t granted, int64_t responded, const Beat *response);
  // Whether a word has moved in this cycle.
  bool moved() const { return anyMoved; }
  // Selects may have changed, or tiles were reset.
  void reroute() { routed = false; }
  // What everything that stands still waits for.
  std::string whatWaits() const;

private:
  // A source and all sinks that select it.
  struct Mover {
    Channel *source; // a queue; null: the output of an operator
    int64_t tile;    // of the operator
    int output;
    std::vector<Channel *> sinks;
    bool moves = false;
  };
  void route();
  void addMovers(int64_t tile);

  const Target &target;
  bool routed = false, anyMoved = false;
  std::vector<Mover> movers;
  std::vector<std::array<bool, 3>> ready; // of each tile: which outputs of its operator may move
};

} // namespace cnn::neuflow
#endif
