// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The device level as ops and as plain data: the passes read ops, work on the data, and write ops.

#ifndef CNN_BACKENDS_NEUFLOW_LOWER_PROGRAMOPS_H
#define CNN_BACKENDS_NEUFLOW_LOWER_PROGRAMOPS_H

#include "backends/neuflow/dialect/NeuflowDialect.h"
#include "backends/neuflow/program/Schedule.h"

#include <map>

namespace cnn::neuflow {

/// A program's passes, memory and target, with the place of each pass.
struct DeviceLevel {
  Target target;
  PassProgram program;
  MemoryLayout layout;                // without segments if nothing is planned
  std::vector<mlir::Location> places; // of the passes
};

/// Fails after an error at the op that does not fit the others.
mlir::FailureOr<DeviceLevel> readDeviceLevel(ProgramOp op);

/// Writes a program in front of the builder's place.
ProgramOp writeDeviceLevel(const DeviceLevel &level, llvm::StringRef name, mlir::Location location,
                           mlir::OpBuilder &builder);

/// The words of a text, and what its marks say of them.
mlir::FailureOr<ScheduledText> readText(TextOp text);
/// A text in place of a program's passes.
void writeText(const ScheduledText &text, const MemoryLayout &layout, ProgramOp program);

/// The program that a `neuflow.program` with a text is. Fails after an error.
mlir::FailureOr<Program> readProgram(ProgramOp op);

} // namespace cnn::neuflow

#endif
