// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "ir/ModelError.h"

#include "llvm/ADT/STLExtras.h"

using namespace mlir;

/// Stands in the metadata of an error, which is not shown.
static constexpr StringLiteral mark = "cnn.model_error";

static bool isModelError(Diagnostic &diagnostic) {
  return llvm::any_of(diagnostic.getMetadata(), [](DiagnosticArgument &argument) {
    return argument.getKind() == DiagnosticArgument::DiagnosticArgumentKind::String && argument.getAsString() == mark;
  });
}

namespace cnn {

InFlightDiagnostic emitModelError(Location location) {
  InFlightDiagnostic error = emitError(location);
  error.getUnderlyingDiagnostic()->getMetadata().push_back(DiagnosticArgument(mark));
  return error;
}

ModelErrorWatch::ModelErrorWatch(MLIRContext *context)
    : ScopedDiagnosticHandler(context, [this](Diagnostic &diagnostic) {
        isSeen |= isModelError(diagnostic);
        return failure();
      }) {}

} // namespace cnn
