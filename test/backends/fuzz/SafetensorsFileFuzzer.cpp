// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Weight files of any bytes: a file that is accepted has tensors of the right size that lie inside it.
#include "backends/cpu/SafetensorsFile.h"
#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  llvm::StringRef bytes(reinterpret_cast<const char *>(data), size);
  llvm::Expected<cnn::cpu::SafetensorsFile> file =
      cnn::cpu::SafetensorsFile::parse(llvm::MemoryBuffer::getMemBufferCopy(bytes), "fuzz");
  if (!file) {
    if (llvm::toString(file.takeError()).empty())
      abort();
    return 0;
  }
  for (const auto &[name, tensor] : file->getTensors()) {
    uint64_t elements = 1;
    for (int64_t dim : tensor.shape)
      elements *= dim;
    if (elements == 0 ? !tensor.data.empty() : tensor.data.size() % elements != 0)
      abort();
    // Reads all of it, for AddressSanitizer.
    if (llvm::hash_value(tensor.data) == llvm::hash_code(0x123456789))
      abort();
  }
  return 0;
}
