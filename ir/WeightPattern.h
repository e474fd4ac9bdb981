// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "llvm/ADT/StringRef.h"

namespace cnn {

/// Whether the path of a weight matches `pattern`, in which '*' stands for any text. (Brackets are part of paths, as in
/// stage[1].)
bool matchesWeightPattern(llvm::StringRef pattern, llvm::StringRef path);

} // namespace cnn
