// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Raw operations that move values, or compute with shapes alone.
#include "dsl/Elaborator.h"
#include "llvm/Support/MathExtras.h"

namespace cnn::dsl {

static Value first(llvm::ArrayRef<mlir::Value> made) {
  return made.empty() ? Value(Poison()) : Value(Tensor{made.front()});
}

static Value runReshape(Elaborator &elaborator, OperationCall &call) {
  Tensor input = call.tensor("input");
  llvm::SmallVector<int64_t> shape = call.list("shape");
  return call.finish() ? elaborator.buildReshape(call.place, input, shape) : Value(Poison());
}

static Value runPermute(Elaborator &elaborator, OperationCall &call) {
  Tensor input = call.tensor("input");
  llvm::SmallVector<int64_t> order = call.list("order");
  if (!call.finish())
    return Poison();
  llvm::SmallVector<int64_t> sorted = order;
  std::sort(sorted.begin(), sorted.end());
  bool isPermutation = order.size() == input.shape().size();
  for (size_t i = 0; i < sorted.size(); ++i)
    isPermutation &= sorted[i] == static_cast<int64_t>(i);
  if (!isPermutation) {
    call.fail(call.place, "the order " + printShape(order) + " must name each of the " +
                              llvm::Twine(input.shape().size()) + " dims once, from 0");
    return Poison();
  }
  if (input.hasBatch()) {
    for (int64_t &dim : order)
      ++dim;
    order.insert(order.begin(), 0);
  }
  mlir::OpBuilder &builder = elaborator.builder;
  return first(elaborator.build<PermuteOp>(call.place, {input.value},
                                           {builder.getNamedAttr("perm", builder.getDenseI64ArrayAttr(order))}));
}

/// cnn.pad(x, low, high, mode, value): low and high for each spatial dim; negative ones crop.
static Value runPad(Elaborator &elaborator, OperationCall &call) {
  Tensor input = call.floatTensor("input");
  if (!call.ok)
    return Poison();
  auto count = static_cast<int64_t>(input.shape().empty() ? 0 : input.shape().size() - 1);
  llvm::SmallVector<int64_t> low = call.integers("low", count, std::nullopt);
  SourceRange lowPlace = call.lastPlace();
  llvm::SmallVector<int64_t> high = call.integers("high", count, std::nullopt);
  llvm::StringRef mode = call.text("mode", "constant");
  SourceRange modePlace = call.lastPlace();
  double value = call.number("value", 0.0);
  if (!call.finish())
    return Poison();
  std::optional<PadMode> kind = symbolizePadMode(mode);
  for (llvm::SmallVector<int64_t> *sides : {&low, &high}) {
    for (int64_t side : *sides)
      if (side < 0 || side > (int64_t(1) << 31))
        call.fail(lowPlace, "a tensor cannot be padded by " + llvm::Twine(side));
    sides->insert(sides->begin(), input.shape().size() - count + (input.hasBatch() ? 1 : 0), 0);
  }
  if (!kind) {
    elaborator.error(modePlace, "there is no padding '" + mode + "'").suggestOneOf(mode, {"constant", "mirror"});
    return Poison();
  }
  if (!call.ok)
    return Poison();
  mlir::OpBuilder &builder = elaborator.builder;
  return first(elaborator.build<PadOp>(call.place, {input.value},
                                       {builder.getNamedAttr("low", builder.getDenseI64ArrayAttr(low)),
                                        builder.getNamedAttr("high", builder.getDenseI64ArrayAttr(high)),
                                        builder.getNamedAttr("mode", PadModeAttr::get(&elaborator.context, *kind)),
                                        builder.getNamedAttr("value", builder.getF64FloatAttr(value))}));
}

/// cnn.slice(x, offsets, sizes), one of each per dim of a sample.
static Value runSlice(Elaborator &elaborator, OperationCall &call) {
  Tensor input = call.tensor("input");
  llvm::SmallVector<int64_t> offsets = call.list("offsets"), sizes = call.list("sizes");
  if (!call.finish())
    return Poison();
  llvm::ArrayRef<int64_t> shape = input.shape();
  bool fits = offsets.size() == shape.size() && sizes.size() == shape.size();
  for (size_t i = 0; fits && i < shape.size(); ++i)
    fits = offsets[i] >= 0 && sizes[i] >= 1 && offsets[i] <= shape[i] && sizes[i] <= shape[i] - offsets[i];
  if (!fits) {
    call.fail(call.place, "a box of shape " + printShape(sizes) + " at " + printShape(offsets) +
                              " does not lie inside " + printShape(shape));
    return Poison();
  }
  if (input.hasBatch()) {
    offsets.insert(offsets.begin(), 0);
    sizes.insert(sizes.begin(), -1);
  }
  mlir::OpBuilder &builder = elaborator.builder;
  return first(elaborator.build<SliceOp>(call.place, {input.value},
                                         {builder.getNamedAttr("offsets", builder.getDenseI64ArrayAttr(offsets)),
                                          builder.getNamedAttr("sizes", builder.getDenseI64ArrayAttr(sizes))}));
}

/// cnn.concat(parts, axis): a list of tensors, one after the other along a dim of a sample.
static Value runConcat(Elaborator &elaborator, OperationCall &call) {
  const Actual *parts = call.next("parts");
  int64_t axis = call.integer("axis", 0);
  if (!call.finish())
    return Poison();
  llvm::SmallVector<mlir::Value> inputs;
  const std::vector<Value> *elements = parts ? parts->value.elements() : nullptr;
  if (!elements || elements->empty()) {
    call.fail(call.place, "expected tensors to put together");
    return Poison();
  }
  llvm::SmallVector<Tensor> tensors;
  for (const Value &element : *elements) {
    const auto *tensor = element.as<Tensor>();
    if (!tensor || tensor->hasBatch() != elements->front().as<Tensor>()->hasBatch()) {
      call.fail(parts->place, "cannot put " + describe(element) + " and " + describe(elements->front()) + " together");
      return Poison();
    }
    tensors.push_back(*tensor);
  }
  // Bytes are joined as they are, and with reals as the reals that they become in any other op.
  auto elementType = [](const Tensor &tensor) { return tensor.type().getElementType(); };
  if (!llvm::all_equal(llvm::map_range(tensors, elementType)))
    for (Tensor &tensor : tensors) {
      std::optional<Tensor> converted = elaborator.toFloat(parts->place, tensor);
      if (!converted)
        return Poison();
      tensor = *converted;
    }
  const Tensor &front = tensors.front();
  if (axis < 0 || axis >= static_cast<int64_t>(front.shape().size())) {
    call.fail(call.place, "there is no dim " + llvm::Twine(axis) + " in " + describe(elements->front()));
    return Poison();
  }
  for (const Tensor &tensor : tensors) {
    llvm::ArrayRef<int64_t> shape = tensor.shape();
    bool fits = shape.size() == front.shape().size();
    for (size_t i = 0; fits && i < shape.size(); ++i)
      fits = static_cast<int64_t>(i) == axis || shape[i] == front.shape()[i];
    if (!fits) {
      call.fail(call.place, "cannot concatenate tensors whose other dims differ: " + printShape(front.shape()) +
                                " and " + printShape(shape));
      return Poison();
    }
    inputs.push_back(tensor.value);
  }
  mlir::OpBuilder &builder = elaborator.builder;
  int64_t dim = axis + (front.hasBatch() ? 1 : 0);
  return first(
      elaborator.build<ConcatOp>(call.place, inputs, {builder.getNamedAttr("axis", builder.getI64IntegerAttr(dim))}));
}

static Value runUpsample(Elaborator &elaborator, OperationCall &call) {
  Tensor input = call.floatTensor("input");
  if (!call.ok)
    return Poison();
  auto count = static_cast<int64_t>(input.shape().empty() ? 0 : input.shape().size() - 1);
  llvm::SmallVector<int64_t> factors = call.integers("factors", count, std::nullopt);
  SourceRange where = call.lastPlace();
  if (!call.finish())
    return Poison();
  for (int64_t factor : factors)
    if (factor < 1 || factor > (int64_t(1) << 20))
      call.fail(where, "a factor must be at least 1, but is " + llvm::Twine(factor));
  if (!call.ok)
    return Poison();
  mlir::OpBuilder &builder = elaborator.builder;
  return first(elaborator.build<UpsampleOp>(call.place, {input.value},
                                            {builder.getNamedAttr("factors", builder.getDenseI64ArrayAttr(factors))}));
}

/// cnn.shape(x): the dims of one sample.
static Value runShape(Elaborator &, OperationCall &call) {
  Tensor input = call.tensor("input");
  if (!call.finish())
    return Poison();
  return Value::ofList({input.shape().begin(), input.shape().end()});
}

/// cnn.size(x): the number of values of one sample, or the product of a list.
static Value runSize(Elaborator &, OperationCall &call) {
  const Actual *actual = call.next("input");
  if (!actual || !call.finish()) {
    call.fail(call.place, "'cnn.size' needs an argument");
    return Poison();
  }
  int64_t product = 1;
  llvm::SmallVector<int64_t> sizes;
  if (const auto *tensor = actual->value.as<Tensor>())
    sizes.assign(tensor->shape().begin(), tensor->shape().end());
  else if (const auto *window = actual->value.as<WindowValue>())
    sizes.assign(window->sizes.begin(), window->sizes.end());
  else if (const std::vector<Value> *elements = actual->value.elements())
    for (const Value &element : *elements)
      sizes.push_back(element.is<int64_t>() ? *element.as<int64_t>() : 0);
  for (int64_t size : sizes)
    if (llvm::MulOverflow(product, size, product)) {
      call.fail(call.place, "this is larger than an integer can be");
      return Poison();
    }
  return product;
}

/// cnn.window(kernel, spatial, least = 1): the window with one size for each of the spatial dims.
static Value runWindow(Elaborator &, OperationCall &call) {
  if (call.actuals.size() < 2 || !call.actuals[1].value.elements()) {
    call.fail(call.place, "'cnn.window' needs a window and a list of dims");
    return Poison();
  }
  auto count = static_cast<int64_t>(call.actuals[1].value.elements()->size());
  llvm::SmallVector<int64_t> sizes = call.integers("kernel", count, std::nullopt);
  SourceRange where = call.lastPlace();
  call.next("spatial");
  int64_t least = call.integer("least", 1);
  for (int64_t size : sizes)
    if (size < least)
      call.fail(where,
                "the sizes of a window must be at least " + llvm::Twine(least) + ", but this has " + llvm::Twine(size));
  return call.finish() ? Value(WindowValue{{sizes.begin(), sizes.end()}}) : Value(Poison());
}

llvm::ArrayRef<Operation> shapeOperations() {
  static const Operation operations[] = {
      {"concat", runConcat},   {"pad", runPad},           {"permute", runPermute},
      {"reshape", runReshape}, {"shape", runShape},       {"size", runSize},
      {"slice", runSlice},     {"upsample", runUpsample}, {"window", runWindow},
  };
  return operations;
}

} // namespace cnn::dsl
