// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One streamer in time, docs/neuflow.md "Streamers": what a port of the grid does in each cycle between the arbiter and
// its line. The model of the one in the RTL, and a part of the cycle simulator to come; streams are given to it,
// configuration is not.
#ifndef CNN_RUNTIME_NEUFLOW_SIMULATOR_CYCLEPORT_H
#define CNN_RUNTIME_NEUFLOW_SIMULATOR_CYCLEPORT_H

#include "runtime/neuflow/machine/ConfigWords.h"
#include "runtime/neuflow/simulator/MemoryModel.h"

namespace cnn::neuflow {

class CyclePort {
public:
  CyclePort(const Target &target, uint8_t tag) : target(target), tag(tag) {}

  // Begins a stream with the next cycle. None may be on.
  void start(const StreamGlobals &globals, const StreamLocals &locals);
  // A stream is on: not all words have gone to the line, or to the memory.
  bool busy() const { return walking || !elements.empty() || current || !requests.empty(); }

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

  const Target &target;
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
  int64_t underWay = 0;
  // Writes.
  std::optional<MemoryRequest> current;
};

} // namespace cnn::neuflow
#endif
