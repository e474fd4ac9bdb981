// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "backends/neuflow/program/StreamExpression.h"

#include <algorithm>

namespace cnn::neuflow {

bool StreamExpression::holds(int64_t operation) const {
  return std::find(operations.begin(), operations.end(), operation) != operations.end();
}

const TensorOperation *StreamExpression::producer(int64_t value) const {
  for (int64_t operation : operations)
    if (program.operations[operation].result == value)
      return &program.operations[operation];
  return nullptr;
}

int64_t StreamExpression::convolution() const {
  for (int64_t operation : operations)
    if (std::holds_alternative<ConvOperation>(program.operations[operation].what))
      return operation;
  return -1;
}

std::vector<int64_t> StreamExpression::leaves() const {
  std::vector<int64_t> result;
  for (int64_t operation : operations) {
    if (std::holds_alternative<ConvOperation>(program.operations[operation].what))
      continue;
    for (int64_t value : program.operations[operation].operands())
      if (!producer(value) && std::find(result.begin(), result.end(), value) == result.end())
        result.push_back(value);
  }
  return result;
}

// A second operator does `second(first(in1, in2), in3)`.
std::optional<std::pair<int64_t, int64_t>> StreamExpression::pairWith(const ElementOperation &outer) const {
  bool commutes = outer.code == AluCode::mul || outer.code == AluCode::add || outer.code == AluCode::max;
  if (target.aluOperators < 2 || !target.has(Feature::chain) || (!commutes && outer.code != AluCode::sub))
    return std::nullopt;
  for (size_t i = 0; i < (commutes ? 2u : 1u); ++i) {
    const TensorOperation *inner = producer(outer.inputs[i]);
    const ElementOperation *element = inner ? std::get_if<ElementOperation>(&inner->what) : nullptr;
    if (element && element->code != AluCode::mac)
      return std::pair(outer.inputs[i], outer.inputs[1 - i]);
  }
  return std::nullopt;
}

Pin StreamExpression::pinOf(Netlist &netlist, int64_t value, int64_t plane, Pin sum,
                            const std::vector<Pin> &leafPins) const {
  const TensorOperation *operation = producer(value);
  if (!operation) {
    std::vector<int64_t> all = leaves();
    return leafPins[std::find(all.begin(), all.end(), value) - all.begin()];
  }
  if (std::holds_alternative<ConvOperation>(operation->what))
    return sum;
  OperatorConfig config;
  std::vector<int64_t> inputs;
  if (const MapOperation *map = std::get_if<MapOperation>(&operation->what)) {
    MapperConfig table = map->tables[map->tables.size() == 1 ? 0 : static_cast<size_t>(plane)];
    // Where no segment holds, the last one does; so repeating it changes nothing.
    table.segments.resize(static_cast<size_t>(target.mapperSegments), table.segments.back());
    config = table;
    inputs = {map->input};
  } else {
    const ElementOperation &outer = std::get<ElementOperation>(operation->what);
    if (auto pair = pairWith(outer)) {
      const ElementOperation &inner = std::get<ElementOperation>(producer(pair->first)->what);
      config = AluConfig{inner.code, outer.code};
      inputs = {inner.inputs[0], inner.code == AluCode::square ? -1 : inner.inputs[1], pair->second};
    } else {
      config = AluConfig{outer.code, AluCode::none};
      inputs = outer.inputs;
    }
  }
  std::vector<Pin> pins;
  for (int64_t input : inputs)
    pins.push_back(input < 0 ? Pin{} : pinOf(netlist, input, plane, sum, leafPins));
  int64_t op = static_cast<int64_t>(netlist.operators.size());
  const AluConfig *alu = std::get_if<AluConfig>(&config);
  Pin result = operatorPin(op, alu ? alu->output() : 0);
  netlist.operators.push_back(std::move(config));
  for (size_t i = 0; i < pins.size(); ++i)
    if (inputs[i] >= 0)
      netlist.connect(pins[i], operatorPin(op, static_cast<int64_t>(i)));
  return result;
}

Pin StreamExpression::addLane(Netlist &netlist, int64_t plane, Pin sum, const std::vector<Pin> &leafPins) const {
  return pinOf(netlist, program.operations[operations.front()].result, plane, sum, leafPins);
}

} // namespace cnn::neuflow
