// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The formatter as a class, private to the Format*.cpp files.
//
// Comments belong to no node of the tree. They are taken from the file's list, in order, whenever the formatter comes
// to an anchor behind them: a declaration, statement, entry, or element of a bracketed list, or a stage of a pipe. A
// comment that is inside an anchor but before none of its inner anchors moves before the anchor; so none is lost.
#pragma once

#include "dsl/Format.h"
#include "dsl/Layout.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/SmallVector.h"
#include <functional>

namespace cnn::dsl {

/// How tight the operators bind; a percentage binds loosest, because it is read as one only before a closing bracket
/// or separator.
enum Precedence {
  AnyPrecedence,
  PipePrecedence,
  OrPrecedence,
  AndPrecedence,
  NotPrecedence,
  ComparisonPrecedence,
  RangePrecedence,
  AdditivePrecedence,
  MultiplicativePrecedence,
  UnaryPrecedence,
  PowerPrecedence,
  PostfixPrecedence,
  PrimaryPrecedence,
};

class Formatter {
public:
  explicit Formatter(const FileAst &ast) : ast(ast), source(ast.source), layout(maxColumns) {}
  std::string run();

private:
  static constexpr int64_t maxColumns = 120;
  static constexpr int64_t indentation = 2;
  using Pieces = llvm::SmallVector<Piece>;

  // Pieces of text.
  Piece text(llvm::StringRef spelling) { return layout.text(spelling); }
  Piece text(SourceRange range) { return layout.text(range.text()); }
  Piece concat(llvm::ArrayRef<Piece> parts) { return layout.concat(parts); }
  Piece nothing() { return layout.concat({}); }
  int64_t lineOf(uint32_t offset) const { return source.position(offset).line; }
  bool hasLineBreak(uint32_t begin, uint32_t end) const { return source.text().slice(begin, end).contains('\n'); }

  // Comments.
  bool hasCommentBefore(uint32_t offset) const {
    return nextComment < ast.comments.size() && ast.comments[nextComment].range.begin < offset;
  }
  Piece ownLineComments(uint32_t before, int64_t &previousLine);
  Piece trailingComment(uint32_t end, int64_t *lastLine = nullptr);
  Piece anchored(SourceRange range, llvm::function_ref<Piece()> build);

  // Sequences of lines: declarations, statements, entries.
  struct Row {
    SourceRange range;
    Piece piece;
  };
  Piece rows(llvm::ArrayRef<SourceRange> ranges, uint32_t begin, uint32_t end, llvm::function_ref<Piece(size_t)> build);
  Piece braces(Piece openingComment, Piece content, bool isEmpty);
  bool isOpenedUp(SourceRange block) const;

  // Bracketed lists.
  struct Element {
    SourceRange range;
    std::function<Piece()> build;
  };
  Piece bracketed(llvm::StringRef open, llvm::ArrayRef<Element> elements, llvm::StringRef close, uint32_t begin,
                  uint32_t end, bool isFilled = false, bool isOneTuple = false);
  Piece expressions(llvm::StringRef open, llvm::ArrayRef<const Expr *> elements, llvm::StringRef close, uint32_t begin,
                    uint32_t end);

  Piece declaration(const Decl *decl);
  Piece later(const LaterDecl *decl);
  Piece parameters(llvm::ArrayRef<Parameter> list, uint32_t begin, uint32_t end);
  Piece parameter(const Parameter &parameter);
  std::vector<int64_t> alignEntries(llvm::ArrayRef<Entry> entries);
  Piece entryBlock(llvm::ArrayRef<Entry> entries, SourceRange braces);
  Piece entryHead(const Entry &entry);
  Piece entry(const Entry &entry, Piece padding);
  Piece block(const BlockExpr *block);
  Piece statement(const Stmt *stmt, Piece blockGroup, llvm::ArrayRef<int64_t> stageColumns);
  Piece bindingHead(const Stmt *stmt);
  struct PipeRow {
    /// What stands before the first '|>'.
    std::string start;
    llvm::SmallVector<int64_t> columns;
  };
  std::optional<PipeRow> pipeRow(const Stmt *stmt);
  bool areConsecutive(SourceRange first, SourceRange second) const;
  std::vector<llvm::SmallVector<int64_t>> alignPipes(llvm::ArrayRef<const Stmt *> statements);

  Piece expr(const Expr *expr, int minPrecedence = AnyPrecedence, bool isTight = false);
  Piece bareExpr(const Expr *expr, bool isTight);
  Piece binary(const BinaryExpr *expr, bool isTight);
  Piece ifContent(const IfExpr *conditional, bool &forceBreak);
  Piece pipe(const PipeExpr *pipe, Piece blockGroup, llvm::ArrayRef<int64_t> stageColumns);
  Piece type(const TypeExpr *type);
  Piece pattern(const Pattern &pattern);

  /// The range from the first '{' behind `offset` to the end of the declaration or entry.
  SourceRange bracesFrom(uint32_t offset, SourceRange whole) const;
  uint32_t find(char bracket, uint32_t offset) const;

  const FileAst &ast;
  const SourceFile &source;
  Layout layout;
  size_t nextComment = 0;
  /// Blocks around the current statement.
  int64_t nesting = 0;
};

/// Takes a pipe apart: gives its first input, and all pipes from the inner to the outer one, for their stages. Pipes in
/// parentheses stay whole.
const Expr *stagesOf(const PipeExpr *pipe, llvm::SmallVectorImpl<const PipeExpr *> &stages);

} // namespace cnn::dsl
