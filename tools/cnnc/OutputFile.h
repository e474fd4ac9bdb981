// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "llvm/ADT/StringRef.h"
#include <string>

namespace cnn::tools {

/// Writes a file as a whole, or leaves what is there as it is and says why in `problem`, as runtime::AtomicFile does.
bool writeWholeFile(llvm::StringRef path, llvm::StringRef contents, std::string &problem);

/// Gives the files of one folder their places in another, on the same file system. Each place has the old file or the
/// new one; if one of them is taken by a folder, all keep the old.
bool moveFiles(llvm::StringRef from, llvm::StringRef to, std::string &problem);

} // namespace cnn::tools
