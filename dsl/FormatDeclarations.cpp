// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dsl/Formatter.h"
#include "llvm/ADT/TypeSwitch.h"

namespace cnn::dsl {

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

} // namespace cnn::dsl
