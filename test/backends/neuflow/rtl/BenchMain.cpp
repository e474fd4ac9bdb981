// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "test/backends/neuflow/rtl/Bench.h"

#include <gtest/gtest.h>

#include <string_view>

static std::string waveform;

const std::string &cnn::neuflow::waveformFile() { return waveform; }

double sc_time_stamp() { return 0; }

int main(int argc, char **argv) {
  testing::InitGoogleTest(&argc, argv);
  for (int i = 1; i < argc; ++i) {
    std::string_view argument = argv[i];
    if (!argument.starts_with("--vcd=")) {
      fprintf(stderr, "%s: expected --vcd=FILE or an option of GoogleTest, but got '%s'\n", argv[0], argv[i]);
      return 2;
    }
    waveform = argument.substr(6);
  }
  return RUN_ALL_TESTS();
}
