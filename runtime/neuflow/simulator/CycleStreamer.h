// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A port of the grid in time: its words, what the configuration bus does with them, and the streamer that they
// describe. The model of nf_port and nf_stream_words in the RTL.
#ifndef CNN_RUNTIME_NEUFLOW_SIMULATOR_CYCLESTREAMER_H
#define CNN_RUNTIME_NEUFLOW_SIMULATOR_CYCLESTREAMER_H

#include "runtime/neuflow/simulator/BusAnswer.h"
#include "runtime/neuflow/simulator/Channel.h"
#include "runtime/neuflow/simulator/CyclePort.h"

namespace cnn::neuflow {

class CycleStreamer {
public:
  CycleStreamer(const Target &target, int64_t line);

  // The queue at the line's end.
  Channel lineEnd;

  // One cycle: plan() looks at the state at its beginning, apply() makes that of the next one; bus words act after it.
  const MemoryRequest *request() const { return port.request(); }
  void plan(bool lineHasRoom);
  std::optional<uint32_t> leaves() const { return port.leaves(inputs); }
  // The word that goes to the line's beginning, if one does.
  std::optional<Word> apply(bool granted, const Beat *response);

  // The configuration bus. `words` are those of the set so far, with the new one.
  BusAnswer answer(uint8_t subModule, Command command, uint32_t word) const;
  void take(uint8_t subModule, Command command);
  std::optional<Trap> answerData(uint8_t subModule, bool toShadow, uint32_t word) const;
  void takeData(uint8_t subModule, bool toShadow, uint32_t word);
  Status status() const;
  uint32_t timeout() const { return beats; }
  // "waits to hand 12 words to line 2"; "" if it waits for nothing.
  std::string waitsFor() const;

private:
  bool on() const { return port.busy() || armed; }
  bool complete() const;
  void start();

  const Target *target;
  int64_t line;
  CyclePort port;
  CyclePort::Inputs inputs; // of this cycle
  std::vector<uint32_t> words[3], nextWords;
  bool globalsEver = false, localsEver = false; // were complete once
  StreamGlobals globals;
  StreamLocals locals, next;
  bool held = false, started = false, armed = false, follows = false;
  uint32_t beats = 1;
};

} // namespace cnn::neuflow
#endif
