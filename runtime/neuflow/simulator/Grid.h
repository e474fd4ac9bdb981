// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The tiles and ports of a machine as processes on channels, without time. What the configuration bus does to them is
// in ConfigBus.h.
#ifndef CNN_RUNTIME_NEUFLOW_SIMULATOR_GRID_H
#define CNN_RUNTIME_NEUFLOW_SIMULATOR_GRID_H

#include "runtime/neuflow/simulator/Convolver.h"
#include "runtime/neuflow/simulator/MachineMemory.h"

namespace cnn::neuflow {

// A set of words on its way into a sub-module: written one by one, or kept until it is armed.
struct ConfigSet {
  std::vector<uint32_t> words;
  bool armed = false;
};

struct GridTile {
  GridTile(const Target &target, int64_t index);

  const Tile *tile;
  // Configuration.
  RouterConfig router;
  LinesConfig lines;
  std::optional<AluConfig> alu;
  std::optional<MapperConfig> mapper;
  Convolver conv;
  int64_t fifoCapacity = 0;       // 0: not configured
  ConfigSet direct[4], shadow[4]; // by sub-module
  // Words on their way.
  std::vector<Channel> lineIn;
  Channel localIn[3], localOut[3], sideIn[4], operatorIn[3], operatorOut[3];
  Channel fifo;
  bool saturated = false;

  bool operatorConfigured() const;
  bool holdsWords() const;
  // Runs the operator once; answers whether anything happened.
  bool stepOperator();
  std::string waitsFor() const;
};

struct GridPort {
  int64_t index = 0; // among all ports of the machine
  int64_t line = 0;
  std::optional<StreamGlobals> globals;
  std::optional<StreamLocals> locals, next; // `next` is armed
  ConfigSet direct[3], shadow;
  Channel lineEnd;
  enum class State { idle, prefetched, on, done } state = State::idle;
  int64_t row = 0, column = 0;

  bool busy() const { return state == State::prefetched || state == State::on; }
  void start() { row = column = 0; }
  // Begins the stream of the second set, which becomes the first one.
  void take(const StreamLocals &set) {
    locals = set;
    direct[kStreamerLocals].words = encode(set);
    start();
    state = State::on;
  }
};

class Grid {
public:
  Grid(const Target &target, MachineMemory &memory);

  std::vector<GridTile> tiles;
  std::vector<GridPort> ports;
  int64_t wordsRead = 0, wordsWritten = 0;

  // Selects have changed.
  void reroute() { routed = false; }
  void resetTile(int64_t tile);
  void resetPort(int64_t port);
  // Whether words are in a channel, or may come into it without a further word of configuration.
  bool mayHoldWords(const Channel &channel);
  // Lets everything run once around. Answers whether anything moved; sets `trap` if a stream leaves its place.
  bool advance(std::optional<Trap> &trap);
  // What everything that stands still waits for.
  std::string whatWaits() const;
  // A tile that holds words, or null.
  const GridTile *tileWithWords() const;

private:
  struct Mover {
    Channel *source;
    std::vector<Channel *> sinks;
  };
  void route();
  bool mayHoldWords(const Channel &channel, std::vector<const Channel *> &seen);
  static bool move(const Mover &mover);
  bool advancePort(GridPort &port, std::optional<Trap> &trap);
  // The address of the port's next element; nothing after a trap.
  std::optional<uint32_t> address(const GridPort &port, std::optional<Trap> &trap) const;
  void nextElement(GridPort &port);

  const Target &target;
  MachineMemory &memory;
  bool routed = false;
  std::vector<std::vector<Mover>> movers; // of each tile
};

} // namespace cnn::neuflow
#endif
