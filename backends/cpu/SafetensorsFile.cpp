// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "backends/cpu/SafetensorsFile.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/CRC.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/JSON.h"

namespace cnn::cpu {

static int64_t getElementBytes(llvm::StringRef dtype) {
  return llvm::StringSwitch<int64_t>(dtype)
      .Cases({"F64", "I64", "U64"}, 8)
      .Cases({"F32", "I32", "U32"}, 4)
      .Cases({"F16", "BF16", "I16", "U16"}, 2)
      .Cases({"I8", "U8", "BOOL"}, 1)
      .Default(0);
}

static llvm::Error fail(llvm::StringRef path, const llvm::Twine &text) {
  return llvm::createStringError("cannot read '" + path + "': " + text);
}

/// One entry of the header: {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}.
static llvm::Error readEntry(llvm::StringRef path, llvm::StringRef name, const llvm::json::Value &value,
                             llvm::StringRef data, StoredTensor &tensor, uint64_t &begin, uint64_t &end) {
  const llvm::json::Object *entry = value.getAsObject();
  std::optional<llvm::StringRef> dtype = entry ? entry->getString("dtype") : std::nullopt;
  const llvm::json::Array *shape = entry ? entry->getArray("shape") : nullptr;
  const llvm::json::Array *offsets = entry ? entry->getArray("data_offsets") : nullptr;
  if (!dtype || !shape || !offsets || offsets->size() != 2)
    return fail(path, "expected dtype, shape and data_offsets of tensor '" + name + "'");
  tensor.dtype = dtype->str();
  uint64_t bytes = getElementBytes(*dtype);
  if (bytes == 0)
    return fail(path, "tensor '" + name + "' has the unknown type '" + *dtype + "'");
  for (const llvm::json::Value &size : *shape) {
    // Not as a signed number: LLVM 22 converts 9223372036854775807.9 to one, which is undefined.
    std::optional<uint64_t> number = size.getAsUINT64();
    if (!number || *number > uint64_t(INT64_MAX))
      return fail(path, "tensor '" + name + "' has a size that is no whole number");
    if (__builtin_mul_overflow(bytes, *number, &bytes))
      return fail(path, "tensor '" + name + "' is too large");
    tensor.shape.push_back(int64_t(*number));
  }
  std::optional<uint64_t> first = (*offsets)[0].getAsUINT64(), last = (*offsets)[1].getAsUINT64();
  if (!first || !last || *first > *last || *last > data.size())
    return fail(path, "tensor '" + name + "' lies outside of the file's " + llvm::Twine(data.size()) +
                          " bytes of data; is the file complete?");
  if (*last - *first != bytes)
    return fail(path, "expected " + llvm::Twine(bytes) + " bytes of tensor '" + name + "', but got " +
                          llvm::Twine(*last - *first));
  begin = *first;
  end = *last;
  tensor.data = data.slice(begin, end);
  return llvm::Error::success();
}

/// Files of the runtime carry a CRC-32 of the whole file, with the eight digits of the sum itself as zeros.
static llvm::Error checkChecksum(llvm::StringRef path, llvm::StringRef bytes, llvm::StringRef header,
                                 const llvm::json::Object &entries) {
  const llvm::json::Object *metadata = entries.getObject("__metadata__");
  std::optional<llvm::StringRef> stored = metadata ? metadata->getString("crc32") : std::nullopt;
  if (!stored)
    return llvm::Error::success();
  constexpr llvm::StringLiteral key = "\"crc32\":\"", zeros = "00000000";
  size_t found = header.find(key);
  if (found == llvm::StringRef::npos || stored->size() != zeros.size())
    return fail(path, "the checksum in its metadata is not readable");
  size_t begin = header.data() - bytes.data() + found + key.size(), end = begin + zeros.size();
  uint32_t sum = 0;
  for (llvm::StringRef part : {bytes.take_front(begin), llvm::StringRef(zeros), bytes.drop_front(end)})
    sum = llvm::crc32(sum, llvm::arrayRefFromStringRef(part));
  std::string text;
  llvm::raw_string_ostream(text) << llvm::format_hex_no_prefix(sum, zeros.size());
  if (text != *stored)
    return fail(path, "it is damaged: expected checksum " + *stored + ", but got " + text);
  return llvm::Error::success();
}

llvm::Expected<SafetensorsFile> SafetensorsFile::open(llvm::StringRef path) {
  llvm::sys::fs::file_status status;
  if (std::error_code code = llvm::sys::fs::status(path, status))
    return fail(path, code.message());
  if (llvm::sys::fs::is_directory(status))
    return fail(path, "is a directory");
  // Nothing needs a NUL behind the data, so that large files are mapped.
  llvm::ErrorOr<std::unique_ptr<llvm::MemoryBuffer>> buffer =
      llvm::MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!buffer)
    return fail(path, buffer.getError().message());
  return parse(std::move(*buffer), path);
}

llvm::Expected<SafetensorsFile> SafetensorsFile::parse(std::unique_ptr<llvm::MemoryBuffer> buffer,
                                                       llvm::StringRef path) {
  llvm::StringRef bytes = buffer->getBuffer();
  if (bytes.size() < 8)
    return fail(path, "expected a safetensors file, but got " + llvm::Twine(bytes.size()) + " bytes");
  uint64_t length = llvm::support::endian::read64le(bytes.data());
  if (length > bytes.size() - 8)
    return fail(path, "expected a header of " + llvm::Twine(length) + " bytes, but the file has " +
                          llvm::Twine(bytes.size()));
  // A parser that recurses must not meet arbitrarily deep text; three levels are all there are.
  llvm::StringRef text = bytes.substr(8, length);
  int64_t depth = 0;
  for (char c : text) {
    depth += (c == '{' || c == '[') - (c == '}' || c == ']');
    if (depth > 64)
      return fail(path, "its header is no JSON object");
  }
  llvm::Expected<llvm::json::Value> header = llvm::json::parse(text);
  if (!header) {
    llvm::consumeError(header.takeError());
    return fail(path, "its header is no JSON object");
  }
  const llvm::json::Object *entries = header->getAsObject();
  if (!entries)
    return fail(path, "its header is no JSON object");
  SafetensorsFile file;
  llvm::StringRef data = bytes.drop_front(8 + length);
  std::vector<std::pair<uint64_t, uint64_t>> ranges;
  for (const auto &[key, value] : *entries) {
    if (key == "__metadata__")
      continue;
    StoredTensor tensor;
    uint64_t begin, end;
    if (llvm::Error error = readEntry(path, key, value, data, tensor, begin, end))
      return std::move(error);
    ranges.emplace_back(begin, end);
    file.tensors.emplace(llvm::StringRef(key).str(), std::move(tensor));
  }
  // The format allows no holes and no overlaps.
  llvm::sort(ranges);
  uint64_t expected = 0;
  for (auto [begin, end] : ranges) {
    if (begin != expected)
      return fail(path, "its tensors overlap or leave holes at byte " + llvm::Twine(std::min(begin, expected)) +
                            " of the data");
    expected = end;
  }
  if (expected != data.size())
    return fail(path, "expected " + llvm::Twine(expected) + " bytes of data, but got " + llvm::Twine(data.size()));
  if (llvm::Error error = checkChecksum(path, bytes, text, *entries))
    return std::move(error);
  file.buffer = std::move(buffer);
  return file;
}

} // namespace cnn::cpu
