// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "backends/cpu/SafetensorsFile.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/CRC.h"
#include "llvm/Support/Endian.h"
#include <gtest/gtest.h>

using namespace cnn::cpu;

static std::string makeFile(std::string header, std::string data) {
  std::string bytes(8, '\0');
  llvm::support::endian::write64le(bytes.data(), header.size());
  return bytes + header + data;
}

/// The message, or "" if the file is fine.
static std::string parse(std::string bytes) {
  llvm::Expected<SafetensorsFile> file =
      SafetensorsFile::parse(llvm::MemoryBuffer::getMemBufferCopy(bytes), "w.safetensors");
  return file ? "" : llvm::toString(file.takeError());
}

static const char twoTensors[] = R"({"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]},
  "b": {"dtype": "U8", "shape": [], "data_offsets": [8, 9]}, "__metadata__": {"by": "test"}})";

TEST(SafetensorsFile, ReadsTensors) {
  llvm::Expected<SafetensorsFile> file =
      SafetensorsFile::parse(llvm::MemoryBuffer::getMemBufferCopy(makeFile(twoTensors, "01234567x")), "w");
  ASSERT_TRUE(bool(file));
  ASSERT_EQ(file->getTensors().size(), 2u);
  EXPECT_EQ(file->getTensors().at("a").data, "01234567");
  EXPECT_EQ(file->getTensors().at("a").shape, std::vector<int64_t>{2});
  EXPECT_EQ(file->getTensors().at("b").data, "x");
}

TEST(SafetensorsFile, RefusesEveryTruncation) {
  std::string whole = makeFile(twoTensors, "01234567x");
  EXPECT_EQ(parse(whole), "");
  for (size_t length = 0; length < whole.size(); ++length)
    EXPECT_NE(parse(whole.substr(0, length)).find("cannot read 'w.safetensors': "), std::string::npos) << length;
  EXPECT_NE(parse(whole + "y"), "");
}

TEST(SafetensorsFile, SaysWhatIsWrong) {
  auto entry = [](std::string text) { return makeFile("{\"a\": " + text + "}", "01234567"); };
  EXPECT_EQ(parse(entry(R"({"dtype": "F31", "shape": [2], "data_offsets": [0, 8]})")),
            "cannot read 'w.safetensors': tensor 'a' has the unknown type 'F31'");
  EXPECT_EQ(parse(entry(R"({"dtype": "F32", "shape": [3], "data_offsets": [0, 8]})")),
            "cannot read 'w.safetensors': expected 12 bytes of tensor 'a', but got 8");
  EXPECT_EQ(parse(entry(R"({"dtype": "F32", "shape": [-2], "data_offsets": [0, 8]})")),
            "cannot read 'w.safetensors': tensor 'a' has a size that is no whole number");
  for (const char *size : {"2.5", "9223372036854775803.9", "9223372036854775808", "1e300", "\"2\"", "null"})
    EXPECT_EQ(parse(entry(R"({"dtype": "F32", "shape": [)" + std::string(size) + R"(], "data_offsets": [0, 8]})")),
              "cannot read 'w.safetensors': tensor 'a' has a size that is no whole number");
  EXPECT_EQ(parse(entry(R"({"dtype": "F32", "shape": [4611686018427387904, 4], "data_offsets": [0, 8]})")),
            "cannot read 'w.safetensors': tensor 'a' is too large");
  EXPECT_EQ(
      parse(entry(R"({"dtype": "F32", "shape": [2], "data_offsets": [8, 0]})")),
      "cannot read 'w.safetensors': tensor 'a' lies outside of the file's 8 bytes of data; is the file complete?");
  EXPECT_EQ(parse(entry("3")), "cannot read 'w.safetensors': expected dtype, shape and data_offsets of tensor 'a'");
  EXPECT_EQ(parse(entry(R"({"dtype": "F32", "shape": [1], "data_offsets": [4, 8]})")),
            "cannot read 'w.safetensors': its tensors overlap or leave holes at byte 0 of the data");
  EXPECT_EQ(parse(makeFile(std::string(100000, '['), "")), "cannot read 'w.safetensors': its header is no JSON object");
}

// The sum that the runtime writes: of the whole file, its own digits being zeros.
TEST(SafetensorsFile, ComparesTheChecksum) {
  std::string header = R"({"__metadata__":{"crc32":"00000000"},"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}})";
  std::string whole = makeFile(header, "abcd");
  std::string sum = llvm::utohexstr(llvm::crc32(llvm::arrayRefFromStringRef(whole)), /*LowerCase=*/true, /*Width=*/8);
  size_t digits = whole.find("00000000");
  whole.replace(digits, 8, sum);
  EXPECT_EQ(parse(whole), "");
  // Under another name it is not known for a checksum, and most programs write none.
  size_t name = whole.find("crc32"), nameEnd = name + 5;
  for (size_t i = 0; i < whole.size(); ++i) {
    std::string changed = whole;
    changed[i] ^= 1;
    EXPECT_EQ(parse(changed).empty(), i >= name && i < nameEnd) << i;
  }
  whole.back() = 'e';
  EXPECT_NE(parse(whole).find("cannot read 'w.safetensors': it is damaged: expected checksum " + sum + ", but got "),
            std::string::npos);
  EXPECT_EQ(parse(makeFile(R"({"__metadata__": {"crc32": "00000000"}})", "")),
            "cannot read 'w.safetensors': the checksum in its metadata is not readable");
}
