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
                  uint32_t end, bool isFilled = false);
  Piece expressions(llvm::StringRef open, llvm::ArrayRef<const Expr *> elements, llvm::StringRef close,
                    uint32_t begin, uint32_t end);

  Piece declaration(const Decl *decl);
  Piece later(const LaterDecl *decl);
  Piece parameters(llvm::ArrayRef<Parameter> list, uint32_t begin, uint32_t end);
  Piece parameter(const Parameter &parameter);
  Piece entryBlock(llvm::ArrayRef<Entry> entries, SourceRange braces);
  Piece entryHead(const Entry &entry);
  Piece entry(const Entry &entry, Piece padding);
  Piece block(const BlockExpr *block);
  Piece statement(const Stmt *stmt, Piece blockGroup, llvm::ArrayRef<int64_t> stageColumns);
  Piece bindingHead(const Stmt *stmt);
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
    parts.push_back(text(range));
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

/// `{ content }`, without a group of its own. The comment stands behind the '{'.
Piece Formatter::braces(Piece openingComment, Piece content, bool isEmpty) {
  if (isEmpty)
    return concat({text("{}"), openingComment});
  return concat({text("{"), openingComment, layout.nest(indentation, concat({layout.line(), content})), layout.line(), text("}")});
}

/// A list in brackets. `begin` is where the text before it ends, `end` the closing bracket.
Piece Formatter::bracketed(llvm::StringRef open, llvm::ArrayRef<Element> elements, llvm::StringRef close,
                           uint32_t begin, uint32_t end, bool isFilled) {
  Pieces parts;
  // With comments, each element has a line of its own.
  isFilled &= !hasCommentBefore(end);
  bool isOpenedUp = !elements.empty() && hasLineBreak(begin, elements.front().range.begin);
  // A comment right behind the bracket stays there.
  Piece openingComment = trailingComment(find(open[0], begin) + 1);
  for (const Element &element : elements) {
    bool isLast = &element == &elements.back();
    Piece piece = anchored(element.range, element.build);
    if (&element == &elements.front())
      parts.push_back(piece);
    else if (isFilled)
      parts.push_back(layout.group(concat({layout.line(), piece})));
    else
      parts.push_back(concat({layout.line(), piece}));
    parts.push_back(isLast ? layout.ifBroken(",", "") : text(","));
  }
  int64_t previousLine = 0;
  if (hasCommentBefore(end)) {
    if (!elements.empty())
      parts.push_back(layout.hardLine());
    parts.push_back(ownLineComments(end, previousLine));
  } else if (elements.empty()) {
    return concat({text(open), text(close), openingComment});
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
    list.push_back({element->range(), [this, element] { return expr(element); }});
  return bracketed(open, list, close, begin, end, llvm::all_of(elements, isLiteral));
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
                       entryBlock(train->entries, bracesFrom(train->data->range().end, decl->range()))});
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

Piece Formatter::entryBlock(llvm::ArrayRef<Entry> entries, SourceRange braceRange) {
  Piece group = layout.emptyGroup();
  Piece openingComment = trailingComment(braceRange.begin + 1);
  std::vector<SourceRange> ranges;
  for (const Entry &entry : entries)
    ranges.push_back(entry.range);

  // The '=' of entries on consecutive lines stand under each other.
  std::vector<int64_t> padding(entries.size());
  auto headColumns = [&](const Entry &entry) {
    // The head's comments, if it has any, are left for the entry itself.
    size_t comment = nextComment;
    std::optional<std::string> head = layout.flat(entryHead(entry));
    nextComment = comment;
    return head ? Layout::columnsOf(*head) : 0;
  };
  for (size_t first = 0; first < entries.size();) {
    size_t last = first + 1;
    int64_t columns = 0;
    if (entries[first].value) {
      columns = headColumns(entries[first]);
      for (; last < entries.size() && entries[last].value; ++last) {
        if (lineOf(entries[last].range.begin) > lineOf(entries[last - 1].range.end) + 1)
          break;
        columns = std::max(columns, headColumns(entries[last]));
      }
      for (size_t i = first; i < last; ++i)
        padding[i] = columns - headColumns(entries[i]);
    }
    first = last;
  }

  ++nesting;
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
  Piece openingComment = trailingComment(block->range().begin + 1);
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

/// The pipe that a statement binds or yields, unless the user broke it into lines, or it holds blocks or comments.
static const PipeExpr *pipeOf(const Stmt *stmt) {
  const Expr *value = nullptr;
  if (const auto *binding = llvm::dyn_cast<BindingStmt>(stmt))
    value = binding->value;
  else if (const auto *result = llvm::dyn_cast<ExprStmt>(stmt))
    value = result->value;
  const auto *pipe = llvm::dyn_cast_or_null<PipeExpr>(value);
  return pipe && pipe->range().text().find_first_of("\n{#") == llvm::StringRef::npos ? pipe : nullptr;
}

/// The first input of a pipe and its stages.
static const Expr *stagesOf(const PipeExpr *pipe, llvm::SmallVectorImpl<const PipeExpr *> &stages) {
  const Expr *input = pipe;
  while (const auto *inner = llvm::dyn_cast<PipeExpr>(input)) {
    if (inner != pipe && inner->inParentheses)
      break;
    stages.push_back(inner);
    input = inner->input;
  }
  std::reverse(stages.begin(), stages.end());
  return input;
}

/// For each statement the blanks to add behind the stages of its pipe, so that the '|>' of consecutive statements that
/// begin alike stand under each other.
std::vector<llvm::SmallVector<int64_t>> Formatter::alignPipes(llvm::ArrayRef<const Stmt *> statements) {
  constexpr int64_t maxPadding = 16;
  struct PipeRow {
    std::string start;
    llvm::SmallVector<int64_t> columns;
  };
  size_t comment = nextComment;
  std::vector<std::optional<PipeRow>> pipeRows;
  for (const Stmt *statement : statements) {
    std::optional<PipeRow> row;
    if (const PipeExpr *pipe = pipeOf(statement)) {
      llvm::SmallVector<const PipeExpr *> stages;
      const Expr *input = stagesOf(pipe, stages);
      std::optional<std::string> start = layout.flat(concat({bindingHead(statement), expr(input, PipePrecedence)}));
      row = PipeRow{start.value_or(""), {}};
      for (const PipeExpr *stage : stages) {
        std::optional<std::string> cell = layout.flat(expr(stage->stage, PostfixPrecedence));
        if (!start || !cell)
          row.reset();
        if (!row)
          break;
        row->columns.push_back(Layout::columnsOf(*cell));
      }
    }
    pipeRows.push_back(std::move(row));
  }
  nextComment = comment;

  std::vector<llvm::SmallVector<int64_t>> padding(statements.size());
  for (size_t first = 0; first < statements.size();) {
    size_t last = first + 1;
    while (last < statements.size() && pipeRows[first] && pipeRows[last] &&
           pipeRows[first]->start == pipeRows[last]->start &&
           lineOf(statements[last]->range().begin) == lineOf(statements[last - 1]->range().end) + 1)
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
  if (precedence >= minPrecedence && !(expr->inParentheses && isOperator && minPrecedence > PipePrecedence))
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
        return concat({callee, bracketed("(", elements, ")", call->callee->range().end, end - 1)});
      })
      .Case([&](const IndexExpr *index) {
        Piece base = this->expr(index->base, PostfixPrecedence);
        return concat({base, expressions("[", index->indices, "]", index->base->range().end, end - 1)});
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
        if (tuple->elements.size() == 1) {
          Piece only = anchored(tuple->elements[0]->range(), [&] { return this->expr(tuple->elements[0]); });
          return concat({text("("), only, text(",)")});
        }
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
    return (operation->inParentheses && precedenceOf(expr) >= AdditivePrecedence) ||
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
    Piece openingComment = trailingComment(branchBlock->range().begin + 1);
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
  Pieces lines;
  Pieces current = {expr(input, PipePrecedence), trailingComment(input->range().end)};
  // Where the user began a line with '|>', one begins here; each line breaks on its own if it is too long.
  uint32_t previousEnd = input->range().end;
  for (auto [index, stage] : llvm::enumerate(stages)) {
    const Expr *applied = stage->stage;
    bool startsLine = hasLineBreak(previousEnd, applied->range().begin);
    Pieces cell;
    int64_t previousLine = 0;
    bool hasComments = hasCommentBefore(applied->range().begin);
    if (hasComments) {
      cell.push_back(ownLineComments(applied->range().begin, previousLine));
      cell.push_back(layout.hardLine());
    }
    Piece stagePiece = expr(applied, PostfixPrecedence);
    if (hasCommentBefore(applied->range().end)) {
      cell.push_back(ownLineComments(applied->range().end, previousLine));
      cell.push_back(layout.hardLine());
      hasComments = true;
    }
    cell.push_back(text("|> "));
    cell.push_back(stagePiece);
    cell.push_back(trailingComment(applied->range().end));
    if (index < stageColumns.size() && stageColumns[index] > 0)
      cell.push_back(layout.padding(stageColumns[index], blockGroup, /*onlyIfFlat=*/true));
    if (startsLine || hasComments) {
      lines.push_back(layout.group(concat(current)));
      lines.push_back(layout.hardLine());
      current = cell;
    } else {
      current.push_back(layout.line());
      current.append(cell);
    }
    previousEnd = applied->range().end;
  }
  lines.push_back(layout.group(concat(current)));
  return layout.nest(2 * indentation, concat(lines));
}

Piece Formatter::type(const TypeExpr *type) {
  if (!type->hasDims)
    return text(type->element.text);
  uint32_t begin = type->element ? type->element.range.end : type->range.begin;
  return concat({text(type->element.text), expressions("[", type->dims, "]", begin, type->range.end - 1)});
}

std::string format(const FileAst &ast) { return Formatter(ast).run(); }

} // namespace cnn::dsl
