// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/cnnc/LayerTable.h"
#include "tools/cnnc/TextTable.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

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
  TextTable table({"layer", "module", "output", "parameters", "MACs"}, /*textColumns=*/3);
  for (const dsl::LayerSummary &layer : net.layers)
    table.add({layer.path, layer.module, llvm::join(llvm::map_range(layer.outputs, shapeText), ", "),
               layer.parameters ? withCommas(layer.parameters) : "",
               layer.multiplyAccumulates ? withCommas(layer.multiplyAccumulates) : ""});
  table.addTotal({"total", "", "", withCommas(net.parameters), withCommas(net.multiplyAccumulates)});
  os << net.name << "\n";
  table.print(os);
}

} // namespace cnn::tools
