// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// When cnnc itself is wrong: it says so, leaves a file that reproduces it, and exits with code 3.
#pragma once

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/Twine.h"

namespace cnn::tools {

/// From here on a crash is reported so. To be called once, with the words of the command line, which must live on.
void catchCrashes(llvm::ArrayRef<const char *> words);

/// Reports a bug that was noticed: "cnnc: bug: …". The caller exits with ExitCode::CompilerBug.
void reportBug(const llvm::Twine &what);

} // namespace cnn::tools
