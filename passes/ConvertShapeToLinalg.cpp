// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Ops that move data. A permutation costs nothing: the result is the same tensor in another storage layout. A reshape
// works on the order of the cnn dialect, in which it is a view.

#include "passes/LinalgLowering.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace cnn {
namespace {

RankedTensorType typeOf(Value tensor) { return cast<RankedTensorType>(tensor.getType()); }

/// values[i] is about dimension i of the cnn value; the result is in the order of the storage.
SmallVector<int64_t> inStorageOrder(ArrayRef<int64_t> values, ArrayRef<int64_t> layout) {
  return llvm::map_to_vector(layout, [&](int64_t dim) { return values[dim]; });
}

LogicalResult lower(ReshapeOp op, LinalgLowering &lowering) {
  Layout from = identityLayout(typeOf(op.getInput()).getRank()), to = identityLayout(typeOf(op.getOutput()).getRank());
  Value x = lowering.get(op.getInput(), from);
  Value result = lowering.reshape(x, LinalgLowering::lowerMovedType(op.getType(), to, x));
  lowering.set(op.getOutput(), result, to);
  return success();
}

LogicalResult lower(PermuteOp op, LinalgLowering &lowering) {
  // Dimension i of the result is dimension perm[i] of the input.
  Layout layout;
  for (int64_t dim : lowering.layoutOf(op.getInput()))
    layout.push_back(llvm::find(op.getPerm(), dim) - op.getPerm().begin());
  lowering.set(op.getOutput(), lowering.get(op.getInput()), layout);
  return success();
}

LogicalResult lower(PadOp op, LinalgLowering &lowering) {
  Layout layout = lowering.layoutOf(op.getInput());
  SmallVector<int64_t> low = inStorageOrder(op.getLow(), layout), high = inStorageOrder(op.getHigh(), layout);
  Value x = lowering.get(op.getInput());
  if (op.getMode() == PadMode::Constant) {
    double value = op.getValue().convertToDouble();
    auto element = cast<FloatType>(typeOf(x).getElementType());
    if (lowering.builder.getFloatAttr(element, value).getValueAsDouble() != value) // of values that are narrower
      x = lowering.getWide(op.getInput(), layout);
    FailureOr<Value> padded = lowering.pad(x, low, high, value);
    if (failed(padded))
      return failure();
    lowering.set(op.getOutput(), *padded, layout);
    return success();
  }
  RankedTensorType type = LinalgLowering::lowerMovedType(op.getType(), layout, x);
  Value result = lowering.forEach(type, {}, [&](ImplicitLocOpBuilder &b, ValueRange) {
    IndexMath index(b);
    SmallVector<Value> position;
    for (auto [dim, below, above] : llvm::enumerate(low, high)) {
      Value at = index.add(index.loop(dim), -below);
      if (below > 0 || above > 0) { // |at|, then reflected at the last
        at = arith::MaxSIOp::create(b, at, index.sub(index.constant(0), at));
        at = arith::MinSIOp::create(b, at, index.sub(index.constant(2 * (typeOf(x).getDimSize(dim) - 1)), at));
      }
      position.push_back(at);
    }
    return tensor::ExtractOp::create(b, x, position).getResult();
  });
  lowering.set(op.getOutput(), result, layout);
  return success();
}

LogicalResult lower(PadGradOp op, LinalgLowering &lowering) {
  Layout layout = lowering.layoutOf(op.getOutputGrad());
  SmallVector<int64_t> low = inStorageOrder(op.getLow(), layout), high = inStorageOrder(op.getHigh(), layout);
  Value dy = lowering.get(op.getOutputGrad());
  RankedTensorType type = LinalgLowering::lowerType(op.getType(), layout);
  if (op.getMode() == PadMode::Constant) {
    lowering.set(op.getInputGrad(), lowering.slice(dy, low, type), layout);
    return success();
  }
  // One dimension after the other: position s is read back from itself and from its mirror images below and above.
  for (auto [dim, below, above] : llvm::enumerate(low, high)) {
    if (below == 0 && above == 0)
      continue;
    SmallVector<int64_t> shape(typeOf(dy).getShape());
    int64_t size = shape[dim] - below - above;
    shape[dim] = size;
    dy = lowering.forEach(
        RankedTensorType::get(shape, type.getElementType()), {},
        [&, dim = dim, below = below, above = above](ImplicitLocOpBuilder &b, ValueRange) {
          IndexMath index(b);
          FloatMath math(b, type.getElementType());
          SmallVector<Value> position;
          for (int64_t i = 0; i < type.getRank(); ++i)
            position.push_back(index.loop(i));
          Value s = position[dim];
          auto read = [&](Value at) {
            position[dim] = index.clamp(at, 0, size + below + above - 1);
            return tensor::ExtractOp::create(b, dy, position).getResult();
          };
          auto readIf = [&](Value condition, Value at) { return math.select(condition, read(at), math.constant(0.0)); };
          Value sum = read(index.add(s, below));
          sum = math.add(sum, readIf(index.inRange(s, 1, below + 1), index.sub(index.constant(below), s)));
          return math.add(sum, readIf(index.inRange(s, size - 1 - above, size - 1),
                                      index.sub(index.constant(below + 2 * (size - 1)), s)));
        });
  }
  lowering.set(op.getInputGrad(), dy, layout);
  return success();
}

LogicalResult lower(SliceOp op, LinalgLowering &lowering) {
  Layout layout = lowering.layoutOf(op.getInput());
  Value x = lowering.get(op.getInput());
  Value result = lowering.slice(x, inStorageOrder(op.getOffsets(), layout),
                                LinalgLowering::lowerMovedType(op.getType(), layout, x));
  lowering.set(op.getOutput(), result, layout);
  return success();
}

LogicalResult lower(ConcatOp op, LinalgLowering &lowering) {
  Layout layout = lowering.layoutOf(op.getInputs().front());
  if (op.getInputs().size() == 1) {
    lowering.set(op.getOutput(), lowering.get(op.getInputs().front()), layout);
    return success();
  }
  int64_t axis = llvm::find(layout, static_cast<int64_t>(op.getAxis())) - layout.begin();
  SmallVector<Value> inputs =
      llvm::map_to_vector(op.getInputs(), [&](Value input) { return lowering.get(input, layout); });
  if (!llvm::all_equal(llvm::map_range(inputs, [](Value x) { return typeOf(x).getElementType(); })))
    for (auto [x, input] : llvm::zip_equal(inputs, op.getInputs()))
      x = lowering.getWide(input, layout);
  RankedTensorType type = LinalgLowering::lowerMovedType(op.getType(), layout, inputs.front());
  ImplicitLocOpBuilder &b = lowering.builder;
  Value result = lowering.empty(type);
  SmallVector<OpFoldResult> offsets(type.getRank(), b.getIndexAttr(0)), strides(type.getRank(), b.getIndexAttr(1));
  int64_t start = 0;
  for (Value x : inputs) {
    SmallVector<OpFoldResult> sizes = getAsIndexOpFoldResult(b.getContext(), typeOf(x).getShape());
    if (!typeOf(x).hasStaticShape())
      sizes[0] = lowering.getBatch();
    offsets[axis] = b.getIndexAttr(start);
    result = tensor::InsertSliceOp::create(b, x, result, offsets, sizes, strides);
    start += typeOf(x).getDimSize(axis);
  }
  lowering.set(op.getOutput(), result, layout);
  return success();
}

LogicalResult lower(UpsampleOp op, LinalgLowering &lowering) {
  Layout layout = lowering.layoutOf(op.getInput());
  Value x = lowering.get(op.getInput());
  SmallVector<int64_t> shape;
  SmallVector<int64_t> read; // the loops that run over the input
  for (auto [i, dim] : llvm::enumerate(layout)) {
    read.push_back(shape.size());
    shape.push_back(typeOf(x).getDimSize(i));
    if (dim >= 2)
      shape.push_back(op.getFactors()[dim - 2]);
  }
  auto type = RankedTensorType::get(shape, typeOf(x).getElementType());
  Value result = lowering.forEach(type, {{x, lowering.loopMap(shape.size(), read)}},
                                  [](ImplicitLocOpBuilder &, ValueRange x) { return x[0]; });
  lowering.set(op.getOutput(), lowering.reshape(result, LinalgLowering::lowerMovedType(op.getType(), layout, result)),
               layout);
  return success();
}

} // namespace

FamilyResult lowerShapeOp(LinalgLowering &lowering, Operation *op) {
  return TypeSwitch<Operation *, FamilyResult>(op)
      .Case<ReshapeOp, PermuteOp, PadOp, PadGradOp, SliceOp, ConcatOp, UpsampleOp>(
          [&](auto op) -> FamilyResult { return lower(op, lowering); })
      .Default([](Operation *) { return std::nullopt; });
}

} // namespace cnn
