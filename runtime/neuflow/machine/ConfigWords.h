// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The words on the configuration bus, docs/neuflow.md "The configuration bus" and below: what they say as numbers, and
// back. encode never fails; decode refuses what the target's hardware refuses, with the same trap.
#ifndef CNN_RUNTIME_NEUFLOW_MACHINE_CONFIGWORDS_H
#define CNN_RUNTIME_NEUFLOW_MACHINE_CONFIGWORDS_H

#include "runtime/neuflow/machine/Arithmetic.h"
#include "runtime/neuflow/machine/Instructions.h"
#include "runtime/neuflow/machine/Target.h"
#include "runtime/neuflow/machine/Trap.h"

#include <span>

namespace cnn::neuflow {

// Select words.

enum class Area : uint8_t { streamer = 1, tile = 2 };
// Instructions to modules.
enum class Command : uint8_t {
  config = 0,
  setAddr = 1,
  activate = 2,
  deactivate = 3,
  reset = 4,
  control0 = 6,  // convolver: register the loaded kernel
  control1 = 7,  // streamer: prefetch; convolver: discard the oldest kernel
  control4 = 10, // tile: commit
  cacheStart = 14,
  cacheFinish = 15,
};

struct Select {
  uint8_t area = 0;
  uint16_t address = 0; // 0: all of the area
  uint8_t subModule = 0;
  uint8_t command = 0;
  friend bool operator==(const Select &, const Select &) = default;
};

// Sub-modules.
constexpr uint8_t kStreamerCommands = 0, kStreamerGlobals = 1, kStreamerLocals = 2;
constexpr uint8_t kTileRouter = 0, kTileOperator = 1, kTileKernel = 2, kTileFifo = 2, kTileLines = 3;

uint32_t encode(const Select &select);
Select decodeSelect(uint32_t word);
// "tile.1.operator.config" if that says all of the word, otherwise "". parseSelect reads it.
std::string selectText(uint32_t word);
std::optional<uint32_t> parseSelect(std::string_view text);
std::string_view nameOf(Command command); // "" if it has none

// Tiles.

// Values of selects.
constexpr uint8_t kFromOperator = 0; // + output
constexpr uint8_t kFromLocal = 8;    // + local input (router) or output (lines)
constexpr uint8_t kFromSide = 11;    // + side
constexpr uint8_t kFromLine = 0;     // + line
constexpr uint8_t kFromNone = 15;

struct RouterConfig {
  std::array<uint8_t, 3> operatorInputs{kFromNone, kFromNone, kFromNone};
  std::array<uint8_t, 3> localOutputs{kFromNone, kFromNone, kFromNone};
  std::array<uint8_t, 4> sides{kFromNone, kFromNone, kFromNone, kFromNone}; // N, E, S, W outputs
  friend bool operator==(const RouterConfig &, const RouterConfig &) = default;
};
std::array<uint32_t, 2> encode(const RouterConfig &config);
// `index` says which of the two words this is; the other half of the value keeps its defaults.
Decoded<RouterConfig> decodeRouterWord(uint32_t word, int64_t index, int64_t tile, const Target &target);

struct LinesConfig {
  std::array<uint8_t, 8> lines{15, 15, 15, 15, 15, 15, 15, 15}; // what drives each line as it leaves
  std::array<uint8_t, 3> localInputs{kFromNone, kFromNone, kFromNone};
  friend bool operator==(const LinesConfig &, const LinesConfig &) = default;
};
std::array<uint32_t, 2> encode(const LinesConfig &config);
Decoded<LinesConfig> decodeLinesWord(uint32_t word, int64_t index, const Target &target);

struct ConvConfig {
  int64_t inW = 1, inH = 1, kerW = 1, kerH = 1;
  int64_t strideW = 0, strideH = 0; // 1 to 255 if subsampled, otherwise 0 or 1
  bool sameSize = false, accumulate = false, subsample = false, biased = false, discard = false;
  std::optional<uint32_t> frames; // the fourth word

  // The frame as it is scanned.
  int64_t scanW() const { return inW + (sameSize ? kerW - 1 : 0); }
  int64_t scanH() const { return inH + (sameSize ? kerH - 1 : 0); }
  int64_t stepW() const { return subsample ? strideW : 1; }
  int64_t stepH() const { return subsample ? strideH : 1; }
  int64_t outW() const { return (scanW() - kerW) / stepW() + 1; }
  int64_t outH() const { return (scanH() - kerH) / stepH() + 1; }
  // 0 to 2.
  int output() const { return accumulate ? 2 : subsample ? 1 : 0; }
  friend bool operator==(const ConvConfig &, const ConvConfig &) = default;
};
std::vector<uint32_t> encode(const ConvConfig &config);
// Of three or four words.
Decoded<ConvConfig> decodeConv(std::span<const uint32_t> words, const Target &target);

enum class AluCode : uint8_t { none = 0, mac = 1, div = 2, mul = 3, add = 4, sub = 5, square = 6, max = 7 };
struct AluConfig {
  AluCode first = AluCode::none;
  AluCode second = AluCode::none;
  // Which inputs an operation takes.
  bool takes(int input) const {
    return input == 0 || (input == 1 ? first != AluCode::square : first == AluCode::mac || second != AluCode::none);
  }
  int output() const { return second == AluCode::none ? 0 : 1; }
  friend bool operator==(const AluConfig &, const AluConfig &) = default;
};
// One word, or two if there is a second operator.
std::vector<uint32_t> encode(const AluConfig &config);
Decoded<AluConfig> decodeAlu(std::span<const uint32_t> words, const Target &target);
// What the ALU makes of its inputs.
Word evaluate(const AluConfig &config, Word in1, Word in2, Word in3, bool *saturated);

struct MapperConfig {
  std::vector<Segment> segments;
  Symmetry symmetry = Symmetry::none;
  friend bool operator==(const MapperConfig &, const MapperConfig &) = default;
};
std::vector<uint32_t> encode(const MapperConfig &config);
Decoded<MapperConfig> decodeMapper(std::span<const uint32_t> words, const Target &target);

// The capacity of a FIFO tile is its word.
Decoded<int64_t> decodeFifo(uint32_t word, const Target &target);

// A kernel as a convolver holds it: K rows of K, `target.convKernel`.
struct KernelArray {
  Word bias = 0;
  std::vector<Word> a;
  friend bool operator==(const KernelArray &, const KernelArray &) = default;
};
// From `height` rows of `width` numbers, as they are to meet the pixels (correlation).
KernelArray kernelArray(std::span<const Word> kernel, int64_t width, int64_t height, Word bias, const Target &target);
// The words of a kernel stream.
std::vector<Word> encodeStream(const KernelArray &kernel, bool biased);
// The data words for the bus: no more than the last number that is not 0.
std::vector<uint32_t> encodeBus(const KernelArray &kernel, const Target &target);

// Streamers.

struct StreamGlobals {
  uint32_t offset = 0, length = 0, log2Stride = 0;
  bool continuous = false;
  friend bool operator==(const StreamGlobals &, const StreamGlobals &) = default;
};
std::array<uint32_t, 4> encode(const StreamGlobals &globals);
Decoded<StreamGlobals> decodeGlobals(std::span<const uint32_t> words);

struct StreamLocals {
  uint32_t x = 0, y = 0;
  int64_t w = 1, h = 1;
  bool read = true;
  struct Steps {
    int32_t pitch, element;
    friend bool operator==(const Steps &, const Steps &) = default;
  };
  std::optional<Steps> steps; // words 5 and 6
  friend bool operator==(const StreamLocals &, const StreamLocals &) = default;

  // The word address of an element.
  uint32_t address(const StreamGlobals &globals, int64_t row, int64_t column) const {
    uint32_t pitch = steps                ? static_cast<uint32_t>(steps->pitch)
                     : globals.continuous ? static_cast<uint32_t>(w)
                                          : uint32_t(1) << globals.log2Stride;
    uint32_t element = steps ? static_cast<uint32_t>(steps->element) : 1;
    return globals.offset + (y << globals.log2Stride) + x + static_cast<uint32_t>(row) * pitch +
           static_cast<uint32_t>(column) * element;
  }
};
std::vector<uint32_t> encode(const StreamLocals &locals);
// Of five or seven words.
Decoded<StreamLocals> decodeLocals(std::span<const uint32_t> words, const Target &target);

} // namespace cnn::neuflow
#endif
