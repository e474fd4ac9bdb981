// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dsl/Layout.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Unicode.h"

namespace cnn::dsl {

int64_t Layout::columnsOf(llvm::StringRef text) {
  int columns = llvm::sys::unicode::columnWidthUTF8(text);
  return columns < 0 ? static_cast<int64_t>(text.size()) : columns;
}

//===---------------------------------------------- Building ------------------------------------------------------===//

Piece Layout::add(Node node) {
  for (Piece part : node.parts)
    node.mustBreak |= nodes[part.index].mustBreak;
  nodes.push_back(std::move(node));
  return {static_cast<int64_t>(nodes.size()) - 1};
}

Piece Layout::text(llvm::StringRef text) { return add({.kind = Kind::Text, .text = text.str()}); }

Piece Layout::comment(llvm::StringRef text) { return add({.kind = Kind::Text, .text = text.str(), .mustBreak = true}); }

Piece Layout::concat(llvm::ArrayRef<Piece> parts) { return add({.kind = Kind::Concat, .parts = parts.vec()}); }

Piece Layout::line() { return add({.kind = Kind::Line}); }

Piece Layout::softLine() { return add({.kind = Kind::SoftLine}); }

Piece Layout::hardLine() { return add({.kind = Kind::HardLine, .mustBreak = true}); }

Piece Layout::blankLine() { return add({.kind = Kind::BlankLine, .mustBreak = true}); }

Piece Layout::lineEnd(llvm::StringRef text) {
  return add({.kind = Kind::LineEnd, .text = text.str(), .mustBreak = true});
}

Piece Layout::nest(int64_t columns, Piece inner) {
  return add({.kind = Kind::Nest, .parts = {inner}, .columns = columns});
}

Piece Layout::group(Piece inner, bool forceBreak) {
  return add({.kind = Kind::Group, .parts = {inner}, .mustBreak = forceBreak});
}

Piece Layout::ifBroken(llvm::StringRef broken, llvm::StringRef flat) {
  return add({.kind = Kind::IfBroken, .text = broken.str(), .flatText = flat.str()});
}

Piece Layout::padding(int64_t columns, Piece group, bool onlyIfFlat) {
  return add({.kind = Kind::Padding, .columns = columns, .group = group.index, .onlyIfFlat = onlyIfFlat});
}

Piece Layout::emptyGroup() { return add({.kind = Kind::Group}); }

void Layout::fill(Piece group, Piece inner, bool forceBreak) {
  Node &node = nodes[group.index];
  node.parts = {inner};
  node.mustBreak = forceBreak || nodes[inner.index].mustBreak;
}

//===---------------------------------------------- Printing ------------------------------------------------------===//

std::optional<std::string> Layout::flat(Piece piece) const {
  const Node &node = nodes[piece.index];
  if (node.mustBreak)
    return std::nullopt;
  switch (node.kind) {
  case Kind::Text:
    return node.text;
  case Kind::Line:
    return " ";
  case Kind::IfBroken:
    return node.flatText;
  case Kind::Concat:
  case Kind::Nest:
  case Kind::Group: {
    std::string text;
    for (Piece part : node.parts) {
      std::optional<std::string> partText = flat(part);
      if (!partText)
        return std::nullopt;
      text += *partText;
    }
    return text;
  }
  default:
    return "";
  }
}

/// Whether `item` and what follows up to the next possible line break fit into the rest of the line.
bool Layout::fits(Item item, llvm::ArrayRef<Item> rest, int64_t columns, const std::vector<bool> &brokenGroups) const {
  llvm::SmallVector<Item> stack = {item};
  while (columns >= 0) {
    if (stack.empty()) {
      if (rest.empty())
        return true;
      stack.push_back(rest.back());
      rest = rest.drop_back();
    }
    Item top = stack.pop_back_val();
    const Node &node = nodes[top.node];
    switch (node.kind) {
    case Kind::Text:
      columns -= columnsOf(node.text);
      break;
    case Kind::Line:
      if (!top.isFlat)
        return true;
      --columns;
      break;
    case Kind::SoftLine:
      if (!top.isFlat)
        return true;
      break;
    case Kind::HardLine:
    case Kind::BlankLine:
      return true;
    case Kind::LineEnd:
      break;
    case Kind::IfBroken:
      columns -= columnsOf(top.isFlat ? node.flatText : node.text);
      break;
    case Kind::Padding:
      if (brokenGroups[node.group] && (top.isFlat || !node.onlyIfFlat))
        columns -= node.columns;
      break;
    case Kind::Concat:
    case Kind::Nest:
      for (Piece part : llvm::reverse(node.parts))
        stack.push_back({part.index, 0, top.isFlat});
      break;
    case Kind::Group:
      for (Piece part : llvm::reverse(node.parts))
        stack.push_back({part.index, 0, top.isFlat && !node.mustBreak});
      break;
    }
  }
  return false;
}

std::string Layout::print(Piece piece) const {
  std::string result;
  std::string lineText;
  std::string lineEndText;
  int64_t column = 0;
  std::vector<bool> brokenGroups(nodes.size());
  auto endLine = [&](int64_t indent) {
    lineText += lineEndText;
    lineEndText.clear();
    lineText.resize(llvm::StringRef(lineText).rtrim(' ').size());
    result += lineText + "\n";
    lineText.assign(indent, ' ');
    column = indent;
  };
  auto append = [&](llvm::StringRef text) {
    lineText += text;
    column += columnsOf(text);
  };

  std::vector<Item> stack = {{piece.index, 0, false}};
  while (!stack.empty()) {
    Item top = stack.back();
    stack.pop_back();
    const Node &node = nodes[top.node];
    switch (node.kind) {
    case Kind::Text:
      append(node.text);
      break;
    case Kind::Line:
      top.isFlat ? append(" ") : endLine(top.indent);
      break;
    case Kind::SoftLine:
      if (!top.isFlat)
        endLine(top.indent);
      break;
    case Kind::HardLine:
      endLine(top.indent);
      break;
    case Kind::BlankLine:
      endLine(0);
      endLine(top.indent);
      break;
    case Kind::LineEnd:
      lineEndText += node.text;
      break;
    case Kind::IfBroken:
      append(top.isFlat ? node.flatText : node.text);
      break;
    case Kind::Padding:
      if (brokenGroups[node.group] && (top.isFlat || !node.onlyIfFlat))
        append(std::string(node.columns, ' '));
      break;
    case Kind::Concat:
      for (Piece part : llvm::reverse(node.parts))
        stack.push_back({part.index, top.indent, top.isFlat});
      break;
    case Kind::Nest:
      stack.push_back({node.parts[0].index, top.indent + node.columns, top.isFlat});
      break;
    case Kind::Group: {
      Item inner = {node.parts[0].index, top.indent, true};
      inner.isFlat = !node.mustBreak && (top.isFlat || fits(inner, stack, maxColumns - column, brokenGroups));
      brokenGroups[top.node] = !inner.isFlat;
      stack.push_back(inner);
      break;
    }
    }
  }
  if (!lineText.empty() || !lineEndText.empty())
    endLine(0);
  return result;
}

} // namespace cnn::dsl
