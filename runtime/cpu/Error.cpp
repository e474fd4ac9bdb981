// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/cpu/Error.h"

#include <cstdarg>
#include <cstdio>

namespace cnn::runtime {

cnn_status fail(cnn_error *error, cnn_status status, const char *format, ...) {
  if (!error)
    return status;
  error->status = status;
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(error->text, sizeof error->text, format, arguments);
  va_end(arguments);
  // Names come from files: one that holds a line break must not break the sentence.
  for (char *c = error->text; *c; ++c)
    if (static_cast<unsigned char>(*c) < ' ' || *c == 0x7F)
      *c = '?';
  return status;
}

std::string shapeText(const int64_t *shape, int64_t rank) {
  std::string text = "[";
  for (int64_t i = 0; i < rank; ++i) {
    if (i)
      text += ", ";
    text += std::to_string(shape[i]);
  }
  return text + "]";
}

} // namespace cnn::runtime
