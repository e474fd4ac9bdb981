// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Places: where an error is shown, and the locations of ops.
#include "dsl/Elaborator.h"

namespace cnn::dsl {

/// The innermost frame at or above `frame` that runs the user's code; `place` becomes the place in it.
static const Frame *userFrame(const Frame *frame, SourceRange &place) {
  while (frame && frame->isStandard() && frame->caller) {
    place = frame->callPlace;
    frame = frame->caller;
  }
  return frame;
}

SourceRange Elaborator::userPlace(SourceRange place) const {
  // An argument's place is already the user's, even if the standard library complains about it.
  if (frame && frame->isStandard() && place.file && !place.file->path().starts_with("<std>"))
    return place;
  userFrame(frame, place);
  return place;
}

SourceRange Elaborator::placeOf(const Expr *expr) const {
  if (frame && frame->isStandard())
    if (const auto *name = llvm::dyn_cast<NameExpr>(expr)) {
      auto found = frame->variables.find(name->name);
      if (found != frame->variables.end() && found->second.bound.isValid())
        return userPlace(found->second.bound);
    }
  return userPlace(expr->range());
}

Diagnostic &Elaborator::error(SourceRange place, const llvm::Twine &message) {
  return diagnostics.error(userPlace(place), message);
}

Diagnostic &Elaborator::error(const Expr *expr, const llvm::Twine &message) {
  return diagnostics.error(placeOf(expr), message);
}

mlir::Location Elaborator::locationOf(SourceRange place) const {
  const Frame *user = userFrame(frame, place);
  if (!place.isValid())
    return mlir::UnknownLoc::get(builder.getContext());
  LineColumn begin = place.beginPosition(), end = place.endPosition();
  mlir::Location location = mlir::FileLineColRange::get(
      mlir::StringAttr::get(&context, place.file->path()), static_cast<unsigned>(begin.line),
      static_cast<unsigned>(begin.column), static_cast<unsigned>(end.line), static_cast<unsigned>(end.column));
  for (const Frame *at = frame; at && at->isStandard(); at = at->caller)
    if (!at->layerPath.empty()) {
      location = mlir::NameLoc::get(mlir::StringAttr::get(&context, at->layerPath), location);
      break;
    }
  if (user && user->callerLocation)
    location = mlir::CallSiteLoc::get(location, *user->callerLocation);
  return location;
}

void Elaborator::noteOrigin(Diagnostic &diagnostic, const Expr *expr, const Tensor &tensor, bool isAboutChannels) {
  const auto *name = llvm::dyn_cast<NameExpr>(expr);
  if (!name || !frame || frame->isStandard())
    return;
  auto found = frame->variables.find(name->name);
  if (found == frame->variables.end())
    return;
  llvm::ArrayRef<int64_t> shape = tensor.shape();
  std::string fact =
      isAboutChannels && !shape.empty()
          ? ("'" + name->name + "' has " + llvm::Twine(shape.front()) + (shape.front() == 1 ? " channel" : " channels"))
                .str()
          : ("'" + name->name + "' has the shape " + printShape(shape)).str();
  // Through the branches that were taken, to what made the value.
  const Expr *source = found->second.source;
  for (int round = 0; source && round < 16; ++round) {
    const BlockExpr *block = llvm::dyn_cast<BlockExpr>(source);
    if (const auto *choice = llvm::dyn_cast<IfExpr>(source)) {
      auto branch = frame->branches.find(choice);
      block = branch == frame->branches.end() ? nullptr : branch->second;
    }
    if (!block || block->statements.empty())
      break;
    const auto *last = llvm::dyn_cast<ExprStmt>(block->statements.back());
    if (!last)
      break;
    source = last->value;
  }
  if (!source) {
    diagnostic.note(found->second.bound, fact);
    return;
  }
  if (const auto *other = llvm::dyn_cast<NameExpr>(source); other && other->name != name->name)
    diagnostic.note(source->range(), fact + " because '" + other->name + "' does");
  else
    diagnostic.note(source->range(), fact + " because of this");
}

bool Elaborator::countStep(SourceRange place) {
  if (++steps <= options.maxSteps)
    return true;
  if (!isOutOfSteps)
    error(place, "this takes more than " + llvm::Twine(options.maxSteps) + " steps to evaluate");
  isOutOfSteps = true;
  return false;
}

} // namespace cnn::dsl
