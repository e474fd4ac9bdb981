// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Train blocks: @NET.loss (training mode, one loss per sample) and @NET.evaluate (inference mode, means over the
// batch).
//
// The expressions of the block see the fields of the data, and the results of the net by their names if the data has
// fields of the names of its inputs. The net is applied when an expression asks for it, to the same tensors only once:
// each application in training mode updates the running statistics.
#include "dsl/Elaborator.h"
#include "ir/WeightPattern.h"
#include "llvm/ADT/STLExtras.h"
#include <set>

namespace cnn::dsl {

namespace {
struct Metric {
  std::string name;
  const Expr *value = nullptr;
  /// Where its name is written, or what it was made from.
  SourceRange place;
  bool isNamed = false;
};

struct TrainBlock {
  const TrainDecl *decl = nullptr;
  const ModelDecl *net = nullptr;
  const Definition *netDefinition = nullptr;
  const DataDecl *data = nullptr;
  const Expr *loss = nullptr;
  std::vector<Metric> metrics;
};
} // namespace

/// The name under which a metric is shown: "accuracy", "top5".
static std::string metricName(const Expr *expr) {
  const auto *call = llvm::dyn_cast<CallExpr>(expr);
  if (!call) {
    const auto *name = llvm::dyn_cast<NameExpr>(expr);
    if (const auto *pipe = llvm::dyn_cast<PipeExpr>(expr))
      return metricName(pipe->stage);
    return name ? name->name.str() : "metric";
  }
  std::string name = metricName(call->callee);
  for (const Argument &argument : call->arguments)
    if (const auto *integer = llvm::dyn_cast<IntegerExpr>(argument.value))
      name += std::to_string(integer->value);
  return name;
}

/// What the net is for the expressions of the block: applying it uses its own weights, at the root.
static Value applyNet(Elaborator &elaborator, const TrainBlock &block, llvm::ArrayRef<Actual> actuals,
                      SourceRange place) {
  FunctionState &function = *elaborator.function;
  for (const Actual &actual : actuals)
    if (actual.value.isPoison())
      return Poison();
  Frame inner;
  inner.file = block.netDefinition->file;
  inner.decl = block.net;
  inner.caller = elaborator.frame;
  inner.callPlace = place;
  function.root.application = ++elaborator.applications;
  function.root.counters.clear();
  inner.weights = &function.root;
  inner.callerLocation = elaborator.locationOf(place);
  if (!elaborator.bindConfiguration(*block.net, {}, place, inner) ||
      !elaborator.bindInputs(*block.net, actuals, place, inner))
    return Poison();
  // In the order of the inputs, however the arguments were given.
  std::vector<void *> key;
  for (const Parameter &input : block.net->inputs)
    key.push_back(inner.variables[input.name.text].value.as<Tensor>()->value.getAsOpaquePointer());
  auto found = function.netResults.find(key);
  if (found != function.netResults.end())
    return found->second;
  Value result = elaborator.evaluateBody(*block.net, inner);
  function.netResults[key] = result;
  return result;
}

/// A result of the net by its name: what the net makes of the fields that are called as its inputs.
static std::optional<Value> lookUpResult(Elaborator &elaborator, const TrainBlock &block, Frame &outer,
                                         const NameExpr &name) {
  llvm::ArrayRef<Parameter> results = block.net->results;
  if (llvm::none_of(results, [&](const Parameter &result) { return result.name.text == name.name; }))
    return std::nullopt;
  std::vector<Actual> inputs;
  for (const Parameter &input : block.net->inputs) {
    auto found = outer.variables.find(input.name.text);
    if (found != outer.variables.end()) {
      inputs.push_back({found->second.value, name.range(), {}});
      continue;
    }
    if (outer.file->find(name.name))
      return std::nullopt;
    llvm::StringRef net = block.net->name.text;
    elaborator
        .error(&name, "'" + name.name + "' is what '" + net + "' makes of '" + input.name.text +
                          "', but the data has no field '" + input.name.text + "'")
        .help(name.range(), "apply the net to a field: " + net + "(…)" +
                                (results.size() > 1 ? "." + name.name.str() : std::string()));
    return Poison();
  }
  Value value = applyNet(elaborator, block, inputs, name.range());
  if (value.isPoison())
    return value;
  for (size_t i = 0; i < results.size(); ++i)
    outer.variables.try_emplace(results[i].name.text,
                                Variable{value.elements() ? (*value.elements())[i] : value, results[i].name.range});
  return outer.variables[name.name].value;
}

static std::optional<Tensor> perSample(Elaborator &elaborator, const Expr *expr, llvm::StringRef what) {
  Value value = elaborator.evaluate(expr);
  if (value.isPoison())
    return std::nullopt;
  const auto *tensor = value.as<Tensor>();
  if (tensor && tensor->hasBatch() && tensor->shape().empty() && tensor->classes == 0 &&
      llvm::isa<mlir::FloatType>(tensor->type().getElementType()))
    return *tensor;
  elaborator.error(expr, what + " must be one number per sample, but this is " + describe(value));
  return std::nullopt;
}

static bool dependsOnParameters(Elaborator &elaborator, mlir::Value value) {
  llvm::SmallVector<mlir::Value> pending = {value};
  llvm::DenseSet<mlir::Value> seen = {value};
  while (!pending.empty()) {
    mlir::Value next = pending.pop_back_val();
    if (const Weight *weight = elaborator.function->weightOf.lookup(next); weight && !weight->isState)
      return true;
    if (mlir::Operation *op = next.getDefiningOp())
      for (mlir::Value operand : op->getOperands())
        if (seen.insert(operand).second)
          pending.push_back(operand);
  }
  return false;
}

static bool buildFunction(Elaborator &elaborator, TrainBlock &block, Mode mode) {
  SourceRange place = block.decl->model->range();
  elaborator.beginFunction(block.net->name.text.str() + (mode == Mode::Loss ? ".loss" : ".evaluate"), mode, place);
  FunctionState &function = *elaborator.function;
  Frame outer;
  outer.file = &elaborator.program.main();
  WeightScope ownScope;
  ownScope.forbidsWeights = true;
  ownScope.application = ++elaborator.applications;
  outer.weights = &ownScope;
  elaborator.frame = &outer;
  for (const Entry &entry : block.data->entries) {
    if (entry.isBlock || !entry.type)
      continue;
    int64_t classes = 0;
    std::optional<mlir::RankedTensorType> type = elaborator.evaluateType(*entry.type, /*isBatched=*/true, &classes);
    if (!type)
      return false;
    mlir::Value argument = elaborator.addArgument(*type, entry.name.text, Role::Input, entry.name.range, classes);
    outer.variables[entry.name.text] = {Tensor{argument, classes}, entry.name.range, nullptr};
  }
  if (mode == Mode::Loss)
    function.key = elaborator.addArgument(mlir::RankedTensorType::get({2}, elaborator.builder.getI64Type()), "key",
                                          Role::Key, place);
  elaborator.applyTrainedNet = [&](llvm::ArrayRef<Actual> actuals, SourceRange at) {
    return applyNet(elaborator, block, actuals, at);
  };
  outer.lookUpLater = [&](const NameExpr &name) { return lookUpResult(elaborator, block, outer, name); };

  std::optional<Tensor> loss = perSample(elaborator, block.loss, "the loss");
  std::vector<Elaborator::Result> results;
  bool ok = loss.has_value();
  if (ok && !dependsOnParameters(elaborator, loss->value)) {
    Diagnostic &diagnostic =
        elaborator.error(block.loss, "the loss does not depend on any weight, so there is nothing to train");
    for (const Entry &field : block.data->entries)
      if (llvm::any_of(block.net->results, [&](const Parameter &r) { return r.name.text == field.name.text; }))
        diagnostic.note(field.name.range,
                        "'" + field.name.text + "' is this field, not the result of '" + block.net->name.text + "'");
    ok = false;
  }
  if (ok)
    results.push_back({loss->value, "loss", Role::Loss});
  // What a metric makes of the net is shown, but is no training: it leaves the running statistics alone.
  std::vector<Elaborator::Result> states;
  for (const Weight &weight : function.weights)
    if (weight.updated)
      states.push_back(
          {weight.updated, weight.path, Role::State, llvm::cast<mlir::BlockArgument>(weight.value).getArgNumber()});
  for (const Metric &metric : block.metrics) {
    std::optional<Tensor> value = perSample(elaborator, metric.value, "a metric");
    ok &= value.has_value();
    if (value)
      results.push_back({value->value, metric.name, Role::Metric});
  }
  if (!ok)
    return false;
  mlir::OpBuilder &builder = elaborator.builder;
  if (mode == Mode::Evaluate) {
    for (Elaborator::Result &result : results)
      result.value = elaborator.build<ReduceOp>(
          place, {result.value},
          {builder.getNamedAttr("kind", ReduceKindAttr::get(&elaborator.context, ReduceKind::Mean)),
           builder.getNamedAttr("keep", builder.getDenseI64ArrayAttr({}))})[0];
  } else {
    llvm::append_range(results, states);
  }
  // Fields that nothing reads are no inputs.
  llvm::SmallVector<int64_t> removed;
  for (size_t i = 0; i < function.argumentAttributes.size(); ++i) {
    auto role = llvm::cast<RoleAttr>(function.argumentAttributes[i].get(roleAttrName));
    if (role.getValue() == Role::Input && function.block->getArgument(i).use_empty() &&
        llvm::none_of(results, [&](const auto &r) { return r.value == function.block->getArgument(i); }))
      removed.push_back(static_cast<int64_t>(i));
  }
  for (int64_t index : llvm::reverse(removed)) {
    function.block->eraseArgument(index);
    function.argumentAttributes.erase(function.argumentAttributes.begin() + index);
    for (Elaborator::Result &result : results)
      if (result.tied && *result.tied > index)
        --*result.tied;
  }
  elaborator.endFunction(results, block.decl->range());
  return true;
}

namespace {
/// The entries of a train block with their values.
struct TrainKeys {
  const Entry *loss = nullptr, *metric = nullptr, *optimizer = nullptr, *batch = nullptr, *epochs = nullptr,
              *seed = nullptr;
};
} // namespace

static bool readKeys(Elaborator &elaborator, const TrainDecl &decl, TrainKeys &keys) {
  const std::pair<llvm::StringRef, const Entry * TrainKeys::*> known[] = {
      {"loss", &TrainKeys::loss},   {"metric", &TrainKeys::metric}, {"optimizer", &TrainKeys::optimizer},
      {"batch", &TrainKeys::batch}, {"epochs", &TrainKeys::epochs}, {"seed", &TrainKeys::seed}};
  bool ok = true;
  for (const Entry &entry : decl.entries) {
    const auto *found = llvm::find_if(known, [&](const auto &key) { return key.first == entry.name.text; });
    if (found == std::end(known)) {
      std::vector<llvm::StringRef> names;
      for (const auto &key : known)
        names.push_back(key.first);
      elaborator.error(entry.name.range, "unknown key '" + entry.name.text + "' in a train block")
          .suggestOneOf(entry.name.text, names);
      ok = false;
      continue;
    }
    if (keys.*found->second) {
      elaborator.error(entry.name.range, "'" + entry.name.text + "' is given twice");
      ok = false;
    } else if (!entry.value && !(entry.isBlock && found->first == "metric")) {
      elaborator.error(entry.range, "'" + entry.name.text + "' needs a value");
      ok = false;
    }
    if (entry.type) {
      elaborator.error(entry.type->range, "'" + entry.name.text + "' has no type here");
      ok = false;
    }
    keys.*found->second = &entry;
  }
  for (auto [name, key] : {std::pair("loss", keys.loss), std::pair("optimizer", keys.optimizer),
                           std::pair("batch", keys.batch), std::pair("epochs", keys.epochs)})
    if (!key && ok) {
      elaborator.error(decl.model->range(), "the train block needs '" + llvm::Twine(name) + "'");
      ok = false;
    }
  return ok;
}

/// The keys of the metrics file, beside which the metrics stand.
static constexpr llvm::StringLiteral takenNames[] = {"epoch", "loss", "rate", "seconds", "test", "test_seconds"};

static void readMetrics(Elaborator &elaborator, const Entry *key, std::vector<Metric> &metrics) {
  if (!key)
    return;
  auto add = [&](const Expr *value) {
    metrics.push_back({metricName(value), value, elaborator.placeOf(value), /*isNamed=*/false});
  };
  const auto *list = llvm::dyn_cast_or_null<ListExpr>(key->value);
  for (const Entry &entry : key->entries) {
    if (entry.value && !entry.type)
      metrics.push_back({entry.name.text.str(), entry.value, entry.name.range, /*isNamed=*/true});
    else
      elaborator.error(entry.name.range, "a metric needs a value and nothing else: " + entry.name.text + " = …");
  }
  if (list)
    llvm::for_each(list->elements, add);
  else if (key->value)
    add(key->value);
  llvm::StringMap<SourceRange> places;
  for (const Metric &metric : metrics) {
    auto [found, isNew] = places.try_emplace(metric.name, metric.place);
    Diagnostic *diagnostic = nullptr;
    if (llvm::is_contained(takenNames, metric.name))
      diagnostic = &elaborator.error(metric.place, "a metric cannot be called '" + metric.name +
                                                       "', which means something else in the file of the metrics");
    else if (!isNew)
      diagnostic = &elaborator.error(metric.place, "there are two metrics called '" + metric.name + "'")
                        .note(found->second, "the first one");
    if (diagnostic && !metric.isNamed)
      diagnostic->help(metric.place, "give it a name: metric { … = " + metric.place.text() + " }");
  }
}

/// Where the optimizer of a train block says `pattern`.
static SourceRange placeOfPattern(const Expr *expr, llvm::StringRef pattern) {
  if (const auto *text = llvm::dyn_cast<StringExpr>(expr); text && text->value == pattern)
    return text->range();
  if (const auto *list = llvm::dyn_cast<ListExpr>(expr))
    for (const Expr *element : list->elements)
      if (SourceRange place = placeOfPattern(element, pattern); place.isValid())
        return place;
  if (const auto *call = llvm::dyn_cast<CallExpr>(expr))
    for (const Argument &argument : call->arguments)
      if (SourceRange place = placeOfPattern(argument.value, pattern); place.isValid())
        return place;
  return {};
}

/// A pattern that matches nothing is a mistake: a weight decays that the user thinks does not.
static bool checkNoDecay(Elaborator &elaborator, const Expr *optimizer, llvm::ArrayRef<mlir::StringAttr> patterns) {
  std::vector<llvm::StringRef> paths;
  // "*.bias" and "conv1.*".
  std::set<std::string> usualPatterns;
  for (const Weight &weight : elaborator.function->weights) {
    if (weight.isState)
      continue;
    llvm::StringRef path = paths.emplace_back(weight.path);
    if (path.contains('.')) {
      usualPatterns.insert("*." + path.rsplit('.').second.str());
      usualPatterns.insert(path.split('.').first.str() + ".*");
    }
  }
  std::vector<llvm::StringRef> patternsThere(usualPatterns.begin(), usualPatterns.end());
  bool ok = true;
  for (mlir::StringAttr attr : patterns) {
    llvm::StringRef pattern = attr.getValue();
    if (llvm::any_of(paths, [&](llvm::StringRef path) { return matchesWeightPattern(pattern, path); }))
      continue;
    ok = false;
    SourceRange place = placeOfPattern(optimizer, pattern);
    elaborator.error(place.isValid() ? place : optimizer->range(), "no weight matches '" + pattern + "'")
        .suggestOneOf(pattern, pattern.contains('*') ? patternsThere : paths);
  }
  return ok;
}

static OptimizerAttr optimizerAttr(Elaborator &elaborator, const Record &record) {
  auto number = [&](llvm::StringRef name) { return *record.find(name)->asNumber(); };
  llvm::SmallVector<mlir::StringAttr> noDecay;
  for (const Value &pattern : *record.find("no_decay")->elements())
    noDecay.push_back(elaborator.builder.getStringAttr(*pattern.as<Text>()->text));
  OptimizerKind kind = record.kind == "adam" ? OptimizerKind::Adam : OptimizerKind::Sgd;
  return OptimizerAttr::get(&elaborator.context, kind, number("momentum"), *record.find("nesterov")->as<bool>(),
                            number("beta1"), number("beta2"), number("epsilon"), number("decay"), noDecay);
}

static RateAttr rateAttr(Elaborator &elaborator, const Record &record) {
  auto number = [&](llvm::StringRef name) { return *record.find(name)->asNumber(); };
  RateKind kind = symbolizeRateKind(record.kind).value_or(RateKind::Constant);
  return RateAttr::get(&elaborator.context, kind, number("base"), number("every"), number("factor"), number("power"),
                       number("warmup"));
}

void Elaborator::elaborateTrain(const TrainDecl &decl) {
  const FileScope &file = program.main();
  auto definitionOf = [&](const Expr *expr) -> const Definition * {
    const auto *name = llvm::dyn_cast<NameExpr>(expr);
    return name ? file.find(name->name) : nullptr;
  };
  TrainBlock block;
  block.decl = &decl;
  block.netDefinition = definitionOf(decl.model);
  block.net = block.netDefinition ? llvm::dyn_cast<ModelDecl>(block.netDefinition->decl) : nullptr;
  if (!block.net || block.net->modelKind != ModelKind::Net || block.netDefinition->file != &file) {
    error(decl.model->range(), "expected the name of a net of this file to train");
    return;
  }
  const Definition *data = definitionOf(decl.data);
  block.data = data ? llvm::dyn_cast<DataDecl>(data->decl) : nullptr;
  if (!block.data || data->file != &file) {
    error(decl.data->range(), "expected the name of a data block of this file");
    return;
  }
  std::string name = block.net->name.text.str();
  if (module->lookupSymbol(name + ".loss")) {
    error(decl.model->range(), "'" + name + "' has two train blocks");
    return;
  }
  TrainKeys keys;
  if (!readKeys(*this, decl, keys))
    return;
  block.loss = keys.loss->value;
  readMetrics(*this, keys.metric, block.metrics);
  Value optimizer = evaluate(keys.optimizer->value);
  const Record *record = optimizer.asRecord();
  if (!optimizer.isPoison() && (!record || record->family != "optimizer"))
    error(keys.optimizer->value, "expected an optimizer, but this is " + describe(optimizer))
        .help(placeOf(keys.optimizer->value), "sgd(rate = 0.1) or adam(rate = 0.001)");
  auto count = [&](const Entry *entry, int64_t minimum, int64_t otherwise) {
    if (!entry)
      return otherwise;
    std::optional<int64_t> value = evaluateInteger(entry->value, ("'" + entry->name.text + "'").str());
    if (value && *value < minimum)
      error(entry->value,
            "'" + entry->name.text + "' must be at least " + llvm::Twine(minimum) + ", but is " + llvm::Twine(*value));
    return value.value_or(otherwise);
  };
  int64_t batch = count(keys.batch, 1, 1), epochs = count(keys.epochs, 1, 1), seed = count(keys.seed, 0, 0);
  if (diagnostics.hasErrors())
    return;

  Frame *saved = frame;
  trainedNet = block.net;
  OptimizerAttr optimizerAttribute = optimizerAttr(*this, *record);
  bool ok = buildFunction(*this, block, Mode::Loss);
  frame = saved;
  ok = ok && checkNoDecay(*this, keys.optimizer->value, optimizerAttribute.getNoDecay());
  ok = ok && buildFunction(*this, block, Mode::Evaluate);
  frame = saved;
  trainedNet = nullptr;
  applyTrainedNet = nullptr;
  function.reset();
  if (!ok)
    return;
  builder.setInsertionPointToEnd(module->getBody());
  TrainOp::create(builder, locationOf(decl.model->range()), mlir::FlatSymbolRefAttr::get(&context, name),
                  mlir::FlatSymbolRefAttr::get(&context, block.data->name.text), optimizerAttribute,
                  rateAttr(*this, *record->find("rate")->asRecord()), builder.getI64IntegerAttr(batch),
                  builder.getI64IntegerAttr(epochs), builder.getI64IntegerAttr(seed));
}

} // namespace cnn::dsl
