// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a pass over the grid computes, before anybody knows where: operators with their configuration, and nets between
// them and the ports. A sum of two convolutions that goes through a mapper:
//
//     read 1 -> conv 1.in1    read 2 -> conv 2.in1    conv 1 -> conv 2.in3    conv 2 -> mapper.in1    mapper -> write 1
#ifndef CNN_BACKENDS_NEUFLOW_DEVICE_NETLIST_H
#define CNN_BACKENDS_NEUFLOW_DEVICE_NETLIST_H

#include "runtime/neuflow/machine/ConfigWords.h"

#include <variant>

namespace cnn::neuflow {

// A FIFO tile of some capacity.
struct FifoConfig {
  int64_t capacity = 1;
  friend bool operator==(const FifoConfig &, const FifoConfig &) = default;
};

// In the order of TileKind.
using OperatorConfig = std::variant<ConvConfig, AluConfig, MapperConfig, FifoConfig>;
inline TileKind kindOf(const OperatorConfig &config) { return static_cast<TileKind>(config.index()); }

// An end of a net: a read or write stream of the pass, or an input or output of an operator.
struct Pin {
  enum class Kind { read, write, op } kind = Kind::op;
  int64_t index = 0; // of the stream or operator
  int64_t io = 0;    // input or output of the operator, from 0
  friend bool operator==(const Pin &, const Pin &) = default;
};

struct Net {
  Pin source;
  std::vector<Pin> sinks;
  friend bool operator==(const Net &, const Net &) = default;
};

struct Netlist {
  std::vector<OperatorConfig> operators;
  int64_t reads = 0, writes = 0;
  std::vector<Net> nets;
  friend bool operator==(const Netlist &, const Netlist &) = default;

  // Adds a sink to the net of a source, which may be new.
  void connect(Pin source, Pin sink) {
    for (Net &net : nets)
      if (net.source == source) {
        net.sinks.push_back(sink);
        return;
      }
    nets.push_back({source, {sink}});
  }
};

inline Pin readPin(int64_t stream) { return {Pin::Kind::read, stream, 0}; }
inline Pin writePin(int64_t stream) { return {Pin::Kind::write, stream, 0}; }
inline Pin operatorPin(int64_t op, int64_t io = 0) { return {Pin::Kind::op, op, io}; }

// "read 1", "conv 2 input 3": an operator counts among its kind.
std::string nameOf(const Netlist &netlist, const Pin &pin, bool isSource);

// What is wrong with a netlist by itself: an input without a net or with two, an output that nobody takes, or more
// operators or streams than the target has. "" if nothing.
std::string complaintAbout(const Netlist &netlist, const Target &target);

// Where the operators and streams of a netlist stand: tiles, and grid ports (0 <= port < lines).
struct Placement {
  std::vector<int64_t> tiles;
  std::vector<int64_t> readPorts, writePorts;
  friend bool operator==(const Placement &, const Placement &) = default;
};

} // namespace cnn::neuflow
#endif
