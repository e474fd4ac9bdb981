// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/neuflow/Files.h"

#include <cstdio>

namespace cnn::neuflow {

bool readFile(const std::string &path, std::string &bytes) {
  bool isStandard = path == "-";
  std::FILE *file = isStandard ? stdin : std::fopen(path.c_str(), "rb");
  if (!file)
    return false;
  bytes.clear();
  char block[65536];
  while (size_t got = std::fread(block, 1, sizeof(block), file))
    bytes.append(block, got);
  bool sound = !std::ferror(file);
  if (!isStandard)
    std::fclose(file);
  return sound;
}

bool writeFile(const std::string &path, const std::string &bytes) {
  bool isStandard = path == "-";
  std::FILE *file = isStandard ? stdout : std::fopen(path.c_str(), "wb");
  if (!file)
    return false;
  bool sound = std::fwrite(bytes.data(), 1, bytes.size(), file) == bytes.size();
  if (isStandard)
    return sound && std::fflush(file) == 0;
  sound &= std::fclose(file) == 0;
  if (!sound)
    std::remove(path.c_str());
  return sound;
}

int failTool(const char *tool, const std::string &text) {
  std::fprintf(stderr, "%s: error: %s\n", tool, text.c_str());
  return 1;
}

} // namespace cnn::neuflow
