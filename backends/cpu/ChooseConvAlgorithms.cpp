// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Sets the algorithm of every convolution: see Passes.td.
#include "backends/cpu/Passes.h"
#include "backends/cpu/kernels/ConvCost.h"
#include "ir/CnnDialect.h"

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

class ChooseConvAlgorithms : public cnn::cpu::impl::ChooseConvAlgorithmsBase<ChooseConvAlgorithms> {
public:
  using ChooseConvAlgorithmsBase::ChooseConvAlgorithmsBase;

  void runOnOperation() override {
    // Weights that change are not transformed for each change.
    bool isTrained = llvm::any_of(getOperation().getOps<func::FuncOp>(), [](func::FuncOp function) {
      FunctionKindAttr kind = function->getAttrOfType<FunctionKindAttr>(kindAttrName);
      return kind && kind.getValue() != FunctionKind::Infer;
    });
    std::optional<ConvAlgorithm> forced = symbolizeConvAlgorithm(algorithm);
    getOperation().walk([&](ConvOp op) {
      if (!ConvOp::allowsWinograd(op.getWindow(), op.getGroups()) || !op.getType().getElementType().isF32())
        return;
      op.setAlgorithm(forced ? *forced : isTrained ? ConvAlgorithm::Direct : choose(op));
    });
  }

private:
  ConvAlgorithm choose(ConvOp op) {
    RankedTensorType result = op.getType();
    int64_t height = result.getDimSize(2), width = result.getDimSize(3);
    int64_t inputs = op.getInput().getType().getDimSize(1), outputs = result.getDimSize(1);
    ConvAlgorithm best = ConvAlgorithm::Direct;
    double leastCycles = estimateDirectConv({height * width, 9, inputs, outputs}, lanes) * worthwhile;
    for (auto [algorithm, tile] : {std::pair(ConvAlgorithm::Winograd2, 2), std::pair(ConvAlgorithm::Winograd4, 4)}) {
      int64_t rows = llvm::divideCeil(height, tile), columns = llvm::divideCeil(width, tile);
      TiledConvShape shape{tile + 2, rows, columns, inputs, outputs};
      double cycles = planTiledConv(shape, lanes, placeInputTransform(shape, lanes)).cycles;
      // What the tiles have too much is cut off by a copy.
      if (rows * tile != height || columns * tile != width)
        cycles += 2.0 * height * width * outputs / lanes;
      if (cycles < leastCycles) {
        leastCycles = cycles;
        best = algorithm;
      }
    }
    return best;
  }
};

} // namespace
