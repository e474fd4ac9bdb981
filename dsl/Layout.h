// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A small pretty printer after Wadler ("A prettier printer", 2003): the text with its possible line breaks is built as
// a tree of groups; a group is printed on one line if it fits, else all its breaks become line breaks.
#pragma once

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace cnn::dsl {

/// A piece of text with possible line breaks. Values are small handles; the pieces live in their Layout.
struct Piece {
  int64_t index = 0;
};

class Layout {
public:
  explicit Layout(int64_t maxColumns) : maxColumns(maxColumns) {}

  Piece text(llvm::StringRef text);
  /// Text that ends its line, so that all groups around it are broken; a hard line must follow.
  Piece comment(llvm::StringRef text);
  Piece concat(llvm::ArrayRef<Piece> parts);
  /// A blank in a flat group, a line break in a broken one.
  Piece line();
  /// Nothing in a flat group, a line break in a broken one.
  Piece softLine();
  /// Always a line break; all groups around it are broken.
  Piece hardLine();
  /// A line break and an empty line.
  Piece blankLine();
  /// Printed at the end of the line on which it occurs; all groups around it are broken.
  Piece lineEnd(llvm::StringRef text);
  /// Indented by `columns` more after the line breaks inside.
  Piece nest(int64_t columns, Piece inner);
  Piece group(Piece inner, bool forceBreak = false);
  /// Text that depends on whether the innermost group is broken.
  Piece ifBroken(llvm::StringRef broken, llvm::StringRef flat);
  /// `columns` blanks, if `group` is broken; with `onlyIfFlat`, and if the innermost group is not.
  Piece padding(int64_t columns, Piece group, bool onlyIfFlat);
  /// A group to be filled in later, so that paddings inside can refer to it.
  Piece emptyGroup();
  void fill(Piece group, Piece inner, bool forceBreak);

  /// The text on one line, if it can stand on one.
  std::optional<std::string> flat(Piece piece) const;
  /// The text broken into lines, with a line end behind the last, and no blanks at line ends.
  std::string print(Piece piece) const;

  static int64_t columnsOf(llvm::StringRef text);

private:
  enum class Kind { Text, Concat, Line, SoftLine, HardLine, BlankLine, LineEnd, Nest, Group, IfBroken, Padding };
  struct Node {
    Kind kind = Kind::Text;
    std::string text = {};
    std::string flatText = {};
    std::vector<Piece> parts = {};
    int64_t columns = 0;
    int64_t group = 0;
    bool onlyIfFlat = false;
    /// It holds a break that cannot be flat.
    bool mustBreak = false;
  };
  struct Item {
    int64_t node;
    int64_t indent;
    bool isFlat;
  };
  Piece add(Node node);
  bool fits(Item item, llvm::ArrayRef<Item> rest, int64_t columns, const std::vector<bool> &brokenGroups) const;

  int64_t maxColumns;
  std::vector<Node> nodes;
};

} // namespace cnn::dsl
