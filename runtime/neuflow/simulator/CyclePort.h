// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One streamer in time, docs/neuflow.md "Streamers": what a port of the grid does in each cycle between the arbiter and
// its line. The model of the one in the RTL. Streams are given to it; what the configuration bus says is in
// CycleStreamer.h.
#ifndef CNN_RUNTIME_NEUFLOW_SIMULATOR_CYCLEPORT_H
#define CNN_RUNTIME_NEUFLOW_SIMULATOR_CYCLEPORT_H

#include "runtime/neuflow/machine/ConfigWords.h"
#include "runtime/neuflow/simulator/MemoryModel.h"

namespace cnn::neuflow {

class CyclePort {
public:
  CyclePort(const Target &target, uint8_t tag) : target(&target), tag(tag) {}

  // Begins a stream with the next cycle. No stream may be walking, and none of another direction may be on.
  void start(const StreamGlobals &globals, const StreamLocals &locals);
  // As after power-on, but what is under way is still to come, and is dropped then. Not while dropping().
  void reset();
  bool dropping() const { return dropped > 0; }
  // Elements are left to be made, or to be taken.
  bool isWalking() const { return walking; }
  // A stream is on: not all words have gone to the line, or to the memory.
  bool busy() const { return walking || !still(); }
  bool still() const { return elements.empty() && !current && requests.empty(); }
  // A read that hands nothing to the line can do no more than it has done; `more`: another one follows.
  bool full(bool more) const;

  // The state at the beginning of a cycle: what is asked of the arbiter; null if nothing.
  const MemoryRequest *request() const { return requests.empty() ? nullptr : &requests.front(); }

  // What happens in one cycle around the port.
  struct Inputs {
    bool granted = false;           // the memory takes request()
    const Beat *response = nullptr; // what the memory answers to this port
    bool lineHasRoom = false;       // reads
    std::optional<Word> lineWord;   // writes: the first word at the line's end
  };
  struct Outputs {
    std::optional<Word> fed; // reads: goes to the line
    bool took = false;       // writes: the word at the line's end was taken
  };
  Outputs cycle(const Inputs &inputs);
  // The word address at which the stream leaves its segment or the memory in such a cycle, which is a trap.
  std::optional<uint32_t> leaves(const Inputs &inputs) const;

private:
  struct Element {
    uint8_t lane;
    bool newBeat, last;
  };
  void walk(size_t elementCount, size_t requestCount, size_t beatCount);
  std::optional<Word> feed(size_t elementCount, size_t beatCount);
  bool take(Word word, size_t requestCount);
  void next();
  uint32_t address() const { return locals.address(globals, row, column); }
  bool outside() const {
    return address() - globals.offset >= globals.length || int64_t(address()) >= target->memoryBytes / 2;
  }

  const Target *target;
  uint8_t tag;
  StreamGlobals globals;
  StreamLocals locals;
  bool walking = false; // elements are left to be made (reads) or taken (writes)
  int64_t row = 0, column = 0;
  std::deque<MemoryRequest> requests;
  // Reads.
  std::optional<uint32_t> lastBeat;
  std::deque<Element> elements;
  std::deque<Beat> beats; // the first one is the current one if `inBeat`
  bool inBeat = false;
  int64_t underWay = 0, dropped = 0;
  // Writes.
  std::optional<MemoryRequest> current;
};

} // namespace cnn::neuflow
#endif
