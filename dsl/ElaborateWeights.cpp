// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Instances, their paths, and the weights they declare. See ElaborateScope.h for the scheme.
#include "dsl/Elaborator.h"
#include "llvm/ADT/StringExtras.h"
#include <cmath>

namespace cnn::dsl {

std::shared_ptr<Instance> Elaborator::makeInstance(const Callable &callee, SourceRange place) {
  auto instance = std::make_shared<Instance>();
  instance->id = ++applications;
  instance->decl = callee.decl;
  instance->file = callee.file;
  instance->label = callee.decl->name.text.str();
  instance->place = place;
  instance->parent = frame->weights;
  instance->number = frame->weights ? ++frame->weights->counters[callee.decl->name.text] : 0;
  return instance;
}

std::string Elaborator::segmentOf(const Instance &instance) const {
  if (!instance.name.empty())
    return instance.name;
  llvm::StringRef module = instance.decl->name.text;
  return module.str() + (llvm::isDigit(module.back()) ? "_" : "") + std::to_string(instance.number);
}

WeightScope &Elaborator::scopeOf(Instance &instance, SourceRange place) {
  WeightScope &parent = *instance.parent;
  std::string segment = segmentOf(instance);
  std::unique_ptr<WeightScope> &scope = parent.children[segment];
  if (!scope) {
    scope = std::make_unique<WeightScope>();
    scope->parent = &parent;
    scope->path = parent.childPath(segment);
    scope->forbidsWeights = parent.forbidsWeights;
  }
  if (scope->ownerApplication == parent.application && scope->owner != instance.id) {
    scope->sharedWith = scope->ownerPlace;
  } else {
    scope->owner = instance.id;
    scope->ownerApplication = parent.application;
    scope->ownerPlace = instance.place;
  }
  return *scope;
}

Value Elaborator::evaluatePin(const PinExpr &expr) {
  Value operand = evaluate(expr.operand);
  if (operand.isPoison())
    return Poison();
  std::shared_ptr<Instance> instance;
  if (const auto *made = operand.as<std::shared_ptr<Instance>>())
    instance = *made;
  else if (const auto *callable = operand.as<Callable>(); callable && callable->decl)
    instance = configure(*callable, {}, placeOf(&expr));
  else
    error(expr.name.range, "'@" + expr.name.text + "' names a layer, but this is " + describe(operand));
  if (!instance)
    return Poison();
  if (instance->isPinned) {
    error(expr.name.range, "this layer is called '" + instance->name + "' already");
    return Poison();
  }
  instance->name = expr.name.text.str();
  for (int64_t iteration : frame->iterations)
    instance->name += "[" + std::to_string(iteration) + "]";
  instance->isPinned = true;
  return instance;
}

void Elaborator::executeParam(const ParamStmt &stmt) {
  llvm::StringRef name = stmt.name.text;
  auto poison = [&] { frame->variables[name] = {Poison(), stmt.name.range, nullptr}; };
  WeightScope *scope = frame->weights;
  int64_t classes = 0;
  std::optional<mlir::RankedTensorType> type = evaluateType(*stmt.type, /*isBatched=*/false, &classes);
  Value initValue = stmt.init ? evaluate(stmt.init) : Value(int64_t(0));
  if (!type || initValue.isPoison())
    return poison();
  if (!llvm::isa<mlir::FloatType>(type->getElementType())) {
    error(stmt.type->range, "a weight must have numbers of type f32, not " + printElementType(type->getElementType()));
    return poison();
  }
  if (!scope || scope->forbidsWeights || !function) {
    error(stmt.name.range, "a train block cannot have weights of its own");
    return poison();
  }
  if (!checkSize(stmt.type->range, *type))
    return poison();
  for (const WeightScope *at = scope; at; at = at->parent)
    if (at->sharedWith) {
      error(at->ownerPlace, "two layers have the same weight path '" + at->path + "'")
          .note(frame->callPlace, "the second one")
          .help(at->ownerPlace, "give each a name of its own with '@name'");
      return poison();
    }

  WeightScope::Entry &entry = scope->weights[name];
  if (entry.weight && entry.application == scope->application) {
    error(stmt.name.range, "the weight '" + name + "' is declared twice")
        .note(entry.weight->declared, "first declared here");
    return poison();
  }
  entry.application = scope->application;
  if (entry.weight) {
    if (entry.weight->value.getType() != *type) {
      auto shared = llvm::cast<mlir::RankedTensorType>(entry.weight->value.getType());
      error(stmt.type->range, "this layer is used twice, so its weight '" + name + "' cannot have the shape " +
                                  printShape(type->getShape()) + " here and " + printShape(shared.getShape()) +
                                  " in the other use");
      return poison();
    }
  } else {
    std::optional<InitAttr> init = resolveInit(stmt.init, initValue, type->getShape());
    if (!init)
      return poison();
    std::string path = scope->childPath(name);
    auto [found, isNew] = function->weightByPath.try_emplace(path, nullptr);
    if (!isNew) {
      error(stmt.name.range, "there are two weights with the path '" + path + "'")
          .note(found->second->declared, "the other one");
      return poison();
    }
    Weight &weight = function->weights.emplace_back();
    found->second = &weight;
    weight.path = path;
    weight.isState = stmt.isState;
    weight.declared = stmt.name.range;
    weight.init = *init;
    weight.value = addArgument(*type, path, stmt.isState ? Role::State : Role::Parameter, stmt.name.range);
    function->argumentAttributes.back().set(initAttrName, *init);
    function->weightOf[weight.value] = &weight;
    entry.weight = &weight;
    if (!stmt.isState)
      function->parameters += type->getNumElements();
  }
  mlir::Value current = entry.weight->updated ? entry.weight->updated : entry.weight->value;
  frame->variables[name] = {Tensor{current}, stmt.name.range, nullptr};
}

std::optional<InitAttr> Elaborator::resolveInit(const Expr *expr, const Value &given, llvm::ArrayRef<int64_t> shape) {
  if (std::optional<double> number = given.asNumber())
    return InitAttr::get(&context, InitKind::Constant, *number, 0);
  Value value = given;
  if (const auto *callable = given.as<Callable>();
      callable && callable->decl && callable->decl->modelKind == ModelKind::Function)
    value = callFunction(*callable, {}, placeOf(expr));
  if (value.isPoison())
    return std::nullopt;
  const Record *record = value.asRecord();
  if (!record || record->family != "initializer") {
    error(expr, "expected a number or an initializer, but this is " + describe(value))
        .help(placeOf(expr), "for example he, glorot, uniform, gaussian(0.01) or 0");
    return std::nullopt;
  }
  auto number = [&](llvm::StringRef name) { return record->find(name)->asNumber().value_or(0); };
  // A filter of shape [outputs, inputs, kernel...] has kernel * inputs values per output.
  double fanIn = 1, fanOut = 1;
  if (const Value *fixed = record->find("fan_in")) {
    fanIn = *fixed->asNumber();
    fanOut = number("fan_out");
  } else if (shape.size() == 1) {
    fanIn = fanOut = static_cast<double>(shape[0]);
  } else if (!shape.empty()) {
    fanOut = static_cast<double>(shape[0]);
    for (size_t i = 1; i < shape.size(); ++i) {
      fanIn *= static_cast<double>(shape[i]);
      if (i > 1)
        fanOut *= static_cast<double>(shape[i]);
    }
  }
  llvm::StringRef fan = *record->find("fan")->as<Text>()->text;
  double chosen = fan == "out" ? fanOut : fan == "average" ? (fanIn + fanOut) / 2 : fanIn;
  double spread = number("scale") / std::pow(chosen, number("power"));
  double center = number("center");
  if (record->kind == "constant")
    return InitAttr::get(&context, InitKind::Constant, center, 0);
  if (record->kind == "uniform")
    return InitAttr::get(&context, InitKind::Uniform, center - spread, center + spread);
  return InitAttr::get(&context, InitKind::Gaussian, center, spread);
}

} // namespace cnn::dsl
