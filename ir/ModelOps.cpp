// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "ir/CnnDialect.h"

using namespace mlir;

#define GET_OP_CLASSES
#include "ir/ModelOps.cpp.inc"

namespace cnn {

void CnnDialect::addModelOps() {
  addOperations<
#define GET_OP_LIST
#include "ir/ModelOps.cpp.inc"
      >();
}

} // namespace cnn
