// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "backends/neuflow/GridLimits.h"

#include "ir/CnnDialect.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace cnn::neuflow {
namespace {

RankedTensorType typeOf(Value value) { return cast<RankedTensorType>(value.getType()); }

std::string sampleShape(Value value) {
  ArrayRef<int64_t> shape = typeOf(value).getShape();
  return shapeText(shape.empty() ? shape : shape.drop_front());
}

std::string text(const Twine &twine) { return twine.str(); }

/// The windows of an op with one or two spatial dimensions over `input`.
std::string findWindowLimit(StringRef name, Value input, WindowAttr window, const Target &target) {
  for (int64_t i = 0; i < window.getRank(); ++i) {
    if (window.getStride()[i] > 255)
      return text(name + ": a convolver's stride is at most 255, but this one is " + Twine(window.getStride()[i]));
  }
  if (window.getRank() == 0)
    return "";
  int64_t last = window.getRank() - 1, in = typeOf(input).getDimSize(2 + last);
  std::optional<int64_t> columns = windowPaddedSize(in, window.getDim(last));
  if (columns && *columns > target.convLine)
    return text(name + ": a convolver of " + target.name + " holds lines of " + Twine(target.convLine) +
                " columns, but these planes have " + Twine(*columns) + " with their padding");
  return "";
}

/// What a maximum needs beside an ALU: its code, and windows that lie some pixels apart.
std::string findMaximumLimit(StringRef name, bool hasStride, const Target &target) {
  for (auto [feature, isNeeded] : {std::pair(Feature::chain, true), std::pair(Feature::stride, hasStride)})
    if (isNeeded && !target.has(feature))
      return text(name + ": " + target.name + " does not have the feature '" + std::string(nameOf(feature)) +
                  "', without which there is no maximum of streams");
  return "";
}

/// What an average divides by must be the same everywhere.
std::string findAverageLimit(AvgPoolOp op) {
  for (int64_t i = 0; i < op.getWindow().getRank(); ++i) {
    int64_t in = typeOf(op.getInput()).getDimSize(2 + i), out = typeOf(op.getOutput()).getDimSize(2 + i);
    WindowDim window = op.getWindow().getDim(i);
    for (int64_t p = 0; p < out; ++p)
      if (windowCount(p, in, window, op.getCountPad()) != window.kernel)
        return "avgpool: a kernel divides by the same number everywhere, but windows at the edge hold fewer values "
               "than "
               "others";
  }
  return "";
}

std::string findBinaryLimit(BinaryOp op, ConstantValues &constants, const Target &target) {
  StringRef kind = stringifyBinaryKind(op.getKind());
  bool isWhole = int64_t(op.getAxes().size()) == typeOf(op.getLhs()).getRank();
  if (constants.isConstant(op.getLhs()))
    return text(kind + ": the grid takes constants on the right-hand side alone");
  if (constants.isConstant(op.getRhs())) {
    if (!op.getAxes().empty() && op.getAxes() != ArrayRef<int64_t>{1})
      return text(kind + ": the grid takes one constant for each plane, but here there are more");
    if (op.getKind() == BinaryKind::Max || op.getKind() == BinaryKind::Min)
      return text(kind + ": the grid compares streams, not a stream and a constant");
    return "";
  }
  if (!isWhole)
    return text(kind + ": the grid has no stream that stands for many equal values, but here one is broadcast");
  bool isMaximum = op.getKind() == BinaryKind::Max || op.getKind() == BinaryKind::Min;
  return isMaximum ? findMaximumLimit(kind, /*hasStride=*/false, target) : "";
}

} // namespace

std::optional<std::array<int64_t, 3>> findPlanes(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  if (!type || !type.hasStaticShape() || type.getRank() < 2 || type.getRank() > 4 || type.getDimSize(0) != 1)
    return std::nullopt;
  ArrayRef<int64_t> shape = type.getShape();
  switch (type.getRank()) {
  case 2:
    return std::array<int64_t, 3>{shape[1], 1, 1};
  case 3:
    return std::array<int64_t, 3>{shape[1], 1, shape[2]};
  default:
    return std::array<int64_t, 3>{shape[1], shape[2], shape[3]};
  }
}

std::string findGridLimit(Operation *op, ConstantValues &constants, const Target &target) {
  auto name = op->getName().stripDialect();
  for (Value value : op->getResults())
    if (!findPlanes(value))
      return text(name + ": the grid computes planes of rows and columns, but this is " + sampleShape(value));
  for (Value value : op->getOperands())
    if (!constants.isConstant(value) && !findPlanes(value))
      return text(name + ": the grid computes planes of rows and columns, but this reads " + sampleShape(value));
  return TypeSwitch<Operation *, std::string>(op)
      .Case([&](ConvOp op) -> std::string {
        StringRef word = op.getWindow().getRank() == 0 ? "dense" : "conv";
        if (!constants.isConstant(op.getWeight()) || constants.isConstant(op.getInput()))
          return text(word + ": kernels are constants of the program, but these are computed");
        return findWindowLimit(word, op.getInput(), op.getWindow(), target);
      })
      .Case([&](AvgPoolOp op) {
        std::string limit = findWindowLimit("avgpool", op.getInput(), op.getWindow(), target);
        return limit.empty() ? findAverageLimit(op) : limit;
      })
      .Case([&](MaxPoolOp op) {
        bool hasStride = llvm::any_of(op.getWindow().getStride(), [](int64_t stride) { return stride != 1; });
        std::string limit = findMaximumLimit("maxpool", hasStride, target);
        return limit.empty() ? findWindowLimit("maxpool", op.getInput(), op.getWindow(), target) : limit;
      })
      .Case([&](BinaryOp op) { return findBinaryLimit(op, constants, target); })
      .Case([&](BatchNormOp op) -> std::string {
        for (Value value : op->getOperands().drop_front())
          if (!constants.isConstant(value))
            return "batchnorm: its statistics are computed, but the grid takes constants";
        return "";
      })
      .Case([&](ReduceOp op) -> std::string {
        if (op.getKeep() != ArrayRef<int64_t>{0, 1} || typeOf(op.getInput()).getRank() < 3)
          return "reduce: the grid reduces the rows and columns of planes, but this reduces others";
        bool isMaximum = op.getKind() == ReduceKind::Max;
        return isMaximum ? findMaximumLimit("max", /*hasStride=*/true, target) : "";
      })
      .Case([&](PadOp op) -> std::string {
        bool isOfPlanes = op.getLow().take_front(2) == ArrayRef<int64_t>{0, 0} &&
                          op.getHigh().take_front(2) == ArrayRef<int64_t>{0, 0};
        if (op.getMode() != PadMode::Constant || !op.getValue().isZero() || !isOfPlanes)
          return "pad: the grid pads rows and columns with zeros alone";
        return "";
      })
      .Case([&](ConcatOp op) -> std::string {
        if (op.getAxis() != 1)
          return text("concat: the grid stacks planes, but this joins dimension " + Twine(op.getAxis()));
        return llvm::any_of(op.getOperands(), [&](Value input) { return constants.isConstant(input); })
                   ? "concat: the grid stacks streams, but one of these is constant"
                   : "";
      })
      .Case([&](CastOp op) -> std::string {
        bool isByte = typeOf(op.getInput()).getElementType().isUnsignedInteger(8) &&
                      isa<BlockArgument>(op.getInput()) && typeOf(op.getOutput()).getElementType().isF32();
        return isByte ? "" : "cast: words have one type, but this makes another";
      })
      .Case<UnaryOp, ReshapeOp, SliceOp>([](Operation *) { return std::string(); })
      .Case<SoftmaxOp, LogSoftmaxOp>(
          [&](Operation *) { return text(name + ": its exponentials have a range that words of 16 bits do not"); })
      .Case([](LrnOp) { return std::string("lrn: a power of a sum over planes is not built"); })
      .Case([](UpsampleOp) { return std::string("upsample: no stream hands each word on twice"); })
      .Case([](PermuteOp) { return std::string("permute: streams read planes in their order"); })
      .Default([&](Operation *) { return text(name + ": the grid has no operator for it"); });
}

} // namespace cnn::neuflow
