// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "backends/neuflow/program/PadPlanes.h"

namespace cnn::neuflow {

TensorProgram padPlanes(TensorProgram program, const Target &target) {
  std::vector<TensorOperation> operations;
  for (TensorOperation &operation : program.operations) {
    ConvOperation *conv = std::get_if<ConvOperation>(&operation.what);
    if (conv && conv->sameSize) {
      PlaneShape shape = program.values[conv->input];
      int64_t rows = conv->kernelH - 1, columns = conv->kernelW - 1;
      if (shape.height < conv->kernelH || shape.width < conv->kernelW || shape.width + columns > target.convLine) {
        conv->sameSize = false;
        // Of a kernel of one number there is nothing around.
        if (rows + columns > 0) {
          PadOperation pad{conv->input, rows / 2, rows - rows / 2, columns / 2, columns - columns / 2, 0};
          program.values.push_back({shape.planes, shape.height + rows, shape.width + columns});
          conv->input = static_cast<int64_t>(program.values.size()) - 1;
          operations.push_back({pad, conv->input, operation.name});
        }
      }
    }
    operations.push_back(std::move(operation));
  }
  program.operations = std::move(operations);
  return program;
}

} // namespace cnn::neuflow
