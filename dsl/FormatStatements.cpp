// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dsl/Formatter.h"
#include "llvm/ADT/TypeSwitch.h"

namespace cnn::dsl {

Piece Formatter::block(const BlockExpr *block) {
  Piece group = layout.emptyGroup();
  Piece openingComment = block->statements.empty() ? nothing() : trailingComment(block->range().begin + 1);
  std::vector<SourceRange> ranges;
  for (const Stmt *statement : block->statements)
    ranges.push_back(statement->range());
  ++nesting;
  std::vector<llvm::SmallVector<int64_t>> columns = alignPipes(block->statements);
  Piece content = rows(ranges, block->range().begin, block->range().end - 1,
                       [&](size_t index) { return statement(block->statements[index], group, columns[index]); });
  --nesting;
  bool isEmpty = block->statements.empty() && layout.flat(content) == "";
  layout.fill(group, braces(openingComment, content, isEmpty), !isEmpty && isOpenedUp(block->range()));
  return group;
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

} // namespace cnn::dsl
