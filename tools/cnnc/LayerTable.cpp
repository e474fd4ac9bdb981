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

void printLayerTable(const dsl::NetSummary &net, const llvm::StringMap<std::string> &algorithms,
                     llvm::raw_ostream &os) {
  std::vector<std::string> columns = {"layer", "module", "output", "parameters", "MACs"};
  // Most nets have nothing to say here.
  bool hasAlgorithms =
      llvm::any_of(net.layers, [&](const dsl::LayerSummary &layer) { return algorithms.contains(layer.path); });
  if (hasAlgorithms)
    columns.insert(columns.begin() + 2, "algorithm");
  TextTable table(columns, /*textColumns=*/3 + hasAlgorithms);
  auto row = [&](std::vector<std::string> cells, const std::string &algorithm) {
    if (hasAlgorithms)
      cells.insert(cells.begin() + 2, algorithm);
    return cells;
  };
  for (const dsl::LayerSummary &layer : net.layers)
    table.add(row({layer.path, layer.module, llvm::join(llvm::map_range(layer.outputs, shapeText), ", "),
                   layer.parameters ? withCommas(layer.parameters) : "",
                   layer.multiplyAccumulates ? withCommas(layer.multiplyAccumulates) : ""},
                  algorithms.lookup(layer.path)));
  table.addTotal(row({"total", "", "", withCommas(net.parameters), withCommas(net.multiplyAccumulates)}, ""));
  os << net.name << "\n";
  table.print(os);
}

void printMemoryTable(llvm::ArrayRef<cpu::FunctionPlan> functions, llvm::raw_ostream &os) {
  TextTable table({"bytes of", "a sample", "at least", "besides", "at least"}, /*textColumns=*/1);
  for (const cpu::FunctionPlan &plan : functions) {
    const cpu::MemoryUse &use = plan.memory;
    table.add({plan.function, withCommas(use.sampleBytes), withCommas(use.liveSampleBytes), withCommas(use.fixedBytes),
               withCommas(use.liveFixedBytes)});
  }
  os << "\n";
  table.print(os);
}

void printKernelTable(const cpu::FunctionPlan &function, llvm::raw_ostream &os) {
  TextTable table({"kernel", "layers", "ops", "is not in the kernel before it because it"}, /*textColumns=*/4);
  for (auto [i, kernel] : llvm::enumerate(function.kernels))
    table.add({std::to_string(i + 1), kernel.layers, kernel.ops, kernel.whyApart});
  os << "\n" << function.function << "\n";
  table.print(os);
}

} // namespace cnn::tools
