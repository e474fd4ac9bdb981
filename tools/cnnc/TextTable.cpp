// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/cnnc/TextTable.h"
#include "llvm/ADT/StringRef.h"
#include <algorithm>

namespace cnn::tools {

void TextTable::print(llvm::raw_ostream &os) const {
  std::vector<size_t> widths(rows.front().size());
  for (const Row &row : rows)
    for (size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], row[i].size());
  size_t lineWidth = 2 * (widths.size() - 1);
  for (size_t width : widths)
    lineWidth += width;
  for (size_t r = 0; r < rows.size(); ++r) {
    if (r == 1 || (hasTotal && r + 1 == rows.size()))
      os << "  " << std::string(lineWidth, '-') << "\n";
    std::string line = "  ";
    for (size_t i = 0; i < rows[r].size(); ++i) {
      std::string space(widths[i] - rows[r][i].size(), ' ');
      line += (i > 0 ? "  " : "") + (i >= textColumns ? space + rows[r][i] : rows[r][i] + space);
    }
    os << llvm::StringRef(line).rtrim() << "\n";
  }
}

} // namespace cnn::tools
