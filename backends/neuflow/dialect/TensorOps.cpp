// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "backends/neuflow/dialect/NeuflowDialect.h"

#include "mlir/IR/Diagnostics.h"

using namespace mlir;

#define GET_OP_CLASSES
#include "backends/neuflow/dialect/TensorOps.cpp.inc"

namespace cnn::neuflow {

void NeuflowDialect::addTensorOps() {
  addOperations<
#define GET_OP_LIST
#include "backends/neuflow/dialect/TensorOps.cpp.inc"
      >();
}

/// Whether all entries of an attribute are at least `least`.
static LogicalResult verifyAtLeast(Operation *op, StringRef name, ArrayRef<int64_t> values, int64_t least) {
  for (int64_t value : values)
    if (value < least)
      return op->emitOpError("expected ") << name << " of at least " << least << ", but got " << value;
  return success();
}

static LogicalResult verifyType(Operation *op, RankedTensorType output, ArrayRef<int64_t> shape, Type elementType) {
  auto type = RankedTensorType::get(shape, elementType);
  if (output == type)
    return success();
  return op->emitOpError("expected a result of type ") << type << ", but got " << output;
}

static LogicalResult verifySameCount(Operation *op, RankedTensorType input, RankedTensorType output) {
  if (input.getNumElements() == output.getNumElements())
    return success();
  return op->emitOpError("expected a result of ")
         << input.getNumElements() << " values, as the input has, but got " << output.getNumElements();
}

//===-- conv ------------------------------------------------------------------------------------------------------===//

LogicalResult ConvOp::verify() {
  RankedTensorType input = getInput().getType(), kernels = getKernels().getType();
  int64_t outputs = getBias().getType().getDimSize(0), inputs = input.getDimSize(0);
  // C1
  if (failed(verifyAtLeast(*this, "strides", getStrides(), 1)))
    return failure();
  if (std::optional<DenseIntElementsAttr> connections = getConnections()) {
    // C2
    ShapedType type = connections->getType();
    if (type.getShape() != ArrayRef<int64_t>{kernels.getDimSize(0), 2})
      return emitOpError("expected connections of type tensor<")
             << kernels.getDimSize(0) << "x2xi64>, one row per kernel, but got " << type;
    SmallVector<bool> isConnected(outputs, false);
    for (auto [output, from] : getConnectionList()) {
      if (output < 0 || output >= outputs)
        return emitOpError("expected connections to outputs 0 to ") << outputs - 1 << ", but got " << output;
      if (from < 0 || from >= inputs)
        return emitOpError("expected connections from inputs 0 to ") << inputs - 1 << ", but got " << from;
      isConnected[output] = true;
    }
    // C3
    for (int64_t output = 0; output < outputs; ++output)
      if (!isConnected[output])
        return emitOpError("expected a connection for each output, but got none for ") << output;
  } else if (outputs > kernels.getDimSize(0) / inputs || outputs * inputs != kernels.getDimSize(0)) {
    // C4
    return emitOpError("expected a kernel for each of ")
           << outputs << " outputs and " << inputs << " inputs, but got " << kernels.getDimSize(0);
  }
  SmallVector<int64_t> shape = {outputs};
  for (int i = 0; i < 2; ++i) {
    int64_t kernel = kernels.getDimSize(1 + i);
    int64_t size = input.getDimSize(1 + i) + (getSameSize() ? kernel - 1 : 0);
    // C5
    if (size < kernel)
      return emitOpError("expected planes of at least ")
             << kernel << (i == 0 ? " rows" : " columns") << ", as the kernel has, but got " << size;
    shape.push_back((size - kernel) / getStrides()[i] + 1);
  }
  // C6
  if (failed(verifyType(*this, getType(), shape, input.getElementType())))
    return failure();
  // C7
  for (Type type : {kernels.getElementType(), getBias().getType().getElementType()})
    if (type != input.getElementType())
      return emitOpError("expected kernels and bias of ")
             << input.getElementType() << ", as the input is, but got " << type;
  return success();
}

SmallVector<Connection> ConvOp::getConnectionList() {
  SmallVector<Connection> list;
  if (std::optional<DenseIntElementsAttr> connections = getConnections()) {
    auto values = connections->getValues<int64_t>();
    for (int64_t n = 0, e = connections->getNumElements(); n < e; n += 2)
      list.push_back({values[n], values[n + 1]});
    return list;
  }
  int64_t outputs = getBias().getType().getDimSize(0), inputs = getInput().getType().getDimSize(0);
  for (int64_t output = 0; output < outputs; ++output)
    for (int64_t input = 0; input < inputs; ++input)
      list.push_back({output, input});
  return list;
}

//===-- affine ----------------------------------------------------------------------------------------------------===//

LogicalResult AffineOp::verify() {
  // C1
  int64_t planes = getType().getDimSize(0);
  for (Value numbers : {getScale(), getShift()})
    if (int64_t size = cast<RankedTensorType>(numbers.getType()).getDimSize(0); size != planes)
      return emitOpError("expected a scale and a shift for each of ") << planes << " planes, but got " << size;
  return success();
}

//===-- map -------------------------------------------------------------------------------------------------------===//

LogicalResult MapOp::verify() {
  // C1
  int64_t tables = getTables().size(), planes = getType().getDimSize(0);
  if (tables != 1 && tables != planes)
    return emitOpError("expected one table, or one for each of ") << planes << " planes, but got " << tables;
  return success();
}

MapperAttr MapOp::getTable(int64_t plane) { return cast<MapperAttr>(getTables()[getTables().size() == 1 ? 0 : plane]); }

//===-- Moving planes and words -----------------------------------------------------------------------------------===//

LogicalResult WindowOp::verify() {
  // C1
  if (failed(verifyAtLeast(*this, "an offset", getOffset(), 0)) ||
      failed(verifyAtLeast(*this, "strides", getStrides(), 1)))
    return failure();
  for (int i = 0; i < 2; ++i) {
    // C2
    int64_t size = getInput().getType().getDimSize(1 + i), steps = getType().getDimSize(1 + i) - 1;
    int64_t offset = getOffset()[i], last;
    if (offset >= size || llvm::MulOverflow(steps, getStrides()[i], last) || last >= size - offset)
      return emitOpError("expected a window inside of ")
             << size << (i == 0 ? " rows" : " columns") << ", but got " << steps + 1 << " from " << offset
             << " with a stride of " << getStrides()[i];
  }
  // C3
  ArrayRef<int64_t> shape = getType().getShape();
  RankedTensorType input = getInput().getType();
  return verifyType(*this, getType(), {input.getDimSize(0), shape[1], shape[2]}, input.getElementType());
}

LogicalResult PadOp::verify() {
  // C1
  if (failed(verifyAtLeast(*this, "low", getLow(), 0)) || failed(verifyAtLeast(*this, "high", getHigh(), 0)))
    return failure();
  // C2
  SmallVector<int64_t> shape(getInput().getType().getShape());
  for (int i = 0; i < 2; ++i)
    if (llvm::AddOverflow(shape[1 + i], getLow()[i], shape[1 + i]) ||
        llvm::AddOverflow(shape[1 + i], getHigh()[i], shape[1 + i]))
      return emitOpError("expected a result that memory can hold");
  Type elementType = getInput().getType().getElementType();
  if (failed(verifyType(*this, getType(), shape, elementType)))
    return failure();
  // C3
  if (elementType.isF32() && getValue() != 0 && int16_t(getValue()) != kLeastWord)
    return emitOpError("expected 0 or -32768 around reals, but got ") << int16_t(getValue());
  return success();
}

LogicalResult SelectOp::verify() {
  // C1
  SmallVector<int64_t> shape(getInput().getType().getShape());
  for (int64_t plane : getPlanes())
    if (plane < 0 || plane >= shape[0])
      return emitOpError("expected planes 0 to ") << shape[0] - 1 << ", but got " << plane;
  // C2
  shape[0] = getPlanes().size();
  return verifyType(*this, getType(), shape, getInput().getType().getElementType());
}

LogicalResult ConcatOp::verify() {
  // C1
  if (getInputs().empty())
    return emitOpError("expected at least one input");
  // C2
  int64_t planes = 0;
  ArrayRef<int64_t> size = getType().getShape().drop_front();
  for (Value input : getInputs()) {
    auto type = cast<RankedTensorType>(input.getType());
    if (type.getShape().drop_front() != size || type.getElementType() != getType().getElementType())
      return emitOpError("expected planes of ") << size[0] << "x" << size[1] << " and " << getType().getElementType()
                                                << ", as the result has, but got " << type;
    planes += type.getDimSize(0);
  }
  return verifyType(*this, getType(), {planes, size[0], size[1]}, getType().getElementType());
}

LogicalResult ReshapeOp::verify() {
  // C1
  if (getInput().getType().getElementType() != getType().getElementType())
    return emitOpError("expected a result of ") << getInput().getType().getElementType() << ", but got " << getType();
  return verifySameCount(*this, getInput().getType(), getType());
}

//===-- To and from the host --------------------------------------------------------------------------------------===//

static LogicalResult verifyConversion(Operation *op, RankedTensorType input, RankedTensorType output,
                                      int64_t fraction) {
  // C1
  if (failed(verifySameCount(op, input, output)))
    return failure();
  // C2
  if (fraction < -16 || fraction > 31)
    return op->emitOpError("expected a fraction of -16 to 31 bits, but got ") << fraction;
  return success();
}

LogicalResult QuantizeOp::verify() { return verifyConversion(*this, getInput().getType(), getType(), getFraction()); }

LogicalResult DequantizeOp::verify() { return verifyConversion(*this, getInput().getType(), getType(), getFraction()); }

} // namespace cnn::neuflow
