// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The configuration bus in time: who is meant by a word, and what it says to it. The model of nf_bus in the RTL.
#ifndef CNN_RUNTIME_NEUFLOW_SIMULATOR_CYCLEBUS_H
#define CNN_RUNTIME_NEUFLOW_SIMULATOR_CYCLEBUS_H

#include "runtime/neuflow/simulator/CycleGrid.h"

namespace cnn::neuflow {

class CycleBus {
public:
  CycleBus(const Target &target, CycleGrid &grid) : target(target), grid(grid) {}

  // Offers a word between the grid's plan() and apply(). If it is taken without a trap, act() after the grid's apply()
  // lets it act.
  BusAnswer offer(Content content, uint32_t word);
  void act();
  // What the selected module shows. A trap if all are selected.
  Status status(std::optional<Trap> &trap) const;
  // "streamer.7.commands", for messages.
  std::string selectedText() const;

private:
  BusAnswer command(const Select &select, uint32_t word);
  BusAnswer data(uint32_t word);
  bool isTile(const Select &select) const { return select.area == static_cast<uint8_t>(Area::tile); }
  // The place of a module in the grid; -1 if there is none.
  int64_t indexOf(const Select &select) const;

  const Target &target;
  CycleGrid &grid;
  std::optional<Select> selected;
  bool open = false, toShadow = false; // data words may follow
  // Taken in this cycle.
  struct Action {
    bool isData;
    Select select;
    uint32_t word;
  };
  std::optional<Action> action;
};

} // namespace cnn::neuflow
#endif
