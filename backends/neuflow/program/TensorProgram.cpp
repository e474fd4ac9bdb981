// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "backends/neuflow/program/TensorProgram.h"

namespace cnn::neuflow {

std::vector<int64_t> TensorOperation::operands() const {
  if (const ElementOperation *element = std::get_if<ElementOperation>(&what))
    return element->inputs;
  if (const ConcatOperation *concat = std::get_if<ConcatOperation>(&what))
    return concat->inputs;
  return std::visit(
      [](const auto &operation) -> std::vector<int64_t> {
        if constexpr (requires { operation.input; })
          return {operation.input};
        else
          return {};
      },
      what);
}

} // namespace cnn::neuflow
