// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dsl/Brackets.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSwitch.h"

namespace cnn::dsl {

bool startsDeclaration(const SourceFile &source, const std::vector<Token> &tokens, size_t index) {
  const Token &token = tokens[index];
  if (token.kind != TokenKind::Identifier || !token.startsLine || index + 2 >= tokens.size())
    return false;
  bool isKeyword =
      llvm::StringSwitch<bool>(source.text().slice(token.begin, token.end))
          .Cases({"import", "const", "net", "module", "fn", "data", "train", "preprocess", "quantize"}, true)
          .Default(false);
  const Token &second = tokens[index + 1];
  if (!isKeyword || second.startsLine)
    return false;
  return second.kind == TokenKind::Identifier || second.kind == TokenKind::String;
}

static TokenKind closingFor(TokenKind opening) {
  switch (opening) {
  case TokenKind::LeftParen:
    return TokenKind::RightParen;
  case TokenKind::LeftSquare:
    return TokenKind::RightSquare;
  default:
    return TokenKind::RightBrace;
  }
}

namespace {

class BracketMatcher {
public:
  BracketMatcher(const SourceFile &source, const std::vector<Token> &tokens, DiagnosticEngine &diagnostics)
      : source(source), tokens(tokens), diagnostics(diagnostics) {}
  BracketMap run();

private:
  SourceRange rangeOf(uint32_t index) const { return source.range(tokens[index].begin, tokens[index].end); }
  bool isUnindented(const Token &token) const { return token.begin == 0 || source.text()[token.begin - 1] == '\n'; }
  int64_t indentOfLine(uint32_t index) const;
  void close(uint32_t index);
  void reportOpen(uint32_t index);
  void finishDeclaration(uint32_t next);

  const SourceFile &source;
  const std::vector<Token> &tokens;
  DiagnosticEngine &diagnostics;
  BracketMap result;
  std::vector<uint32_t> open;
  uint32_t declarationStart = 0;
  bool isBroken = false;
};

} // namespace

int64_t BracketMatcher::indentOfLine(uint32_t index) const {
  llvm::StringRef line = source.lineText(source.position(tokens[index].begin).line);
  return static_cast<int64_t>(line.size() - line.ltrim(" \t").size());
}

void BracketMatcher::reportOpen(uint32_t index) {
  // Where an inner '}' is missing, the ones behind it are taken for it, and it is the outermost '{' that stays open.
  // The indentation tells: the first block whose '}' stands further left than the line of its '{'.
  if (tokens[index].kind == TokenKind::LeftBrace) {
    for (uint32_t inner = index + 1; inner < tokens.size(); ++inner) {
      uint32_t closing = result.partner[inner];
      if (tokens[inner].kind == TokenKind::LeftBrace && closing > inner && tokens[closing].startsLine &&
          indentOfLine(closing) < indentOfLine(inner)) {
        index = inner;
        break;
      }
    }
  }
  diagnostics.error(rangeOf(index), describe(tokens[index].kind) + " is never closed");
  isBroken = true;
}

void BracketMatcher::close(uint32_t index) {
  // After the first wrong bracket of a declaration what follows cannot be trusted.
  if (isBroken)
    return;
  auto isPartner = [&](uint32_t opening) { return closingFor(tokens[opening].kind) == tokens[index].kind; };
  if (!open.empty() && isPartner(open.back())) {
    result.partner[index] = open.back();
    result.partner[open.back()] = index;
    open.pop_back();
    return;
  }
  isBroken = true;
  if (open.empty() || (tokens[open.back()].kind == TokenKind::LeftBrace && llvm::none_of(open, isPartner))) {
    diagnostics.error(rangeOf(index), describe(tokens[index].kind) + " without an opening bracket");
    return;
  }
  // `{ f(x }`: the '(' is wrong if the '{' further out fits; else it is this one.
  if (llvm::any_of(open, isPartner)) {
    diagnostics.error(rangeOf(open.back()), describe(tokens[open.back()].kind) + " is never closed")
        .note(rangeOf(index), describe(tokens[index].kind) + " closes a bracket further out");
    return;
  }
  diagnostics
      .error(rangeOf(index),
             "expected " + describe(closingFor(tokens[open.back()].kind)) + ", found " + describe(tokens[index].kind))
      .note(rangeOf(open.back()), "to close this " + describe(tokens[open.back()].kind));
}

void BracketMatcher::finishDeclaration(uint32_t next) {
  if (!open.empty() && !isBroken)
    reportOpen(open.back());
  if (isBroken)
    result.broken.emplace_back(declarationStart, next);
  open.clear();
  isBroken = false;
  declarationStart = next;
}

BracketMap BracketMatcher::run() {
  result.partner.resize(tokens.size());
  for (uint32_t i = 0; i < tokens.size(); ++i) {
    const Token &token = tokens[i];
    if (token.startsLine && isUnindented(token) && startsDeclaration(source, tokens, i))
      finishDeclaration(i);
    // A string that is not closed, and a comment of another language, may have swallowed brackets.
    llvm::StringRef text = source.text().slice(token.begin, token.end);
    if (token.kind == TokenKind::Invalid && (text.starts_with("\"") || text.starts_with("/")))
      isBroken = true;
    if (token.isOpening())
      open.push_back(i);
    else if (token.isClosing())
      close(i);
  }
  // The end-of-file token belongs to no declaration.
  finishDeclaration(static_cast<uint32_t>(tokens.size()) - 1);
  return std::move(result);
}

BracketMap matchBrackets(const SourceFile &source, const std::vector<Token> &tokens, DiagnosticEngine &diagnostics) {
  return BracketMatcher(source, tokens, diagnostics).run();
}

} // namespace cnn::dsl
