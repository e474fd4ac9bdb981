// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "backends/neuflow/Calibrate.h"

#include "backends/neuflow/reference/NetEvaluator.h"

#include <cmath>

using namespace mlir;

namespace cnn::neuflow {

LogicalResult calibrate(func::FuncOp net, ArrayRef<Sample> samples) {
  struct Range {
    double largest = 0, squares = 0, count = 0;
  };
  DenseMap<Value, Range> ranges;
  NetEvaluator<double> evaluator(net);
  for (const Sample &sample : samples) {
    auto results = evaluator.run(sample, [&](const Observation<double> &seen) {
      Range &range = ranges[seen.value];
      range.largest = std::max(range.largest, seen.largestPart);
      for (double value : seen.planes.values) {
        if (!std::isfinite(value))
          continue; // minus infinity around a maximum
        range.largest = std::max(range.largest, std::abs(value));
        range.squares += value * value;
        ++range.count;
      }
    });
    if (failed(results))
      return failure();
  }
  Builder builder(net.getContext());
  int64_t index = 0;
  for (auto function : net->getParentOfType<ModuleOp>().getOps<func::FuncOp>()) {
    auto part = function->getAttrOfType<PartKindAttr>(partAttrName);
    if (!part || part.getValue() != PartKind::Grid)
      continue;
    auto attributeOf = [&](Value value) {
      const Range &range = ranges[value];
      double meanSquare = range.count > 0 ? range.squares / range.count : 0;
      return builder.getDenseF64ArrayAttr({range.largest, std::sqrt(meanSquare)});
    };
    for (BlockArgument argument : function.getArguments())
      function.setArgAttr(argument.getArgNumber(), rangeAttrName, attributeOf(argument));
    for (Operation &op : function.getBody().front().without_terminator())
      if (isa<NeuflowDialect>(op.getDialect())) {
        op.setAttr(rangeAttrName, attributeOf(op.getResult(0)));
        op.setAttr(indexAttrName, builder.getI64IntegerAttr(index++));
      }
  }
  return success();
}

FailureOr<std::vector<LayerLoss>> measureLoss(func::FuncOp reals, func::FuncOp words, ArrayRef<Sample> samples) {
  NetEvaluator<double> realEvaluator(reals);
  NetEvaluator<Word> wordEvaluator(words);
  std::map<int64_t, LayerLoss> losses;
  std::map<int64_t, double> counts;
  auto indexOf = [](Value value) -> std::optional<int64_t> {
    Operation *op = value.getDefiningOp();
    auto index = op ? op->getAttrOfType<IntegerAttr>(indexAttrName) : IntegerAttr();
    return index ? std::optional(index.getInt()) : std::nullopt;
  };
  for (const Sample &sample : samples) {
    std::map<int64_t, Reals> exact;
    auto results = realEvaluator.run(sample, [&](const Observation<double> &seen) {
      if (std::optional<int64_t> index = indexOf(seen.value))
        exact[*index] = seen.planes;
    });
    if (failed(results))
      return failure();
    auto wordResults = wordEvaluator.run(sample, [&](const Observation<Word> &seen) {
      std::optional<int64_t> index = indexOf(seen.value);
      if (!index)
        return;
      Operation *op = seen.value.getDefiningOp();
      int64_t fraction = op->getAttrOfType<IntegerAttr>(fractionAttrName).getInt();
      auto [place, isNew] =
          losses.try_emplace(*index, LayerLoss{op->getLoc(), op->getName().stripDialect().str(), fraction});
      LayerLoss &loss = place->second;
      loss.saturated += double(seen.saturated) / samples.size();
      const Reals &wanted = exact[*index];
      for (auto [word, value] : llvm::zip_equal(seen.planes.values, wanted.values)) {
        if (!std::isfinite(value))
          continue;
        double error = toReal(word, fraction) - value;
        loss.signal += value * value;
        loss.noise += error * error;
        loss.greatestError = std::max(loss.greatestError, std::abs(error));
        ++counts[*index];
      }
    });
    if (failed(wordResults))
      return failure();
  }
  std::vector<LayerLoss> list;
  for (auto &[index, loss] : losses) {
    double count = std::max(counts[index], 1.0);
    loss.signal /= count;
    loss.noise /= count;
    list.push_back(std::move(loss));
  }
  return list;
}

} // namespace cnn::neuflow
