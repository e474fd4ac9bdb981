// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reads files as they are, and once more with right checksums, which chance does not find.
#include "runtime/neuflow/machine/Container.h"
#include "runtime/neuflow/machine/Crc32c.h"

#include <cstdlib>
#include <cstring>

using namespace cnn::neuflow;

static void read(const std::string &bytes) {
  Result<Program> program = readContainer(bytes);
  if (program && writeContainer(*program) != bytes)
    std::abort();
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  std::string bytes(reinterpret_cast<const char *>(data), size);
  read(bytes);
  if (bytes.size() < 64)
    return 0;
  auto get = [&](size_t at, auto &value) { std::memcpy(&value, bytes.data() + at, sizeof(value)); };
  auto put = [&](size_t at, auto value) { std::memcpy(bytes.data() + at, &value, sizeof(value)); };
  put(16, uint64_t(bytes.size()));
  uint32_t count;
  get(24, count);
  uint64_t most = (bytes.size() - 64) / 32;
  count = static_cast<uint32_t>(count <= most ? count : most);
  put(24, count);
  for (uint32_t i = 0; i < count; ++i) {
    uint64_t offset, length;
    get(64 + 32 * i + 8, offset);
    get(64 + 32 * i + 16, length);
    if (offset <= bytes.size() && length <= bytes.size() - offset)
      put(64 + 32 * i + 28, crc32c(std::string_view(bytes).substr(offset, length)));
  }
  put(56, crc32c(std::string_view(bytes).substr(64, size_t(32) * count)));
  put(60, crc32c(std::string_view(bytes).substr(0, 60)));
  read(bytes);
  return 0;
}
