// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/files/Image.h"

#include "runtime/files/Jpeg.h"

#include <cstring>
#include <png.h>
#include <zlib.h>

namespace cnn::runtime {

namespace {

constexpr uint8_t kPngSignature[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};

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

// Unpacks to interleaved pixels of `stride` channels, of which the first `channels` (1 or 3) are kept.
cnn_status decodePng(const char *name, const uint8_t *data, uint64_t size, int64_t height, int64_t width, Bytes &pixels,
                     int64_t &stride, int64_t &channels, cnn_error *error) {
  if (cnn_status status = checkPngChunks(name, data, size, error); status != CNN_OK)
    return status;
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  if (!png_image_begin_read_from_memory(&image, data, size))
    return fail(error, CNN_BAD_FILE, "%s: damaged PNG: %s", name, image.message);
  if (cnn_status status = checkSize(name, image.height, image.width, height, width, error); status != CNN_OK) {
    png_image_free(&image);
    return status;
  }
  bool color = image.format & PNG_FORMAT_FLAG_COLOR, alpha = image.format & PNG_FORMAT_FLAG_ALPHA;
  image.format = (color ? PNG_FORMAT_FLAG_COLOR : 0) | (alpha ? PNG_FORMAT_FLAG_ALPHA : 0);
  image.flags |= PNG_IMAGE_FLAG_16BIT_sRGB;
  channels = color ? 3 : 1;
  stride = channels + alpha;
  if (!pixels.allocate(static_cast<uint64_t>(height * width * stride))) {
    png_image_free(&image);
    return fail(error, CNN_NO_MEMORY, "%s: no memory for the pixels", name);
  }
  if (!png_image_finish_read(&image, nullptr, pixels.data(), 0, nullptr))
    return fail(error, CNN_BAD_FILE, "%s: damaged PNG: %s", name, image.message);
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

cnn_status decodeImage(const char *name, const uint8_t *data, uint64_t size, int64_t channels, int64_t height,
                       int64_t width, Bytes &pixels, cnn_error *error) {
  Bytes packed;
  int64_t found = 0, stride = 0;
  cnn_status status;
  if (size >= sizeof kPngSignature && std::memcmp(data, kPngSignature, sizeof kPngSignature) == 0) {
    status = decodePng(name, data, size, height, width, packed, stride, found, error);
  } else if (size >= 2 && data[0] == 0xFF && data[1] == 0xD8) {
    status = decodeJpeg(name, data, size, height, width, packed, found, error);
    stride = found;
  } else {
    return fail(error, CNN_BAD_FILE, "%s: neither a PNG nor a JPEG image", name);
  }
  if (status != CNN_OK)
    return status;
  int64_t plane = height * width;
  if (!pixels.allocate(static_cast<uint64_t>(plane * channels)))
    return fail(error, CNN_NO_MEMORY, "%s: no memory for the pixels", name);
  for (int64_t i = 0; i < plane; ++i) {
    const uint8_t *from = packed.data() + i * stride;
    for (int64_t c = 0; c < channels; ++c)
      pixels.data()[c * plane + i] = found == 1 ? from[0] : channels == 1 ? luma(from) : from[c];
  }
  return CNN_OK;
}

} // namespace cnn::runtime
