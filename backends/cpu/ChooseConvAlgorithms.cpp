// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Sets the algorithm of every convolution: see Passes.td.
#include "backends/cpu/Passes.h"
#include "backends/cpu/kernels/ConvCost.h"
#include "ir/CnnDialect.h"
#include "passes/StorageLayout.h"

namespace cnn::cpu {
#define GEN_PASS_DEF_CHOOSECONVALGORITHMS
#include "backends/cpu/Passes.h.inc"
} // namespace cnn::cpu

using namespace mlir;
using namespace cnn;
using namespace cnn::cpu;

namespace {

/// What has to be saved for results that are rounded differently, and for a model that is larger.
constexpr double worthwhile = 0.9;

/// How many samples a batch of a training step has at least, as a rule: they share the transform of the weight.
constexpr double trainingBatch = 8;

class ChooseConvAlgorithms : public cnn::cpu::impl::ChooseConvAlgorithmsBase<ChooseConvAlgorithms> {
public:
  using ChooseConvAlgorithmsBase::ChooseConvAlgorithmsBase;

  void runOnOperation() override {
    bool isTrained = false; // so that weights change
    for (func::FuncOp function : getOperation().getOps<func::FuncOp>())
      isTrained |= !isInference(function);
    bool isOrdered = algorithm == orderedSums;
    std::optional<ConvAlgorithm> forced = isOrdered ? ConvAlgorithm::Direct : symbolizeConvAlgorithm(algorithm);
    getOperation().walk([&](Operation *op) {
      if (auto conv = dyn_cast<ConvOp>(op)) {
        if (std::optional<ConvAlgorithm> found = find(conv, conv.getInput(), forced, isTrained))
          conv.setAlgorithm(*found);
      } else if (auto gradient = dyn_cast<ConvInputGradOp>(op)) {
        // Its weight is flipped first, so it is never the one that was transformed when it was set.
        if (auto found = find(gradient, gradient.getOutputGrad(), forced, /*isWeightTransformed=*/true);
            found && *found != ConvAlgorithm::Direct)
          op->setAttr(algorithmAttrName, ConvAlgorithmAttr::get(&getContext(), *found));
        if (isOrdered)
          op->setAttr(orderedSumsAttrName, UnitAttr::get(&getContext()));
      }
    });
  }

private:
  static bool isInference(func::FuncOp function) {
    FunctionKindAttr kind = function->getAttrOfType<FunctionKindAttr>(kindAttrName);
    return !kind || kind.getValue() == FunctionKind::Infer;
  }

  /// Of a convolution, or of one with the flipped weight; null if there is one algorithm alone. `isWeightTransformed`:
  /// in each call.
  template <typename Op>
  std::optional<ConvAlgorithm> find(Op op, TypedValue<RankedTensorType> input, std::optional<ConvAlgorithm> forced,
                                    bool isWeightTransformed) {
    if (!ConvOp::allowsWinograd(op.getWindow(), op.getGroups()) || !op.getType().getElementType().isF32())
      return std::nullopt;
    if (forced)
      return forced;
    // Inference may be of one sample, for which a transform of the weight is too much.
    if (isWeightTransformed && isInference(op->template getParentOfType<func::FuncOp>()))
      return ConvAlgorithm::Direct;
    ArrayRef<int64_t> result = op.getType().getShape();
    return choose(result[2], result[3], input.getType().getDimSize(1), result[1], isWeightTransformed);
  }

  ConvAlgorithm choose(int64_t height, int64_t width, int64_t inputs, int64_t outputs, bool isWeightTransformed) {
    ConvAlgorithm best = ConvAlgorithm::Direct;
    ConvMachine machine = ConvMachine::of(cpu, lanes);
    double leastCycles = estimateDirectConv({height * width, 9, inputs, outputs}, machine) * worthwhile;
    if (dotProducts)
      leastCycles /= 2;
    for (auto [algorithm, tile] : {std::pair(ConvAlgorithm::Winograd2, 2), std::pair(ConvAlgorithm::Winograd4, 4)}) {
      int64_t rows = llvm::divideCeil(height, tile), columns = llvm::divideCeil(width, tile);
      // Pairs as in NarrowStorage.cpp.
      TiledConvShape shape{tile + 2, rows, columns, inputs, outputs, dotProducts && tile == 2 && inputs % 2 == 0};
      double cycles = planTiledConv(shape, machine, placeInputTransform(shape, machine)).cycles;
      // What the tiles have too much is cut off by a copy.
      if (rows * tile != height || columns * tile != width)
        cycles += 2.0 * height * width * outputs / lanes;
      if (isWeightTransformed)
        cycles += estimateWeightTransform(shape, machine) / trainingBatch;
      if (cycles < leastCycles) {
        leastCycles = cycles;
        best = algorithm;
      }
    }
    return best;
  }
};

} // namespace
