// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef CNN_RUNTIME_CPU_ERROR_H
#define CNN_RUNTIME_CPU_ERROR_H

#include "cnn/runtime.h"

#include <cstdint>
#include <string>

namespace cnn::runtime {

// Fills `error`, which may be null, and answers `status`: `return fail(error, CNN_BAD_FILE, "%s: ...", path);`
[[gnu::format(printf, 3, 4)]] cnn_status fail(cnn_error *error, cnn_status status, const char *format, ...);

// "[1, 28, 28]", as in the language.
std::string shapeText(const int64_t *shape, int64_t rank);

} // namespace cnn::runtime
#endif
