// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Who is to blame for an error behind the front end. A pass that fails has a bug, unless it says what is wrong with the
// model, in the user's words:
//
//   emitModelError(op.getLoc()) << "cannot differentiate 'accuracy'";

#ifndef CNN_IR_MODELERROR_H
#define CNN_IR_MODELERROR_H

#include "mlir/IR/Diagnostics.h"

namespace cnn {

/// An error for which the model is to blame, at a place in its file.
mlir::InFlightDiagnostic emitModelError(mlir::Location location);

/// Notes, while it lives, whether a model error is reported. All reports go on to the handlers before it.
class ModelErrorWatch : mlir::ScopedDiagnosticHandler {
public:
  explicit ModelErrorWatch(mlir::MLIRContext *context);
  bool hasSeenOne() const { return isSeen; }

private:
  bool isSeen = false;
};

} // namespace cnn

#endif
