// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dsl/Elaborator.h"
#include "llvm/Support/MathExtras.h"

namespace cnn::dsl {

Value Elaborator::evaluate(const Expr *expr) {
  if (isOutOfSteps || !countStep(expr->range()))
    return Poison();
  Depth depth(expressionDepth);
  if (expressionDepth > options.maxExpressionDepth) {
    if (!isOutOfSteps)
      error(expr->range(), "this is evaluated more than " + llvm::Twine(options.maxExpressionDepth) + " levels deep");
    isOutOfSteps = true;
    return Poison();
  }
  switch (expr->kind()) {
  case Expr::Kind::Error:
    return Poison();
  case Expr::Kind::Integer:
    return llvm::cast<IntegerExpr>(expr)->value;
  case Expr::Kind::Real:
    return llvm::cast<RealExpr>(expr)->value;
  case Expr::Kind::String:
    return Value::ofText(llvm::cast<StringExpr>(expr)->value);
  case Expr::Kind::Bool:
    return llvm::cast<BoolExpr>(expr)->value;
  case Expr::Kind::Window: {
    llvm::ArrayRef<int64_t> sizes = llvm::cast<WindowExpr>(expr)->sizes;
    return WindowValue{{sizes.begin(), sizes.end()}};
  }
  case Expr::Kind::Name:
    return evaluateName(*llvm::cast<NameExpr>(expr));
  case Expr::Kind::Call:
    return evaluateCall(*llvm::cast<CallExpr>(expr));
  case Expr::Kind::Index:
    return evaluateIndex(*llvm::cast<IndexExpr>(expr));
  case Expr::Kind::Member:
    return evaluateMember(*llvm::cast<MemberExpr>(expr));
  case Expr::Kind::Range:
    return evaluateRange(*llvm::cast<RangeExpr>(expr));
  case Expr::Kind::Spread:
    error(expr, "'...' can stand only in a list, in dims and in arguments");
    return Poison();
  case Expr::Kind::List:
    return evaluateElements(llvm::cast<ListExpr>(expr)->elements, /*isList=*/true);
  case Expr::Kind::Tuple:
    return evaluateElements(llvm::cast<TupleExpr>(expr)->elements, /*isList=*/false);
  case Expr::Kind::Unary:
    return evaluateUnary(*llvm::cast<UnaryExpr>(expr));
  case Expr::Kind::Binary:
    return evaluateBinary(*llvm::cast<BinaryExpr>(expr));
  case Expr::Kind::If:
    return evaluateIf(*llvm::cast<IfExpr>(expr));
  case Expr::Kind::Pipe:
    return evaluatePipe(*llvm::cast<PipeExpr>(expr));
  case Expr::Kind::Pin:
    return evaluatePin(*llvm::cast<PinExpr>(expr));
  case Expr::Kind::Block:
    return evaluateBlock(llvm::cast<BlockExpr>(expr));
  }
  llvm_unreachable("all kinds are listed");
}

Value Elaborator::evaluateBlock(const BlockExpr *block) {
  Value last = Nothing();
  for (const Stmt *stmt : block->statements)
    last = execute(stmt);
  return last;
}

Value Elaborator::evaluateName(const NameExpr &expr) {
  auto found = frame->variables.find(expr.name);
  if (found != frame->variables.end())
    return found->second.value;
  if (frame->lookUpLater)
    if (std::optional<Value> value = frame->lookUpLater(expr))
      return *value;
  const Definition *definition = frame->file->find(expr.name);
  if (!definition && frame->isIncomplete)
    return Poison();
  if (!definition) {
    std::vector<llvm::StringRef> names = frame->file->names();
    for (const auto &entry : frame->variables)
      names.push_back(entry.getKey());
    std::sort(names.begin(), names.end());
    error(&expr, "unknown name '" + expr.name + "'").suggest(expr.name, names);
    return Poison();
  }
  if (llvm::isa<ConstDecl>(definition->decl))
    return evaluateConstant(*definition);
  if (const auto *decl = llvm::dyn_cast<ModelDecl>(definition->decl))
    return Callable{decl, definition->file, nullptr};
  error(&expr, "'" + expr.name + "' is a data block, which has no value").note(definition->name.range, "defined here");
  return Poison();
}

Value Elaborator::evaluateConstant(const Definition &definition) {
  const auto *decl = llvm::cast<ConstDecl>(definition.decl);
  auto [found, isNew] = constants.try_emplace(decl, std::nullopt);
  if (!isNew) {
    if (found->second)
      return *found->second;
    diagnostics.error(decl->name.range, "'" + decl->name.text + "' is defined by itself");
    return Poison();
  }
  Frame constantFrame;
  constantFrame.file = definition.file;
  Frame *saved = frame;
  constantFrame.caller = saved;
  constantFrame.callPlace = decl->name.range;
  constantFrame.weights = saved ? saved->weights : nullptr;
  frame = &constantFrame;
  Value value = evaluate(decl->value);
  frame = saved;
  if (value.is<Tensor>() || value.asInstance()) {
    diagnostics.error(decl->value->range(), "a const must be known without a net, but this is " + describe(value));
    value = Poison();
  }
  constants[decl] = value;
  return value;
}

std::optional<bool> Elaborator::evaluateCondition(const Expr *expr, llvm::StringRef what) {
  Value value = evaluate(expr);
  if (const auto *truth = value.as<bool>())
    return *truth;
  if (value.is<Tensor>())
    error(expr, what + " must be known when the net is compiled, but this is " + describe(value));
  else if (!value.isPoison())
    error(expr, what + " must be on or off, but this is " + describe(value));
  return std::nullopt;
}

std::optional<int64_t> Elaborator::evaluateInteger(const Expr *expr, llvm::StringRef what) {
  Value value = evaluate(expr);
  if (const auto *integer = value.as<int64_t>())
    return *integer;
  if (!value.isPoison())
    suggestRounding(error(expr, what + " must be an integer, but this is " + describe(value)), expr, value);
  return std::nullopt;
}

void Elaborator::suggestRounding(Diagnostic &diagnostic, const Expr *expr, const Value &value) const {
  llvm::StringRef text = expr->range().text();
  if (value.is<double>() && llvm::isa<BinaryExpr>(expr) && text.size() <= 40 && !text.contains('\n'))
    diagnostic.help(placeOf(expr), "to round it: floor(" + text + ") or ceil(" + text + ")");
}

Value Elaborator::evaluateIf(const IfExpr &expr) {
  std::optional<bool> condition = evaluateCondition(expr.condition, "the condition");
  if (!condition) {
    frame->isIncomplete = true;
    return Poison();
  }
  const BlockExpr *branch = *condition ? expr.thenBlock : expr.elseBlock;
  frame->branches[&expr] = branch;
  return branch ? evaluateBlock(branch) : Value(Nothing());
}

bool Elaborator::appendElements(const Expr *expr, const Value &value, std::vector<Value> &elements) {
  if (value.isPoison())
    return false;
  if (const std::vector<Value> *list = value.elements()) {
    elements.insert(elements.end(), list->begin(), list->end());
  } else if (const auto *window = value.as<WindowValue>()) {
    elements.insert(elements.end(), window->sizes.begin(), window->sizes.end());
  } else if (const auto *range = value.as<RangeValue>()) {
    int64_t count = 0;
    if (llvm::SubOverflow(range->end, range->begin, count) || count > options.maxListLength) {
      error(expr, "a list may have at most " + llvm::Twine(options.maxListLength) + " elements, but " + print(value) +
                      " has more");
      return false;
    }
    for (int64_t i = range->begin; i < range->end; ++i)
      elements.push_back(i);
  } else {
    error(expr, "expected a list, but this is " + describe(value));
    return false;
  }
  return true;
}

Value Elaborator::limited(const Expr *expr, Value value) {
  const std::vector<Value> *elements = value.elements();
  SourceRange place = expr ? placeOf(expr) : SourceRange();
  if (elements && static_cast<int64_t>(elements->size()) > options.maxListLength) {
    error(place, "a list may have at most " + llvm::Twine(options.maxListLength) + " elements");
    return Poison();
  }
  if (nesting(value) > options.maxCallDepth) {
    error(place, "values may nest at most " + llvm::Twine(options.maxCallDepth) + " levels deep");
    return Poison();
  }
  return value;
}

Value Elaborator::evaluateElements(llvm::ArrayRef<const Expr *> elements, bool isList) {
  std::vector<Value> values;
  bool ok = true;
  for (const Expr *element : elements) {
    if (const auto *spread = llvm::dyn_cast<SpreadExpr>(element)) {
      ok &= spread->operand && appendElements(spread->operand, evaluate(spread->operand), values);
      continue;
    }
    Value value = evaluate(element);
    ok &= !value.isPoison();
    values.push_back(std::move(value));
    if (static_cast<int64_t>(values.size()) > options.maxListLength)
      break;
  }
  if (!ok)
    return Poison();
  return limited(elements.empty() ? nullptr : elements.front(),
                 isList ? Value::ofList(std::move(values)) : Value::ofTuple(std::move(values)));
}

Value Elaborator::evaluateRange(const RangeExpr &expr) {
  if (!expr.begin || !expr.end) {
    error(&expr, "a range needs both ends here");
    return Poison();
  }
  std::optional<int64_t> begin = evaluateInteger(expr.begin, "the begin of a range");
  std::optional<int64_t> end = evaluateInteger(expr.end, "the end of a range");
  if (!begin || !end)
    return Poison();
  return RangeValue{*begin, *end};
}

Value Elaborator::evaluateMember(const MemberExpr &expr) {
  if (const auto *name = llvm::dyn_cast<NameExpr>(expr.base);
      name && name->name == "cnn" && !frame->variables.contains("cnn")) {
    if (const Operation *operation = findOperation(expr.member.text))
      return Callable{nullptr, nullptr, operation};
    std::vector<llvm::StringRef> names;
    for (llvm::ArrayRef<Operation> table : {tensorOperations(), shapeOperations(), descriptionOperations()})
      for (const Operation &operation : table)
        names.push_back(operation.name);
    error(expr.member.range, "there is no operation 'cnn." + expr.member.text + "'").suggest(expr.member.text, names);
    return Poison();
  }
  Value base = evaluate(expr.base);
  if (base.isPoison())
    return Poison();
  if (const auto *tuple = base.as<TupleValue>(); tuple && tuple->names) {
    std::vector<llvm::StringRef> names;
    for (size_t i = 0; i < tuple->names->size(); ++i) {
      if ((*tuple->names)[i] == expr.member.text)
        return (*tuple->elements)[i];
      names.push_back((*tuple->names)[i]);
    }
    error(expr.member.range, "there is no result '" + expr.member.text + "'").suggestOneOf(expr.member.text, names);
    return Poison();
  }
  error(expr.member.range, describe(base) + " has no part '" + expr.member.text + "'");
  return Poison();
}

/// Resolves an index, which may count from the end; reports one out of bounds.
static std::optional<int64_t> checkedIndex(Elaborator &elaborator, const Expr *expr, int64_t index, int64_t count,
                                           const llvm::Twine &what) {
  int64_t resolved = index < 0 ? index + count : index;
  if (resolved >= 0 && resolved < count)
    return resolved;
  elaborator.error(expr, "the index " + llvm::Twine(index) + " is out of bounds: " + what + " has " +
                             llvm::Twine(count) + (count == 1 ? " element" : " elements"));
  return std::nullopt;
}

Value Elaborator::evaluateIndex(const IndexExpr &expr) {
  Value base = evaluate(expr.base);
  if (base.isPoison())
    return Poison();
  if (const auto *tensor = base.as<Tensor>())
    return evaluateTensorIndex(expr, *tensor);
  bool isIndexable = base.elements() || base.is<WindowValue>() || base.is<RangeValue>();
  if (!isIndexable) {
    error(expr.base, describe(base) + " has no elements");
    return Poison();
  }
  if (expr.indices.size() != 1) {
    error(&expr, "a list has one index");
    return Poison();
  }
  std::vector<Value> elements;
  if (!appendElements(expr.base, base, elements))
    return Poison();
  auto count = static_cast<int64_t>(elements.size());
  if (const auto *range = llvm::dyn_cast<RangeExpr>(expr.indices.front())) {
    std::optional<int64_t> begin = range->begin ? evaluateInteger(range->begin, "an index") : 0;
    std::optional<int64_t> end = range->end ? evaluateInteger(range->end, "an index") : count;
    if (!begin || !end)
      return Poison();
    if (*begin < 0 || *end > count || *begin > *end) {
      error(range, "the slice " + llvm::Twine(*begin) + ".." + llvm::Twine(*end) +
                       " is out of bounds: " + describe(base) + " has " + llvm::Twine(count) + " elements");
      return Poison();
    }
    return Value::ofList({elements.begin() + *begin, elements.begin() + *end});
  }
  std::optional<int64_t> index = evaluateInteger(expr.indices.front(), "an index");
  if (!index)
    return Poison();
  std::optional<int64_t> resolved = checkedIndex(*this, expr.indices.front(), *index, count, describe(base));
  return resolved ? elements[*resolved] : Value(Poison());
}

Value Elaborator::evaluateTensorIndex(const IndexExpr &expr, const Tensor &tensor) {
  llvm::ArrayRef<int64_t> shape = tensor.shape();
  if (expr.indices.size() > shape.size()) {
    error(&expr, llvm::Twine(expr.indices.size()) + " indices are too many for " + describe(tensor));
    return Poison();
  }
  llvm::SmallVector<int64_t> offsets, sizes, kept;
  if (tensor.hasBatch()) {
    offsets.push_back(0);
    sizes.push_back(-1);
  }
  for (size_t i = 0; i < shape.size(); ++i) {
    int64_t begin = 0, end = shape[i];
    bool isKept = true;
    if (i < expr.indices.size()) {
      const Expr *index = expr.indices[i];
      if (const auto *range = llvm::dyn_cast<RangeExpr>(index)) {
        std::optional<int64_t> first = range->begin ? evaluateInteger(range->begin, "an index") : 0;
        std::optional<int64_t> last = range->end ? evaluateInteger(range->end, "an index") : shape[i];
        if (!first || !last)
          return Poison();
        if (*first < 0 || *last > shape[i] || *first >= *last) {
          error(range, "the slice " + llvm::Twine(*first) + ".." + llvm::Twine(*last) + " does not lie in 0.." +
                           llvm::Twine(shape[i]) + " or is empty");
          return Poison();
        }
        begin = *first, end = *last;
      } else {
        std::optional<int64_t> at = evaluateInteger(index, "an index");
        if (!at)
          return Poison();
        std::optional<int64_t> resolved = checkedIndex(*this, index, *at, shape[i], "this dim");
        if (!resolved)
          return Poison();
        begin = *resolved, end = begin + 1;
        isKept = false;
      }
    }
    offsets.push_back(begin);
    sizes.push_back(end - begin);
    if (isKept)
      kept.push_back(end - begin);
  }
  llvm::SmallVector<mlir::Value> sliced =
      build<SliceOp>(expr.range(), {tensor.value},
                     {builder.getNamedAttr("offsets", builder.getDenseI64ArrayAttr(offsets)),
                      builder.getNamedAttr("sizes", builder.getDenseI64ArrayAttr(sizes))});
  if (sliced.empty())
    return Poison();
  Tensor result{sliced.front()};
  return kept.size() == shape.size() ? Value(result) : buildReshape(expr.range(), result, kept);
}

} // namespace cnn::dsl
