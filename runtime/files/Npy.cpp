// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The header of an .npy file is a Python dictionary in text:
//
//   \x93NUMPY 1 0 <length:u16> {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }     \n
//
// The reader below accepts exactly that: three keys, in any order, each once, and values of the forms numpy writes.
#include "runtime/files/Npy.h"

#include "runtime/files/AtomicFile.h"

#include <algorithm>
#include <cstring>
#include <string_view>

namespace cnn::runtime {

namespace {

// A cursor over the dictionary's text. Each function skips spaces, and answers false if something else stands there.
class DictionaryText {
public:
  explicit DictionaryText(std::string_view text) : rest(text) {}

  bool take(char c) {
    skipSpace();
    if (rest.empty() || rest[0] != c)
      return false;
    rest.remove_prefix(1);
    return true;
  }
  bool takeWord(std::string_view word) {
    skipSpace();
    if (!rest.starts_with(word))
      return false;
    rest.remove_prefix(word.size());
    return true;
  }
  bool takeString(std::string_view &value) {
    skipSpace();
    if (rest.empty() || (rest[0] != '\'' && rest[0] != '"'))
      return false;
    size_t end = rest.find(rest[0], 1);
    if (end == std::string_view::npos)
      return false;
    value = rest.substr(1, end - 1);
    rest.remove_prefix(end + 1);
    return true;
  }
  bool takeSize(int64_t &value) {
    skipSpace();
    size_t digits = 0;
    value = 0;
    for (; digits < rest.size() && rest[digits] >= '0' && rest[digits] <= '9'; ++digits)
      if (__builtin_mul_overflow(value, int64_t(10), &value) ||
          __builtin_add_overflow(value, int64_t(rest[digits] - '0'), &value))
        return false;
    rest.remove_prefix(digits);
    return digits > 0;
  }
  bool atEnd() {
    skipSpace();
    return rest.empty();
  }

private:
  void skipSpace() {
    while (!rest.empty() && (rest[0] == ' ' || rest[0] == '\n' || rest[0] == '\t' || rest[0] == '\r'))
      rest.remove_prefix(1);
  }
  std::string_view rest;
};

bool takeShape(DictionaryText &text, std::vector<int64_t> &shape) {
  if (!text.take('('))
    return false;
  while (!text.take(')')) {
    int64_t size;
    if (!text.takeSize(size) || shape.size() == CNN_MAX_RANK + 1)
      return false;
    shape.push_back(size);
    if (!text.take(',')) {
      // A tuple of one has a comma; of several, the last one may do without.
      return shape.size() > 1 && text.take(')');
    }
  }
  return true;
}

bool kindOfDescr(std::string_view descr, ArrayHeader &header) {
  struct Code {
    std::string_view text;
    NumberKind kind;
  };
  static constexpr Code codes[] = {{"b1", NumberKind::u8},  {"u1", NumberKind::u8},  {"i1", NumberKind::i8},
                                   {"u2", NumberKind::u16}, {"i2", NumberKind::i16}, {"u4", NumberKind::u32},
                                   {"i4", NumberKind::i32}, {"u8", NumberKind::u64}, {"i8", NumberKind::i64},
                                   {"f4", NumberKind::f32}, {"f8", NumberKind::f64}};
  if (descr.size() != 3 || std::string_view("<>|=").find(descr[0]) == std::string_view::npos)
    return false;
  for (const Code &code : codes)
    if (code.text == descr.substr(1)) {
      header.kind = code.kind;
      header.bigEndian = descr[0] == '>';
      return descr[0] != '|' || numberBytes(code.kind) == 1;
    }
  return false;
}

cnn_status parseDictionary(const char *name, std::string_view dictionary, ArrayHeader &header, cnn_error *error) {
  DictionaryText text(dictionary);
  bool descrSeen = false, orderSeen = false, shapeSeen = false, fortran = false;
  std::string_view descr, key;
  bool sound = text.take('{');
  while (sound && !text.take('}')) {
    sound = text.takeString(key) && text.take(':');
    if (!sound)
      break;
    if (key == "descr" && !descrSeen)
      sound = descrSeen = text.takeString(descr);
    else if (key == "fortran_order" && !orderSeen) {
      fortran = text.takeWord("True");
      sound = orderSeen = fortran || text.takeWord("False");
    } else if (key == "shape" && !shapeSeen)
      sound = shapeSeen = takeShape(text, header.shape);
    else
      sound = false;
    if (sound && !text.take(',')) {
      sound = text.take('}');
      break;
    }
  }
  if (!sound || !text.atEnd() || !descrSeen || !orderSeen || !shapeSeen)
    return fail(error, CNN_BAD_FILE,
                "%s: expected a header with 'descr', 'fortran_order' and a 'shape' of at most %d sizes, found %.*s",
                name, CNN_MAX_RANK + 1, static_cast<int>(std::min<size_t>(dictionary.size(), 200)), dictionary.data());
  if (!kindOfDescr(descr, header))
    return fail(error, CNN_BAD_FILE, "%s: expected integers, floats of 4 or 8 bytes, or booleans, found type '%.*s'",
                name, static_cast<int>(std::min<size_t>(descr.size(), 100)), descr.data());
  if (fortran && header.shape.size() > 1)
    return fail(error, CNN_BAD_FILE, "%s: expected C order, found Fortran order: save numpy.ascontiguousarray(x)",
                name);
  return CNN_OK;
}

} // namespace

cnn_status readNpyHeader(ByteReader &reader, ArrayHeader &header, cnn_error *error) {
  uint8_t start[8];
  if (cnn_status status = reader.read(start, 8, error); status != CNN_OK)
    return status;
  if (std::memcmp(start, "\x93NUMPY", 6) != 0)
    return fail(error, CNN_BAD_FILE, "%s: not an .npy file: expected 93 'NUMPY' at its start", reader.name());
  if (start[6] < 1 || start[6] > 3 || start[7] != 0)
    return fail(error, CNN_BAD_FILE, "%s: expected .npy version 1.0, 2.0 or 3.0, found %u.%u", reader.name(), start[6],
                start[7]);
  uint8_t size[4] = {};
  if (cnn_status status = reader.read(size, start[6] == 1 ? 2 : 4, error); status != CNN_OK)
    return status;
  uint32_t length = size[0] | size[1] << 8 | size[2] << 16 | uint32_t(size[3]) << 24;
  constexpr uint32_t kLongest = 1 << 16; // numpy refuses what is longer than 10,000
  if (length > kLongest)
    return fail(error, CNN_BAD_FILE, "%s: expected a header of at most %u bytes, found %u", reader.name(), kLongest,
                length);
  Bytes text;
  if (cnn_status status = reader.readBlock(length, text, error); status != CNN_OK)
    return status;
  return parseDictionary(reader.name(), {reinterpret_cast<const char *>(text.data()), length}, header, error);
}

cnn_status writeNpy(const char *path, int32_t dtype, const std::vector<int64_t> &shape, const void *data,
                    cnn_error *error) {
  const char *descr = dtype == CNN_F32 ? "<f4" : dtype == CNN_U8 ? "|u1" : dtype == CNN_I32 ? "<i4" : "<i8";
  uint64_t bytes = cnn_dtype_bytes(dtype);
  std::string dictionary = std::string("{'descr': '") + descr + "', 'fortran_order': False, 'shape': (";
  for (size_t i = 0; i < shape.size(); ++i) {
    dictionary += (i ? ", " : "") + std::to_string(shape[i]);
    if (__builtin_mul_overflow(bytes, static_cast<uint64_t>(shape[i]), &bytes))
      return fail(error, CNN_BAD_ARGUMENT, "%s: array too large", path);
  }
  dictionary += shape.size() == 1 ? ",), }" : "), }";
  // The data begins at a multiple of 64.
  while ((10 + dictionary.size() + 1) % 64 != 0)
    dictionary += ' ';
  dictionary += '\n';
  std::string header = "\x93NUMPY";
  header += {1, 0, static_cast<char>(dictionary.size() & 0xFF), static_cast<char>(dictionary.size() >> 8)};
  header += dictionary;
  AtomicFile file;
  cnn_status status = file.open(path, error);
  if (status == CNN_OK)
    status = file.write(header.data(), header.size(), error);
  if (status == CNN_OK)
    status = file.write(data, bytes, error);
  return status == CNN_OK ? file.commit(error) : status;
}

} // namespace cnn::runtime
