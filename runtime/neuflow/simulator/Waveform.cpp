// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/neuflow/simulator/Waveform.h"

namespace cnn::neuflow {

Waveform::Waveform(std::FILE *file) : file(file) { std::fputs("$timescale 1 ps $end\n", file); }

void Waveform::beginScope(const std::string &name) { std::fprintf(file, "$scope module %s $end\n", name.c_str()); }
void Waveform::endScope() { std::fputs("$upscope $end\n", file); }

size_t Waveform::signal(const std::string &name, int bits) {
  std::string code;
  for (size_t n = signals.size() + 1; n > 0; n /= 94)
    code += static_cast<char>('!' + n % 94);
  std::fprintf(file, "$var wire %d %s %s $end\n", bits, code.c_str(), name.c_str());
  signals.push_back({code, bits});
  return signals.size() - 1;
}

void Waveform::endNames() { std::fputs("$enddefinitions $end\n", file); }

void Waveform::at(int64_t time) {
  now = time;
  timeWritten = false;
}

void Waveform::set(size_t index, uint64_t value) {
  Signal &signal = signals[index];
  if (signal.known && signal.value == value)
    return;
  signal.known = true;
  signal.value = value;
  if (!timeWritten)
    std::fprintf(file, "#%lld\n", static_cast<long long>(now));
  timeWritten = true;
  if (signal.bits == 1) {
    std::fprintf(file, "%d%s\n", static_cast<int>(value & 1), signal.code.c_str());
    return;
  }
  std::string digits;
  for (int bit = signal.bits - 1; bit >= 0; --bit)
    digits += value >> bit & 1 ? '1' : '0';
  std::fprintf(file, "b%s %s\n", digits.c_str(), signal.code.c_str());
}

} // namespace cnn::neuflow
