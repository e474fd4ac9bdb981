// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dsl/Parser.h"
#include "dsl/ParserState.h"
#include "llvm/ADT/STLExtras.h"

namespace cnn::dsl {

bool Parser::consume(TokenKind kind) {
  if (!is(kind))
    return false;
  advance();
  return true;
}

/// The current token for a message: "'foo'", "a string", "the end of the line".
std::string Parser::found() const {
  if (is(TokenKind::EndOfFile))
    return "the end of the file";
  if (atLineBreak() && position > 0 && position != statementStart)
    return "the end of the line";
  if (current().isWord() || is(TokenKind::Integer) || is(TokenKind::Real) || is(TokenKind::Window))
    return ("'" + textOf(current()) + "'").str();
  return describe(current().kind).str();
}

Diagnostic &Parser::error(SourceRange range, const llvm::Twine &message) {
  failed = true;
  ++errors;
  return diagnostics.error(range, message);
}

Diagnostic &Parser::errorHere(const llvm::Twine &message) {
  if (!is(TokenKind::Invalid))
    return error(rangeOf(current()), message);
  failed = true;
  return ignored;
}

/// Reports what was expected at the current token; where the line ended too early, just behind its last token.
/// `context` completes the sentence: "to close the arguments".
bool Parser::expect(TokenKind kind, llvm::StringRef context) {
  if (failed)
    return false;
  if (consume(kind))
    return true;
  std::string message = ("expected " + describe(kind) + (context.empty() ? "" : " ") + context + ", found ").str();
  if ((atLineBreak() || is(TokenKind::EndOfFile)) && position > 0)
    error(rangeOf(tokens[position - 1]).atEnd(), message + found());
  else
    errorHere(message + found());
  return false;
}

Name Parser::expectName(llvm::StringRef what) {
  if (failed)
    return {};
  if (is(TokenKind::Identifier) && !atLineBreak()) {
    Name name = nameOf(current());
    advance();
    return name;
  }
  if (atLineBreak() && position > 0) {
    error(rangeOf(tokens[position - 1]).atEnd(), "expected " + what + ", found " + found());
  } else if (current().isWord()) {
    errorHere("expected " + what + ", but '" + textOf(current()) + "' is a reserved word");
  } else {
    errorHere("expected " + what + ", found " + found());
  }
  return {};
}

/// Whether the token, which starts a line, goes on with the statement of the line before.
bool Parser::continuesStatement(size_t index) const {
  const Token &previous = tokens[index - 1];
  return tokens[index].kind == TokenKind::Pipe || tokens[index].kind == TokenKind::KeywordElse ||
         isBinaryOperator(previous.kind) || previous.kind == TokenKind::Comma || previous.kind == TokenKind::KeywordNot;
}

/// After an error: moves to the end of the statement or entry that starts at token `start`.
void Parser::skipStatement(size_t start) {
  size_t index = start;
  while (tokens[index].kind != TokenKind::EndOfFile && !tokens[index].isClosing()) {
    if (index > position || (index == position && index > start)) {
      if (tokens[index].kind == TokenKind::Semicolon || (tokens[index].startsLine && !continuesStatement(index)))
        break;
    }
    index = tokens[index].isOpening() ? brackets.partner[index] + 1 : index + 1;
  }
  position = std::max(index, start);
  failed = false;
}

/// The statement or entry that starts at token `start` should end here, but does not. What follows often tells which
/// other language the user has in mind.
void Parser::reportRestOfStatement(size_t start, llvm::StringRef what) {
  const Token &previous = tokens[position - 1];
  llvm::StringRef previousText = textOf(previous);
  bool isSecondWord = position - 1 == start && previous.kind == TokenKind::Identifier && current().isWord();
  if (isSecondWord && llvm::is_contained({"let", "var", "val", "def", "auto"}, previousText)) {
    error(rangeOf(previous), "unexpected '" + previousText + "'")
        .help(rangeOf(previous), "a name is bound by 'name = value' alone");
  } else if (isSecondWord && previousText == "return") {
    error(rangeOf(previous), "unexpected 'return'")
        .help(rangeOf(previous), "the value of a body is its last expression");
  } else if (previousText == "slide" && current().isWord()) {
    error(rangeOf(previous), "'slide … over …' is not supported yet");
  } else if (is(TokenKind::Comma)) {
    errorHere("unexpected ',' after the " + what)
        .help(rangeOf(current()), "one line holds one " + what + "; ';' separates several");
  } else {
    errorHere("expected the end of the " + what + ", found " + found());
  }
}

/// After a statement or entry: it must end here. Recovers from an error in it as well.
bool Parser::endStatement(size_t start, llvm::StringRef what) {
  bool hasEnded = current().startsLine || is(TokenKind::Semicolon) || is(TokenKind::RightBrace);
  if (!failed && !hasEnded && !is(TokenKind::EndOfFile))
    reportRestOfStatement(start, what);
  bool wasFine = !failed;
  if (failed)
    skipStatement(start);
  consume(TokenKind::Semicolon);
  return wasFine;
}

void Parser::growTo(int64_t newHeight, uint32_t begin) {
  height = newHeight;
  if (height <= maxHeight || failed)
    return;
  // The tree is dropped, and what is around it starts anew.
  height = 0;
  SourceRange range = rangeFrom(begin);
  reportHeight(range, "this expression has more than " + llvm::Twine(maxHeight) + " operations in a row")
      .help(range, "give names to parts of it");
}

/// Once for a declaration: what is too high is too high in several ways.
Diagnostic &Parser::reportHeight(SourceRange range, const llvm::Twine &message) {
  failed = true;
  if (hasReportedHeight)
    return ignored;
  hasReportedHeight = true;
  return error(range, message);
}

std::unique_ptr<FileAst> Parser::run() {
  LexedFile lexed = lex(source, diagnostics);
  tokens = std::move(lexed.tokens);
  ast->comments = ast->copy<Comment>(lexed.comments);
  brackets = matchBrackets(source, tokens, diagnostics);

  llvm::SmallVector<const Decl *> declarations;
  auto broken = brackets.broken.begin();
  while (!is(TokenKind::EndOfFile) && errors < DiagnosticEngine::maxErrors) {
    while (broken != brackets.broken.end() && broken->second <= position)
      ++broken;
    if (broken != brackets.broken.end() && broken->first <= position) {
      position = broken->second;
      continue;
    }
    parseDeclaration(declarations);
  }
  ast->declarations = ast->copy<const Decl *>(declarations);
  return std::move(ast);
}

std::unique_ptr<FileAst> parse(const SourceFile &source, DiagnosticEngine &diagnostics) {
  return Parser(source, diagnostics).run();
}

} // namespace cnn::dsl
