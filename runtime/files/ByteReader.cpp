// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/files/ByteReader.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <limits>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

namespace cnn::runtime {

using Unsigned = unsigned long long; // of printf

cnn_status ByteReader::truncated(uint64_t end, uint64_t expected, cnn_error *error) const {
  return fail(error, CNN_BAD_FILE, "%s: truncated: expected at least %llu bytes, found %llu", name(),
              static_cast<Unsigned>(expected), static_cast<Unsigned>(end));
}

cnn_status ByteReader::read(void *to, uint64_t count, cnn_error *error) {
  uint64_t got = 0;
  if (cnn_status status = readSome(static_cast<uint8_t *>(to), count, &got, error); status != CNN_OK)
    return status;
  offset += got;
  return got == count ? CNN_OK : truncated(offset, offset - got + count, error);
}

cnn_status ByteReader::readBlock(uint64_t count, Bytes &block, cnn_error *error) {
  if (count > mostRemaining())
    return fail(error, CNN_BAD_FILE, "%s: truncated: expected %llu bytes of data, found at most %llu", name(),
                static_cast<Unsigned>(count), static_cast<Unsigned>(mostRemaining()));
  if (!block.allocate(count))
    return fail(error, CNN_NO_MEMORY, "%s: no memory for %llu bytes", name(), static_cast<Unsigned>(count));
  return read(block.data(), count, error);
}

cnn_status ByteReader::expectEnd(cnn_error *error) {
  uint8_t byte;
  uint64_t got = 0;
  if (cnn_status status = readSome(&byte, 1, &got, error); status != CNN_OK)
    return status;
  if (got)
    return fail(error, CNN_BAD_FILE, "%s: expected %llu bytes, found more", name(), static_cast<Unsigned>(offset));
  return CNN_OK;
}

namespace {

class FileReader final : public ByteReader {
public:
  FileReader(const char *path, int file, uint64_t size) : ByteReader(path), file(file), size(size) {}
  ~FileReader() override { close(file); }
  uint64_t mostRemaining() const override { return size - std::min(size, position()); }

private:
  cnn_status readSome(uint8_t *to, uint64_t count, uint64_t *got, cnn_error *error) override {
    while (*got < count) {
      ssize_t part = ::read(file, to + *got, std::min<uint64_t>(count - *got, 1 << 30));
      if (part < 0 && errno == EINTR)
        continue;
      if (part < 0)
        return fail(error, CNN_CANNOT_READ, "%s: %s", name(), std::strerror(errno));
      if (part == 0)
        break;
      *got += static_cast<uint64_t>(part);
    }
    return CNN_OK;
  }
  int file;
  uint64_t size;
};

class MemoryReader final : public ByteReader {
public:
  MemoryReader(const char *name, const uint8_t *data, uint64_t size) : ByteReader(name), data(data), size(size) {}
  uint64_t mostRemaining() const override { return size - consumed; }

private:
  cnn_status readSome(uint8_t *to, uint64_t count, uint64_t *got, cnn_error *) override {
    *got = std::min(count, size - consumed);
    if (*got)
      std::memcpy(to, data + consumed, *got);
    consumed += *got;
    return CNN_OK;
  }
  const uint8_t *data;
  uint64_t size, consumed = 0;
};

// One gzip member, checked to its end: length, checksum, and nothing after it.
class GzipReader final : public ByteReader {
public:
  explicit GzipReader(std::unique_ptr<ByteReader> packed) : ByteReader(packed->name()), packed(std::move(packed)) {
    started = inflateInit2(&stream, 16 + MAX_WBITS) == Z_OK;
  }
  ~GzipReader() override {
    if (started)
      inflateEnd(&stream);
  }
  // Deflate packs at most 1032 bytes into one.
  uint64_t mostRemaining() const override {
    uint64_t left = packed->mostRemaining() + stream.avail_in + 300, most;
    return __builtin_mul_overflow(left, uint64_t(1032), &most) ? std::numeric_limits<uint64_t>::max() : most;
  }

private:
  cnn_status readSome(uint8_t *to, uint64_t count, uint64_t *got, cnn_error *error) override {
    if (!started)
      return fail(error, CNN_NO_MEMORY, "%s: no memory to unpack", name());
    while (*got < count && !ended) {
      if (stream.avail_in == 0)
        if (cnn_status status = refill(error); status != CNN_OK)
          return status;
      uInt room = static_cast<uInt>(std::min<uint64_t>(count - *got, 1 << 30));
      stream.next_out = to + *got;
      stream.avail_out = room;
      int result = inflate(&stream, Z_NO_FLUSH);
      *got += room - stream.avail_out;
      if (result == Z_STREAM_END)
        ended = true;
      else if (result == Z_MEM_ERROR)
        return fail(error, CNN_NO_MEMORY, "%s: no memory to unpack", name());
      else if (result != Z_OK && result != Z_BUF_ERROR)
        return fail(error, CNN_BAD_FILE, "%s: damaged gzip data: %s", name(),
                    stream.msg ? stream.msg : "no reason given");
      else if (stream.avail_in == 0 && packed->mostRemaining() == 0 && stream.avail_out != 0)
        return fail(error, CNN_BAD_FILE, "%s: truncated gzip data", name());
    }
    if (ended && (stream.avail_in != 0 || packed->mostRemaining() != 0))
      return fail(error, CNN_BAD_FILE, "%s: data after the end of the gzip member", name());
    return CNN_OK;
  }
  cnn_status refill(cnn_error *error) {
    uint64_t part = std::min<uint64_t>(packed->mostRemaining(), sizeof buffer);
    if (part == 0)
      return fail(error, CNN_BAD_FILE, "%s: truncated gzip data", name());
    if (cnn_status status = packed->read(buffer, part, error); status != CNN_OK)
      return status;
    stream.next_in = buffer;
    stream.avail_in = static_cast<uInt>(part);
    return CNN_OK;
  }

  std::unique_ptr<ByteReader> packed;
  z_stream stream{};
  bool started, ended = false;
  uint8_t buffer[1 << 16];
};

cnn_status openDescriptor(const char *path, int *file, uint64_t *size, cnn_error *error) {
  int opened = open(path, O_RDONLY | O_CLOEXEC);
  if (opened < 0)
    return fail(error, CNN_CANNOT_READ, "%s: %s", path, std::strerror(errno));
  struct stat info;
  if (fstat(opened, &info) != 0 || !S_ISREG(info.st_mode)) {
    close(opened);
    return fail(error, CNN_CANNOT_READ, "%s: not a regular file", path);
  }
  *file = opened;
  *size = static_cast<uint64_t>(info.st_size);
  return CNN_OK;
}

bool isGzip(const uint8_t *start, uint64_t size) { return size >= 2 && start[0] == 0x1F && start[1] == 0x8B; }

} // namespace

cnn_status openFile(const char *path, std::unique_ptr<ByteReader> &reader, cnn_error *error) {
  int file;
  uint64_t size;
  if (cnn_status status = openDescriptor(path, &file, &size, error); status != CNN_OK)
    return status;
  reader = std::make_unique<FileReader>(path, file, size);
  return CNN_OK;
}

cnn_status openMaybeGzip(const char *path, std::unique_ptr<ByteReader> &reader, cnn_error *error) {
  int file;
  uint64_t size;
  if (cnn_status status = openDescriptor(path, &file, &size, error); status != CNN_OK)
    return status;
  uint8_t start[2];
  bool packed = pread(file, start, 2, 0) == 2 && isGzip(start, 2);
  reader = std::make_unique<FileReader>(path, file, size);
  if (packed)
    reader = std::make_unique<GzipReader>(std::move(reader));
  return CNN_OK;
}

std::unique_ptr<ByteReader> openMemory(const char *name, const uint8_t *data, uint64_t size, bool maybeGzip) {
  std::unique_ptr<ByteReader> reader = std::make_unique<MemoryReader>(name, data, size);
  if (maybeGzip && isGzip(data, size))
    reader = std::make_unique<GzipReader>(std::move(reader));
  return reader;
}

} // namespace cnn::runtime
