// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Places: where an error is shown, and the locations of ops.
#include "dsl/Elaborator.h"
#include "llvm/ADT/STLExtras.h"

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

/// What the variable that `expr` names was bound to in the current body; null if it is no variable of the user's.
static const Variable *variableOf(const Expr *expr, const Frame *frame) {
  const auto *name = llvm::dyn_cast<NameExpr>(expr);
  if (!name || !frame || frame->isStandard())
    return nullptr;
  auto found = frame->variables.find(name->name);
  return found == frame->variables.end() ? nullptr : &found->second;
}

/// Through the branches that were taken, to what made a value.
static const Expr *throughBranches(const Expr *source, const Frame &frame) {
  for (int round = 0; source && round < 16; ++round) {
    const BlockExpr *block = llvm::dyn_cast<BlockExpr>(source);
    if (const auto *choice = llvm::dyn_cast<IfExpr>(source)) {
      auto branch = frame.branches.find(choice);
      block = branch == frame.branches.end() ? nullptr : branch->second;
    }
    if (!block || block->statements.empty())
      break;
    const auto *last = llvm::dyn_cast<ExprStmt>(block->statements.back());
    if (!last)
      break;
    source = last->value;
  }
  return source;
}

/// The name that the variable `expr` is another name for; null if it is something of its own.
static const NameExpr *aliasOf(const Expr *expr, const Frame *frame) {
  const Variable *variable = variableOf(expr, frame);
  const Expr *source = variable ? throughBranches(variable->source, *frame) : nullptr;
  const auto *other = llvm::dyn_cast_or_null<NameExpr>(source);
  return other && other->name != llvm::cast<NameExpr>(expr)->name ? other : nullptr;
}

void Elaborator::noteOrigin(Diagnostic &diagnostic, const Expr *expr, const Tensor &tensor, bool isAboutChannels) {
  const Variable *variable = variableOf(expr, frame);
  if (!variable)
    return;
  llvm::StringRef name = llvm::cast<NameExpr>(expr)->name;
  llvm::ArrayRef<int64_t> shape = tensor.shape();
  std::string fact =
      isAboutChannels && !shape.empty()
          ? ("'" + name + "' has " + llvm::Twine(shape.front()) + (shape.front() == 1 ? " channel" : " channels")).str()
          : ("'" + name + "' has the shape " + printShape(shape)).str();
  if (!variable->source)
    diagnostic.note(variable->bound, fact);
  else if (const NameExpr *other = aliasOf(expr, frame))
    diagnostic.note(other->range(), fact + " because '" + other->name + "' does");
  else
    diagnostic.note(throughBranches(variable->source, *frame)->range(), fact + " because of this");
}

/// The last layer of what the variable `expr` was bound to, if its kernel is 1x1: it fits another input as well.
static const Expr *pointwiseLayerOf(const Expr *expr, const Frame *frame) {
  const Variable *variable = variableOf(expr, frame);
  const Expr *source = variable ? throughBranches(variable->source, *frame) : nullptr;
  const auto *pipe = llvm::dyn_cast_or_null<PipeExpr>(source);
  const auto *layer = pipe ? llvm::dyn_cast<CallExpr>(pipe->stage) : nullptr;
  auto isPointwise = [](const Argument &argument) {
    const auto *window = llvm::dyn_cast<WindowExpr>(argument.value);
    return window && llvm::all_of(window->sizes, [](int64_t size) { return size == 1; });
  };
  return layer && llvm::any_of(layer->arguments, isPointwise) ? layer : nullptr;
}

bool Elaborator::suggestProjection(Diagnostic &diagnostic, const Expr *shortcut, const Tensor &from, const Expr *other,
                                   const Tensor &to) {
  // Another name for something, or what the module is applied to.
  const Variable *variable = variableOf(shortcut, frame);
  const NameExpr *name = aliasOf(shortcut, frame);
  if (!name && variable && !variable->source)
    name = llvm::cast<NameExpr>(shortcut);
  llvm::ArrayRef<int64_t> fromShape = from.shape(), toShape = to.shape();
  if (!name || fromShape.size() != toShape.size() || fromShape.size() < 2)
    return false;
  // The stride with which a window of one value makes the sizes equal.
  auto fits = [&](int64_t stride) {
    for (size_t i = 1; i < toShape.size(); ++i)
      if ((fromShape[i] - 1) / stride + 1 != toShape[i])
        return false;
    return true;
  };
  int64_t stride = 1;
  while (stride <= 8 && !fits(stride))
    ++stride;
  if (stride > 8)
    return false;
  const Expr *layer = stride == 1 ? pointwiseLayerOf(other, frame) : nullptr;
  std::string ones = "1";
  for (size_t i = 2; i < toShape.size(); ++i)
    ones += "x1";
  std::string text = layer ? layer->range().text().str()
                           : "conv(" + std::to_string(toShape.front()) + ", " + ones +
                                 (stride > 1 ? ", stride = " + std::to_string(stride) : "") + ")";
  diagnostic.help(variable->source ? variable->bound : shortcut->range(),
                  "project the shortcut: " + name->name + " |> " + text);
  return true;
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
