// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/LinalgLowering.h"

#include "ir/ModelError.h"
#include "ir/TensorShape.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace cnn {

//===-- What stands for a value -----------------------------------------------------------------------------------===//

LinalgLowering::LinalgLowering(func::FuncOp function) : builder(function.getLoc(), function.getContext()) {
  Block &entry = function.getBody().front();
  builder.setInsertionPointToStart(&entry);
  for (BlockArgument argument : entry.getArguments()) {
    auto type = dyn_cast<RankedTensorType>(argument.getType());
    if (type && type.getRank() > 0 && type.isDynamicDim(0)) {
      batch = tensor::DimOp::create(builder, argument, 0);
      return;
    }
  }
}

void LinalgLowering::set(Value value, Value tensor, ArrayRef<int64_t> layout) {
  assert(tensor.getType() == lowerMovedType(value.getType(), layout, tensor) &&
         "the tensor does not have the layout it should have");
  copies[value].assign({Copy{tensor, Layout(layout)}});
}

Value LinalgLowering::get(Value value) { return get(value, layoutOf(value)); }

Layout LinalgLowering::layoutOf(Value value) const { return withoutSplit(storedLayoutOf(value)); }

const Layout &LinalgLowering::storedLayoutOf(Value value) const { return copies.find(value)->second.front().layout; }

Value LinalgLowering::get(Value value, ArrayRef<int64_t> layout) {
  SmallVector<Copy, 1> &known = copies.find(value)->second;
  for (const Copy &copy : known)
    if (ArrayRef(copy.layout) == layout)
      return copy.tensor;
  // [blocks, .., block] -> [.., all], any order, and back.
  Layout from = withoutSplit(known.front().layout), to = withoutSplit(layout);
  Value tensor = known.front().tensor;
  if (isSplit(known.front().layout)) {
    SmallVector<int64_t> blocksInside = llvm::to_vector(llvm::seq<int64_t>(1, from.size() + 1));
    blocksInside.insert(blocksInside.end() - 1, 0);
    tensor = reshape(transpose(tensor, blocksInside), lowerMovedType(value.getType(), from, tensor));
  }
  SmallVector<int64_t> permutation;
  for (int64_t dim : to)
    permutation.push_back(llvm::find(from, dim) - from.begin());
  tensor = transpose(tensor, permutation);
  if (isSplit(layout)) {
    int64_t last = to.size() - 1;
    SmallVector<int64_t> blocksOutside = llvm::to_vector(llvm::seq<int64_t>(0, last));
    blocksOutside.insert(blocksOutside.begin(), last);
    blocksOutside.push_back(last + 1);
    tensor = transpose(splitDim(tensor, last, lowerType(value.getType(), layout).getShape().back()), blocksOutside);
  }
  known.push_back({tensor, Layout(layout)});
  return tensor;
}

Value LinalgLowering::getChannelsLast(Value value) {
  return get(value, channelsLast(cast<RankedTensorType>(value.getType()).getRank()));
}

Value LinalgLowering::getWide(Value value, ArrayRef<int64_t> layout) {
  Value tensor = get(value, layout);
  RankedTensorType type = lowerType(value.getType(), layout);
  if (tensor.getType() == type)
    return tensor;
  return forEach(type, {{tensor, identityMap(type.getRank())}},
                 [](ImplicitLocOpBuilder &, ValueRange x) { return x[0]; });
}

//===-- Types -----------------------------------------------------------------------------------------------------===//

Type LinalgLowering::lowerElementType(Type type) {
  // Signs are a property of ops from here on.
  auto integer = dyn_cast<IntegerType>(type);
  return integer ? IntegerType::get(type.getContext(), integer.getWidth()) : type;
}

RankedTensorType LinalgLowering::lowerType(Type type, ArrayRef<int64_t> layout) {
  auto tensor = cast<RankedTensorType>(type);
  SmallVector<int64_t> shape;
  for (int64_t dim : layout)
    shape.push_back(tensor.getDimSize(dim));
  if (isSplit(layout)) {
    shape.back() = columnsPerBlock(shape.front());
    shape.front() /= shape.back();
  }
  return RankedTensorType::get(shape, lowerElementType(tensor.getElementType()));
}

RankedTensorType LinalgLowering::lowerMovedType(Type type, ArrayRef<int64_t> layout, Value tensor) {
  return cast<RankedTensorType>(lowerType(type, layout).clone(getElementTypeOrSelf(tensor)));
}

//===-- Tensors ---------------------------------------------------------------------------------------------------===//

Value LinalgLowering::empty(RankedTensorType type) {
  SmallVector<Value> sizes;
  if (type.getNumDynamicDims())
    sizes.push_back(batch);
  return tensor::EmptyOp::create(builder, type, sizes);
}

Value LinalgLowering::filled(RankedTensorType type, TypedAttr value) {
  Value scalar = arith::ConstantOp::create(builder, value);
  return linalg::FillOp::create(builder, scalar, empty(type)).getResult(0);
}

Value LinalgLowering::filled(RankedTensorType type, double value) {
  return filled(type, builder.getFloatAttr(type.getElementType(), value));
}

Value LinalgLowering::reshape(Value tensor, RankedTensorType type) {
  auto from = cast<RankedTensorType>(tensor.getType());
  if (from == type)
    return tensor;
  // Through the flat form: [values] or, with a batch, [batch, values of one sample]. Canonicalization joins the two.
  int64_t kept = from.getNumDynamicDims();
  int64_t values = 1;
  for (int64_t size : from.getShape().drop_front(kept))
    values *= size;
  auto grouping = [&](int64_t rank) {
    SmallVector<ReassociationIndices> groups;
    if (rank == kept) // no dimension beside the batch: it takes in the flat one
      return SmallVector<ReassociationIndices>(rank, llvm::to_vector<2>(llvm::seq<int64_t>(0, kept + 1)));
    for (int64_t dim = 0; dim < kept; ++dim)
      groups.push_back({dim});
    groups.push_back(llvm::to_vector<2>(llvm::seq<int64_t>(kept, rank)));
    return groups;
  };
  SmallVector<int64_t> flatShape(from.getShape().take_front(kept));
  flatShape.push_back(values);
  auto flatType = RankedTensorType::get(flatShape, from.getElementType());
  auto sizesOf = [&](RankedTensorType type) {
    SmallVector<OpFoldResult> sizes = getAsIndexOpFoldResult(builder.getContext(), type.getShape());
    if (kept)
      sizes[0] = batch;
    return sizes;
  };
  Value flat = tensor;
  if (from.getRank() < flatType.getRank())
    flat = tensor::ExpandShapeOp::create(builder, flatType, flat, grouping(from.getRank()), sizesOf(flatType));
  else if (from.getRank() > flatType.getRank())
    flat = tensor::CollapseShapeOp::create(builder, flatType, flat, grouping(from.getRank()));
  if (type.getRank() < flatType.getRank())
    return tensor::CollapseShapeOp::create(builder, type, flat, grouping(type.getRank()));
  if (type.getRank() > flatType.getRank())
    return tensor::ExpandShapeOp::create(builder, type, flat, grouping(type.getRank()), sizesOf(type));
  return flat;
}

Value LinalgLowering::splitDim(Value tensor, int64_t dim, int64_t inner) {
  auto type = cast<RankedTensorType>(tensor.getType());
  SmallVector<int64_t> shape(type.getShape());
  shape[dim] /= inner;
  shape.insert(shape.begin() + dim + 1, inner);
  SmallVector<ReassociationIndices> groups;
  SmallVector<OpFoldResult> sizes = getAsIndexOpFoldResult(builder.getContext(), shape);
  if (type.getNumDynamicDims())
    sizes[0] = batch;
  for (int64_t from = 0, to = 0; from < type.getRank(); ++from) {
    groups.push_back({to++});
    if (from == dim)
      groups.back().push_back(to++);
  }
  return tensor::ExpandShapeOp::create(builder, RankedTensorType::get(shape, type.getElementType()), tensor, groups,
                                       sizes);
}

Value LinalgLowering::transpose(Value tensor, ArrayRef<int64_t> permutation) {
  auto from = cast<RankedTensorType>(tensor.getType());
  SmallVector<int64_t> shape;
  SmallVector<int64_t> moved; // the dimensions that are not of size 1, in their new order
  for (int64_t dim : permutation) {
    shape.push_back(from.getDimSize(dim));
    if (from.getDimSize(dim) != 1)
      moved.push_back(dim);
  }
  auto type = RankedTensorType::get(shape, from.getElementType());
  if (llvm::is_sorted(moved))
    return reshape(tensor, type);
  return linalg::TransposeOp::create(builder, tensor, empty(type), permutation)->getResult(0);
}

LogicalResult LinalgLowering::checkSize(std::optional<ArrayRef<int64_t>> shape, StringRef what) {
  if (shape && valueCount(*shape))
    return success();
  return emitModelError(builder.getLoc()) << "expected at most 2^60 values in a tensor, but " << what << " has more";
}

FailureOr<Value> LinalgLowering::pad(Value tensor, ArrayRef<int64_t> low, ArrayRef<int64_t> high, double value) {
  auto type = cast<RankedTensorType>(tensor.getType());
  int64_t rank = type.getRank();
  SmallVector<int64_t> shape(type.getShape());
  bool isCrop = true, isOutside = false; // nothing is added; nothing of the tensor is left
  bool isTooLarge = false;
  int64_t added;
  for (auto [dim, below, above] : llvm::enumerate(low, high)) {
    isCrop &= below <= 0 && above <= 0;
    if (type.isDynamicDim(dim))
      continue;
    isTooLarge |= llvm::AddOverflow(below, above, added) || llvm::AddOverflow(shape[dim], added, shape[dim]);
    isOutside |= type.getDimSize(dim) + std::min<int64_t>(below, 0) + std::min<int64_t>(above, 0) <= 0;
  }
  if (failed(checkSize(isTooLarge ? std::nullopt : std::optional<ArrayRef<int64_t>>(shape),
                       "the tensor with its padding")))
    return failure();
  auto padded = RankedTensorType::get(shape, type.getElementType());
  if (isOutside)
    return filled(padded, value);
  if (isCrop)
    return slice(tensor, llvm::map_to_vector(low, [](int64_t below) { return -below; }), padded);
  // One loop nest that writes border and inside, so that it can be cut in any way; it never reads outside.
  Value result = forEach(padded, {}, [&](ImplicitLocOpBuilder &b, ValueRange) {
    IndexMath index(b);
    SmallVector<Value> position;
    Value isInside;
    for (int64_t dim = 0; dim < rank; ++dim) {
      Value at = index.add(index.loop(dim), -low[dim]);
      if (low[dim] > 0 || high[dim] > 0) {
        Value valid = index.inRange(at, 0, type.getDimSize(dim));
        isInside = isInside ? index.both(isInside, valid) : valid;
        at = index.clamp(at, 0, type.getDimSize(dim) - 1);
      }
      position.push_back(at);
    }
    FloatMath math(b, type.getElementType());
    return math.select(isInside, tensor::ExtractOp::create(b, tensor, position), math.constant(value));
  });
  Operation *made = result.getDefiningOp();
  made->setAttr(padAttrName, builder.getUnitAttr());
  auto isPadding = [](int64_t size) { return size >= 0; };
  if (llvm::all_of(low, isPadding) && llvm::all_of(high, isPadding))
    made->setAttr(
        haloAttrName,
        builder.getDictionaryAttr({builder.getNamedAttr("low", builder.getDenseI64ArrayAttr(low)),
                                   builder.getNamedAttr("value", builder.getFloatAttr(type.getElementType(), value))}));
  return result;
}

FailureOr<Value> LinalgLowering::padForWindow(Value tensor, WindowAttr window, double value, int64_t channels) {
  auto type = cast<RankedTensorType>(tensor.getType());
  SmallVector<int64_t> low{0}, high{0};
  for (int64_t i = 0; i < window.getRank(); ++i) {
    WindowDim dim = window.getDim(i);
    std::optional<int64_t> size = windowPaddedSize(type.getDimSize(i + 1), dim);
    if (!size)
      return checkSize(std::nullopt, "the input with its padding");
    low.push_back(dim.padLow);
    high.push_back(*size - dim.padLow - type.getDimSize(i + 1));
  }
  low.push_back(0);
  high.push_back(std::max<int64_t>(0, channels - type.getShape().back()));
  return pad(tensor, low, high, value);
}

Value LinalgLowering::slice(Value tensor, ArrayRef<int64_t> offsets, RankedTensorType type) {
  if (tensor.getType() == type)
    return tensor;
  SmallVector<AffineExpr> position;
  for (auto [dim, offset] : llvm::enumerate(offsets))
    position.push_back(builder.getAffineDimExpr(dim) + offset);
  return forEach(type, {{tensor, AffineMap::get(type.getRank(), 0, position, builder.getContext())}},
                 [](ImplicitLocOpBuilder &, ValueRange x) { return x[0]; });
}

//===-- Loops -----------------------------------------------------------------------------------------------------===//

/// So many channels do not fill the vectors of a loop.
static constexpr int64_t maxFewChannels = 32;

Value LinalgLowering::reduce(RankedTensorType type, ArrayRef<int64_t> kept, double start, ArrayRef<LoopInput> inputs,
                             PointBody value, PointBody combine) {
  ArrayRef<int64_t> sizes = cast<RankedTensorType>(inputs.front().tensor.getType()).getShape();
  int64_t rank = sizes.size();
  auto isReduced = [&](int64_t dim) { return sizes[dim] != 1 && !llvm::is_contained(kept, dim); };
  SmallVector<int64_t> reduced = llvm::filter_to_vector(llvm::seq<int64_t>(0, rank), isReduced);
  auto step = [&](RankedTensorType stepType, ArrayRef<int64_t> stepKept) {
    return accumulate(
        filled(stepType, start), loopMap(rank, stepKept), inputs,
        [&](ImplicitLocOpBuilder &b, ValueRange x) { return combine(b, {x.back(), value(b, x.drop_back())}); });
  };
  if (reduced.size() < 2 || kept.empty() || kept.back() != rank - 1)
    return step(type, kept);

  // Few channels: the positions of a row beside each other, as if they were channels, and added up last.
  int64_t channels = sizes.back(), positions = sizes[rank - 2];
  if (kept.size() == 1 && inputs.size() == 1 && reduced.back() == rank - 2 && channels <= maxFewChannels &&
      !ShapedType::isDynamic(positions)) {
    SmallVector<int64_t> shape(sizes.drop_back());
    shape.back() = positions * channels;
    auto inputType = cast<RankedTensorType>(inputs.front().tensor.getType());
    Value rows = reshape(inputs.front().tensor, RankedTensorType::get(shape, inputType.getElementType()));
    Value sums = reduce(RankedTensorType::get({shape.back()}, type.getElementType()), {rank - 2}, start,
                        {{rows, identityMap(rank - 1)}}, value, combine);
    return reduce(
        type, {1}, start, {{splitDim(sums, 0, channels), identityMap(2)}},
        [](ImplicitLocOpBuilder &, ValueRange x) { return x[0]; }, combine);
  }

  SmallVector<int64_t> stepKept, stepSizes, keptOfStep;
  for (int64_t dim = 0; dim < rank; ++dim) {
    bool isKept = llvm::is_contained(kept, dim);
    if (!isKept && (!isReduced(dim) || dim == reduced.back()))
      continue;
    if (isKept)
      keptOfStep.push_back(stepKept.size());
    stepKept.push_back(dim);
    stepSizes.push_back(sizes[dim]);
  }
  Value partial = step(RankedTensorType::get(stepSizes, type.getElementType()), stepKept);
  return reduce(
      type, keptOfStep, start, {{partial, identityMap(stepKept.size())}},
      [](ImplicitLocOpBuilder &, ValueRange x) { return x[0]; }, combine);
}

AffineMap LinalgLowering::loopMap(int64_t loops, ArrayRef<int64_t> results) {
  SmallVector<AffineExpr> dims;
  for (int64_t loop : results)
    dims.push_back(builder.getAffineDimExpr(loop));
  return AffineMap::get(loops, 0, dims, builder.getContext());
}

static bool isNarrowFloat(Type type) { return isa<FloatType>(type) && type.getIntOrFloatBitWidth() < 32; }

SmallVector<Value> LinalgLowering::widen(ImplicitLocOpBuilder &b, ValueRange arguments) {
  return llvm::map_to_vector(arguments, [&](Value argument) -> Value {
    return isNarrowFloat(argument.getType()) ? arith::ExtFOp::create(b, b.getF32Type(), argument) : argument;
  });
}

/// The value as it is written to a tensor with elements of this type.
static Value narrow(ImplicitLocOpBuilder &b, Value value, Type type) {
  return isNarrowFloat(type) && value.getType() != type ? arith::TruncFOp::create(b, type, value) : value;
}

/// The part of an input that the loops reach, as a view. linalg takes the extent of a loop from the first operand that
/// it indexes alone, so that operand must not be larger; and upstream's tiling wants maps without constant terms.
LoopInput LinalgLowering::cropToLoops(const LoopInput &input, RankedTensorType loops) {
  auto type = cast<RankedTensorType>(input.tensor.getType());
  SmallVector<OpFoldResult> offsets(type.getRank(), builder.getIndexAttr(0)),
      strides(type.getRank(), builder.getIndexAttr(1));
  SmallVector<OpFoldResult> sizes = getAsIndexOpFoldResult(builder.getContext(), type.getShape());
  if (type.getNumDynamicDims())
    sizes[0] = batch;
  SmallVector<int64_t> shape(type.getShape());
  SmallVector<AffineExpr> exprs, first, last;
  for (int64_t size : loops.getShape()) {
    first.push_back(builder.getAffineConstantExpr(0));
    last.push_back(builder.getAffineConstantExpr(ShapedType::isDynamic(size) ? 0 : size - 1));
  }
  for (auto [dim, expr] : llvm::enumerate(input.map.getResults())) {
    if (type.isDynamicDim(dim)) {
      exprs.push_back(expr);
      continue;
    }
    int64_t low = cast<AffineConstantExpr>(expr.replaceDims(first)).getValue();
    int64_t high = cast<AffineConstantExpr>(expr.replaceDims(last)).getValue();
    exprs.push_back(expr - low);
    shape[dim] = high - low + 1;
    offsets[dim] = builder.getIndexAttr(low);
    sizes[dim] = builder.getIndexAttr(shape[dim]);
  }
  auto cropped = RankedTensorType::get(shape, type.getElementType());
  if (cropped == type)
    return input;
  Value slice = tensor::ExtractSliceOp::create(builder, cropped, input.tensor, offsets, sizes, strides);
  return {slice, AffineMap::get(input.map.getNumDims(), 0, exprs, builder.getContext())};
}

Value LinalgLowering::forEach(RankedTensorType type, ArrayRef<LoopInput> inputs, PointBody body) {
  return forEachOf({type}, inputs,
                   [&](ImplicitLocOpBuilder &b, ValueRange arguments, SmallVectorImpl<Value> &results) {
                     results.push_back(body(b, arguments));
                   })
      .front();
}

SmallVector<Value>
LinalgLowering::forEachOf(ArrayRef<RankedTensorType> types, ArrayRef<LoopInput> inputs,
                          function_ref<void(ImplicitLocOpBuilder &, ValueRange, SmallVectorImpl<Value> &)> body) {
  SmallVector<Value> tensors, results;
  SmallVector<AffineMap> maps;
  for (const LoopInput &input : inputs) {
    LoopInput cropped = cropToLoops(input, types.front());
    tensors.push_back(cropped.tensor);
    maps.push_back(cropped.map);
  }
  SmallVector<Type> resultTypes(types);
  for (RankedTensorType type : types) {
    results.push_back(empty(type));
    maps.push_back(identityMap(type.getRank()));
  }
  SmallVector<utils::IteratorType> iterators(types.front().getRank(), utils::IteratorType::parallel);
  auto op = linalg::GenericOp::create(builder, resultTypes, tensors, results, maps, iterators,
                                      [&](OpBuilder &nested, Location loc, ValueRange arguments) {
                                        ImplicitLocOpBuilder b(loc, nested);
                                        SmallVector<Value> values;
                                        body(b, widen(b, arguments.drop_back(types.size())), values);
                                        for (auto [value, type] : llvm::zip_equal(values, types))
                                          value = narrow(b, value, type.getElementType());
                                        linalg::YieldOp::create(b, values);
                                      });
  return SmallVector<Value>(op.getResults());
}

Value LinalgLowering::accumulate(Value init, AffineMap resultMap, ArrayRef<LoopInput> inputs, PointBody body,
                                 bool isContraction) {
  SmallVector<Value> tensors;
  SmallVector<AffineMap> maps;
  for (const LoopInput &input : inputs) {
    tensors.push_back(input.tensor);
    maps.push_back(input.map);
  }
  maps.push_back(resultMap);
  SmallVector<utils::IteratorType> iterators;
  for (unsigned loop = 0; loop < resultMap.getNumDims(); ++loop)
    iterators.push_back(resultMap.isFunctionOfDim(loop) ? utils::IteratorType::parallel
                                                        : utils::IteratorType::reduction);
  auto op = linalg::GenericOp::create(builder, TypeRange{init.getType()}, tensors, ValueRange{init}, maps, iterators,
                                      [&](OpBuilder &nested, Location loc, ValueRange arguments) {
                                        ImplicitLocOpBuilder b(loc, nested);
                                        Value value = body(b, widen(b, arguments));
                                        linalg::YieldOp::create(b, narrow(b, value, getElementTypeOrSelf(init)));
                                      });
  if (isContraction)
    op->setAttr(contractionAttrName, builder.getUnitAttr());
  return op.getResult(0);
}

//===-- Arithmetic ------------------------------------------------------------------------------------------------===//

Value FloatMath::constant(double value) {
  return arith::ConstantOp::create(builder, builder.getFloatAttr(type, value));
}
Value FloatMath::add(Value a, Value b) { return arith::AddFOp::create(builder, a, b); }
Value FloatMath::sub(Value a, Value b) { return arith::SubFOp::create(builder, a, b); }
Value FloatMath::mul(Value a, Value b) { return arith::MulFOp::create(builder, a, b); }
Value FloatMath::div(Value a, Value b) { return arith::DivFOp::create(builder, a, b); }
Value FloatMath::neg(Value a) { return arith::NegFOp::create(builder, a); }
// Which zero is the larger one costs two instructions more than the rest.
Value FloatMath::max(Value a, Value b) { return arith::MaximumFOp::create(builder, a, b, arith::FastMathFlags::nsz); }
Value FloatMath::min(Value a, Value b) { return arith::MinimumFOp::create(builder, a, b, arith::FastMathFlags::nsz); }
Value FloatMath::sqrt(Value a) { return math::SqrtOp::create(builder, a); }
Value FloatMath::exp(Value a) { return math::ExpOp::create(builder, a); }
Value FloatMath::log(Value a) { return math::LogOp::create(builder, a); }
Value FloatMath::greater(Value a, Value b) { return arith::CmpFOp::create(builder, arith::CmpFPredicate::OGT, a, b); }
Value FloatMath::less(Value a, Value b) { return arith::CmpFOp::create(builder, arith::CmpFPredicate::OLT, a, b); }
Value FloatMath::equal(Value a, Value b) { return arith::CmpFOp::create(builder, arith::CmpFPredicate::OEQ, a, b); }
Value FloatMath::select(Value condition, Value a, Value b) { return arith::SelectOp::create(builder, condition, a, b); }
Value FloatMath::addInAnyOrder(Value a, Value b) {
  return arith::AddFOp::create(builder, a, b, arith::FastMathFlags::reassoc);
}

Value multiplyAdd(ImplicitLocOpBuilder &builder, ValueRange arguments) {
  FloatMath math(builder, arguments[2]);
  return math.add(arguments[2], math.mul(arguments[0], arguments[1]));
}

Value IndexMath::constant(int64_t value) { return arith::ConstantIndexOp::create(builder, value); }
Value IndexMath::loop(int64_t dim) { return linalg::IndexOp::create(builder, dim); }
Value IndexMath::add(Value a, int64_t b) { return b == 0 ? a : add(a, constant(b)); }
Value IndexMath::add(Value a, Value b) { return arith::AddIOp::create(builder, a, b); }
Value IndexMath::sub(Value a, Value b) { return arith::SubIOp::create(builder, a, b); }
Value IndexMath::mul(Value a, int64_t b) { return b == 1 ? a : mul(a, constant(b)); }
Value IndexMath::mul(Value a, Value b) { return arith::MulIOp::create(builder, a, b); }
Value IndexMath::div(Value a, int64_t b) {
  return b == 1 ? a : arith::DivUIOp::create(builder, a, constant(b)).getResult();
}
Value IndexMath::rem(Value a, int64_t b) {
  return b == 1 ? constant(0) : arith::RemUIOp::create(builder, a, constant(b)).getResult();
}
Value IndexMath::inRange(Value a, int64_t low, int64_t high) {
  Value above = arith::CmpIOp::create(builder, arith::CmpIPredicate::sge, a, constant(low));
  Value below = arith::CmpIOp::create(builder, arith::CmpIPredicate::slt, a, constant(high));
  return both(above, below);
}
Value IndexMath::equal(Value a, Value b) { return arith::CmpIOp::create(builder, arith::CmpIPredicate::eq, a, b); }
Value IndexMath::both(Value a, Value b) { return arith::AndIOp::create(builder, a, b); }
Value IndexMath::clamp(Value a, int64_t low, int64_t high) {
  Value atLeast = arith::MaxSIOp::create(builder, a, constant(low));
  return arith::MinSIOp::create(builder, atLeast, constant(high));
}

} // namespace cnn
