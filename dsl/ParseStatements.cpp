// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dsl/ParserState.h"
#include "llvm/ADT/STLExtras.h"

namespace cnn::dsl {

const BlockExpr *Parser::parseBlock() {
  uint32_t begin = current().begin;
  if (!expect(TokenKind::LeftBrace, ""))
    return nullptr;
  size_t closing = brackets.partner[position - 1];
  int64_t outerBrackets = openBrackets;
  openBrackets = 0;
  int64_t blockHeight = 0;
  llvm::SmallVector<const Stmt *> statements;
  while (position < closing && errors < DiagnosticEngine::maxErrors) {
    if (consume(TokenKind::Semicolon))
      continue;
    size_t start = position;
    statementStart = position;
    height = 0;
    const Stmt *statement = parseStatement();
    blockHeight = std::max(blockHeight, height);
    if (endStatement(start, "statement") && statement)
      statements.push_back(statement);
    if (position == start)
      advance();
  }
  position = closing + 1;
  openBrackets = outerBrackets;
  auto *block = ast->make<BlockExpr>(rangeFrom(begin), ast->copy<const Stmt *>(statements));
  growTo(blockHeight + 1, begin);
  return block;
}

const Stmt *Parser::parseStatement() {
  switch (current().kind) {
  case TokenKind::KeywordFor:
    return parseFor();
  case TokenKind::KeywordAssert:
    return parseAssert();
  case TokenKind::Identifier:
    // `param` and `state` are ordinary names where no name follows them.
    if ((isWordText("param") || isWordText("state")) && !peek().startsLine &&
        (peek().kind == TokenKind::Identifier || peek().kind == TokenKind::Colon))
      return parseParam();
    return parseBindingOrExpr();
  default:
    return parseBindingOrExpr();
  }
}

const Stmt *Parser::parseFor() {
  uint32_t begin = current().begin;
  advance();
  Pattern variable = parseLoopVariable();
  expect(TokenKind::KeywordIn, "after the variable of the loop");
  const Expr *list = parseExpr();
  int64_t listHeight = height;
  Deeper deeper(*this);
  if (failed)
    return nullptr;
  const BlockExpr *body = parseBlock();
  growTo(std::max(listHeight, height) + 1, begin);
  return failed ? nullptr : ast->make<ForStmt>(rangeFrom(begin), variable, list, body);
}

Pattern Parser::parseLoopVariable() {
  Pattern pattern;
  uint32_t begin = current().begin;
  llvm::SmallVector<Name> names;
  if (consume(TokenKind::LeftParen)) {
    pattern.isTuple = true;
    ++openBrackets;
    while (!failed && !is(TokenKind::RightParen)) {
      names.push_back(expectName("a name"));
      if (!failed && !is(TokenKind::RightParen))
        expect(TokenKind::Comma, "or ')'");
    }
    expect(TokenKind::RightParen, "");
    --openBrackets;
  } else {
    names.push_back(expectName("the variable of the loop"));
  }
  pattern.names = ast->copy<Name>(names);
  pattern.range = rangeFrom(begin);
  return pattern;
}

const Stmt *Parser::parseParam() {
  uint32_t begin = current().begin;
  bool isState = isWordText("state");
  advance();
  Name name = expectName(isState ? "the name of the state" : "the name of the parameter");
  expect(TokenKind::Colon, "and a type, such as f32[C]");
  const TypeExpr *type = failed ? nullptr : parseType();
  int64_t typeHeight = height;
  const Expr *init = nullptr;
  if (!failed && !atLineBreak() && consume(TokenKind::Equal))
    init = parseExpr();
  height = std::max(typeHeight, height);
  return failed ? nullptr : ast->make<ParamStmt>(rangeFrom(begin), isState, name, type, init);
}

const Stmt *Parser::parseAssert() {
  uint32_t begin = current().begin;
  advance();
  const Expr *condition = parseExpr();
  int64_t conditionHeight = height;
  const Expr *message = nullptr;
  if (!failed && consume(TokenKind::Comma))
    message = parseExpr();
  growTo(std::max(conditionHeight, height), begin);
  return failed ? nullptr : ast->make<AssertStmt>(rangeFrom(begin), condition, message);
}

const Stmt *Parser::parseBindingOrExpr() {
  uint32_t begin = current().begin;
  const Expr *first = parseExpr();
  if (failed)
    return nullptr;
  if (is(TokenKind::Colon) && llvm::isa<NameExpr>(first) && !atLineBreak()) {
    errorHere("expected the end of the statement, found ':'")
        .help(first->range(),
              "weights are declared with 'param " + first->range().text() + ": f32[…]'; other names need no type");
    return nullptr;
  }
  if (!is(TokenKind::Equal) || atLineBreak())
    return ast->make<ExprStmt>(rangeFrom(begin), first);

  Pattern pattern;
  const auto *index = llvm::dyn_cast<IndexExpr>(first);
  llvm::SmallVector<Name> indices;
  if (index && llvm::isa<NameExpr>(index->base)) {
    for (const Expr *element : index->indices) {
      const auto *name = llvm::dyn_cast<NameExpr>(element);
      if (!name) {
        error(element->range(), "expected the name of an index, found '" + element->range().text() + "'")
            .help(first->range(), "an element cannot be assigned; y[i, j] = … defines a whole tensor by its indices");
        return nullptr;
      }
      indices.push_back({name->name, name->range()});
    }
  } else if (!toPattern(first, pattern)) {
    return nullptr;
  }
  advance();
  const Expr *value = parseExpr();
  if (failed)
    return nullptr;
  if (index) {
    Name target{llvm::cast<NameExpr>(index->base)->name, index->base->range()};
    return ast->make<IndexBindingStmt>(rangeFrom(begin), target, ast->copy<Name>(indices), value);
  }
  if (is(TokenKind::Equal) && !atLineBreak()) {
    errorHere("unexpected second '='").help(rangeOf(current()), "equality is written '=='");
    return nullptr;
  }
  return ast->make<BindingStmt>(rangeFrom(begin), pattern, value);
}

/// Reads an expression in front of '=' as names to bind.
bool Parser::toPattern(const Expr *target, Pattern &pattern) {
  pattern.range = target->range();
  llvm::SmallVector<Name> names;
  auto addName = [&](const Expr *element) {
    const auto *name = llvm::dyn_cast<NameExpr>(element);
    if (!name) {
      error(element->range(), "expected a name before '=', found an expression")
          .help(element->range(), "equality is written '=='");
      return false;
    }
    for (const Name &other : names) {
      if (other.text == name->name && name->name != "_") {
        error(name->range(), "'" + name->name + "' is bound twice");
        return false;
      }
    }
    names.push_back({name->name, name->range()});
    return true;
  };
  if (const auto *tuple = llvm::dyn_cast<TupleExpr>(target)) {
    pattern.isTuple = true;
    if (!llvm::all_of(tuple->elements, addName))
      return false;
  } else if (!addName(target)) {
    return false;
  }
  pattern.names = ast->copy<Name>(names);
  return true;
}

} // namespace cnn::dsl
