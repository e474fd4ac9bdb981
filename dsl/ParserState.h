// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The parser as a class, private to the Parse*.cpp files.
//
// A recursive-descent parser with one token of look-ahead.
//
// Errors. The first error in a statement or entry is reported, then parsing goes on behind its end; a declaration
// with an error in its head is left out as a whole. As brackets are matched beforehand (Brackets.h), the end of a
// statement is found by hopping over brackets to the next line, wherever inside the error was; so one mistake gives one
// error. While `failed` is set, parse functions return at once with an ErrorExpr.
//
// Line ends. A statement ends at the end of its line, unless a bracket is open, the line ends in an operator or the
// next one begins with '|>'. The tokens carry the line ends; `openBrackets` counts the round and square brackets
// around the current token, and is 0 again inside a block.
//
// Depth. Later stages walk the tree recursively, so its height is bounded: by `depth` on the way down, and by `height`,
// that of the node parsed last, for the trees that grow to the left (a + b + c + …) without recursion here.
#pragma once

#include "dsl/Brackets.h"
#include "dsl/Lexer.h"
#include "dsl/Parser.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/SmallVector.h"

namespace cnn::dsl {

class Parser {
public:
  Parser(const SourceFile &source, DiagnosticEngine &diagnostics)
      : source(source), diagnostics(diagnostics), ast(std::make_unique<FileAst>(source)) {}
  std::unique_ptr<FileAst> run();

private:
  /// Of the tree.
  static constexpr int64_t maxHeight = 256;

  // Tokens.
  const Token &current() const { return tokens[position]; }
  const Token &peek(size_t distance = 1) const { return tokens[std::min(position + distance, tokens.size() - 1)]; }
  bool is(TokenKind kind) const { return current().kind == kind; }
  llvm::StringRef textOf(const Token &token) const { return source.text().slice(token.begin, token.end); }
  SourceRange rangeOf(const Token &token) const { return source.range(token.begin, token.end); }
  Name nameOf(const Token &token) const { return {textOf(token), rangeOf(token)}; }
  SourceRange rangeFrom(uint32_t begin) const {
    return source.range(begin, position > 0 ? std::max(begin, tokens[position - 1].end) : begin);
  }
  void advance() {
    if (!is(TokenKind::EndOfFile))
      ++position;
  }
  bool consume(TokenKind kind);
  bool expect(TokenKind kind, llvm::StringRef context);
  bool isWordText(llvm::StringRef text) const { return current().isWord() && textOf(current()) == text; }
  Name expectName(llvm::StringRef what);
  /// The current token starts a line at which the statement may end.
  bool atLineBreak() const { return current().startsLine && openBrackets == 0; }
  std::string found() const;

  // Errors and recovery.
  Diagnostic &error(SourceRange range, const llvm::Twine &message);
  /// An error at the current token; nothing is said about a token that the lexer has complained of.
  Diagnostic &errorHere(const llvm::Twine &message);
  Expr *errorExpr() { return ast->make<ErrorExpr>(rangeOf(current())); }
  void skipStatement(size_t start);
  bool continuesStatement(size_t index) const;
  void reportRestOfStatement(size_t start, llvm::StringRef what);
  bool endStatement(size_t start, llvm::StringRef what);

  // Height of the tree.
  class Deeper {
  public:
    explicit Deeper(Parser &parser) : parser(parser) {
      if (++parser.depth > maxHeight && !parser.failed)
        parser.reportHeight(parser.rangeOf(parser.current()),
                            "this is nested more than " + llvm::Twine(maxHeight) + " levels deep");
    }
    ~Deeper() { --parser.depth; }

  private:
    Parser &parser;
  };
  void growTo(int64_t newHeight, uint32_t begin);
  Diagnostic &reportHeight(SourceRange range, const llvm::Twine &message);

  // Declarations.
  void parseDeclaration(llvm::SmallVectorImpl<const Decl *> &declarations);
  const Decl *parseImport();
  const Decl *parseConst();
  const Decl *parseModel(ModelKind kind);
  const Decl *parseData();
  const Decl *parseTrain();
  const Decl *parseLater();
  void reportNoDeclaration();
  llvm::ArrayRef<Parameter> parseParameters(bool areInputs);
  Parameter parseParameter();
  llvm::ArrayRef<Parameter> parseResults();
  llvm::ArrayRef<Entry> parseEntries();
  Entry parseEntry();

  // Statements.
  const BlockExpr *parseBlock();
  const Stmt *parseStatement();
  const Stmt *parseFor();
  const Stmt *parseParam();
  const Stmt *parseAssert();
  const Stmt *parseBindingOrExpr();
  bool toPattern(const Expr *target, Pattern &pattern);
  Pattern parseLoopVariable();

  // Expressions.
  Expr *parseExpr();
  Expr *parseBinary(int minPrecedence);
  Expr *parseNot();
  Expr *parseRange();
  Expr *parseUnary();
  Expr *parsePostfix();
  Expr *parsePrimary();
  Expr *parseIf();
  Expr *parseParenthesized();
  Expr *parseCall(Expr *callee, uint32_t begin);
  Expr *parseIndex(Expr *base, uint32_t begin);
  Argument parseArgument();
  Expr *parseElement();
  Expr *parseIndexElement();
  llvm::ArrayRef<const Expr *> parseElements(TokenKind closing, llvm::function_ref<Expr *()> parseOne);
  const TypeExpr *parseType();
  bool atOperator() const;

  const SourceFile &source;
  DiagnosticEngine &diagnostics;
  std::unique_ptr<FileAst> ast;
  std::vector<Token> tokens;
  BracketMap brackets;
  size_t position = 0;
  /// The first token of the statement that was begun last.
  size_t statementStart = 0;
  int64_t openBrackets = 0;
  bool failed = false;
  bool hasReportedHeight = false;
  /// Takes the notes to errors that are not reported.
  Diagnostic ignored;
  int64_t depth = 0;
  int64_t height = 0;
  int64_t errors = 0;
};

} // namespace cnn::dsl
