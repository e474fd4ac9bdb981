// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/files/Image.h"

#include "runtime/files/Jpeg.h"
#include "runtime/files/Png.h"

#include <algorithm>
#include <cstring>
#include <zlib.h>

namespace cnn::runtime {

namespace {

constexpr uint8_t kPngSignature[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};

bool isPng(const uint8_t *data, uint64_t size) {
  return size >= sizeof kPngSignature && std::memcmp(data, kPngSignature, sizeof kPngSignature) == 0;
}

bool isJpeg(const uint8_t *data, uint64_t size) { return size >= 2 && data[0] == 0xFF && data[1] == 0xD8; }

cnn_status checkSize(const char *name, int64_t foundHeight, int64_t foundWidth, int64_t height, int64_t width,
                     cnn_error *error) {
  if (foundHeight == height && foundWidth == width)
    return CNN_OK;
  return fail(error, CNN_BAD_FILE, "%s: expected an image of %lld x %lld (height x width), found %lld x %lld", name,
              static_cast<long long>(height), static_cast<long long>(width), static_cast<long long>(foundHeight),
              static_cast<long long>(foundWidth));
}

uint32_t bigEndian(const uint8_t *from) {
  return uint32_t(from[0]) << 24 | uint32_t(from[1]) << 16 | uint32_t(from[2]) << 8 | from[3];
}

// libpng stops reading after the last row, so the chunks up to IEND are checked first: lengths and checksums.
cnn_status checkPngChunks(const char *name, const uint8_t *data, uint64_t size, cnn_error *error) {
  for (uint64_t at = sizeof kPngSignature; size - at >= 12;) {
    uint64_t length = bigEndian(data + at);
    if (length > size - at - 12)
      break;
    uint32_t sum = static_cast<uint32_t>(crc32_z(0, data + at + 4, length + 4));
    if (sum != bigEndian(data + at + 8 + length))
      return fail(error, CNN_BAD_FILE, "%s: damaged PNG: expected checksum %08x of a chunk, found %08x", name,
                  bigEndian(data + at + 8 + length), sum);
    if (std::memcmp(data + at + 4, "IEND", 4) == 0)
      return CNN_OK;
    at += 12 + length;
  }
  return fail(error, CNN_BAD_FILE, "%s: truncated PNG: %llu bytes without an end chunk", name,
              static_cast<unsigned long long>(size));
}

cnn_status decodePng(const char *name, const uint8_t *data, uint64_t size, int64_t height, int64_t width, Bytes &pixels,
                     int64_t &channels, cnn_error *error) {
  if (cnn_status status = checkPngChunks(name, data, size, error); status != CNN_OK)
    return status;
  char message[CNN_PNG_MESSAGE_BYTES] = "";
  int64_t foundWidth = 0, foundHeight = 0;
  if (!cnn_png_header(data, size, &foundWidth, &foundHeight, &channels, message))
    return fail(error, CNN_BAD_FILE, "%s: damaged PNG: %s", name, message);
  if (cnn_status status = checkSize(name, foundHeight, foundWidth, height, width, error); status != CNN_OK)
    return status;
  if (!pixels.allocate(static_cast<uint64_t>(height * width * channels)))
    return fail(error, CNN_NO_MEMORY, "%s: no memory for the pixels", name);
  if (!cnn_png_pixels(data, size, pixels.data(), message))
    return fail(error, CNN_BAD_FILE, "%s: damaged PNG: %s", name, message);
  return CNN_OK;
}

cnn_status decodeJpeg(const char *name, const uint8_t *data, uint64_t size, int64_t height, int64_t width,
                      Bytes &pixels, int64_t &channels, cnn_error *error) {
  char message[CNN_JPEG_MESSAGE_BYTES] = "";
  int64_t foundWidth = 0, foundHeight = 0;
  if (!cnn_jpeg_header(data, size, &foundWidth, &foundHeight, &channels, message))
    return fail(error, CNN_BAD_FILE, "%s: damaged JPEG: %s", name, message);
  if (cnn_status status = checkSize(name, foundHeight, foundWidth, height, width, error); status != CNN_OK)
    return status;
  if (!pixels.allocate(static_cast<uint64_t>(height * width * channels)))
    return fail(error, CNN_NO_MEMORY, "%s: no memory for the pixels", name);
  if (!cnn_jpeg_pixels(data, size, pixels.data(), message))
    return fail(error, CNN_BAD_FILE, "%s: damaged or truncated JPEG: %s", name, message);
  return CNN_OK;
}

uint8_t luma(const uint8_t *rgb) {
  return static_cast<uint8_t>((19595u * rgb[0] + 38470u * rgb[1] + 7471u * rgb[2] + 32768u) >> 16);
}

} // namespace

// False, with a message, if the header cannot be read.
static bool readHeader(const char *name, const uint8_t *data, uint64_t size, int64_t &height, int64_t &width,
                       cnn_error *error) {
  char message[std::max(CNN_PNG_MESSAGE_BYTES, CNN_JPEG_MESSAGE_BYTES)] = "";
  int64_t channels = 0;
  if (!isPng(data, size) && !isJpeg(data, size)) {
    fail(error, CNN_BAD_FILE, "%s: neither a PNG nor a JPEG image", name);
    return false;
  }
  bool isRead = isPng(data, size) ? cnn_png_header(data, size, &width, &height, &channels, message)
                                  : cnn_jpeg_header(data, size, &width, &height, &channels, message);
  if (!isRead)
    fail(error, CNN_BAD_FILE, "%s: damaged %s: %s", name, isPng(data, size) ? "PNG" : "JPEG", message);
  return isRead;
}

cnn_status checkImageSize(ByteReader &reader, int64_t height, int64_t width, cnn_error *error) {
  // The size stands behind what cameras and editors put in front, which is seldom more than this.
  constexpr uint64_t kMostHeaders = 16384;
  uint64_t all = reader.mostRemaining(), first = std::min(all, kMostHeaders);
  Bytes start, rest, whole;
  if (cnn_status status = reader.readBlock(first, start, error); status != CNN_OK)
    return status;
  int64_t foundHeight = 0, foundWidth = 0;
  if (readHeader(reader.name(), start.data(), first, foundHeight, foundWidth, all > first ? nullptr : error))
    return checkSize(reader.name(), foundHeight, foundWidth, height, width, error);
  if (all == first)
    return CNN_BAD_FILE;
  if (cnn_status status = reader.readBlock(all - first, rest, error); status != CNN_OK)
    return status;
  if (!whole.allocate(all))
    return fail(error, CNN_NO_MEMORY, "%s: no memory for the file", reader.name());
  std::memcpy(whole.data(), start.data(), first);
  std::memcpy(whole.data() + first, rest.data(), all - first);
  if (!readHeader(reader.name(), whole.data(), all, foundHeight, foundWidth, error))
    return CNN_BAD_FILE;
  return checkSize(reader.name(), foundHeight, foundWidth, height, width, error);
}

cnn_status decodeImage(const char *name, const uint8_t *data, uint64_t size, int64_t channels, int64_t height,
                       int64_t width, Bytes &pixels, cnn_error *error) {
  Bytes packed;
  int64_t found = 0;
  cnn_status status;
  if (isPng(data, size))
    status = decodePng(name, data, size, height, width, packed, found, error);
  else if (isJpeg(data, size))
    status = decodeJpeg(name, data, size, height, width, packed, found, error);
  else
    return fail(error, CNN_BAD_FILE, "%s: neither a PNG nor a JPEG image", name);
  if (status != CNN_OK)
    return status;
  int64_t plane = height * width;
  if (!pixels.allocate(static_cast<uint64_t>(plane * channels)))
    return fail(error, CNN_NO_MEMORY, "%s: no memory for the pixels", name);
  for (int64_t i = 0; i < plane; ++i) {
    const uint8_t *from = packed.data() + i * found;
    for (int64_t c = 0; c < channels; ++c)
      pixels.data()[c * plane + i] = found == 1 ? from[0] : channels == 1 ? luma(from) : from[c];
  }
  return CNN_OK;
}

} // namespace cnn::runtime
