// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Files of the tests: whole files as strings, and a folder that goes away.
#ifndef CNN_TEST_RUNTIME_FILES_H
#define CNN_TEST_RUNTIME_FILES_H

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

inline std::string readWhole(const std::string &path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

class ScratchFolder {
public:
  ScratchFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "cnn-runtime-XXXXXX").string();
    folder = mkdtemp(name.data());
  }
  ~ScratchFolder() { std::filesystem::remove_all(folder); }
  std::string path(const std::string &name) const { return folder + "/" + name; }
  std::string write(const std::string &name, const std::string &contents) const {
    std::filesystem::create_directories(std::filesystem::path(path(name)).parent_path());
    std::ofstream(path(name), std::ios::binary) << contents;
    return path(name);
  }
  size_t entries() const { return static_cast<size_t>(std::distance(std::filesystem::directory_iterator(folder), {})); }

private:
  std::string folder;
};

#endif
