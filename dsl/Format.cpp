// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Comments belong to no node of the tree. They are taken from the file's list, in order, whenever the formatter comes
// to an anchor behind them: a declaration, statement, entry, or element of a bracketed list, or a stage of a pipe. A
// comment that is inside an anchor but before none of its inner anchors moves before the anchor; so none is lost.
#include "dsl/Format.h"
#include "dsl/Layout.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/TypeSwitch.h"

namespace cnn::dsl {

namespace {

constexpr int64_t maxColumns = 120;
constexpr int64_t indentation = 2;

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
  Piece rows(llvm::ArrayRef<SourceRange> ranges, uint32_t begin, uint32_t end,
             llvm::function_ref<Piece(size_t)> build);
  Piece braces(Piece openingComment, Piece content, bool isEmpty);
  bool isOpenedUp(SourceRange block) const;

  // Bracketed lists.
  struct Element {
    SourceRange range;
    std::function<Piece()> build;
  };
  Piece bracketed(llvm::StringRef open, llvm::ArrayRef<Element> elements, llvm::StringRef close, uint32_t begin,
                  uint32_t end, bool isFilled = false, bool isOneTuple = false);
  Piece expressions(llvm::StringRef open, llvm::ArrayRef<const Expr *> elements, llvm::StringRef close,
                    uint32_t begin, uint32_t end);

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

} // namespace

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
  return concat({text("{"), openingComment, layout.nest(indentation, concat({layout.line(), content})), layout.line(), text("}")});
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
  return layout.group(concat({text(open), openingComment,
                              layout.nest(indentation, concat({layout.softLine(), concat(parts)})),
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

//===--------------------------------------------- Declarations ---------------------------------------------------===//

std::string Formatter::run() {
  std::vector<SourceRange> ranges;
  for (const Decl *decl : ast.declarations)
    ranges.push_back(decl->range());
  auto end = static_cast<uint32_t>(source.text().size()) + 1;
  Piece all = rows(ranges, 0, end, [&](size_t index) { return declaration(ast.declarations[index]); });
  return layout.print(all);
}

Piece Formatter::declaration(const Decl *decl) {
  return llvm::TypeSwitch<const Decl *, Piece>(decl)
      .Case([&](const ImportDecl *import) { return concat({text("import "), text(import->path->range())}); })
      .Case([&](const ConstDecl *constant) {
        return concat({text("const "), text(constant->name.text), text(" = "), expr(constant->value)});
      })
      .Case([&](const ModelDecl *model) {
        Pieces parts = {text(spelling(model->modelKind)), text(" "), text(model->name.text)};
        uint32_t end = model->name.range.end;
        auto addList = [&](llvm::ArrayRef<Parameter> list) {
          uint32_t closing = find(')', list.empty() ? end : list.back().range.end);
          parts.push_back(parameters(list, end, closing));
          end = closing + 1;
        };
        if (model->hasTwoLists || model->modelKind == ModelKind::Function)
          addList(model->configuration);
        if (model->modelKind != ModelKind::Function)
          addList(model->inputs);
        if (!model->results.empty()) {
          parts.push_back(text(" -> "));
          if (model->results.front().name)
            addList(model->results);
          else
            parts.push_back(type(model->results.front().type));
        }
        parts.push_back(text(" "));
        parts.push_back(block(model->body));
        return concat(parts);
      })
      .Case([&](const DataDecl *data) {
        return concat({text("data "), text(data->name.text), text(" "),
                       entryBlock(data->entries, bracesFrom(data->name.range.end, decl->range()))});
      })
      .Case([&](const TrainDecl *train) {
        Piece model = expr(train->model, PostfixPrecedence);
        Piece data = expr(train->data, PostfixPrecedence);
        return concat({text("train "), model, text(" on "), data, text(" "),
                       entryBlock(train->entries, bracesFrom(train->data->outerRange().end, decl->range()))});
      })
      .Case([&](const LaterDecl *laterDecl) { return later(laterDecl); });
}

/// A block that is not understood stays as it is, but for blanks at line ends.
Piece Formatter::later(const LaterDecl *decl) {
  Pieces parts;
  llvm::SmallVector<llvm::StringRef> lines;
  decl->range().text().split(lines, '\n');
  for (auto [index, line] : llvm::enumerate(lines)) {
    if (index > 0)
      parts.push_back(layout.hardLine());
    parts.push_back(text(line.rtrim(" \t\r")));
  }
  while (hasCommentBefore(decl->range().end))
    ++nextComment;
  return concat(parts);
}

SourceRange Formatter::bracesFrom(uint32_t offset, SourceRange whole) const {
  return source.range(find('{', offset), whole.end);
}

Piece Formatter::parameters(llvm::ArrayRef<Parameter> list, uint32_t begin, uint32_t end) {
  std::vector<Element> elements;
  for (const Parameter &one : list)
    elements.push_back({one.range, [this, &one] { return parameter(one); }});
  return bracketed("(", elements, ")", begin, end);
}

Piece Formatter::parameter(const Parameter &parameter) {
  Pieces parts = {text(parameter.name.text)};
  if (parameter.type) {
    parts.push_back(text(": "));
    parts.push_back(type(parameter.type));
  }
  if (parameter.isVariadic)
    parts.push_back(text("..."));
  if (parameter.init) {
    parts.push_back(text(" = "));
    parts.push_back(expr(parameter.init));
  }
  return concat(parts);
}

/// Whether nothing will stand between two rows: no blank line, and no comment, of which those inside the second row may
/// be moved before it.
bool Formatter::areConsecutive(SourceRange first, SourceRange second) const {
  int64_t firstLine = lineOf(first.end);
  if (lineOf(second.begin) > firstLine + 1)
    return false;
  const Comment *comment =
      llvm::partition_point(ast.comments, [&](const Comment &one) { return one.range.begin < first.end; });
  for (; comment != ast.comments.end() && comment->range.begin < second.end; ++comment)
    if (comment->range.begin > second.begin || comment->ownsLine)
      return false;
  return true;
}

/// For each entry the blanks to add before its '=', so that those of consecutive entries stand under each other.
std::vector<int64_t> Formatter::alignEntries(llvm::ArrayRef<Entry> entries) {
  // A head that might be broken into lines has no column.
  constexpr int64_t maxHeadColumns = 40;
  bool hasRoom = nesting * indentation <= maxColumns - 2 * maxHeadColumns;
  // Building the pieces takes comments from the list; they are put back.
  size_t savedComment = nextComment;
  std::vector<std::optional<int64_t>> heads;
  for (const Entry &entry : entries) {
    while (hasCommentBefore(entry.range.begin))
      ++nextComment;
    std::optional<std::string> head = layout.flat(entryHead(entry));
    int64_t columns = head ? Layout::columnsOf(*head) : 0;
    bool isAligned = hasRoom && head && entry.value && columns <= maxHeadColumns;
    heads.push_back(isAligned ? std::optional(columns) : std::nullopt);
  }
  nextComment = savedComment;

  std::vector<int64_t> padding(entries.size());
  for (size_t first = 0; first < entries.size();) {
    size_t last = first + 1;
    while (last < entries.size() && heads[first] && heads[last] &&
           areConsecutive(entries[last - 1].range, entries[last].range))
      ++last;
    int64_t widest = 0;
    for (size_t i = first; i < last; ++i)
      widest = std::max(widest, heads[i].value_or(0));
    for (size_t i = first; i < last; ++i)
      padding[i] = heads[i] ? widest - *heads[i] : 0;
    first = last;
  }
  return padding;
}

Piece Formatter::entryBlock(llvm::ArrayRef<Entry> entries, SourceRange braceRange) {
  Piece group = layout.emptyGroup();
  Piece openingComment = entries.empty() ? nothing() : trailingComment(braceRange.begin + 1);
  std::vector<SourceRange> ranges;
  for (const Entry &entry : entries)
    ranges.push_back(entry.range);
  ++nesting;
  std::vector<int64_t> padding = alignEntries(entries);
  Piece content = rows(ranges, braceRange.begin, braceRange.end - 1, [&](size_t index) {
    return entry(entries[index], layout.padding(padding[index], group, /*onlyIfFlat=*/false));
  });
  --nesting;
  bool isEmpty = entries.empty() && layout.flat(content) == "";
  layout.fill(group, braces(openingComment, content, isEmpty), !isEmpty && isOpenedUp(braceRange));
  return group;
}

Piece Formatter::entryHead(const Entry &entry) {
  if (!entry.type)
    return text(entry.name.text);
  return concat({text(entry.name.text), text(": "), type(entry.type)});
}

Piece Formatter::entry(const Entry &entry, Piece padding) {
  Piece head = entryHead(entry);
  if (entry.isBlock)
    return concat({head, text(" "), entryBlock(entry.entries, bracesFrom(entry.name.range.end, entry.range))});
  if (!entry.value)
    return head;
  return concat({head, padding, text(" = "), expr(entry.value)});
}

//===---------------------------------------------- Statements ----------------------------------------------------===//

Piece Formatter::block(const BlockExpr *block) {
  Piece group = layout.emptyGroup();
  Piece openingComment = block->statements.empty() ? nothing() : trailingComment(block->range().begin + 1);
  std::vector<SourceRange> ranges;
  for (const Stmt *statement : block->statements)
    ranges.push_back(statement->range());
  ++nesting;
  std::vector<llvm::SmallVector<int64_t>> columns = alignPipes(block->statements);
  Piece content = rows(ranges, block->range().begin, block->range().end - 1, [&](size_t index) {
    return statement(block->statements[index], group, columns[index]);
  });
  --nesting;
  bool isEmpty = block->statements.empty() && layout.flat(content) == "";
  layout.fill(group, braces(openingComment, content, isEmpty), !isEmpty && isOpenedUp(block->range()));
  return group;
}

/// The first input of a pipe and its stages.
static const Expr *stagesOf(const PipeExpr *pipe, llvm::SmallVectorImpl<const PipeExpr *> &stages) {
  const Expr *input = pipe;
  while (const auto *inner = llvm::dyn_cast<PipeExpr>(input)) {
    if (inner != pipe && inner->inParentheses())
      break;
    stages.push_back(inner);
    input = inner->input;
  }
  std::reverse(stages.begin(), stages.end());
  return input;
}

/// The pipe that a statement binds or yields.
static const PipeExpr *pipeOf(const Stmt *stmt) {
  if (const auto *binding = llvm::dyn_cast<BindingStmt>(stmt))
    return llvm::dyn_cast<PipeExpr>(binding->value);
  if (const auto *result = llvm::dyn_cast<ExprStmt>(stmt))
    return llvm::dyn_cast<PipeExpr>(result->value);
  return nullptr;
}

/// The columns of the parts of a statement's pipe, if it goes on one line. Must say the same of the formatted text.
std::optional<Formatter::PipeRow> Formatter::pipeRow(const Stmt *stmt) {
  const PipeExpr *pipe = pipeOf(stmt);
  // Blocks inside would make this walk take time exponential in their depth.
  if (!pipe || pipe->range().text().contains('{'))
    return std::nullopt;
  llvm::SmallVector<const PipeExpr *> stages;
  const Expr *input = stagesOf(pipe, stages);
  std::optional<std::string> start = layout.flat(concat({bindingHead(stmt), expr(input, PipePrecedence)}));
  if (!start)
    return std::nullopt;
  PipeRow row = {*start, {}};
  int64_t columns = nesting * indentation + Layout::columnsOf(*start);
  uint32_t previousEnd = input->outerRange().end;
  for (const PipeExpr *stage : stages) {
    std::optional<std::string> cell = layout.flat(expr(stage->stage, PostfixPrecedence));
    if (!cell || hasLineBreak(previousEnd, stage->stage->outerRange().begin))
      return std::nullopt;
    previousEnd = stage->stage->outerRange().end;
    row.columns.push_back(Layout::columnsOf(*cell));
    columns += 4 + row.columns.back();
  }
  if (columns > maxColumns)
    return std::nullopt;
  return row;
}

/// For each statement the blanks to add behind the stages of its pipe, so that the '|>' of consecutive statements that
/// begin alike stand under each other.
std::vector<llvm::SmallVector<int64_t>> Formatter::alignPipes(llvm::ArrayRef<const Stmt *> statements) {
  constexpr int64_t maxPadding = 16;
  // Building the pieces takes comments from the list; they are put back.
  size_t savedComment = nextComment;
  std::vector<std::optional<PipeRow>> pipeRows;
  for (const Stmt *statement : statements) {
    while (hasCommentBefore(statement->range().begin))
      ++nextComment;
    pipeRows.push_back(pipeRow(statement));
  }
  nextComment = savedComment;

  std::vector<llvm::SmallVector<int64_t>> padding(statements.size());
  for (size_t first = 0; first < statements.size();) {
    size_t last = first + 1;
    while (last < statements.size() && pipeRows[first] && pipeRows[last] &&
           pipeRows[first]->start == pipeRows[last]->start &&
           areConsecutive(statements[last - 1]->range(), statements[last]->range()))
      ++last;
    size_t count = last - first;
    if (count > 1) {
      for (size_t i = first; i < last; ++i)
        padding[i].resize(pipeRows[i]->columns.size());
      for (size_t stage = 0;; ++stage) {
        // The last stage of a row needs no blanks behind it.
        llvm::SmallVector<size_t> members;
        for (size_t i = first; i < last; ++i)
          if (stage + 1 < pipeRows[i]->columns.size())
            members.push_back(i);
        if (members.empty())
          break;
        auto [narrowest, widest] = std::minmax_element(members.begin(), members.end(), [&](size_t a, size_t b) {
          return pipeRows[a]->columns[stage] < pipeRows[b]->columns[stage];
        });
        int64_t width = pipeRows[*widest]->columns[stage];
        if (width - pipeRows[*narrowest]->columns[stage] > maxPadding)
          continue;
        for (size_t i : members)
          padding[i][stage] = width - pipeRows[i]->columns[stage];
      }
      auto fitsOnLine = [&](size_t i) {
        int64_t columns = nesting * indentation + Layout::columnsOf(pipeRows[i]->start);
        for (size_t stage = 0; stage < padding[i].size(); ++stage)
          columns += 4 + pipeRows[i]->columns[stage] + padding[i][stage];
        return columns <= maxColumns;
      };
      bool allFit = true;
      for (size_t i = first; i < last; ++i)
        allFit &= fitsOnLine(i);
      if (!allFit)
        for (size_t i = first; i < last; ++i)
          padding[i].clear();
    }
    first = last;
  }
  return padding;
}

Piece Formatter::pattern(const Pattern &pattern) {
  if (!pattern.isTuple)
    return text(pattern.names.front().text);
  Pieces parts = {text("(")};
  for (const Name &name : pattern.names) {
    if (&name != &pattern.names.front())
      parts.push_back(text(", "));
    parts.push_back(text(name.text));
  }
  parts.push_back(text(pattern.names.size() == 1 ? ",)" : ")"));
  return concat(parts);
}

/// What stands before the value of a binding.
Piece Formatter::bindingHead(const Stmt *stmt) {
  if (const auto *binding = llvm::dyn_cast<BindingStmt>(stmt))
    return concat({pattern(binding->target), text(" = ")});
  return nothing();
}

Piece Formatter::statement(const Stmt *stmt, Piece blockGroup, llvm::ArrayRef<int64_t> stageColumns) {
  auto value = [&](const Expr *value) {
    if (const auto *pipeExpr = llvm::dyn_cast<PipeExpr>(value))
      return pipe(pipeExpr, blockGroup, stageColumns);
    return expr(value);
  };
  return llvm::TypeSwitch<const Stmt *, Piece>(stmt)
      .Case([&](const BindingStmt *binding) { return concat({bindingHead(stmt), value(binding->value)}); })
      .Case([&](const ExprStmt *result) { return value(result->value); })
      .Case([&](const IndexBindingStmt *binding) {
        Pieces parts = {text(binding->target.text), text("[")};
        for (const Name &name : binding->indices) {
          if (&name != &binding->indices.front())
            parts.push_back(text(", "));
          parts.push_back(text(name.text));
        }
        parts.push_back(text("] = "));
        parts.push_back(expr(binding->value));
        return concat(parts);
      })
      .Case([&](const ForStmt *loop) {
        Piece list = expr(loop->list, PipePrecedence);
        return concat({text("for "), pattern(loop->variable), text(" in "), list, text(" "), block(loop->body)});
      })
      .Case([&](const ParamStmt *param) {
        Pieces parts = {text(param->isState ? "state " : "param "), text(param->name.text), text(": "),
                        type(param->type)};
        if (param->init) {
          parts.push_back(text(" = "));
          parts.push_back(expr(param->init));
        }
        return concat(parts);
      })
      .Case([&](const AssertStmt *assertion) {
        Pieces parts = {text("assert "), expr(assertion->condition)};
        if (assertion->message) {
          parts.push_back(text(","));
          parts.push_back(layout.nest(2 * indentation, concat({layout.line(), expr(assertion->message)})));
        }
        return layout.group(concat(parts));
      });
}

//===--------------------------------------------- Expressions ----------------------------------------------------===//

static int precedenceOf(const Expr *expr) {
  switch (expr->kind()) {
  case Expr::Kind::Pipe:
    return PipePrecedence;
  case Expr::Kind::Real:
    return expr->range().text().ends_with("%") ? AnyPrecedence : PrimaryPrecedence;
  case Expr::Kind::Unary:
    return llvm::cast<UnaryExpr>(expr)->op == UnaryOperator::Not ? NotPrecedence : UnaryPrecedence;
  case Expr::Kind::Range:
    return RangePrecedence;
  case Expr::Kind::Call:
  case Expr::Kind::Index:
  case Expr::Kind::Member:
  case Expr::Kind::Pin:
    return PostfixPrecedence;
  // They may be operands, but what is called or indexed is easier to see in parentheses.
  case Expr::Kind::If:
  case Expr::Kind::Block:
    return PowerPrecedence;
  case Expr::Kind::Binary:
    switch (llvm::cast<BinaryExpr>(expr)->op) {
    case BinaryOperator::Or:
      return OrPrecedence;
    case BinaryOperator::And:
      return AndPrecedence;
    case BinaryOperator::Equal:
    case BinaryOperator::NotEqual:
    case BinaryOperator::Less:
    case BinaryOperator::LessEqual:
    case BinaryOperator::Greater:
    case BinaryOperator::GreaterEqual:
      return ComparisonPrecedence;
    case BinaryOperator::Add:
    case BinaryOperator::Subtract:
      return AdditivePrecedence;
    case BinaryOperator::Multiply:
    case BinaryOperator::Divide:
    case BinaryOperator::Remainder:
      return MultiplicativePrecedence;
    case BinaryOperator::Power:
      return PowerPrecedence;
    }
    break;
  default:
    break;
  }
  return PrimaryPrecedence;
}

/// An expression where one of at least `minPrecedence` is expected, in parentheses if it needs them, or has them for
/// clarity: an operator inside an operator.
Piece Formatter::expr(const Expr *expr, int minPrecedence, bool isTight) {
  int precedence = precedenceOf(expr);
  bool isOperator = precedence < PostfixPrecedence;
  if (precedence >= minPrecedence && !(expr->inParentheses() && isOperator && minPrecedence > PipePrecedence))
    return bareExpr(expr, isTight);
  return concat({text("("), bareExpr(expr, false), text(")")});
}

Piece Formatter::bareExpr(const Expr *expr, bool isTight) {
  uint32_t begin = expr->range().begin;
  uint32_t end = expr->range().end;
  return llvm::TypeSwitch<const Expr *, Piece>(expr)
      .Case<ErrorExpr, IntegerExpr, RealExpr, StringExpr, BoolExpr, WindowExpr>(
          [&](const Expr *literal) { return text(literal->range()); })
      .Case([&](const NameExpr *name) { return text(name->name); })
      .Case([&](const CallExpr *call) {
        Piece callee = this->expr(call->callee, PostfixPrecedence);
        std::vector<Element> elements;
        for (const Argument &argument : call->arguments) {
          elements.push_back({argument.range, [this, &argument] {
                                Piece value = this->expr(argument.value);
                                if (!argument.keyword)
                                  return value;
                                return concat({text(argument.keyword.text), text(" = "), value});
                              }});
        }
        return concat({callee, bracketed("(", elements, ")", call->callee->outerRange().end, end - 1)});
      })
      .Case([&](const IndexExpr *index) {
        Piece base = this->expr(index->base, PostfixPrecedence);
        return concat({base, expressions("[", index->indices, "]", index->base->outerRange().end, end - 1)});
      })
      .Case([&](const MemberExpr *member) {
        return concat({this->expr(member->base, PostfixPrecedence), text("."), text(member->member.text)});
      })
      .Case([&](const RangeExpr *range) {
        Pieces parts;
        if (range->begin)
          parts.push_back(this->expr(range->begin, AdditivePrecedence, /*isTight=*/true));
        parts.push_back(text(".."));
        if (range->end)
          parts.push_back(this->expr(range->end, AdditivePrecedence, /*isTight=*/true));
        return concat(parts);
      })
      .Case([&](const SpreadExpr *spread) {
        if (spread->range().text() == "..." || spread->range().text() == "\u2026")
          return text("...");
        return concat({this->expr(spread->operand, PipePrecedence), text("...")});
      })
      .Case([&](const ListExpr *list) { return expressions("[", list->elements, "]", begin, end - 1); })
      .Case([&](const TupleExpr *tuple) {
        return expressions("(", tuple->elements, ")", begin, end - 1);
      })
      .Case([&](const UnaryExpr *unary) {
        if (unary->op == UnaryOperator::Not)
          return concat({text("not "), this->expr(unary->operand, ComparisonPrecedence)});
        return concat({text("-"), this->expr(unary->operand, UnaryPrecedence)});
      })
      .Case([&](const BinaryExpr *operation) { return layout.group(binary(operation, isTight)); })
      .Case([&](const IfExpr *conditional) {
        bool forceBreak = false;
        Piece content = ifContent(conditional, forceBreak);
        return layout.group(content, forceBreak);
      })
      .Case([&](const PipeExpr *pipeExpr) { return pipe(pipeExpr, nothing(), {}); })
      .Case([&](const PinExpr *pin) {
        return concat({this->expr(pin->operand, PostfixPrecedence), text(" @"), text(pin->name.text)});
      })
      .Case([&](const BlockExpr *blockExpr) { return block(blockExpr); });
}

/// Whether '*' and '/' may stand without blanks beside it.
static bool isSimple(const Expr *expr) {
  if (const auto *operation = llvm::dyn_cast<BinaryExpr>(expr))
    return (operation->inParentheses() && precedenceOf(expr) >= AdditivePrecedence) ||
           (precedenceOf(expr) >= MultiplicativePrecedence && isSimple(operation->left) && isSimple(operation->right));
  if (const auto *unary = llvm::dyn_cast<UnaryExpr>(expr))
    return isSimple(unary->operand);
  return !llvm::isa<CallExpr, IfExpr, BlockExpr, PipeExpr, PinExpr, ListExpr, TupleExpr>(expr);
}

Piece Formatter::binary(const BinaryExpr *operation, bool isTight) {
  int precedence = precedenceOf(operation);
  int leftPrecedence = precedence;
  int rightPrecedence = precedence + 1;
  if (precedence == ComparisonPrecedence)
    leftPrecedence = precedence + 1;
  if (precedence == PowerPrecedence) {
    leftPrecedence = PostfixPrecedence;
    rightPrecedence = UnaryPrecedence;
  }
  bool isCompact = precedence == PowerPrecedence ||
                   (precedence == MultiplicativePrecedence && isSimple(operation->left) && isSimple(operation->right)) ||
                   (isTight && precedence == AdditivePrecedence && isSimple(operation->left) &&
                    isSimple(operation->right));
  Piece left = expr(operation->left, leftPrecedence, isTight);
  Piece right = expr(operation->right, rightPrecedence, isTight);
  llvm::StringRef sign = spelling(operation->op);
  if (isCompact)
    return concat({left, text(sign), right});
  // A line that ends in an operator goes on with the next one.
  return concat({left, text(" "), text(sign), layout.nest(2 * indentation, concat({layout.line(), right}))});
}

/// The blocks of a chain of ifs are all on one line, or none is.
Piece Formatter::ifContent(const IfExpr *conditional, bool &forceBreak) {
  auto branch = [&](const BlockExpr *branchBlock) {
    bool hasStatements = !branchBlock->statements.empty();
    Piece openingComment = hasStatements ? trailingComment(branchBlock->range().begin + 1) : nothing();
    std::vector<SourceRange> ranges;
    for (const Stmt *statement : branchBlock->statements)
      ranges.push_back(statement->range());
    ++nesting;
    // The group of the if is not known here; alignment is left to blocks that have one.
    std::vector<llvm::SmallVector<int64_t>> columns(branchBlock->statements.size());
    Piece content = rows(ranges, branchBlock->range().begin, branchBlock->range().end - 1, [&](size_t index) {
      return statement(branchBlock->statements[index], nothing(), columns[index]);
    });
    --nesting;
    bool isEmpty = branchBlock->statements.empty() && layout.flat(content) == "";
    forceBreak |= !isEmpty && isOpenedUp(branchBlock->range());
    return braces(openingComment, content, isEmpty);
  };
  Piece condition = layout.group(expr(conditional->condition, PipePrecedence));
  Pieces parts = {text("if "), condition, text(" "), branch(conditional->thenBlock)};
  if (conditional->elseBlock) {
    parts.push_back(text(" else "));
    if (conditional->isElseIf) {
      const auto *inner = llvm::cast<ExprStmt>(conditional->elseBlock->statements.front());
      parts.push_back(ifContent(llvm::cast<IfExpr>(inner->value), forceBreak));
    } else {
      parts.push_back(branch(conditional->elseBlock));
    }
  }
  return concat(parts);
}

Piece Formatter::pipe(const PipeExpr *pipeExpr, Piece blockGroup, llvm::ArrayRef<int64_t> stageColumns) {
  llvm::SmallVector<const PipeExpr *> stages;
  const Expr *input = stagesOf(pipeExpr, stages);
  Pieces rows;
  Pieces current;
  Piece inputPiece = expr(input, PipePrecedence);
  // A comment behind a stage ends its row, so it stands outside the row's group and does not break it.
  Piece comment = trailingComment(input->outerRange().end);
  // The input is not indented, the stages are.
  auto endRow = [&] {
    Piece stagesOfRow = layout.nest(2 * indentation, concat(current));
    rows.push_back(layout.group(rows.empty() ? concat({inputPiece, stagesOfRow}) : stagesOfRow));
    rows.push_back(comment);
    comment = nothing();
    current.clear();
  };
  // Where the user began a line with '|>', one begins here; each line breaks on its own if it is too long.
  uint32_t previousEnd = input->outerRange().end;
  for (auto [index, stage] : llvm::enumerate(stages)) {
    const Expr *applied = stage->stage;
    bool startsLine = hasLineBreak(previousEnd, applied->outerRange().begin);
    Pieces cell;
    int64_t previousLine = 0;
    bool hasComments = hasCommentBefore(applied->outerRange().begin);
    if (hasComments) {
      cell.push_back(ownLineComments(applied->outerRange().begin, previousLine));
      cell.push_back(layout.hardLine());
    }
    Piece stagePiece = expr(applied, PostfixPrecedence);
    if (hasCommentBefore(applied->outerRange().end)) {
      cell.push_back(ownLineComments(applied->outerRange().end, previousLine));
      cell.push_back(layout.hardLine());
      hasComments = true;
    }
    cell.push_back(text("|> "));
    cell.push_back(stagePiece);
    if (index < stageColumns.size() && stageColumns[index] > 0)
      cell.push_back(layout.padding(stageColumns[index], blockGroup, /*onlyIfFlat=*/true));
    if (startsLine || hasComments) {
      endRow();
      rows.push_back(layout.nest(2 * indentation, layout.hardLine()));
      current = cell;
    } else {
      current.push_back(layout.line());
      current.append(cell);
    }
    previousEnd = applied->outerRange().end;
    // Behind the last stage the line may go on, with a bracket; a comment there is for whoever ends the line.
    if (index + 1 < stages.size())
      comment = trailingComment(previousEnd);
  }
  endRow();
  return concat(rows);
}

Piece Formatter::type(const TypeExpr *type) {
  if (!type->hasDims)
    return text(type->element.text);
  uint32_t begin = type->element ? type->element.range.end : type->range.begin;
  return concat({text(type->element.text), expressions("[", type->dims, "]", begin, type->range.end - 1)});
}

std::string format(const FileAst &ast) { return Formatter(ast).run(); }

} // namespace cnn::dsl
