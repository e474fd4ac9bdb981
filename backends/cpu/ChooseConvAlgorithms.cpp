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

constexpr ConvAlgorithm tiledAlgorithms[] = {ConvAlgorithm::Winograd2, ConvAlgorithm::Winograd4};

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
    WindowAttr window = op.getWindow();
    bool isGradient = std::is_same_v<Op, ConvInputGradOp>;
    auto isAllowed = [&](ConvAlgorithm algorithm) {
      // The gradient of one with a stride is another convolution.
      return ConvOp::allows(algorithm, window, op.getGroups()) &&
             (!isGradient || llvm::all_of(window.getStride(), [](int64_t stride) { return stride == 1; }));
    };
    auto choices = llvm::to_vector(llvm::make_filter_range(tiledAlgorithms, isAllowed));
    if (choices.empty() || !op.getType().getElementType().isF32())
      return std::nullopt;
    if (forced)
      return isAllowed(*forced) ? *forced : ConvAlgorithm::Direct;
    // Inference may be of one sample, for which a transform of the weight is too much.
    if (isWeightTransformed && isInference(op->template getParentOfType<func::FuncOp>()))
      return ConvAlgorithm::Direct;
    int64_t inputs = input.getType().getDimSize(1), outputs = op.getType().getDimSize(1);
    return choose(op.getType().getShape().drop_front(2), window, inputs, outputs, choices, isWeightTransformed);
  }

  /// `extent`: of the result.
  ConvAlgorithm choose(ArrayRef<int64_t> extent, WindowAttr window, int64_t inputs, int64_t outputs,
                       ArrayRef<ConvAlgorithm> choices, bool isWeightTransformed) {
    ConvAlgorithm best = ConvAlgorithm::Direct;
    ConvMachine machine = ConvMachine::of(cpu, lanes);
    int64_t positions = ShapedType::getNumElements(extent), taps = ShapedType::getNumElements(window.getKernel());
    double leastCycles = estimateDirectConv({positions, taps, inputs, outputs}, machine) * worthwhile;
    if (dotProducts)
      leastCycles /= 2;
    ConvDepth depth;
    if (extent.size() == 3)
      depth = {extent[0], window.getKernel()[0], window.getStride()[0], window.getDilation()[0]};
    int64_t height = extent[extent.size() - 2], width = extent.back(), kernel = window.getKernel().back();
    for (ConvAlgorithm algorithm : choices) {
      int64_t tile = ConvOp::tileOf(algorithm);
      int64_t rows = llvm::divideCeil(height, tile), columns = llvm::divideCeil(width, tile);
      // Pairs as in NarrowStorage.cpp.
      bool isInPairs = dotProducts && tile == 2 && kernel == 3 && inputs % 2 == 0;
      TiledConvShape shape{tile, kernel, depth, rows, columns, inputs, outputs, isInPairs};
      double cycles = planTiledConv(shape, machine, placeInputTransform(shape, machine)).cycles;
      // What the tiles have too much is cut off by a copy.
      if (rows * tile != height || columns * tile != width)
        cycles += 2.0 * positions * outputs / lanes;
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
