// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Parameters meet arguments: configuration by position or name, tensors with their dims.
//
// Dims of the inputs are matched in two rounds: first names that mean nothing yet capture a size, then every other
// dim is evaluated and compared. So `a: [2*C], b: [C]` works as well as the other order.
#include "dsl/Elaborator.h"

namespace cnn::dsl {

static const Parameter *findParameter(llvm::ArrayRef<Parameter> parameters, llvm::StringRef name) {
  for (const Parameter &parameter : parameters)
    if (parameter.name.text == name)
      return &parameter;
  return nullptr;
}

static void noteDeclaration(Diagnostic &diagnostic, SourceRange range) {
  if (!range.file->path().starts_with("<std>"))
    diagnostic.note(range, "declared here");
}

bool Elaborator::bindConfiguration(const ModelDecl &decl, llvm::ArrayRef<Actual> actuals, SourceRange place,
                                   Frame &inner) {
  llvm::ArrayRef<Parameter> parameters = decl.configuration;
  llvm::StringMap<const Actual *> given;
  size_t next = 0;
  bool ok = true;
  for (const Actual &actual : actuals) {
    const Parameter *parameter = nullptr;
    if (actual.keyword) {
      parameter = findParameter(parameters, actual.keyword.text);
      if (!parameter) {
        std::vector<llvm::StringRef> names;
        for (const Parameter &known : parameters)
          names.push_back(known.name.text);
        error(actual.keyword.range, "'" + decl.name.text + "' has no argument '" + actual.keyword.text + "'")
            .suggestOneOf(actual.keyword.text, names);
        ok = false;
        continue;
      }
    } else if (next < parameters.size()) {
      parameter = &parameters[next++];
    } else {
      noteDeclaration(error(actual.place, "'" + decl.name.text + "' takes " + llvm::Twine(parameters.size()) +
                                              (parameters.size() == 1 ? " argument" : " arguments") + ", but got more"),
                      decl.name.range);
      return false;
    }
    if (!given.try_emplace(parameter->name.text, &actual).second) {
      error(actual.place, "the argument '" + parameter->name.text + "' is given twice");
      ok = false;
    }
  }
  if (!ok)
    return false;
  Frame *saved = frame;
  for (const Parameter &parameter : parameters) {
    auto found = given.find(parameter.name.text);
    if (found != given.end()) {
      Value value = found->second->value;
      if (!checkConfigurationType(decl, parameter, value, found->second->place))
        return false;
      inner.variables[parameter.name.text] = {std::move(value), found->second->place, nullptr};
      continue;
    }
    if (!parameter.init) {
      noteDeclaration(error(place, "'" + decl.name.text + "' needs the argument '" + parameter.name.text + "'"),
                      parameter.name.range);
      return false;
    }
    frame = &inner;
    Value value = evaluate(parameter.init);
    bool isRight = !value.isPoison() && checkConfigurationType(decl, parameter, value, parameter.init->range());
    frame = saved;
    if (!isRight)
      return false;
    inner.variables[parameter.name.text] = {std::move(value), parameter.name.range, nullptr};
  }
  return true;
}

bool Elaborator::checkConfigurationType(const ModelDecl &decl, const Parameter &parameter, Value &value,
                                        SourceRange place) {
  if (!parameter.type || value.isPoison())
    return !value.isPoison();
  llvm::StringRef type = parameter.type->element.text;
  if (parameter.type->hasDims) {
    if (value.is<Tensor>())
      return true;
    error(place,
          "'" + parameter.name.text + "' of '" + decl.name.text + "' must be a tensor, but this is " + describe(value));
    return false;
  }
  auto isIntegers = [](const Value &v) {
    const auto *list = v.as<ListValue>();
    return list && !list->elements->empty() &&
           llvm::all_of(*list->elements, [](const Value &e) { return e.is<int64_t>(); });
  };
  bool isRight = true;
  const char *expected = "";
  if (type == "int") {
    isRight = value.is<int64_t>(), expected = "an integer";
  } else if (type == "real") {
    isRight = value.asNumber().has_value(), expected = "a number";
    if (value.is<int64_t>())
      value = *value.asNumber();
  } else if (type == "bool") {
    isRight = value.is<bool>(), expected = "on or off";
  } else if (type == "string") {
    isRight = value.is<Text>(), expected = "a text";
  } else if (type == "window") {
    isRight = value.is<WindowValue>() || value.is<int64_t>() || isIntegers(value), expected = "a window such as 3x3";
  } else if (type == "fn") {
    isRight = value.is<Callable>() || value.asInstance(), expected = "a layer or function";
  } else if (type == "list") {
    isRight = value.is<ListValue>() || value.is<RangeValue>(), expected = "a list";
  } else if (type == "tuple") {
    isRight = value.is<TupleValue>(), expected = "a tuple";
  } else if (type == "range") {
    isRight = value.is<RangeValue>(), expected = "a range";
  } else if (type != "const") {
    error(parameter.type->range, "unknown type '" + type + "' of a configuration argument")
        .suggestOneOf(type, {"int", "real", "bool", "string", "window", "fn", "list", "tuple", "range", "const"});
    return false;
  }
  if (isRight)
    return true;
  Diagnostic &diagnostic = error(place, "'" + parameter.name.text + "' of '" + decl.name.text + "' must be " +
                                            expected + ", but this is " + describe(value));
  noteDeclaration(diagnostic, parameter.range);
  const auto *list = value.as<ListValue>();
  bool hasTensors = list && llvm::any_of(*list->elements, [](const Value &element) { return element.is<Tensor>(); });
  if (hasTensors && llvm::any_of(decl.inputs, [](const Parameter &input) { return input.isVariadic; }))
    diagnostic.help(place, "to pass the elements of a list, spread it: " + decl.name.text + "(list...)");
  return false;
}

/// Whether a parameter takes a tensor of any shape: `a: [...]`.
static bool takesAnyShape(const Parameter &parameter) {
  const TypeExpr *type = parameter.type;
  const auto *spread =
      type && !type->element && type->dims.size() == 1 ? llvm::dyn_cast<SpreadExpr>(type->dims.front()) : nullptr;
  const auto *name = spread ? llvm::dyn_cast_or_null<NameExpr>(spread->operand) : nullptr;
  return spread && (!spread->operand || (name && name->name == "_"));
}

bool Elaborator::bindInputs(const ModelDecl &decl, llvm::ArrayRef<Actual> actuals, SourceRange place, Frame &inner) {
  llvm::ArrayRef<Parameter> parameters = decl.inputs;
  std::vector<std::pair<const Parameter *, std::vector<const Actual *>>> matches;
  // Numbers that stand for tensors.
  std::deque<Actual> constants;
  for (const Parameter &parameter : parameters)
    matches.push_back({&parameter, {}});
  size_t next = 0;
  for (const Actual &actual : actuals) {
    size_t index = next;
    if (actual.keyword) {
      const Parameter *parameter = findParameter(parameters, actual.keyword.text);
      if (!parameter) {
        std::vector<llvm::StringRef> names;
        for (const Parameter &known : parameters)
          names.push_back(known.name.text);
        error(actual.keyword.range, "'" + decl.name.text + "' has no input '" + actual.keyword.text + "'")
            .suggestOneOf(actual.keyword.text, names);
        return false;
      }
      index = parameter - parameters.begin();
    } else if (next < parameters.size() && !parameters[next].isVariadic) {
      ++next;
    }
    if (index >= parameters.size() || (!matches[index].second.empty() && !parameters[index].isVariadic)) {
      noteDeclaration(error(actual.place, "'" + decl.name.text + "' takes " + llvm::Twine(parameters.size()) +
                                              (parameters.size() == 1 ? " tensor" : " tensors") + ", but got " +
                                              llvm::Twine(actuals.size())),
                      decl.name.range);
      return false;
    }
    const Actual *match = &actual;
    if (std::optional<double> number = actual.value.asNumber();
        number && takesAnyShape(parameters[index]) && !parameters[index].isVariadic)
      match = &constants.emplace_back(Actual{buildConstant(actual.place, {*number}, {}), actual.place, actual.keyword});
    matches[index].second.push_back(match);
  }
  for (auto &[parameter, given] : matches) {
    if (given.empty() && !parameter->isVariadic) {
      noteDeclaration(error(place, "'" + decl.name.text + "' needs the input '" + parameter->name.text + "'"),
                      parameter->name.range);
      return false;
    }
    std::vector<Value> values;
    for (const Actual *actual : given) {
      if (!matchTensor(decl, *parameter, *actual, inner))
        return false;
      values.push_back(actual->value);
    }
    Value bound = parameter->isVariadic ? Value::ofList(values) : values.front();
    SourceRange origin = given.empty() ? place : given.front()->place;
    inner.variables[parameter->name.text] = {std::move(bound), origin, nullptr};
  }
  for (auto &[parameter, given] : matches)
    for (const Actual *actual : given)
      if (!checkDims(decl, *parameter, *actual, *actual->value.as<Tensor>(), inner))
        return false;
  return true;
}

/// How a parameter is written: "[C, H, W]".
static std::string dimsText(const TypeExpr &type) {
  std::string text = "[";
  for (const Expr *dim : type.dims)
    text += (text.size() > 1 ? ", " : "") + dim->range().text().str();
  return text + "]";
}

bool Elaborator::matchTensor(const ModelDecl &decl, const Parameter &parameter, const Actual &actual, Frame &inner) {
  const auto *tensor = actual.value.as<Tensor>();
  if (!tensor) {
    noteDeclaration(error(actual.place, "the input '" + parameter.name.text + "' of '" + decl.name.text +
                                            "' must be a tensor, but this is " + describe(actual.value)),
                    parameter.range);
    return false;
  }
  llvm::StringRef element = parameter.type ? parameter.type->element.text : "";
  bool wantsClass = element == "class";
  if (wantsClass != (tensor->classes > 0) && parameter.type) {
    noteDeclaration(error(actual.place, "the input '" + parameter.name.text + "' of '" + decl.name.text + "' must be " +
                                            (wantsClass ? "a class" : "a tensor of numbers") + ", but this is " +
                                            describe(actual.value)),
                    parameter.range);
    return false;
  }
  std::string found = printElementType(tensor->type().getElementType());
  if (!element.empty() && !wantsClass && element != found) {
    Diagnostic &diagnostic = error(actual.place, "the input '" + parameter.name.text + "' of '" + decl.name.text +
                                                     "' must hold " + element + ", but this holds " + found);
    noteDeclaration(diagnostic, parameter.range);
    if (element == "f32")
      diagnostic.help(actual.place, "normalize(mean = …, std = …) converts u8 to f32");
    return false;
  }
  return captureDims(decl, parameter, actual, *tensor, inner);
}

/// Splits dims at the one spread, if there is one: how many stand before and behind it.
static std::optional<std::pair<size_t, size_t>> spreadPosition(llvm::ArrayRef<const Expr *> dims) {
  for (size_t i = 0; i < dims.size(); ++i)
    if (llvm::isa<SpreadExpr>(dims[i]))
      return std::pair(i, dims.size() - i - 1);
  return std::nullopt;
}

static llvm::SmallVector<int64_t> dimsOf(const Tensor &tensor) {
  if (tensor.classes > 0)
    return {tensor.classes};
  return {tensor.shape().begin(), tensor.shape().end()};
}

bool Elaborator::captureDims(const ModelDecl &decl, const Parameter &parameter, const Actual &actual,
                             const Tensor &tensor, Frame &inner) {
  if (!parameter.type)
    return true;
  llvm::ArrayRef<const Expr *> dims = parameter.type->dims;
  llvm::SmallVector<int64_t> sizes = dimsOf(tensor);
  if (tensor.classes > 0 && !parameter.type->hasDims)
    return true;
  auto spread = spreadPosition(dims);
  if (spread ? sizes.size() < dims.size() - 1 : sizes.size() != dims.size()) {
    Diagnostic &diagnostic = error(actual.place, "'" + decl.name.text + "' expects an input of shape " +
                                                     dimsText(*parameter.type) + ", but got " + describe(actual.value));
    noteDeclaration(diagnostic, parameter.range);
    if (!spread && dims.size() == 1 && sizes.size() > 1)
      diagnostic.help(actual.place, "put flatten before it: … |> flatten |> " + actual.place.text());
    return false;
  }
  auto capture = [&](const Expr *dim, Value size) {
    const auto *name = llvm::dyn_cast_or_null<NameExpr>(dim);
    if (!name || name->name == "_" || inner.variables.contains(name->name))
      return;
    const Definition *definition = inner.file->find(name->name);
    if (definition && llvm::isa<ConstDecl>(definition->decl) && !definition->file->isStandard)
      return;
    inner.variables[name->name] = {std::move(size), name->range(), nullptr};
  };
  size_t before = spread ? spread->first : dims.size(), behind = spread ? spread->second : 0;
  for (size_t i = 0; i < before; ++i)
    capture(dims[i], sizes[i]);
  for (size_t i = 0; i < behind; ++i)
    capture(dims[dims.size() - behind + i], sizes[sizes.size() - behind + i]);
  if (spread) {
    std::vector<Value> rest(sizes.begin() + before, sizes.end() - behind);
    capture(llvm::cast<SpreadExpr>(dims[before])->operand, Value::ofList(std::move(rest)));
  }
  return true;
}

bool Elaborator::checkDims(const ModelDecl &decl, const Parameter &parameter, const Actual &actual,
                           const Tensor &tensor, Frame &inner) {
  if (!parameter.type || (tensor.classes > 0 && !parameter.type->hasDims))
    return true;
  Frame *saved = frame;
  frame = &inner;
  llvm::ArrayRef<const Expr *> dims = parameter.type->dims;
  llvm::SmallVector<int64_t> sizes = dimsOf(tensor);
  std::string problem;
  // The dim that does not agree, if it is a name.
  llvm::StringRef captured;
  bool ok = true;
  size_t position = 0;
  for (const Expr *dim : dims) {
    if (const auto *spread = llvm::dyn_cast<SpreadExpr>(dim)) {
      size_t count = sizes.size() + 1 - dims.size();
      llvm::SmallVector<int64_t> expected;
      // `[...]` leaves the dims open, as `[_...]` does.
      const auto *name = llvm::dyn_cast_or_null<NameExpr>(spread->operand);
      if (spread->operand && !(name && name->name == "_")) {
        ok = evaluateDims(dim, expected);
        if (ok && llvm::ArrayRef(expected) != llvm::ArrayRef(sizes).slice(position, count))
          problem = (spread->operand->range().text() + " is " + printShape(expected) + ", but this has " +
                     printShape(llvm::ArrayRef(sizes).slice(position, count)))
                        .str();
      }
      position += count;
    } else {
      const auto *name = llvm::dyn_cast<NameExpr>(dim);
      if (!name || name->name != "_") {
        std::optional<int64_t> expected = evaluateInteger(dim, "a dim");
        ok = expected.has_value();
        if (ok && *expected != sizes[position])
          problem = llvm::isa<IntegerExpr>(dim) ? ("dim " + llvm::Twine(position) + " must be " +
                                                   llvm::Twine(*expected) + ", but is " + llvm::Twine(sizes[position]))
                                                      .str()
                                                : (dim->range().text() + " is " + llvm::Twine(*expected) +
                                                   ", but this has " + llvm::Twine(sizes[position]) + " there")
                                                      .str();
      }
      ++position;
    }
    if (!problem.empty()) {
      const auto *spread = llvm::dyn_cast<SpreadExpr>(dim);
      if (const auto *name = llvm::dyn_cast<NameExpr>(spread ? spread->operand : dim))
        captured = name->name;
    }
    if (!ok || !problem.empty())
      break;
  }
  frame = saved;
  if (!ok)
    return false;
  if (problem.empty())
    return true;
  Diagnostic &diagnostic =
      error(actual.place, "'" + parameter.name.text + "' of '" + decl.name.text + "' is " + dimsText(*parameter.type) +
                              ", but got " + describe(actual.value) + ": " + problem);
  // Another input has captured the size.
  for (const Parameter &other : decl.inputs) {
    auto names = [&](const Expr *dim) {
      const auto *spread = llvm::dyn_cast<SpreadExpr>(dim);
      const auto *name = llvm::dyn_cast_or_null<NameExpr>(spread ? spread->operand : dim);
      return name && name->range().text() == captured;
    };
    if (captured.empty() || &other == &parameter || !other.type || llvm::none_of(other.type->dims, names))
      continue;
    diagnostic.note(userPlace(inner.variables[other.name.text].bound),
                    captured + " comes from '" + other.name.text + "'");
    break;
  }
  noteDeclaration(diagnostic, parameter.range);
  return false;
}

bool Elaborator::checkResult(const ModelDecl &decl, const Parameter &result, const Value &value, SourceRange place,
                             Frame &inner) {
  if (value.isPoison())
    return false;
  if (!result.type)
    return true;
  std::string what =
      result.name ? ("the result '" + result.name.text + "'").str() : ("the result of '" + decl.name.text + "'").str();
  const auto *tensor = value.as<Tensor>();
  if (!tensor) {
    bool isConfiguration = !result.type->hasDims && decl.modelKind == ModelKind::Function;
    if (!isConfiguration)
      error(place, what + " must be a tensor, but is " + describe(value));
    return isConfiguration;
  }
  llvm::StringRef element = result.type->element.text;
  std::string found = printElementType(tensor->type().getElementType());
  if (!element.empty() && element != "class" && element != found) {
    error(place, what + " must hold " + element + ", but holds " + found);
    return false;
  }
  llvm::SmallVector<int64_t> sizes = dimsOf(*tensor), expected;
  llvm::ArrayRef<const Expr *> dims = result.type->dims;
  auto spread = spreadPosition(dims);
  if (spread ? sizes.size() + 1 < dims.size() : sizes.size() != dims.size()) {
    Diagnostic &diagnostic =
        error(place, what + " must have the shape " + dimsText(*result.type) + ", but has " + printShape(sizes));
    diagnostic.note(result.range, "declared here");
    if (dims.size() == 1 && sizes.size() > 1)
      diagnostic.help(place, "one dim is what flatten leaves: … |> flatten");
    return false;
  }
  // Each dim, or spread of dims, beside the sizes that stand in its place. `_`, and a name that nothing has bound yet,
  // take what is there.
  size_t position = 0;
  for (size_t i = 0; i < dims.size(); ++i) {
    bool isSpread = spread && spread->first == i;
    llvm::ArrayRef<int64_t> here = llvm::ArrayRef(sizes).slice(position, isSpread ? sizes.size() + 1 - dims.size() : 1);
    position += here.size();
    const Expr *operand = isSpread ? llvm::cast<SpreadExpr>(dims[i])->operand : dims[i];
    const auto *name = llvm::dyn_cast_or_null<NameExpr>(operand);
    if (!operand || (name && name->name == "_")) {
      expected.append(here.begin(), here.end());
      continue;
    }
    if (name && !inner.variables.contains(name->name) && !inner.file->find(name->name))
      inner.variables[name->name] = {isSpread ? Value::ofList({here.begin(), here.end()}) : Value(here.front()),
                                     name->range(), nullptr};
    if (!evaluateDims(dims[i], expected))
      return false;
  }
  if (sizes == expected)
    return true;
  error(place, what + " must have the shape " + printShape(expected) + ", but has " + printShape(sizes))
      .note(result.range, "declared here");
  return false;
}

bool Elaborator::evaluateDims(llvm::ArrayRef<const Expr *> dims, llvm::SmallVectorImpl<int64_t> &shape) {
  for (const Expr *dim : dims) {
    std::vector<Value> values;
    if (const auto *spread = llvm::dyn_cast<SpreadExpr>(dim)) {
      if (!spread->operand) {
        error(dim, "'...' needs a list before it here");
        return false;
      }
      Value value = evaluate(spread->operand);
      if (value.is<int64_t>())
        values.push_back(value);
      else if (!appendElements(spread->operand, value, values))
        return false;
    } else {
      values.push_back(evaluate(dim));
    }
    for (const Value &value : values) {
      const auto *size = value.as<int64_t>();
      if (!size) {
        if (!value.isPoison())
          suggestRounding(error(dim, "a dim must be an integer, but this is " + describe(value)), dim, value);
        return false;
      }
      if (*size < 1) {
        error(dim, "a dim must be at least 1, but this is " + llvm::Twine(*size));
        return false;
      }
      shape.push_back(*size);
    }
    if (shape.size() > 7) {
      error(dim, "a tensor may have at most 7 dims");
      return false;
    }
  }
  return true;
}

std::optional<mlir::RankedTensorType> Elaborator::evaluateType(const TypeExpr &type, bool isBatched, int64_t *classes) {
  llvm::SmallVector<int64_t> shape;
  if (!evaluateDims(type.dims, shape))
    return std::nullopt;
  llvm::StringRef name = type.element.text;
  mlir::Type element;
  *classes = 0;
  if (name.empty() || name == "f32") {
    element = builder.getF32Type();
  } else if (name == "u8") {
    element = builder.getIntegerType(8, /*isSigned=*/false);
  } else if (name == "class") {
    if (shape.size() != 1) {
      error(type.range, "a class needs the number of classes, as in class[10]");
      return std::nullopt;
    }
    *classes = shape.front();
    shape.clear();
    element = builder.getI32Type();
  } else {
    error(type.element.range, "'" + name + "' is not the type of a tensor's values")
        .suggestOneOf(name, {"f32", "u8", "class"});
    return std::nullopt;
  }
  if (isBatched)
    shape.insert(shape.begin(), mlir::ShapedType::kDynamic);
  return mlir::RankedTensorType::get(shape, element);
}

} // namespace cnn::dsl
