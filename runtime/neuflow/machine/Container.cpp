// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reading goes in three steps: the frame (header, table, places and checksums of sections), the records in each
// section, and what the program says as a whole (complaintAbout). In the end the program is written again and compared,
// so that there is one file for a program and nothing hides between its sections.
#include "runtime/neuflow/machine/Container.h"

#include "runtime/neuflow/machine/Crc32c.h"

#include <algorithm>
#include <set>

namespace cnn::neuflow {

namespace {

constexpr uint32_t fourCharacters(const char (&name)[5]) {
  return uint32_t(name[0]) | uint32_t(name[1]) << 8 | uint32_t(name[2]) << 16 | uint32_t(name[3]) << 24;
}

constexpr uint32_t kMagic = fourCharacters("NFLW");
constexpr uint16_t kMajor = 2, kMinor = 0;
constexpr uint64_t kHeaderBytes = 64, kEntryBytes = 32, kAlign = 64;
constexpr uint32_t kRequired = 1;
constexpr uint32_t kTarget = fourCharacters("TARG"), kText = fourCharacters("TEXT"), kData = fourCharacters("DATA"),
                   kMemory = fourCharacters("MEMM"), kTensors = fourCharacters("TENS"),
                   kRelocations = fourCharacters("RELO"), kPasses = fourCharacters("PASS"),
                   kDebug = fourCharacters("DEBG"), kNote = fourCharacters("NOTE");
// In the order in which they stand in a file.
constexpr uint32_t kKnown[] = {kTarget, kText, kData, kMemory, kTensors, kRelocations, kPasses, kDebug, kNote};

bool isKnown(uint32_t kind) { return std::find(std::begin(kKnown), std::end(kKnown), kind) != std::end(kKnown); }
bool mustBeThere(uint32_t kind) { return kind == kTarget || kind == kText || kind == kMemory; }

// "TEXT", or a number if it is not four letters.
std::string kindText(uint32_t kind) {
  std::string text;
  for (int i = 0; i < 4; ++i) {
    char c = static_cast<char>(kind >> (8 * i));
    if (c < 'A' || c > 'Z')
      return std::to_string(kind);
    text += c;
  }
  return text;
}

// The bits 0 to 15 of the flags are features, above them stands the profile.
uint32_t headerFlags(const Target &target) { return target.features | static_cast<uint32_t>(target.isa) << 16; }

class Writer {
public:
  template <typename T> void number(T value) {
    for (size_t i = 0; i < sizeof(T); ++i)
      bytes += static_cast<char>(static_cast<uint64_t>(value) >> (8 * i));
  }
  void text(std::string_view value) {
    number(static_cast<uint32_t>(value.size()));
    bytes += value;
    pad(4);
  }
  void pad(uint64_t align) { bytes.append((align - bytes.size() % align) % align, '\0'); }
  std::string bytes;
};

// Takes numbers from a section; once something is missing, everything is 0 and `sound` false.
class Cursor {
public:
  explicit Cursor(std::string_view bytes) : rest(bytes) {}

  template <typename T> T number() {
    uint64_t value = 0;
    if (rest.size() < sizeof(T)) {
      sound = false;
      return T(0);
    }
    for (size_t i = 0; i < sizeof(T); ++i)
      value |= uint64_t(static_cast<uint8_t>(rest[i])) << (8 * i);
    rest.remove_prefix(sizeof(T));
    return static_cast<T>(value);
  }
  std::string text() {
    uint32_t size = number<uint32_t>();
    uint64_t padded = (uint64_t(size) + 3) / 4 * 4;
    if (padded > rest.size()) {
      sound = false;
      return "";
    }
    std::string value(rest.substr(0, size));
    rest.remove_prefix(padded);
    return value;
  }
  bool more() const { return sound && !rest.empty(); }
  bool sound = true;

private:
  std::string_view rest;
};

std::string sectionBytes(const Program &program, uint32_t kind) {
  Writer out;
  if (kind == kTarget)
    return canonicalJson(program.target);
  if (kind == kData)
    return program.data;
  if (kind == kNote)
    return program.note;
  if (kind == kText)
    for (uint64_t word : program.text)
      out.number(word);
  if (kind == kMemory)
    for (const MemorySegment &segment : program.memory) {
      out.number(static_cast<uint32_t>(segment.kind));
      out.number(uint32_t(0));
      out.number(segment.base);
      out.number(segment.size);
    }
  if (kind == kTensors)
    for (const ProgramTensor &tensor : program.tensors) {
      for (uint32_t value : {tensor.id, uint32_t(tensor.output), tensor.planes, tensor.height, tensor.width,
                             tensor.fractionBits, tensor.rowPitch, tensor.planePitch})
        out.number(value);
      out.number(tensor.base);
      out.text(tensor.name);
    }
  if (kind == kRelocations)
    for (const Relocation &relocation : program.relocations) {
      out.number(relocation.word);
      out.number(static_cast<uint32_t>(relocation.kind));
      out.number(relocation.tensor);
    }
  if (kind == kPasses)
    for (const ProgramPass &pass : program.passes) {
      out.number(pass.first);
      out.number(pass.last);
      for (uint64_t value : {pass.cycles, pass.macs, pass.bytes})
        out.number(value);
      out.text(pass.name);
    }
  if (kind == kDebug)
    for (const DebugNote &note : program.debug) {
      out.number(note.word);
      out.text(note.text);
    }
  return std::move(out.bytes);
}

// Fills the program from one section; false if its records do not fill it exactly.
bool readSection(uint32_t kind, std::string_view bytes, Program &program) {
  Cursor in(bytes);
  if (kind == kData)
    program.data = bytes;
  else if (kind == kNote)
    program.note = bytes;
  else if (kind == kText)
    while (in.more())
      program.text.push_back(in.number<uint64_t>());
  else if (kind == kMemory)
    while (in.more()) {
      MemorySegment segment;
      segment.kind = static_cast<SegmentKind>(in.number<uint32_t>());
      in.number<uint32_t>();
      segment.base = in.number<uint64_t>();
      segment.size = in.number<uint64_t>();
      program.memory.push_back(segment);
    }
  else if (kind == kTensors)
    while (in.more()) {
      ProgramTensor tensor;
      tensor.id = in.number<uint32_t>();
      uint32_t output = in.number<uint32_t>();
      in.sound &= output <= 1;
      tensor.output = output == 1;
      for (uint32_t *value :
           {&tensor.planes, &tensor.height, &tensor.width, &tensor.fractionBits, &tensor.rowPitch, &tensor.planePitch})
        *value = in.number<uint32_t>();
      tensor.base = in.number<uint64_t>();
      tensor.name = in.text();
      program.tensors.push_back(std::move(tensor));
    }
  else if (kind == kRelocations)
    while (in.more()) {
      Relocation relocation;
      relocation.word = in.number<uint32_t>();
      relocation.kind = static_cast<RelocationKind>(in.number<uint32_t>());
      relocation.tensor = in.number<uint32_t>();
      program.relocations.push_back(relocation);
    }
  else if (kind == kPasses)
    while (in.more()) {
      ProgramPass pass;
      pass.first = in.number<uint32_t>();
      pass.last = in.number<uint32_t>();
      for (uint64_t *value : {&pass.cycles, &pass.macs, &pass.bytes})
        *value = in.number<uint64_t>();
      pass.name = in.text();
      program.passes.push_back(std::move(pass));
    }
  else if (kind == kDebug)
    while (in.more()) {
      DebugNote note;
      note.word = in.number<uint32_t>();
      note.text = in.text();
      program.debug.push_back(std::move(note));
    }
  return in.sound;
}

struct Section {
  uint32_t kind, flags;
  std::string_view bytes;
};

std::string hashText(const Target &target) {
  std::array<uint8_t, 32> hash = targetHash(target);
  return std::string(hash.begin(), hash.begin() + 16);
}

// The frame: sections in their places with the right checksums.
Result<std::vector<Section>> readSections(std::string_view bytes) {
  if (bytes.size() < kHeaderBytes)
    return Error{"expected a header of 64 bytes, but the file has " + std::to_string(bytes.size())};
  Cursor header(bytes);
  if (header.number<uint32_t>() != kMagic)
    return Error{"not a NeuFlow program: expected 'NFLW' at its start"};
  uint16_t major = header.number<uint16_t>(), minor = header.number<uint16_t>();
  if (major != kMajor || minor != kMinor)
    return Error{"expected version 2.0, but found " + std::to_string(major) + "." + std::to_string(minor)};
  if (crc32c(bytes.substr(0, 60)) != Cursor(bytes.substr(60)).number<uint32_t>())
    return Error{"the checksum of the header is wrong"};
  uint32_t headerSize = header.number<uint32_t>();
  header.number<uint32_t>(); // flags, which the program's own must equal
  uint64_t totalSize = header.number<uint64_t>();
  uint32_t count = header.number<uint32_t>(), tableOffset = header.number<uint32_t>();
  if (headerSize != kHeaderBytes || tableOffset != kHeaderBytes)
    return Error{"expected a header of 64 bytes and the table of sections behind it"};
  if (totalSize != bytes.size())
    return Error{"expected " + std::to_string(totalSize) + " bytes, but the file has " + std::to_string(bytes.size())};
  if (count > (bytes.size() - kHeaderBytes) / kEntryBytes)
    return Error{"a table of " + std::to_string(count) + " sections does not fit into the file"};
  std::string_view table = bytes.substr(kHeaderBytes, count * kEntryBytes);
  if (crc32c(table) != Cursor(bytes.substr(56)).number<uint32_t>())
    return Error{"the checksum of the table of sections is wrong"};

  std::vector<Section> sections;
  uint64_t end = kHeaderBytes + table.size();
  for (Cursor entry(table); entry.more();) {
    Section section;
    section.kind = entry.number<uint32_t>();
    section.flags = entry.number<uint32_t>();
    uint64_t offset = entry.number<uint64_t>(), size = entry.number<uint64_t>();
    uint32_t align = entry.number<uint32_t>(), checksum = entry.number<uint32_t>();
    std::string name = "section " + kindText(section.kind);
    if (!isKnown(section.kind) && (section.flags & kRequired))
      return Error{name + " is required, but this version does not know it"};
    uint64_t expected = (end + kAlign - 1) / kAlign * kAlign;
    if (align != kAlign || offset != expected)
      return Error{"expected " + name + " at byte " + std::to_string(expected) + ", but it says " +
                   std::to_string(offset) + ": sections overlap, or leave a gap"};
    if (offset > bytes.size() || size > bytes.size() - offset)
      return Error{name + " goes beyond the end of the file"};
    section.bytes = bytes.substr(offset, size);
    if (crc32c(section.bytes) != checksum)
      return Error{"the checksum of " + name + " is wrong"};
    end = offset + size;
    sections.push_back(section);
  }
  if (end != bytes.size())
    return Error{"something follows the last section"};
  return sections;
}

} // namespace

uint64_t ProgramTensor::extent() const {
  if (!planes || !height || !width)
    return 0;
  // Each factor is below 2^32, so no product or sum of these overflows 2^66 / 4; still, they are checked.
  uint64_t plane, row, words;
  if (__builtin_mul_overflow(uint64_t(planes - 1), uint64_t(planePitch), &plane) ||
      __builtin_mul_overflow(uint64_t(height - 1), uint64_t(rowPitch), &row) ||
      __builtin_add_overflow(plane, row, &words) || __builtin_add_overflow(words, uint64_t(width), &words) ||
      __builtin_mul_overflow(words, uint64_t(2), &words))
    return 0;
  return words;
}

std::string complaintAbout(const Program &program) {
  uint64_t memoryBytes = static_cast<uint64_t>(program.target.memoryBytes);
  uint64_t textBytes = uint64_t(program.text.size()) * 8, textBase = uint64_t(program.loadBase) * 8;
  if (program.text.empty())
    return "a program needs a text";
  uint64_t before = 0;
  for (const MemorySegment &segment : program.memory) {
    if (segment.kind > SegmentKind::managed)
      return "a segment of memory has unknown kind " + std::to_string(static_cast<uint32_t>(segment.kind));
    if (segment.size == 0 || segment.base < before)
      return "segments of memory are empty, overlap, or do not ascend";
    if (segment.base > memoryBytes || segment.size > memoryBytes - segment.base)
      return "a segment of memory goes beyond the machine's " + std::to_string(memoryBytes) + " bytes";
    before = segment.base + segment.size;
  }
  auto only = [&](SegmentKind kind) {
    const MemorySegment *found = nullptr;
    for (const MemorySegment &segment : program.memory)
      if (segment.kind == kind) {
        if (found)
          return static_cast<const MemorySegment *>(nullptr);
        found = &segment;
      }
    return found;
  };
  const MemorySegment *text = only(SegmentKind::text), *data = only(SegmentKind::data);
  if (!text || text->base != textBase || text->size != textBytes)
    return "expected one segment of memory that is where the text is loaded";
  if (program.data.empty() ? std::any_of(program.memory.begin(), program.memory.end(),
                                         [](const MemorySegment &s) { return s.kind == SegmentKind::data; })
                           : !data || data->size != program.data.size())
    return "expected one segment of memory for the data, of its size";
  if (program.entry < program.loadBase || program.entry - program.loadBase >= program.text.size())
    return "the program begins outside of its text";

  std::set<uint32_t> ids;
  std::set<std::string> names;
  for (const ProgramTensor &tensor : program.tensors) {
    if (!ids.insert(tensor.id).second || !names.insert(tensor.name).second || tensor.name.empty())
      return "two tensors have one name or id, or one has no name";
    uint64_t extent = tensor.extent();
    bool inside = std::any_of(program.memory.begin(), program.memory.end(), [&](const MemorySegment &segment) {
      return segment.kind != SegmentKind::text && tensor.base >= segment.base &&
             tensor.base - segment.base <= segment.size && extent <= segment.size - (tensor.base - segment.base);
    });
    if (extent == 0 || tensor.base % 2 != 0 || !inside)
      return "tensor '" + tensor.name + "' does not lie in a segment of memory";
    int32_t fraction = static_cast<int32_t>(tensor.fractionBits);
    if (fraction < -16 || fraction > 31)
      return "tensor '" + tensor.name + "' has " + std::to_string(fraction) + " bits of fraction";
  }
  for (const Relocation &relocation : program.relocations)
    if (relocation.word >= program.text.size() || relocation.kind > RelocationKind::offset ||
        !ids.count(relocation.tensor))
      return "a relocation names a word, a kind or a tensor that is not there";
  for (const ProgramPass &pass : program.passes)
    if (pass.first > pass.last || pass.last >= program.text.size())
      return "pass '" + pass.name + "' is not inside the text";
  for (const DebugNote &note : program.debug)
    if (note.word >= program.text.size())
      return "a note names a word that is not there";
  for (const UnknownSection &section : program.unknown)
    if (isKnown(section.kind))
      return "section " + kindText(section.kind) + " is not an unknown one";
  return "";
}

std::string writeContainer(const Program &program) {
  struct Piece {
    uint32_t kind;
    std::string bytes;
  };
  std::vector<Piece> pieces;
  for (uint32_t kind : kKnown)
    if (std::string bytes = sectionBytes(program, kind); !bytes.empty())
      pieces.push_back({kind, std::move(bytes)});
  for (const UnknownSection &section : program.unknown)
    pieces.push_back({section.kind, section.bytes});

  Writer table, body;
  uint64_t bodyAt = kHeaderBytes + kEntryBytes * pieces.size();
  for (const Piece &piece : pieces) {
    body.bytes.append((kAlign - (bodyAt + body.bytes.size()) % kAlign) % kAlign, '\0');
    table.number(piece.kind);
    table.number(mustBeThere(piece.kind) ? kRequired : 0);
    table.number(bodyAt + body.bytes.size());
    table.number(uint64_t(piece.bytes.size()));
    table.number(static_cast<uint32_t>(kAlign));
    table.number(crc32c(piece.bytes));
    body.bytes += piece.bytes;
  }
  Writer header;
  header.number(kMagic);
  header.number(kMajor);
  header.number(kMinor);
  header.number(static_cast<uint32_t>(kHeaderBytes));
  header.number(headerFlags(program.target));
  header.number(bodyAt + body.bytes.size());
  header.number(static_cast<uint32_t>(pieces.size()));
  header.number(static_cast<uint32_t>(kHeaderBytes));
  header.bytes += hashText(program.target);
  header.number(program.entry);
  header.number(program.loadBase);
  header.number(crc32c(table.bytes));
  header.number(crc32c(header.bytes));
  return header.bytes + table.bytes + body.bytes;
}

Result<Program> readContainer(std::string_view bytes) {
  Result<std::vector<Section>> sections = readSections(bytes);
  if (!sections)
    return sections.takeError();
  Program program;
  std::set<uint32_t> seen;
  for (const Section &section : *sections) {
    std::string name = "section " + kindText(section.kind);
    if (!isKnown(section.kind)) {
      program.unknown.push_back({section.kind, std::string(section.bytes)});
      continue;
    }
    if (!seen.insert(section.kind).second)
      return Error{name + " is there twice"};
    if (section.kind == kTarget) {
      Result<Target> target = parseCanonicalTarget(section.bytes);
      if (!target)
        return Error{name + ": " + target.message()};
      program.target = std::move(*target);
    } else if (!readSection(section.kind, section.bytes, program))
      return Error{name + " does not hold whole records"};
  }
  for (uint32_t kind : kKnown)
    if (mustBeThere(kind) && !seen.count(kind))
      return Error{"section " + kindText(kind) + " is missing"};
  if (bytes.substr(32, 16) != hashText(program.target))
    return Error{"the hash of the target in the header is not that of section TARG"};
  Cursor places(bytes.substr(48));
  program.entry = places.number<uint32_t>();
  program.loadBase = places.number<uint32_t>();
  if (std::string complaint = complaintAbout(program); !complaint.empty())
    return Error{std::move(complaint)};
  if (writeContainer(program) != bytes)
    return Error{"expected sections in their order, with their flags, and zeros between them"};
  return program;
}

std::string rawImage(const Program &program) {
  std::string image(uint64_t(program.loadBase) * 8, '\0');
  image += sectionBytes(program, kText);
  for (const MemorySegment &segment : program.memory)
    if (segment.kind == SegmentKind::data) {
      if (image.size() < segment.base + segment.size)
        image.resize(segment.base + segment.size, '\0');
      std::copy(program.data.begin(), program.data.end(), image.begin() + static_cast<int64_t>(segment.base));
    }
  return image;
}

} // namespace cnn::neuflow
