// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dsl/ParserState.h"
#include "llvm/ADT/StringSwitch.h"

namespace cnn::dsl {

/// Whether the current token is an operator that goes on with the expression before it.
bool Parser::atOperator() const { return is(TokenKind::Pipe) || (isBinaryOperator(current().kind) && !atLineBreak()); }

Expr *Parser::parseExpr() {
  Deeper deeper(*this);
  if (failed)
    return errorExpr();
  uint32_t begin = current().begin;
  Expr *input = parseBinary(0);
  while (!failed && consume(TokenKind::Pipe)) {
    int64_t inputHeight = height;
    Expr *stage = parsePostfix();
    if (failed)
      break;
    input = ast->make<PipeExpr>(rangeFrom(begin), input, stage);
    growTo(std::max(inputHeight, height) + 1, begin);
    if (!failed && atOperator() && !is(TokenKind::Pipe))
      errorHere("a pipe before " + describe(current().kind) + " needs parentheses")
          .help(rangeFrom(begin),
                "write (" + (rangeFrom(begin).text().contains('\n') ? llvm::StringRef("…") : rangeFrom(begin).text()) +
                    ") " + textOf(current()) + " …");
  }
  return input;
}

namespace {
struct OperatorInfo {
  int precedence;
  BinaryOperator op;
};
} // namespace

// Precedences from loose to tight: or, and, (not), comparison, (range), + -, * / %, (unary -, ^). Those in parentheses
// have functions of their own.
constexpr int comparisonPrecedence = 3;
constexpr int additivePrecedence = 5;

static std::optional<OperatorInfo> operatorInfo(TokenKind kind) {
  switch (kind) {
  case TokenKind::KeywordOr:
    return OperatorInfo{1, BinaryOperator::Or};
  case TokenKind::KeywordAnd:
    return OperatorInfo{2, BinaryOperator::And};
  case TokenKind::EqualEqual:
    return OperatorInfo{comparisonPrecedence, BinaryOperator::Equal};
  case TokenKind::NotEqual:
    return OperatorInfo{comparisonPrecedence, BinaryOperator::NotEqual};
  case TokenKind::Less:
    return OperatorInfo{comparisonPrecedence, BinaryOperator::Less};
  case TokenKind::LessEqual:
    return OperatorInfo{comparisonPrecedence, BinaryOperator::LessEqual};
  case TokenKind::Greater:
    return OperatorInfo{comparisonPrecedence, BinaryOperator::Greater};
  case TokenKind::GreaterEqual:
    return OperatorInfo{comparisonPrecedence, BinaryOperator::GreaterEqual};
  case TokenKind::Plus:
    return OperatorInfo{additivePrecedence, BinaryOperator::Add};
  case TokenKind::Minus:
    return OperatorInfo{additivePrecedence, BinaryOperator::Subtract};
  case TokenKind::Star:
    return OperatorInfo{6, BinaryOperator::Multiply};
  case TokenKind::Slash:
    return OperatorInfo{6, BinaryOperator::Divide};
  case TokenKind::Percent:
    return OperatorInfo{6, BinaryOperator::Remainder};
  default:
    return std::nullopt;
  }
}

Expr *Parser::parseBinary(int minPrecedence) {
  uint32_t begin = current().begin;
  // What binds tighter than all binary operators of this level stands on the left.
  Expr *left = minPrecedence <= comparisonPrecedence && is(TokenKind::KeywordNot) ? parseNot()
               : minPrecedence < additivePrecedence                               ? parseRange()
                                                                                  : parseUnary();
  bool hasComparison = false;
  while (!failed && atOperator()) {
    std::optional<OperatorInfo> info = operatorInfo(current().kind);
    if (!info || info->precedence < minPrecedence)
      break;
    // parseRange has taken what binds tighter than a range.
    if (minPrecedence < additivePrecedence && info->precedence >= additivePrecedence)
      break;
    SourceRange operatorRange = rangeOf(current());
    if (info->precedence == comparisonPrecedence) {
      if (hasComparison) {
        errorHere("comparisons cannot be chained").help(operatorRange, "write a < b and b < c");
        break;
      }
      hasComparison = true;
    }
    advance();
    int64_t leftHeight = height;
    Expr *right = parseBinary(info->precedence + 1);
    if (failed)
      break;
    left = ast->make<BinaryExpr>(rangeFrom(begin), info->op, operatorRange, left, right);
    growTo(std::max(leftHeight, height) + 1, begin);
  }
  return left;
}

Expr *Parser::parseNot() {
  Deeper deeper(*this);
  if (failed)
    return errorExpr();
  uint32_t begin = current().begin;
  advance();
  // `not a == b` is `not (a == b)`.
  Expr *operand = parseBinary(comparisonPrecedence);
  if (failed)
    return operand;
  growTo(height + 1, begin);
  return ast->make<UnaryExpr>(rangeFrom(begin), UnaryOperator::Not, operand);
}

Expr *Parser::parseRange() {
  uint32_t begin = current().begin;
  Expr *first = parseBinary(additivePrecedence);
  if (failed || !is(TokenKind::DotDot) || atLineBreak())
    return first;
  advance();
  int64_t firstHeight = height;
  // `a[1..]`: only an index may lack its end; whoever parses the index takes care of `[..b]`.
  if (is(TokenKind::RightSquare) || is(TokenKind::Comma)) {
    growTo(firstHeight + 1, begin);
    return ast->make<RangeExpr>(rangeFrom(begin), first, nullptr);
  }
  Expr *last = parseBinary(additivePrecedence);
  if (failed)
    return first;
  growTo(std::max(firstHeight, height) + 1, begin);
  if (is(TokenKind::DotDot))
    errorHere("a range has two ends, found a second '..'");
  return ast->make<RangeExpr>(rangeFrom(begin), first, last);
}

Expr *Parser::parseUnary() {
  if (!is(TokenKind::Minus)) {
    uint32_t begin = current().begin;
    Expr *base = parsePostfix();
    if (failed || !is(TokenKind::Caret) || atLineBreak())
      return base;
    // The power binds tighter than a sign on its left, not on its right: -a^-b is -(a^(-b)).
    Deeper deeper(*this);
    if (failed)
      return base;
    SourceRange operatorRange = rangeOf(current());
    advance();
    int64_t baseHeight = height;
    Expr *exponent = parseUnary();
    if (failed)
      return base;
    growTo(std::max(baseHeight, height) + 1, begin);
    return ast->make<BinaryExpr>(rangeFrom(begin), BinaryOperator::Power, operatorRange, base, exponent);
  }
  Deeper deeper(*this);
  if (failed)
    return errorExpr();
  uint32_t begin = current().begin;
  advance();
  Expr *operand = parseUnary();
  if (failed)
    return operand;
  growTo(height + 1, begin);
  return ast->make<UnaryExpr>(rangeFrom(begin), UnaryOperator::Negate, operand);
}

Expr *Parser::parsePostfix() {
  if (failed)
    return errorExpr();
  uint32_t begin = current().begin;
  Expr *base = parsePrimary();
  // A bracket at the start of a line opens something new, even inside other brackets.
  while (!failed && !current().startsLine) {
    if (is(TokenKind::LeftParen)) {
      base = parseCall(base, begin);
    } else if (is(TokenKind::LeftSquare)) {
      base = parseIndex(base, begin);
    } else if (is(TokenKind::Dot)) {
      advance();
      if (!current().isWord()) {
        errorHere("expected a name after '.', found " + found());
        break;
      }
      Name member = nameOf(current());
      advance();
      base = ast->make<MemberExpr>(rangeFrom(begin), base, member);
      growTo(height + 1, begin);
    } else if (is(TokenKind::At)) {
      advance();
      Name name = expectName("a name after '@'");
      if (failed)
        break;
      base = ast->make<PinExpr>(rangeFrom(begin), base, name);
      growTo(height + 1, begin);
    } else {
      break;
    }
  }
  return base;
}

Expr *Parser::parsePrimary() {
  const Token token = current();
  SourceRange range = rangeOf(token);
  llvm::StringRef text = textOf(token);
  height = 0;
  // A line break is no place to stop looking, except where nothing promised that the statement goes on.
  bool lineHasEnded = position > 0 && position != statementStart && atLineBreak() &&
                      (token.isClosing() || !continuesStatement(position));
  switch (lineHasEnded ? TokenKind::EndOfFile : token.kind) {
  case TokenKind::Identifier:
    advance();
    return ast->make<NameExpr>(range, text);
  case TokenKind::Integer:
    advance();
    return ast->make<IntegerExpr>(range, *integerValue(text));
  case TokenKind::Real:
    advance();
    return ast->make<RealExpr>(range, *realValue(text));
  case TokenKind::String:
    advance();
    return ast->make<StringExpr>(range, ast->copy(llvm::StringRef(stringValue(text))));
  case TokenKind::Window:
    advance();
    return ast->make<WindowExpr>(range, ast->copy<int64_t>(*windowValue(text)));
  case TokenKind::KeywordTrue:
  case TokenKind::KeywordOn:
    advance();
    return ast->make<BoolExpr>(range, true);
  case TokenKind::KeywordFalse:
  case TokenKind::KeywordOff:
    advance();
    return ast->make<BoolExpr>(range, false);
  case TokenKind::KeywordIf:
    return parseIf();
  case TokenKind::LeftParen:
    return parseParenthesized();
  case TokenKind::LeftSquare: {
    advance();
    llvm::ArrayRef<const Expr *> elements = parseElements(TokenKind::RightSquare, [&] { return parseElement(); });
    growTo(height + 1, token.begin);
    return ast->make<ListExpr>(rangeFrom(token.begin), elements);
  }
  case TokenKind::LeftBrace: {
    const BlockExpr *block = parseBlock();
    return block ? const_cast<BlockExpr *>(block) : errorExpr();
  }
  case TokenKind::Invalid:
    failed = true;
    return errorExpr();
  default:
    break;
  }

  SourceRange place = range;
  if (position > 0 && (lineHasEnded || token.kind == TokenKind::EndOfFile))
    place = rangeOf(tokens[position - 1]).atEnd();
  Diagnostic &diagnostic =
      error(place, "expected an expression, " + (token.isWord() && place == range
                                                     ? "but '" + text.str() + "' is a reserved word"
                                                     : "found " + found()));
  if (position == statementStart && isBinaryOperator(token.kind))
    diagnostic.help(place, "a statement goes on in the next line where its line ends in the operator");
  if (token.kind == TokenKind::Dot && peek().kind == TokenKind::Integer && peek().begin == token.end)
    diagnostic.help(place, "write 0." + textOf(peek()));
  if (token.kind == TokenKind::KeywordElse)
    diagnostic.help(place, "'else' follows the '}' of an 'if'");
  if (token.kind == TokenKind::At)
    diagnostic.help(place, "'@name' follows the layer that it names: conv(6, 5x5) @conv1");
  return errorExpr();
}

Expr *Parser::parseIf() {
  uint32_t begin = current().begin;
  advance();
  // The condition is closed by '{'; a line break before it would be a mistake, also inside brackets.
  Expr *condition = parseExpr();
  int64_t innerHeight = height;
  if (!failed && is(TokenKind::Equal)) {
    errorHere("expected '{' after the condition, found '='").help(rangeOf(current()), "equality is written '=='");
    return condition;
  }
  if (failed)
    return condition;
  if (!is(TokenKind::LeftBrace)) {
    expect(TokenKind::LeftBrace, "after the condition");
    return condition;
  }
  const BlockExpr *thenBlock = parseBlock();
  innerHeight = std::max(innerHeight, height);
  const BlockExpr *elseBlock = nullptr;
  bool isElseIf = false;
  if (!failed && (isWordText("elif") || isWordText("elsif") || isWordText("elseif"))) {
    errorHere("expected 'else if', found '" + textOf(current()) + "'");
    return condition;
  }
  if (!failed && consume(TokenKind::KeywordElse)) {
    isElseIf = is(TokenKind::KeywordIf);
    if (isElseIf) {
      // Everywhere else an `if` is reached through parseExpr, which counts.
      Deeper deeper(*this);
      uint32_t elseBegin = current().begin;
      const Expr *inner = failed ? nullptr : parseIf();
      if (failed)
        return condition;
      const Stmt *statement = ast->make<ExprStmt>(rangeFrom(elseBegin), inner);
      elseBlock = ast->make<BlockExpr>(rangeFrom(elseBegin), ast->copy<const Stmt *>(statement));
    } else if (is(TokenKind::LeftBrace)) {
      elseBlock = parseBlock();
    } else {
      expect(TokenKind::LeftBrace, "or 'if' after 'else'");
    }
    innerHeight = std::max(innerHeight, height);
  }
  if (failed)
    return condition;
  growTo(innerHeight + 1, begin);
  return ast->make<IfExpr>(rangeFrom(begin), condition, thenBlock, elseBlock, isElseIf);
}

Expr *Parser::parseParenthesized() {
  uint32_t begin = current().begin;
  advance();
  ++openBrackets;
  llvm::SmallVector<const Expr *> elements;
  Expr *only = nullptr;
  bool hasComma = false;
  int64_t innerHeight = 0;
  while (!failed && !is(TokenKind::RightParen)) {
    only = parseElement();
    elements.push_back(only);
    innerHeight = std::max(innerHeight, height);
    if (!failed && is(TokenKind::Equal)) {
      errorHere("expected ',' or ')', found '='").help(rangeOf(current()), "equality is written '=='");
      break;
    }
    if (!failed && !is(TokenKind::RightParen))
      hasComma = expect(TokenKind::Comma, "or ')'") || hasComma;
  }
  expect(TokenKind::RightParen, "");
  --openBrackets;
  if (failed)
    return errorExpr();
  if (elements.size() == 1 && !hasComma && !llvm::isa<SpreadExpr>(only)) {
    only->setOuterRange(rangeFrom(begin));
    height = innerHeight;
    return only;
  }
  growTo(innerHeight + 1, begin);
  return ast->make<TupleExpr>(rangeFrom(begin), ast->copy<const Expr *>(elements));
}

/// The rest of a bracketed list up to and with its closing bracket; the opening one is consumed.
llvm::ArrayRef<const Expr *> Parser::parseElements(TokenKind closing, llvm::function_ref<Expr *()> parseOne) {
  ++openBrackets;
  llvm::SmallVector<const Expr *> elements;
  int64_t innerHeight = 0;
  while (!failed && !is(closing)) {
    elements.push_back(parseOne());
    innerHeight = std::max(innerHeight, height);
    if (!failed && !is(closing))
      expect(TokenKind::Comma, ("or " + describe(closing)).str());
  }
  expect(closing, "");
  --openBrackets;
  height = innerHeight;
  return ast->copy<const Expr *>(elements);
}

/// An expression, or `list...`.
Expr *Parser::parseElement() {
  uint32_t begin = current().begin;
  if (is(TokenKind::Ellipsis)) {
    Expr *anonymous = ast->make<NameExpr>(rangeOf(current()), "_");
    advance();
    height = 1;
    return ast->make<SpreadExpr>(rangeFrom(begin), anonymous);
  }
  Expr *element = parseExpr();
  if (failed || !consume(TokenKind::Ellipsis))
    return element;
  growTo(height + 1, begin);
  return ast->make<SpreadExpr>(rangeFrom(begin), element);
}

/// An index, or a slice `a..b`, `a..`, `..b`, `..`.
Expr *Parser::parseIndexElement() {
  uint32_t begin = current().begin;
  if (!consume(TokenKind::DotDot))
    return parseElement();
  Deeper deeper(*this);
  if (failed)
    return errorExpr();
  height = 0;
  Expr *last = is(TokenKind::RightSquare) || is(TokenKind::Comma) ? nullptr : parseBinary(additivePrecedence);
  growTo(height + 1, begin);
  return ast->make<RangeExpr>(rangeFrom(begin), nullptr, last);
}

Expr *Parser::parseIndex(Expr *base, uint32_t begin) {
  advance();
  int64_t baseHeight = height;
  llvm::ArrayRef<const Expr *> indices = parseElements(TokenKind::RightSquare, [&] { return parseIndexElement(); });
  if (failed)
    return base;
  if (indices.empty()) {
    error(rangeOf(tokens[position - 1]), "expected an index, found ']'");
    return base;
  }
  growTo(std::max(baseHeight, height) + 1, begin);
  return ast->make<IndexExpr>(rangeFrom(begin), base, indices);
}

Expr *Parser::parseCall(Expr *callee, uint32_t begin) {
  advance();
  ++openBrackets;
  int64_t innerHeight = height;
  llvm::SmallVector<Argument> arguments;
  while (!failed && !is(TokenKind::RightParen)) {
    Argument argument = parseArgument();
    innerHeight = std::max(innerHeight, height);
    if (failed)
      break;
    if (!argument.keyword && !arguments.empty() && arguments.back().keyword) {
      error(argument.range, "a positional argument must stand before those with a name")
          .note(arguments.back().range, "this argument has a name");
      break;
    }
    for (const Argument &other : arguments) {
      if (argument.keyword && other.keyword.text == argument.keyword.text) {
        error(argument.keyword.range, "the argument '" + argument.keyword.text + "' is given twice")
            .note(other.keyword.range, "first given here");
        break;
      }
    }
    arguments.push_back(argument);
    if (!failed && !is(TokenKind::RightParen)) {
      if (is(TokenKind::Colon) && llvm::isa<NameExpr>(argument.value))
        errorHere("expected ',' or ')', found ':'")
            .help(argument.range, "an argument with a name is written '" + argument.range.text() + " = value'");
      else
        expect(TokenKind::Comma, "or ')' after an argument");
    }
  }
  expect(TokenKind::RightParen, "");
  --openBrackets;
  if (failed)
    return callee;
  growTo(innerHeight + 1, begin);
  return ast->make<CallExpr>(rangeFrom(begin), callee, ast->copy<Argument>(arguments));
}

Argument Parser::parseArgument() {
  Argument argument;
  uint32_t begin = current().begin;
  if (current().isWord() && peek().kind == TokenKind::Equal) {
    argument.keyword = nameOf(current());
    advance();
    advance();
    argument.value = parseExpr();
  } else {
    argument.value = parseElement();
  }
  argument.range = rangeFrom(begin);
  return argument;
}

const TypeExpr *Parser::parseType() {
  if (failed)
    return nullptr;
  auto *type = ast->make<TypeExpr>();
  uint32_t begin = current().begin;
  if (is(TokenKind::Identifier) && !atLineBreak()) {
    type->element = nameOf(current());
    advance();
  } else if (!is(TokenKind::LeftSquare)) {
    bool isValue = is(TokenKind::String) || is(TokenKind::Integer) || is(TokenKind::Real) || is(TokenKind::Window);
    Diagnostic &diagnostic = errorHere("expected a type, such as f32[C, H, W], found " + found());
    if (isValue)
      diagnostic.help(rangeOf(current()), "a value is given with '='");
    return type;
  }
  if (is(TokenKind::LeftSquare) && !atLineBreak()) {
    advance();
    type->hasDims = true;
    type->dims = parseElements(TokenKind::RightSquare, [&] { return parseElement(); });
  }
  type->range = rangeFrom(begin);
  return type;
}

} // namespace cnn::dsl
