// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// --dump-after=PASS: the module, or the function, as a pass leaves it, on standard output.
#pragma once

#include "tools/cnnc/Arguments.h"
#include <string>
#include <vector>

namespace mlir {
class PassManager;
} // namespace mlir

namespace cnn::tools {

class DumpAfter {
public:
  /// Reads the option, which may be repeated and may name several passes with commas between them. A name that no pass
  /// has is a wrong command line.
  void read(Arguments &arguments);
  /// To be called with each pass manager before it runs.
  void watch(mlir::PassManager &manager) const;
  bool isOn() const { return !passes.empty(); }

private:
  std::vector<std::string> passes;
};

} // namespace cnn::tools
