// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dsl/Format.h"
#include "dsl/Formatter.h"
#include "llvm/ADT/STLExtras.h"

namespace cnn::dsl {

//===----------------------------------------------- Comments -----------------------------------------------------===//

/// All comments that begin before an offset, each on a line of its own and followed by a line break. `previousLine` is
/// the line on which the text before them ended; blank lines in between are kept.
Piece Formatter::ownLineComments(uint32_t before, int64_t &previousLine) {
  Pieces parts;
  while (hasCommentBefore(before)) {
    SourceRange range = ast.comments[nextComment++].range;
    int64_t line = lineOf(range.begin);
    if (!parts.empty())
      parts.push_back(line > previousLine + 1 ? layout.blankLine() : layout.hardLine());
    parts.push_back(layout.comment(range.text()));
    previousLine = line;
  }
  return concat(parts);
}

/// The comment behind a node that ends at `end`, on the same line, with nothing but separators between.
Piece Formatter::trailingComment(uint32_t end, int64_t *lastLine) {
  if (nextComment >= ast.comments.size())
    return nothing();
  const Comment &comment = ast.comments[nextComment];
  if (comment.ownsLine || comment.range.begin < end)
    return nothing();
  llvm::StringRef between = source.text().slice(end, comment.range.begin);
  if (between.find_first_not_of(" \t,;") != llvm::StringRef::npos)
    return nothing();
  ++nextComment;
  if (lastLine)
    *lastLine = lineOf(comment.range.begin);
  return layout.lineEnd("  " + comment.range.text().str());
}

Piece Formatter::anchored(SourceRange range, llvm::function_ref<Piece()> build) {
  Pieces parts;
  int64_t previousLine = 0;
  auto addComments = [&](uint32_t before) {
    if (!hasCommentBefore(before))
      return;
    parts.push_back(ownLineComments(before, previousLine));
    parts.push_back(layout.hardLine());
  };
  addComments(range.begin);
  Piece inner = build();
  addComments(range.end);
  parts.push_back(inner);
  parts.push_back(trailingComment(range.end));
  return concat(parts);
}

//===---------------------------------------- Rows and bracketed lists --------------------------------------------===//

/// Rows with their comments, separated as the user did: by a line break, or a blank line. In a flat group a row ends
/// in ';'.
Piece Formatter::rows(llvm::ArrayRef<SourceRange> ranges, uint32_t begin, uint32_t end,
                      llvm::function_ref<Piece(size_t)> build) {
  Pieces parts;
  int64_t previousLine = lineOf(begin);
  bool isFirst = true;
  auto separate = [&](int64_t line) {
    if (!isFirst)
      parts.push_back(line > previousLine + 1 ? layout.blankLine() : layout.hardLine());
    isFirst = false;
  };
  auto addComments = [&](uint32_t before) {
    if (!hasCommentBefore(before))
      return;
    separate(lineOf(ast.comments[nextComment].range.begin));
    parts.push_back(ownLineComments(before, previousLine));
  };
  for (auto [index, range] : llvm::enumerate(ranges)) {
    addComments(range.begin);
    int64_t line = lineOf(range.begin);
    // Comments inside the row that belong to none of its parts come before it.
    int64_t lineBefore = previousLine;
    Piece row = build(index);
    if (hasCommentBefore(range.end)) {
      separate(line);
      parts.push_back(ownLineComments(range.end, previousLine));
      parts.push_back(layout.hardLine());
      parts.push_back(row);
    } else if (isFirst) {
      parts.push_back(row);
    } else if (line > lineBefore + 1) {
      parts.push_back(layout.blankLine());
      parts.push_back(row);
    } else {
      parts.push_back(layout.ifBroken("", ";"));
      parts.push_back(layout.line());
      parts.push_back(row);
    }
    isFirst = false;
    previousLine = lineOf(range.end);
    parts.push_back(trailingComment(range.end, &previousLine));
  }
  addComments(end);
  return concat(parts);
}

bool Formatter::isOpenedUp(SourceRange block) const {
  llvm::StringRef inside = source.text().slice(block.begin + 1, block.end);
  return inside.take_while([](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }).contains('\n');
}

/// `{ content }`, without a group of its own. The comment stands behind the '{', except in an empty block, whose
/// comments are all content.
Piece Formatter::braces(Piece openingComment, Piece content, bool isEmpty) {
  if (isEmpty)
    return text("{}");
  return concat({text("{"), openingComment, layout.nest(indentation, concat({layout.line(), content})), layout.line(),
                 text("}")});
}

/// A list in brackets. `begin` is where the text before it ends, `end` the closing bracket. A filled list has several
/// elements on a line; the comma of a tuple of one is always there.
Piece Formatter::bracketed(llvm::StringRef open, llvm::ArrayRef<Element> elements, llvm::StringRef close,
                           uint32_t begin, uint32_t end, bool isFilled, bool isOneTuple) {
  Pieces parts;
  // With comments, each element has a line of its own.
  isFilled &= !hasCommentBefore(end);
  bool isOpenedUp = !elements.empty() && hasLineBreak(begin, elements.front().range.begin);
  // A comment right behind the bracket stays there.
  Piece openingComment = elements.empty() ? nothing() : trailingComment(find(open[0], begin) + 1);
  for (const Element &element : elements) {
    bool isLast = &element == &elements.back();
    Piece piece = anchored(element.range, element.build);
    if (&element == &elements.front())
      parts.push_back(piece);
    else if (isFilled)
      parts.push_back(layout.group(concat({layout.line(), piece})));
    else
      parts.push_back(concat({layout.line(), piece}));
    parts.push_back(isLast ? layout.ifBroken(",", isOneTuple ? "," : "") : text(","));
  }
  int64_t previousLine = 0;
  if (hasCommentBefore(end)) {
    if (!elements.empty())
      parts.push_back(layout.hardLine());
    parts.push_back(ownLineComments(end, previousLine));
  } else if (elements.empty()) {
    return concat({text(open), text(close)});
  }
  return layout.group(
      concat({text(open), openingComment, layout.nest(indentation, concat({layout.softLine(), concat(parts)})),
              layout.softLine(), text(close)}),
      isOpenedUp);
}

static bool isLiteral(const Expr *expr) {
  if (const auto *unary = llvm::dyn_cast<UnaryExpr>(expr))
    return isLiteral(unary->operand);
  return llvm::isa<IntegerExpr, RealExpr, StringExpr, BoolExpr, WindowExpr>(expr);
}

Piece Formatter::expressions(llvm::StringRef open, llvm::ArrayRef<const Expr *> elements, llvm::StringRef close,
                             uint32_t begin, uint32_t end) {
  std::vector<Element> list;
  for (const Expr *element : elements)
    list.push_back({element->outerRange(), [this, element] { return expr(element); }});
  bool isOneTuple = open == "(" && elements.size() == 1;
  return bracketed(open, list, close, begin, end, llvm::all_of(elements, isLiteral), isOneTuple);
}

/// The first such bracket behind an offset; comments are passed over.
uint32_t Formatter::find(char bracket, uint32_t offset) const {
  llvm::StringRef contents = source.text();
  while (offset < contents.size() && contents[offset] != bracket) {
    if (contents[offset] == '#')
      offset = static_cast<uint32_t>(std::min(contents.find('\n', offset), contents.size()));
    else
      ++offset;
  }
  return offset;
}

std::string Formatter::run() {
  std::vector<SourceRange> ranges;
  for (const Decl *decl : ast.declarations)
    ranges.push_back(decl->range());
  auto end = static_cast<uint32_t>(source.text().size()) + 1;
  Piece all = rows(ranges, 0, end, [&](size_t index) { return declaration(ast.declarations[index]); });
  return layout.print(all);
}

std::string format(const FileAst &ast) { return Formatter(ast).run(); }

} // namespace cnn::dsl
