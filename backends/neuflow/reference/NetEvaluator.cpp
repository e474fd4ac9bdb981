// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "backends/neuflow/reference/NetEvaluator.h"

#include "ir/reference/Evaluator.h"

using namespace mlir;

namespace cnn::neuflow {

static bool isGridPart(func::FuncOp function) {
  auto part = function->getAttrOfType<PartKindAttr>(partAttrName);
  return part && part.getValue() == PartKind::Grid;
}

static std::array<int64_t, 3> shapeOf(Value value) {
  ArrayRef<int64_t> shape = cast<RankedTensorType>(value.getType()).getShape();
  return {shape[0], shape[1], shape[2]};
}

template <typename T> NetEvaluator<T>::NetEvaluator(func::FuncOp net) : net(net) {
  for (auto function : net->getParentOfType<ModuleOp>().getOps<func::FuncOp>())
    if (isGridPart(function))
      parts[function.getName().str()] = std::make_unique<TensorEvaluator<T>>(function);
}

template <typename T>
FailureOr<std::vector<reference::Tensor>> NetEvaluator<T>::run(ArrayRef<reference::Tensor> inputs, Watch watch,
                                                               PartWatch partWatch) {
  DenseMap<Value, reference::Tensor> values;
  DenseMap<Value, Planes<T>> planes;
  Block &body = net.getBody().front();
  for (auto [argument, input] : llvm::zip_equal(body.getArguments(), inputs))
    values[argument] = input;
  for (Operation &op : body.without_terminator()) {
    if (auto quantize = dyn_cast<QuantizeOp>(op)) {
      const reference::Tensor &x = values[quantize.getInput()];
      std::vector<double> numbers(x.getNumElements());
      for (size_t i = 0; i < numbers.size(); ++i)
        numbers[i] = x.getNumber(i);
      Planes<T> &y = planes[quantize.getOutput()];
      if constexpr (std::is_same_v<T, Word>) {
        int64_t saturated = 0;
        y = toWords(numbers, shapeOf(quantize.getOutput()), quantize.getFraction(), &saturated);
      } else {
        y = Reals(shapeOf(quantize.getOutput()));
        y.values = std::move(numbers);
      }
      continue;
    }
    if (auto dequantize = dyn_cast<DequantizeOp>(op)) {
      const Planes<T> &x = planes[dequantize.getInput()];
      std::vector<double> numbers(x.values.begin(), x.values.end());
      if constexpr (std::is_same_v<T, Word>)
        for (auto [number, word] : llvm::zip_equal(numbers, x.values))
          number = toReal(word, dequantize.getFraction());
      values[dequantize.getOutput()] =
          reference::Tensor::ofFloats(dequantize.getType().getShape(), std::move(numbers), reference::ElementKind::F32);
      continue;
    }
    auto call = dyn_cast<func::CallOp>(op);
    if (!call) {
      SmallVector<reference::Tensor> operands;
      for (Value operand : op.getOperands())
        operands.push_back(values[operand]);
      FailureOr<SmallVector<reference::Tensor>> results = reference::evaluateOp(&op, operands);
      if (failed(results))
        return failure();
      for (auto [result, tensor] : llvm::zip_equal(op.getResults(), *results))
        values[result] = std::move(tensor);
      continue;
    }
    if (auto part = parts.find(call.getCallee().str()); part != parts.end()) {
      std::vector<Planes<T>> operands;
      for (Value operand : call.getOperands())
        operands.push_back(planes[operand]);
      FailureOr<std::vector<Planes<T>>> results = part->second->run(operands, watch);
      if (failed(results))
        return failure();
      partWatch(part->first, operands, *results);
      for (auto [result, value] : llvm::zip_equal(call.getResults(), *results))
        planes[result] = std::move(value);
      continue;
    }
    auto callee = dyn_cast_or_null<func::FuncOp>(SymbolTable::lookupNearestSymbolFrom(call, call.getCalleeAttr()));
    if (!callee)
      return op.emitError("expected a function '") << call.getCallee() << "'";
    SmallVector<reference::Tensor> operands;
    for (Value operand : call.getOperands())
      operands.push_back(values[operand]);
    FailureOr<SmallVector<reference::Tensor>> results = reference::evaluate(callee, operands);
    if (failed(results))
      return failure();
    for (auto [result, tensor] : llvm::zip_equal(call.getResults(), *results))
      values[result] = std::move(tensor);
  }
  std::vector<reference::Tensor> results;
  for (Value result : body.getTerminator()->getOperands())
    results.push_back(values[result]);
  return results;
}

template class NetEvaluator<Word>;
template class NetEvaluator<double>;

} // namespace cnn::neuflow
