// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "backends/cpu/kernels/WinogradOps.h"

#include "passes/StorageLayout.h"

using namespace mlir;

namespace cnn::cpu {

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
