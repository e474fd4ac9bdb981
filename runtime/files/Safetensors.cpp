// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/files/Safetensors.h"

#include "runtime/files/AtomicFile.h"

#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>
#include <set>
#include <tuple>
#include <zlib.h>

namespace cnn::runtime {

using Json = nlohmann::json;

static constexpr uint64_t kLongestHeader = 100'000'000; // the format's own limit

// The checksum covers the header too, with its own eight digits as zeros.
static constexpr std::string_view kChecksumKey = "\"crc32\":\"";
static constexpr size_t kChecksumDigits = 8;

const char *safetensorsType(int32_t dtype) {
  return dtype == CNN_F32 ? "F32" : dtype == CNN_U8 ? "U8" : dtype == CNN_I32 ? "I32" : "I64";
}

static uint64_t typeBytes(std::string_view dtype) {
  struct Type {
    std::string_view name;
    uint64_t bytes;
  };
  static constexpr Type types[] = {{"BOOL", 1}, {"U8", 1},  {"I8", 1},  {"U16", 2}, {"I16", 2}, {"F16", 2}, {"BF16", 2},
                                   {"U32", 4},  {"I32", 4}, {"F32", 4}, {"U64", 8}, {"I64", 8}, {"F64", 8}};
  for (const Type &type : types)
    if (type.name == dtype)
      return type.bytes;
  return 0;
}

std::string SafetensorsEntry::typeText() const {
  return dtype + shapeText(shape.data(), static_cast<int64_t>(shape.size()));
}

const SafetensorsEntry *SafetensorsFile::find(std::string_view name) const {
  auto found = std::find_if(entries.begin(), entries.end(), [&](const auto &entry) { return entry.name == name; });
  return found == entries.end() ? nullptr : &*found;
}

// Updates in pieces: zlib's lengths are 32 bits.
static uint32_t updateChecksum(uint32_t sum, const void *data, uint64_t size) {
  auto *from = static_cast<const Bytef *>(data);
  for (uint64_t part; size > 0; from += part, size -= part) {
    part = std::min<uint64_t>(size, 1 << 30);
    sum = static_cast<uint32_t>(crc32(sum, from, static_cast<uInt>(part)));
  }
  return sum;
}

static std::string checksumText(uint32_t sum) {
  char text[kChecksumDigits + 1];
  std::snprintf(text, sizeof text, "%08x", sum);
  return text;
}

namespace {

cnn_status readEntry(const char *file, const std::string &name, const Json &value, uint64_t dataBytes,
                     SafetensorsEntry &entry, cnn_error *error) {
  auto wrong = [&](const char *what) {
    return fail(error, CNN_BAD_FILE, "%s: entry '%s': %s", file, name.c_str(), what);
  };
  if (!value.is_object() || value.size() != 3 || !value.contains("dtype") || !value.contains("shape") ||
      !value.contains("data_offsets"))
    return wrong("expected 'dtype', 'shape' and 'data_offsets'");
  const Json &dtype = value["dtype"], &shape = value["shape"], &offsets = value["data_offsets"];
  if (!dtype.is_string() || !shape.is_array() || !offsets.is_array() || offsets.size() != 2 ||
      !offsets[0].is_number_unsigned() || !offsets[1].is_number_unsigned())
    return wrong("expected a type name, a list of sizes and two offsets");
  entry.name = name;
  entry.dtype = dtype.get<std::string>();
  uint64_t bytes = typeBytes(entry.dtype);
  if (bytes == 0)
    return wrong("unknown type");
  for (const Json &size : shape) {
    if (!size.is_number_unsigned() || size.get<uint64_t>() > INT64_MAX ||
        __builtin_mul_overflow(bytes, size.get<uint64_t>(), &bytes))
      return wrong("sizes out of range");
    entry.shape.push_back(size.get<int64_t>());
  }
  entry.begin = offsets[0].get<uint64_t>();
  entry.end = offsets[1].get<uint64_t>();
  if (entry.begin > entry.end || entry.end > dataBytes)
    return fail(error, CNN_BAD_FILE, "%s: entry '%s' ends at byte %llu of the data, found %llu bytes: truncated?", file,
                name.c_str(), static_cast<unsigned long long>(entry.end), static_cast<unsigned long long>(dataBytes));
  if (entry.end - entry.begin != bytes)
    return fail(error, CNN_BAD_FILE, "%s: entry '%s': expected %llu bytes for %s, found %llu", file, name.c_str(),
                static_cast<unsigned long long>(bytes), entry.typeText().c_str(),
                static_cast<unsigned long long>(entry.end - entry.begin));
  return CNN_OK;
}

// The parser keeps the last of two equal keys, so they are looked for while it runs.
Json parseHeader(const Bytes &text, std::string &duplicate) {
  std::vector<std::set<std::string>> keys;
  auto watch = [&](int, Json::parse_event_t event, Json &parsed) {
    if (event == Json::parse_event_t::object_start)
      keys.emplace_back();
    else if (event == Json::parse_event_t::object_end && !keys.empty())
      keys.pop_back();
    else if (event == Json::parse_event_t::key && !keys.empty() &&
             !keys.back().insert(parsed.get<std::string>()).second)
      duplicate = parsed.get<std::string>();
    return true;
  };
  return Json::parse(text.data(), text.data() + text.size(), watch, /*allow_exceptions=*/false);
}

cnn_status checkCoverage(const char *name, SafetensorsFile &file, uint64_t dataBytes, cnn_error *error) {
  std::sort(file.entries.begin(), file.entries.end(), [](const auto &a, const auto &b) {
    return std::tie(a.begin, a.end, a.name) < std::tie(b.begin, b.end, b.name);
  });
  uint64_t covered = 0;
  for (const SafetensorsEntry &entry : file.entries) {
    if (entry.begin != covered)
      return fail(error, CNN_BAD_FILE, "%s: entry '%s' begins at byte %llu of the data, expected %llu: %s", name,
                  entry.name.c_str(), static_cast<unsigned long long>(entry.begin),
                  static_cast<unsigned long long>(covered), entry.begin < covered ? "entries overlap" : "a gap");
    covered = entry.end;
  }
  if (covered != dataBytes)
    return fail(error, CNN_BAD_FILE, "%s: expected %llu bytes of data, found %llu", name,
                static_cast<unsigned long long>(covered), static_cast<unsigned long long>(dataBytes));
  return CNN_OK;
}

cnn_status checkChecksum(const char *name, const SafetensorsFile &file, uint64_t length, Bytes &header,
                         cnn_error *error) {
  auto stored = file.metadata.find("crc32");
  if (stored == file.metadata.end())
    return CNN_OK;
  std::string_view text(reinterpret_cast<const char *>(header.data()), header.size());
  size_t digits = text.find(kChecksumKey);
  // Another program may have written the header anew; then the checksum cannot be compared.
  if (digits == std::string_view::npos || stored->second.size() != kChecksumDigits)
    return fail(error, CNN_BAD_FILE, "%s: the checksum in the metadata is not readable", name);
  digits += kChecksumKey.size();
  std::memset(header.data() + digits, '0', kChecksumDigits);
  uint32_t sum = updateChecksum(0, &length, sizeof length);
  sum = updateChecksum(sum, header.data(), header.size());
  sum = updateChecksum(sum, file.data.data(), file.data.size());
  if (checksumText(sum) != stored->second)
    return fail(error, CNN_BAD_FILE, "%s: damaged: expected checksum %s, found %s", name, stored->second.c_str(),
                checksumText(sum).c_str());
  return CNN_OK;
}

} // namespace

cnn_status readSafetensors(ByteReader &reader, SafetensorsFile &file, cnn_error *error) {
  uint64_t length;
  if (cnn_status status = reader.read(&length, sizeof length, error); status != CNN_OK)
    return status;
  if (length > kLongestHeader || length > reader.mostRemaining())
    return fail(error, CNN_BAD_FILE,
                "%s: truncated or not a safetensors file: expected a header of %llu bytes, found %llu", reader.name(),
                static_cast<unsigned long long>(length), static_cast<unsigned long long>(reader.mostRemaining()));
  Bytes text;
  if (cnn_status status = reader.readBlock(length, text, error); status != CNN_OK)
    return status;
  uint64_t dataBytes = reader.mostRemaining();
  std::string duplicate;
  Json header = parseHeader(text, duplicate);
  if (!header.is_object())
    return fail(error, CNN_BAD_FILE, "%s: not a safetensors file: the header is not a JSON object", reader.name());
  if (!duplicate.empty())
    return fail(error, CNN_BAD_FILE, "%s: the name '%s' appears twice", reader.name(), duplicate.c_str());
  for (const auto &[name, value] : header.items()) {
    if (name == "__metadata__") {
      for (const auto &[key, item] : value.items()) {
        if (!value.is_object() || !item.is_string())
          return fail(error, CNN_BAD_FILE, "%s: the metadata is not made of strings", reader.name());
        file.metadata[key] = item.get<std::string>();
      }
      continue;
    }
    SafetensorsEntry entry{};
    if (cnn_status status = readEntry(reader.name(), name, value, dataBytes, entry, error); status != CNN_OK)
      return status;
    file.entries.push_back(std::move(entry));
  }
  if (cnn_status status = checkCoverage(reader.name(), file, dataBytes, error); status != CNN_OK)
    return status;
  if (cnn_status status = reader.readBlock(dataBytes, file.data, error); status != CNN_OK)
    return status;
  return checkChecksum(reader.name(), file, length, text, error);
}

static std::string quoted(const std::string &text) {
  return Json(text).dump(-1, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace);
}

cnn_status writeSafetensors(const char *path, const std::vector<SafetensorsTensor> &tensors,
                            const std::map<std::string, std::string> &metadata, cnn_error *error) {
  std::string header = "{\"__metadata__\":{" + std::string(kChecksumKey);
  size_t digits = header.size();
  header += "00000000\"";
  for (const auto &[key, value] : metadata)
    header += "," + quoted(key) + ":" + quoted(value);
  header += "}";
  uint64_t offset = 0;
  for (const SafetensorsTensor &tensor : tensors) {
    header += "," + quoted(tensor.name) + ":{\"dtype\":\"" + tensor.dtype + "\",\"shape\":[";
    for (size_t i = 0; i < tensor.shape.size(); ++i)
      header += (i ? "," : "") + std::to_string(tensor.shape[i]);
    header += "],\"data_offsets\":[" + std::to_string(offset) + "," + std::to_string(offset + tensor.bytes) + "]}";
    offset += tensor.bytes;
  }
  header += "}";
  header.resize((header.size() + 7) / 8 * 8, ' ');
  uint64_t length = header.size();
  uint32_t sum = updateChecksum(0, &length, sizeof length);
  sum = updateChecksum(sum, header.data(), header.size());
  for (const SafetensorsTensor &tensor : tensors)
    sum = updateChecksum(sum, tensor.data, tensor.bytes);
  header.replace(digits, kChecksumDigits, checksumText(sum));

  AtomicFile file;
  cnn_status status = file.open(path, error);
  if (status == CNN_OK)
    status = file.write(&length, sizeof length, error);
  if (status == CNN_OK)
    status = file.write(header.data(), header.size(), error);
  for (const SafetensorsTensor &tensor : tensors)
    if (status == CNN_OK)
      status = file.write(tensor.data, tensor.bytes, error);
  return status == CNN_OK ? file.commit(error) : status;
}

} // namespace cnn::runtime
