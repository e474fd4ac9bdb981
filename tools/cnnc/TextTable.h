// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "llvm/Support/raw_ostream.h"
#include <string>
#include <vector>

namespace cnn::tools {

/// Columns as wide as their widest cell; the first ones are texts, the others numbers, aligned on the right.
class TextTable {
public:
  using Row = std::vector<std::string>;
  TextTable(Row header, size_t textColumns) : rows{std::move(header)}, textColumns(textColumns) {}

  void add(Row row) { rows.push_back(std::move(row)); }
  /// The last row, below a line.
  void addTotal(Row row) {
    hasTotal = true;
    add(std::move(row));
  }
  void print(llvm::raw_ostream &os) const;

private:
  std::vector<Row> rows;
  size_t textColumns;
  bool hasTotal = false;
};

} // namespace cnn::tools
