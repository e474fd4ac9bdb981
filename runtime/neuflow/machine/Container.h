// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A program for the machine, and the file (NAME.nfb) it is kept in; docs/neuflow.md "The container". The file is read
// as a whole and checked as a whole: every length, offset, checksum and reference, before anything is believed.
#ifndef CNN_RUNTIME_NEUFLOW_MACHINE_CONTAINER_H
#define CNN_RUNTIME_NEUFLOW_MACHINE_CONTAINER_H

#include "runtime/neuflow/machine/Result.h"
#include "runtime/neuflow/machine/Target.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cnn::neuflow {

// What a part of the machine's memory is for.
enum class SegmentKind : uint32_t { text, data, persistent, managed };
struct MemorySegment {
  SegmentKind kind;
  uint64_t base = 0, size = 0; // bytes
  friend bool operator==(const MemorySegment &, const MemorySegment &) = default;
};

// What goes in or out: words at base + 2 * (plane * planePitch + row * rowPitch + column).
struct ProgramTensor {
  std::string name;
  uint32_t id = 0;
  bool output = false;
  uint32_t planes = 1, height = 1, width = 1;
  uint32_t fractionBits = 8;             // -16 to 31, two's complement: a word w stands for w / 2^fraction
  uint64_t base = 0;                     // bytes, even
  uint32_t rowPitch = 0, planePitch = 0; // words
  friend bool operator==(const ProgramTensor &, const ProgramTensor &) = default;

  // Bytes from `base` to the end of the last word; 0 if that does not fit.
  uint64_t extent() const;
};

// A word of the text whose low half is an x (words), a y (rows), or an offset (words) inside a tensor, so that the
// tensor can be moved.
enum class RelocationKind : uint32_t { x, y, offset };
struct Relocation {
  uint32_t word = 0; // index into the text
  RelocationKind kind = RelocationKind::x;
  uint32_t tensor = 0; // its id
  friend bool operator==(const Relocation &, const Relocation &) = default;
};

// What the compiler expects of the words [first, last].
struct ProgramPass {
  std::string name;
  uint32_t first = 0, last = 0; // indices into the text
  uint64_t cycles = 0, macs = 0, bytes = 0;
  friend bool operator==(const ProgramPass &, const ProgramPass &) = default;
};

// Where a word comes from.
struct DebugNote {
  uint32_t word = 0;
  std::string text;
  friend bool operator==(const DebugNote &, const DebugNote &) = default;
};

// A section that this version does not know, and need not.
struct UnknownSection {
  uint32_t kind = 0;
  std::string bytes;
  friend bool operator==(const UnknownSection &, const UnknownSection &) = default;
};

struct Program {
  Target target{};
  uint32_t entry = 0;    // where the processor begins, in words of 8 bytes
  uint32_t loadBase = 0; // where the text stands in memory, in words of 8 bytes
  std::vector<uint64_t> text;
  std::string data;                  // of the segment `data`
  std::vector<MemorySegment> memory; // ascending, without overlaps
  std::vector<ProgramTensor> tensors;
  std::vector<Relocation> relocations;
  std::vector<ProgramPass> passes;
  std::vector<DebugNote> debug;
  std::string note;
  std::vector<UnknownSection> unknown;
};

// What does not fit together in a program; "" if nothing.
std::string complaintAbout(const Program &program);

// The file. The program must be one that complaintAbout() has nothing about. The same program gives the same bytes.
std::string writeContainer(const Program &program);

// The program in a file. Whatever is accepted is what writeContainer() makes of it, byte for byte.
Result<Program> readContainer(std::string_view bytes);

// The memory's first bytes as the historic tools loaded them: the text at its place, the data at its own, no header.
std::string rawImage(const Program &program);

} // namespace cnn::neuflow
#endif
