// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "ir/CnnDialect.h"

#include "mlir/Interfaces/FunctionInterfaces.h"
#include "llvm/ADT/StringSet.h"

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

LogicalResult DataOp::verifyRegions() {
  llvm::StringMap<FieldOp> fields; // "part\0name"
  for (Operation &op : getBody().front()) {
    // C1
    auto field = dyn_cast<FieldOp>(op);
    if (!field)
      return op.emitError("expected fields alone in a data block, but got '") << op.getName() << "'";
    // C2
    auto [first, isNew] = fields.try_emplace((field.getPart() + Twine('\0') + field.getName()).str(), field);
    if (!isNew) {
      InFlightDiagnostic error = field.emitError("expected fields of different names in a part, but got '")
                                 << field.getName() << "' twice in '" << field.getPart() << "'";
      error.attachNote(first->second.getLoc()) << "first declared here";
      return error;
    }
  }
  return success();
}

LogicalResult FieldOp::verify() {
  // C1
  auto type = dyn_cast<RankedTensorType>(getType());
  if (!type || !type.hasStaticShape() || !isModelShape(type))
    return emitOpError("expected the static tensor type of one sample, but got ") << getType();
  // C2
  int64_t classes = getClasses();
  if (classes < 0 || (classes > 0 && type != RankedTensorType::get({}, IntegerType::get(getContext(), 32))))
    return emitOpError("expected a field with classes to be a tensor<i32>, but got ")
           << type << " with " << classes << " classes";
  // C3
  double flip = getFlip().convertToDouble();
  if (!(flip >= 0 && flip <= 1))
    return emitOpError("expected a probability of a flip from 0 to 1, but got ") << flip;
  // C4
  int64_t shift = getShift();
  if (shift < 0)
    return emitOpError("expected a shift of at least 0 pixels, but got ") << shift;
  return success();
}

LogicalResult TrainOp::verify() {
  // C1
  int64_t batch = getBatch(), epochs = getEpochs();
  if (batch < 1)
    return emitOpError("expected a batch of at least 1 sample, but got ") << batch;
  // C2
  if (epochs < 1)
    return emitOpError("expected at least 1 epoch, but got ") << epochs;
  return success();
}

LogicalResult TrainOp::verifySymbolUses(SymbolTableCollection &symbols) {
  // C3. The net may be gone: a lowering replaces it.
  Operation *net = symbols.lookupNearestSymbolFrom(*this, getNetAttr());
  if (net && !isa<FunctionOpInterface>(net))
    return emitOpError("expected '") << getNet() << "' to be a net";
  // C4
  Operation *data = symbols.lookupNearestSymbolFrom(*this, getDataAttr());
  if (!isa_and_nonnull<DataOp>(data))
    return emitOpError("expected '") << getData() << "' to be a data block" << (data ? "" : ", but there is none");
  return success();
}

} // namespace cnn
