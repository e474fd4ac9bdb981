// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Random samples for a net of words, and what it makes of them by its definition, as files of raw values:
//
//   neuflow-oracle MODULE.mlir FOLDER SAMPLES       // a module that cnnc build --emit=neuflow printed
//
// FOLDER/NAME.in and FOLDER/NAME.out hold all samples of an input or output, one after the other.
#include "backends/neuflow/reference/NetEvaluator.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/raw_ostream.h"

#include <cstring>
#include <random>

using namespace cnn;

namespace {

/// Of one sample.
reference::Tensor draw(mlir::RankedTensorType type, std::mt19937 &random) {
  int64_t count = type.getNumElements();
  if (type.getElementType().isUnsignedInteger(8)) {
    std::vector<int64_t> bytes(count);
    for (int64_t &byte : bytes)
      byte = random() >> 24;
    return reference::Tensor::ofIntegers(type.getShape(), std::move(bytes), reference::ElementKind::U8);
  }
  std::vector<double> numbers(count);
  for (double &number : numbers)
    number = static_cast<float>(static_cast<double>(random()) * 0x1p-31 - 1); // as the library gets it
  return reference::Tensor::ofFloats(type.getShape(), std::move(numbers), reference::ElementKind::F32);
}

void append(const reference::Tensor &tensor, std::string &bytes) {
  for (int64_t i = 0; i < tensor.getNumElements(); ++i) {
    char value[4];
    size_t size = 1;
    if (tensor.isFloat()) {
      float number = static_cast<float>(tensor.floats[i]);
      std::memcpy(value, &number, size = 4);
    } else {
      value[0] = static_cast<char>(tensor.integers[i]);
    }
    bytes.append(value, size);
  }
}

bool write(const std::string &path, const std::string &bytes) {
  std::error_code code;
  llvm::raw_fd_ostream(path, code) << bytes;
  return !code;
}

} // namespace

int main(int argc, char **argv) {
  if (argc != 4)
    return 2;
  mlir::DialectRegistry registry;
  registry.insert<CnnDialect, neuflow::NeuflowDialect, mlir::arith::ArithDialect, mlir::func::FuncDialect>();
  mlir::MLIRContext context(registry);
  auto module = mlir::parseSourceFile<mlir::ModuleOp>(argv[1], &context);
  if (!module)
    return 1;
  mlir::func::FuncOp net;
  for (auto function : module->getOps<mlir::func::FuncOp>())
    if (function->hasAttr(kindAttrName))
      net = function;
  neuflow::NetEvaluator<neuflow::Word> evaluator(net);
  std::vector<std::string> inputs(net.getNumArguments()), outputs(net.getNumResults());
  std::mt19937 random(11);
  for (int sample = 0; sample < std::atoi(argv[3]); ++sample) {
    std::vector<reference::Tensor> values;
    for (auto [i, type] : llvm::enumerate(net.getArgumentTypes())) {
      values.push_back(draw(mlir::cast<mlir::RankedTensorType>(type), random));
      append(values.back(), inputs[i]);
    }
    auto results = evaluator.run(values);
    if (mlir::failed(results))
      return 1;
    for (auto [i, result] : llvm::enumerate(*results))
      append(result, outputs[i]);
  }
  std::string folder = argv[2];
  auto name = [](mlir::DictionaryAttr attributes) { return attributes.getAs<mlir::StringAttr>(nameAttrName).str(); };
  bool isWritten = true;
  for (auto [i, bytes] : llvm::enumerate(inputs))
    isWritten &= write(folder + "/" + name(net.getArgAttrDict(i)) + ".in", bytes);
  for (auto [i, bytes] : llvm::enumerate(outputs))
    isWritten &= write(folder + "/" + name(net.getResultAttrDict(i)) + ".out", bytes);
  return !isWritten;
}
