// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/files/Numbers.h"

#include <algorithm>
#include <bit>
#include <concepts>
#include <cstring>
#include <iterator>
#include <utility>

namespace cnn::runtime {

uint64_t numberBytes(NumberKind kind) {
  switch (kind) {
  case NumberKind::u8:
  case NumberKind::i8:
    return 1;
  case NumberKind::u16:
  case NumberKind::i16:
    return 2;
  case NumberKind::u32:
  case NumberKind::i32:
  case NumberKind::f32:
    return 4;
  case NumberKind::u64:
  case NumberKind::i64:
  case NumberKind::f64:
    return 8;
  }
  return 0;
}

const char *numberName(NumberKind kind) {
  static constexpr const char *names[] = {"u8", "i8", "u16", "i16", "u32", "i32", "u64", "i64", "f32", "f64"};
  return names[static_cast<int>(kind)];
}

bool ArrayHeader::sizes(uint64_t *elements, uint64_t *bytes) const {
  *elements = 1;
  for (int64_t size : shape)
    if (__builtin_mul_overflow(*elements, static_cast<uint64_t>(size), elements))
      return false;
  return !__builtin_mul_overflow(*elements, numberBytes(kind), bytes);
}

std::string ArrayHeader::text() const {
  return numberName(kind) + shapeText(shape.data(), static_cast<int64_t>(shape.size()));
}

static std::vector<int64_t> withoutOnes(const int64_t *begin, const int64_t *end) {
  std::vector<int64_t> sizes;
  std::copy_if(begin, end, std::back_inserter(sizes), [](int64_t size) { return size != 1; });
  return sizes;
}

cnn_status checkSamples(const char *name, const ArrayHeader &header, const cnn_tensor_desc &tensor, bool singleToo,
                        int64_t *count, cnn_error *error) {
  const int64_t *begin = header.shape.data(), *end = begin + header.shape.size();
  auto sample = withoutOnes(tensor.shape, tensor.shape + tensor.rank);
  // [1, 28, 28] could be a batch of one or a sample of one channel; both mean the same.
  if (begin != end && withoutOnes(begin + 1, end) == sample)
    *count = *begin;
  else if (singleToo && withoutOnes(begin, end) == sample)
    *count = 1;
  else {
    std::string expected = "[n";
    for (int32_t i = 0; i < tensor.rank; ++i)
      expected += ", " + std::to_string(tensor.shape[i]);
    return fail(error, CNN_BAD_FILE, "%s: expected %s%s] for '%s', found %s", name, cnn_dtype_name(tensor.dtype),
                expected.c_str(), tensor.name, header.text().c_str());
  }
  if (*count < 1)
    return fail(error, CNN_BAD_FILE, "%s: expected at least one sample, found %s", name, header.text().c_str());
  return CNN_OK;
}

cnn_status readArrayData(ByteReader &reader, const ArrayHeader &header, Bytes &data, cnn_error *error) {
  uint64_t elements, bytes;
  if (!header.sizes(&elements, &bytes))
    return fail(error, CNN_BAD_FILE, "%s: array too large: %s", reader.name(), header.text().c_str());
  if (cnn_status status = reader.readBlock(bytes, data, error); status != CNN_OK)
    return status;
  return reader.expectEnd(error);
}

namespace {

template <typename From> From load(const uint8_t *from, bool bigEndian) {
  uint8_t bytes[sizeof(From)];
  std::memcpy(bytes, from, sizeof bytes);
  if (bigEndian)
    std::reverse(bytes, bytes + sizeof bytes);
  return std::bit_cast<From>(bytes);
}

// Answers the index of the first element that does not fit, or -1.
template <typename From, typename To>
int64_t convertAll(const uint8_t *from, bool bigEndian, uint64_t count, uint8_t *to) {
  for (uint64_t i = 0; i < count; ++i) {
    From value = load<From>(from + i * sizeof(From), bigEndian);
    if constexpr (std::integral<To>)
      if (!std::in_range<To>(value))
        return static_cast<int64_t>(i);
    To converted = static_cast<To>(value);
    std::memcpy(to + i * sizeof(To), &converted, sizeof converted);
  }
  return -1;
}

template <typename From>
int64_t convertFrom(const uint8_t *from, bool bigEndian, uint64_t count, int32_t dtype, uint8_t *to) {
  if (dtype == CNN_F32)
    return convertAll<From, float>(from, bigEndian, count, to);
  if constexpr (std::integral<From>) {
    if (dtype == CNN_U8)
      return convertAll<From, uint8_t>(from, bigEndian, count, to);
    if (dtype == CNN_I32)
      return convertAll<From, int32_t>(from, bigEndian, count, to);
    if (dtype == CNN_I64)
      return convertAll<From, int64_t>(from, bigEndian, count, to);
  }
  return 0;
}

// Calls `visit` with a value of the kind's type.
template <typename Visit> auto visitKind(NumberKind kind, Visit visit) {
  switch (kind) {
  case NumberKind::u8:
    return visit(uint8_t());
  case NumberKind::i8:
    return visit(int8_t());
  case NumberKind::u16:
    return visit(uint16_t());
  case NumberKind::i16:
    return visit(int16_t());
  case NumberKind::u32:
    return visit(uint32_t());
  case NumberKind::i32:
    return visit(int32_t());
  case NumberKind::u64:
    return visit(uint64_t());
  case NumberKind::i64:
    return visit(int64_t());
  case NumberKind::f32:
    return visit(float());
  case NumberKind::f64:
    break;
  }
  return visit(double());
}

bool sameBytes(NumberKind kind, int32_t dtype) {
  return (kind == NumberKind::u8 && dtype == CNN_U8) || (kind == NumberKind::i32 && dtype == CNN_I32) ||
         (kind == NumberKind::i64 && dtype == CNN_I64) || (kind == NumberKind::f32 && dtype == CNN_F32);
}

} // namespace

cnn_status convertNumbers(const char *name, const ArrayHeader &header, Bytes data, int32_t dtype, Bytes &converted,
                          cnn_error *error) {
  bool floating = header.kind == NumberKind::f32 || header.kind == NumberKind::f64;
  if (floating && dtype != CNN_F32)
    return fail(error, CNN_BAD_FILE, "%s: expected %s, or integers that fit it, found %s", name, cnn_dtype_name(dtype),
                numberName(header.kind));
  if (sameBytes(header.kind, dtype) && (!header.bigEndian || numberBytes(header.kind) == 1)) {
    converted = std::move(data);
    return CNN_OK;
  }
  uint64_t elements, bytes, needed;
  if (!header.sizes(&elements, &bytes) || bytes != data.size() ||
      __builtin_mul_overflow(elements, static_cast<uint64_t>(cnn_dtype_bytes(dtype)), &needed))
    return fail(error, CNN_BAD_FILE, "%s: array too large: %s", name, header.text().c_str());
  if (!converted.allocate(needed))
    return fail(error, CNN_NO_MEMORY, "%s: no memory for %llu bytes", name, static_cast<unsigned long long>(needed));
  int64_t bad = visitKind(header.kind, [&](auto value) {
    return convertFrom<decltype(value)>(data.data(), header.bigEndian, elements, dtype, converted.data());
  });
  if (bad < 0)
    return CNN_OK;
  std::string value = visitKind(header.kind, [&](auto sample) {
    return std::to_string(
        load<decltype(sample)>(data.data() + static_cast<uint64_t>(bad) * sizeof sample, header.bigEndian));
  });
  return fail(error, CNN_BAD_FILE, "%s: expected values of %s, found %s at element %lld", name, cnn_dtype_name(dtype),
              value.c_str(), static_cast<long long>(bad));
}

cnn_status checkLabels(const char *name, int64_t classCount, const Bytes &labels, cnn_error *error) {
  for (uint64_t i = 0; classCount > 0 && i < labels.size() / sizeof(int32_t); ++i) {
    int32_t label;
    std::memcpy(&label, labels.data() + i * sizeof label, sizeof label);
    if (label < 0 || label >= classCount)
      return fail(error, CNN_BAD_FILE, "%s: expected labels from 0 to %lld, found %d at sample %llu", name,
                  static_cast<long long>(classCount - 1), label, static_cast<unsigned long long>(i));
  }
  return CNN_OK;
}

} // namespace cnn::runtime
