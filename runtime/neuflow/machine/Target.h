// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One machine: which tiles it has, how they are linked, how large everything is. It is read from a JSON file, which is
// the single source of these numbers: presets are such files inside the library, and the same files make the Verilog
// constants and docs/neuflow-targets.md (generate_target.py). What the numbers mean is said in docs/neuflow.md.
#ifndef CNN_RUNTIME_NEUFLOW_MACHINE_TARGET_H
#define CNN_RUNTIME_NEUFLOW_MACHINE_TARGET_H

#include "runtime/neuflow/machine/Result.h"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cnn::neuflow {

enum class TileKind { conv, alu, mapper, fifo };
enum class Side { north, east, south, west };
enum class PortRole { fetch, cpu, ethernet, camera, grid };

// Bits of Target::features.
enum class Feature { configBurst, shadow, chain, stride, fifoTile, kernelConfig };
constexpr int kNumFeatures = 6;

std::string_view nameOf(TileKind kind);
std::string_view nameOf(Side side);
std::string_view nameOf(PortRole role);
std::string_view nameOf(Feature feature);

struct Tile {
  std::string name;
  TileKind kind;
  int64_t address;
};

// Words go from a side of one tile to a side of another; tiles are positions in Target::tiles.
struct Link {
  int64_t fromTile;
  Side fromSide;
  int64_t toTile;
  Side toSide;
};

struct Target {
  std::string name;
  int64_t isa = 0; // the profile: 1 or 2
  uint32_t features = 0;
  std::vector<Tile> tiles; // in the order in which the lines pass them
  std::vector<Link> links;
  std::vector<PortRole> ports;

  // One field per number of the JSON file: memory.bytes is memoryBytes.
  int64_t clockGridMhz, clockCpuMhz;
  int64_t cpuCyclesPerInstruction, cpuFetchBeats;
  int64_t lines;
  int64_t fifosHop, fifosOperator;
  int64_t convKernel, convLine, convKernelSlots, convLatency;
  int64_t mapperSegments, mapperLatency;
  int64_t aluOperators, aluLatency, aluDivideLatency;
  int64_t fifoWords;
  int64_t portElements, portRequests, portBeats;
  int64_t memoryBytes, memoryBeatCycles, memoryUsableBeats, memoryOfBeats, memoryLatency;
  int64_t watchdog;

  bool has(Feature feature) const { return features >> static_cast<int>(feature) & 1; }
  // Grid cycles per processor cycle.
  int64_t clockRatio() const { return clockGridMhz / clockCpuMhz; }
  // The index among all ports of the grid's n-th one, 0 <= n < lines.
  int64_t gridPort(int64_t n) const;
  // The position of the tile with this name or address; -1 if there is none.
  int64_t tileNamed(std::string_view tile) const;
  int64_t tileAt(int64_t address) const;
  // The link into, or out of, a side of a tile; null if there is none.
  const Link *linkInto(int64_t tile, Side side) const;
  const Link *linkFrom(int64_t tile, Side side) const;
};

// A beat is what the memory moves at once.
constexpr int64_t kBeatBytes = 32;
constexpr int64_t kWordsPerBeat = 16;

// Reads a target file and checks that it describes a machine: every field is there, known, in its range and explained
// under "provenance"; fields agree with each other.
Result<Target> parseTarget(std::string_view json);

// The same machine as the one text that stands for it: sorted keys, no spaces, no provenance. parseCanonicalTarget
// reads it.
std::string canonicalJson(const Target &target);
Result<Target> parseCanonicalTarget(std::string_view json);
// SHA-256 of the canonical text.
std::array<uint8_t, 32> targetHash(const Target &target);

// The machines that come with the compiler, by name and text of the file, sorted by name.
struct Preset {
  std::string_view name, json;
};
const std::vector<Preset> &presets();
// A preset by its name, or the file's text otherwise explained: "no machine is called 'x'; there are ...".
Result<Target> presetTarget(std::string_view name);

} // namespace cnn::neuflow
#endif
