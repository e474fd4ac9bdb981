// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Files read front to back, with their size known before anything is allocated.
#ifndef CNN_RUNTIME_FILES_BYTEREADER_H
#define CNN_RUNTIME_FILES_BYTEREADER_H

#include "runtime/cpu/Error.h"

#include <cstdlib>
#include <memory>
#include <string>

namespace cnn::runtime {

// A block from malloc: allocation can fail, and the fresh memory is not touched.
class Bytes {
public:
  [[nodiscard]] bool allocate(uint64_t bytes) {
    block.reset(static_cast<uint8_t *>(std::malloc(bytes ? bytes : 1)));
    length = block ? bytes : 0;
    return block != nullptr;
  }
  uint8_t *data() { return block.get(); }
  const uint8_t *data() const { return block.get(); }
  uint64_t size() const { return length; }
  uint8_t *release() {
    length = 0;
    return block.release();
  }

private:
  struct Free {
    void operator()(uint8_t *pointer) const { std::free(pointer); }
  };
  std::unique_ptr<uint8_t, Free> block;
  uint64_t length = 0;
};

class ByteReader {
public:
  explicit ByteReader(std::string name) : fileName(std::move(name)) {}
  virtual ~ByteReader() = default;
  ByteReader(const ByteReader &) = delete;
  ByteReader &operator=(const ByteReader &) = delete;

  const char *name() const { return fileName.c_str(); }
  // Bytes read so far.
  uint64_t position() const { return offset; }
  // Reads exactly `count` bytes; CNN_BAD_FILE if the file ends before.
  cnn_status read(void *to, uint64_t count, cnn_error *error);
  // Reads `count` bytes into a block that is allocated only if the file can hold that many.
  cnn_status readBlock(uint64_t count, Bytes &block, cnn_error *error);
  // CNN_BAD_FILE if anything follows.
  cnn_status expectEnd(cnn_error *error);
  // No more than this many bytes follow.
  virtual uint64_t mostRemaining() const = 0;

private:
  // Reads up to `count` bytes into `to`; fewer only at the end of the file.
  virtual cnn_status readSome(uint8_t *to, uint64_t count, uint64_t *got, cnn_error *error) = 0;
  cnn_status truncated(uint64_t end, uint64_t expected, cnn_error *error) const;

  std::string fileName;
  uint64_t offset = 0;
};

// A regular file, as it is. CNN_CANNOT_READ.
cnn_status openFile(const char *path, std::unique_ptr<ByteReader> &reader, cnn_error *error);
// A regular file, unpacked if it is gzip (RFC 1952), whatever its name.
cnn_status openMaybeGzip(const char *path, std::unique_ptr<ByteReader> &reader, cnn_error *error);
// Bytes in memory, which must outlive the reader; unpacked if they are gzip and `maybeGzip`.
std::unique_ptr<ByteReader> openMemory(const char *name, const uint8_t *data, uint64_t size, bool maybeGzip = false);

} // namespace cnn::runtime
#endif
