// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dsl/Elaborator.h"

namespace cnn::dsl {

Value Elaborator::execute(const Stmt *stmt) {
  if (isOutOfSteps || frame->isStopped || !countStep(stmt->range()))
    return Poison();
  switch (stmt->kind()) {
  case Stmt::Kind::Binding: {
    const auto *binding = llvm::cast<BindingStmt>(stmt);
    bind(binding->target, evaluate(binding->value), binding->value);
    return Nothing();
  }
  case Stmt::Kind::IndexBinding:
    llvm_unreachable("refused when names were checked");
  case Stmt::Kind::Expr:
    return evaluate(llvm::cast<ExprStmt>(stmt)->value);
  case Stmt::Kind::For:
    executeFor(*llvm::cast<ForStmt>(stmt));
    return Nothing();
  case Stmt::Kind::Param:
    executeParam(*llvm::cast<ParamStmt>(stmt));
    return Nothing();
  case Stmt::Kind::Assert:
    executeAssert(*llvm::cast<AssertStmt>(stmt));
    return Nothing();
  }
  llvm_unreachable("all kinds are listed");
}

void Elaborator::executeFor(const ForStmt &stmt) {
  Value list = evaluate(stmt.list);
  if (list.isPoison()) {
    // What the body binds depends on the list.
    bind(stmt.variable, Poison(), nullptr);
    frame->isIncomplete = true;
    return;
  }
  if (const auto *range = list.as<RangeValue>();
      range && static_cast<__int128>(range->end) - range->begin > options.maxListLength) {
    error(stmt.list, "a loop may have at most " + llvm::Twine(options.maxListLength) + " rounds, but this has " +
                         llvm::Twine(range->end - static_cast<uint64_t>(range->begin)));
    return;
  }
  std::vector<Value> elements;
  if (!appendElements(stmt.list, list, elements))
    return;
  frame->iterations.push_back(0);
  for (const Value &element : elements) {
    if (isOutOfSteps)
      break;
    bind(stmt.variable, element, nullptr);
    evaluateBlock(stmt.body);
    ++frame->iterations.back();
  }
  frame->iterations.pop_back();
}

/// The first name in a condition that stands for an argument of the call.
static const NameExpr *argumentIn(const Expr *expr, const Frame &frame) {
  if (const auto *name = llvm::dyn_cast<NameExpr>(expr)) {
    auto found = frame.variables.find(name->name);
    bool isArgument = found != frame.variables.end() && found->second.bound.isValid() &&
                      found->second.bound.file != expr->range().file;
    return isArgument ? name : nullptr;
  }
  if (const auto *binary = llvm::dyn_cast<BinaryExpr>(expr)) {
    const NameExpr *left = argumentIn(binary->left, frame);
    return left ? left : argumentIn(binary->right, frame);
  }
  if (const auto *unary = llvm::dyn_cast<UnaryExpr>(expr))
    return argumentIn(unary->operand, frame);
  return nullptr;
}

void Elaborator::executeAssert(const AssertStmt &stmt) {
  std::optional<bool> holds = evaluateCondition(stmt.condition, "what is asserted");
  if (!holds || *holds)
    return;
  frame->isStopped = true;
  Value message = stmt.message ? evaluate(stmt.message) : Value::ofText("this does not hold");
  if (message.isPoison())
    return;
  std::string text = message.is<Text>() ? *message.as<Text>()->text : print(message);
  // An assertion of the standard library is about what the user gave it.
  const Expr *place = stmt.condition;
  if (frame->isStandard())
    if (const NameExpr *argument = argumentIn(stmt.condition, *frame))
      place = argument;
  error(place, text);
}

void Elaborator::bind(const Pattern &pattern, const Value &value, const Expr *source) {
  if (!pattern.isTuple) {
    if (!pattern.names.empty())
      bindName(pattern.names.front(), value, source);
    return;
  }
  const std::vector<Value> *elements = value.elements();
  std::vector<Value> sizes;
  if (const auto *window = value.as<WindowValue>()) {
    sizes.assign(window->sizes.begin(), window->sizes.end());
    elements = &sizes;
  }
  if (elements && elements->size() == pattern.names.size()) {
    for (size_t i = 0; i < elements->size(); ++i)
      bindName(pattern.names[i], (*elements)[i], nullptr);
    return;
  }
  if (elements)
    error(pattern.range, "cannot take " + describe(value) + " apart into " + llvm::Twine(pattern.names.size()) +
                             (pattern.names.size() == 1 ? " name: it has " : " names: it has ") +
                             llvm::Twine(elements->size()) + (elements->size() == 1 ? " element" : " elements"));
  else if (!value.isPoison())
    error(pattern.range, "cannot take apart " + describe(value));
  for (const Name &name : pattern.names)
    bindName(name, Poison(), nullptr);
}

/// An instance that has no name yet is called as what it is bound to.
static void nameInstance(const Value &value, const Frame &frame, const std::string &name) {
  Instance *instance = value.asInstance();
  if (instance && instance->name.empty() && instance->parent == frame.weights)
    instance->name = name;
}

void Elaborator::bindName(const Name &name, const Value &value, const Expr *source) {
  if (name.text == "_" || !name)
    return;
  if (value.is<Nothing>() && source)
    error(source, "this has no value to bind to '" + name.text + "'");
  std::string segment = name.text.str();
  for (int64_t iteration : frame->iterations)
    segment += "[" + std::to_string(iteration) + "]";
  nameInstance(value, *frame, segment);
  if (const auto *list = value.as<ListValue>())
    for (size_t i = 0; i < list->elements->size(); ++i)
      nameInstance((*list->elements)[i], *frame, segment + "[" + std::to_string(i) + "]");
  frame->variables[name.text] = {value.is<Nothing>() ? Value(Poison()) : value, name.range, source};
}

} // namespace cnn::dsl
