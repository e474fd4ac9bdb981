// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/neuflow/machine/Container.h"

#include "runtime/neuflow/machine/Crc32c.h"
#include "test/runtime/neuflow/Programs.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <functional>

using namespace cnn::neuflow;

namespace {

std::string refusal(const std::string &bytes) {
  Result<Program> program = readContainer(bytes);
  return program ? "" : program.message();
}

template <typename T> void put(std::string &bytes, size_t at, T value) {
  ASSERT_LE(at + sizeof(T), bytes.size());
  std::memcpy(bytes.data() + at, &value, sizeof(T)); // tests run on little-endian machines
}
template <typename T> T get(const std::string &bytes, size_t at) {
  T value;
  std::memcpy(&value, bytes.data() + at, sizeof(T));
  return value;
}

// Makes the checksums of a changed file right again, as far as its table makes sense.
void sign(std::string &bytes) {
  uint64_t count = std::min<uint64_t>(get<uint32_t>(bytes, 24), (bytes.size() - 64) / 32);
  for (uint64_t i = 0; i < count; ++i) {
    size_t entry = 64 + 32 * i;
    uint64_t offset = get<uint64_t>(bytes, entry + 8), size = get<uint64_t>(bytes, entry + 16);
    if (offset <= bytes.size() && size <= bytes.size() - offset)
      put(bytes, entry + 28, crc32c(std::string_view(bytes).substr(offset, size)));
  }
  put(bytes, 56, crc32c(std::string_view(bytes).substr(64, 32 * count)));
  put(bytes, 60, crc32c(std::string_view(bytes).substr(0, 60)));
}

// What is said about the full program's file after a change to its bytes.
std::string afterChange(const std::function<void(std::string &)> &change) {
  std::string bytes = writeContainer(fullProgram());
  change(bytes);
  sign(bytes);
  return refusal(bytes);
}

// What is said about the full program after a change.
std::string complaint(const std::function<void(Program &)> &change) {
  Program program = fullProgram();
  change(program);
  std::string text = complaintAbout(program);
  // The reader says the same.
  EXPECT_EQ(refusal(writeContainer(program)), text);
  return text;
}

// The table entry of a section.
size_t entryOf(const std::string &bytes, const char *kind) {
  for (size_t entry = 64;; entry += 32)
    if (std::memcmp(bytes.data() + entry, kind, 4) == 0)
      return entry;
}

TEST(Crc32c, KnownValues) {
  EXPECT_EQ(crc32c(""), 0u);
  EXPECT_EQ(crc32c("123456789"), 0xE3069283u);
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8A9136AAu);
  EXPECT_EQ(crc32c(std::string(32, '\xff')), 0x62A8AB43u);
}

TEST(Container, HoldsAProgram) {
  Program program = fullProgram();
  std::string bytes = writeContainer(program);
  Result<Program> read = readContainer(bytes);
  ASSERT_TRUE(read) << read.message();
  EXPECT_EQ(canonicalJson(read->target), canonicalJson(program.target));
  EXPECT_EQ(read->entry, program.entry);
  EXPECT_EQ(read->loadBase, program.loadBase);
  EXPECT_EQ(read->text, program.text);
  EXPECT_EQ(read->data, program.data);
  EXPECT_EQ(read->memory, program.memory);
  EXPECT_EQ(read->tensors, program.tensors);
  EXPECT_EQ(read->relocations, program.relocations);
  EXPECT_EQ(read->passes, program.passes);
  EXPECT_EQ(read->debug, program.debug);
  EXPECT_EQ(read->note, program.note);
  EXPECT_EQ(read->unknown, program.unknown);
  EXPECT_EQ(writeContainer(*read), bytes);
}

TEST(Container, GoldenHeader) {
  std::string bytes = writeContainer(fullProgram());
  EXPECT_EQ(bytes.substr(0, 4), "NFLW");
  EXPECT_EQ(get<uint16_t>(bytes, 4), 2);
  EXPECT_EQ(get<uint16_t>(bytes, 6), 0);
  EXPECT_EQ(get<uint32_t>(bytes, 8), 64u);
  EXPECT_EQ(get<uint32_t>(bytes, 12), 0x0002003Fu); // profile 2, all features
  EXPECT_EQ(get<uint64_t>(bytes, 16), bytes.size());
  EXPECT_EQ(get<uint32_t>(bytes, 24), 10u);
  EXPECT_EQ(get<uint32_t>(bytes, 28), 64u);
  EXPECT_EQ(get<uint32_t>(bytes, 48), 8193u);
  EXPECT_EQ(get<uint32_t>(bytes, 52), 8192u);
  std::array<uint8_t, 32> hash = targetHash(fullProgram().target);
  EXPECT_EQ(std::memcmp(bytes.data() + 32, hash.data(), 16), 0);
  // The text, word for word.
  size_t text = get<uint64_t>(bytes, entryOf(bytes, "TEXT") + 8);
  EXPECT_EQ(text % 64, 0u);
  EXPECT_EQ(get<uint64_t>(bytes, text + 8), 0x1001'0000'0000'0003u);
}

TEST(Container, CutAnywhereItIsRefused) {
  std::string bytes = writeContainer(fullProgram());
  for (size_t size = 0; size < bytes.size(); ++size)
    ASSERT_NE(refusal(bytes.substr(0, size)), "") << size;
  ASSERT_EQ(refusal(bytes), "");
  EXPECT_EQ(refusal(bytes + '\0'), "expected " + std::to_string(bytes.size()) + " bytes, but the file has " +
                                       std::to_string(bytes.size() + 1));
}

TEST(Container, EverySingleBitCounts) {
  std::string bytes = writeContainer(fullProgram());
  for (size_t at = 0; at < bytes.size(); ++at)
    for (int bit = 0; bit < 8; ++bit) {
      bytes[at] ^= static_cast<char>(1 << bit);
      ASSERT_NE(refusal(bytes), "") << "byte " << at << ", bit " << bit;
      bytes[at] ^= static_cast<char>(1 << bit);
    }
  EXPECT_EQ(refusal(bytes), "");
}

TEST(Container, RefusalsAreNamed) {
  EXPECT_EQ(refusal(""), "expected a header of 64 bytes, but the file has 0");
  EXPECT_EQ(afterChange([](std::string &b) { b[0] = 'n'; }), "not a NeuFlow program: expected 'NFLW' at its start");
  EXPECT_EQ(afterChange([](std::string &b) { b[4] = 3; }), "expected version 2.0, but found 3.0");
  EXPECT_EQ(afterChange([](std::string &b) { put<uint32_t>(b, 8, 60); }),
            "expected a header of 64 bytes and the table of sections behind it");
  EXPECT_EQ(afterChange([](std::string &b) { b[33] ^= 1; }),
            "the hash of the target in the header is not that of section TARG");
  EXPECT_EQ(afterChange([](std::string &b) { put<uint32_t>(b, entryOf(b, "XXXX") + 4, 1); }),
            "section XXXX is required, but this version does not know it");
  EXPECT_EQ(afterChange([](std::string &b) { put<uint32_t>(b, entryOf(b, "NOTE"), 7); }).substr(0, 9), "");
  EXPECT_EQ(afterChange([](std::string &b) { put<uint32_t>(b, entryOf(b, "DATA") + 4, 1); }),
            "expected sections in their order, with their flags, and zeros between them");
  EXPECT_EQ(afterChange([](std::string &b) {
              uint64_t text = get<uint64_t>(b, entryOf(b, "TEXT") + 8);
              put<uint64_t>(b, entryOf(b, "DATA") + 8, text);
            }).substr(0, 29),
            "expected section DATA at byte");
  EXPECT_EQ(afterChange([](std::string &b) { put<uint64_t>(b, entryOf(b, "XXXX") + 16, uint64_t(1) << 63); }),
            "section XXXX goes beyond the end of the file");
  EXPECT_EQ(afterChange([](std::string &b) { put<uint64_t>(b, entryOf(b, "XXXX") + 16, 1); }),
            "something follows the last section");
  EXPECT_EQ(afterChange([](std::string &b) {
              uint64_t data = get<uint64_t>(b, entryOf(b, "DATA") + 8);
              b[data - 1] = 1; // between sections
            }),
            "expected sections in their order, with their flags, and zeros between them");
  EXPECT_EQ(afterChange([](std::string &b) { std::memcpy(b.data() + entryOf(b, "NOTE"), "DATA", 4); }),
            "section DATA is there twice");
  EXPECT_EQ(afterChange([](std::string &b) { std::memcpy(b.data() + entryOf(b, "MEMM"), "ABCD\0\0\0\0", 8); }),
            "section MEMM is missing");
  EXPECT_EQ(afterChange([](std::string &b) { std::memcpy(b.data() + entryOf(b, "NOTE"), "RELO", 4); }),
            "section RELO is there twice");
  EXPECT_EQ(afterChange([](std::string &b) {
              uint64_t targetAt = get<uint64_t>(b, entryOf(b, "TARG") + 8);
              b[targetAt] = '[';
            }),
            "section TARG: expected JSON");
  std::string bytes = writeContainer(fullProgram());
  bytes[get<uint64_t>(bytes, entryOf(bytes, "DEBG") + 8)] ^= 1;
  EXPECT_EQ(refusal(bytes), "the checksum of section DEBG is wrong");
  bytes = writeContainer(fullProgram());
  bytes[65] ^= 1;
  EXPECT_EQ(refusal(bytes), "the checksum of the table of sections is wrong");
  bytes[60] ^= 1;
  EXPECT_EQ(refusal(bytes), "the checksum of the header is wrong");
}

TEST(Container, RecordsAreWhole) {
  for (const char *kind : {"TENS", "RELO", "PASS", "DEBG", "MEMM"})
    EXPECT_EQ(afterChange([&](std::string &b) {
                // The last section of a file cut to its own sections up to `kind`, one byte short.
                size_t entry = entryOf(b, kind);
                uint64_t offset = get<uint64_t>(b, entry + 8), size = get<uint64_t>(b, entry + 16);
                put<uint64_t>(b, entry + 16, size - 1);
                put<uint32_t>(b, 24, static_cast<uint32_t>((entry - 64) / 32 + 1));
                // The table becomes shorter; sections begin where they did only if nothing moves, so it is padded out.
                put<uint64_t>(b, 16, offset + size - 1);
                b.resize(offset + size - 1);
              }).empty(),
              false)
        << kind;
}

TEST(Container, ProgramsThatDoNotFitTogether) {
  EXPECT_EQ(complaint([](Program &) {}), "");
  EXPECT_EQ(complaint([](Program &p) { p.memory[1].base = 65570; }),
            "segments of memory are empty, overlap, or do not ascend");
  EXPECT_EQ(complaint([](Program &p) { p.memory[3].size = 1 << 20; }),
            "a segment of memory goes beyond the machine's 1048576 bytes");
  EXPECT_EQ(complaint([](Program &p) { p.memory[2].size = 0; }),
            "segments of memory are empty, overlap, or do not ascend");
  EXPECT_EQ(complaint([](Program &p) { p.memory[2].kind = static_cast<SegmentKind>(9); }),
            "a segment of memory has unknown kind 9");
  EXPECT_EQ(complaint([](Program &p) { p.memory[0].size = 56; }),
            "expected one segment of memory that is where the text is loaded");
  EXPECT_EQ(complaint([](Program &p) { p.loadBase = 8191; }),
            "expected one segment of memory that is where the text is loaded");
  EXPECT_EQ(complaint([](Program &p) { p.data += "!"; }), "expected one segment of memory for the data, of its size");
  EXPECT_EQ(complaint([](Program &p) { p.data.clear(); }), "expected one segment of memory for the data, of its size");
  EXPECT_EQ(complaint([](Program &p) { p.entry = 8198; }), "the program begins outside of its text");
  EXPECT_EQ(complaint([](Program &p) { p.entry = 0; }), "the program begins outside of its text");
  EXPECT_EQ(complaint([](Program &p) { p.tensors[1].id = 1; }), "two tensors have one name or id, or one has no name");
  EXPECT_EQ(complaint([](Program &p) { p.tensors[1].name = "image"; }),
            "two tensors have one name or id, or one has no name");
  const char *outside = "tensor 'image' does not lie in a segment of memory";
  EXPECT_EQ(complaint([](Program &p) { p.tensors[0].base = 65536; }), outside);
  EXPECT_EQ(complaint([](Program &p) { p.tensors[0].base += 1; }), outside);
  EXPECT_EQ(complaint([](Program &p) { p.tensors[0].width = 0; }), outside);
  EXPECT_EQ(complaint([](Program &p) { p.tensors[0].planePitch = 0xFFFFFFFF, p.tensors[0].planes = 0xFFFFFFFF; }),
            outside);
  EXPECT_EQ(complaint([](Program &p) { p.tensors[0].fractionBits = 31; }), "");
  EXPECT_EQ(complaint([](Program &p) { p.tensors[0].fractionBits = 32; }), "tensor 'image' has 32 bits of fraction");
  EXPECT_EQ(complaint([](Program &p) { p.tensors[0].fractionBits = uint32_t(-16); }), "");
  EXPECT_EQ(complaint([](Program &p) { p.tensors[0].fractionBits = uint32_t(-17); }),
            "tensor 'image' has -17 bits of fraction");
  EXPECT_EQ(complaint([](Program &p) { p.relocations[0].word = 6; }),
            "a relocation names a word, a kind or a tensor that is not there");
  EXPECT_EQ(complaint([](Program &p) { p.relocations[0].tensor = 2; }),
            "a relocation names a word, a kind or a tensor that is not there");
  EXPECT_EQ(complaint([](Program &p) { p.passes[1].last = 6; }), "pass 'end' is not inside the text");
  EXPECT_EQ(complaint([](Program &p) { p.passes[1].first = 6; }), "pass 'end' is not inside the text");
  EXPECT_EQ(complaint([](Program &p) { p.debug[1].word = 6; }), "a note names a word that is not there");
}

TEST(Container, ATensorEndsWithItsSegment) {
  EXPECT_EQ(complaint([](Program &p) { p.tensors[0].base = 69632 + 4096 - p.tensors[0].extent(); }), "");
  EXPECT_NE(complaint([](Program &p) { p.tensors[0].base = 69632 + 4096 - p.tensors[0].extent() + 2; }), "");
}

TEST(Container, RawImage) {
  std::string image = rawImage(fullProgram());
  EXPECT_EQ(image.size(), 67584u + 20);
  EXPECT_EQ(image.substr(0, 65536), std::string(65536, '\0'));
  EXPECT_EQ(get<uint64_t>(image, 65536 + 16), 0x0000'00FF'1001'0000u);
  EXPECT_EQ(image.substr(67584), "kernels and the like");
}

} // namespace
