// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reads weight files: an 8-byte little-endian length, a JSON header of that length, then the data of all tensors.

#ifndef CNN_BACKENDS_CPU_SAFETENSORSFILE_H
#define CNN_BACKENDS_CPU_SAFETENSORSFILE_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/MemoryBuffer.h"
#include <map>
#include <string>
#include <vector>

namespace cnn::cpu {

struct StoredTensor {
  std::string dtype; // "F32", "I64", ...
  std::vector<int64_t> shape;
  llvm::StringRef data; // shape and dtype say its size
};

class SafetensorsFile {
public:
  /// Maps the file and checks all of its header. An error names the file, what was expected and what was found.
  static llvm::Expected<SafetensorsFile> open(llvm::StringRef path);

  /// The same on bytes in memory; `path` is for messages.
  static llvm::Expected<SafetensorsFile> parse(std::unique_ptr<llvm::MemoryBuffer> buffer, llvm::StringRef path);

  const std::map<std::string, StoredTensor> &getTensors() const { return tensors; }

private:
  std::unique_ptr<llvm::MemoryBuffer> buffer;
  std::map<std::string, StoredTensor> tensors;
};

} // namespace cnn::cpu

#endif
