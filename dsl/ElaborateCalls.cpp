// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Calls. `f(…)` configures a module that has two lists, calls an instance, a module without configuration or a fn, or
// runs a raw operation. A module whose configuration may be left out can be given its tensors at once.
#include "dsl/Elaborator.h"

namespace cnn::dsl {

bool Elaborator::evaluateArguments(llvm::ArrayRef<Argument> arguments, std::vector<Actual> &actuals) {
  bool ok = true;
  for (const Argument &argument : arguments) {
    if (const auto *spread = llvm::dyn_cast<SpreadExpr>(argument.value)) {
      std::vector<Value> elements;
      ok &= spread->operand && appendElements(spread->operand, evaluate(spread->operand), elements);
      for (Value &element : elements)
        actuals.push_back({std::move(element), placeOf(spread->operand), {}});
      continue;
    }
    Value value = evaluate(argument.value);
    ok &= !value.isPoison();
    actuals.push_back({std::move(value), placeOf(argument.value), argument.keyword});
  }
  return ok;
}

Value Elaborator::evaluateCall(const CallExpr &expr) {
  Value callee = evaluate(expr.callee);
  std::vector<Actual> actuals;
  bool ok = evaluateArguments(expr.arguments, actuals);
  if (callee.isPoison() || !ok)
    return Poison();
  SourceRange place = userPlace(expr.range());
  const auto *callable = callee.as<Callable>();
  if (callable && callable->operation)
    return callOperation(*callable->operation, actuals, expr.range());
  if (callable && callable->decl->modelKind == ModelKind::Function)
    return callFunction(*callable, actuals, place);
  if (callable && callable->decl->hasTwoLists) {
    bool hasTensors = llvm::any_of(actuals, [](const Actual &a) { return !a.keyword && a.value.is<Tensor>(); });
    bool onlyTensors = llvm::all_of(actuals, [](const Actual &a) { return a.keyword || a.value.is<Tensor>(); });
    if (hasTensors && !onlyTensors) {
      llvm::StringRef name = callable->decl->name.text;
      error(place, "'" + name + "' takes its tensors after its configuration")
          .help(place, "write x |> " + name + "(…), or " + name + "(…)(x)");
      return Poison();
    }
    std::vector<Actual> configuration, tensors;
    for (Actual &actual : actuals)
      (hasTensors && !actual.keyword ? tensors : configuration).push_back(std::move(actual));
    if (hasTensors && configuration.empty())
      return applyModule(*callable, tensors, place, expr.callee);
    std::shared_ptr<Instance> instance = configure(*callable, configuration, place);
    if (!instance)
      return Poison();
    return hasTensors ? applyInstance(*instance, tensors, place) : limited(&expr, instance);
  }
  // A layer without configuration may still be given its brackets: `x |> relu()`.
  if (callable && actuals.empty() && !callable->decl->inputs.empty()) {
    std::shared_ptr<Instance> instance = configure(*callable, {}, place);
    return instance ? limited(&expr, instance) : Value(Poison());
  }
  return applyToTensors(callee, actuals, place, expr.callee);
}

Value Elaborator::evaluatePipe(const PipeExpr &expr) {
  Value input = evaluate(expr.input);
  Value stage = evaluate(expr.stage);
  if (input.isPoison() || stage.isPoison())
    return Poison();
  const Record *source = input.asRecord();
  if (source && source->family == "data source") {
    // Augmentations of data: `idx("…") |> flip |> shift(2)`.
    if (const auto *callable = stage.as<Callable>();
        callable && callable->decl && callable->decl->modelKind == ModelKind::Function)
      stage = callFunction(*callable, {}, placeOf(expr.stage));
    const Record *change = stage.asRecord();
    if (change && change->family == "augmentation") {
      auto changed = std::make_shared<Record>(*source);
      changed->fields.insert(changed->fields.end(), change->fields.begin(), change->fields.end());
      return std::shared_ptr<const Record>(changed);
    }
    if (!stage.isPoison())
      error(expr.stage, "expected an augmentation of data, but this is " + describe(stage))
          .help(placeOf(expr.stage), "for example flip or shift(2)");
    return Poison();
  }
  std::vector<Actual> actuals;
  if (const auto *tuple = input.as<TupleValue>())
    for (const Value &element : *tuple->elements)
      actuals.push_back({element, placeOf(expr.stage), {}});
  else
    actuals.push_back({input, placeOf(expr.stage), {}});
  const auto *callable = stage.as<Callable>();
  if (callable && callable->decl && callable->decl->modelKind == ModelKind::Function)
    return callFunction(*callable, actuals, placeOf(expr.stage));
  if (stage.is<Tensor>()) {
    error(expr.stage, "expected a layer after '|>', but this is " + describe(stage));
    return Poison();
  }
  return applyToTensors(stage, actuals, placeOf(expr.stage), expr.stage);
}

Value Elaborator::applyToTensors(const Value &callee, llvm::ArrayRef<Actual> actuals, SourceRange place,
                                 const Expr *calleeExpr) {
  if (Instance *instance = callee.asInstance())
    return applyInstance(*instance, actuals, place);
  const auto *callable = callee.as<Callable>();
  if (callable && callable->operation)
    return callOperation(*callable->operation, actuals, place);
  if (!callable) {
    error(calleeExpr, describe(callee) + " cannot be called");
    return Poison();
  }
  return applyModule(*callable, actuals, place, calleeExpr);
}

Value Elaborator::applyModule(const Callable &callee, llvm::ArrayRef<Actual> actuals, SourceRange place,
                              const Expr *calleeExpr) {
  std::shared_ptr<Instance> instance = configure(callee, {}, place);
  if (!instance)
    return Poison();
  size_t weights = function ? function->weights.size() : 0;
  Value result = applyInstance(*instance, actuals, place);
  // After `m = M`, a reader of m(a) + m(b) cannot tell whether the two share weights.
  const auto *name = llvm::dyn_cast<NameExpr>(calleeExpr);
  auto variable = name ? frame->variables.find(name->name) : frame->variables.end();
  if (result.isPoison() || variable == frame->variables.end() || !variable->second.source ||
      function->weights.size() == weights)
    return result;
  if (!variable->second.applied.isValid()) {
    variable->second.applied = place;
    return result;
  }
  std::string module = callee.decl->name.text.str();
  error(calleeExpr, "'" + name->name + "' is applied twice, but is only another name for '" + module +
                        "': it does not say whether the weights are shared")
      .note(variable->second.applied, "first applied here")
      .help(variable->second.source->range(), "to share them, make one layer: " + name->name + " = " + module + "()")
      .help(placeOf(calleeExpr), "for separate weights, make a layer in each use: " + name->name + "()");
  return Poison();
}

Value Elaborator::callOperation(const Operation &operation, llvm::ArrayRef<Actual> actuals, SourceRange place) {
  for (const Actual &actual : actuals)
    if (actual.value.isPoison())
      return Poison();
  OperationCall call(*this, operation, actuals, place);
  return operation.run(*this, call);
}

/// Enters a body: the frame is the current one while this lives.
namespace {
struct Entered {
  Entered(Frame *&current, Frame &frame) : current(current), saved(current) { current = &frame; }
  ~Entered() { current = saved; }
  Frame *&current;
  Frame *saved;
};
} // namespace

/// The standard library does not call itself without end: it is merely what the last level of the user's code calls.
void Elaborator::reportDepth(const ModelDecl &callee, bool isStandard, SourceRange place) {
  const ModelDecl *decl = &callee;
  const Frame *at = frame;
  while (isStandard && at && at->isStandard() && at->caller)
    at = at->caller;
  if (isStandard && at && at->decl)
    decl = at->decl;
  bool isFunction = decl->modelKind == ModelKind::Function;
  error(place, "modules and functions may nest at most " + llvm::Twine(options.maxCallDepth) + " levels deep: '" +
                   decl->name.text + (isFunction ? "' seems to call itself without end" : "' seems to contain itself"));
  isOutOfSteps = true;
}

Value Elaborator::callFunction(const Callable &callee, llvm::ArrayRef<Actual> actuals, SourceRange place) {
  Depth depth(callDepth);
  if (callDepth > options.maxCallDepth) {
    reportDepth(*callee.decl, callee.file->isStandard, place);
    return Poison();
  }
  Frame inner;
  inner.file = callee.file;
  inner.decl = callee.decl;
  inner.caller = frame;
  inner.callPlace = place;
  inner.weights = frame ? frame->weights : nullptr;
  if (frame && frame->isStandard())
    inner.layerPath = frame->layerPath;
  if (!callee.file->isStandard && frame)
    inner.callerLocation = function ? std::optional(locationOf(place)) : std::nullopt;
  std::optional<InstantiationScope> chain;
  if (!callee.file->isStandard)
    chain.emplace(diagnostics, userPlace(place), ("in " + callee.decl->name.text + ", called here").str());
  if (!bindConfiguration(*callee.decl, actuals, place, inner))
    return Poison();
  return evaluateBody(*callee.decl, inner);
}

static std::string labelOf(const ModelDecl &decl, llvm::ArrayRef<Actual> actuals) {
  std::string label = decl.name.text.str();
  if (!decl.hasTwoLists || actuals.empty())
    return label;
  label += "(";
  for (const Actual &actual : actuals)
    label += (label.back() == '(' ? "" : ", ") + (actual.keyword ? actual.keyword.text.str() + " = " : "") +
             print(actual.value);
  return label + ")";
}

std::shared_ptr<Instance> Elaborator::configure(const Callable &callee, llvm::ArrayRef<Actual> actuals,
                                                SourceRange place) {
  const ModelDecl &decl = *callee.decl;
  if (decl.modelKind == ModelKind::Function) {
    error(place, "'" + decl.name.text + "' is a fn, not a layer");
    return nullptr;
  }
  if (&decl == trainedNet && !actuals.empty()) {
    error(actuals.front().place, "'" + decl.name.text + "' is trained as it is compiled: with its defaults");
    return nullptr;
  }
  Frame inner;
  inner.file = callee.file;
  inner.decl = &decl;
  inner.caller = frame;
  inner.callPlace = place;
  inner.weights = frame->weights;
  if (decl.hasTwoLists && !bindConfiguration(decl, actuals, place, inner))
    return nullptr;
  std::shared_ptr<Instance> instance = makeInstance(callee, place);
  instance->label = labelOf(decl, actuals);
  for (const Parameter &parameter : decl.configuration) {
    auto found = inner.variables.find(parameter.name.text);
    if (found == inner.variables.end())
      continue;
    instance->nesting = std::max(instance->nesting, nesting(found->second.value) + 1);
    instance->configuration.emplace_back(parameter.name.text, found->second);
  }
  if (instance->nesting > options.maxCallDepth) {
    error(place, "values may nest at most " + llvm::Twine(options.maxCallDepth) + " levels deep");
    return nullptr;
  }
  return instance;
}

Value Elaborator::applyInstance(Instance &instance, llvm::ArrayRef<Actual> actuals, SourceRange place) {
  for (const Actual &actual : actuals)
    if (actual.value.isPoison())
      return Poison();
  if (!function) {
    error(place, "'" + instance.label + "' can be applied only in a net");
    return Poison();
  }
  if (trainedNet && instance.decl == trainedNet)
    return applyTrainedNet(actuals, place);
  Depth depth(callDepth);
  if (callDepth > options.maxCallDepth) {
    reportDepth(*instance.decl, instance.file->isStandard, place);
    return Poison();
  }
  bool isStandard = instance.file->isStandard;
  Frame inner;
  inner.file = instance.file;
  inner.decl = instance.decl;
  inner.caller = frame;
  inner.callPlace = place;
  for (const auto &[name, variable] : instance.configuration)
    inner.variables[name] = variable;
  WeightScope &scope = scopeOf(instance, place);
  scope.application = ++applications;
  scope.counters.clear();
  inner.weights = &scope;
  bool isLayer = isStandard && !frame->isStandard();
  if (isStandard)
    inner.layerPath = isLayer ? scope.path : frame->layerPath;
  else
    inner.callerLocation = locationOf(place);

  std::optional<InstantiationScope> chain;
  int64_t parameters = function->parameters, multiplyAccumulates = function->multiplyAccumulates;
  size_t layerCount = function->layers.size();
  if (!bindInputs(*instance.decl, actuals, place, inner))
    return Poison();
  if (!isStandard)
    chain.emplace(diagnostics, userPlace(place), "in " + instance.label + ", instantiated here");
  Value result = evaluateBody(*instance.decl, inner);
  LayerSummary layer;
  layer.parameters = function->parameters - parameters;
  layer.multiplyAccumulates = function->multiplyAccumulates - multiplyAccumulates;
  // What the layers inside do not account for: a module of the user with weights of its own is a layer as well.
  for (size_t i = layerCount; i < function->layers.size(); ++i) {
    layer.parameters -= function->layers[i].parameters;
    layer.multiplyAccumulates -= function->layers[i].multiplyAccumulates;
  }
  bool hasOwn = layer.parameters > 0 || layer.multiplyAccumulates > 0;
  if ((isLayer || (!isStandard && hasOwn)) && function->mode == Mode::Infer) {
    layer.path = scope.path;
    layer.module = instance.decl->name.text.str();
    std::vector<Value> single = {result};
    for (const Value &output : result.elements() ? *result.elements() : single)
      if (const auto *tensor = output.as<Tensor>())
        layer.outputs.emplace_back(tensor->shape().begin(), tensor->shape().end());
    function->layers.push_back(std::move(layer));
  }
  return result;
}

Value Elaborator::evaluateBody(const ModelDecl &decl, Frame &inner) {
  Entered entered(frame, inner);
  Value value = evaluateBlock(decl.body);
  return takeResults(decl, value, inner);
}

Value Elaborator::takeResults(const ModelDecl &decl, const Value &bodyValue, Frame &inner) {
  const Stmt *last = decl.body->statements.empty() ? nullptr : decl.body->statements.back();
  SourceRange place = last ? last->range() : decl.name.range;
  bool areNamed = !decl.results.empty() && decl.results.front().name;
  if (!areNamed) {
    if (bodyValue.is<Nothing>()) {
      error(decl.name.range,
            "the body of '" + decl.name.text + "' has no value: its last statement is not an expression");
      return Poison();
    }
    if (!decl.results.empty() && !checkResult(decl, decl.results.front(), bodyValue, place, inner))
      return Poison();
    return bodyValue;
  }
  std::vector<Value> values;
  auto names = std::make_shared<std::vector<std::string>>();
  bool ok = true;
  for (const Parameter &result : decl.results) {
    auto found = inner.variables.find(result.name.text);
    if (found == inner.variables.end()) {
      ok = false;
      // Where it is bound depends on something that is wrong.
      if (inner.isStopped || inner.isIncomplete)
        continue;
      std::vector<llvm::StringRef> bound;
      for (const auto &entry : inner.variables)
        bound.push_back(entry.getKey());
      std::sort(bound.begin(), bound.end());
      Diagnostic &diagnostic = error(result.name.range, "the result '" + result.name.text + "' is never bound");
      const auto *value = llvm::dyn_cast_or_null<ExprStmt>(last);
      if (value && decl.results.size() == 1 && !llvm::isa<IfExpr>(value->value))
        diagnostic.help(value->range().atBegin(), "to make this the result, bind it: " + result.name.text + " = …");
      else
        diagnostic.suggest(result.name.text, bound);
      continue;
    }
    const Expr *source = found->second.source;
    SourceRange where = source ? source->range() : found->second.bound;
    ok &= checkResult(decl, result, found->second.value, where, inner);
    values.push_back(found->second.value);
    names->push_back(result.name.text.str());
  }
  if (!ok)
    return Poison();
  if (values.size() == 1)
    return values.front();
  TupleValue tuple = *Value::ofTuple(std::move(values)).as<TupleValue>();
  tuple.names = names;
  return tuple;
}

} // namespace cnn::dsl
