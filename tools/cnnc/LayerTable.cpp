// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/cnnc/LayerTable.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include <array>

namespace cnn::tools {

static std::string withCommas(int64_t number) {
  std::string digits = std::to_string(number);
  for (auto at = static_cast<int64_t>(digits.size()) - 3; at > 0; at -= 3)
    digits.insert(at, ",");
  return digits;
}

static std::string shapeText(llvm::ArrayRef<int64_t> shape) {
  if (shape.empty())
    return "1";
  return llvm::join(llvm::map_range(shape, [](int64_t size) { return std::to_string(size); }), "x");
}

void printLayerTable(const dsl::NetSummary &net, llvm::raw_ostream &os) {
  using Row = std::array<std::string, 5>;
  std::vector<Row> rows = {{"layer", "module", "output", "parameters", "MACs"}};
  for (const dsl::LayerSummary &layer : net.layers)
    rows.push_back({layer.path, layer.module, llvm::join(llvm::map_range(layer.outputs, shapeText), ", "),
                    layer.parameters ? withCommas(layer.parameters) : "",
                    layer.multiplyAccumulates ? withCommas(layer.multiplyAccumulates) : ""});
  rows.push_back({"total", "", "", withCommas(net.parameters), withCommas(net.multiplyAccumulates)});
  std::array<size_t, 5> widths = {};
  for (const Row &row : rows)
    for (size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], row[i].size());
  size_t lineWidth = 2 * (widths.size() - 1);
  for (size_t width : widths)
    lineWidth += width;

  os << net.name << "\n";
  for (size_t r = 0; r < rows.size(); ++r) {
    if (r == 1 || r + 1 == rows.size())
      os << "  " << std::string(lineWidth, '-') << "\n";
    std::string line = "  ";
    for (size_t i = 0; i < rows[r].size(); ++i) {
      std::string space(widths[i] - rows[r][i].size(), ' ');
      // Numbers are aligned on the right.
      line += (i > 0 ? "  " : "") + (i >= 3 ? space + rows[r][i] : rows[r][i] + space);
    }
    os << llvm::StringRef(line).rtrim() << "\n";
  }
}

} // namespace cnn::tools
