// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// All blocks of a body share one scope: the bodies of `for` and `if` bind in the enclosing body. So one walk in the
// order of the text suffices, with a set of the names bound so far.
#include "dsl/Names.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/ADT/TypeSwitch.h"

namespace cnn::dsl {

namespace {

class NameChecker {
public:
  NameChecker(const VisibleNames &visible, DiagnosticEngine &diagnostics)
      : visible(visible), diagnostics(diagnostics) {}
  void check(const Decl *decl);

private:
  void checkModel(const ModelDecl *model);
  void checkData(const DataDecl *data);
  void checkTrain(const TrainDecl *train);
  void checkEntries(llvm::ArrayRef<Entry> entries);
  void bindEntries(llvm::ArrayRef<Entry> entries);

  /// `isUsed`: somebody takes the value of the last statement.
  void checkBlock(const BlockExpr *block, bool isUsed);
  void checkStmt(const Stmt *stmt, bool isUsed);
  void checkExpr(const Expr *expr);
  void checkIf(const IfExpr *conditional, bool isUsed);
  void checkName(const NameExpr *name);
  void checkArguments(const CallExpr *call);
  void checkType(const TypeExpr *type);
  void captureDims(const TypeExpr *type);

  void bind(const Name &name) { bound.insert(name.text); }
  void bind(const Pattern &pattern) {
    for (const Name &name : pattern.names)
      bind(name);
  }
  /// Collects where each name of a body is bound first.
  void findBindings(const BlockExpr *block);
  /// Binds all that a loop's body binds: the second iteration sees what the first has bound.
  void bindAll(const BlockExpr *block);
  static void forEachBinding(const Stmt *stmt, llvm::function_ref<void(const Name &)> visit);

  const VisibleNames &visible;
  DiagnosticEngine &diagnostics;
  llvm::StringSet<> bound;
  llvm::StringMap<SourceRange> boundLater;
  llvm::StringSet<> reported;
};

} // namespace

void NameChecker::check(const Decl *decl) {
  bound.clear();
  boundLater.clear();
  reported.clear();
  llvm::TypeSwitch<const Decl *>(decl)
      .Case([&](const ConstDecl *constant) { checkExpr(constant->value); })
      .Case([&](const ModelDecl *model) { checkModel(model); })
      .Case([&](const DataDecl *data) { checkData(data); })
      .Case([&](const TrainDecl *train) { checkTrain(train); })
      .Case([&](const LaterDecl *later) {
        diagnostics.error(later->keyword.range, "'" + later->keyword.text + "' is not supported yet");
      });
}

//===--------------------------------------------- Declarations ---------------------------------------------------===//

/// In the type of an input, a dim that is a name alone captures the size.
void NameChecker::captureDims(const TypeExpr *type) {
  for (const Expr *dim : type->dims) {
    if (const auto *spread = llvm::dyn_cast<SpreadExpr>(dim))
      dim = spread->operand;
    if (const auto *name = llvm::dyn_cast<NameExpr>(dim))
      bound.insert(name->name);
  }
}

void NameChecker::checkModel(const ModelDecl *model) {
  for (const Parameter &parameter : model->configuration) {
    if (parameter.type)
      checkType(parameter.type);
    // A default value sees the parameters before its own.
    if (parameter.init)
      checkExpr(parameter.init);
    bind(parameter.name);
  }
  for (const Parameter &input : model->inputs) {
    captureDims(input.type);
    bind(input.name);
  }
  for (const Parameter &input : model->inputs)
    checkType(input.type);
  findBindings(model->body);
  // The value of a net's body is in its results, which are names; that of a module is its last expression.
  checkBlock(model->body, /*isUsed=*/true);
  for (const Parameter &result : model->results) {
    if (!result.type)
      continue;
    captureDims(result.type);
    checkType(result.type);
  }
}

void NameChecker::bindEntries(llvm::ArrayRef<Entry> entries) {
  for (const Entry &entry : entries)
    bind(entry.name);
}

void NameChecker::checkEntries(llvm::ArrayRef<Entry> entries) {
  for (const Entry &entry : entries) {
    if (entry.type)
      checkType(entry.type);
    if (entry.value)
      checkExpr(entry.value);
    bindEntries(entry.entries);
    checkEntries(entry.entries);
  }
}

void NameChecker::checkData(const DataDecl *data) {
  bindEntries(data->entries);
  checkEntries(data->entries);
}

/// In a train block the fields of the data and the results of the net go by their names.
void NameChecker::checkTrain(const TrainDecl *train) {
  auto checkReference = [&](const Expr *expr, auto isKind) {
    const auto *name = llvm::dyn_cast<NameExpr>(expr);
    if (!name || visible.find(name->name))
      return checkExpr(expr);
    llvm::SmallVector<llvm::StringRef> candidates;
    for (llvm::StringRef candidate : visible.declared)
      if (isKind(visible.find(candidate)))
        candidates.push_back(candidate);
    diagnostics.error(name->range(), "unknown name '" + name->name + "'").suggestOneOf(name->name, candidates);
  };
  checkReference(train->model, [](const Decl *decl) {
    const auto *model = llvm::dyn_cast_or_null<ModelDecl>(decl);
    return model && model->modelKind == ModelKind::Net;
  });
  checkReference(train->data, [](const Decl *decl) { return llvm::isa_and_nonnull<DataDecl>(decl); });
  auto declarationOf = [&](const Expr *expr) -> const Decl * {
    if (const auto *call = llvm::dyn_cast<CallExpr>(expr))
      expr = call->callee;
    const auto *name = llvm::dyn_cast<NameExpr>(expr);
    return name ? visible.find(name->name) : nullptr;
  };
  const auto *model = llvm::dyn_cast_or_null<ModelDecl>(declarationOf(train->model));
  const auto *data = llvm::dyn_cast_or_null<DataDecl>(declarationOf(train->data));
  // With either of them unknown, nobody can tell what the names in the block mean.
  if (!model || !data)
    return;
  for (const Parameter &input : model->inputs)
    bind(input.name);
  for (const Parameter &result : model->results)
    if (result.name)
      bind(result.name);
  bindEntries(data->entries);
  bindEntries(train->entries);
  checkEntries(train->entries);
}

//===---------------------------------------------- Statements ----------------------------------------------------===//

void NameChecker::forEachBinding(const Stmt *stmt, llvm::function_ref<void(const Name &)> visit) {
  auto visitBlock = [&](const BlockExpr *block) {
    if (block)
      for (const Stmt *inner : block->statements)
        forEachBinding(inner, visit);
  };
  llvm::TypeSwitch<const Stmt *>(stmt)
      .Case([&](const BindingStmt *binding) {
        for (const Name &name : binding->target.names)
          visit(name);
      })
      .Case([&](const IndexBindingStmt *binding) { visit(binding->target); })
      .Case([&](const ParamStmt *param) { visit(param->name); })
      .Case([&](const ForStmt *loop) {
        for (const Name &name : loop->variable.names)
          visit(name);
        visitBlock(loop->body);
      })
      .Case([&](const ExprStmt *value) {
        const Expr *expr = value->value;
        while (const auto *conditional = llvm::dyn_cast<IfExpr>(expr)) {
          visitBlock(conditional->thenBlock);
          if (!conditional->isElseIf) {
            visitBlock(conditional->elseBlock);
            break;
          }
          expr = llvm::cast<ExprStmt>(conditional->elseBlock->statements.front())->value;
        }
        if (const auto *block = llvm::dyn_cast<BlockExpr>(expr))
          visitBlock(block);
      });
}

void NameChecker::findBindings(const BlockExpr *block) {
  for (const Stmt *stmt : block->statements)
    forEachBinding(stmt, [&](const Name &name) { boundLater.try_emplace(name.text, name.range); });
}

void NameChecker::bindAll(const BlockExpr *block) {
  for (const Stmt *stmt : block->statements)
    forEachBinding(stmt, [&](const Name &name) { bind(name); });
}

void NameChecker::checkBlock(const BlockExpr *block, bool isUsed) {
  for (const Stmt *stmt : block->statements)
    checkStmt(stmt, isUsed && stmt == block->statements.back());
}

void NameChecker::checkStmt(const Stmt *stmt, bool isUsed) {
  llvm::TypeSwitch<const Stmt *>(stmt)
      .Case([&](const BindingStmt *binding) {
        checkExpr(binding->value);
        bind(binding->target);
      })
      .Case([&](const IndexBindingStmt *binding) {
        diagnostics.error(binding->range(), "index notation is not supported yet");
        bind(binding->target);
      })
      .Case([&](const ParamStmt *param) {
        checkType(param->type);
        if (param->init)
          checkExpr(param->init);
        bind(param->name);
      })
      .Case([&](const AssertStmt *assertion) {
        checkExpr(assertion->condition);
        if (assertion->message)
          checkExpr(assertion->message);
      })
      .Case([&](const ForStmt *loop) {
        checkExpr(loop->list);
        bind(loop->variable);
        bindAll(loop->body);
        checkBlock(loop->body, /*isUsed=*/false);
      })
      .Case([&](const ExprStmt *value) {
        if (const auto *conditional = llvm::dyn_cast<IfExpr>(value->value))
          return checkIf(conditional, isUsed);
        if (const auto *block = llvm::dyn_cast<BlockExpr>(value->value))
          return checkBlock(block, isUsed);
        checkExpr(value->value);
        if (isUsed)
          return;
        Diagnostic &diagnostic = diagnostics.error(value->value->range(), "this value is not used");
        const Expr *input = value->value;
        while (const auto *pipe = llvm::dyn_cast<PipeExpr>(input))
          input = pipe->input;
        if (const auto *name = llvm::dyn_cast<NameExpr>(input); name && input != value->value)
          diagnostic.help(value->value->range().atBegin(), "to go on with it, bind it: " + name->name + " = …");
      });
}

//===--------------------------------------------- Expressions ----------------------------------------------------===//

void NameChecker::checkIf(const IfExpr *conditional, bool isUsed) {
  checkExpr(conditional->condition);
  checkBlock(conditional->thenBlock, isUsed);
  if (conditional->elseBlock)
    checkBlock(conditional->elseBlock, isUsed);
}

void NameChecker::checkName(const NameExpr *name) {
  llvm::StringRef text = name->name;
  if (text == "_" || bound.contains(text) || visible.find(text) || llvm::is_contained(visible.builtin, text))
    return;
  if (!reported.insert(text).second)
    return;
  if (auto later = boundLater.find(text); later != boundLater.end()) {
    diagnostics.error(name->range(), "'" + text + "' is used before it is bound")
        .note(later->second, "it is bound here");
    return;
  }
  llvm::SmallVector<llvm::StringRef> candidates;
  // What is nearest comes first: ties go to the first.
  for (const auto &entry : bound)
    candidates.push_back(entry.getKey());
  llvm::sort(candidates);
  llvm::append_range(candidates, visible.declared);
  llvm::append_range(candidates, visible.builtin);
  diagnostics.error(name->range(), "unknown name '" + text + "'").suggest(text, candidates);
}

/// The called module or function is known if its name is not bound in the body.
void NameChecker::checkArguments(const CallExpr *call) {
  const auto *callee = llvm::dyn_cast<NameExpr>(call->callee);
  if (!callee || bound.contains(callee->name))
    return;
  const auto *model = llvm::dyn_cast_or_null<ModelDecl>(visible.find(callee->name));
  if (!model)
    return;
  llvm::SmallVector<llvm::StringRef> parameters;
  for (const Parameter &parameter : model->configuration)
    parameters.push_back(parameter.name.text);
  size_t configurationSize = parameters.size();
  for (const Parameter &parameter : model->inputs)
    parameters.push_back(parameter.name.text);
  // Tensors are seldom meant: they go by position.
  llvm::ArrayRef<llvm::StringRef> likely(parameters);
  if (configurationSize > 0)
    likely = likely.take_front(configurationSize);
  for (const Argument &argument : call->arguments) {
    if (!argument.keyword || llvm::is_contained(parameters, argument.keyword.text))
      continue;
    diagnostics.error(argument.keyword.range, "'" + callee->name + "' has no argument '" + argument.keyword.text + "'")
        .suggestOneOf(argument.keyword.text, likely);
  }
}

void NameChecker::checkType(const TypeExpr *type) {
  for (const Expr *dim : type->dims)
    checkExpr(dim);
  llvm::StringRef name = type->element.text;
  if (!type->element || visible.types.empty() || llvm::is_contained(visible.types, name))
    return;
  if (reported.insert(name).second)
    diagnostics.error(type->element.range, "unknown type '" + name + "'").suggestOneOf(name, visible.types);
}

void NameChecker::checkExpr(const Expr *expr) {
  auto checkAll = [&](llvm::ArrayRef<const Expr *> exprs) {
    for (const Expr *one : exprs)
      checkExpr(one);
  };
  llvm::TypeSwitch<const Expr *>(expr)
      .Case([&](const NameExpr *name) { checkName(name); })
      .Case([&](const CallExpr *call) {
        checkExpr(call->callee);
        checkArguments(call);
        for (const Argument &argument : call->arguments)
          checkExpr(argument.value);
      })
      .Case([&](const IndexExpr *index) {
        checkExpr(index->base);
        checkAll(index->indices);
      })
      .Case([&](const MemberExpr *member) { checkExpr(member->base); })
      .Case([&](const RangeExpr *range) {
        if (range->begin)
          checkExpr(range->begin);
        if (range->end)
          checkExpr(range->end);
      })
      .Case([&](const SpreadExpr *spread) { checkExpr(spread->operand); })
      .Case([&](const ListExpr *list) { checkAll(list->elements); })
      .Case([&](const TupleExpr *tuple) { checkAll(tuple->elements); })
      .Case([&](const UnaryExpr *unary) { checkExpr(unary->operand); })
      .Case([&](const BinaryExpr *binary) {
        checkExpr(binary->left);
        checkExpr(binary->right);
      })
      .Case([&](const IfExpr *conditional) { checkIf(conditional, /*isUsed=*/true); })
      .Case([&](const PipeExpr *pipe) {
        checkExpr(pipe->input);
        checkExpr(pipe->stage);
      })
      .Case([&](const PinExpr *pin) { checkExpr(pin->operand); })
      .Case([&](const BlockExpr *block) { checkBlock(block, /*isUsed=*/true); });
}

void checkNames(const FileAst &ast, const VisibleNames &visible, DiagnosticEngine &diagnostics) {
  NameChecker checker(visible, diagnostics);
  for (const Decl *decl : ast.declarations)
    checker.check(decl);
}

} // namespace cnn::dsl
