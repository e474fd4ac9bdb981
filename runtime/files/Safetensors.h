// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Files of named tensors in the safetensors format: the length of a header, a JSON header, the data.
#ifndef CNN_RUNTIME_FILES_SAFETENSORS_H
#define CNN_RUNTIME_FILES_SAFETENSORS_H

#include "runtime/files/ByteReader.h"

#include <map>
#include <vector>

namespace cnn::runtime {

struct SafetensorsEntry {
  std::string name;
  std::string dtype; // "F32", "U8", ...
  std::vector<int64_t> shape;
  uint64_t begin, end; // bytes from the start of the data

  std::string typeText() const; // "F32[6, 1, 5, 5]"
};

struct SafetensorsFile {
  std::vector<SafetensorsEntry> entries; // in the order of the data
  std::map<std::string, std::string> metadata;
  Bytes data;

  const SafetensorsEntry *find(std::string_view name) const;
};

// Reads a whole file. Every entry is checked: known type, shape that gives its length, data without gap or overlap up
// to the end of the file, no name twice; and the checksum that writeSafetensors left, if there is one. CNN_BAD_FILE.
cnn_status readSafetensors(ByteReader &reader, SafetensorsFile &file, cnn_error *error);

// One tensor to write.
struct SafetensorsTensor {
  std::string name;
  const char *dtype;
  std::vector<int64_t> shape;
  const void *data;
  uint64_t bytes;
};

// Writes the tensors in this order, with the metadata and a checksum (CRC-32 of header and data), complete or not at
// all. The same arguments give the same bytes. CNN_CANNOT_WRITE.
cnn_status writeSafetensors(const char *path, const std::vector<SafetensorsTensor> &tensors,
                            const std::map<std::string, std::string> &metadata, cnn_error *error);

// "F32", "U8", "I32", "I64" for a cnn_dtype.
const char *safetensorsType(int32_t dtype);

} // namespace cnn::runtime
#endif
