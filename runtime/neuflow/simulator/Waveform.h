// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Writes signals over time as a VCD file, which waveform viewers read. Only what changes is written.
#ifndef CNN_RUNTIME_NEUFLOW_SIMULATOR_WAVEFORM_H
#define CNN_RUNTIME_NEUFLOW_SIMULATOR_WAVEFORM_H

#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

namespace cnn::neuflow {

class Waveform {
public:
  // The file stays the caller's. One unit of time is a picosecond.
  explicit Waveform(std::FILE *file);

  // First the names: scopes may stand in each other.
  void beginScope(const std::string &name);
  void endScope();
  size_t signal(const std::string &name, int bits);
  // Then values, by the numbers that signal() gave, for times that grow.
  void endNames();
  void at(int64_t time);
  void set(size_t signal, uint64_t value);

private:
  struct Signal {
    std::string code;
    int bits;
    uint64_t value = 0;
    bool known = false;
  };
  std::FILE *file;
  std::vector<Signal> signals;
  int64_t now = -1;
  bool timeWritten = false;
};

} // namespace cnn::neuflow
#endif
