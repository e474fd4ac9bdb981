// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Compiled code for AArch64, on a machine of another kind: linked to a program, and run by qemu's user mode emulation.

#ifndef CNN_TEST_BACKENDS_OPS_REMOTEPROGRAM_H
#define CNN_TEST_BACKENDS_OPS_REMOTEPROGRAM_H

#include "test/backends/ops/CallFunction.h"
#include "llvm/ADT/StringRef.h"
#include <memory>
#include <string>

namespace cnn::test {

class RemoteProgram {
public:
  static constexpr const char *triple = "aarch64-linux-gnu";

  /// Why there can be none, as for a message; empty if there can.
  static std::string findObstacle();
  /// Links an object of the net "Test"; null after a failure, which has been reported.
  static std::unique_ptr<RemoteProgram> link(llvm::StringRef object);
  ~RemoteProgram();

  /// As testCallFunction: what is wrong, or an empty text.
  std::string call(const TestCall &call);

private:
  explicit RemoteProgram(std::string folder) : folder(std::move(folder)) {}
  std::string path(llvm::StringRef name) const { return folder + "/" + name.str(); }

  std::string folder; // of its own, removed at the end
};

} // namespace cnn::test

#endif
