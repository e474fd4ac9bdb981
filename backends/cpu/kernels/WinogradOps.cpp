// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "backends/cpu/kernels/WinogradOps.h"

#include "ir/CnnDialect.h"
#include "passes/StorageLayout.h"

using namespace mlir;

namespace cnn::cpu {

TiledConvShape tiledConvShape(linalg::LinalgOp contraction) {
  SmallVector<int64_t> range = contraction.getStaticLoopRanges();
  TiledConvLoops loops(range.size());
  int64_t tile = ConvOp::tileOf(contraction->getAttrOfType<ConvAlgorithmAttr>(algorithmAttrName).getValue());
  ConvDepth depth;
  if (loops.depth) {
    // The slice that is read is stride * z + dilation * d.
    SmallVector<int64_t> point(range.size(), 0);
    auto sliceAt = [&](unsigned loop) {
      point[loop] = 1;
      int64_t slice = contraction.getIndexingMapsArray()[0].compose(point)[loops.position];
      point[loop] = 0;
      return slice;
    };
    depth = {range[loops.position], range[loops.window], sliceAt(loops.position), sliceAt(loops.window)};
  }
  return {tile,
          range[loops.size] - tile + 1,
          depth,
          range[loops.row],
          range[loops.column],
          range[loops.input] * (loops.isInPairs ? range[loops.input + 1] : 1),
          range[loops.output],
          loops.isInPairs};
}

linalg::GenericOp findInputTransform(linalg::LinalgOp contraction) {
  auto made = contraction->getOperand(0).getDefiningOp<linalg::GenericOp>();
  bool isRounding = made && !made->hasAttr(transformAttrName) && made.getNumReductionLoops() == 0 &&
                    made.getNumDpsInputs() == 1 &&
                    llvm::all_of(made.getIndexingMapsArray(), [](AffineMap map) { return map.isIdentity(); });
  if (isRounding)
    made = made.getInputs()[0].getDefiningOp<linalg::GenericOp>();
  return made && made->hasAttr(transformAttrName) ? made : nullptr;
}

} // namespace cnn::cpu
